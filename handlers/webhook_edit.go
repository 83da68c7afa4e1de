package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
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

func immutableError(shopID, id, reason string) *httpError {
	return &httpError{
		Status: http.StatusConflict, Public: reason, Code: webhooks.CodeImmutable,
		Links: []views.Link{{Href: webhookPath(shopID, id), Text: "Back to the webhook"}},
	}
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
		notices = []views.Notice{changeGoneNotice()}
	}
	f.base = hook.Content()
	return s.drawWebhookForm(w, r, http.StatusOK, f, notices...)
}

func (s *server) fetchWebhook(ctx context.Context, conn store.Connection, id string) (fourthwall.Webhook, error) {
	return s.Shops.Client(conn).Webhook(ctx, id)
}

// draftOfEdit reads a kept edit of this webhook, and what to say of it; the
// form is nil when there is none.
func (s *server) draftOfEdit(r *http.Request, id string) (*webhookForm, []views.Notice, error) {
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
	return f, []views.Notice{keptChangeNotice()}, nil
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

func editPath(shopID, id string) string { return webhookPath(shopID, id) + "/edit" }

func confirmPath(shopID, id, draft string) string {
	return editPath(shopID, id) + "/confirm?draft=" + url.QueryEscape(draft)
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

// confirmed reads the kept edit that draft names and the webhook as
// Fourthwall has it now. Where that fails it has answered: f is nil.
func (s *server) confirmed(
	w http.ResponseWriter, r *http.Request, draft string,
) (f *webhookForm, theirs fourthwall.Content, err error) {
	conn, id := stateOf(r).conn, r.PathValue("id")
	f, _, err = s.draftOfEdit(r, draft)
	if err != nil {
		return nil, theirs, err
	}
	if f == nil {
		return nil, theirs, editGone(conn.ShopID, id)
	}
	hook, err := s.fetchWebhook(r.Context(), conn, id)
	if err != nil {
		return nil, theirs, s.drawUnread(w, r, f, err)
	}
	theirs = hook.Content()
	f.restore(theirs)
	return f, theirs, nil
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
		n.Link = &views.Link{
			Href: newWebhookPath(f.shop) + "?draft=" + url.QueryEscape(f.draft), Text: "Create it as a new webhook",
		}
	}
	setRetryAfter(w, api.RetryAfter)
	f.banner = &n
	return s.drawWebhookForm(w, r, answer.Status, f)
}

// handleEditConfirm shows what a save would change, against the webhook as
// Fourthwall has it now, or both versions when it has moved on since the form
// was opened.
func (s *server) handleEditConfirm(w http.ResponseWriter, r *http.Request) error {
	v, id := stateOf(r), r.PathValue("id")
	if reason, err := s.immutableReason(r.Context(), v.conn.ShopID, id); err != nil || reason != "" {
		return cmp.Or(err, error(immutableError(v.conn.ShopID, id, reason)))
	}
	f, theirs, err := s.confirmed(w, r, r.URL.Query().Get("draft"))
	switch {
	case err != nil || f == nil:
		return err
	case webhooks.IsSaved(theirs, f.base, f.wanted()):
		return redirect(w, r, webhookPath(f.shop, f.editing))
	case !theirs.Equal(f.base):
		return s.drawConflict(w, r, f, theirs)
	}
	return s.drawConfirm(w, r, f)
}

func (s *server) drawConfirm(w http.ResponseWriter, r *http.Request, f *webhookForm) error {
	frame, err := s.frame(r, "Review changes")
	if err != nil {
		return err
	}
	at, want := editPath(f.shop, f.editing), f.wanted()
	page := views.EditConfirmPage{
		Frame: frame, ID: f.editing, WebhookHref: webhookPath(f.shop, f.editing), Action: at + "/confirm",
		Draft: f.draft, EditHref: at + "?draft=" + url.QueryEscape(f.draft), OldURL: f.base.URL, NewURL: want.URL,
	}
	page.Added, page.Removed, page.Kept = difference(f.base.AllowedTypes, want.AllowedTypes)
	if page.Duplicates, err = s.duplicatesOf(r, f); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.EditConfirm(page))
}

func difference(before, after []fourthwall.EventType) (added, removed, kept []views.EventBadge) {
	for _, code := range after {
		if slices.Contains(before, code) {
			kept = append(kept, badge(code))
		} else {
			added = append(added, badge(code))
		}
	}
	for _, code := range before {
		if !slices.Contains(after, code) {
			removed = append(removed, badge(code))
		}
	}
	return added, removed, kept
}

