package handlers

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/views"
	"hookwall/views/ui"
)

// wayTeam marks a sign-in to Hookwall itself, so that its state is no use for
// connecting a shop, and the other way round.
const wayTeam = "team"

// keptAttempt is a team.Attempt as it is kept, encrypted.
type keptAttempt struct {
	Issuer   string `json:"issuer"`
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
}

// handleSignInForm asks a person to sign in to the team. A reverse proxy has
// done that already.
func (s *server) handleSignInForm(w http.ResponseWriter, r *http.Request) error {
	v, q := stateOf(r), r.URL.Query()
	back := s.returnPath(q.Get("return"))
	if v.role != team.NoRole {
		return redirect(w, r, s.wayBack(back))
	}
	if s.Header != nil && (q.Get("outcome") != signedOut || v.person.ID != "") {
		return s.signInByHeader(w, r, back)
	}
	page := views.SignInPage{Frame: s.bareFrame(r, "Sign in"), StartHref: s.signInStart(back)}
	failure, err := s.takeFailure(r)
	if err != nil {
		return err
	}
	if n, ok := signInNotice(q, failure); ok {
		page.Notices = append(page.Notices, n)
	}
	if anotherAccountHelps[q.Get("outcome")] {
		page.OtherHref = otherAccountHref(back)
	}
	if page.KeptForm, err = s.hasDraft(r, back); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.SignIn(page))
}

// signInStart returns where a sign-in starts. A reverse proxy needs no page of
// the identity provider.
func (s *server) signInStart(back string) string {
	if s.Header != nil {
		return signInHref(back)
	}
	return signInStartHref(back)
}

// handleSignInStart begins a sign-in at the identity provider. Like that at
// Fourthwall it is a link, because our policy allows forms only to our own
// origin.
func (s *server) handleSignInStart(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodHead {
		return &httpError{Status: http.StatusMethodNotAllowed}
	}
	back := s.returnPath(r.URL.Query().Get("return"))
	begin := s.OIDC.Begin
	if r.URL.Query().Get("account") == "other" {
		begin = s.OIDC.BeginWithChoice
	}
	attempt, to, err := begin(r.Context())
	if err != nil {
		return s.signInFailed(w, r, err, back)
	}
	secrets, err := json.Marshal(keptAttempt(attempt))
	if err != nil {
		return err
	}
	err = s.Store.PutSignIn(r.Context(), store.SignIn{
		State: attempt.State, Browser: s.ensureBrowser(w, r), Way: wayTeam, Verifier: string(secrets), Return: back,
		ExpiresAt: s.Store.Now().Add(team.AttemptLife),
	})
	if err != nil {
		return err
	}
	return redirect(w, r, to)
}

// errNoAttempt says in the log why a callback was not used.
var errNoAttempt = errors.New("no sign-in with this state began in this browser in the last 10 minutes, or it was used")

// handleSignInCallback ends a sign-in at the identity provider.
func (s *server) handleSignInCallback(w http.ResponseWriter, r *http.Request) error {
	scrub(w)
	if r.Method == http.MethodHead {
		return &httpError{Status: http.StatusMethodNotAllowed}
	}
	kept, err := s.takeSignIn(r, r.URL.Query().Get("state"), wayTeam)
	var answer *httpError
	if errors.As(err, &answer) {
		return s.signInFailed(w, r, &team.SignInError{Problem: team.ProblemMismatch, Err: errNoAttempt}, "")
	}
	if err != nil {
		return err
	}
	var attempt keptAttempt
	if err := json.Unmarshal([]byte(kept.Verifier), &attempt); err != nil {
		return err
	}
	id, err := s.OIDC.Finish(r.Context(), team.Attempt(attempt), r.URL.Query())
	if err != nil {
		return s.signInFailed(w, r, err, kept.Return)
	}
	return s.signIn(w, r, id, kept.Return)
}

// signInByHeader signs in the person whom the reverse proxy names.
func (s *server) signInByHeader(w http.ResponseWriter, r *http.Request, back string) error {
	if r.Method == http.MethodHead {
		return &httpError{Status: http.StatusMethodNotAllowed}
	}
	id, err := s.Header.Identify(r)
	if err != nil {
		return headerError(err)
	}
	if stateOf(r).person.ID != "" {
		return s.turnAwayMember(r, viewer) // signing in again would change nothing
	}
	return s.signIn(w, r, id, back)
}

