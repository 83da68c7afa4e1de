package sandbox

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	connectPath   = "/admin/platform-apps/{client_id}/connect"
	authorizePath = "/admin/platform-apps/authorize" // the same, with the client ID in the query
	realmPath     = "/auth/realms/Fourthwall"
	authPath      = realmPath + "/protocol/openid-connect/auth"
)

// An authorization is a request for consent whose client and redirect URI have been found good.
type authorization struct {
	client    client
	redirect  string
	implicit  bool
	fragment  bool // answer in the fragment, not in the query
	state     string
	scopes    []string // to agree to
	identity  []string // granted beside them
	challenge string   // PKCE S256; "" for none
}

// authorizationParameters are carried from the link through the form.
var authorizationParameters = []string{
	"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "code_challenge",
	"code_challenge_method",
}

// handleConsentPage asks the person. A link leads here, so nothing changes.
func (s *Server) handleConsentPage(w http.ResponseWriter, r *http.Request) {
	if a, ok := s.readAuthorization(w, r, r.URL.Query()); ok {
		s.renderConsent(w, r, a, r.URL.Query())
	}
}

// handleConsent reads the person's decision and redirects the browser to the client. The parameters
// come back through the form, so they are validated again.
func (s *Server) handleConsent(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		s.refuse(w, r, http.StatusBadRequest, codeBadRequest, unreadableForm)
		return
	}
	a, ok := s.readAuthorization(w, r, r.PostForm)
	if !ok {
		return
	}
	granted := slices.DeleteFunc(slices.Clone(a.scopes), func(code string) bool {
		return !slices.Contains(r.PostForm["grant"], code)
	})
	switch decision := r.PostForm.Get("decision"); {
	case decision == "deny", decision == "allow" && len(granted) == 0:
		redirectBack(w, a, url.Values{"error": {"access_denied"}, "error_description": {consentDenied}})
	case decision == "allow":
		s.allow(w, r, a, slices.Concat(granted, a.identity))
	default:
		s.refuse(w, r, http.StatusBadRequest, codeBadRequest, noDecision)
	}
}

func (s *Server) allow(w http.ResponseWriter, r *http.Request, a authorization, scopes []string) {
	shop := r.PostForm.Get("shop")
	answer, err := s.consent(a, shop, scopes)
	switch {
	case errors.Is(err, errNoShop):
		s.refuse(w, r, http.StatusBadRequest, codeBadRequest, noShopChosen)
	case err != nil:
		s.internalError(r, err)
		s.refuse(w, r, http.StatusInternalServerError, codeInternal, consentNotKept)
	default:
		record(r).Shop = shop
		redirectBack(w, a, answer)
	}
}

// consent records what the person allowed and returns what the client is told.
func (s *Server) consent(a authorization, shopID string, scopes []string) (url.Values, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shop(shopID) == nil {
		return nil, errNoShop
	}
	if !a.implicit {
		code, err := s.issueCode(a, shopID, scopes)
		return url.Values{"code": {code}}, err
	}
	t, err := s.issueImplicit(a, shopID, scopes)
	return url.Values{
		"access_token": {t.access}, "token_type": {"Bearer"},
		"expires_in": {seconds(accessLife)}, "scope": {strings.Join(t.scopes, " ")},
	}, err
}

// readAuthorization validates a request for consent and responds to the bad ones itself. While
// client and redirect URI are in doubt, the response is a page, because a redirect would send the
// person anywhere.
func (s *Server) readAuthorization(w http.ResponseWriter, r *http.Request, v url.Values) (authorization, bool) {
	a, problem := identify(s.clients, v, r.PathValue("client_id"))
	if problem != "" {
		s.log.WarnContext(r.Context(), "authorization refused", "problem", problem, "request_id", requestID(r))
		s.refuse(w, r, http.StatusBadRequest, codeBadRequest, problem)
		return a, false
	}
	if code, description := a.complete(v, r.URL.Path != authPath); code != "" {
		redirectBack(w, a, url.Values{"error": {code}, "error_description": {description}})
		return a, false
	}
	return a, true
}