func (s *server) drawConflict(w http.ResponseWriter, r *http.Request, f *webhookForm, theirs fourthwall.Content) error {
	frame, err := s.frame(r, "Changed meanwhile")
	if err != nil {
		return err
	}
	at, mine := editPath(f.shop, f.editing), f.wanted()
	page := views.ConflictPage{
		Frame: frame, ID: f.editing, WebhookHref: webhookPath(f.shop, f.editing), UseAction: at + "/confirm",
		Draft: f.draft, Seen: webhooks.Mark(theirs),
		EditHref: at + "?base=current&draft=" + url.QueryEscape(f.draft), Yours: compared(mine, theirs),
		Theirs: compared(theirs, mine),
	}
	return s.render(w, r, http.StatusConflict, views.Conflict(page))
}

func compared(v, other fourthwall.Content) views.Version {
	out := views.Version{URL: v.URL, URLDiffers: v.URL != other.URL}
	for _, code := range v.AllowedTypes {
		out.Types = append(out.Types, views.VersionType{
			EventBadge: badge(code), Only: !slices.Contains(other.AllowedTypes, code),
		})
	}
	return out
}

// handleEditSave saves what the confirmation showed, or what was chosen of two
// versions. A webhook that is as it should be was saved by the first of two
// presses.
func (s *server) handleEditSave(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	v, id := stateOf(r), r.PathValue("id")
	if reason, err := s.immutableReason(r.Context(), v.conn.ShopID, id); err != nil || reason != "" {
		return cmp.Or(err, error(immutableError(v.conn.ShopID, id, reason)))
	}
	f, err := s.editToSave(r)
	if err != nil {
		return err
	}
	seen := bounded(r.PostForm.Get("seen"), 100)
	result, _, err := s.await(r, func(twin bool) (webhooks.Result, error) {
		return s.Webhooks.Update(r.Context(), s.request(r, "edit "+f.draft+" "+seen, twin), id,
			webhooks.Change{Base: f.base, Want: f.wanted(), Seen: seen})
	})
	if err != nil {
		return s.drawUnread(w, r, f, err)
	}
	return s.answerEdit(w, r, f, result)
}

// editToSave reads the kept edit that the form names.
func (s *server) editToSave(r *http.Request) (*webhookForm, error) {
	f, _, err := s.draftOfEdit(r, bounded(r.PostForm.Get("draft"), 100))
	if err == nil && f == nil {
		err = editGone(stateOf(r).conn.ShopID, r.PathValue("id"))
	}
	return f, err
}

func editGone(shopID, id string) *httpError {
	return &httpError{
		Status: http.StatusGone, Public: editGoneText,
		Links: []views.Link{
			{Href: webhookPath(shopID, id), Text: "See the webhook"},
			{Href: editPath(shopID, id), Text: "Edit it again"},
		},
	}
}

// answerEdit shows what became of an edit, with everything kept where it was
// not saved.
func (s *server) answerEdit(w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result) error {
	switch result.State {
	case webhooks.Updated:
		f.restore(result.Webhook.Content())
		return s.finishEdit(w, r, f, result.Webhook.Content())
	case webhooks.Conflicting:
		f.restore(*result.Conflict)
		return s.drawConflict(w, r, f, *result.Conflict)
	case webhooks.Unconfirmed:
		return s.drawUnconfirmedEdit(w, r, f, *result.Rejection)
	case webhooks.Rejected:
		return s.refuseEdit(w, r, f, *result.Rejection)
	}
	return stillAtWork(f.shop)
}

// finishEdit shows the webhook, and says when Fourthwall kept something else
// than was asked. The draft stays for a second press.
func (s *server) finishEdit(w http.ResponseWriter, r *http.Request, f *webhookForm, kept fourthwall.Content) error {
	to := webhookPath(f.shop, f.editing)
	if err := s.tell(r, stateOf(r).owner, to, savedNotice(webhooks.Same(kept, f.wanted()))); err != nil {
		return err
	}
	return redirect(w, r, to)
}

// refuseEdit puts the API's response where it belongs.
func (s *server) refuseEdit(
	w http.ResponseWriter, r *http.Request, f *webhookForm, rejection webhooks.Rejection,
) error {
	switch {
	case rejection.Status == http.StatusNotFound:
		return s.drawUnread(w, r, f, rejection.Error())
	case rejection.Code == webhooks.CodeImmutable:
		return s.redirectImmutable(w, r, f.editing)
	}
	return s.drawRefusal(w, r, f, rejection)
}

func (s *server) drawUnconfirmedEdit(
	w http.ResponseWriter, r *http.Request, f *webhookForm, rejection webhooks.Rejection,
) error {
	setRetryAfter(w, rejection.RetryAfter)
	n := unconfirmedChangeNotice()
	n.Code, n.RequestID = rejection.Code, cmp.Or(rejection.RequestID, stateOf(r).requestID)
	f.banner = &n
	return s.drawWebhookForm(w, r, http.StatusBadGateway, f)
}
