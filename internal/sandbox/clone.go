package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"time"
)

// Clone is a sandbox in memory whose shops have the webhooks that somebody gave them. It is called without a network,
// delivers nothing, and its clock runs ahead with each call, so that no shop reaches its limit.
type Clone struct {
	*Server

	IDs []map[string]string // of each shop: the IDs that its webhooks have here

	mu    sync.Mutex
	calls int
}

// NewClone returns a Clone that has a shop for each list of webhooks. The webhooks need an ID, a URL and event types,
// and may be Locked. They get other IDs, since nobody knows how those of Fourthwall are made. Close must be called.
func NewClone(webhooks [][]Webhook) (*Clone, error) {
	c := &Clone{}
	start, shops := time.Now(), len(webhooks)
	var err error
	c.Server, err = New(Config{Shops: &shops, AnyHost: true, Now: func() time.Time {
		c.mu.Lock()
		defer c.mu.Unlock()
		return start.Add(time.Duration(c.calls) * time.Second)
	}})
	if err != nil {
		return nil, err
	}
	c.Server.mu.Lock()
	defer c.Server.mu.Unlock()
	for i, sh := range c.shops {
		sh.switches = Switches{}
		sh.webhooks, sh.plan, sh.events = nil, nil, nil
		ids := map[string]string{}
		c.IDs = append(c.IDs, ids)
		for _, w := range webhooks[i] {
			c.seq++
			ids[w.ID] = "wcon_" + random(16)
			w.ID = ids[w.ID]
			w.ShopID, w.CreatedAt, w.Seq = sh.ID, start, c.seq
			if w.AllowedTypes == nil {
				w.AllowedTypes = []string{} // which the description requires
			}
			sh.webhooks = append(sh.webhooks, w)
		}
	}
	return c, nil
}

// RoundTrip answers a request as the sandbox does.
func (c *Clone) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.calls++
	c.mu.Unlock()
	in := r.Clone(r.Context())
	in.Host, in.RemoteAddr, in.RequestURI = r.URL.Host, "127.0.0.1:1", r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	out := &buffered{header: http.Header{}, status: http.StatusOK}
	c.ServeHTTP(out, in)
	return &http.Response{
		StatusCode: out.status, Header: out.header, Body: io.NopCloser(&out.body), Request: r, ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: int64(out.body.Len()),
	}, nil
}

// buffered keeps a response.
type buffered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffered) Header() http.Header                { return b.header }
func (b *buffered) WriteHeader(status int)             { b.status = status }
func (b *buffered) Write(text []byte) (n int, _ error) { return b.body.Write(text) }
