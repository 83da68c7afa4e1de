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
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

const (
	maxTries = 4
	backoff  = 200 * time.Millisecond // before the second try; doubles with each further one
	jitter   = 100 * time.Millisecond // more or less, at random
)

// operation is a kind of call.
type operation struct {
	name   string // Error.Op
	method string
	limit  int64 // most bytes of an answer's body
}

const (
	smallAnswer = 1 << 20
	listAnswer  = 8 << 20
	oneEvent    = 16 << 20 // an order of many items, with the text about each
	manyEvents  = 32 << 20
)

var (
	opShop   = operation{"read shop", http.MethodGet, smallAnswer}
	opList   = operation{"list webhooks", http.MethodGet, listAnswer}
	opRead   = operation{"read webhook", http.MethodGet, smallAnswer}
	opCreate = operation{"create webhook", http.MethodPost, smallAnswer}
	opUpdate = operation{"update webhook", http.MethodPut, smallAnswer}
	opDelete = operation{"delete webhook", http.MethodDelete, smallAnswer}
	opEvents = operation{"list events", http.MethodGet, manyEvents}
	opEvent  = operation{"read event", http.MethodGet, oneEvent}
)

func (o operation) writes() bool { return o.method != http.MethodGet }

// call is one request with all its tries. It is the innermost http.RoundTripper, below the retries, so that it sees
// each try; it reads the answer's body itself, so that a body cut off in the middle can be tried again too.
type call struct {
	op     operation
	next   http.RoundTripper
	logger *slog.Logger

	tries int
	last  attempt
	again bool          // another try is due
	wait  time.Duration // until then, give or take the jitter
}

// attempt is what came of one try.
type attempt struct {
	status int
	header http.Header
	body   []byte
	err    error // no answer, or a 2xx whose body could not be read
	unsent bool  // certainly nothing was sent
}

// run makes the request with all its tries. The context must have a deadline.
func (k *call) run(ctx context.Context, req *http.Request) error {
	// Not an http.Client: this way redirects, whatever their headers say, are answers like any other.
	resp, _ := failsafehttp.NewRoundTripper(k, k.policy()).RoundTrip(req.WithContext(ctx))
	if resp != nil {
		_ = resp.Body.Close() // holds no connection: RoundTrip has read it
	}
	switch {
	case k.again:
		return k.fail(ctx.Err()) // cancelled while waiting for the next try
	case k.last.err != nil:
		return k.fail(k.last.err)
	case !k.last.succeeded():
		return k.fail(nil)
	}
	return nil
}

// policy hands the library our own decisions, because its defaults repeat writes and wait as long as they are told.
func (k *call) policy() failsafe.Policy[*http.Response] {
	return retrypolicy.NewBuilder[*http.Response]().
		HandleIf(func(*http.Response, error) bool { return k.again }).
		WithDelayFunc(func(failsafe.ExecutionAttempt[*http.Response]) time.Duration { return k.wait }).
		WithJitter(jitter).
		WithMaxAttempts(-1). // plan counts
		Build()
}

// RoundTrip makes one try and decides whether another one follows.
func (k *call) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	k.tries++
	k.last = k.try(req)
	k.plan(req.Context())
	k.log(req, time.Since(start))
	if k.last.err != nil {
		return nil, k.last.err
	}
	return &http.Response{StatusCode: k.last.status, Header: k.last.header, Body: http.NoBody, Request: req}, nil
}

func (k *call) try(req *http.Request) attempt {
	if err := mayStart(req.Context()); err != nil {
		return attempt{err: err, unsent: true}
	}
	var c connection
	resp, err := k.next.RoundTrip(req.WithContext(c.watch(req.Context())))
	if err != nil {
		return attempt{err: err, unsent: c.failed()}
	}
	defer func() { _ = resp.Body.Close() }() // the answer has been read: nothing can be lost
	a := attempt{status: resp.StatusCode, header: resp.Header}
	if a.status < http.StatusOK {
		return a // a switch of protocols: what follows is not a body
	}
	a.body, err = readBody(resp.Body, k.op.limit)
	if a.succeeded() {
		a.err = err // elsewhere the status alone says what happened
	}
	return a
}

// readBody reads at most limit bytes; more than that, or less than was announced, is an error and no body.
func readBody(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, errTooLarge
	}
	return body, nil
}

// plan decides whether another try is due and after what wait. One that could not begin before the deadline is not:
// the person hears at once what the API said.
func (k *call) plan(ctx context.Context) {
	k.again = false
	if k.tries >= maxTries || !k.last.repeatable(k.op) || ctx.Err() != nil {
		return
	}
	k.wait = backoff << (k.tries - 1)
	if asked := retryAfter(k.last.header, time.Now()); asked > 0 {
		k.wait = asked + jitter // never earlier than asked
	}
	deadline, _ := ctx.Deadline()
	k.again = k.wait+jitter < time.Until(deadline)
}

func (a attempt) succeeded() bool {
	return a.status >= http.StatusOK && a.status < http.StatusMultipleChoices
}

// repeatable reports whether the same request may be sent again after this try. A write may only when this one had no
// effect: later it could undo what somebody else has done meanwhile, or meet its own effect and call it a refusal.
func (a attempt) repeatable(op operation) bool {
	if a.err != nil {
		return temporary(a.err) && (a.unsent || !op.writes())
	}
	switch a.status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return !op.writes()
	}
	return false
}

// temporary is false for errors that another try would only meet again.
func temporary(err error) bool {
	var certificate *tls.CertificateVerificationError
	return !errors.Is(err, errTooLarge) && !errors.Is(err, ErrHeldBack) && !errors.As(err, &certificate)
}

// connection watches whether a try got a connection to send its request over.
type connection struct {
	asked, got atomic.Bool
}

func (c *connection) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	})
}

// failed reports whether certainly no connection was had. A transport that does not report its connections could have
// sent anything.
func (c *connection) failed() bool { return c.asked.Load() && !c.got.Load() }

func (k *call) fail(err error) *Error {
	e := &Error{
		Op: k.op.name, Status: k.last.status,
		RequestID:  requestID(k.last.header),
		RetryAfter: retryAfter(k.last.header, time.Now()),
		NotSent:    k.last.unsent,
		TooLarge:   errors.Is(err, errTooLarge),
		Err:        newCause(err),
	}
	if k.last.status >= http.StatusBadRequest {
		e.Code = decodeCode(k.last.body)
	}
	return e
}

// log writes a line for each try: never a body, a query or a credential.
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

// newRequest makes a request with its body. Only net/http would use GetBody, to send the body again on its own; what
// may be sent twice is decided in one place, plan.
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
