package middleware

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// ErrBusy says that too many large bodies are being read.
var ErrBusy = errors.New("too many large bodies are being read")

// BodyLimits bounds what is read of requests, each of which is kept in memory.
type BodyLimits struct {
	Max    int64            // bytes of one body
	MaxOf  map[string]int64 // bytes, by path, where it isn't Max
	Large  int64            // bytes; a usual form has far fewer
	AtOnce int              // larger bodies that are read at the same time
	Each   int              // of these, from one client
}

// Body bounds what is read of a request, and how many large ones are read at
// once, of all and of each client. A body without a length counts as large.
func Body(limits BodyLimits, client func(*http.Request) string, fail Fail) func(http.Handler) http.Handler {
	large := largeBodies{atOnce: limits.AtOnce, each: limits.Each, by: map[string]int{}}
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer drain(r)
			if r.ContentLength > limits.Large || r.ContentLength < 0 {
				from := client(r)
				if !large.acquire(from) {
					fail(w, r, ErrBusy)
					return
				}
				defer large.release(from)
			}
			http.MaxBytesHandler(h, limits.of(r)).ServeHTTP(w, r)
		})
	}
}

// maxDrain is how much of a body that nobody wants is read, in bytes.
const maxDrain = 4 << 20

// drain reads what the handler left of a body. A proxy that is still sending it
// when the connection is closed would report that instead of the response. A
// client that waits to be asked for its body doesn't send it.
func drain(r *http.Request) {
	if r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrain) // an error is that of the client's connection
	}
}

func (l BodyLimits) of(r *http.Request) int64 {
	if size, ok := l.MaxOf[r.URL.Path]; ok {
		return size
	}
	return l.Max
}

// largeBodies counts the large bodies that are being read.
type largeBodies struct {
	atOnce, each int
	mu           sync.Mutex
	all          int
	by           map[string]int // client
}

// acquire reports whether one more may be read from a client. If so, call release
// when it has been read.
func (b *largeBodies) acquire(client string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all >= b.atOnce || b.by[client] >= b.each {
		return false
	}
	b.all++
	b.by[client]++
	return true
}

func (b *largeBodies) release(client string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.by[client]--; b.by[client] == 0 {
		delete(b.by, client)
	}
}
