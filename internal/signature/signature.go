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
	// ShopSignatureHeader is made with the secret of the shop's webhooks.
	ShopSignatureHeader = "X-Fourthwall-Hmac-SHA256"
	// AppSignatureHeader is made with the one key of a platform app, which signs for every shop that has the app. The
	// secret of a shop cannot verify it.
	AppSignatureHeader = "X-Fourthwall-Hmac-Apps-SHA256"
)

// ErrSignature says that a text is not a signature as it stands in a header: 44 characters of base64, with padding.
var ErrSignature = errors.New("not a signature: want the base64 of 32 bytes")

// Signature is the HMAC-SHA256 of a delivery's raw body.
type Signature [sha256.Size]byte

// ParseSignature reads a header's value. Every other spelling than the one that Sign writes is ErrSignature.
func ParseSignature(value string) (Signature, error) {
	var s Signature
	if len(value) != base64.StdEncoding.EncodedLen(len(s)) {
		return s, ErrSignature
	}
	mac, err := base64.StdEncoding.Strict().DecodeString(value)
	// The decoder passes over line breaks, which makes the result too short.
	if err != nil || len(mac) != len(s) {
		return s, ErrSignature
	}
	return Signature(mac), nil
}

// Signs reports whether the signature was made over these bytes with this key. It takes the same time wherever the
// signatures differ.
func (s Signature) Signs(body []byte, key fourthwall.Secret) bool {
	return hmac.Equal(s[:], macOf([]byte(key.Reveal()), body))
}

// String returns the value of the header.
func (s Signature) String() string { return base64.StdEncoding.EncodeToString(s[:]) }

// Sign returns the value of the signature header for these bytes: the base64 of their HMAC-SHA256 under the key.
func Sign(body []byte, key fourthwall.Secret) string {
	return Signature(macOf([]byte(key.Reveal()), body)).String()
}

// macOf returns the HMAC-SHA256 of the parts, one after the other.
func macOf(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}
