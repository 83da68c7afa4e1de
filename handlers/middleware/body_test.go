package middleware

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestResponseArrivesBeforeTheBodyWasSent: a proxy that closes its connection after
// each request gets the response, though nobody reads the body that it still sends.
func TestResponseArrivesBeforeTheBodyWasSent(t *testing.T) {
	t.Parallel()
	limits := BodyLimits{Max: 1 << 10, Large: 1 << 30}
	for name, handler := range map[string]http.HandlerFunc{
		"unread": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusSeeOther) },
		"too large": func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err == nil {
				t.Error("all of it was read")
			}
			w.WriteHeader(http.StatusSeeOther)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handled := make(chan struct{})
			inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(handled)
				handler(w, r)
			})
			server := httptest.NewServer(Body(limits, func(*http.Request) string { return "" }, nil)(inner))
			defer server.Close()
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			part := strings.Repeat("x", 1<<20)
			head := "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
			fmt.Fprintf(conn, head, 3<<20, part[:2<<10])
			<-handled
			for _, rest := range []string{part[2<<10:], part, part} {
				if _, err := io.WriteString(conn, rest); err != nil {
					t.Fatal("the rest can't be sent:", err)
				}
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal("no response:", err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusSeeOther {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
}
