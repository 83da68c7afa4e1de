package fourthwall

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

const (
	maxTries       = 4
	triesFront     = 2 // where something in front of the API refuses: more may look like an attack
	defaultBackoff = 200 * time.Millisecond
)

// operation is an operation of the API.
type operation struct {
	name   string // Error.Op
	method string
	limit  int64 // bytes of a response's body
}

const (
	smallResponse = 1 << 20
	listResponse  = 8 << 20
	oneEvent      = 16 << 20 // an order of many items, with the description of each
	manyEvents    = 32 << 20
)

var (
	opShop    = operation{"read shop", http.MethodGet, smallResponse}
	opChannel = operation{"read channel", http.MethodGet, smallResponse}
	opShops   = operation{"list the channel's shops", http.MethodGet, listResponse}
	opList    = operation{"list webhooks", http.MethodGet, listResponse}
	opRead    = operation{"read webhook", http.MethodGet, smallResponse}
	opCreate  = operation{"create webhook", http.MethodPost, smallResponse}
	opUpdate  = operation{"update webhook", http.MethodPut, smallResponse}
	opDelete  = operation{"delete webhook", http.MethodDelete, smallResponse}
	opEvents  = operation{"list events", http.MethodGet, manyEvents}
	opEvent   = operation{"read event", http.MethodGet, oneEvent}
)

func (o operation) writes() bool { return o.method != http.MethodGet }

// call is one request with all its tries. It is the http.RoundTripper below the retries, so that it makes each try. It
// reads the response's body itself, so that a body that was cut off can be tried again too.
type call struct {
	op      operation
	next    http.RoundTripper
	backoff time.Duration // before the second try; doubles with each further try
	logger  *slog.Logger
	observe func(Try) // or nil

	tries int
	last  outcome
	again bool          // there will be another try
	wait  time.Duration // before it, more or less the jitter
}

// outcome is the result of one try.
type outcome struct {
	status int
	header http.Header
	body   []byte
	err    error // no response, or a 2xx whose body couldn't be read
	unsent bool  // it is certain that nothing was sent
}

// run makes the request with all its tries. The context must have a deadline. The error is an *Error.
func (k *call) run(ctx context.Context, req *http.Request) error {
	// Without an http.Client, redirects are responses like any other.
	resp, _ := failsafehttp.NewRoundTripper(k, k.policy()).RoundTrip(req.WithContext(ctx))
	if resp != nil {
		_ = resp.Body.Close() // RoundTrip has read it
	}
	switch {
	case k.again:
		return k.fail(ctx.Err()) // canceled while waiting for the next try
	case k.last.err != nil:
		return k.fail(k.last.err)
	case !k.last.succeeded():
		return k.fail(nil)
	}
	return nil
}

// policy returns a policy that follows plan. The library's defaults would repeat writes, and wait as long as the API
// asks.
func (k *call) policy() failsafe.Policy[*http.Response] {
	return retrypolicy.NewBuilder[*http.Response]().
		HandleIf(func(*http.Response, error) bool { return k.again }).
		WithDelayFunc(func(failsafe.ExecutionAttempt[*http.Response]) time.Duration { return k.wait }).
		WithJitter(k.jitter()).
		WithMaxAttempts(-1). // plan limits them
		Build()
}

// RoundTrip makes one try and decides whether another one follows.
func (k *call) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	k.tries++
	o := k.try(req)
	if o.isHeldBack() && k.last.status != 0 {
		k.again = false
		return nil, o.err // the last response counts
	}
	k.last = o
	if !o.unsent {
		markSent(req.Context())
	}
	k.plan(req.Context())
	k.report(req, time.Since(start))
	if k.last.err != nil {
		return nil, k.last.err
	}
	return &http.Response{StatusCode: k.last.status, Header: k.last.header, Body: http.NoBody, Request: req}, nil
}

// try makes one try.
func (k *call) try(req *http.Request) outcome {
	if err := mayStart(req.Context()); err != nil {
		return outcome{err: err, unsent: true}
	}
	var c connection
	resp, err := k.next.RoundTrip(req.WithContext(c.watch(req.Context())))
	if err != nil {
		return outcome{err: err, unsent: c.failed()}
	}
	defer func() { _ = resp.Body.Close() }() // it has been read, so nothing is lost
	o := outcome{status: resp.StatusCode, header: resp.Header}
	if o.status < http.StatusOK {
		return o // 101 Switching Protocols has no body
	}
	o.body, err = readBody(resp.Body, k.op.limit)
	if o.succeeded() {
		o.err = err // for other statuses, the status says enough
	}
	return o
}

// bodies are buffers for bodies of responses that have been decoded.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept is the largest buffer that is used again. Most responses are smaller.
const maxKept = 1 << 20

// readBody returns a body of at most limit bytes. It returns errTooLarge for a longer one, and an error for one that
// was cut off.
func readBody(r io.Reader, limit int64) ([]byte, error) {
	buffer, _ := bodies.Get().(*bytes.Buffer)
	_, err := buffer.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(buffer.Len()) > limit {
		return nil, errTooLarge
	}
	return buffer.Bytes(), nil
}

// done lets other calls use the memory of the response's body. Nothing may refer to it.
func (k *call) done() {
	if cap(k.last.body) <= maxKept {
		bodies.Put(bytes.NewBuffer(k.last.body[:0]))
	}
	k.last.body = nil
}

