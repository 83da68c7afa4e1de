package sandbox

import "net/http"

const (
	serverMetadataPath = "/.well-known/oauth-authorization-server" // RFC 8414
	realmMetadataPath  = realmPath + "/.well-known/openid-configuration"
	keysPath           = realmPath + "/protocol/openid-connect/certs"
)

// serverMetadata is what libraries discover: RFC 8414, and what OpenID Connect asks for beside it.
type serverMetadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	Scopes                []string `json:"scopes_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	ServiceDocumentation  string   `json:"service_documentation"`
}

// handleMetadata tells about the sandbox. The issuer is its origin and the path.
func (s *Server) handleMetadata(path string) http.HandlerFunc {
	var known []string
	known = append(known, identityScopes...)
	for _, one := range scopes {
		known = append(known, one.Code)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		base := s.base(r)
		s.tell(w, r, serverMetadata{
			Issuer: base + path, AuthorizationEndpoint: base + authPath, TokenEndpoint: base + tokenPath,
			JWKSURI: base + keysPath, Scopes: known,
			ResponseTypes: []string{"code", "token"}, ResponseModes: []string{"query", "fragment"},
			GrantTypes:        []string{"authorization_code", "refresh_token", "implicit"},
			TokenAuthMethods:  []string{"client_secret_post", "client_secret_basic", "none"},
			ChallengeMethods:  []string{"S256"},
			SubjectTypes:      []string{"public"},
			IDTokenAlgorithms: []string{"RS256"}, ServiceDocumentation: base + "/_sandbox/openapi.yaml",
		})
	}
}

// handleKeys tells the keys of ID tokens. There are none, since the sandbox issues no ID tokens.
func (s *Server) handleKeys(w http.ResponseWriter, r *http.Request) {
	s.tell(w, r, map[string][]string{"keys": {}})
}
