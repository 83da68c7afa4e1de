package handlers

import (
	"net/http"

	"hookwall/oauth"
)

// handleCallback ends a sign-in with an authorization code.
func (s *server) handleCallback(w http.ResponseWriter, r *http.Request) error {
	scrub(w)
	if r.Method == http.MethodHead {
		// A link preview or a prefetch must not spend a code.
		return &httpError{Status: http.StatusMethodNotAllowed}
	}
	q := r.URL.Query()
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
		stateOf(r).log.Warn("sign-in failed", "way", oauth.WayCode, "error", err)
		outcome, code := tokenOutcome(err)
		return s.backWithCode(w, r, outcome, code, attempt.Return)
	}
	return s.finishSignIn(w, r, credential, attempt.Return)
}
