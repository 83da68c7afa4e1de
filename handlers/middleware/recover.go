package middleware

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// ErrPanic says that answering the request panicked.
var ErrPanic = errors.New("the handler panicked")

// Recover responds to a request whose handler panicked. If part of a response
// was already written, it closes the connection.
func Recover(logger *slog.Logger, fail Fail) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorder := recordStatus(w)
			defer func() {
				cause := recover()
				if cause == nil {
					return
				}
				if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(cause)
				}
				logger.ErrorContext(r.Context(), "panic", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
				if recorder.status != 0 {
					panic(http.ErrAbortHandler)
				}
				fail(recorder, r, ErrPanic)
			}()
			h.ServeHTTP(recorder, r)
		})
	}
}
