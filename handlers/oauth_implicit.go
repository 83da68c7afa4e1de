package handlers

import (
	"net/http"

	"hookwall/oauth"
	"hookwall/views"
)

// handleImplicitPage is the page that the implicit flow returns to. Its script
// takes the token out of the URL and posts it.
func (s *server) handleImplicitPage(w http.ResponseWriter, r *http.Request) error {
	scrub(w)
	// This page's form is sent to our own origin. Under no-referrer, a browser
	// on plain http sends it with an Origin of null, which is refused. The
	// token is in the fragment, which no referrer includes.
	w.Header().Set("Referrer-Policy", "same-origin")
	if q := r.URL.Query(); q.Get("error") != "" {
		// Some servers put an error into the query, RFC 6749 notwithstanding.
		return s.endRefused(w, r, q, oauth.WayImplicit)
	}
	page := views.ConnectImplicitPage{
		Frame: s.bareFrame(r, "Finishing the sign-in"), Action: "/oauth/implicit", ConnectHref: "/connect",
	}
	return s.render(w, r, http.StatusOK, views.ConnectImplicit(page))
}

// handleImplicit ends an implicit sign-in with what the script posted.
func (s *server) handleImplicit(w http.ResponseWriter, r *http.Request) error {
	scrub(w)
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if r.PostForm.Get("error") != "" {
		return s.endRefused(w, r, r.PostForm, oauth.WayImplicit)
	}
	attempt, err := s.takeSignIn(r, r.PostForm.Get("state"), oauth.WayImplicit)
	if err != nil {
		return err
	}
	credential, err := s.OAuth.FromFragment(r.PostForm)
	if err != nil {
		stateOf(r).log.Warn("sign-in failed", "way", oauth.WayImplicit, "error", err)
		return s.backToConnect(w, r, "refused", attempt.Return)
	}
	return s.finishSignIn(w, r, credential, attempt.Return)
}
