//go:build watch

package main

import "net/http"

// "make watch" puts templ's proxy in front of the dashboard. The proxy can't
// add its script to a page that is compressed with zstd, and it repeats a
// request that ended with 502 for minutes.
func init() {
	inFront = func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Accept-Encoding")
			h.ServeHTTP(noBadGateway{w}, r)
		})
	}
}

// noBadGateway sends status 500 instead of 502.
type noBadGateway struct{ http.ResponseWriter }

func (w noBadGateway) WriteHeader(status int) {
	if status == http.StatusBadGateway {
		status = http.StatusInternalServerError
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w noBadGateway) Unwrap() http.ResponseWriter { return w.ResponseWriter }
