package handlers

import (
	"errors"
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
		if !stateOf(r).may(admin) {
			return s.turnAway(adminsOnly, w, r)
		}
		return s.showInstalled(w, r)
	}
	if r.Method == http.MethodHead {
		// A link preview or a prefetch must not spend a code.
		return &httpError{Status: http.StatusMethodNotAllowed}
	}
	attempt, err := s.takeSignIn(r, q.Get("state"), oauth.WayCode, wayInvited)
	switch {
	case err == nil && attempt.Way == wayInvited:
		return s.finishInvited(w, r, q, attempt)
	case !stateOf(r).may(admin):
		return s.notInvited(w, r, err)
	case q.Get("error") != "":
		return s.showRefused(w, r, q, attempt, err)
	case err != nil:
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

// adminsOnly is what the row of the callback would say without invitations.
var adminsOnly = route{method: http.MethodGet, access: admin}

// notInvited responds to a person who is no admin and returns from Fourthwall
// without an invitation.
func (s *server) notInvited(w http.ResponseWriter, r *http.Request, err error) error {
	var mismatch *httpError
	if stateOf(r).person.ID == "" && errors.As(err, &mismatch) {
		return &httpError{Status: mismatch.Status, Public: invitedMismatchText}
	}
	if err != nil && !errors.As(err, &mismatch) {
		return err
	}
	return s.turnAway(adminsOnly, w, r)
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
