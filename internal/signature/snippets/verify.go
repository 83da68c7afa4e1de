// Package webhook accepts webhooks from Fourthwall.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
)

// Verify reports whether body comes from Fourthwall. The body is raw, as it
// came, before anything parses it; signature is the value of the header
// X-Fourthwall-Hmac-SHA256; secret is the one of your shop's webhooks.
func Verify(body []byte, signature, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(want), []byte(signature))
}

// Handler answers Fourthwall's deliveries:
//
//	http.Handle("POST /fourthwall", webhook.Handler(os.Getenv("FOURTHWALL_SECRET"), func(event []byte) {
//		// The event may come again: remember its id.
//	}))
func Handler(secret string, received func(event []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "unreadable body", http.StatusBadRequest)
			return
		}
		if secret == "" || !Verify(body, r.Header.Get("X-Fourthwall-Hmac-SHA256"), secret) {
			http.Error(w, "wrong signature", http.StatusUnauthorized)
			return
		}
		received(body)
		w.WriteHeader(http.StatusOK) // Fourthwall takes nothing but 200 for received.
	}
}
