package handlers

import (
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"hookwall/internal/team"
)

// adaptAPI runs a route of the API behind its guard and turns an error into a
// problem.
func (s *server) adaptAPI(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := stateOf(r).broken
		if err == nil {
			err = s.answerAPI(rt, w, r)
		}
		if err != nil {
			s.showError(w, r, err)
		}
	}
}

// answerAPI admits a request that has an access token for the route.
func (s *server) answerAPI(rt route, w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	hit, err := s.admit(rt, r)
	switch {
	case err != nil:
		return err
	case hit != nil:
		s.logLimit(r, hit)
		return &httpError{Status: http.StatusTooManyRequests, RetryAfter: hit.wait}
	case rt.access == public:
		return rt.handle(w, r)
	case v.noToken != nil:
		return refuseToken(w, v.noToken)
	case !v.may(rt.access):
		return s.turnAwayProgram(r, rt.access)
	case !team.Scope(v.token.Scope).Includes(rt.scope):
		w.Header().Set("WWW-Authenticate",
			`Bearer realm="Hookwall", error="insufficient_scope", scope="`+string(rt.scope)+`"`)
		return &httpError{
			Status: http.StatusForbidden, Problem: "token-scope", Heading: "The access token doesn’t allow this",
			Public: scopeText(team.Scope(v.token.Scope), rt.scope),
		}
	case s.Fleet == nil:
		return &httpError{Status: http.StatusNotImplemented, Public: noFleetAPIText}
	}
	return rt.handle(w, r)
}

// refuseToken asks for an access token that counts.
func refuseToken(w http.ResponseWriter, why error) error {
	challenge, answer := `Bearer realm="Hookwall"`, &httpError{Status: http.StatusUnauthorized, Public: noTokenText}
	if !errors.Is(why, errNoToken) {
		challenge += `, error="invalid_token"`
		answer.Problem, answer.Heading, answer.Public = "token", "The access token doesn’t count", badTokenText
	}
	switch {
	case errors.Is(why, team.ErrTokenExpired):
		answer.Public = expiredTokenText
	case errors.Is(why, team.ErrTokenIdle):
		answer.Public = idleTokenText
	}
	answer.Err = why
	w.Header().Set("WWW-Authenticate", challenge)
	return answer
}

// turnAwayProgram responds to a program whose person's role doesn't allow what
// was asked for.
func (s *server) turnAwayProgram(r *http.Request, needed access) error {
	admins, err := s.Team.Admins(r.Context())
	if err != nil {
		return err
	}
	answer := &httpError{Status: http.StatusForbidden, Problem: "role"}
	answer.Heading, answer.Public = notAllowed(stateOf(r).role, roleFor[needed], admins)
	return answer
}

// readJSON reads a body into a struct, and refuses fields that it doesn't have.
func readJSON(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil && decoder.More() {
		err = errors.New("there is more after the JSON")
	}
	var tooLarge *http.MaxBytesError
	if err == nil || errors.As(err, &tooLarge) {
		return err
	}
	return &httpError{Status: http.StatusBadRequest, Public: badJSONText, Err: err}
}

// timeOrNone returns nil for the zero time.
func timeOrNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

//go:embed openapi.yaml
var apiDocument string

// handleAPIDocument sends the OpenAPI file, which is the same for everyone.
func (s *server) handleAPIDocument(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("Cache-Control", "no-store")
	_, err := io.WriteString(w, apiDocument)
	return err
}
