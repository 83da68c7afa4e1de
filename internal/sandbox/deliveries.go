package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Deliveries keep what the platform documents: only 200 counts, up to 5 attempts of 5 s each, the
// same event id on every one. Of a response that takes more than 2 s it says that it may be taken for
// a failure; here it always is. What happens between the attempts is not documented; the pauses here
// are the sandbox's own, and short.
const (
	maxAttempts    = 5
	attemptTimeout = 5 * time.Second
	slowAfter      = 2 * time.Second
	firstPause     = time.Second // doubles with each further attempt

	maxSending = 4        // attempts at once, for each shop
	maxAnswer  = 64 << 10 // bytes of a response that are read
)

const (
	shopSignatureHeader = "X-Fourthwall-Hmac-SHA256"
	appSignatureHeader  = "X-Fourthwall-Hmac-Apps-SHA256"
)

var (
	errTimeout   = errors.New("sandbox: no complete answer in time")
	errElsewhere = errors.New("sandbox: there is no transport")
	errClosed    = errors.New("sandbox: closed")
)

// sign is the signature of a body, by the shop's secret or the app's key.
func sign(key, body string) string {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(body))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// roundTrip makes a function an http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip responds to a request.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// nowhere is the transport of a sandbox that has none.
var nowhere = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errElsewhere })

// dispatch starts attempts when they are due, until ctx ends.
func (s *Server) dispatch(ctx context.Context) {
	for {
		s.mu.Lock()
		wait := s.startDue(ctx)
		stirred := s.stirred
		s.mu.Unlock()
		if !pause(ctx, wait, stirred) {
			return
		}
	}
}

// startDue starts the attempts that are due, as far as there is room, and returns how long it is
// until the next one is, 0 when there is none. The end of an attempt, which makes room, stirs.
func (s *Server) startDue(ctx context.Context) time.Duration {
	var wait time.Duration
	now := s.now()
	for _, sh := range s.shops {
		for _, e := range sh.events {
			left := e.NextAt.Sub(now)
			switch {
			case e.NextAt.IsZero() || sh.sending[e.ID] != nil:
			case left > 0 && (wait == 0 || left < wait):
				wait = left
			case left > 0:
			case sh.find(e.WebhookID) < 0:
				s.recordResult(sh, e.ended(StateFailed, faultDeleted, now))
			case len(sh.sending) < maxSending:
				s.start(ctx, sh, e)
			}
		}
	}
	return wait
}

// start makes one attempt in the background.
func (s *Server) start(ctx context.Context, sh *shop, e event) {
	ctx, cancel := context.WithCancelCause(ctx)
	sh.sending[e.ID] = func() { cancel(context.Canceled) }
	started, secret := s.now(), sh.WebhookSecret
	s.work.Go(func() {
		if s.until(ctx, started.Add(attemptTimeout)) {
			cancel(errTimeout)
		}
	})
	s.work.Go(func() {
		defer cancel(nil)
		o := s.attempt(ctx, secret, e)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(sh.sending, e.ID)
		s.stir()
		if o.fault != "" && errors.Is(context.Cause(ctx), context.Canceled) {
			return // the sandbox closes or starts over: as if it had not been tried
		}
		now := s.now()
		s.recordResult(sh, e.tried(o.after(now.Sub(started)), now))
	})
}

// An outcome is how an attempt ended.
type outcome struct {
	status int    // of the response, 0 for none
	fault  string // why it does not count, "" where it does
	took   time.Duration
}

// after judges an outcome by the time that it took. An attempt that is over in time by the network
// can still be too late, when the clock was moved.
func (o outcome) after(took time.Duration) outcome {
	o.took = took
	switch {
	case took >= attemptTimeout:
		o.status, o.fault = 0, faultTimeout
	case o.fault == "" && took > slowAfter:
		o.fault = faultSlow(o.status, took)
	}
	return o
}

