package handlers

import (
	"bytes"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"

	"hookwall/views"
)

// handleCheckStream sends the report with each step, as server-sent events.
func (s *server) handleCheckStream(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	check, kept, err := s.readCheck(r, id)
	if err != nil {
		return err
	}
	leave, ok := s.looking.enter(stateOf(r).owner)
	if !ok {
		return &httpError{Status: http.StatusTooManyRequests, RetryAfter: checkTime, Public: "Too many pages of this session follow checks. Close some of them, or look again in half a minute."}
	}
	defer leave()
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // a reverse proxy must not hold it back
	header.Set(gzhttp.HeaderNoCompression, "1")
	var sent []byte
	for range s.looksAt(r.Context(), streamTime) {
		report := s.reportView(check, kept.Report)
		var fragment bytes.Buffer
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
			break
		}
		if check, kept, err = s.readCheck(r, id); err != nil {
			stateOf(r).log.Warn("a check could not be followed", "error", err)
			break
		}
	}
	return nil
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
