package handlers

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"hookwall/internal/doctor"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
)

const (
	checksAtOnce = 2 // of one session
	checkTime    = 30 * time.Second
	// checkWait is how long the page waits for the result where no script
	// follows it.
	checkWait = 25 * time.Second
	// checkDead is longer than any step takes: what was not touched for so
	// long was left by a process that died.
	checkDead  = 30 * time.Second
	checkPoll  = 200 * time.Millisecond
	streamTime = time.Minute
	// looksAtOnce is how many pages and streams of one session may wait for
	// checks: each asks the database again and again.
	looksAtOnce = 10
)

func checksPath(shopID string) string { return shopPath(shopID) + "/checks" }

func checkPath(shopID, id string) string { return checksPath(shopID) + "/" + url.PathEscape(id) }

func checkStartHref(shopID, name, value string) string {
	return withQuery(checksPath(shopID)+"/new", url.Values{name: {value}}.Encode())
}

// checkForm is what is examined, and where it came from.
type checkForm struct {
	URL     string   `json:"url"`
	Type    string   `json:"type"`
	Types   []string `json:"types,omitempty"`   // to choose from; none: the catalogue
	Form    string   `json:"form,omitempty"`    // draft of the form that waits
	Editing string   `json:"editing,omitempty"` // the webhook that this form edits
	Webhook string   `json:"webhook,omitempty"` // the webhook whose endpoint it is

	urlError *views.FieldError
	banner   *views.Notice
}

func readCheckForm(posted url.Values) checkForm {
	f := checkForm{
		URL: valid(posted.Get("url")), Type: bounded(posted.Get("type"), 200), Form: bounded(posted.Get("form"), 100),
		Editing: bounded(posted.Get("edits"), 200), Webhook: bounded(posted.Get("webhook"), 200),
	}
	for _, code := range posted["types"] {
		f.Types = append(f.Types, valid(code))
	}
	return f
}

// keptCheck is the report of a check as it is stored.
type keptCheck struct {
	Subject checkForm     `json:"subject"`
	Report  doctor.Report `json:"report"`
}

// handleCheckStart asks before anything is sent: to the endpoint of a form,
// of a webhook, or of an earlier check.
func (s *server) handleCheckStart(w http.ResponseWriter, r *http.Request) error {
	f, err := s.checkSubject(r)
	if err != nil {
		return err
	}
	return s.drawCheckStart(w, r, http.StatusOK, f)
}

func (s *server) checkSubject(r *http.Request) (checkForm, error) {
	conn, q := stateOf(r).conn, r.URL.Query()
	switch {
	case q.Get("webhook") != "":
		hook, err := s.fetchWebhook(r.Context(), conn, q.Get("webhook"))
		return checkForm{URL: hook.URL, Types: codesOf(hook.AllowedTypes), Webhook: hook.ID}, err
	case q.Get("again") != "":
		_, kept, err := s.readCheck(r, q.Get("again"))
		if errors.Is(err, store.ErrNotFound) {
			return checkForm{}, nil
		}
		return kept.Subject, err
	}
	id := cmp.Or(q.Get("form"), q.Get("draft"))
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), id)
	if draftGone(err) || (err == nil && draft.Shop != conn.ShopID) {
		return checkForm{}, nil
	}
	if err != nil {
		return checkForm{}, err
	}
	if q.Get("form") == "" {
		return readCheckForm(draft.Form), nil
	}
	return checkForm{URL: valid(draft.Form.Get("url")), Types: draft.Form["allowedTypes"], Form: id, Editing: draft.Form.Get(editingField)}, nil
}

// examineForm keeps a form and leads to the question what to send to the
// address in it.
func (s *server) examineForm(w http.ResponseWriter, r *http.Request, f *webhookForm) error {
	draft, err := s.putDraft(w, r, f)
	if err != nil {
		return err
	}
	return redirect(w, r, checkStartHref(f.shop, "form", draft))
}

func (s *server) drawCheckStart(w http.ResponseWriter, r *http.Request, status int, f checkForm) error {
	conn := stateOf(r).conn
	frame, err := s.frame(r, "Check an endpoint")
	if err != nil {
		return err
	}
	page := views.CheckStartPage{
		Frame: frame, Action: checksPath(conn.ShopID), Hidden: f.hidden(), URL: f.URL, URLError: f.urlError,
		Type: f.Type, TypeChoices: catalogueBadges(), Banner: f.banner,
	}
	if len(f.Types) > 0 {
		page.TypeChoices = nil
		for _, code := range f.Types {
			page.TypeChoices = append(page.TypeChoices, badge(fourthwall.EventType(code)))
		}
	}
	page.BackHref, page.BackText = f.back(conn.ShopID)
	return s.render(w, r, status, views.CheckStart(page))
}

