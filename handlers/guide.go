package handlers

import (
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
)

// guide returns the hint for new users of the sandbox. It is nil elsewhere, and
// in a browser that has hidden it.
func (s *server) guide(r *http.Request, hooks []fourthwall.Webhook, events fourthwall.EventPage) *views.Guide {
	if s.SandboxURL == "" {
		return nil
	}
	if _, err := r.Cookie(s.cookieName("guide")); err == nil {
		return nil
	}
	conn := stateOf(r).conn
	return &views.Guide{
		Created: len(webhooks.Covered(hooks)) > 0, Delivered: len(events.Events) > 0,
		Example: "https://" + s.Receiver + "/ok", FireHref: s.SandboxURL + "/#" + conn.ShopID,
		EventsHref: eventsPath(conn.ShopID), HideAction: guidePath, Return: webhooksPath(conn.ShopID),
	}
}

// handleGuideHide hides the hint in this browser, for every shop.
func (s *server) handleGuideHide(w http.ResponseWriter, r *http.Request) error {
	if s.SandboxURL == "" {
		return &httpError{Status: http.StatusNotFound}
	}
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	http.SetCookie(w, s.cookie("guide", "hidden", longCookieLife))
	return redirect(w, r, s.wayBack(r.PostForm.Get("return")))
}
