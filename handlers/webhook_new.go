package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
	"hookwall/views"
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
		n := views.Notice{Kind: views.Info, Title: "The form that was kept is gone", Text: "A form is kept for one hour, in the browser that sent it. Please fill it in again."}
		return s.drawWebhookForm(w, r, http.StatusOK, newWebhookForm(conn.ShopID), n)
	}
	if err != nil {
		return err
	}
	f := readWebhookForm(conn.ShopID, draft.Form)
	f.press(draft.Form.Get("do"))
	n := views.Notice{Kind: views.Info, Title: "Here is your form, filled in", Text: "Nothing was created yet. Press Create webhook to go on."}
	switch draft.Form.Get("do") {
	case "":
	case "check", "edit": // which is asked where a create was not confirmed
		n = views.Notice{
			Kind: views.Warning, Title: "It is not confirmed whether this webhook was created",
			Text: "Press Create webhook to go on: Hookwall then looks first whether it is there.",
		}
	default:
		n.Title = "Here is your form, as you typed it"
	}
	if draft.Shop != conn.ShopID {
		// What was sent for the other shop says nothing about this one.
		f.renew()
		n = views.Notice{
			Kind: views.Warning, Title: "You began this form for another shop",
			Text: "Creating now makes the webhook for " + shopLink(conn).Name + ". Nothing was created yet.",
		}
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
	result, _, err := s.await(r, func(first bool) (webhooks.Result, error) {
		return s.Webhooks.Create(r.Context(), s.request(r, f.submission, first), f.wanted(),
			webhooks.CreateOptions{AllowDuplicates: f.duplicate})
	})
	if err != nil {
		return err
	}
	return s.answerCreate(w, r, f, result, "")
}

// confirmCreate looks once more for a webhook whose creation was not
// confirmed, and tells what that came to.
func (s *server) confirmCreate(w http.ResponseWriter, r *http.Request, f *webhookForm) error {
	var finding webhooks.Finding
	result, _, err := s.await(r, func(first bool) (result webhooks.Result, err error) {
		result, finding, err = s.Webhooks.Confirm(r.Context(), s.request(r, f.submission, first), f.wanted())
		return result, err
	})
	if errors.Is(err, store.ErrNotFound) {
		return &httpError{Status: http.StatusNotFound, Public: "What this form sent is no longer known here. Look at the list of webhooks to see whether it was created."}
	}
	if err != nil {
		return err
	}
	return s.answerCreate(w, r, f, result, findingTexts[finding])
}

// findingTexts say what it came to to look for a webhook that was not found.
var findingTexts = map[webhooks.Finding]string{
	webhooks.NotLooked:       "Hookwall is still at work on what you pressed before. Wait a moment, then check again.",
	webhooks.ListUnavailable: "Hookwall could not look: Fourthwall did not list the shop’s webhooks. Wait a moment, then check again, and do not create it a second time yet.",
	webhooks.Ambiguous:       "Hookwall has looked again: the shop has a new webhook with this address and these event types, or several, and nobody can say which of them this form made. Look at the list of webhooks before you create another.",
	webhooks.NotFound:        "Hookwall has looked again and found no new webhook with this address and these event types. Fourthwall may need a little longer: wait a moment, then check again. After two minutes Hookwall can say for certain.",
}

// answerCreate shows what became of a create, to the request that made it and
// to any twin of it. looked is what it came to to look for the webhook, "" when
// that was not asked for.
func (s *server) answerCreate(w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result, looked string) error {
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
	if err := s.tell(r, conn.Owner, to, views.Notice{Kind: createdMark}); err != nil {
		return err
	}
	return redirect(w, r, to)
}

// drawUsedForm refuses other content under an id that was already used, and
// names what that id made.
func (s *server) drawUsedForm(w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result) error {
	f.renew()
	n := &views.Notice{Kind: views.Warning, Title: "This form was already sent with other content"}
	if made := result.Webhook; result.Of == webhooks.Created {
		n.Text = "It created the webhook " + made.ID + " for " + made.URL + ". Nothing new was created. To create another webhook as the form now stands, press Create webhook again."
		n.Link = &views.Link{Href: webhookPath(f.shop, made.ID), Text: "See that webhook"}
	} else {
		n.Text = "It is not confirmed whether that created a webhook. Look at the list of webhooks first; to create one as the form now stands, press Create webhook again."
		n.Link = &views.Link{Href: webhooksPath(stateOf(r).conn.ShopID), Text: "See the webhooks"}
	}
	f.banner = n
	return s.drawWebhookForm(w, r, http.StatusUnprocessableEntity, f)
}

func (s *server) drawNotConfirmed(w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result, looked string) error {
	v := stateOf(r)
	frame, err := s.frame(r, "Not confirmed")
	if err != nil {
		return err
	}
	page := views.NotConfirmedPage{
		Frame: frame, Action: webhooksPath(v.conn.ShopID), ListHref: webhooksPath(v.conn.ShopID),
		Submission: f.submission, URL: f.address(), Types: badges(f.wanted().AllowedTypes),
		CanCheck: result.CanConfirm, RequestID: v.requestID, Looked: looked,
	}
	if result.Rejection != nil && result.Rejection.RequestID != "" {
		page.RequestID = result.Rejection.RequestID
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	return s.render(w, r, http.StatusBadGateway, views.NotConfirmed(page))
}

// drawRefusal shows the form again with the API's refusal where it belongs.
func (s *server) drawRefusal(w http.ResponseWriter, r *http.Request, f *webhookForm, rejection webhooks.Rejection) error {
	if rejection.Status == http.StatusUnauthorized {
		return oauth.ErrReconnect
	}
	f.renew()
	id := cmp.Or(rejection.RequestID, stateOf(r).requestID)
	if text := rejection.URLFix(); text != "" {
		f.urlError = &views.FieldError{Text: text, Code: rejection.Code, RequestID: id}
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

// refusalNotice is the sentence for a refusal that belongs to no field.
func refusalNotice(r webhooks.Rejection, action string) (int, views.Notice) {
	e := webhooks.Explain(action, r, waitText(r.RetryAfter))
	n := views.Notice{Kind: views.Failure, Title: e.Title, Text: e.Text + " " + e.Fix}
	status := http.StatusUnprocessableEntity
	switch {
	case r.Reason == webhooks.EarlierAttempt:
		n.Kind, status = views.Warning, http.StatusServiceUnavailable
	case r.Reason == webhooks.NotCreated:
		n.Kind, status = views.Warning, http.StatusBadGateway
	case r.Status == http.StatusForbidden, r.Status == http.StatusNotFound && !r.NotSent:
		status = r.Status
	case r.IsTemporary():
		n.Kind, status = views.Warning, http.StatusServiceUnavailable
	case r.NotSent:
		n.Kind, status = views.Warning, http.StatusBadGateway
	}
	return status, n
}

// inText is when it is worth another try.
func inText(wait time.Duration) string {
	if wait > 0 {
		return "in " + waitText(wait)
	}
	return "in a moment"
}

func waitText(wait time.Duration) string {
	if wait > 0 {
		return views.Duration(wait)
	}
	return "a moment"
}
