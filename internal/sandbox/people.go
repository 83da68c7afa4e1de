package sandbox

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// IssuerPath is the path of the issuer of the sandbox's identity provider, after PublicURL.
const IssuerPath = "/identity"

const (
	identityMetadataPath  = IssuerPath + "/.well-known/openid-configuration"
	identityAuthorizePath = IssuerPath + "/authorize"
	identityTokenPath     = IssuerPath + "/token"
	identityKeysPath      = IssuerPath + "/keys"

	idTokenLife   = 5 * time.Minute
	maxIdentities = 1000 // codes that nobody has exchanged
)

// A Person can sign in with the sandbox's identity provider, without a password.
type Person struct {
	ID, Name, Email string
	Group           string // the only value of the claim groups
	Words           string // what the group usually may do
}

// People are everyone whom the sandbox's identity provider knows.
func People() []Person {
	return []Person{
		{"person-1", "Ada Brooks", "ada@team.example", "admins", asAdmin},
		{"person-2", "Omar Reyes", "omar@team.example", "operators", asOperator},
		{"person-3", "Vera Lind", "vera@team.example", "viewers", asViewer},
	}
}

// identityProvider signs people in by OpenID Connect: the code flow with PKCE, and nothing else. Its codes and its key
// last as long as the process, since nothing needs them after a sign-in. Its clock isn't the sandbox's, which people
// move.
type identityProvider struct {
	clients []client
	private ed25519.PrivateKey
	keyID   string

	mu    sync.Mutex
	codes map[string]identity // by hash
}

// An identity is a sign-in that the person has agreed to, until the client asks for it.
type identity struct {
	clientID, redirect, nonce, challenge string
	person                               Person
	ends                                 time.Time
}