// identify finds out which client asks and where to redirect afterwards. inPath is the client ID of
// the platform's own connect address, or "" at the others.
func identify(clients []client, v url.Values, inPath string) (a authorization, problem string) {
	id := v.Get("client_id")
	if inPath != "" && !v.Has("client_id") {
		id = inPath
	}
	c, known := clientIn(clients, id)
	switch {
	case len(v["client_id"]) > 1 || len(v["redirect_uri"]) > 1:
		return a, linkRepeats
	case !known || inPath != "" && inPath != id:
		return a, linkOfUnknownClient
	case !slices.Contains(c.redirectURIs, v.Get("redirect_uri")):
		return a, linkLeadsElsewhere
	}
	a = authorization{client: c, redirect: v.Get("redirect_uri"), implicit: v.Get("response_type") == "token"}
	a.fragment = a.implicit || v.Get("response_mode") == "fragment"
	if len(v["state"]) == 1 {
		a.state = v.Get("state")
	}
	return a, ""
}

// complete reads the rest, and returns an error of RFC 6749, section 4.1.2.1, for the client. The
// platform's own addresses know the code flow only and need no response type.
func (a *authorization) complete(v url.Values, connect bool) (code, description string) {
	for _, name := range authorizationParameters {
		if len(v[name]) > 1 {
			return "invalid_request", repeatedParameter
		}
	}
	switch kind := v.Get("response_type"); {
	case kind == "" && !connect:
		return "invalid_request", noResponseType
	case kind != "" && kind != "code" && (kind != "token" || connect):
		return "unsupported_response_type", otherResponseType
	case !slices.Contains([]string{"", "query", "fragment"}, v.Get("response_mode")):
		return "invalid_request", otherResponseMode
	case a.implicit && v.Get("response_mode") == "query":
		return "invalid_request", onlyInFragment
	case strings.ContainsFunc(a.state, func(r rune) bool { return r < ' ' || r > '~' }):
		return "invalid_request", unprintableState
	}
	var ok bool
	if a.scopes, a.identity, ok = parseScopes(v.Get("scope")); !ok {
		return "invalid_scope", unknownScope
	}
	if len(a.scopes) == 0 {
		a.scopes = defaultScopes
	}
	if a.implicit {
		return "", ""
	}
	return a.completePKCE(v)
}

func (a *authorization) completePKCE(v url.Values) (code, description string) {
	a.challenge = v.Get("code_challenge")
	method := v.Get("code_challenge_method")
	switch {
	case a.challenge == "" && method != "":
		return "invalid_request", noChallenge
	case a.challenge == "" && a.client.secret == "":
		return "invalid_request", challengeRequired
	case a.challenge != "" && method != "S256":
		return "invalid_request", otherChallengeMethod
	case a.challenge != "" && !challengeForm.MatchString(a.challenge):
		return "invalid_request", badChallenge
	}
	return "", ""
}

// redirectBack sends the browser to the client by 303, so that it does not post the form again.
func redirectBack(w http.ResponseWriter, a authorization, answer url.Values) {
	if a.state != "" {
		answer.Set("state", a.state)
	}
	to := a.redirect + "?"
	switch {
	case a.fragment:
		to = a.redirect + "#"
	case strings.Contains(a.redirect, "?"):
		to = a.redirect + "&"
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Content-Security-Policy", contentPolicy(origin(a.redirect)))
	w.Header().Set("Location", to+answer.Encode())
	w.WriteHeader(http.StatusSeeOther)
}

// origin returns scheme and host of a registered redirect URI as a source for a content policy.
// Policies have no notation for IPv6 addresses, so those get the scheme alone.
func origin(redirect string) string {
	u, err := url.Parse(redirect)
	if err != nil {
		return ""
	}
	if strings.Contains(u.Host, "[") {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
