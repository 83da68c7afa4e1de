package sandbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A tokenError is a refusal by RFC 6749, section 5.2.
type tokenError struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

func refusal(code, description string) *tokenError { return &tokenError{code, description} }

var (
	errBadGrant  = refusal("invalid_grant", badGrant)
	errBadClient = refusal("invalid_client", badClient)
)

// tokenAnswer is the success response of RFC 6749, section 5.1.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
}

// handleToken is the token endpoint.
func (s *Server) handleToken(w http.ResponseWriter, r *http.Request) reply {
	t, refused, err := s.exchange(w, r)
	switch {
	case err != nil:
		return s.internalError(r, err)
	case refused != nil:
		return s.refuseToken(r, refused)
	}
	return reply{status: http.StatusOK, header: noStore(), body: tokenAnswer{
		AccessToken: t.access, TokenType: "Bearer", ExpiresIn: int(accessLife.Seconds()),
		RefreshToken: t.refresh, Scope: strings.Join(t.scopes, " "),
	}}
}

func (s *Server) refuseToken(r *http.Request, e *tokenError) reply {
	s.log.WarnContext(r.Context(), "token refused", "error", e.Code, "request_id", requestID(r))
	h := noStore()
	if e == errBadClient {
		h.Set("WWW-Authenticate", `Basic realm="Hookwall sandbox"`)
		return reply{status: http.StatusUnauthorized, header: h, body: e}
	}
	return reply{status: http.StatusBadRequest, header: h, body: e}
}

func noStore() http.Header {
	return http.Header{"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}}
}

func (s *Server) exchange(w http.ResponseWriter, r *http.Request) (tokens, *tokenError, error) {
	form, refused := readTokenForm(w, r)
	if refused != nil {
		return tokens{}, refused, nil
	}
	c, refused := authenticateClient(s.clients, r, form)
	if refused != nil {
		return tokens{}, refused, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch form.Get("grant_type") {
	case "authorization_code":
		return s.exchangeCode(c, form)
	case "refresh_token":
		return s.exchangeRefresh(c, form)
	case "":
		return tokens{}, refusal("invalid_request", noGrantType), nil
	}
	return tokens{}, refusal("unsupported_grant_type", otherGrantType), nil
}

// readTokenForm reads the body, a form or a JSON object, and never the query, which ends up in logs.
func readTokenForm(w http.ResponseWriter, r *http.Request) (url.Values, *tokenError) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form := url.Values{}
	switch kind {
	case "application/x-www-form-urlencoded":
		if err := r.ParseForm(); err != nil {
			return nil, refusal("invalid_request", unreadableForm)
		}
		form = r.PostForm
	case "application/json":
		var fields map[string]string
		if err := json.NewDecoder(r.Body).Decode(&fields); err != nil {
			return nil, refusal("invalid_request", unreadableJSON)
		}
		for k, v := range fields {
			form.Set(k, v)
		}
	default:
		return nil, refusal("invalid_request", otherTokenBody)
	}
	for _, v := range form {
		if len(v) > 1 {
			return nil, refusal("invalid_request", repeatedParameter)
		}
	}
	return form, nil
}

// authenticateClient takes the client's credentials from the body or from HTTP Basic, not from both.
func authenticateClient(clients []client, r *http.Request, form url.Values) (client, *tokenError) {
	proofs := []proof{{form.Get("client_id"), form.Get("client_secret")}}
	if r.Header.Get("Authorization") != "" {
		if form.Get("client_secret") != "" {
			return client{}, refusal("invalid_request", twoProofs)
		}
		proofs = basicProofs(r)
	}
	for _, p := range proofs {
		c, known := clientIn(clients, p.id)
		if known && p.proves(c) && (!form.Has("client_id") || form.Get("client_id") == p.id) {
			return c, nil
		}
	}
	return client{}, errBadClient
}

// A proof is what a client proves itself with.
type proof struct{ id, secret string }

func (p proof) proves(c client) bool {
	if c.secret == "" {
		return p.secret == ""
	}
	return same(c.secret, hash(p.secret))
}

// basicProofs returns what HTTP Basic may mean. RFC 6749, section 2.3.1, puts a form encoding under it, which many
// clients leave out, and nothing tells the two apart.
func basicProofs(r *http.Request) []proof {
	id, secret, ok := r.BasicAuth()
	if !ok {
		return nil
	}
	proofs := []proof{{id, secret}}
	plainID, idErr := url.QueryUnescape(id)
	plainSecret, secretErr := url.QueryUnescape(secret)
	if idErr == nil && secretErr == nil {
		proofs = append(proofs, proof{plainID, plainSecret})
	}
	return proofs
}

// exchangeCode spends a code. A wrong verifier, redirect URI or client burns it, and a code that
// comes twice ends the tokens that it gave. A public client can't use the code of an install, which
// has no challenge.
func (s *Server) exchangeCode(c client, form url.Values) (tokens, *tokenError, error) {
	code := form.Get("code")
	if code == "" {
		return tokens{}, refusal("invalid_request", noCode), nil
	}
	g := s.grantOf(code)
	if g == nil || !same(g.Code, hash(code)) {
		return tokens{}, errBadGrant, nil
	}
	if g.CodeSpent || g.ClientID != c.id || g.Redirect != form.Get("redirect_uri") ||
		!s.now().Before(g.CodeEnds) || !verified(g.Challenge, form.Get("code_verifier")) ||
		c.secret == "" && g.Challenge == "" {
		s.log.Warn("authorization code burnt", "client", c.id, "replayed", g.CodeSpent)
		return tokens{}, errBadGrant, s.revoke(g)
	}
	g.CodeSpent = true
	t, err := s.issueTokens(g, g.Scopes)
	return t, nil, err
}

// exchangeRefresh trades a refresh token for a new pair. A token that was spent before, or comes
// from another client, has leaked. Then the whole family ends.
func (s *Server) exchangeRefresh(c client, form url.Values) (tokens, *tokenError, error) {
	token := form.Get("refresh_token")
	if token == "" {
		return tokens{}, refusal("invalid_request", noRefreshToken), nil
	}
	g := s.grantOf(token)
	if g == nil || g.Refresh == "" || !s.now().Before(g.Ends) {
		return tokens{}, errBadGrant, nil
	}
	if g.ClientID != c.id || !same(g.Refresh, hash(token)) {
		s.log.Warn("refresh token reused, its family is revoked", "client", c.id)
		return tokens{}, errBadGrant, s.revoke(g)
	}
	scopes := g.Scopes
	if text := form.Get("scope"); text != "" {
		asked, identity, ok := parseScopes(text)
		scopes = slices.Concat(asked, identity)
		if !ok || len(scopes) == 0 || !containsAll(g.Scopes, scopes) {
			return tokens{}, refusal("invalid_scope", scopeNotGranted), nil
		}
	}
	t, err := s.issueTokens(g, scopes)
	return t, nil, err
}

var (
	verifierForm  = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
	challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
)

// verified checks PKCE by S256. Where no challenge was made, a verifier is a sign of a downgrade.
func verified(challenge, verifier string) bool {
	if challenge == "" {
		return verifier == ""
	}
	sum := sha256.Sum256([]byte(verifier))
	return verifierForm.MatchString(verifier) && same(challenge, base64.RawURLEncoding.EncodeToString(sum[:]))
}