func (f checkForm) hidden() []views.HiddenField {
	var out []views.HiddenField
	for _, code := range f.Types {
		out = append(out, views.HiddenField{Name: "types", Value: code})
	}
	for _, field := range []views.HiddenField{{Name: "form", Value: f.Form}, {Name: "edits", Value: f.Editing}, {Name: "webhook", Value: f.Webhook}} {
		if field.Value != "" {
			out = append(out, field)
		}
	}
	return out
}

// back leads to where the check was asked for.
func (f checkForm) back(shopID string) (href, text string) {
	draft := "?draft=" + url.QueryEscape(f.Form)
	switch {
	case f.Form != "" && f.Editing != "":
		return editPath(shopID, f.Editing) + draft, "Back to the form"
	case f.Form != "":
		return newWebhookPath(shopID) + draft, "Back to the form"
	case f.Webhook != "":
		return webhookPath(shopID, f.Webhook), "Back to the webhook"
	}
	return webhooksPath(shopID), "Back to the webhooks"
}

// handleCheck starts an examination and leads to its page.
func (s *server) handleCheck(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	v, f := stateOf(r), readCheckForm(r.PostForm)
	f.URL = strings.TrimSpace(f.URL)
	if text := webhooks.CheckURL(f.URL); text != "" {
		f.urlError = &views.FieldError{Text: text}
		return s.drawCheckStart(w, r, http.StatusUnprocessableEntity, f)
	}
	if f.Type == "" {
		f.Type = string(fourthwall.EventTypes()[0].Code)
	}
	body, err := s.sample(v.conn, f.Type, f.Webhook)
	if err != nil {
		return err
	}
	kept := keptCheck{Subject: f, Report: doctor.Report{Steps: doctor.Plan()}}
	report, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	check, err := s.Store.BeginCheck(r.Context(), store.Check{Owner: v.owner, Shop: v.conn.ShopID, Report: report}, checksAtOnce)
	if errors.Is(err, store.ErrBusy) {
		f.banner = &views.Notice{Kind: views.Warning, Title: "Two checks are under way", Text: "Wait until one of them is done, half a minute at most, and press the button again."}
		setRetryAfter(w, checkTime)
		return s.drawCheckStart(w, r, http.StatusTooManyRequests, f)
	}
	if err != nil {
		return err
	}
	request := doctor.Request{URL: f.URL, Hints: targetHints(f.URL), Body: []byte(body), Secret: fourthwall.Secret(strings.TrimSpace(r.PostForm.Get("secret")))}
	s.errands.start(func(ctx context.Context) { s.examine(ctx, v, check, kept, request) })
	to := checkPath(v.conn.ShopID, check.ID)
	if r.PostForm.Get("follow") == "1" {
		to += "?follow=1"
	}
	return redirect(w, r, to)
}

// targetHints say what Fourthwall would probably refuse of an address.
func targetHints(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return webhooks.RejectionHints(u)
}

// examine works in the background and keeps what it finds step by step.
func (s *server) examine(ctx context.Context, v *requestState, check store.Check, kept keptCheck, request doctor.Request) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	keep := func(report doctor.Report) {
		kept.Report = report
		encoded, err := json.Marshal(kept)
		if err == nil {
			err = s.Store.UpdateCheck(context.WithoutCancel(ctx), check.Owner, check.ID, encoded, report.Done)
		}
		if err != nil {
			v.log.Warn("the report of a check could not be kept", "error", err)
		}
	}
	report := s.doctor.Examine(ctx, request, func(report doctor.Report) {
		if !report.Done {
			keep(report)
		}
	})
	keep(report)
	logRefused(v, request, report)
}

// logRefused notes who wanted an address to be called that never is.
func logRefused(v *requestState, request doctor.Request, report doctor.Report) {
	if report.Refused == "" {
		return
	}
	host := ""
	if u, err := url.Parse(request.URL); err == nil {
		host = u.Hostname()
	}
	v.log.Warn("address refused", "reason", report.Refused, "host", clip(host, 100), "shop", clip(v.conn.ShopID, 80))
}

func (s *server) sample(conn store.Connection, eventType, webhookID string) (string, error) {
	return s.Sample(SampleOf{Type: eventType, WebhookID: webhookID, ShopID: conn.ShopID, ShopName: conn.ShopName, Domain: conn.ShopDomain, At: s.Now()})
}

func (s *server) readCheck(r *http.Request, id string) (store.Check, keptCheck, error) {
	v := stateOf(r)
	var kept keptCheck
	check, err := s.Store.Check(r.Context(), v.owner, v.conn.ShopID, id)
	if errors.Is(err, store.ErrNotFound) {
		err = &httpError{
			Status: http.StatusNotFound, Public: "A check is kept for one hour, for the session that made it. This one is over.",
			Err: err, Links: []views.Link{{Href: webhooksPath(v.conn.ShopID), Text: "See the webhooks"}},
		}
	}
	if err == nil {
		err = json.Unmarshal(check.Report, &kept)
	}
	return check, kept, err
}