// plan decides whether there will be another try, and after what wait. There is none if it couldn't start before the
// deadline, so that the person gets the API's response immediately.
func (k *call) plan(ctx context.Context) {
	k.again = false
	most := maxTries
	if k.last.fault() != "" {
		most = triesFront
	}
	if k.tries >= most || !k.last.repeatable(k.op) || ctx.Err() != nil {
		return
	}
	if k.last.err == nil && k.last.status == http.StatusTooManyRequests && isInBackground(ctx) {
		return
	}
	k.wait = k.backoff << (k.tries - 1)
	if asked := retryAfter(k.last.header, time.Now()); asked > 0 {
		k.wait = asked + k.jitter() // never earlier than the API asks
	}
	deadline, _ := ctx.Deadline()
	k.again = k.wait+k.jitter() < time.Until(deadline)
}

// jitter returns by how much a wait may be longer or shorter.
func (k *call) jitter() time.Duration { return k.backoff / 2 }

func (o outcome) succeeded() bool {
	return o.status >= http.StatusOK && o.status < http.StatusMultipleChoices
}

// repeatable reports whether the same request may be sent again after this try. A write may be repeated only if this
// try had no effect. Otherwise it could undo a change that somebody made since, or fail because of its own effect.
func (o outcome) repeatable(op operation) bool {
	if o.err != nil {
		return temporary(o.err) && (o.unsent || !op.writes())
	}
	if o.fault() != "" {
		return !op.writes()
	}
	switch o.status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return !op.writes()
	}
	return false
}

// code returns the code of an error response, or "". What is wrong with a token may be said by RFC 6750 instead.
func (o outcome) code() string {
	if o.status < http.StatusBadRequest {
		return ""
	}
	code := decodeCode(o.body)
	if code == "" && (o.status == http.StatusUnauthorized || o.status == http.StatusForbidden) {
		code = tokenCode(o.header, o.body)
	}
	return code
}

// fault returns InFront for a 4xx that isn't the API's own. The API's has one of its codes, or is at least JSON if it
// can't read the request. It returns Unfamiliar for a code that may be anyone's. A 429 means the same from anyone.
func (o outcome) fault() Fault {
	switch code := o.code(); {
	case o.status < http.StatusBadRequest:
		return ""
	case o.header.Get("Cf-Mitigated") != "": // Cloudflare's own, whatever the status and the body look like
		return InFront
	case o.status >= http.StatusInternalServerError, o.status == http.StatusTooManyRequests:
		return ""
	case IsCode(code) && !fits(code, o.status):
		return Unfamiliar
	case IsCode(code), o.status == http.StatusBadRequest && isObject(o.body):
		return ""
	}
	return InFront
}

// temporary returns false for errors that another try would return again.
func temporary(err error) bool {
	var certificate *tls.CertificateVerificationError
	return !errors.Is(err, errTooLarge) && !errors.Is(err, ErrHeldBack) && !errors.As(err, &certificate)
}

// connection records whether a try got a connection.
type connection struct {
	asked, got atomic.Bool
}

func (c *connection) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	})
}

// failed reports whether it is certain that there was no connection. A transport that doesn't report its connections
// may have sent something.
func (c *connection) failed() bool { return c.asked.Load() && !c.got.Load() }

// fail returns the *Error for the last try. err is its cause.
func (k *call) fail(err error) *Error {
	fault, code := k.last.fault(), k.last.code()
	if fault == InFront {
		code = "" // not one of the API
	}
	return &Error{
		Op: k.op.name, Status: k.last.status,
		RequestID:  requestID(k.last.header),
		RetryAfter: retryAfter(k.last.header, time.Now()),
		NotSent:    k.last.unsent,
		TooLarge:   errors.Is(err, errTooLarge),
		Code:       code,
		Fault:      fault,
		Err:        newCause(err),
	}
}

// report logs and observes the last try. One that we stopped before a response says nothing about the API.
func (k *call) report(req *http.Request, took time.Duration) {
	k.log(req, took)
	if k.observe == nil || k.last.isHeldBack() || errors.Is(k.last.err, context.Canceled) {
		return
	}
	t := Try{Op: k.op.name, Status: k.last.status, Took: took}
	if k.last.err == nil && k.last.fault() == "" {
		t.Code = k.last.code()
	}
	k.observe(t)
}

// log writes a line for the last try, without a body, a query or a credential.
func (k *call) log(req *http.Request, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("op", k.op.name),
		slog.String("method", req.Method),
		slog.String("path", req.URL.EscapedPath()),
		slog.Int("status", k.last.status),
		slog.String("request_id", requestID(k.last.header)),
		slog.Int("attempt", k.tries),
		slog.Duration("duration", took),
	}
	if k.last.err != nil {
		attrs = append(attrs, slog.String("error", causeText(k.last.err)))
	}
	k.logger.LogAttrs(req.Context(), slog.LevelDebug, "fourthwall call", attrs...)
}

// newRequest returns a request without GetBody: net/http would use it to send the body again by itself, but only plan
// decides what may be sent twice.
func newRequest(ctx context.Context, op operation, address string, body []byte) (*http.Request, error) {
	if body == nil {
		return http.NewRequestWithContext(ctx, op.method, address, http.NoBody)
	}
	req, err := http.NewRequestWithContext(ctx, op.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}
