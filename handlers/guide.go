package handlers

import (
	"net/http"

	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// What a browser remembers of the guide.
const (
	guideBegun  = "begun"  // it was shown
	guideHidden = "hidden" // it was hidden, or all steps are done
)

// guide returns the first steps, as long as not all are done. It is nil in a
// browser that has hidden it, or that has seen the steps done. The first page
// after the last step has a notice, in a browser that has seen the guide.
func (s *server) guide(
	w http.ResponseWriter, r *http.Request, found foundWebhooks, notices []ui.Notice,
) (*views.Guide, []ui.Notice) {
	seen := ""
	if c, err := r.Cookie(s.cookieName("guide")); err == nil {
		seen = c.Value
	}
	isCreated, isDelivered := len(webhooks.Covered(found.read.Webhooks)) > 0, len(found.seen.Found.Events) > 0
	switch {
	case seen != "" && seen != guideBegun, found.unknown != "" && isCreated:
		return nil, notices
	case isCreated && isDelivered && seen == "":
		return nil, notices
	case isCreated && isDelivered:
		http.SetCookie(w, s.cookie("guide", guideHidden, longCookieLife))
		return nil, append(notices, guideDoneNotice())
	case seen == "":
		http.SetCookie(w, s.cookie("guide", guideBegun, longCookieLife))
	}
	return s.firstSteps(stateOf(r).conn.ShopID, isCreated), notices
}

func (s *server) firstSteps(shopID string, isCreated bool) *views.Guide {
	g := &views.Guide{
		Created: isCreated, TestHref: s.forDevelopers(), EventsHref: eventsPath(shopID),
		HideAction: guidePath, Return: webhooksPath(shopID),
	}
	if s.SandboxURL != "" {
		g.Example, g.FireHref = "https://"+s.Receiver+"/ok", s.SandboxURL+"/#"+shopID
	}
	return g
}

// handleGuideHide hides the guide in this browser, for every shop.
func (s *server) handleGuideHide(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	http.SetCookie(w, s.cookie("guide", guideHidden, longCookieLife))
	return redirect(w, r, s.wayBack(r.PostForm.Get("return")))
}
