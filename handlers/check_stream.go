package handlers

import (
	"net/http"

	"hookwall/views"
)

// handleCheckStream sends the report after each step, as server-sent events.
func (s *server) handleCheckStream(w http.ResponseWriter, r *http.Request) error {
	check, kept, err := s.readCheck(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	isFirst := true
	return s.stream(w, r, viewer, checkPoll, func() (progress, error) {
		if !isFirst {
			check, kept, err = s.readCheck(r, check.ID)
		}
		isFirst = false
		return progress{views.CheckProgress(s.reportView(check, kept.Report)), s.isOver(check)}, err
	})
}
