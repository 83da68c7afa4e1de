package handlers

import (
	"net/http"

	"hookwall/views/ui"
)

// createAgain draws the create form as it was sent.
func (s *server) createAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readWebhookForm(stateOf(r).conn.ShopID, r.PostForm)
	f.banner = withRequestID(n, r)
	return s.drawWebhookForm(w, r, status, f)
}

// editAgain draws the edit form as it was sent.
func (s *server) editAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readEditForm(stateOf(r).conn.ShopID, r.PathValue("id"), r.PostForm)
	f.banner = withRequestID(n, r)
	return s.drawWebhookForm(w, r, status, f)
}

// saveAgain draws the edit form of a change that was not saved.
func (s *server) saveAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f, _, err := s.draftOfEdit(r, bounded(r.PostForm.Get("draft"), 100))
	if err != nil {
		return err
	}
	if f == nil {
		return &httpError{Status: status, Public: n.Text}
	}
	f.banner = withRequestID(n, r)
	return s.drawWebhookForm(w, r, status, f)
}
