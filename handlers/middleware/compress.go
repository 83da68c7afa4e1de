package middleware

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

const (
	minCompressed = 1024 // bytes
	maxJitter     = 32   // bytes, so that the length tells less about the content
)

// Compress compresses pages. It leaves out a response with NoCompression,
// which is for those that show a secret. A part that many pages have is
// compressed once.
func Compress(part func() []byte) func(http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.MinSize(minCompressed), gzhttp.RandomJitter(maxJitter, 0, false),
		gzhttp.ContentTypes([]string{"text/html"}), gzhttp.Implementation(newSplicer(part).factory()),
	)
	if err != nil {
		panic(err)
	}
	return func(h http.Handler) http.Handler { return wrap(h) }
}

// NoCompression keeps a response from being compressed.
func NoCompression(header http.Header) { header.Set(gzhttp.HeaderNoCompression, "1") }
