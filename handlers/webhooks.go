package handlers

import (
	"context"
	"errors"
	"net/http"

	"github.com/klauspost/compress/gzhttp"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// unreadable says why something of the shop's cannot be read. what is its
// plural; back is where to return to after connecting again.
func (s *server) unreadable(w http.ResponseWriter, r *http.Request, api *fourthwall.Error, what, back string) (*views.Notice, int) {
	v := stateOf(r)
	v.log.Warn(what+" could not be read", "error", api)
	answer := apiError(api)
	setRetryAfter(w, api.RetryAfter)
	text := errorTexts[answer.Status]
	n := &views.Notice{Kind: views.Warning, Title: text.heading, Text: text.text, Code: api.Code, RequestID: requestID(api, v)}
	if api.TooLarge {
		n.Title, n.Text = "Fourthwall’s answer is too large", answer.Public
		return n, answer.Status
	}
	n.Link = &views.Link{Href: back, Text: "Try again"}
	switch answer.Status {
	case http.StatusForbidden:
		link := connectLink(back, v.conn.ShopID)
		n.Title = "This connection may not read " + what
		n.Text = "It lacks the permission webhook_read. You can still create webhooks; to see your " + what + ", connect the shop again and allow it."
		n.Link = &link
		return n, http.StatusOK
	case http.StatusServiceUnavailable:
		n.Text = "Fourthwall asks us to wait. Load this page again " + inText(api.RetryAfter) + "."
	case http.StatusNotFound:
		if api.ShopGone() {
			link := connectLink(back, v.conn.ShopID)
			n.Title, n.Text, n.Link = "This shop is gone", answer.Public, &link
			return n, http.StatusNotFound
		}
		n.Title, n.Text = "Fourthwall has no list of "+what+" here", "It answered that there is nothing at this address. Whoever runs this Hookwall should check FOURTHWALL_API_URL."
		return n, http.StatusBadGateway
	}
	return n, answer.Status
}

// requestID prefers the API's own, which Fourthwall can look up.
func requestID(api *fourthwall.Error, v *requestState) string {
	if api != nil && api.RequestID != "" {
		return api.RequestID
	}
	return v.requestID
}

func presetLinks(shopID string) []views.PresetLink {
	var out []views.PresetLink
	for _, p := range fourthwall.Presets()[:3] {
		out = append(out, views.PresetLink{Title: p.Title, Text: p.Description, Href: newWebhookPath(shopID) + "?preset=" + p.ID, Count: len(p.Types)})
	}
	return out
}

func badges(types []fourthwall.EventType) []views.EventBadge {
	out := make([]views.EventBadge, 0, len(types))
	for _, t := range types {
		out = append(out, badge(t))
	}
	return out
}

func badge(t fourthwall.EventType) views.EventBadge {
	info, known := fourthwall.LookupEventType(t)
	return views.EventBadge{Code: string(t), Title: info.Title, Unknown: !known}
}

// What a flash carries to a webhook's page.
const (
	createdMark = "webhook-created" // it was created just now
	revealMark  = "secret-revealed" // its secret is to be shown, this once
)

// handleWebhook shows one webhook, with its secret in clear when that was
// asked for.
func (s *server) handleWebhook(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	frame, err := s.frame(r, "Webhook")
	if err != nil {
		return err
	}
	at := webhookPath(conn.ShopID, id)
	page := views.WebhookPage{
		Frame: frame, ListHref: webhooksPath(conn.ShopID), ForDevelopersURL: s.forDevelopers(), Snippets: snippetViews(),
		EditHref: at + "/edit", DeleteHref: at + "/delete", EventsHref: eventsHref(conn.ShopID, "", id, 1),
		CheckHref: checkStartHref(conn.ShopID, "webhook", id), TestHref: testPath(conn.ShopID, id),
	}
	if page.Locked, err = s.lockedReason(r.Context(), conn.ShopID, id); err != nil {
		return err
	}
	notices, marks := takeMarks(frame.Notices)
	page.Notices, page.Created = notices, marks[createdMark]
	hook, reason, err := s.readWebhook(r.Context(), conn, id, page.Created)
	if err != nil {
		return err
	}
	page.ID, page.URL, page.APIVersion, page.FromCreate = hook.ID, hook.URL, hook.APIVersion, reason
	page.Types, page.TypeCount = eventGroups(hook.AllowedTypes), len(hook.AllowedTypes)
	if page.Secret, err = s.keptSecret(r, hook.ID, marks[revealMark]); err != nil {
		return err
	}
	if marks[revealMark] {
		w.Header().Set(gzhttp.HeaderNoCompression, "1")
	}
	return s.render(w, r, http.StatusOK, views.Webhook(page))
}

// takeMarks parts the marks from the notices that are shown.
func takeMarks(all []views.Notice) (rest []views.Notice, marks map[string]bool) {
	marks = map[string]bool{}
	for _, n := range all {
		if n.Kind == createdMark || n.Kind == revealMark {
			marks[n.Kind] = true
			continue
		}
		rest = append(rest, n)
	}
	return rest, marks
}

// readWebhook reads a webhook. One that was just created here is known from
// the answer that created it, for when it cannot be read; reason says so.
func (s *server) readWebhook(ctx context.Context, conn store.Connection, id string, justCreated bool) (hook fourthwall.Webhook, reason string, err error) {
	hook, err = s.Shops.Client(conn).Webhook(ctx, id)
	var api *fourthwall.Error
	if !errors.As(err, &api) {
		return hook, "", err
	}
	if api.Status == http.StatusNotFound && !justCreated {
		return hook, "", err
	}
	known, storeErr := s.Webhooks.CreatedBy(ctx, s.Shops.Client(conn), id)
	if errors.Is(storeErr, store.ErrNotFound) {
		return hook, "", err
	}
	if storeErr != nil {
		return hook, "", storeErr
	}
	return known, whyFromCreate(api), nil
}

func whyFromCreate(api *fourthwall.Error) string {
	switch api.Status {
	case http.StatusForbidden:
		return "This is what Fourthwall answered when the webhook was created. It cannot be read again, because this connection lacks the permission webhook_read."
	case http.StatusNotFound:
		return "This is what Fourthwall answered when the webhook was created. It cannot be read yet; look again in a moment."
	}
	return "This is what Fourthwall answered when the webhook was created. It cannot be read right now; look again in a moment."
}

// eventGroups sorts types into the catalogue's groups. What is in none comes
// last, so that nothing a webhook receives is left out.
func eventGroups(types []fourthwall.EventType) []views.EventGroup {
	has := map[fourthwall.EventType]bool{}
	for _, t := range types {
		has[t] = true
	}
	var out []views.EventGroup
	for _, g := range fourthwall.Groups() {
		group := views.EventGroup{Title: g.Title}
		for _, info := range g.Types {
			if has[info.Code] {
				group.Types = append(group.Types, views.EventLine{EventBadge: badge(info.Code), Description: info.Description})
			}
		}
		if len(group.Types) > 0 {
			out = append(out, group)
		}
	}
	unknown := views.EventGroup{Title: "Unknown to this version of Hookwall"}
	for _, t := range types {
		if b := badge(t); b.Unknown {
			unknown.Types = append(unknown.Types, views.EventLine{EventBadge: b})
		}
	}
	if len(unknown.Types) > 0 {
		out = append(out, unknown)
	}
	return out
}

// keptSecret is the secret that came with the webhook, while it is kept, with
// its value only when it is to be revealed.
func (s *server) keptSecret(r *http.Request, id string, reveal bool) (*views.WebhookSecret, error) {
	conn := stateOf(r).conn
	secret, until, err := s.Store.Secret(r.Context(), conn.Owner, conn.ShopID, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	at := webhookPath(conn.ShopID, id) + "/secret"
	if !reveal {
		secret = ""
	}
	return &views.WebhookSecret{Value: secret, Until: until, RevealAction: at, StoredAction: at + "/stored"}, nil
}

// handleSecretReveal leads to the webhook's page with the secret in clear. It
// is shown once after a POST, so that it is in no address, cache or history,
// and by way of a redirect, so that Back and reload meet no page that the
// browser cannot show again.
func (s *server) handleSecretReveal(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	_, _, err := s.Store.Secret(r.Context(), conn.Owner, conn.ShopID, id)
	n := views.Notice{Kind: revealMark}
	switch {
	case errors.Is(err, store.ErrNotFound):
		n = views.Notice{Kind: views.Info, Title: "The secret is no longer kept here", Text: "It was kept for 15 minutes, or until you said that you have stored it. The shop’s owner finds it in the shop’s settings, under For developers."}
	case err != nil:
		return err
	}
	if err := s.flash(r, conn.Owner, webhookPath(conn.ShopID, id), n); err != nil {
		return err
	}
	return redirect(w, r, webhookPath(conn.ShopID, id))
}

// handleSecretStored forgets the secret.
func (s *server) handleSecretStored(w http.ResponseWriter, r *http.Request) error {
	conn, id := stateOf(r).conn, r.PathValue("id")
	if err := s.Store.DeleteSecret(r.Context(), conn.Owner, conn.ShopID, id); err != nil {
		return err
	}
	n := views.Notice{Kind: views.Success, Title: "The secret was deleted here"}
	if err := s.flash(r, conn.Owner, webhookPath(conn.ShopID, id), n); err != nil {
		return err
	}
	return redirect(w, r, webhookPath(conn.ShopID, id))
}