// handleCheckPage shows an examination. Where no script follows it, the page
// waits for the result.
func (s *server) handleCheckPage(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	check, kept, err := s.readCheck(r, id)
	if r.URL.Query().Get("follow") == "" && err == nil {
		check, kept, err = s.awaitCheck(r, check, kept)
	}
	if err != nil {
		return err
	}
	return s.drawCheck(w, r, check, kept)
}

// awaitCheck gives the check when it is over, or as it is when that takes long
// or too many pages wait already.
func (s *server) awaitCheck(r *http.Request, check store.Check, kept keptCheck) (store.Check, keptCheck, error) {
	leave, ok := s.looking.enter(stateOf(r).owner)
	if !ok {
		return check, kept, nil
	}
	defer leave()
	var err error
	for range s.looksAt(r.Context(), checkWait) {
		if err != nil || s.isOver(check) {
			break
		}
		check, kept, err = s.readCheck(r, check.ID)
	}
	return check, kept, err
}

// looksAt yields at once and then again and again, until the time is over, ctx
// ends, or the program is about to.
func (s *server) looksAt(ctx context.Context, limit time.Duration) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		tick, end := time.NewTicker(checkPoll), time.NewTimer(limit)
		defer tick.Stop()
		defer end.Stop()
		for yield(struct{}{}) {
			select {
			case <-ctx.Done():
				return
			case <-s.errands.draining:
				return
			case <-end.C:
				return
			case <-tick.C:
			}
		}
	}
}

func (s *server) isOver(check store.Check) bool {
	return check.Done || s.isInterrupted(check)
}

func (s *server) isInterrupted(check store.Check) bool {
	return !check.Done && s.Now().Sub(check.UpdatedAt) > checkDead
}

func (s *server) drawCheck(w http.ResponseWriter, r *http.Request, check store.Check, kept keptCheck) error {
	frame, err := s.frame(r, "Endpoint check")
	if err != nil {
		return err
	}
	at := checkPath(check.Shop, check.ID)
	page := views.CheckPage{
		Frame: frame, URL: kept.Subject.URL, Type: badge(fourthwall.EventType(kept.Subject.Type)), StartedAt: check.StartedAt,
		Report: s.reportView(check, kept.Report), AgainHref: checkStartHref(check.Shop, "again", check.ID),
	}
	page.BackHref, page.BackText = kept.Subject.back(check.Shop)
	if !s.isOver(check) {
		page.SelfHref, page.FollowHref = at, at+"/stream"
	}
	return s.render(w, r, http.StatusOK, views.Check(page))
}

func (s *server) reportView(check store.Check, report doctor.Report) views.CheckReport {
	out := views.CheckReport{Done: check.Done, Interrupted: s.isInterrupted(check)}
	for _, step := range report.Steps {
		out.Steps = append(out.Steps, stepView(step))
	}
	if check.Done {
		out.Kind, out.Summary, out.Text = resultKind(report.Result), report.Summary, report.Text()
	}
	return out
}

func resultKind(r doctor.Result) string {
	switch r {
	case doctor.Passed:
		return views.Success
	case doctor.Failed:
		return views.Failure
	}
	return views.Warning
}

func stepView(step doctor.Step) views.CheckStep {
	return views.CheckStep{ID: step.ID, Title: step.Title, Result: string(step.Result), Seen: step.Seen, Do: step.Do, Took: step.Took}
}

// handleCheckStream sends the report with each step, as server-sent events.
func (s *server) handleCheckStream(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	check, kept, err := s.readCheck(r, id)
	if err != nil {
		return err
	}
	leave, ok := s.looking.enter(stateOf(r).owner)
	if !ok {
		return &httpError{Status: http.StatusTooManyRequests, RetryAfter: checkTime, Public: "Too many pages of this session follow checks. Close some of them, or look again in half a minute."}
	}
	defer leave()
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // a reverse proxy must not hold it back
	header.Set(gzhttp.HeaderNoCompression, "1")
	var sent []byte
	for range s.looksAt(r.Context(), streamTime) {
		report := s.reportView(check, kept.Report)
		var fragment bytes.Buffer
		if err := views.CheckProgress(report).Render(r.Context(), &fragment); err != nil {
			return err
		}
		if !bytes.Equal(sent, fragment.Bytes()) {
			sent = fragment.Bytes()
			if err := sendEvent(w, "report", sent); err != nil {
				return nil // the person went away
			}
		}
		if s.isOver(check) {
			_ = sendEvent(w, "done", nil)
			break
		}
		if check, kept, err = s.readCheck(r, id); err != nil {
			stateOf(r).log.Warn("a check could not be followed", "error", err)
			break
		}
	}
	return nil
}

func sendEvent(w http.ResponseWriter, name string, data []byte) error {
	text := "event: " + name + "\n"
	for line := range bytes.Lines(append(data, '\n')) {
		text += "data: " + strings.TrimRight(string(line), "\r\n") + "\n"
	}
	if _, err := io.WriteString(w, text+"\n"); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
