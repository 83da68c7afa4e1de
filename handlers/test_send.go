package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleTestForm shows the sample of an event type, to send unchanged or
// edited. After a new sign-in, it shows what was typed before.
func (s *server) handleTestForm(w http.ResponseWriter, r *http.Request) error {
	v, q := stateOf(r), r.URL.Query()
	hook, err := s.fetchWebhook(r.Context(), v.conn, r.PathValue("id"))
	if err != nil {
		return err
	}
	f := testForm{hook: hook, kind: bounded(q.Get("type"), 200)}
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), q.Get("draft"))
	switch {
	case err == nil && draft.Shop == v.conn.ShopID:
		f.kind, f.body = bounded(draft.Form.Get("type"), 200), valid(draft.Form.Get("body"))
	case err != nil && !draftGone(err):
		return err
	}
	offered := f.offered()
	if !slices.Contains(offered, fourthwall.EventType(f.kind)) && f.body == "" {
		f.kind = ""
	}
	if f.kind == "" {
		f.kind = string(offered[0])
	}
	if f.body == "" {
		if f.body, err = s.prettySample(v.conn, f.kind, hook.ID); err != nil {
			return err
		}
	}
	return s.drawTest(w, r, http.StatusOK, f)
}

// handleTest sends one delivery, once, and shows the response. It does not keep
// the secret.
func (s *server) handleTest(w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	f, err := readTestForm(r)
	if err != nil {
		return err
	}
	hook, err := s.fetchWebhook(r.Context(), v.conn, f.hook.ID)
	if err != nil {
		return s.drawUnreadTest(w, r, f, err)
	}
	f.hook = hook
	if text := bodyProblem(f.body); text != "" {
		f.bodyError = &ui.FieldError{Text: text}
		return s.drawTest(w, r, http.StatusUnprocessableEntity, f)
	}
	f.result, err = s.sendTest(r, f, fourthwall.Secret(strings.TrimSpace(r.PostForm.Get("secret"))))
	if err != nil {
		return err
	}
	if f.result == nil {
		return s.drawBusy(w, r, f)
	}
	return s.drawTest(w, r, http.StatusOK, f)
}

// readTestForm returns what was posted, without the secret. Of the webhook, it
// has only the ID.
func readTestForm(r *http.Request) (testForm, error) {
	if err := r.ParseForm(); err != nil {
		return testForm{}, badForm(err)
	}
	// A text area sends line ends as CRLF.
	body := strings.ReplaceAll(valid(r.PostForm.Get("body")), "\r\n", "\n")
	kind := bounded(r.PostForm.Get("type"), 200)
	return testForm{hook: fourthwall.Webhook{ID: r.PathValue("id")}, kind: kind, body: body}, nil
}

// drawUnreadTest shows the form as it was sent if the webhook could not be
// read. A deleted webhook has no form.
func (s *server) drawUnreadTest(w http.ResponseWriter, r *http.Request, f testForm, err error) error {
	var api *fourthwall.Error
	if !errors.As(err, &api) || api.NotFound() || api.ShopGone() {
		return err
	}
	v := stateOf(r)
	v.log.Warn("the webhook could not be read for a test delivery", "error", api)
	answer := apiError(api)
	f.banner = &ui.Notice{
		Kind: ui.Warning, Title: cmp.Or(answer.Heading, errorTexts[answer.Status].heading),
		Text: faultText(api) + unreadTestText(inText(api.RetryAfter)),
		Code: api.Code, RequestID: requestID(api, v),
	}
	if api.Forbidden() {
		f.banner.Title, f.banner.Text = mayNotReadWebhooks, forbiddenTestText
		v.lacksPermission(f.banner, s.keptTest(w, r))
	}
	setRetryAfter(w, api.RetryAfter)
	return s.drawTest(w, r, answer.Status, f)
}

// keptTest keeps the form and returns the URL that shows it after connecting
// again.
func (s *server) keptTest(w http.ResponseWriter, r *http.Request) string {
	back, err := s.keepDraft(w, r, route{resume: "/webhooks/{id}/test"})
	if err != nil {
		logFailure(r, "the form could not be kept", err)
		return testPath(stateOf(r).conn.ShopID, r.PathValue("id"))
	}
	return back
}

func (s *server) drawBusy(w http.ResponseWriter, r *http.Request, f testForm) error {
	n := tooManyTestsNotice()
	f.banner = &n
	setRetryAfter(w, busyPause)
	return s.drawTest(w, r, http.StatusTooManyRequests, f)
}

func (s *server) drawTest(w http.ResponseWriter, r *http.Request, status int, f testForm) error {
	conn := stateOf(r).conn
	frame, err := s.frame(r, "Test delivery")
	if err != nil {
		return err
	}
	_, kept, err := s.secretToSign(r, f.hook.ID, "")
	if err != nil {
		logFailure(r, "the kept secret could not be read", err)
	}
	at := testPath(conn.ShopID, f.hook.ID)
	page := views.TestPage{
		Frame: frame, SecretKept: kept, Name: s.nameOf(r, f.hook.ID, f.hook.URL), URL: f.hook.URL,
		WebhookHref: webhookPath(conn.ShopID, f.hook.ID),
		CheckHref:   checkStartHref(conn.ShopID, "webhook", f.hook.ID), PickAction: at,
		Type: f.kind, TypeChoices: badges(f.offered()),
		Action: at, Body: f.body, BodyError: f.bodyError, Banner: f.banner, Result: f.result,
	}
	return s.render(w, r, status, views.Test(page))
}

// testAgain draws the test delivery as it was sent, without the secret. If the
// webhook can't be read, its ID is enough.
func (s *server) testAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	f, err := readTestForm(r)
	if err != nil {
		return err
	}
	if conn := stateOf(r).conn; conn.ID != "" { // else the shop was not looked up, so there is no credential
		if hook, err := s.fetchWebhook(r.Context(), conn, f.hook.ID); err == nil {
			f.hook = hook
		}
	}
	f.banner = withRequestID(n, r)
	return s.drawTest(w, r, status, f)
}
