package deliver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// Transport returns a round tripper that makes a call for each request, by all rules of the Client. If there are too
// many calls, it waits for at most Options.Timeout, which doesn't count as time of the call. It reads and closes the
// request's body before it sends anything. The response's body ends with an *Error after Options.MaxBody bytes; it must
// be closed.
//
// It doesn't follow redirects, and refuses the second request of an http.Client that does. Such a client needs a
// CheckRedirect that returns http.ErrUseLastResponse.
func (c *Client) Transport() http.RoundTripper { return transport{c} }

type transport struct{ client *Client }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	m, err := readMessage(r)
	if err != nil {
		return nil, err
	}
	if r.Response != nil {
		return nil, refuse(ReasonRedirect)
	}
	waiting, cancel := context.WithTimeout(r.Context(), t.client.o.Timeout)
	defer cancel()
	call, err := t.client.newCall(waiting, r.URL.String(), true)
	if err != nil {
		return nil, err
	}
	resp, err := call.stream(r.Context(), m)
	if err != nil {
		call.Close()
		return nil, err
	}
	resp.Request = r
	return resp, nil
}

func readMessage(r *http.Request) (Message, error) {
	m := Message{Method: r.Method, Header: r.Header}
	if m.Method == "" {
		m.Method = http.MethodGet // as everywhere in net/http
	}
	if r.Body != nil {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxMessage+1))
		if err := errors.Join(err, r.Body.Close()); err != nil {
			return m, err
		}
		m.Body = body
	}
	if r.Host != "" && r.Host != r.URL.Host {
		return m, refuse(ReasonRequest)
	}
	return m, nil
}

// stream is Exchange, except that the caller reads the body of the response.
func (c *Call) stream(ctx context.Context, m Message) (*http.Response, error) {
	req, err := c.client.request(c.result.Target, m)
	if err != nil {
		return nil, err
	}
	if err := c.Handshake(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.left())
	x, err := c.send(ctx, req)
	if err != nil {
		cancel()
		return nil, err
	}
	b := &body{exchange: x, left: c.client.o.MaxBody}
	b.finish = sync.OnceFunc(func() {
		cancel()
		x.close()
		c.Close()
	})
	// The slots are released at the latest when ctx ends, should the caller forget to close the body.
	context.AfterFunc(ctx, b.finish)
	resp := *x.resp
	resp.Body = b
	return &resp, nil
}

// body is the body of a response. It ends with an *Error after left bytes.
type body struct {
	exchange *exchange
	left     int64
	finish   func()
}

func (b *body) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.exchange.Read(p[:min(int64(len(p)), b.left+1)])
	if int64(n) > b.left {
		n, err = int(b.left), &Error{Step: StepBody, Kind: KindBodyTooLarge}
	}
	b.left -= int64(n)
	return n, err
}

func (b *body) Close() error {
	b.finish()
	return nil
}
