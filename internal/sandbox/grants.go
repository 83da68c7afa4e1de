package sandbox

import (
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	codeLife    = time.Minute
	accessLife  = 5 * time.Minute
	refreshLife = 30 * 24 * time.Hour

	tokenBytes     = 768  // about 1 KiB when encoded
	longTokenBytes = 3200 // more than 4 KiB
)

// A grant is one consent, and the family of tokens that comes of it. Every code and token names its
// grant before a dot and is random after it, so that a spent or stolen one still leads to the family
// that it ends. Only hashes of them are kept.
type grant struct {
	ID        string    `json:"id"`
	ClientID  string    `json:"clientId"`
	ShopID    string    `json:"shopId"`
	Scopes    []string  `json:"scopes"`
	Redirect  string    `json:"redirectUri"`
	Challenge string    `json:"challenge,omitempty"` // PKCE S256
	Code      string    `json:"code,omitempty"`      // hash
	CodeEnds  time.Time `json:"codeEnds,omitzero"`
	CodeSpent bool      `json:"codeSpent"`
	Access    []access  `json:"access"`
	Refresh   string    `json:"refresh,omitempty"` // hash of the only one that works
	Ends      time.Time `json:"ends,omitzero"`     // of the refresh token
}

type access struct {
	Hash   string    `json:"hash"`
	Scopes []string  `json:"scopes"`
	Ends   time.Time `json:"ends"`
}

// tokens are what a client gets. The refresh token is empty in the implicit flow.
type tokens struct {
	access, refresh string
	scopes          []string
}

// token makes a code or token of a grant from n random bytes.
func (g *grant) token(n int) (token, hashed string) {
	token = g.ID + "." + random(n)
	return token, hash(token)
}

func (g *grant) ended(now time.Time) bool {
	alive := slices.ContainsFunc(g.Access, func(a access) bool { return now.Before(a.Ends) })
	return !alive && !now.Before(g.Ends) && !now.Before(g.CodeEnds)
}

// grantOf returns the grant that a code or token names, as a copy to change, or nil.
func (s *Server) grantOf(token string) *grant {
	id, _, _ := strings.Cut(token, ".")
	g := s.grants[id]
	if g == nil {
		return nil
	}
	return new(*g)
}

func (s *Server) putGrant(g *grant) error {
	if err := s.files.apply(change{"grant", g.ID, g}); err != nil {
		return err
	}
	s.grants[g.ID] = g
	return nil
}

// revoke ends a grant, and with it every token of the family.
func (s *Server) revoke(g *grant) error {
	if err := s.files.apply(change{"grant", g.ID, nil}); err != nil {
		return err
	}
	delete(s.grants, g.ID)
	return nil
}

// sweepGrants forgets the grants of which nothing works.
func (s *Server) sweepGrants() error {
	now := s.now()
	var changes []change
	for id, g := range s.grants {
		if g.ended(now) {
			changes = append(changes, change{"grant", id, nil})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := s.files.apply(changes...); err != nil {
		return err
	}
	maps.DeleteFunc(s.grants, func(_ string, g *grant) bool { return g.ended(now) })
	return nil
}

// issueCode records a consent of the authorization-code flow.
func (s *Server) issueCode(a authorization, shopID string, scopes []string) (string, error) {
	if err := s.sweepGrants(); err != nil {
		return "", err
	}
	g := &grant{
		ID: random(16), ClientID: a.client.id, ShopID: shopID, Scopes: scopes,
		Redirect: a.redirect, Challenge: a.challenge, CodeEnds: s.now().Add(codeLife),
	}
	var code string
	code, g.Code = g.token(32)
	return code, s.putGrant(g)
}

// issueImplicit records a consent of the implicit flow.
func (s *Server) issueImplicit(a authorization, shopID string, scopes []string) (tokens, error) {
	if err := s.sweepGrants(); err != nil {
		return tokens{}, err
	}
	g := &grant{ID: random(16), ClientID: a.client.id, ShopID: shopID, Scopes: scopes, Redirect: a.redirect}
	t := tokens{access: s.addAccess(g, scopes), scopes: scopes}
	return t, s.putGrant(g)
}

// issueTokens replaces the access token and the refresh token of a grant.
func (s *Server) issueTokens(g *grant, scopes []string) (tokens, error) {
	t := tokens{access: s.addAccess(g, scopes), scopes: scopes}
	t.refresh, g.Refresh = g.token(32)
	g.Ends = s.now().Add(refreshLife)
	return t, s.putGrant(g)
}

func (s *Server) addAccess(g *grant, scopes []string) string {
	now, n := s.now(), tokenBytes
	if sh := s.shop(g.ShopID); sh != nil && sh.switches.LongTokens {
		n = longTokenBytes
	}
	token, hashed := g.token(n)
	g.Access = slices.DeleteFunc(slices.Clone(g.Access), func(a access) bool { return !now.Before(a.Ends) })
	g.Access = append(g.Access, access{hashed, scopes, now.Add(accessLife)})
	return token
}

// bearer returns shop and scopes of a live access token, or nil.
func (s *Server) bearer(token string) (*shop, []string) {
	g := s.grantOf(token)
	if g == nil {
		return nil, nil
	}
	now, hashed := s.now(), hash(token)
	for _, a := range g.Access {
		if same(a.Hash, hashed) && now.Before(a.Ends) {
			return s.shop(g.ShopID), a.Scopes
		}
	}
	return nil, nil
}
