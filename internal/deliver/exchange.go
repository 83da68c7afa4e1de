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

// notSent are headers that frame the request, choose its host, or carry a credential. Those that begin with "Proxy-"
// are not sent either.
var notSent = []string{
	"Authorization", "Connection", "Content-Length", "Cookie", "Cookie2", "Expect", "Host", "Keep-Alive",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

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
	// Its context is not used: the exchange has its own.
	req, err := http.NewRequestWithContext(context.Background(), m.Method, t.URL, bytes.NewReader(m.Body))
	if err != nil {
		return nil, refuse(ReasonRequest)
	}
	req.Header.Set("User-Agent", c.o.UserAgent)
	for name, values := range m.Header {
		if http.CanonicalHeaderKey(name) == "User-Agent" {
			name = "User-Agent"
		}
		req.Header[name] = values // in the caller's letter case
	}
	req.Close = true
	return req, nil
}

// exchange is one request and its answer over a connection that is used for nothing else.
type exchange struct {
	ended     func() Kind // why the exchange has to end, or ""
	raw       net.Conn
	meter     meter
	resp      *http.Response
	firstByte time.Duration // from the start; 0 when none came
	stop      func() bool
	written   chan struct{} // closed when writing has ended
	writeErr  error         // set before that
}

// run sends the request and reads the header of the answer. The end of ctx ends the exchange until it is closed, which
// it must be even when it fails.
func (x *exchange) run(ctx context.Context, req *http.Request) error {
	var wire bytes.Buffer
	if err := req.Write(&wire); err != nil {
		return refuse(ReasonRequest)
	}
	x.ended = func() Kind { return contextKind(ctx) }
	x.stop = context.AfterFunc(ctx, func() { _ = x.raw.Close() })
	x.written = make(chan struct{})
	start := time.Now()
	// An endpoint may answer before it has read everything, and a failure to write shows when reading too.
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

func (x *exchange) readHeader(r *bufio.Reader, req *http.Request) error {
	for {
		resp, err := http.ReadResponse(r, req) //nolint:bodyclose // see close
		switch {
		case err != nil:
			return x.failure(StepAnswer, err)
		case resp.ProtoMajor != 1 || resp.StatusCode < 100:
			return &Error{Step: StepAnswer, Kind: KindMalformed, Err: errors.New("not an answer of HTTP/1")}
		case resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols:
			x.resp = resp
			x.meter.left = math.MaxInt64
			return nil
		}
	}
}

func (x *exchange) answer() Answer {
	return Answer{Status: x.resp.StatusCode, Proto: x.resp.Proto, Header: x.resp.Header}
}

// Read reads the body of the answer.
func (x *exchange) Read(p []byte) (int, error) {
	n, err := x.resp.Body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = x.failure(StepBody, err)
	}
	return n, err
}

// failure reads an error in the light of what the connection did. Without a failure of the connection, the other side
// sent something that is not HTTP.
func (x *exchange) failure(s Step, err error) error {
	e := &Error{Step: s, Kind: KindMalformed, Err: err}
	switch kind := x.ended(); {
	case kind == KindCanceled || kind == KindTimeout && !x.meter.garbage():
		e.Kind = kind
	case x.meter.garbage():
	case errors.Is(x.meter.err, errHeaderTooLarge):
		e.Kind = KindHeaderTooLarge
	case x.meter.err != nil:
		e.Kind = x.connectionKind()
	}
	return e
}

// connectionKind also looks at what writing met: the system tells of a reset once, to whoever asks first.
func (x *exchange) connectionKind() Kind {
	x.close()
	if errors.Is(x.writeErr, syscall.ECONNRESET) {
		return KindReset
	}
	return connectionKind(x.meter.err, len(x.meter.head) > 0)
}

// close ends the connection. The body is not closed: that would read it to its end first.
func (x *exchange) close() {
	_ = x.raw.Close()
	if x.written != nil {
		x.stop()
		<-x.written
	}
}

var errHeaderTooLarge = errors.New("the header of the answer is too large")

// meter reads from a connection, as much as is left, and remembers what happened there.
type meter struct {
	conn  net.Conn
	left  int64
	head  []byte    // the first bytes, at most those of httpHead
	first time.Time // when the first byte came
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

// garbage tells whether something else than HTTP came.
func (m *meter) garbage() bool { return !strings.HasPrefix(httpHead, string(m.head)) }
