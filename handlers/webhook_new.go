package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleWebhookNew shows the create form. It is empty, has a preset or types
// from the URL, or is as it was typed before the session ended.
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

// drawDraft shows a kept form, and says if it was begun for another shop.
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
	if err := s.readPresets(r, f); err != nil {
		return err
	}
	f.press(draft.Form.Get("do"))
	n := draftNotice(draft.Form.Get("do"))
	if draft.Shop != conn.ShopID {
		// What was sent for the other shop says nothing about this one.
		f.renew()
		n = otherShopNotice(shopLink(conn).Name)
	}
	return s.drawWebhookForm(w, r, http.StatusOK, f, n)
}

// handleWebhookCreate handles every button of the create form.
func (s *server) handleWebhookCreate(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readWebhookForm(stateOf(r).conn.ShopID, r.PostForm)
	do := f.button(r.PostForm)
	if ok, err := s.pressButton(w, r, f, do); ok || err != nil {
		return err
	}
	if do == "examine" {
		return s.examineForm(w, r, f)
	}
	do = f.decide(do)
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
	result, _, err := s.await(r, func(sameKey bool) (webhooks.Result, error) {
		return s.Webhooks.Create(r.Context(), s.request(r, f.key, sameKey), f.wanted(),
			webhooks.CreateOptions{
				AllowDuplicates: f.duplicate, AllowUnlisted: do == "anyway", AfterAbsence: do == "repeat",
			})
	})
	if err != nil {
		return err
	}
	return s.answerCreate(w, r, f, result, "")
}

// confirmCreate checks again for a webhook whose creation was not confirmed,
// and shows the result.
func (s *server) confirmCreate(w http.ResponseWriter, r *http.Request, f *webhookForm) error {
	var finding webhooks.Finding
	result, _, err := s.await(r, func(sameKey bool) (result webhooks.Result, err error) {
		result, finding, err = s.Webhooks.Confirm(r.Context(), s.request(r, f.key, sameKey), f.wanted())
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

// answerCreate shows the result of a create, to its request and to any other
// with its key. finding is the sentence for what the check found, or "" if
// there was no check.
func (s *server) answerCreate(
	w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result, finding string,
) error {
	switch result.State {
	case webhooks.OtherContent:
		return s.drawUsedForm(w, r, f, result)
	case webhooks.Created:
		if webhooks.ReadURL(f.url).Completed {
			err := s.tell(r, webhookPath(f.shop, result.Webhook.ID), keptFlash{Notice: completedNotice()})
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return s.conclude(w, r, createdOutcome(f, result.Webhook))
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
	return s.drawNotConfirmed(w, r, f, result, finding)
}

// askAboutDuplicates keeps the form and redirects to the question.
func (s *server) askAboutDuplicates(w http.ResponseWriter, r *http.Request, f *webhookForm) error {
	draft, err := s.putDraft(w, r, f)
	if err != nil {
		return err
	}
	return redirect(w, r, newWebhookPath(f.shop)+"/duplicate?draft="+url.QueryEscape(draft))
}

func createdOutcome(f *webhookForm, hook fourthwall.Webhook) outcome {
	return outcome{
		action: activity.CreateWebhook, hook: hook, asked: f.wanted(), to: webhookPath(f.shop, hook.ID),
		notice: ui.Notice{Kind: createdMark},
	}
}

// drawUsedForm rejects other content under an ID that was already used, and
// names what was created under that ID.
func (s *server) drawUsedForm(w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result) error {
	f.renew()
	f.banner = usedFormNotice(f.shop, result)
	return s.drawWebhookForm(w, r, http.StatusUnprocessableEntity, f)
}

func (s *server) drawNotConfirmed(
	w http.ResponseWriter, r *http.Request, f *webhookForm, result webhooks.Result, finding string,
) error {
	v := stateOf(r)
	frame, err := s.frame(r, "Unconfirmed")
	if err != nil {
		return err
	}
	page := views.UnconfirmedPage{
		Frame: frame, Action: webhooksPath(v.conn.ShopID), ListHref: webhooksPath(v.conn.ShopID),
		Key: f.key, URL: f.address(), Types: badges(f.wanted().AllowedTypes),
		CanCheck: result.CanConfirm, RequestID: v.requestID, Looked: finding,
		Absent: result.State == webhooks.Absent, Certain: result.Certain,
	}
	if result.Rejection != nil {
		page.RequestID = cmp.Or(result.Rejection.RequestID, v.requestID)
		named := &views.NamedWebhook{ID: result.Webhook.ID, URL: result.Webhook.URL}
		switch result.Rejection.Reason {
		case webhooks.ReturnedOld:
			page.Old = named
		case webhooks.ReturnedUnknown:
			page.Unknown = named
		}
	}
	w.Header().Set("Cache-Control", "private, no-cache")
	return s.render(w, r, http.StatusBadGateway, views.Unconfirmed(page))
}
