package handlers

import (
	"errors"
	"net/http"
	"time"

	"hookwall/internal/webhooks"
	"hookwall/views"
)

const (
	awaitTime = 30 * time.Second // how long a page waits for somebody else's work on the same
	awaitPoll = 100 * time.Millisecond
)

// request returns for whom and under which key a request does something. Only
// the first try asks for it again: who has waited gets the other's result.
func (s *server) request(r *http.Request, key string, first bool) webhooks.Request {
	return webhooks.Request{Shop: s.client(r), Actor: s.actor(r), Key: key, Again: first}
}

// await tries until nobody else is at work on the same, for as long as a page
// may wait. It returns what the last try came to, and whether it waited.
func (s *server) await(
	r *http.Request, try func(first bool) (webhooks.Result, error),
) (result webhooks.Result, waited bool, err error) {
	deadline := s.Now().Add(awaitTime)
	tick := time.NewTicker(awaitPoll)
	defer tick.Stop()
	for {
		result, err = try(!waited)
		if err != nil || result.State != webhooks.InProgress || s.Now().After(deadline) {
			return result, waited, err
		}
		if !waited {
			waited = true
			s.waiting.Add(1)
			defer s.waiting.Add(-1)
		}
		select {
		case <-r.Context().Done():
			return result, waited, r.Context().Err()
		case <-tick.C:
		}
	}
}

// stillAtWork answers who has waited long enough for another.
func stillAtWork(shopID string) *httpError {
	return &httpError{
		Status: http.StatusServiceUnavailable, Heading: stillAtWorkTitle, RetryAfter: busyPause,
		Public: stillAtWorkText,
		Links:  []views.Link{{Href: webhooksPath(shopID), Text: "See the webhooks"}},
		Err:    errors.New("another operation on the same did not end in time"),
	}
}
