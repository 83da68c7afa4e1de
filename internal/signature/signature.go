// Package signature signs deliveries and verifies their signatures as Fourthwall does, explains why a signature isn't
// valid, and has code that verifies signatures in several languages.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"hookwall/internal/fourthwall"
)

// Headers of a delivery that carry its signature.
const (
	// ShopSignatureHeader has the signature by the shop's signing secret.
	ShopSignatureHeader = "X-Fourthwall-Hmac-SHA256"
	// AppSignatureHeader has the signature by the key of a platform app, which is the same for every shop that has the
	// app. A shop's signing secret can't verify it.
	AppSignatureHeader = "X-Fourthwall-Hmac-Apps-SHA256"
)

// ErrSignature means that a text isn't a signature as headers have it: 44 characters of base64 with padding.
var ErrSignature = errors.New("not a signature: want the base64 of 32 bytes")

// Signature is the HMAC-SHA256 of a delivery's raw body.
type Signature [sha256.Size]byte

// ParseSignature parses the value of a header. It returns ErrSignature for anything but the spelling that Sign returns.
func ParseSignature(value string) (Signature, error) {
	var s Signature
	if len(value) != base64.StdEncoding.EncodedLen(len(s)) {
		return s, ErrSignature
	}
	mac, err := base64.StdEncoding.Strict().DecodeString(value)
	// The decoder ignores line breaks, so the result may be too short.
	if err != nil || len(mac) != len(s) {
		return s, ErrSignature
	}
	return Signature(mac), nil
}

// Signs reports whether the signature is that of these bytes by this key. It compares in constant time.
func (s Signature) Signs(body []byte, key fourthwall.Secret) bool {
	return hmac.Equal(s[:], macOf([]byte(key.Reveal()), body))
}

// String returns the value of the header.
func (s Signature) String() string { return base64.StdEncoding.EncodeToString(s[:]) }

// Sign returns the value of the signature header for these bytes: the base64 of their HMAC-SHA256 under the key.
func Sign(body []byte, key fourthwall.Secret) string {
	return Signature(macOf([]byte(key.Reveal()), body)).String()
}

// macOf returns the HMAC-SHA256 of the concatenated parts.
func macOf(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}
