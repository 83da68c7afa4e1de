package team

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.uber.org/goleak"
)

// The client that the tests are registered as.
const (
	testClient = "hookwall"
	testSecret = "a secret: with/odd+characters"
	testReturn = "https://hooks.example.com/sign-in/callback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keys are made once, since that is slow.
var keys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var out [2]*rsa.PrivateKey
	for i := range out {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		out[i] = key
	}
	return out
})

// fakeProvider is an identity provider that tests make say anything.
type fakeProvider struct {
	*httptest.Server
	now      time.Time
	metadata map[string]any             // replaces what discovery says
	claims   map[string]any             // replaces claims of the ID token; nil removes one
	sign     func(claims []byte) string // default: with the first key
	userInfo map[string]any             // nil for none
	token    http.HandlerFunc           // replaces the token endpoint
	discover http.HandlerFunc           // replaces discovery
	info     http.HandlerFunc           // replaces userinfo
	jwks     []jose.JSONWebKey

	mu    sync.Mutex
	calls map[string]int // by path
	sent  []*http.Request
}

// newFakeProvider starts a provider that signs in Ada, an admin.
func newFakeProvider(t *testing.T) *fakeProvider {
	t.Helper()
	f := &fakeProvider{
		now: time.Now().Truncate(time.Second), calls: map[string]int{}, metadata: map[string]any{}, claims: map[string]any{},
		jwks: []jose.JSONWebKey{{Key: &keys()[0].PublicKey, KeyID: "first", Algorithm: "RS256", Use: "sig"}},
	}
	f.sign = func(claims []byte) string { return signed(claims, jose.RS256, keys()[0], "first") }
	mux := http.NewServeMux()
	for path, handle := range map[string]http.HandlerFunc{
		"/.well-known/openid-configuration": f.serveMetadata,
		"/token":                            f.serveToken,
		"/keys":                             func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, jose.JSONWebKeySet{Keys: f.jwks}) },
		"/userinfo":                         f.serveUserInfo,
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			f.mu.Lock()
			f.calls[path]++
			f.sent = append(f.sent, r)
			f.mu.Unlock()
			handle(w, r)
		})
	}
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeProvider) serveMetadata(w http.ResponseWriter, r *http.Request) {
	if f.discover != nil {
		f.discover(w, r)
		return
	}
	document := map[string]any{
		"issuer": f.URL, "authorization_endpoint": f.URL + "/authorize?prompt=login", "token_endpoint": f.URL + "/token",
		"jwks_uri": f.URL + "/keys", "userinfo_endpoint": f.URL + "/userinfo",
		"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
	}
	maps.Copy(document, f.metadata)
	writeJSON(w, document)
}

func (f *fakeProvider) serveToken(w http.ResponseWriter, r *http.Request) {
	if f.token != nil {
		f.token(w, r)
		return
	}
	claims := map[string]any{
		"iss": f.URL, "sub": "ada-1", "aud": testClient, "nonce": r.PostForm.Get("code"), // the code says the nonce
		"iat": f.now.Unix(), "exp": f.now.Add(5 * time.Minute).Unix(),
		"name": "Ada Lovelace", "email": "ada@example.com", "email_verified": true, "groups": []string{"admins"},
	}
	for name, value := range f.claims {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	body, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	writeJSON(w, map[string]any{
		"id_token": f.sign(body), "access_token": "access", "token_type": "Bearer", "expires_in": "300",
	})
}

func (f *fakeProvider) serveUserInfo(w http.ResponseWriter, r *http.Request) {
	switch {
	case f.info != nil:
		f.info(w, r)
	case f.userInfo == nil || r.Header.Get("Authorization") != "Bearer access":
		w.WriteHeader(http.StatusUnauthorized)
	default:
		writeJSON(w, f.userInfo)
	}
}

// count returns how often a path was called.
func (f *fakeProvider) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[path]
}

// config is that of a client of the provider.
func (f *fakeProvider) config() OIDCConfig {
	return OIDCConfig{
		Issuer: f.URL, ClientID: testClient, ClientSecret: testSecret, RedirectURL: testReturn, RoleClaim: "groups",
		UserAgent: "hookwall/test", Now: func() time.Time { return f.now },
	}
}

// callback is how the provider sends the browser back, for an attempt.
func callback(a Attempt) url.Values { return url.Values{"state": {a.State}, "code": {a.Nonce}} }

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// signed returns claims as a signed token.
func signed(claims []byte, algorithm jose.SignatureAlgorithm, key any, id string) string {
	options := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", id)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		panic(err)
	}
	token, err := signer.Sign(claims)
	if err != nil {
		panic(err)
	}
	text, err := token.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// publicPEM is the provider's public key as an attacker uses it for a shared key.
func publicPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(&keys()[0].PublicKey)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}