// attempt sends an event once.
func (s *Server) attempt(ctx context.Context, secret string, e event) outcome {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, strings.NewReader(e.Body))
	if err != nil || req.URL.Host == "" || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return outcome{fault: faultAddress}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Hookwall-Sandbox")
	req.Header.Set(shopSignatureHeader, sign(secret, e.Body))
	req.Header.Set(appSignatureHeader, sign(s.appKey, e.Body))
	transport := s.transport
	if toReceiver(req.URL) {
		transport = roundTrip(s.receive)
	}
	// A transport, unlike a client, follows no redirects.
	res, err := transport.RoundTrip(req)
	if err != nil {
		return outcome{fault: fault(ctx, err)}
	}
	defer res.Body.Close()
	// The content of the response does not matter, only that it comes in time.
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer)
	switch {
	case ctx.Err() != nil:
		return outcome{fault: faultTimeout}
	case res.StatusCode != http.StatusOK:
		return outcome{status: res.StatusCode, fault: faultStatus(res.StatusCode)}
	}
	return outcome{status: res.StatusCode}
}

// fault puts the error of a transport into words that tell nothing about the network, unless the
// transport itself has a sentence for the public.
func fault(ctx context.Context, err error) string {
	var told interface{ Public() string }
	switch {
	case ctx.Err() != nil:
		return faultTimeout
	case errors.Is(err, errElsewhere):
		return faultElsewhere
	case errors.As(err, &told) && told.Public() != "":
		return bounded(told.Public(), 300)
	}
	return faultUnreachable
}

// tried is the event after an attempt.
func (e event) tried(o outcome, now time.Time) event {
	e.Attempts++
	e.Status, e.Took = o.status, o.took
	switch {
	case o.fault == "":
		return e.ended(StateDelivered, "", now)
	case e.Attempts >= maxAttempts:
		return e.ended(StateFailed, o.fault, now)
	}
	e.State, e.Error, e.UpdatedAt = StateRetrying, o.fault, now.Truncate(time.Millisecond)
	e.NextAt = now.Add(firstPause << (e.Attempts - 1))
	return e
}

// ended is the event when nothing more will be tried.
func (e event) ended(state, fault string, now time.Time) event {
	e.State, e.Error, e.UpdatedAt, e.NextAt = state, fault, now.Truncate(time.Millisecond), time.Time{}
	return e
}

// recordResult stores the result of an attempt to deliver an event, unless the event was forgotten.
// If the file can't be written, the result is kept in memory. Otherwise the event would be sent
// repeatedly.
func (s *Server) recordResult(sh *shop, e event) {
	i := sh.findEvent(e.ID)
	if i < 0 {
		return
	}
	if err := s.keep(sh, change{"event", e.ID, e}); err != nil {
		s.log.Error("delivery not kept", "err", err)
	}
	sh.events = slices.Clone(sh.events)
	sh.events[i] = e
	s.stir()
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "delivery", slog.String("event", e.ID),
		slog.String("type", bounded(e.Type, 100)),
		slog.String("shop", e.ShopID), slog.String("webhook", e.WebhookID), slog.String("state", e.State),
		slog.Int("attempts", e.Attempts), slog.Int("status", e.Status), slog.Duration("took", e.Took),
		slog.String("error", e.Error))
}

// AwaitDeliveries returns as soon as no attempt is running or due. It does not wait for the pauses
// between attempts: move the clock and wait again. It fails when ctx or the sandbox ends first.
func (s *Server) AwaitDeliveries(ctx context.Context) error {
	for {
		s.mu.Lock()
		busy, stirred := s.busy(), s.stirred
		s.mu.Unlock()
		if !busy {
			return nil
		}
		select {
		case <-stirred:
		case <-s.done:
			return errClosed
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *Server) busy() bool {
	now := s.now()
	return slices.ContainsFunc(s.shops, func(sh *shop) bool {
		return len(sh.sending) > 0 || slices.ContainsFunc(sh.events, func(e event) bool {
			return !e.NextAt.IsZero() && !e.NextAt.After(now)
		})
	})
}
