package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/activity"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleWebhookNew shows the create form: fresh, with a preset or types from
// the address, or as it was typed before the session ended.
func (s *server) handleWebhookNew(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	if id := q.Get("draft"); id != "" {
		return s.drawDraft(w, r, id)
	}
	f := newWebhookForm(stateOf(r).conn.ShopID)
	f.tick(presetTypes(q.Get("preset")))
	f.tick(knownTypes(q.Get("types")))
	return s.drawWebhookForm(w, r, http.StatusOK, f)
}

// knownTypes takes the event types of the catalogue out of a list in an address.
func knownTypes(list string) []string {
	codes := strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
	return slices.DeleteFunc(codes, func(code string) bool { return !isKnownType(code) })
}

// drawDraft shows a kept form, and says when it was begun for another shop.
func (s *server) drawDraft(w http.ResponseWriter, r *http.Request, id string) error {
	conn := stateOf(r).conn
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), id)
	if draftGone(err) {
		return s.drawWebhookForm(w, r, http.StatusOK, newWebhookForm(conn.ShopID), formGoneNotice())
	}
	if err != nil {
		return err
	}
	f := readWebhookForm(conn.ShopID, draft.Form)
	f.press(draft.Form.Get("do"))
	n := draftNotice(draft.Form.Get("do"))
	if draft.Shop != conn.ShopID {
		// What was sent for the other shop says nothing about this one.
		f.renew()
		n = otherShopNotice(shopLink(conn).Name)
	}
	return s.drawWebhookForm(w, r, http.StatusOK, f, n)
}

// handleWebhookCreate takes every button of the create form.
func (s *server) handleWebhookCreate(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readWebhookForm(stateOf(r).conn.ShopID, r.PostForm)
	do := r.PostForm.Get("do")
	if f.press(do) {
		return s.drawWebhookForm(w, r, http.StatusOK, f)
	}
	if do == "examine" {
		return s.examineForm(w, r, f)
	}
	if do == "edit" {
		f.renew()
		return s.drawWebhookForm(w, r, http.StatusOK, f)
	}
	if !f.validate() {
		return s.drawWebhookForm(w, r, http.StatusUnprocessableEntity, f)
	}
	if do == "check" {
		return s.confirmCreate(w, r, f)
	}
	result, _, err := s.await(r, func(twin bool) (webhooks.Result, error) {
		return s.Webhooks.Create(r.Context(), s.request(r, f.key, twin), f.wanted(),
			webhooks.CreateOptions{AllowDuplicates: f.duplicate})
	})
	if err != nil {
		return err
	}
	return s.answerCreate(w, r, f, result, "")
}

// confirmCreate looks again for a webhook whose creation was not
// confirmed, and tells what that came to.
func (s *server) confirmCreate(w http.ResponseWriter, r *http.Request, f *webhookForm) error {
	var finding webhooks.Finding
	result, _, err := s.await(r, func(twin bool) (result webhooks.Result, err error) {
		result, finding, err = s.Webhooks.Confirm(r.Context(), s.request(r, f.key, twin), f.wanted())
		return result, err
	})
	if errors.Is(err, store.ErrNotFound) {
		return &httpError{Status: http.StatusNotFound, Public: formUnknownText}
	}
	if err != nil {
		return err
	}
	return s.answerCreate(w, r, f, result, findingTexts[finding])
}

// answerCreate shows what became of a create, to the request that made it and
// to any twin of it. looked says what looking for the webhook came to, "" when
// that was not asked for.
func (s *server) answerCreate(
	w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result, looked string,
) error {
	switch result.State {
	case webhooks.OtherContent:
		return s.drawUsedForm(w, r, f, result)
	case webhooks.Created:
		return s.redirectToCreated(w, r, result.Webhook.ID)
	case webhooks.Rejected:
		if len(result.Duplicates) > 0 {
			return s.askAboutDuplicates(w, r, f)
		}
		return s.drawRefusal(w, r, f, *result.Rejection)
	case webhooks.InProgress:
		if !result.SameKey {
			return stillAtWork(f.shop)
		}
	}
	return s.drawNotConfirmed(w, r, f, result, looked)
}

// askAboutDuplicates keeps the form and leads to the question.
func (s *server) askAboutDuplicates(w http.ResponseWriter, r *http.Request, f *webhookForm) error {
	draft, err := s.putDraft(w, r, f)
	if err != nil {
		return err
	}
	return redirect(w, r, newWebhookPath(f.shop)+"/duplicate?draft="+url.QueryEscape(draft))
}

// redirectToCreated leads to the new webhook's page, where Back and a resend
// do no harm.
func (s *server) redirectToCreated(w http.ResponseWriter, r *http.Request, id string) error {
	conn := stateOf(r).conn
	to := webhookPath(conn.ShopID, id)
	if err := s.tell(r, conn.Owner, to, ui.Notice{Kind: createdMark}); err != nil {
		return err
	}
	return redirect(w, r, to)
}

// drawUsedForm refuses other content under an id that was already used, and
// names what that id made.
func (s *server) drawUsedForm(w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result) error {
	f.renew()
	f.banner = usedFormNotice(f.shop, result)
	return s.drawWebhookForm(w, r, http.StatusUnprocessableEntity, f)
}

func (s *server) drawNotConfirmed(
	w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result, looked string,
) error {
	v := stateOf(r)
	frame, err := s.frame(r, "Not confirmed")
	if err != nil {
		return err
	}
	page := views.UnconfirmedPage{
		Frame: frame, Action: webhooksPath(v.conn.ShopID), ListHref: webhooksPath(v.conn.ShopID),
		Submission: f.key, URL: f.address(), Types: badges(f.wanted().AllowedTypes),
		CanCheck: result.CanConfirm, RequestID: v.requestID, Looked: looked,
	}
	if result.Rejection != nil && result.Rejection.RequestID != "" {
		page.RequestID = result.Rejection.RequestID
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	return s.render(w, r, http.StatusBadGateway, views.Unconfirmed(page))
}

// drawRefusal shows the form again with the API's refusal where it belongs.
func (s *server) drawRefusal(
	w http.ResponseWriter, r *http.Request, f *webhookForm, rejection webhooks.Rejection,
) error {
	if rejection.Status == http.StatusUnauthorized {
		return oauth.ErrReconnect
	}
	f.renew()
	id := cmp.Or(rejection.RequestID, stateOf(r).requestID)
	if text := rejection.URLFix(); text != "" {
		f.urlError = &ui.FieldError{Text: text, Code: rejection.Code, RequestID: id}
		return s.drawWebhookForm(w, r, http.StatusUnprocessableEntity, f)
	}
	what := activity.CreateWebhook
	if f.editing != "" {
		what = activity.UpdateWebhook
	}
	status, n := refusalNotice(rejection, what)
	n.Code, n.RequestID = rejection.Code, id
	if rejection.Status == http.StatusForbidden {
		link := connectLink(s.backToForm(w, r, f), f.shop)
		n.Link = &link
	}
	setRetryAfter(w, rejection.RetryAfter)
	f.banner = &n
	return s.drawWebhookForm(w, r, status, f)
}

// backToForm is where a form that is kept is found after connecting again.
func (s *server) backToForm(w http.ResponseWriter, r *http.Request, f *webhookForm) string {
	if f.editing != "" {
		return confirmPath(f.shop, f.editing, f.draft)
	}
	back, err := s.keepDraft(w, r, route{resume: "/webhooks/new"})
	if err != nil {
		stateOf(r).log.Error("the form could not be kept", "error", err)
		return newWebhookPath(f.shop)
	}
	return back
}
