package deliver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/http/httpguts"
)

// maxMessage is the largest body that is sent, in bytes.
const maxMessage = 1 << 20

// notSent has the headers that frame the request, set its host or carry a credential. Those that begin with "Proxy-"
// are not sent either.
var notSent = []string{
	"Authorization", "Connection", "Content-Length", "Cookie", "Cookie2", "Expect", "Host", "Keep-Alive",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// check returns a Refusal for a message that must not be sent.
func (m Message) check() error {
	if len(m.Body) > maxMessage || m.Method == http.MethodConnect || !httpguts.ValidHeaderFieldName(m.Method) {
		return refuse(ReasonRequest)
	}
	for name, values := range m.Header {
		canonical := http.CanonicalHeaderKey(name)
		if !httpguts.ValidHeaderFieldName(name) || slices.Contains(notSent, canonical) ||
			strings.HasPrefix(canonical, "Proxy-") || !validValues(values) {
			return refuse(ReasonRequest)
		}
	}
	return nil
}

func validValues(values []string) bool {
	return !slices.ContainsFunc(values, func(v string) bool { return !httpguts.ValidHeaderFieldValue(v) })
}

func (c *Client) request(t Target, m Message) (*http.Request, error) {
	if m.Method == "" {
		m.Method = http.MethodPost
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	// This context is not used: the exchange has its own.
	req, err := http.NewRequestWithContext(context.Background(), m.Method, t.URL, bytes.NewReader(m.Body))
	if err != nil {
		return nil, refuse(ReasonRequest)
	}
	req.Header.Set("User-Agent", c.o.UserAgent)
	for name, values := range m.Header {
		if http.CanonicalHeaderKey(name) == "User-Agent" {
			name = "User-Agent"
		}
		req.Header[name] = values // the name keeps its letter case
	}
	req.Close = true
	return req, nil
}

// exchange is one request and its response over a connection of their own.
type exchange struct {
	ended     func() Kind // KindTimeout or KindCanceled after the context has ended, or else ""
	raw       net.Conn
	meter     meter
	resp      *http.Response
	firstByte time.Duration // since the start; 0 for none
	stop      func() bool   // stops closing raw when the context ends
	written   chan struct{} // closed when the request is written
	writeErr  error         // set before written is closed
}

// run sends the request and reads the header of the response. If ctx ends, so does the exchange. The caller must close
// the exchange even if run fails.
func (x *exchange) run(ctx context.Context, req *http.Request) error {
	var wire bytes.Buffer
	if err := req.Write(&wire); err != nil {
		return refuse(ReasonRequest)
	}
	x.ended = func() Kind { return contextKind(ctx) }
	x.stop = context.AfterFunc(ctx, func() { _ = x.raw.Close() })
	x.written = make(chan struct{})
	start := time.Now()
	// An endpoint may respond before it has read everything. If writing fails, so does reading.
	go func() {
		defer close(x.written)
		_, x.writeErr = x.meter.conn.Write(wire.Bytes())
	}()
	err := x.readHeader(bufio.NewReader(&x.meter), req)
	if !x.meter.first.IsZero() {
		x.firstByte = x.meter.first.Sub(start)
	}
	return err
}

// readHeader reads the header of the response and skips those of status 1xx.
func (x *exchange) readHeader(r *bufio.Reader, req *http.Request) error {
	for {
		resp, err := http.ReadResponse(r, req) //nolint:bodyclose // see close
		switch {
		case err != nil:
			return x.failure(StepResponse, err)
		case resp.ProtoMajor != 1 || resp.StatusCode < 100:
			return &Error{Step: StepResponse, Kind: KindMalformed, Err: errors.New("not an HTTP/1 response")}
		case resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols:
			x.resp = resp
			x.meter.left = math.MaxInt64
			return nil
		}
	}
}

func (x *exchange) response() Response {
	return Response{Status: x.resp.StatusCode, Proto: x.resp.Proto, Header: x.resp.Header}
}

// Read reads the body of the response. It returns io.EOF or an *Error.
func (x *exchange) Read(p []byte) (int, error) {
	n, err := x.resp.Body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = x.failure(StepBody, err)
	}
	return n, err
}

// failure returns the *Error for an error of reading. Its kind depends on what happened to the connection. If nothing
// did, the server sent something other than HTTP.
func (x *exchange) failure(s Step, err error) error {
	e := &Error{Step: s, Kind: KindMalformed, Err: err}
	switch kind := x.ended(); {
	case kind == KindCanceled || kind == KindTimeout && !x.meter.notHTTP():
		e.Kind = kind
	case x.meter.notHTTP():
	case errors.Is(x.meter.err, errHeaderTooLarge):
		e.Kind = KindHeaderTooLarge
	case x.meter.err != nil:
		e.Kind = x.connectionKind()
	}
	return e
}

// connectionKind returns the kind of the connection's error. It checks the error of writing too, since the system
// reports a reset only once, to the reader or to the writer.
func (x *exchange) connectionKind() Kind {
	x.close()
	if errors.Is(x.writeErr, syscall.ECONNRESET) {
		return KindReset
	}
	return connectionKind(x.meter.err, len(x.meter.head) > 0)
}

// close closes the connection. It doesn't close the body, which would read it to its end first.
func (x *exchange) close() {
	_ = x.raw.Close()
	if x.written != nil {
		x.stop()
		<-x.written
	}
}

var errHeaderTooLarge = errors.New("the header of the response is too large")

// meter reads at most left bytes from a connection, and records what happens.
type meter struct {
	conn  net.Conn
	left  int64
	head  []byte    // the first bytes, at most as many as httpHead has
	first time.Time // when the first byte arrived
	err   error
}

const httpHead = "HTTP/"

func (m *meter) Read(p []byte) (int, error) {
	if m.left == 0 {
		m.err = errHeaderTooLarge
		return 0, m.err
	}
	n, err := m.conn.Read(p[:min(int64(len(p)), m.left)])
	if n > 0 && m.first.IsZero() {
		m.first = time.Now()
	}
	m.left -= int64(n)
	m.head = append(m.head, p[:min(n, len(httpHead)-len(m.head))]...)
	if err != nil {
		m.err = err
	}
	return n, err
}

// notHTTP reports whether the first bytes are not those of an HTTP response.
func (m *meter) notHTTP() bool { return !strings.HasPrefix(httpHead, string(m.head)) }
