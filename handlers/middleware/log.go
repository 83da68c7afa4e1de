package middleware

import (
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
// only: a query can carry a code. client and route say what else is known.
func Log(logger *slog.Logger, client, route func(*http.Request) string) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorder := recordStatus(w)
			start := time.Now()
			h.ServeHTTP(recorder, r)
			logger.InfoContext(r.Context(), "request",
				"method", Clip(r.Method, maxLoggedMethod), "path", Clip(r.URL.Path, maxLoggedPath), "route", route(r),
				"status", recorder.status, "ms", time.Since(start).Milliseconds(), "client", client(r))
		})
	}
}

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
