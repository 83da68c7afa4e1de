package middleware

import (
	"errors"
	"net/http"

	"golang.org/x/sync/semaphore"
)

// ErrBusy says that too many large bodies are being read.
var ErrBusy = errors.New("too many large bodies are being read")

// BodyLimits bounds what is read of requests, each of which is kept in memory.
type BodyLimits struct {
	Max    int64            // bytes of one body
	MaxOf  map[string]int64 // bytes, by path, where it isn't Max
	Large  int64            // bytes; a usual form has far fewer
	AtOnce int64            // larger bodies that are read at the same time
}

// Body bounds what is read of a request, and how many large ones are read at
// once. A body without a length counts as large.
func Body(limits BodyLimits, fail Fail) func(http.Handler) http.Handler {
	large := semaphore.NewWeighted(limits.AtOnce)
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > limits.Large || r.ContentLength < 0 {
				if !large.TryAcquire(1) {
					fail(w, r, ErrBusy)
					return
				}
				defer large.Release(1)
			}
			http.MaxBytesHandler(h, limits.of(r)).ServeHTTP(w, r)
		})
	}
}

func (l BodyLimits) of(r *http.Request) int64 {
	if size, ok := l.MaxOf[r.URL.Path]; ok {
		return size
	}
	return l.Max
}
