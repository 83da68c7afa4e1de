package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hookwall/internal/deliver"
	"hookwall/internal/doctor"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// sendsAtOnce is how many test deliveries of one session may be under way.
const sendsAtOnce = 2

func testPath(shopID, id string) string { return webhookPath(shopID, id) + "/test" }

// testForm is a test delivery as it was typed.
type testForm struct {
	hook fourthwall.Webhook
	kind string
	body string

	bodyError *views.FieldError
	banner    *views.Notice
	result    *views.TestResult
}

// handleTestForm shows the sample of an event type, to be sent as it is or
// changed, or what was typed before the session ended.
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
	if !slices.Contains(hook.AllowedTypes, fourthwall.EventType(f.kind)) && f.body == "" {
		f.kind = ""
	}
	if f.kind == "" && len(hook.AllowedTypes) > 0 {
		f.kind = string(hook.AllowedTypes[0])
	}
	if f.body == "" {
		if f.body, err = s.prettySample(v.conn, f.kind, hook.ID); err != nil {
			return err
		}
	}
	return s.drawTest(w, r, http.StatusOK, f)
}

func (s *server) prettySample(conn store.Connection, eventType, webhookID string) (string, error) {
	text, err := s.sample(conn, eventType, webhookID)
	if err != nil {
		return "", err
	}
	shown, _ := pretty(text)
	return shown, nil
}

// handleTest sends one delivery, once, and shows the answer. The secret is
// used for it and forgotten.
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
		f.bodyError = &views.FieldError{Text: text}
		return s.drawTest(w, r, http.StatusUnprocessableEntity, f)
	}
	leave, ok := s.sends.enter(v.owner)
	if !ok {
		return s.drawBusy(w, r, f)
	}
	defer leave()
	secret := fourthwall.Secret(strings.TrimSpace(r.PostForm.Get("secret")))
	request := doctor.Request{URL: f.hook.URL, Hints: targetHints(f.hook.URL), Body: []byte(f.body), Secret: secret}
	result, report := s.doctor.Deliver(r.Context(), request)
	logRefused(v, request, report)
	if report.Result == doctor.Skipped && result.Status == 0 {
		return s.drawBusy(w, r, f) // no place for a call, so nothing was sent
	}
	f.result = testResult(f, secret != "", result, report)
	return s.drawTest(w, r, http.StatusOK, f)
}

// readTestForm takes what was posted, without the secret. Of the webhook it
// knows the id.
func readTestForm(r *http.Request) (testForm, error) {
	if err := r.ParseForm(); err != nil {
		return testForm{}, badForm(err)
	}
	// A text area sends line ends as CRLF.
	body := strings.ReplaceAll(valid(r.PostForm.Get("body")), "\r\n", "\n")
	return testForm{hook: fourthwall.Webhook{ID: r.PathValue("id")}, kind: bounded(r.PostForm.Get("type"), 200), body: body}, nil
}

// drawUnreadTest shows the form as it was sent when it could not be read where
// the webhook's deliveries go. One that is gone has no form.
func (s *server) drawUnreadTest(w http.ResponseWriter, r *http.Request, f testForm, err error) error {
	var api *fourthwall.Error
	if !errors.As(err, &api) || api.Status == http.StatusNotFound {
		return err
	}
	v := stateOf(r)
	v.log.Warn("the webhook could not be read for a test delivery", "error", api)
	answer := apiError(api)
	f.banner = &views.Notice{
		Kind: views.Warning, Title: errorTexts[answer.Status].heading, Code: api.Code, RequestID: requestID(api, v),
		Text: "Nothing was sent, and what you entered is kept, but for the secret. Press the button again " + inText(api.RetryAfter) + ".",
	}
	if api.Status == http.StatusForbidden {
		link := connectLink(s.keptTest(w, r), v.conn.ShopID)
		f.banner.Title, f.banner.Link = "This connection may not read webhooks", &link
		f.banner.Text = "It lacks the permission webhook_read, so nothing was sent. Connect the shop again and allow it; what you entered is kept, but for the secret."
	}
	setRetryAfter(w, api.RetryAfter)
	return s.drawTest(w, r, answer.Status, f)
}

