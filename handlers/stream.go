package handlers

import (
	"bytes"
	"context"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hookwall/handlers/middleware"
	"hookwall/internal/store"
)

const (
	streamTime = time.Minute
	runPoll    = time.Second // of what runs for minutes
)

// progress is a part of a page that shows how far something is.
type progress struct {
	part templ.Component
	over bool
}

// stream sends a part of a page as server-sent events, whenever it has changed.
// It returns when read says that all is over, when the client disconnects, or when
// the person may no longer see it. When the time is over, the page is loaded again.
func (s *server) stream(
	w http.ResponseWriter, r *http.Request, needed access, every time.Duration, read func() (progress, error),
) error {
	release, ok := s.checkWaits.acquire(stateOf(r).self)
	if !ok {
		return &httpError{Status: http.StatusTooManyRequests, RetryAfter: checkTime, Public: tooManyStreamsText}
	}
	defer release()
	startEvents(w)
	var sent []byte
	for range s.poll(r.Context(), every, streamTime) {
		now, err := read()
		if err != nil {
			stateOf(r).log.Warn("progress could not be followed", "error", err)
			return nil
		}
		var fragment bytes.Buffer
		if err := now.part.Render(r.Context(), &fragment); err != nil {
			return err
		}
		if !bytes.Equal(sent, fragment.Bytes()) {
			sent = fragment.Bytes()
			if err := sendEvent(w, "report", sent); err != nil {
				return nil // the person went away
			}
		}
		if now.over {
			break
		}
		if may, err := s.mayStill(r, needed); err != nil || !may {
			stateOf(r).log.Info("progress is no longer followed", "error", err)
			return nil
		}
	}
	if r.Context().Err() == nil && !s.background.isDraining() {
		_ = sendEvent(w, "done", nil)
	}
	return nil
}

// startEvents begins a response that sends events.
func startEvents(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // a reverse proxy must not buffer it
	middleware.NoCompression(header)
}

// mayStill reports whether the rights with which a request began are still there,
// for a response that takes long. Without a team, what a session may see goes
// with the session.
func (s *server) mayStill(r *http.Request, needed access) (bool, error) {
	if s.Team == nil {
		return true, nil
	}
	v := stateOf(r)
	person, err := s.Team.Person(r.Context(), v.person.ID)
	if err != nil || !person.Role.Includes(roleFor[needed]) {
		return false, err
	}
	sessions, err := s.Team.Sessions(r.Context(), person.ID)
	return slices.ContainsFunc(sessions, func(one store.MemberSession) bool { return one.ID == v.session.ID }), err
}

func sendEvent(w http.ResponseWriter, name string, data []byte) error {
	text := "event: " + name + "\n"
	for line := range bytes.Lines(append(data, '\n')) {
		text += "data: " + strings.TrimRight(string(line), "\r\n") + "\n"
	}
	if _, err := io.WriteString(w, text+"\n"); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// poll yields immediately and then at an interval, until the time is over, ctx
// ends, or the server drains.
func (s *server) poll(ctx context.Context, every, limit time.Duration) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		tick, end := time.NewTicker(every), time.NewTimer(limit)
		defer tick.Stop()
		defer end.Stop()
		for yield(struct{}{}) {
			select {
			case <-ctx.Done():
				return
			case <-s.background.draining:
				return
			case <-end.C:
				return
			case <-tick.C:
			}
		}
	}
}
