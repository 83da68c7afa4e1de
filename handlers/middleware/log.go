package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxLoggedMethod = 16  // bytes
	maxLoggedPath   = 200 // bytes
)

// Log logs every request when it has been answered. Of the URL it logs the path
// only: a query can carry a code. What comes after one of secret in a path is left
// out, in any letter case. about returns what else is known by then. observe is told how the request ended.
func Log(
	logger *slog.Logger, secret []string, about func(*http.Request) []slog.Attr,
	observe func(r *http.Request, status int, took time.Duration),
) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorder := recordStatus(w)
			start := time.Now()
			defer func() { // also if the handler aborts the connection
				status := recorder.status
				if status == 0 && HasLeft(r) {
					status = StatusClientLeft
				}
				took := time.Since(start)
				observe(r, status, took)
				logger.LogAttrs(r.Context(), slog.LevelInfo, "request", append([]slog.Attr{
					slog.String("method", Clip(r.Method, maxLoggedMethod)),
					slog.String("path", Clip(withoutSecret(r.URL.Path, secret), maxLoggedPath)),
					slog.Int("status", status), slog.Int64("ms", took.Milliseconds()),
				}, about(r)...)...)
			}()
			h.ServeHTTP(recorder, r)
		})
	}
}

// withoutSecret returns a path up to what comes before a secret.
func withoutSecret(path string, before []string) string {
	for _, part := range before {
		for i := range max(0, len(path)-len(part)) {
			if end := i + len(part); strings.EqualFold(path[i:end], part) {
				return path[:end] + "…"
			}
		}
	}
	return path
}

// StatusClientLeft is logged for a request whose client left before the
// response, as by nginx.
const StatusClientLeft = 499

// HasLeft reports whether the client closed the connection before it got a
// response.
func HasLeft(r *http.Request) bool { return errors.Is(r.Context().Err(), context.Canceled) }

// Clip returns at most limit bytes of text for the log, without what a terminal
// would obey: JSON keeps DEL, the controls of C1 and marks of direction.
func Clip(text string, limit int) string {
	more := ""
	if len(text) > limit {
		text, more = text[:limit], "…"
	}
	return strings.Map(printable, text) + more
}

func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return utf8.RuneError
	}
	return r
}
