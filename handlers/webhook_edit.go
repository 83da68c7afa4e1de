package handlers

import (
	"cmp"
	"net/http"

	"hookwall/views/ui"
)

// handleEditForm opens the edit form with the current webhook. Event types in
// the URL are ticked too.
func (s *server) handleEditForm(w http.ResponseWriter, r *http.Request) error {
	conn, id, q := stateOf(r).conn, r.PathValue("id"), r.URL.Query()
	if reason, err := s.immutableReason(r.Context(), conn.ShopID, id); err != nil || reason != "" {
		return cmp.Or(err, error(immutableError(conn.ShopID, id, reason)))
	}
	if draft := q.Get("draft"); draft != "" {
		return s.reopenEdit(w, r, draft)
	}
	hook, err := s.fetchWebhook(r.Context(), conn, id)
	if err != nil {
		return err
	}
	f := editForm(conn.ShopID, hook)
	f.tick(knownTypes(q.Get("add")))
	return s.drawWebhookForm(w, r, http.StatusOK, f)
}

// reopenEdit shows a kept edit. With base=current in the URL, it starts from
// what Fourthwall has now.
func (s *server) reopenEdit(w http.ResponseWriter, r *http.Request, draft string) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	f, notices, err := s.draftOfEdit(r, draft)
	if err != nil {
		return err
	}
	if f != nil && r.URL.Query().Get("base") != "current" {
		return s.drawWebhookForm(w, r, http.StatusOK, f, notices...)
	}
	hook, err := s.fetchWebhook(r.Context(), conn, id)
	if err != nil && f != nil {
		return s.drawUnread(w, r, f, err)
	}
	if err != nil {
		return err
	}
	if f == nil {
		f = editForm(conn.ShopID, hook)
		notices = []ui.Notice{changeGoneNotice()}
	}
	f.base = hook.Content()
	return s.drawWebhookForm(w, r, http.StatusOK, f, notices...)
}

// handleEdit handles every button of the edit form. It saves nothing: the main
// button leads to a page that shows what will change.
func (s *server) handleEdit(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	conn, id := stateOf(r).conn, r.PathValue("id")
	f := readEditForm(conn.ShopID, id, r.PostForm)
	do := f.button(r.PostForm)
	if ok, err := s.pressButton(w, r, f, do); ok || err != nil {
		return err
	}
	if do == "examine" {
		return s.examineForm(w, r, f)
	}
	f.decide(do)
	if !f.validate() {
		return s.drawWebhookForm(w, r, http.StatusUnprocessableEntity, f)
	}
	if f.wanted().Equal(f.base) {
		f.banner = unchangedNotice()
		return s.drawWebhookForm(w, r, http.StatusUnprocessableEntity, f)
	}
	draft, err := s.putDraft(w, r, f)
	if err != nil {
		return err
	}
	return redirect(w, r, confirmPath(conn.ShopID, id, draft))
}
