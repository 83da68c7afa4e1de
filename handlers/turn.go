package handlers

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views"
)

// turn is the right of one of several presses of the same button to do what
// it says. The others wait, and then find out what became of it.
type turn struct {
	id     string
	holder string // tells this press from others
	waited bool
	first  error // what the press that was waited for met at the API; nil for nothing
	rest   func()
}

const (
	beatEvery = 2 * time.Second
	// noBeat is how long it may take to the next sign of life: after that the
	// process has died.
	noBeat   = 8 * time.Second
	beatTime = 90 * time.Second // longer than any form is worked on
)

// takeTurn waits until nobody is at work on the same thing. Who gets a turn
// must end it. A turn whose process died is over after noBeat.
func (s *server) takeTurn(ctx context.Context, v *requestState, id string) (turn, error) {
	t := turn{id: id, holder: rand.Text()}
	sub := store.Submission{ID: id, Owner: v.owner, Shop: v.conn.ShopID, Holder: t.holder}
	deadline := s.Now().Add(twinWait)
	tick := time.NewTicker(twinPoll)
	defer tick.Stop()
	for {
		mine, seen, err := s.Store.BeginSubmission(ctx, sub)
		if err == nil && !mine && (seen.State != store.StatePending || s.Now().Sub(seen.UpdatedAt) > noBeat) {
			if t.waited {
				t.first = firstFailure(seen)
			}
			mine, err = s.Store.RestartSubmission(ctx, seen, "", sub.Holder)
		}
		switch {
		case errors.Is(err, store.ErrNotFound):
			return t, oauth.ErrReconnect // signed out in another tab meanwhile
		case err != nil:
			return t, err
		case mine:
			t.rest = s.beat(ctx, v, sub)
			return t, nil
		case s.Now().After(deadline):
			return t, stillAtWork(v)
		}
		if !t.waited {
			v.log.Debug("another press is at work on the same")
		}
		t.waited = true
		select {
		case <-ctx.Done():
			return t, ctx.Err()
		case <-tick.C:
		}
	}
}

// stillAtWork answers a press that has waited long enough for another.
func stillAtWork(v *requestState) *httpError {
	return &httpError{
		Status: http.StatusServiceUnavailable, Heading: "The first press is still under way", RetryAfter: busyPause,
		Public: "This button was pressed before, and Fourthwall has not answered that yet. Nothing was sent a second time: look in a moment what became of the first.",
		Links:  []views.Link{{Href: webhooksPath(v.conn.ShopID), Text: "See the webhooks"}},
		Err:    errors.New("another press of the same button did not end"),
	}
}

// beat gives signs of life of what is at work on a form until it rests, or
// finds that the form was taken over.
func (s *server) beat(ctx context.Context, v *requestState, sub store.Submission) (rest func()) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beatTime)
	var beating sync.WaitGroup
	beating.Go(func() {
		tick := time.NewTicker(s.beatEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := s.Store.HoldSubmission(ctx, sub.Owner, sub.ID, sub.Holder, false)
			if errors.Is(err, store.ErrLeaseLost) {
				return
			}
			if err != nil && ctx.Err() == nil {
				v.log.Warn("a form could not be held", "error", err)
			}
		}
	})
	return func() {
		cancel()
		beating.Wait()
	}
}

// firstFailure is what the press that was waited for met.
func firstFailure(sub store.Submission) error {
	known, err := readOutcome(sub)
	if err != nil || known.Failure == nil {
		return nil //nolint:nilerr // what cannot be read is not known; the press then tries for itself
	}
	f := known.Failure
	api := &fourthwall.Error{Op: f.Op, Status: f.Status, Code: f.Code, RequestID: f.RequestID, RetryAfter: f.retryAfter(), NotSent: f.NotSent}
	if f.Unverified {
		return &unverified{api}
	}
	return api
}

// endTurn lets the next press go on, and tells it what this one met.
func (s *server) endTurn(ctx context.Context, v *requestState, t turn, err error) {
	t.rest()
	var o outcome
	var api *fourthwall.Error
	if errors.As(err, &api) {
		o.Failure = failureOf(api)
		o.Failure.Unverified = isUncertain(err)
	}
	result, err := json.Marshal(o)
	if err == nil {
		err = s.Store.SettleSubmission(context.WithoutCancel(ctx), store.Submission{
			Owner: v.owner, ID: t.id, Holder: t.holder, State: store.StateRefused, Result: result,
		})
	}
	if err != nil {
		v.log.Warn("the end of a change could not be noted", "error", err)
	}
}

// unverified is a refusal of which it could not be seen whether it had an
// effect all the same.
type unverified struct{ api *fourthwall.Error }

func (u *unverified) Error() string { return u.api.Error() + " (not verified)" }

func (u *unverified) Unwrap() error { return u.api }

// isUncertain tells whether a change may have been made although the call
// failed.
func isUncertain(err error) bool {
	var api *fourthwall.Error
	var u *unverified
	return errors.As(err, &u) || errors.As(err, &api) && api.Uncertain()
}

// mayHaveWorked tells whether it is worth a look what a failed change did: a
// busy server may have done its work before it said so.
func mayHaveWorked(err error) bool {
	var api *fourthwall.Error
	return errors.As(err, &api) && (api.Uncertain() || api.Status == http.StatusServiceUnavailable)
}
