package handlers

import (
	"net/http"
	"net/url"

	"hookwall/oauth"
	"hookwall/views"
)

// handleCallback ends a sign-in with an authorization code.
func (s *server) handleCallback(w http.ResponseWriter, r *http.Request) error {
	scrub(w)
	q := r.URL.Query()
	if q.Get("state") == "" && q.Get("error") == "" && q.Get("code") != "" {
		return s.showInstalled(w, r)
	}
	if r.Method == http.MethodHead {
		// A link preview or a prefetch must not spend a code.
		return &httpError{Status: http.StatusMethodNotAllowed}
	}
	if q.Get("error") != "" {
		return s.endRefused(w, r, q, oauth.WayCode)
	}
	attempt, err := s.takeSignIn(r, q.Get("state"), oauth.WayCode)
	if err != nil {
		return err
	}
	if q.Get("code") == "" {
		return s.backToConnect(w, r, "refused", attempt.Return)
	}
	credential, err := s.OAuth.Exchange(r.Context(), q.Get("code"), attempt.Verifier)
	if err != nil {
		outcome, code := tokenOutcome(err)
		logSignIn(r, oauth.WayCode, outcome, err)
		return s.backWithCode(w, r, outcome, code, attempt.Return)
	}
	return s.finishSignIn(w, r, credential, attempt.Return)
}

// showInstalled greets a person who installed the app from Fourthwall's
// dashboard, which sends a code that no sign-in of ours asked for. That code is
// never used, since anyone could send this browser one of theirs. The button
// starts a sign-in that belongs to this browser.
func (s *server) showInstalled(w http.ResponseWriter, r *http.Request) error {
	stateOf(r).log.Info("a code without a state was not used")
	frame, err := s.frame(r, "Hookwall is installed")
	if err != nil {
		return err
	}
	page := views.ConnectInstalledPage{
		Frame: frame, ConnectHref: connectPath, ForDevelopersURL: s.forDevelopers(),
	}
	if s.OAuth.Offers(oauth.WayCode) {
		page.CodeHref = startHref(oauth.WayCode, url.Values{})
	}
	return s.render(w, r, http.StatusOK, views.ConnectInstalled(page))
}
