package handlers

import (
	"errors"
	"net/http"
	"time"

	"hookwall/internal/store"
)

// keyDebt bounds how long guesses that were made at the same time keep an
// address from trying again.
const keyDebt = time.Hour

// counter is one limit and whom it counts.
type counter struct {
	store.Limit
	by  string // "address" or "session"
	key string
}

func (r Rate) by(what, whom, key string) counter {
	return counter{store.Limit{Name: what + " by " + whom, Burst: r.Burst, Every: r.Every}, whom, key}
}

// counters are the limits that a request to a route meets.
func (s *server) counters(rt route, r *http.Request) []counter {
	var all []counter
	address, exempt := s.clientNetwork(r)
	fromAddress := func(rate Rate, what string) {
		if !exempt {
			all = append(all, rate.by(what, "address", address))
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
	owner := string(stateOf(r).owner)
	if owner == "" {
		return all
	}
	all = append(all, s.Limits.Writes.by("write", "session", owner))
	if rt.limit == outCall {
		all = append(all, s.Limits.Calls.by("call", "session", owner))
	}
	return all
}

// tooMany says that a limit was reached, and for how long.
type tooMany struct {
	counter
	wait time.Duration
}

// admit counts a request under its limits. It gives what stands against it,
// nil for nothing.
func (s *server) admit(rt route, r *http.Request) (*tooMany, error) {
	for _, c := range s.counters(rt, r) {
		ok, wait, err := s.Store.Allow(r.Context(), c.Limit, c.key)
		switch {
		case err != nil && (rt.limit == signIn || errors.Is(err, store.ErrUnavailable)):
			// Nothing would slow down who guesses, and a write would fail as well.
			return nil, err
		case err != nil:
			// What is changed is somebody's own: without the count it is still
			// bounded by what Fourthwall takes of a shop.
			stateOf(r).log.Warn("a limit could not be counted", "limit", c.Name, "error", err)
		case !ok:
			return &tooMany{c, wait}, nil
		}
	}
	return nil, nil
}

func (s *server) logLimit(r *http.Request, hit *tooMany) {
	stateOf(r).log.Warn("limit reached", "limit", hit.Name, "retryAfter", seconds(hit.wait), "client", s.clientIP(r))
}
