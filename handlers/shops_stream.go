package handlers

import (
	"net/http"
	"strconv"
	"time"
)

// handleShopsStream says, as server-sent events, when visits have read something
// of the shops that the page doesn't show yet. The page then loads its lists.
func (s *server) handleShopsStream(w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	if v.owner == "" || s.Fleet == nil {
		return &httpError{Status: http.StatusNotFound}
	}
	release, ok := s.checkWaits.acquire(v.self)
	if !ok {
		return &httpError{Status: http.StatusTooManyRequests, RetryAfter: streamTime, Public: tooManyStreamsText}
	}
	defer release()
	defer s.visits.join(s.background)()
	startEvents(w)
	if err := http.NewResponseController(w).Flush(); err != nil {
		return nil // the person went away
	}
	end := time.NewTimer(streamTime)
	defer end.Stop()
	shown, _ := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64)
	for {
		newest, changed := s.visits.of(v.owner)
		if at := markOf(newest); at > shown {
			if may, err := s.mayStill(r, viewer); err != nil || !may {
				return nil // the page says so when it is loaded again
			}
			shown = at
			if err := sendEvent(w, "visited", nil); err != nil {
				return nil // the person went away
			}
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-s.background.draining:
			return nil
		case <-end.C:
			return nil // the browser asks again
		case <-changed:
		}
	}
}

// shopsStreamHref returns the address at which a page follows visits of the shops
// that it shows.
func (f foundShops) shopsStreamHref() string {
	var newest time.Time
	for _, o := range f.seen.of {
		if o.TriedAt.After(newest) {
			newest = o.TriedAt
		}
	}
	return shopsStreamPath + "?since=" + strconv.FormatInt(markOf(newest), 10)
}

// markOf returns a time as it is in addresses.
func markOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
