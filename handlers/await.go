package handlers

import (
	"errors"
	"net/http"
	"time"

	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

const (
	awaitTime = 30 * time.Second // how long a page waits for somebody else's work on the same
	awaitPoll = 100 * time.Millisecond
)

// request returns what a request asks of package webhooks under an idempotency
// key. If sameKey, another request with the key was in progress. Then its
// result is returned, and nothing is sent again.
func (s *server) request(r *http.Request, key string, sameKey bool) webhooks.Request {
	return webhooks.Request{Shop: s.client(r), Actor: s.actor(r), Key: key, Again: !sameKey}
}

// deleteKey returns the idempotency key under which a webhook of a shop is
// deleted, however often that is requested. Any text may be posted as an ID.
func deleteKey(shopID, id string) string {
	return "delete " + shopID + " " + string(store.WebhookResource(id))
}

// await calls try until no other request is working on the same thing, or until
// awaitTime has passed. It stops early if the client leaves or the server
// drains. It returns the last result, and whether another request with the same
// key was in progress.
func (s *server) await(
	r *http.Request, try func(sameKey bool) (webhooks.Result, error),
) (result webhooks.Result, sameKey bool, err error) {
	deadline := s.Now().Add(awaitTime)
	began := time.Now() // the clock of the database may be moved back
	tick := time.NewTicker(awaitPoll)
	defer tick.Stop()
	over := func() bool {
		return err != nil || result.State != webhooks.InProgress || s.Now().After(deadline) || time.Since(began) > awaitTime
	}
	if result, err = try(false); over() {
		return result, false, err
	}
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	for {
		sameKey = sameKey || result.SameKey
		select {
		case <-r.Context().Done():
			return result, sameKey, r.Context().Err()
		case <-s.background.draining:
			return result, sameKey, nil
		case <-tick.C:
		}
		if result, err = try(sameKey); over() {
			return result, sameKey, err
		}
	}
}

// stillAtWork returns the error for a request that has waited long enough for
// another one.
func stillAtWork(shopID string) *httpError {
	return &httpError{
		Status: http.StatusServiceUnavailable, Heading: stillAtWorkTitle, RetryAfter: busyPause,
		Public: stillAtWorkText,
		Links:  []ui.Link{{Href: webhooksPath(shopID), Text: "See the webhooks"}},
		Err:    errors.New("another operation on the same did not end in time"),
	}
}
