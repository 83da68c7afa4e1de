package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"hookwall/handlers/middleware"
	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// outcome is what was done to a webhook.
type outcome struct {
	action string             // the activity's
	hook   fourthwall.Webhook // as it is now, or was
	before fourthwall.Content
	asked  fourthwall.Content
	to     string    // page that shows it
	notice ui.Notice // on that page; none if another request left it there
}

// conclude redirects to the page that shows what was done. If that page can no
// longer be opened, because the person signed out or the shop was disconnected
// since the request began, it shows the outcome itself. The same is true if a
// secret could not be kept for that page.
func (s *server) conclude(w http.ResponseWriter, r *http.Request, o outcome) error {
	if o.notice != (ui.Notice{}) && s.leaveNotice(r, o) == nil {
		return redirect(w, r, o.to)
	}
	isConnected, err := s.isConnected(r)
	if err != nil {
		return err
	}
	kept := s.keptSecretOf(r, o)
	if !isConnected || o.hook.Secret != "" && kept == "" {
		o.hook.Secret = cmp.Or(o.hook.Secret, kept)
		return s.drawOutcome(w, r, o, isConnected)
	}
	if o.notice != (ui.Notice{}) {
		err = s.tell(r, o.to, o.flash())
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return s.drawOutcome(w, r, o, false)
	case err != nil:
		return err
	}
	return redirect(w, r, o.to)
}

// leaveNotice leaves the notice on the page that shows what was done, or returns
// an error if that page may not be the right place.
func (s *server) leaveNotice(r *http.Request, o outcome) error {
	page, data, err := stored(o.to, o.flash())
	if err != nil {
		return err
	}
	v := stateOf(r)
	shown := store.ShopPage{Owner: v.owner, Shop: v.conn.ShopID}
	if o.hook.Secret != "" {
		shown.Secret = o.hook.ID
	}
	return s.Store.AddShopFlash(context.WithoutCancel(r.Context()), v.self, page, data, shown)
}

// flash returns the notice with what it says was done.
func (o outcome) flash() keptFlash {
	did := claim{Action: o.action, ID: o.hook.ID, Before: o.before, Asked: o.asked, Has: o.hook.Content()}
	return keptFlash{o.notice, &did}
}

// keptSecretOf returns the secret of a new webhook, if it is kept.
func (s *server) keptSecretOf(r *http.Request, o outcome) fourthwall.Secret {
	if o.action != activity.CreateWebhook {
		return ""
	}
	v := stateOf(r)
	secret, _, err := s.Store.Secret(context.WithoutCancel(r.Context()), v.owner, v.conn.ShopID, o.hook.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		logFailure(r, "the secret of a new webhook could not be read", err)
	}
	return fourthwall.Secret(secret)
}

// isConnected reports whether the shop's pages can still be opened. If the
// database is unavailable, they can later.
func (s *server) isConnected(r *http.Request) (bool, error) {
	v := stateOf(r)
	conn, err := s.Store.Connection(context.WithoutCancel(r.Context()), v.owner, v.conn.ShopID)
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrWrongKey):
		return false, nil
	case errors.Is(err, store.ErrUnavailable):
		return true, nil
	}
	return !conn.Expired, err
}

// drawOutcome shows what was done. It needs no database.
func (s *server) drawOutcome(w http.ResponseWriter, r *http.Request, o outcome, isConnected bool) error {
	page := views.OutcomePage{
		Title: outcomeTitles[o.action], URL: o.hook.URL, ID: o.hook.ID, Types: badges(o.hook.AllowedTypes),
		Secret: o.hook.Secret.Reveal(), Notice: unkeptSecretNotice(),
		Link: ui.Link{Href: o.to, Text: outcomeLinks[o.action]},
	}
	if !isConnected {
		page.Notice, page.Link = disconnectedSinceNotice(o.action), ui.Link{Href: shopsPath, Text: "See the shops"}
		if link := stateOf(r).reconnectLink(o.to, stateOf(r).conn.ShopID); link != nil {
			page.Link = *link
		}
	}
	if o.action != activity.DeleteWebhook && !webhooks.AsAsked(o.hook.Content(), o.before, o.asked) {
		page.Different = otherContentNotice(o.action, o.asked, o.hook.Content())
	}
	page.Frame = s.errorFrame(r, page.Title)
	middleware.NoCompression(w.Header())
	return s.render(w, r, http.StatusOK, views.Outcome(page))
}
