package handlers

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hookwall/internal/store"
)

// counter is one limit and the name that it counts.
type counter struct {
	store.Limit
	by  string // byAddress or bySession
	key string
}

func (r Rate) by(what, whom, key string) counter {
	return counter{store.Limit{Name: what + " by " + whom, Burst: r.Burst, Every: r.Every}, whom, key}
}

// counters returns the limits that a request to a route counts against.
func (s *server) counters(rt route, r *http.Request) []counter {
	var all []counter
	address, exempt := s.clientNetwork(r)
	fromAddress := func(rate Rate, what string) {
		if !exempt {
			all = append(all, rate.by(what, byAddress, address))
		}
	}
	if rt.limit == signIn {
		fromAddress(s.Limits.SignIns, "sign-in")
		return all
	}
	if !rt.writes() {
		return nil
	}
	fromAddress(s.Limits.AddressWrites, "write")
	self := string(stateOf(r).self)
	if self == "" {
		return all
	}
	all = append(all, s.Limits.Writes.by("write", bySession, self))
	if rt.limit == outCall {
		all = append(all, s.Limits.Calls.by("call", bySession, self))
	}
	return all
}

// tooMany is a limit that was reached, and how long to wait.
type tooMany struct {
	counter
	wait time.Duration
}

// admit counts a request against its limits. It returns the limit that was
// reached, or nil.
func (s *server) admit(rt route, r *http.Request) (*tooMany, error) {
	for _, c := range s.counters(rt, r) {
		ok, wait, err := s.Store.Allow(r.Context(), c.Limit, c.key)
		switch {
		case err != nil && (rt.limit == signIn || errors.Is(err, store.ErrUnavailable)):
			// Otherwise guessing would have no limit. A write would fail as
			// well.
			return nil, err
		case err != nil:
			// A change by the owner is still limited by what Fourthwall accepts
			// for a shop.
			stateOf(r).log.Warn("a limit could not be counted", "limit", c.Name, "error", err)
		case !ok:
			return &tooMany{c, wait}, nil
		}
	}
	return nil, nil
}

func (s *server) logLimit(r *http.Request, hit *tooMany) {
	stateOf(r).log.Warn("limit reached",
		"limit", hit.Name, "retryAfter", seconds(hit.wait), "client", s.clientAddress(r))
}

// keyDebt limits how long guesses that were made at the same time block an
// address.
const keyDebt = time.Hour

// badKeys counts API keys that Fourthwall refused, including those from this
// machine. Nobody has many.
func (s *server) badKeys(r *http.Request) counter {
	return s.badKeysFrom(s.clientNetworkName(r))
}

func (s *server) badKeysFrom(address string) counter {
	c := s.Limits.BadKeys.by("refused key", byAddress, address)
	c.Debt = keyDebt
	return c
}

// mayTryKey returns the limit that prevents another try of an API key, or nil
// if a key may be tried.
func (s *server) mayTryKey(r *http.Request) (hit *tooMany, err error) {
	c := s.badKeys(r)
	wait, err := s.Store.Wait(r.Context(), c.Limit, c.key)
	if err != nil || wait == 0 {
		return nil, err
	}
	return &tooMany{c, wait}, nil
}

// keyRefused counts an API key that Fourthwall does not accept. It counts even
// if the client disconnects before the response.
func (s *server) keyRefused(r *http.Request) {
	c := s.badKeys(r)
	if err := s.Store.Spend(context.WithoutCancel(r.Context()), c.Limit, c.key); err != nil {
		stateOf(r).log.Warn("a refused key could not be counted", "error", err)
	}
}
