package middleware

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
)

// madeUp returns n bytes that compress like a page.
func madeUp(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, seed))
	words := []string{"<div class=\"type\">", "</div>", "order", " placed", "é", "<input type=\"checkbox\">", "\n"}
	var b bytes.Buffer
	for b.Len() < n {
		b.WriteString(words[r.IntN(len(words))])
		b.WriteByte(byte('a' + r.IntN(26)))
	}
	return b.Bytes()[:n]
}

// TestCompressSharedPart: whatever is around a part that is compressed once, and
// however it is written, a reader gets what was written. Writers are used again.
func TestCompressSharedPart(t *testing.T) {
	part := madeUp(1, 20_000)
	h := func(pieces [][]byte, flush bool) http.Handler {
		return Compress(func() []byte { return part })(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			for _, piece := range pieces {
				_, _ = w.Write(piece)
				if f, ok := w.(http.Flusher); ok && flush {
					f.Flush()
				}
			}
		}))
	}
	head, tail := madeUp(2, 5000), madeUp(3, 3000)
	for name, pieces := range map[string][][]byte{
		"in the middle":          {head, part, tail},
		"as one":                 {bytes.Join([][]byte{head, part, tail}, nil)},
		"first":                  {part, tail},
		"last":                   {head, part},
		"alone":                  {part},
		"twice":                  {part, head, part},
		"beside what is like it": {part[1:], part, part[:len(part)-1]},
		"missing":                {head, tail},
		"cut":                    {head, part[:len(part)-1], tail},
		"large":                  {madeUp(4, 2*maxKeptBody), part, madeUp(5, 2*maxKeptBody)},
	} {
		for _, flush := range []bool{false, true} {
			handler, want := h(pieces, flush), bytes.Join(pieces, nil)
			for range 3 {
				r := httptest.NewRequest(http.MethodGet, "/", nil)
				r.Header.Set("Accept-Encoding", "gzip")
				response := serve(handler, r)
				zr, err := gzip.NewReader(response.Body)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				got, err := io.ReadAll(zr) // checks the sum and the size
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s, flushed %v: %d bytes of %d, %v", name, flush, len(got), len(want), err)
				}
				if zr.Comment == "" {
					t.Errorf("%s: nothing makes its length vary", name)
				}
			}
		}
	}
}
