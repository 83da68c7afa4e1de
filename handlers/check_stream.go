package handlers

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"hookwall/handlers/middleware"
	"hookwall/internal/store"
	"hookwall/views"
)

const streamTime = time.Minute

// handleCheckStream sends the report after each step, as server-sent events.
func (s *server) handleCheckStream(w http.ResponseWriter, r *http.Request) error {
	check, kept, err := s.readCheck(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	release, ok := s.checkWaits.acquire(stateOf(r).self)
	if !ok {
		return &httpError{Status: http.StatusTooManyRequests, RetryAfter: checkTime, Public: tooManyStreamsText}
	}
	defer release()
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // a reverse proxy must not buffer it
	middleware.NoCompression(header)
	return s.streamCheck(w, r, check, kept)
}

// streamCheck sends what has changed since the previous event. It returns when
// the check or the time is over, when the client disconnects, or when the person
// may no longer see it.
func (s *server) streamCheck(w http.ResponseWriter, r *http.Request, check store.Check, kept keptCheck) error {
	var sent []byte
	for range s.poll(r.Context(), streamTime) {
		var fragment bytes.Buffer
		report := s.reportView(check, kept.Report)
		if err := views.CheckProgress(report).Render(r.Context(), &fragment); err != nil {
			return err
		}
		if !bytes.Equal(sent, fragment.Bytes()) {
			sent = fragment.Bytes()
			if err := sendEvent(w, "report", sent); err != nil {
				return nil // the person went away
			}
		}
		if s.isOver(check) {
			_ = sendEvent(w, "done", nil)
			return nil
		}
		var err error
		if check, kept, err = s.readCheck(r, check.ID); err != nil {
			stateOf(r).log.Warn("a check could not be followed", "error", err)
			return nil
		}
		if may, err := s.mayStill(r, viewer); err != nil || !may {
			stateOf(r).log.Info("a check is no longer followed", "error", err)
			return nil
		}
	}
	return nil
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