func newIdentityProvider(clients []Client) (*identityProvider, error) {
	known, err := newClients(clients)
	if err != nil {
		return nil, err
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	return &identityProvider{
		clients: known, private: private, keyID: hash(string(public))[:16], codes: map[string]identity{},
	}, nil
}

// identityMetadata is the document of OpenID Connect Discovery.
type identityMetadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	Scopes                []string `json:"scopes_supported"`
	Claims                []string `json:"claims_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	SendsIssuer           bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207
}

func (s *Server) handleIdentityMetadata(w http.ResponseWriter, r *http.Request) {
	base := s.base(r)
	s.tell(w, r, identityMetadata{
		Issuer: base + IssuerPath, AuthorizationEndpoint: base + identityAuthorizePath,
		TokenEndpoint: base + identityTokenPath, JWKSURI: base + identityKeysPath,
		Scopes:        []string{"openid", "email", "profile", "groups"},
		Claims:        []string{"iss", "sub", "aud", "exp", "iat", "nonce", "name", "email", "email_verified", "groups"},
		ResponseTypes: []string{"code"}, ResponseModes: []string{"query"}, GrantTypes: []string{"authorization_code"},
		TokenAuthMethods: []string{"client_secret_basic", "client_secret_post", "none"},
		ChallengeMethods: []string{"S256"}, SubjectTypes: []string{"public"}, IDTokenAlgorithms: []string{"EdDSA"},
		SendsIssuer: true,
	})
}

// jsonWebKey is a key by RFC 8037.
type jsonWebKey struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

func (s *Server) handleIdentityKeys(w http.ResponseWriter, r *http.Request) {
	public, _ := s.people.private.Public().(ed25519.PublicKey)
	s.tell(w, r, map[string][]jsonWebKey{"keys": {{
		Type: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(public), ID: s.people.keyID, Use: "sig",
		Algorithm: "EdDSA",
	}}})
}

// identityParameters are carried from the link through the form.
var identityParameters = []string{
	"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge",
	"code_challenge_method",
}

type peoplePage struct {
	Client   string
	Redirect string // host that the browser returns to
	Action   string
	People   []Person
	Hidden   []field
}

// handlePeople asks who the person is. A link leads here, so nothing changes.
func (s *Server) handlePeople(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	a, ok := s.readSignIn(w, r, v)
	if !ok {
		return
	}
	p := peoplePage{Client: a.client.name, Action: identityAuthorizePath, People: People()}
	if u, err := url.Parse(a.redirect); err == nil {
		p.Redirect = u.Host
	}
	for _, name := range identityParameters {
		if v.Has(name) {
			p.Hidden = append(p.Hidden, field{name, v.Get(name)})
		}
	}
	w.Header().Set("Content-Security-Policy", contentPolicy(origin(a.redirect)))
	s.render(w, r, http.StatusOK, "people.html", "Sign in to "+a.client.name, p)
}

// handlePerson reads who the person is and redirects the browser to the client. The parameters come back through the
// form, so they are validated again.
func (s *Server) handlePerson(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		s.refuse(w, r, http.StatusBadRequest, codeBadRequest, unreadableForm)
		return
	}
	a, ok := s.readSignIn(w, r, r.PostForm)
	if !ok {
		return
	}
	chosen := r.PostForm.Get("person")
	people := People()
	i := slices.IndexFunc(people, func(p Person) bool { return p.ID == chosen })
	switch {
	case chosen == "nobody":
		s.returnFrom(w, r, a, url.Values{"error": {"access_denied"}, "error_description": {signInCanceled}})
	case i < 0:
		s.refuse(w, r, http.StatusBadRequest, codeBadRequest, noPersonChosen)
	default:
		code := s.people.issue(a, r.PostForm.Get("nonce"), people[i], s.clock())
		s.returnFrom(w, r, a, url.Values{"code": {code}})
	}
}

// returnFrom sends the browser to the client with the issuer's name, by RFC 9207.
func (s *Server) returnFrom(w http.ResponseWriter, r *http.Request, a authorization, answer url.Values) {
	answer.Set("iss", s.base(r)+IssuerPath)
	redirectBack(w, a, answer)
}

// readSignIn validates a request to sign in and responds to the bad ones itself.
func (s *Server) readSignIn(w http.ResponseWriter, r *http.Request, v url.Values) (authorization, bool) {
	a, problem := identify(s.people.clients, v, "")
	if problem != "" {
		s.log.WarnContext(r.Context(), "sign-in refused", "problem", problem, "request_id", requestID(r))
		s.refuse(w, r, http.StatusBadRequest, codeBadRequest, problem)
		return a, false
	}
	if code, description := a.completeSignIn(v); code != "" {
		s.returnFrom(w, r, a, url.Values{"error": {code}, "error_description": {description}})
		return a, false
	}
	return a, true
}

// completeSignIn reads the rest, and returns an error of OpenID Connect Core, section 3.1.2.6, for the client.
func (a *authorization) completeSignIn(v url.Values) (code, description string) {
	for _, name := range identityParameters {
		if len(v[name]) > 1 {
			return "invalid_request", repeatedParameter
		}
	}
	switch {
	case v.Get("response_type") != "code":
		return "unsupported_response_type", otherResponseType
	case v.Get("response_mode") != "" && v.Get("response_mode") != "query":
		return "invalid_request", onlyInQuery
	case !slices.Contains(strings.Fields(v.Get("scope")), "openid"):
		return "invalid_scope", openIDMissing
	case strings.ContainsFunc(a.state+v.Get("nonce"), func(r rune) bool { return r < ' ' || r > '~' }):
		return "invalid_request", unprintableState
	case v.Get("prompt") == "none":
		return "login_required", nobodySignedIn
	case v.Get("code_challenge") == "":
		return "invalid_request", challengeMissing
	}
	return a.completePKCE(v)
}

// issue makes a code for a person. It forgets the codes that have ended.
func (p *identityProvider) issue(a authorization, nonce string, person Person, now time.Time) string {
	code := random(32)
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, known := range p.codes {
		if !now.Before(known.ends) || len(p.codes) >= maxIdentities {
			delete(p.codes, key)
		}
	}
	p.codes[hash(code)] = identity{a.client.id, a.redirect, nonce, a.challenge, person, now.Add(codeLife)}
	return code
}

// spend returns the identity of a code, once. A wrong verifier, redirect URI or client burns it.
func (p *identityProvider) spend(c client, form url.Values, now time.Time) (identity, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := hash(form.Get("code"))
	known, ok := p.codes[key]
	delete(p.codes, key)
	return known, ok && now.Before(known.ends) && known.clientID == c.id &&
		known.redirect == form.Get("redirect_uri") && verified(known.challenge, form.Get("code_verifier"))
}

// identityAnswer is the response of OpenID Connect Core, section 3.1.3.3. There is nothing that the access token opens.
type identityAnswer struct {
	IDToken     string `json:"id_token"`
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
}

func (s *Server) handleIdentityToken(w http.ResponseWriter, r *http.Request) {
	p := s.identityToken(w, r)
	body, _ := p.encode()
	p.write(w, body)
}

func (s *Server) identityToken(w http.ResponseWriter, r *http.Request) reply {
	form, refused := readTokenForm(w, r)
	if refused != nil {
		return s.refuseToken(r, refused)
	}
	c, refused := authenticateClient(s.people.clients, r, form)
	switch {
	case refused != nil:
		return s.refuseToken(r, refused)
	case form.Get("grant_type") != "authorization_code":
		return s.refuseToken(r, refusal("unsupported_grant_type", otherIdentityGrant))
	}
	known, ok := s.people.spend(c, form, s.clock())
	if !ok {
		return s.refuseToken(r, errBadGrant)
	}
	token, err := s.people.idToken(s.base(r)+IssuerPath, known, s.clock())
	if err != nil {
		return s.internalError(r, err)
	}
	return reply{status: http.StatusOK, header: noStore(), body: identityAnswer{
		IDToken: token, AccessToken: random(32), TokenType: "Bearer", ExpiresIn: int(idTokenLife.Seconds()),
	}}
}

// idClaims are the claims of an ID token.
type idClaims struct {
	Issuer        string   `json:"iss"`
	Subject       string   `json:"sub"`
	Audience      string   `json:"aud"`
	Expires       int64    `json:"exp"`
	IssuedAt      int64    `json:"iat"`
	Nonce         string   `json:"nonce,omitempty"`
	Name          string   `json:"name"`
	Email         string   `json:"email"`
	EmailVerified bool     `json:"email_verified"`
	Groups        []string `json:"groups"`
}

// idToken returns a signed token by RFC 7515 and RFC 8037.
func (p *identityProvider) idToken(issuer string, known identity, now time.Time) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "EdDSA", "typ": "JWT", "kid": p.keyID})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(idClaims{
		Issuer: issuer, Subject: known.person.ID, Audience: known.clientID, Nonce: known.nonce,
		IssuedAt: now.Unix(), Expires: now.Add(idTokenLife).Unix(),
		Name: known.person.Name, Email: known.person.Email, EmailVerified: true, Groups: []string{known.person.Group},
	})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode(header) + "." + encode(claims)
	return signed + "." + encode(ed25519.Sign(p.private, []byte(signed))), nil
}
