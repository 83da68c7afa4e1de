package handlers

import (
	"net/http"

	"hookwall/views"
)

// handleComponents shows what the pages are made of. It is for people who work
// on them, so only the sandbox has it.
func (s *server) handleComponents(w http.ResponseWriter, r *http.Request) error {
	if s.SandboxURL == "" {
		return &httpError{Status: http.StatusNotFound}
	}
	frame, err := s.frame(r, "Components")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.Gallery(views.GalleryPage{Frame: frame}))
}
