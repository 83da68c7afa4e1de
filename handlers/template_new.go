package handlers

import (
	"net/http"
	"net/url"
)

// handleTemplateNew shows the form for a new template. After a new sign-in, it
// shows what was typed before.
func (s *server) handleTemplateNew(w http.ResponseWriter, r *http.Request) error {
	if stateOf(r).owner == "" {
		return redirect(w, r, connectPath)
	}
	if s.Fleet == nil {
		return redirect(w, r, shopsPath)
	}
	f, err := s.keptTemplateForm(r, templatesPath)
	if err != nil {
		return err
	}
	if f == nil {
		f = readTemplateForm(url.Values{})
	}
	return s.drawTemplateFormNow(w, r, http.StatusOK, f)
}

// handleTemplateMake stores a new template.
func (s *server) handleTemplateMake(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if stateOf(r).owner == "" || s.Fleet == nil {
		return &httpError{Status: http.StatusNotFound}
	}
	f := readTemplateForm(r.PostForm)
	f.version = 0
	return s.putTemplate(w, r, f)
}
