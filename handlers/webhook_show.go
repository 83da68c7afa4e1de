package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"hookwall/handlers/middleware"
	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleWebhook shows one webhook, with its secret in clear if that was
// requested.
func (s *server) handleWebhook(w http.ResponseWriter, r *http.Request) error {
	return s.showWebhook(w, r, nil, false)
}

// handleSecretTest sends a test that is signed with the kept secret, and shows
// the result on the webhook's page. A secret that was shown stays shown.
func (s *server) handleSecretTest(w http.ResponseWriter, r *http.Request) error {
	v, id := stateOf(r), r.PathValue("id")
	hook, err := s.fetchWebhook(r.Context(), v.conn, id)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := testForm{hook: hook}
	f.kind = string(f.offered()[0])
	if f.body, err = s.prettySample(v.conn, f.kind, id); err != nil {
		return err
	}
	result, err := s.sendTest(r, f, "")
	if err != nil {
		return err
	}
	if result == nil {
		setRetryAfter(w, busyPause)
		n := tooManyTestsNotice()
		return &httpError{
			Status: http.StatusTooManyRequests, Heading: n.Title, Public: n.Text,
			Links: []ui.Link{{Href: webhookPath(v.conn.ShopID, id), Text: "Back to the webhook"}},
		}
	}
	return s.showWebhook(w, r, result, r.PostForm.Get(shownField) != "")
}

// shownField is set if a page has the secret in clear.
const shownField = "shown"

// showWebhook draws the page of a webhook, with the result of a test if there is
// one, and with the secret in clear if it was shown before.
func (s *server) showWebhook(w http.ResponseWriter, r *http.Request, result *views.TestResult, shown bool) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	frame, err := s.frame(r, "Webhook")
	if err != nil {
		return err
	}
	page := s.webhookPage(frame, conn.ShopID, id)
	if page.Locked, err = s.immutableReason(r.Context(), conn.ShopID, id); err != nil {
		return err
	}
	notices, marks := takeMarks(frame.Notices)
	page.Notices, page.Created = notices, marks[createdMark]
	log, stop := noWebhookLog, func() {} // a new webhook has no deliveries
	if !page.Created {
		log, stop = s.readWebhookLog(r, id)
	}
	defer stop()
	hook, reason, err := s.readWebhook(r, id, page.Created)
	if err != nil {
		s.returnFlashes(r)
		return err
	}
	page.Notices = s.compareClaims(r, notices, hook)
	page.ID, page.URL, page.APIVersion, page.FromResponse = hook.ID, hook.URL, hook.APIVersion, reason
	page.Types, page.TypeCount = eventGroups(hook.AllowedTypes), len(hook.AllowedTypes)
	page.OtherTypes = otherTypes(hook.AllowedTypes)
	shown = shown || marks[revealMark]
	if page.Secret, err = s.keptSecret(r, hook, shown); err != nil {
		return err
	}
	if page.Secret != nil {
		page.Secret.Result = result
	} else if result != nil {
		page.Notices = append(page.Notices, result.Verdict())
	}
	s.nameWebhook(r, &page)
	if page.Creation, err = s.creation(r, hook.ID); err != nil {
		return err
	}
	if page.Log, page.LogUnknown, err = log(hook); err != nil {
		return err
	}
	if shown {
		middleware.NoCompression(w.Header())
	}
	return s.render(w, r, http.StatusOK, views.WebhookShow(page))
}

// nameWebhook adds what people call the webhook, and the form that changes it.
// Without the labels, the form would show none.
func (s *server) nameWebhook(r *http.Request, page *views.WebhookShowPage) {
	all, err := s.names(r)
	page.Label, page.Name = all[page.ID], all.of(page.ID, page.URL)
	if err != nil {
		logFailure(r, "the labels of a shop could not be read", err)
		return
	}
	if !page.ReadOnly {
		page.LabelAction = labelPath(stateOf(r).conn.ShopID, page.ID)
	}
}

