package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// editForm is the form for a webhook as it was just read.
func editForm(shop string, hook fourthwall.Webhook) *webhookForm {
	base := hook.Content()
	return &webhookForm{shop: shop, editing: hook.ID, base: base, url: base.URL, types: codesOf(base.AllowedTypes)}
}

// readEditForm takes what was posted. The version that the edit started from
// travels with the form.
func readEditForm(shop, id string, posted url.Values) *webhookForm {
	f := readWebhookForm(shop, posted)
	f.editing = id
	f.base = fourthwall.Content{URL: posted.Get("base_url"), AllowedTypes: typesOf(posted["base_types"])}
	return f
}

// handleEditForm opens the edit form, with the webhook as it is now and, where
// the address says so, more event types ticked.
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

// reopenEdit shows an edit that was kept. With base=current in the address it
// starts from what Fourthwall has now.
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

// draftOfEdit reads a kept edit of this webhook, and what to say of it; the
// form is nil when there is none.
func (s *server) draftOfEdit(r *http.Request, id string) (*webhookForm, []ui.Notice, error) {
	conn := stateOf(r).conn
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), id)
	if draftGone(err) || (err == nil && (draft.Shop != conn.ShopID || draft.Form.Get(editingField) != r.PathValue("id"))) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	f := readEditForm(conn.ShopID, r.PathValue("id"), draft.Form)
	f.draft = id
	do := draft.Form.Get("do")
	if do == "" {
		return f, nil, nil
	}
	f.press(do)
	f.pressed = ""
	return f, []ui.Notice{keptChangeNotice()}, nil
}

// handleEdit takes every button of the edit form. Nothing is saved here: the
// main button leads to a page that shows what will change.
func (s *server) handleEdit(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	conn, id := stateOf(r).conn, r.PathValue("id")
	f := readEditForm(conn.ShopID, id, r.PostForm)
	do := r.PostForm.Get("do")
	if f.press(do) {
		return s.drawWebhookForm(w, r, http.StatusOK, f)
	}
	if do == "examine" {
		return s.examineForm(w, r, f)
	}
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

// putDraft keeps a form for the page that follows.
func (s *server) putDraft(w http.ResponseWriter, r *http.Request, f *webhookForm) (string, error) {
	form := url.Values{
		"submission": {f.key}, "url": {f.url}, "allowedTypes": f.types, "base_url": {f.base.URL},
		"base_types": codesOf(f.base.AllowedTypes), editingField: {f.editing},
	}
	draft, err := s.putForm(r, store.Draft{Browser: s.ensureBrowser(w, r), Page: r.URL.Path, Shop: f.shop, Form: form})
	return draft.ID, err
}

// restore undoes what a browser does to line breaks in the values of a form,
// for event types that have some.
func (f *webhookForm) restore(theirs fourthwall.Content) {
	sent := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	exact := map[string]string{}
	for _, t := range theirs.AllowedTypes {
		exact[sent.Replace(string(t))] = string(t)
	}
	for i, code := range f.types {
		f.types[i] = cmp.Or(exact[sent.Replace(code)], code)
	}
	for i, t := range f.base.AllowedTypes {
		f.base.AllowedTypes[i] = fourthwall.EventType(cmp.Or(exact[sent.Replace(string(t))], string(t)))
	}
}

// drawUnread shows the edit form again when the webhook could not be read.
func (s *server) drawUnread(w http.ResponseWriter, r *http.Request, f *webhookForm, err error) error {
	var api *fourthwall.Error
	if !errors.As(err, &api) {
		return err
	}
	stateOf(r).log.Warn("the webhook could not be read for an edit", "error", api)
	answer := apiError(api)
	n := unreadEditNotice(api, errorTexts[answer.Status].heading)
	n.Code, n.RequestID = api.Code, requestID(api, stateOf(r))
	switch {
	case api.ShopGone(), api.Status == http.StatusForbidden:
		link := connectLink(confirmPath(f.shop, f.editing, f.draft), f.shop)
		n.Link = &link
	case api.Status == http.StatusNotFound:
		n.Link = &ui.Link{
			Href: newWebhookPath(f.shop) + "?draft=" + url.QueryEscape(f.draft), Text: "Create it as a new webhook",
		}
	}
	setRetryAfter(w, api.RetryAfter)
	f.banner = &n
	return s.drawWebhookForm(w, r, answer.Status, f)
}
