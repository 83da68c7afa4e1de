package oauth

import (
	"encoding/json"
	"errors"
	"time"

	"hookwall/internal/fourthwall"
)

// Credential is what a shop was connected with: tokens, an API key, or the client of a channel. Its secrets are
// redacted when printed.
type Credential struct {
	Way          string
	AccessToken  fourthwall.Secret
	RefreshToken fourthwall.Secret
	Username     string            // of an API key; of a channel, its client ID
	Password     fourthwall.Secret // of an API key; of a channel, its client secret
	ExpiresAt    time.Time         // of the access token; zero if unknown
	Scopes       string            // granted, separated by spaces; "" if the provider didn't name them
}

// credentialJSON is the form in which the store keeps a Credential, encrypted.
type credentialJSON struct {
	Way          string    `json:"way"`
	AccessToken  string    `json:"access_token,omitempty"`
	RefreshToken string    `json:"refresh_token,omitempty"`
	Username     string    `json:"username,omitempty"`
	Password     string    `json:"password,omitempty"`
	ExpiresAt    time.Time `json:"expires_at,omitzero"`
	Scopes       string    `json:"scopes,omitempty"`
}

// Encode returns c as JSON with its secrets in clear text. Encrypt it before storing it.
func (c Credential) Encode() ([]byte, error) {
	return json.Marshal(credentialJSON{ //nolint:gosec // the store encrypts it
		c.Way, c.AccessToken.Reveal(), c.RefreshToken.Reveal(), c.Username,
		c.Password.Reveal(), c.ExpiresAt, c.Scopes,
	})
}

// Decode returns the Credential that Encode encoded.
func Decode(b []byte) (Credential, error) {
	var s credentialJSON
	if err := json.Unmarshal(b, &s); err != nil {
		return Credential{}, errors.New("oauth: the stored credential is unreadable")
	}
	return Credential{
		s.Way, fourthwall.Secret(s.AccessToken), fourthwall.Secret(s.RefreshToken), s.Username,
		fourthwall.Secret(s.Password), s.ExpiresAt, s.Scopes,
	}, nil
}

// IsRenewable reports whether a new access token can be had without a person.
func (c Credential) IsRenewable() bool { return c.RefreshToken != "" || c.Way == WayChannel }

// API returns the credential of a shop in the form that the API client takes. That of a channel doesn't say which shop
// a call is for: see ForShop.
func (c Credential) API() fourthwall.Credential {
	if c.Way == WayAPIKey {
		return fourthwall.APIKey{Username: c.Username, Password: c.Password}
	}
	return c.Channel()
}

// ForShop returns the credential of a channel in the form that the API client takes for calls about one of its shops.
func (c Credential) ForShop(shopID string) fourthwall.ChannelShop {
	return fourthwall.ChannelShop{Token: c.AccessToken, ShopID: shopID}
}

// Channel returns the credential of a channel in the form that the API client takes for calls about the channel.
func (c Credential) Channel() fourthwall.Bearer { return fourthwall.Bearer{Token: c.AccessToken} }
