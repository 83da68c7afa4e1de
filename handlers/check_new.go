package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"hookwall/internal/doctor"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

func readCheckForm(posted url.Values) checkForm {
	f := checkForm{
		URL:     valid(posted.Get("url")),
		AsTyped: valid(posted.Get("as_typed")),
		Type:    bounded(posted.Get("type"), 200),
		Form:    bounded(posted.Get("form"), 100),
		Editing: bounded(posted.Get("edits"), 200),
		Webhook: bounded(posted.Get("webhook"), 200),
	}
	for _, code := range posted["types"] {
		f.Types = append(f.Types, valid(code))
	}
	return f
}

// handleCheckStart asks before anything is sent to the endpoint of a form, of a
// webhook, or of an earlier check.
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
		return checkForm{URL: hook.URL, AsTyped: hook.URL, Types: codesOf(hook.AllowedTypes), Webhook: hook.ID}, err
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
	return checkForm{
		URL: valid(draft.Form.Get("url")), AsTyped: valid(draft.Form.Get("as_typed")), Types: draft.Form["allowedTypes"],
		Form: id, Editing: draft.Form.Get(editingField),
	}, nil
}

func (s *server) drawCheckStart(w http.ResponseWriter, r *http.Request, status int, f checkForm) error {
	conn := stateOf(r).conn
	frame, err := s.frame(r, "Check an endpoint")
	if err != nil {
		return err
	}
	page := views.CheckStartPage{
		Frame: frame, Action: checksPath(conn.ShopID), Hidden: f.hidden(), URL: f.URL, AsTyped: f.AsTyped,
		URLError: f.urlError, URLNotes: readURL(f.URL, f.AsTyped).notes(f.urlError, checkWords), NotesHref: urlNotesPath,
		Type: f.Type, TypeChoices: catalogBadges(), Banner: f.banner,
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

func (f checkForm) hidden() []ui.HiddenField {
	var out []ui.HiddenField
	for _, code := range f.Types {
		out = append(out, ui.HiddenField{Name: "types", Value: code})
	}
	rest := []ui.HiddenField{
		{Name: "form", Value: f.Form}, {Name: "edits", Value: f.Editing}, {Name: "webhook", Value: f.Webhook},
	}
	for _, field := range rest {
		if field.Value != "" {
			out = append(out, field)
		}
	}
	return out
}

// handleCheck starts a check and redirects to its page.
func (s *server) handleCheck(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readCheckForm(r.PostForm)
	switch do, rest, _ := strings.Cut(r.PostForm.Get("do"), ":"); do {
	case useURL:
		f.URL = valid(rest)
		return s.drawCheckStart(w, r, http.StatusOK, f)
	case withoutThe:
		f.URL = valid(rest)
	case asTyped:
		f.AsTyped = webhooks.ReadURL(f.URL).URL
	}
	if f.URL == "" || f.URL != f.AsTyped {
		u := readURL(f.URL, f.AsTyped)
		if f.urlError = u.fieldError(); f.urlError != nil {
			return s.drawCheckStart(w, r, http.StatusUnprocessableEntity, f)
		}
		f.URL = u.URL
	}
	if f.Type == "" {
		f.Type = string(fourthwall.EventTypes()[0].Code)
	}
	secret := fourthwall.Secret(strings.TrimSpace(r.PostForm.Get("secret")))
	secret, _, err := s.secretToSign(r, f.Webhook, secret)
	if err != nil {
		return err
	}
	check, err := s.beginCheck(r, f, secret)
	if errors.Is(err, store.ErrBusy) {
		n := tooManyChecksNotice()
		f.banner = &n
		setRetryAfter(w, checkTime)
		return s.drawCheckStart(w, r, http.StatusTooManyRequests, f)
	}
	if err != nil {
		return err
	}
	to := checkPath(check.Shop, check.ID)
	if r.PostForm.Get("follow") == "1" {
		to += "?follow=1"
	}
	return redirect(w, r, to)
}

// beginCheck records a check and starts it in the background. The error is
// store.ErrBusy if the session has too many.
func (s *server) beginCheck(r *http.Request, f checkForm, secret fourthwall.Secret) (store.Check, error) {
	v := stateOf(r)
	body, err := s.sample(v.conn, f.Type, f.Webhook)
	if err != nil {
		return store.Check{}, err
	}
	kept := keptCheck{Subject: f, Report: doctor.Report{Steps: doctor.Plan()}}
	report, err := json.Marshal(kept)
	if err != nil {
		return store.Check{}, err
	}
	check := store.Check{Owner: v.owner, Shop: v.conn.ShopID, Report: report}
	if check, err = s.Store.BeginCheck(r.Context(), check, checksAtOnce); err != nil {
		return store.Check{}, err
	}
	request := doctor.Request{URL: f.URL, Hints: targetHints(f.URL), Body: []byte(body), Secret: secret}
	s.background.start(func(ctx context.Context) { s.examine(ctx, v, check, kept, request) })
	return check, nil
}

// checkAgain draws the form before a check as it was sent, without the secret.
func (s *server) checkAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readCheckForm(r.PostForm)
	f.banner = withRequestID(n, r)
	return s.drawCheckStart(w, r, status, f)
}