// creation returns who created a webhook here, or nil if nobody did.
func (s *server) creation(r *http.Request, id string) (*views.Creation, error) {
	shop := stateOf(r).conn.ShopID
	done, err := s.Store.DoneActivities(r.Context(), shop, activity.CreateWebhook, id)
	if err != nil || len(done) == 0 {
		return nil, err
	}
	first := done[len(done)-1]
	href := withQuery(activityPath(shop), url.Values{"webhook": {id}}.Encode())
	return &views.Creation{Who: cmp.Or(first.Person.Name, first.Actor), At: first.StartedAt, Href: href}, nil
}

// webhookPage returns the page with its links.
func (s *server) webhookPage(frame views.Frame, shopID, id string) views.WebhookShowPage {
	at := webhookPath(shopID, id)
	page := views.WebhookShowPage{
		Frame: frame, ListHref: webhooksPath(shopID),
		ForDevelopersURL: s.forDevelopers(), Snippets: snippetViews(), EventsHref: eventsHref(shopID, id),
	}
	if !frame.ReadOnly {
		page.EditHref, page.DeleteHref = at+"/edit", at+"/delete"
		page.CheckHref, page.TestHref = checkStartHref(shopID, "webhook", id), testPath(shopID, id)
		if s.Fleet != nil && frame.ShopCount > 1 {
			page.CopyHref = copyHref(shopID, id)
		}
	}
	return page
}

// compareClaims replaces the notices that say something else of a webhook than
// what was read, and records that.
func (s *server) compareClaims(r *http.Request, notices []ui.Notice, hook fourthwall.Webhook) []ui.Notice {
	v := stateOf(r)
	for _, action := range []string{activity.CreateWebhook, activity.UpdateWebhook} {
		did := v.claimOf(action, hook.ID)
		if did == nil {
			continue
		}
		if now := hook.Content(); !webhooks.AsAsked(now, did.Before, did.Asked) {
			saved := savedNotice()
			notices = slices.DeleteFunc(notices, func(n ui.Notice) bool { return n == saved })
			notices = append(notices, *otherContentNotice(action, did.Asked, now))
		}
		if !hook.Content().Equal(did.Has) {
			s.Webhooks.RecordFound(context.WithoutCancel(r.Context()), v.conn.ShopID, action, hook)
		}
	}
	return notices
}

// readWebhook reads a webhook. If one that was created or changed here a moment
// ago can't be read, it returns the API's response to that, and the reason.
func (s *server) readWebhook(
	r *http.Request, id string, justCreated bool,
) (hook fourthwall.Webhook, reason string, err error) {
	ctx, conn := r.Context(), stateOf(r).conn
	hook, err = s.fetchWebhook(ctx, conn, id)
	var api *fourthwall.Error
	if !errors.As(err, &api) || api.Status == http.StatusNotFound && api.Fault == "" && !justCreated {
		return hook, "", err
	}
	if did := stateOf(r).claimOf(activity.UpdateWebhook, id); did != nil {
		return fourthwall.Webhook{ID: id, URL: did.Has.URL, AllowedTypes: did.Has.AllowedTypes}, fromUpdateText(api), nil
	}
	known, storeErr := s.Webhooks.CreatedBy(ctx, s.Shops.Client(conn), id)
	if errors.Is(storeErr, store.ErrNotFound) {
		return hook, "", err
	}
	if storeErr != nil {
		return hook, "", storeErr
	}
	return known, fromCreateText(api), nil
}

// keptSecret returns the secret that came with the webhook, with its value only
// if it is to be revealed. It returns nil if the secret is no longer kept.
func (s *server) keptSecret(r *http.Request, hook fourthwall.Webhook, reveal bool) (*views.WebhookSecret, error) {
	if !stateOf(r).may(operator) {
		return nil, nil
	}
	conn, at := stateOf(r).conn, secretPath(stateOf(r).conn.ShopID, hook.ID)
	secret, until, err := s.Store.Secret(r.Context(), conn.Owner, conn.ShopID, hook.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !reveal {
		secret = ""
	}
	return &views.WebhookSecret{
		Value: secret, Until: until, Left: until.Sub(s.Now()),
		RevealAction: at, StoredAction: secretStoredPath(conn.ShopID, hook.ID), TestAction: at + "/test",
		ShownField: shownField, TestType: badge(testForm{hook: hook}.offered()[0]),
	}, nil
}
