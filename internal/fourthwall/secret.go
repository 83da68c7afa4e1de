package fourthwall

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"golang.org/x/net/http/httpguts"
)

const redacted = "[redacted]"

// Secret is text that must not be printed. Packages fmt, slog, encoding/json and others print "[redacted]". Only
// Reveal, or a conversion to string, returns the text.
//
// Package fmt doesn't call our methods for the verbs %p and %w, which go vet reports, nor for unexported fields of a
// struct: a struct with a Secret in such a field must redact itself. Package encoding/json doesn't call them for keys
// of a map.
type Secret string

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// Format prints "[redacted]" whatever the verb and its flags.
func (Secret) Format(w fmt.State, _ rune) {
	// A fmt.State writes to memory and returns no errors.
	_, _ = io.WriteString(w, redacted)
}

// LogValue makes log/slog write "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON returns the JSON string "[redacted]"; it never fails.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText returns "[redacted]"; it never fails.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// BuyerData is text that may have customers' data: names, e-mail and postal addresses. It is redacted like a Secret,
// with the same limits, so that it isn't in a log or an error by accident. It must not be stored.
type BuyerData string

// Reveal returns the text itself.
func (d BuyerData) Reveal() string { return string(d) }

// String returns "[redacted]".
func (BuyerData) String() string { return redacted }

// GoString returns "[redacted]".
func (BuyerData) GoString() string { return redacted }

// Format prints "[redacted]" whatever the verb and its flags.
func (BuyerData) Format(w fmt.State, verb rune) { Secret("").Format(w, verb) }

// LogValue makes log/slog write "[redacted]".
func (BuyerData) LogValue() slog.Value { return Secret("").LogValue() }

// MarshalJSON returns the JSON string "[redacted]"; it never fails.
func (BuyerData) MarshalJSON() ([]byte, error) { return Secret("").MarshalJSON() }

// MarshalText returns "[redacted]"; it never fails.
func (BuyerData) MarshalText() ([]byte, error) { return Secret("").MarshalText() }

// Credential authorizes a call. It is a Bearer, a ChannelShop or an APIKey.
type Credential interface {
	authorize(*http.Request)
}

// Bearer is the access token of an OAuth sign-in.
type Bearer struct {
	Token Secret
}

func (b Bearer) authorize(req *http.Request) {
	req.Header.Set("Authorization", "Bearer "+b.Token.Reveal())
}

// shopHeader names the shop that a call with a channel's token is for.
const shopHeader = "X-ShopId"

// ChannelShop is the access token of a channel, for one of its shops.
type ChannelShop struct {
	Token  Secret
	ShopID string
}

func (c ChannelShop) authorize(req *http.Request) {
	Bearer{c.Token}.authorize(req)
	req.Header.Set(shopHeader, c.ShopID)
}

// APIKey is the user name and password of a shop's Open API user, sent by HTTP Basic authentication.
type APIKey struct {
	Username string
	Password Secret
}

func (k APIKey) authorize(req *http.Request) {
	req.SetBasicAuth(k.Username, k.Password.Reveal())
}

var (
	errNoCredential  = errors.New("no credential given")
	errBadCredential = errors.New("the credential holds characters that cannot be sent")
	errNoShop        = errors.New("the channel's credential names no shop")
)

// addCredential adds the credential to the request. It returns an error for a token with a line break, which the
// transport would reject only after the call has begun.
func addCredential(req *http.Request, cred Credential) error {
	if cred == nil {
		return errNoCredential
	}
	cred.authorize(req)
	if c, ok := cred.(ChannelShop); ok && c.ShopID == "" {
		return errNoShop
	}
	for _, name := range []string{"Authorization", shopHeader} {
		if !httpguts.ValidHeaderFieldValue(req.Header.Get(name)) {
			return errBadCredential
		}
	}
	return nil
}
