package signature_test

import (
	"errors"
	"strings"
	"testing"

	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
)

func TestParseSignature(t *testing.T) {
	good := signature.Sign([]byte("body"), "key")
	tests := map[string]struct {
		value string
		want  error
	}{
		"good":             {good, nil},
		"empty":            {"", signature.ErrSignature},
		"no padding":       {strings.TrimRight(good, "="), signature.ErrSignature},
		"blank before":     {" " + good, signature.ErrSignature},
		"line break in it": {good[:20] + "\n" + good[20:], signature.ErrSignature},
		"line breaks, 44":  {good[:38] + "\r\n\r\n" + "==", signature.ErrSignature},
		"hex":              {strings.Repeat("ab", 32), signature.ErrSignature},
		"44 hex digits":    {strings.Repeat("ab", 22), signature.ErrSignature},
		"URL-safe":         {strings.Repeat("-_", 21) + "8=", signature.ErrSignature},
		"spare bits":       {strings.Repeat("A", 42) + "B=", signature.ErrSignature},
		"too long":         {strings.Repeat(good, 2), signature.ErrSignature},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := signature.ParseSignature(tt.value)
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if err == nil && got.String() != tt.value {
				t.Errorf("written as %q", got)
			}
		})
	}
}

// Checklist 34.
func TestSigns(t *testing.T) {
	s, err := signature.ParseSignature(signature.Sign([]byte("body"), "key"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		body string
		key  fourthwall.Secret
		want bool
	}{
		"same":         {"body", "key", true},
		"other body":   {"body ", "key", false},
		"empty body":   {"", "key", false},
		"other key":    {"body", "Key", false},
		"no key":       {"body", "", false},
		"key exchange": {"key", "body", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := s.Signs([]byte(tt.body), tt.key); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// FuzzSignatureHeader checks that a signature with any flipped bit, or of a body with one, isn't valid.
func FuzzSignatureHeader(f *testing.F) {
	f.Add("7Yb5YkrVvV4i2Hhpy8M2sXyVb3ZQm0JqN0Zt0fJkq2E=", []byte(`{"id":"weve_1"}`), "key", 3)
	f.Fuzz(func(t *testing.T, value string, body []byte, key string, bit int) {
		parsed, err := signature.ParseSignature(value)
		if err == nil && parsed.String() != value {
			t.Errorf("%q was parsed, but is written as %q", value, parsed)
		}
		made, err := signature.ParseSignature(signature.Sign(body, fourthwall.Secret(key)))
		if err != nil || !made.Signs(body, fourthwall.Secret(key)) {
			t.Fatalf("our own signature is rejected: %v", err)
		}
		flipped := made
		flip(flipped[:], bit)
		if flipped.Signs(body, fourthwall.Secret(key)) {
			t.Error("a changed signature is accepted")
		}
		if len(body) > 0 {
			flip(body, bit)
			if made.Signs(body, fourthwall.Secret(key)) {
				t.Error("a changed body is accepted")
			}
		}
	})
}

func flip(b []byte, bit int) {
	bit = int(uint(bit) % uint(len(b)*8))
	b[bit/8] ^= 1 << (bit % 8)
}
