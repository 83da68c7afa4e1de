package handlers

import (
	"cmp"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

// backToConnect shows what went wrong on the connect page, under a URL without
// a code or a token.
func (s *server) backToConnect(w http.ResponseWriter, r *http.Request, outcome, back string) error {
	return s.backWithCode(w, r, outcome, "", back)
}

// backWithCode shows what went wrong, and the error code of the provider.
func (s *server) backWithCode(w http.ResponseWriter, r *http.Request, outcome, code, back string) error {
	q := url.Values{"outcome": {outcome}, "request": {stateOf(r).requestID}}
	if code != "" {
		q.Set("problem", code)
	}
	if back != "" {
		q.Set("return", back)
	}
	return redirect(w, r, "/connect?"+q.Encode())
}

// signInOutcome returns the outcome for an error code of the provider, of RFC
// 6749 §4.1.2.1 or of OpenID Connect Core §3.1.2.6. The description has
// Keycloak's reason for temporarily_unavailable.
func signInOutcome(code, description string) string {
	if code == "temporarily_unavailable" {
		code = cmp.Or(keycloakReason.FindString(description), code)
	}
	switch code {
	case "access_denied", "temporarily_unavailable", "server_error", "invalid_scope", "unauthorized_client",
		"authentication_expired", "login_required", "interaction_required", "consent_required":
		return code
	case "account_selection_required":
		return "interaction_required"
	case "invalid_client":
		return "client_refused"
	case "invalid_grant":
		return "code_refused"
	case "invalid_request", "unsupported_response_type", "unsupported_grant_type", "invalid_request_uri",
		"invalid_request_object", "request_not_supported", "request_uri_not_supported", "registration_not_supported",
		"invalid_target":
		return "not_understood"
	}
	return "refused"
}

var keycloakReason = regexp.MustCompile(
	`\b(authentication_expired|login_required|interaction_required|consent_required)\b`)

// tokenOutcome returns the outcome for a code that got no token, and the error
// code of the token URL.
func tokenOutcome(err error) (outcome, code string) {
	answer, ok := errors.AsType[*oauth.TokenError](err)
	switch {
	case !ok:
		return "unreachable", ""
	case errors.Is(err, oauth.ErrApp):
		return "client_refused", answer.Code
	case errors.Is(err, oauth.ErrRefused), signInOutcome(answer.Code, "") != "refused":
		return signInOutcome(answer.Code, ""), answer.Code
	case answer.Status == http.StatusTooManyRequests || answer.Status == http.StatusServiceUnavailable:
		return "temporarily_unavailable", ""
	case answer.IsBusy():
		return "server_error", ""
	}
	return "no_token", answer.Code // which may be anyone's
}

// shopOutcome returns the outcome for a credential whose shop could not be
// read.
func shopOutcome(api *fourthwall.Error) string {
	switch {
	case api.Status == 0:
		return "unreachable"
	case api.ShopGone(), api.Unauthorized(), api.Forbidden():
		return "shop_unknown"
	case api.Status == http.StatusNotFound:
		return "wrong_api"
	case api.Fault == fourthwall.Unfamiliar:
		return "unfamiliar"
	case api.Fault != "":
		return "in_front"
	case api.Status == http.StatusTooManyRequests || api.Status == http.StatusServiceUnavailable:
		return "temporarily_unavailable"
	case api.Rejected() && api.Code != "":
		return "unfamiliar"
	case api.Rejected():
		return "in_front"
	case api.Status >= http.StatusInternalServerError:
		return "server_error"
	}
	return "wrong_api"
}

// endRefused spends a sign-in that the provider refused, and shows why.
func (s *server) endRefused(w http.ResponseWriter, r *http.Request, q url.Values, way string) error {
	attempt, err := s.takeSignIn(r, q.Get("state"), way)
	return s.showRefused(w, r, q, attempt, err)
}

// refusal returns why the provider refused a sign-in, and its error code.
func refusal(r *http.Request, q url.Values, way string) (outcome, code string) {
	code = q.Get("error")
	if !oauth.IsCode(code) {
		code = "" // any text may be in the URL
	}
	outcome = signInOutcome(code, q.Get("error_description"))
	stateOf(r).log.Warn("sign-in refused by the provider", "way", way, "problem", outcome, "code", code)
	return outcome, code
}

// showRefused shows why the provider refused a sign-in that was taken, or that
// could not be taken because of err.
func (s *server) showRefused(
	w http.ResponseWriter, r *http.Request, q url.Values, attempt store.SignIn, err error,
) error {
	outcome, code := refusal(r, q, attempt.Way)
	var answer *httpError
	if errors.As(err, &answer) {
		return s.backWithCode(w, r, outcome, code, "")
	}
	if err != nil {
		return err
	}
	return s.backWithCode(w, r, outcome, code, attempt.Return)
}

// logSignIn logs why a sign-in failed, and which settings to check if that is
// what the page says.
func logSignIn(r *http.Request, way, outcome string, err error) {
	line := stateOf(r).log.With("way", way)
	if check := settingName.FindAllString(connectOutcomes[outcome].Text, -1); len(check) > 0 {
		line = line.With("check", strings.Join(check, " "))
	}
	line.Warn("sign-in failed", "error", err)
}

var settingName = regexp.MustCompile(`\b(FOURTHWALL|HOOKWALL)_[A-Z_]+\b`)

// takeSignIn spends the sign-in with this state, if this browser began it in
// one of these ways.
func (s *server) takeSignIn(r *http.Request, state string, ways ...string) (store.SignIn, error) {
	browser := s.browserToken(r)
	mismatch := &httpError{
		Status: http.StatusBadRequest,
		Public: signInMismatchText,
		Links:  []ui.Link{{Href: "/connect", Text: "Connect a shop"}},
	}
	if state == "" || browser == "" {
		stateOf(r).log.Warn("sign-in without a state", "way", ways[0])
		return store.SignIn{}, mismatch
	}
	attempt, err := s.Store.TakeSignIn(r.Context(), state, browser)
	otherWay := err == nil && !slices.ContainsFunc(ways, func(way string) bool {
		return subtle.ConstantTimeCompare([]byte(attempt.Way), []byte(way)) == 1
	})
	if errors.Is(err, store.ErrNotFound) || otherWay {
		stateOf(r).log.Warn("sign-in state does not match", "way", ways[0])
		return store.SignIn{}, mismatch
	}
	return attempt, err
}

// finishSignIn asks the API which shop the credential is for, and connects that
// shop.
func (s *server) finishSignIn(w http.ResponseWriter, r *http.Request, c oauth.Credential, back string) error {
	shop, err := s.API.CurrentShop(r.Context(), c.API())
	if err != nil {
		api := fourthwall.AsError(err)
		if api == nil {
			return err
		}
		outcome := shopOutcome(api)
		logSignIn(r, c.Way, outcome, err)
		return s.backWithCode(w, r, outcome, api.Code, back)
	}
	return s.connect(w, r, c, shop, back)
}

// connect stores a connection. Where the session owns it, it renews the session
// first, so that an ID known from before the sign-in is worthless.
func (s *server) connect(
	w http.ResponseWriter, r *http.Request, c oauth.Credential, shop fourthwall.Shop, back string,
) error {
	v := stateOf(r)
	if s.Team == nil {
		v.session.ID = ""
		if err := s.sessions.Save(r, w, v.session); err != nil {
			return err
		}
		v.self = store.OwnerOf(v.session)
		v.owner = v.self
	}
	conn, err := s.Shops.Connect(r.Context(), s.actor(r), shop, c)
	if err != nil {
		return err
	}
	v.conn = conn
	v.log.Info("shop connected", "way", c.Way, "shop", clip(shop.ID, 80))
	to := forShop(s.returnPath(back), conn.ShopID)
	landing, _, _ := strings.Cut(to, "?")
	if err := s.flash(r, landing, connectedNotice(shopLink(conn).Name)); err != nil {
		return err
	}
	return redirect(w, r, to)
}

func startHref(way string, q url.Values) string {
	q.Set("way", way)
	return "/oauth/start?" + q.Encode()
}

func permissions(scopes []string, texts map[string]string) []views.Permission {
	var out []views.Permission
	for _, scope := range scopes {
		text := texts[scope]
		if text == "" {
			text = "The permission " + scope
		}
		out = append(out, views.Permission{Scope: scope, Text: text})
	}
	return out
}

func connectNotice(q url.Values) (ui.Notice, bool) {
	n, ok := connectOutcomes[q.Get("outcome")]
	if !ok || n.Kind == ui.Success {
		return n, ok
	}
	if requestIDForm.MatchString(q.Get("request")) {
		n.RequestID = q.Get("request")
	}
	if code := q.Get("problem"); oauth.IsCode(code) || fourthwall.IsCode(code) {
		n.Code = code
	}
	return n, true
}
