package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// random returns n random bytes as base64url, without padding.
func random(n int) string { return base64.RawURLEncoding.EncodeToString(randomBytes(n)) }

// hash is what is kept of a token or a code, which are long and random, so that a plain hash cannot
// be undone; and, in memory only, of a client's secret.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// same compares two strings in a time that depends on neither.
func same(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(hash(a)), []byte(hash(b))) == 1
}
