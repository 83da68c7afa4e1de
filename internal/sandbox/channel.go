package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	channelGrantPath = realmPath + "/protocol/openid-connect/token"
	channelPath      = "/channel-api/v1.0/channel/current"
	channelShopsPath = "/channel-api/v1.0/shops"

	shopHeader = "X-ShopId"
)

// Codes of the sandbox's own making for a channel's requests, with status 403. The platform documents none.
const (
	codeNoShopHeader = "OPEN_API_SHOP_ID_MISSING"
	codeForeignShop  = "OPEN_API_SHOP_FORBIDDEN"
)

// DemoChannel is the one channel of the sandbox, to which all demo shops belong at first. Its secret is made when the
// sandbox first starts.
type DemoChannel struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	ClientID     string   `json:"clientId"`
	ClientSecret string   `json:"clientSecret"`
	NoWebhooks   bool     `json:"noWebhooks"` // the channel's token isn't allowed to use webhooks
	Left         []string `json:"left"`       // IDs of the shops that left the channel
}

// channel is the demo channel with its live tokens, each by its hash with its end. They are in memory only.
type channel struct {
	DemoChannel
	tokens map[string]time.Time
}

// demoChannel is the channel as it first appears.
func demoChannel() DemoChannel {
	return DemoChannel{ID: "ch_7QmWd2XkRzNf4sTbYvHcJp", Name: "Harbor Agency", ClientID: "channel.demo", Left: []string{}}
}

func (s *Server) loadChannel() error {
	kept, err := readAll[DemoChannel](s.files, "channel")
	if err != nil {
		return err
	}
	first := demoChannel()
	if known, ok := kept[first.ID]; ok {
		s.channel = channel{known, map[string]time.Time{}}
		return nil
	}
	first.ClientSecret = random(24)
	return s.putChannel(first, nil)
}

// putChannel keeps the channel and its live tokens.
func (s *Server) putChannel(c DemoChannel, tokens map[string]time.Time) error {
	if err := s.files.apply(change{"channel", c.ID, c}); err != nil {
		return err
	}
	if tokens == nil {
		tokens = map[string]time.Time{}
	}
	s.channel = channel{c, tokens}
	return nil
}

// resetChannel makes the channel as on the first start. It keeps its secret.
func (s *Server) resetChannel() error {
	first := demoChannel()
	first.ClientSecret = s.channel.ClientSecret
	return s.putChannel(first, nil)
}

// Channel returns the demo channel.
func (s *Server) Channel() DemoChannel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.channel.copy()
}

func (c channel) copy() DemoChannel {
	out := c.DemoChannel
	out.Left = append([]string{}, c.Left...)
	return out
}

// ConfigureChannel says whether the channel may use webhooks, and which shops left it. The other fields count for
// nothing. It fails for an unknown shop, and when the data file does.
func (s *Server) ConfigureChannel(to DemoChannel) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range to.Left {
		if s.shop(id) == nil && !slices.Contains(s.channel.Left, id) { // a shop that is left out now may have left before
			return unknownShop(id)
		}
	}
	c := s.channel.copy()
	c.NoWebhooks, c.Left = to.NoWebhooks, append([]string{}, to.Left...)
	return s.putChannel(c, s.channel.tokens)
}

// ReplaceChannelSecret replaces the secret of the channel. The old one and all tokens end.
func (s *Server) ReplaceChannelSecret() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channel.copy()
	c.ClientSecret = random(24)
	return s.putChannel(c, nil)
}

// channelToken is the success response to a channel, which gets no refresh token.
type channelToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

// handleChannelToken is the token endpoint of channels.
func (s *Server) handleChannelToken(w http.ResponseWriter, r *http.Request) reply {
	form, refused := readTokenForm(w, r)
	if refused == nil {
		refused = s.checkChannelGrant(r, form)
	}
	if refused != nil {
		return s.refuseToken(r, refused)
	}
	return reply{status: http.StatusOK, header: noStore(), body: channelToken{
		AccessToken: s.issueChannelToken(), TokenType: "Bearer", ExpiresIn: int(accessLife.Seconds()), Scope: "profile email",
	}}
}

