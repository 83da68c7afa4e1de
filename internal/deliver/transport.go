package deliver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// Transport returns a round tripper that makes each request as a call of its own, by all rules of the Client. When
// too many calls are under way it waits for its turn, at most Options.Timeout, which does not count as time of the
// call. The request's body is read and closed before anything is sent. The answer's body ends with an *Error after
// Options.MaxBody bytes; it must be closed.
//
// It does not follow redirects, and refuses the requests of an http.Client that does: give that one a CheckRedirect
// that returns http.ErrUseLastResponse.
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
	v, err := t.client.visit(waiting, r.URL.String(), true)
	if err != nil {
		return nil, err
	}
	resp, err := v.stream(r.Context(), m)
	if err != nil {
		v.Close()
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

// stream is Exchange, except that the body of the answer is left to be read.
func (v *Visit) stream(ctx context.Context, m Message) (*http.Response, error) {
	req, err := v.client.request(v.result.Target, m)
	if err != nil {
		return nil, err
	}
	if err := v.Handshake(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, v.left())
	x, err := v.send(ctx, req)
	if err != nil {
		cancel()
		return nil, err
	}
	b := &body{exchange: x, left: v.client.o.MaxBody}
	b.finish = sync.OnceFunc(func() {
		cancel()
		x.close()
		v.Close()
	})
	// Whoever forgets to close the body does not keep the place for ever.
	context.AfterFunc(ctx, b.finish)
	resp := *x.resp
	resp.Body = b
	return &resp, nil
}

// body is the body of an answer that is still being read.
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
