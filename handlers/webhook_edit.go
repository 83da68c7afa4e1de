package handlers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// codeLocked is the API's answer for a webhook that it will not change.
const codeLocked = "WEBHOOK_CONFIGURATION_NOT_UPDATABLE_OR_DELETABLE"

// version is a webhook's content: what an edit replaces.
type version struct {
	url   string
	types []string
}

func versionOf(hook fourthwall.Webhook) version {
	v := version{url: hook.URL}
	for _, t := range hook.AllowedTypes {
		v.types = append(v.types, string(t))
	}
	return v
}

// equal compares as the API means it: the order and the repetition of types
// say nothing.
func (v version) equal(o version) bool {
	return v.url == o.url && slices.Equal(sorted(v.types), sorted(o.types))
}

// sorted is the set of a list.
func sorted(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// isSaved tells whether theirs is what the form asks for. An API that wrote
// the address in its own way is recognised once it no longer has the old one.
func (f *webhookForm) isSaved(theirs version) bool {
	want := f.wanted()
	return theirs.equal(want) || !theirs.equal(f.base) && sameWebhook(theirs, want)
}

// wanted is what the form asks for: an address that was left alone exactly as
// Fourthwall has it, then the types that stay in the order in which Fourthwall
// has them, then the new ones.
func (f *webhookForm) wanted() version {
	v := version{url: f.address()}
	if f.keepsAddress() {
		v.url = f.base.url
	}
	for _, code := range f.base.types {
		if slices.Contains(f.types, code) {
			v.types = append(v.types, code)
		}
	}
	for _, code := range f.types {
		if !slices.Contains(v.types, code) {
			v.types = append(v.types, code)
		}
	}
	return v
}

// keepsAddress tells whether an edit leaves the address alone.
func (f *webhookForm) keepsAddress() bool {
	return f.editing != "" && f.address() == strings.TrimSpace(f.base.url)
}

// mark tells one content from another in a form field.
func (v version) mark() string {
	sum := sha256.Sum256([]byte(v.url + "\n" + strings.Join(sorted(v.types), "\n")))
	return hex.EncodeToString(sum[:])
}

func (v version) input() fourthwall.Content {
	in := fourthwall.Content{URL: v.url}
	for _, code := range v.types {
		in.AllowedTypes = append(in.AllowedTypes, fourthwall.EventType(code))
	}
	return in
}

// editForm is the form for a webhook as it was just read.
func editForm(shop string, hook fourthwall.Webhook) *webhookForm {
	base := versionOf(hook)
	return &webhookForm{shop: shop, editing: hook.ID, base: base, url: base.url, types: base.types}
}

// readEditForm takes what was posted. The version that the edit started from
// travels with the form.
func readEditForm(shop, id string, posted url.Values) *webhookForm {
	f := readWebhookForm(shop, posted)
	f.editing = id
	f.base = version{url: posted.Get("base_url"), types: posted["base_types"]}
	return f
}

// handleEditForm opens the edit form, with the webhook read anew and, where
// the address says so, more event types ticked.
func (s *server) handleEditForm(w http.ResponseWriter, r *http.Request) error {
	conn, id, q := stateOf(r).conn, r.PathValue("id"), r.URL.Query()
	if reason, err := s.lockedReason(r.Context(), conn.ShopID, id); err != nil || reason != "" {
		return cmp.Or(err, error(locked(conn.ShopID, id, reason)))
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

func locked(shopID, id, reason string) *httpError {
	return &httpError{
		Status: http.StatusConflict, Public: reason, Code: codeLocked,
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
		notices = []views.Notice{{Kind: views.Info, Title: "The change that was kept is gone", Text: "A change is kept for one hour, in the browser that made it. Below is the webhook as Fourthwall has it now."}}
	}
	f.base = versionOf(hook)
	return s.drawWebhookForm(w, r, http.StatusOK, f, notices...)
}

func (s *server) fetchWebhook(ctx context.Context, conn store.Connection, id string) (fourthwall.Webhook, error) {
	return withCredential(ctx, s, conn, func(ctx context.Context, c fourthwall.Credential) (fourthwall.Webhook, error) {
		return s.API.Webhook(ctx, c, id)
	})
}

// draftOfEdit reads a kept edit of this webhook, and what to say of it; the
// form is nil when there is none any more.
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
	return f, []views.Notice{{Kind: views.Info, Title: "Here is your form, as you left it", Text: "Nothing was saved yet. Press Review changes to go on."}}, nil
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
	if f.wanted().equal(f.base) {
		f.banner = &views.Notice{Kind: views.Info, Title: "Nothing has changed", Text: "Change the address or the event types, or leave the form by Cancel."}
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
	form := url.Values{"submission": {f.submission}, "url": {f.url}, "allowedTypes": f.types, "base_url": {f.base.url}, "base_types": f.base.types, editingField: {f.editing}}
	draft, err := s.putForm(r, store.Draft{Browser: s.ensureBrowser(w, r), Page: r.URL.Path, Shop: f.shop, Form: form})
	return draft.ID, err
}

// confirmed reads the kept edit that draft names and the webhook as
// Fourthwall has it now. Where that fails it has answered: f is nil.
func (s *server) confirmed(w http.ResponseWriter, r *http.Request, draft string) (f *webhookForm, theirs version, err error) {
	conn, id := stateOf(r).conn, r.PathValue("id")
	f, _, err = s.draftOfEdit(r, draft)
	if err != nil {
		return nil, theirs, err
	}
	if f == nil {
		return nil, theirs, &httpError{
			Status: http.StatusGone, Public: "A change is kept for one hour, in the browser that made it. This one is over, and nothing was saved by this request.",
			Links: []views.Link{{Href: webhookPath(conn.ShopID, id), Text: "See the webhook"}, {Href: editPath(conn.ShopID, id), Text: "Edit it again"}},
		}
	}
	hook, err := s.fetchWebhook(r.Context(), conn, id)
	if err != nil {
		return nil, theirs, s.drawUnread(w, r, f, err)
	}
	theirs = versionOf(hook)
	f.restore(theirs)
	return f, theirs, nil
}

// restore undoes what a browser does to line breaks in the values of a form,
// for event types that have some.
func (f *webhookForm) restore(theirs version) {
	sent := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	exact := map[string]string{}
	for _, code := range theirs.types {
		exact[sent.Replace(code)] = code
	}
	for _, list := range [][]string{f.types, f.base.types} {
		for i, code := range list {
			if was, ok := exact[sent.Replace(code)]; ok {
				list[i] = was
			}
		}
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
	n := views.Notice{
		Kind: views.Warning, Title: errorTexts[answer.Status].heading, Code: api.Code, RequestID: requestID(api, stateOf(r)),
		Text: "Nothing was saved; what you changed is kept below. Press Review changes again " + inText(*failureOf(api)) + ".",
	}
	switch {
	case api.ShopGone():
		link := connectLink(confirmPath(f.shop, f.editing, f.draft), f.shop)
		n.Title, n.Text, n.Link = "This shop is gone", shopGoneText+" Nothing was saved. Connect the shop again to go on; what you changed is kept.", &link
	case api.Status == http.StatusNotFound:
		n.Title = "This webhook does not exist any more"
		n.Text = "It was deleted meanwhile, so nothing was saved. What you entered is kept below."
		n.Link = &views.Link{Href: newWebhookPath(f.shop) + "?draft=" + url.QueryEscape(f.draft), Text: "Create it as a new webhook"}
	case api.Status == http.StatusForbidden:
		link := connectLink(confirmPath(f.shop, f.editing, f.draft), f.shop)
		n.Title = "This connection may not read webhooks"
		n.Text = "It lacks the permission webhook_read, without which an edit is not safe. Connect the shop again and allow it; what you changed is kept."
		n.Link = &link
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
	if reason, err := s.lockedReason(r.Context(), v.conn.ShopID, id); err != nil || reason != "" {
		return cmp.Or(err, error(locked(v.conn.ShopID, id, reason)))
	}
	f, theirs, err := s.confirmed(w, r, r.URL.Query().Get("draft"))
	switch {
	case err != nil || f == nil:
		return err
	case f.isSaved(theirs):
		return redirect(w, r, webhookPath(f.shop, f.editing))
	case !theirs.equal(f.base):
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
		Draft: f.draft, EditHref: at + "?draft=" + url.QueryEscape(f.draft), OldURL: f.base.url, NewURL: want.url,
	}
	page.Added, page.Removed, page.Kept = difference(f.base.types, want.types)
	if page.Duplicates, err = s.duplicatesOf(r, f); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.EditConfirm(page))
}

func difference(before, after []string) (added, removed, kept []views.EventBadge) {
	for _, code := range after {
		if slices.Contains(before, code) {
			kept = append(kept, badge(fourthwall.EventType(code)))
		} else {
			added = append(added, badge(fourthwall.EventType(code)))
		}
	}
	for _, code := range before {
		if !slices.Contains(after, code) {
			removed = append(removed, badge(fourthwall.EventType(code)))
		}
	}
	return added, removed, kept
}

func (s *server) drawConflict(w http.ResponseWriter, r *http.Request, f *webhookForm, theirs version) error {
	frame, err := s.frame(r, "Changed meanwhile")
	if err != nil {
		return err
	}
	at, mine := editPath(f.shop, f.editing), f.wanted()
	page := views.ConflictPage{
		Frame: frame, ID: f.editing, WebhookHref: webhookPath(f.shop, f.editing), UseAction: at + "/confirm", Draft: f.draft, Seen: theirs.mark(),
		EditHref: at + "?base=current&draft=" + url.QueryEscape(f.draft), Yours: compared(mine, theirs), Theirs: compared(theirs, mine),
	}
	return s.render(w, r, http.StatusConflict, views.Conflict(page))
}

func compared(v, other version) views.Version {
	out := views.Version{URL: v.url, URLDiffers: v.url != other.url}
	for _, code := range v.types {
		out.Types = append(out.Types, views.VersionType{EventBadge: badge(fourthwall.EventType(code)), Only: !slices.Contains(other.types, code)})
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
	if reason, err := s.lockedReason(r.Context(), v.conn.ShopID, id); err != nil || reason != "" {
		return cmp.Or(err, error(locked(v.conn.ShopID, id, reason)))
	}
	draft := bounded(r.PostForm.Get("draft"), 100)
	turn, err := s.takeTurn(r.Context(), v, "edit "+draft)
	if err != nil {
		return err
	}
	// The work goes on when the person goes away: its outcome is recorded.
	answer, err := s.saveInTurn(w, r, draft, turn)
	s.endTurn(r.Context(), v, turn, err)
	if answer == nil {
		return err
	}
	return answer()
}

// saveInTurn saves, unless the press before this one did, or could not. It
// gives what to answer, nil when it has answered, and what the API said.
func (s *server) saveInTurn(w http.ResponseWriter, r *http.Request, draft string, turn turn) (answer func() error, err error) {
	f, theirs, err := s.confirmed(w, r, draft)
	if err != nil || f == nil {
		return nil, err
	}
	if r.PostForm.Get("seen") == theirs.mark() {
		f.base = theirs // both versions were shown, and this form's was chosen
	}
	switch {
	case f.isSaved(theirs):
		return func() error { return s.finishEdit(w, r, f, f.wanted()) }, nil
	case !theirs.equal(f.base):
		return func() error { return s.drawConflict(w, r, f, theirs) }, nil
	case turn.first != nil:
		return func() error { return s.refuseEdit(w, r, f, turn.first) }, turn.first
	}
	kept, err := s.update(context.WithoutCancel(r.Context()), stateOf(r), f)
	if err != nil {
		return func() error { return s.refuseEdit(w, r, f, err) }, err
	}
	return func() error { return s.finishEdit(w, r, f, kept) }, nil
}

// update replaces the webhook, looks when the answer is unclear, and gives
// what Fourthwall has now.
func (s *server) update(ctx context.Context, v *requestState, f *webhookForm) (version, error) {
	before, after := f.base, f.wanted()
	act, err := s.begin(ctx, v, store.Activity{Action: actionUpdate, WebhookID: f.editing}, detail{Before: content(before), After: content(after)})
	if err != nil {
		return version{}, err
	}
	hook, err := withCredential(ctx, s, v.conn, func(ctx context.Context, c fourthwall.Credential) (fourthwall.Webhook, error) {
		return s.API.UpdateWebhook(ctx, c, f.editing, after.input())
	})
	kept := versionOf(hook)
	if fourthwall.AsError(err).MayHaveWorked() || err == nil && !sameWebhook(kept, after) {
		kept, err = s.lookAfterUpdate(ctx, v, f, err)
	}
	return kept, s.settle(ctx, v, act, err)
}

// lookAfterUpdate reads what an unclear answer, or one that says something
// else than was asked, has come to. What cannot be read is not what was asked.
func (s *server) lookAfterUpdate(ctx context.Context, v *requestState, f *webhookForm, err error) (version, error) {
	hook, readErr := s.fetchWebhook(ctx, v.conn, f.editing)
	var api *fourthwall.Error
	switch {
	case readErr != nil && errors.As(err, &api):
		err = api.AsUnverified()
	case sameWebhook(versionOf(hook), f.wanted()):
		err = nil
	}
	return versionOf(hook), err
}

// finishEdit shows the webhook, and says when Fourthwall kept something else
// than was asked. The draft stays for a second press.
func (s *server) finishEdit(w http.ResponseWriter, r *http.Request, f *webhookForm, kept version) error {
	to := webhookPath(f.shop, f.editing)
	n := views.Notice{Kind: views.Success, Title: "The webhook is saved"}
	if !sameWebhook(kept, f.wanted()) {
		n = views.Notice{Kind: views.Warning, Title: "Fourthwall did not keep all of your change", Text: "It accepted the change, and has something else now than you asked for. Look at the address and the event types below."}
	}
	if err := s.tell(r, stateOf(r).owner, to, n); err != nil {
		return err
	}
	return redirect(w, r, to)
}

// refuseEdit puts the API's answer where it belongs, with everything kept.
func (s *server) refuseEdit(w http.ResponseWriter, r *http.Request, f *webhookForm, err error) error {
	var api *fourthwall.Error
	switch {
	case !errors.As(err, &api):
		return err
	case api.Status == http.StatusNotFound:
		return s.drawUnread(w, r, f, err)
	case api.Code == codeLocked:
		return s.answerLocked(w, r, f.editing)
	case api.Uncertain():
		stateOf(r).log.Warn("it is not confirmed whether a change was saved", "error", err)
		setRetryAfter(w, api.RetryAfter)
		f.banner = &views.Notice{
			Kind: views.Warning, Title: "It is not confirmed whether the change was saved", Code: api.Code, RequestID: requestID(api, stateOf(r)),
			Text: "Fourthwall gave no clear answer. Press Review changes: that reads the webhook again, and saving twice does no harm.",
		}
		return s.drawWebhookForm(w, r, http.StatusBadGateway, f)
	}
	stateOf(r).log.Warn("change was not accepted", "error", api)
	return s.drawRefusal(w, r, f, *failureOf(api))
}