// checkChannelGrant takes the client's credentials from HTTP Basic alone.
func (s *Server) checkChannelGrant(r *http.Request, form url.Values) *tokenError {
	s.mu.Lock()
	known := client{id: s.channel.ClientID, secret: hash(s.channel.ClientSecret)}
	s.mu.Unlock()
	isKnown := func(p proof) bool { return same(p.id, known.id) && p.proves(known) }
	switch {
	case form.Has("client_secret") || !slices.ContainsFunc(basicProofs(r), isKnown):
		return errBadClient
	case form.Get("grant_type") == "":
		return refusal("invalid_request", noGrantType)
	case form.Get("grant_type") != "client_credentials":
		return refusal("unsupported_grant_type", otherChannelGrant)
	}
	return nil
}

func (s *Server) issueChannelToken() string {
	token := random(tokenBytes)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	maps.DeleteFunc(s.channel.tokens, func(_ string, ends time.Time) bool { return !now.Before(ends) })
	s.channel.tokens[hash(token)] = now.Add(accessLife)
	return token
}

// isOfChannel reports whether the request has a live token of the channel.
func (s *Server) isOfChannel(r *http.Request) bool {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	ends, known := s.channel.tokens[hash(strings.TrimSpace(token))]
	return strings.EqualFold(kind, "Bearer") && known && s.now().Before(ends)
}

// channelCaller returns the caller for a request with the channel's token, or why it is refused: for the same reason
// whether another's shop exists or not.
func (s *Server) channelCaller(r *http.Request) (caller, *reply) {
	id := r.Header.Get(shopHeader)
	sh := s.shop(id)
	switch {
	case id == "":
		return caller{}, new(refusedWith(http.StatusForbidden, codeNoShopHeader))
	case sh == nil || slices.Contains(s.channel.Left, id):
		return caller{}, new(refusedWith(http.StatusForbidden, codeForeignShop))
	}
	var held []string
	for _, one := range scopes {
		if !s.channel.NoWebhooks || one.Code != scopeRead && one.Code != scopeWrite {
			held = append(held, one.Code)
		}
	}
	return caller{shop: sh, scopes: held}, nil
}

// channelAPI wraps an operation about the channel itself. handle runs under the lock.
func (s *Server) channelAPI(path string, handle func(*Server) any) http.Handler {
	return s.described(operation{"GET", path}, func(_ http.ResponseWriter, r *http.Request) reply {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.isOfChannel(r) {
			return unauthorized(r)
		}
		return done(handle(s))
	})
}

func (s *Server) currentChannel() any {
	return struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}{s.channel.ID, s.channel.Name}
}

type channelShop struct {
	ShopID string `json:"shopId"`
	Name   string `json:"name"`
}

func (s *Server) channelShops() any {
	list := []channelShop{}
	for _, sh := range s.shops {
		if !slices.Contains(s.channel.Left, sh.ID) {
			list = append(list, channelShop{sh.ID, sh.Name})
		}
	}
	return struct {
		Shops []channelShop `json:"shops"`
	}{list}
}

// handleChannel changes what a program names of the channel and leaves the rest. A form has it all, but of the shops
// only those that it shows.
func (s *Server) handleChannel(w http.ResponseWriter, r *http.Request) {
	now := s.Channel()
	in := struct {
		NoWebhooks bool     `json:"noWebhooks"`
		Left       []string `json:"left"`
	}{now.NoWebhooks, now.Left}
	fromForm := func(form url.Values) error {
		in.NoWebhooks = form.Has("noWebhooks")
		in.Left = slices.DeleteFunc(now.Left, func(id string) bool { return slices.Contains(form["shown"], id) })
		in.Left = append(in.Left, form["left"]...)
		return nil
	}
	s.control(w, r, &in, fromForm, func() error {
		return s.ConfigureChannel(DemoChannel{NoWebhooks: in.NoWebhooks, Left: in.Left})
	})
}

func (s *Server) handleChannelSecret(w http.ResponseWriter, r *http.Request) {
	s.control(w, r, &struct{}{}, nil, s.ReplaceChannelSecret)
}
