// Package middleware has the layers around the pages that know no page. A layer
// that refuses a request passes the reason to a Fail, which draws the response.
package middleware

import (
	"context"
	"crypto/rand"
	"net/http"
)

// Fail responds to a request that a layer refused. err is one of this package's
// errors.
type Fail func(w http.ResponseWriter, r *http.Request, err error)

type requestIDKey struct{}

const requestIDLength = 16 // characters of base32, which is 80 random bits

// RequestID adds an ID to every request: to its context and to the response.
func RequestID(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()[:requestIDLength]
		w.Header().Set("X-Request-Id", id)
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// RequestIDOf returns the ID of the request that ctx belongs to; "" for none.
func RequestIDOf(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