// signIn renews the session, so that an ID known from before is worthless, and
// leads the person back.
func (s *server) signIn(w http.ResponseWriter, r *http.Request, id team.Identity, back string) error {
	v := stateOf(r)
	person, err := s.Team.SignIn(r.Context(), id)
	if errors.Is(err, team.ErrRemoved) {
		v.log.Warn("a person who was removed may not sign in", "person", person.ID)
		if s.Header == nil {
			q := filled(map[string]string{"outcome": "removed", "return": back})
			return redirect(w, r, withQuery(signInPath, q.Encode()))
		}
		return &httpError{Status: http.StatusForbidden, Heading: removedTitle, Public: removedText}
	}
	if err != nil {
		return err
	}
	v.session.ID = ""
	v.session.Values["person"], v.session.Values["browser"] = person.ID, browserName(r.UserAgent())
	if err := s.sessions.Save(r, w, v.session); err != nil {
		return err
	}
	s.knowPerson(w, r, person.ID)
	v.log.Info("signed in", "person", person.ID, "issuer", person.Issuer, "role", person.Role)
	v.person = person
	s.recordMember(r, activity.SignIn)
	return redirect(w, r, s.wayBack(back))
}

// signInFailed shows on the sign-in page why nobody was signed in, under a URL
// without a code.
func (s *server) signInFailed(w http.ResponseWriter, r *http.Request, err error, back string) error {
	failed, ok := errors.AsType[*team.SignInError](err)
	if !ok {
		return err
	}
	v := stateOf(r)
	v.log.Warn("sign-in failed", "way", wayTeam, "problem", failed.Problem, "setting", failed.Setting, "error", err)
	q := url.Values{"outcome": {signInSlugs[failed.Problem]}, "request": {v.requestID}}
	if back != "" {
		q.Set("return", back)
	}
	if q["failure"], err = s.keepFailure(w, r, failed); err != nil {
		return err
	}
	return redirect(w, r, withQuery(signInPath, q.Encode()))
}

// wayFailed marks what is kept of a sign-in that failed.
const wayFailed = "team, failed"

// signInFailure is what the sign-in page says of a failure. It is kept for the
// browser, and not in the URL, where anyone could write it, and an e-mail address
// would stay in the history.
type signInFailure struct {
	Setting string        `json:"setting,omitempty"`
	Email   string        `json:"email,omitempty"`
	Skew    time.Duration `json:"skew,omitempty"`
}

// keepFailure keeps the details of a failure, and returns their key, or none if
// there are none.
func (s *server) keepFailure(w http.ResponseWriter, r *http.Request, failed *team.SignInError) ([]string, error) {
	f := signInFailure{Setting: failed.Setting, Email: failed.Email, Skew: failed.Skew}
	if f == (signInFailure{}) {
		return nil, nil
	}
	data, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	key := rand.Text()
	return []string{key}, s.Store.PutSignIn(r.Context(), store.SignIn{
		State: key, Browser: s.ensureBrowser(w, r), Way: wayFailed, Verifier: string(data),
		ExpiresAt: s.Store.Now().Add(team.AttemptLife),
	})
}

// takeFailure returns the details of a failure to the browser that it is kept
// for, once. Afterwards there are none.
func (s *server) takeFailure(r *http.Request) (f signInFailure, err error) {
	key, browser := r.URL.Query().Get("failure"), s.browserToken(r)
	if key == "" || browser == "" || r.Method == http.MethodHead {
		return f, nil
	}
	kept, err := s.Store.TakeSignIn(r.Context(), key, browser)
	if errors.Is(err, store.ErrNotFound) || err == nil && kept.Way != wayFailed {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal([]byte(kept.Verifier), &f)
}

// signInNotice returns the notice for the outcome in the URL. Of the rest of the
// URL, only a request ID is shown.
func signInNotice(q url.Values, f signInFailure) (ui.Notice, bool) {
	n, ok := signInOutcomes[q.Get("outcome")]
	if text := signInFailureText(q.Get("outcome"), f.Setting, f.Email, f.Skew); text != "" {
		n.Text = text
	}
	if ok && n.Kind != ui.Success && requestIDForm.MatchString(q.Get("request")) {
		n.RequestID = q.Get("request")
	}
	return n, ok
}