// keptTest is where the form is found after connecting again.
func (s *server) keptTest(w http.ResponseWriter, r *http.Request) string {
	back, err := s.keepDraft(w, r, route{resume: "/webhooks/{id}/test"})
	if err != nil {
		stateOf(r).log.Error("the form could not be kept", "error", err)
		return testPath(stateOf(r).conn.ShopID, r.PathValue("id"))
	}
	return back
}

// bodyProblem says why a text cannot be the body of a delivery.
func bodyProblem(body string) string {
	if strings.TrimSpace(body) == "" {
		return "There is nothing to send. Choose an event type above to get its sample back."
	}
	err := json.Unmarshal([]byte(body), &json.RawMessage{})
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line := 1 + strings.Count(body[:min(int(syntax.Offset), len(body))], "\n")
		return "This is not JSON any more: look at line " + strconv.Itoa(line) + ". Fourthwall only ever sends JSON."
	}
	if err != nil {
		return "This is not JSON any more. Fourthwall only ever sends JSON."
	}
	return ""
}

func (s *server) drawBusy(w http.ResponseWriter, r *http.Request, f testForm) error {
	f.banner = &views.Notice{Kind: views.Warning, Title: "Too many test deliveries at once", Text: "Nothing was sent. Wait a few seconds and press the button again."}
	setRetryAfter(w, 5*time.Second)
	return s.drawTest(w, r, http.StatusTooManyRequests, f)
}

func (s *server) drawTest(w http.ResponseWriter, r *http.Request, status int, f testForm) error {
	conn := stateOf(r).conn
	frame, err := s.frame(r, "Test delivery")
	if err != nil {
		return err
	}
	at := testPath(conn.ShopID, f.hook.ID)
	page := views.TestPage{
		Frame: frame, ID: f.hook.ID, URL: f.hook.URL, WebhookHref: webhookPath(conn.ShopID, f.hook.ID),
		CheckHref: checkStartHref(conn.ShopID, "webhook", f.hook.ID), PickAction: at, Type: f.kind, TypeChoices: badges(f.hook.AllowedTypes),
		Action: at, Body: f.body, BodyError: f.bodyError, Banner: f.banner, Result: f.result,
	}
	return s.render(w, r, status, views.Test(page))
}

// testResult shows an answer, held against the delivery contract.
func testResult(f testForm, signed bool, result deliver.Result, report doctor.Report) *views.TestResult {
	out := &views.TestResult{
		At: report.Started, Signed: signed, Status: result.Status, StatusText: http.StatusText(result.Status), Took: result.Timing.Exchange,
		Body: valid(string(result.Body)), Truncated: result.BodyTruncated, SentBytes: len(f.body),
	}
	if result.Status == 0 {
		out.Problem = report.Summary
	}
	for _, step := range report.Steps {
		out.Verdicts = append(out.Verdicts, stepView(step))
	}
	for _, name := range slices.Sorted(maps.Keys(result.Header)) {
		for _, value := range result.Header[name] {
			out.Headers = append(out.Headers, views.HeaderLine{Name: name, Value: valid(value)})
		}
	}
	return out
}

// turnstile lets each owner have a few things under way.
type turnstile struct {
	most int
	mu   sync.Mutex
	in   map[store.Owner]int
}

// enter reports false when the owner has too many under way. Who enters must
// leave.
func (t *turnstile) enter(owner store.Owner) (leave func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.in[owner] >= t.most {
		return nil, false
	}
	if t.in == nil {
		t.in = map[store.Owner]int{}
	}
	t.in[owner]++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.in[owner]--; t.in[owner] == 0 {
			delete(t.in, owner)
		}
	}, true
}

// slots let a few things go on at once, whoever they are for.
type slots chan struct{}

// enter reports false when no slot became free in time. Who enters must leave.
func (s slots) enter(ctx context.Context, wait time.Duration) bool {
	select {
	case s <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case s <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (s slots) leave() { <-s }
