package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// line is a connection to a server that can be cut, slowed and broken.
type line struct {
	*toxiproxy.Proxy
	t testing.TB
}

func newLine(t testing.TB, upstream string) *line {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &line{toxiproxy.NewProxy(server, "line", reserve(t), upstream), t}
	l.restore()
	t.Cleanup(l.Stop)
	return l
}

// reserve returns an address of this machine that no other socket gets, whether
// or not somebody listens there: it is bound by one that does not listen.
func reserve(t testing.TB) string {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	err = syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if err == nil {
		err = syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
}

// lineTo returns a line to the server of a URL, and the URL that goes through
// it.
func lineTo(t testing.TB, address string) (*line, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l := newLine(t, u.Host)
	u.Host = l.Listen
	return l, u.String()
}

// URL is where the server seems to be.
func (l *line) URL() string { return "http://" + l.Listen }

// cut refuses connections and breaks the existing ones.
func (l *line) cut() { l.Stop() }

// restore lets everything through again, over new connections.
func (l *line) restore() {
	l.t.Helper()
	l.Stop()
	l.Toxics.ResetToxics(context.Background())
	if err := l.Start(); err != nil {
		l.t.Fatal(err)
	}
}

// toxic is one of the library's, such as {"latency", "downstream", {"latency": 500}}.
type toxic struct {
	Type       string           `json:"type"`
	Stream     string           `json:"stream"` // upstream to the server, downstream from it
	Attributes map[string]int64 `json:"attributes"`
}

// silence lets nothing through, while connections stay as they are.
func (l *line) silence() {
	l.t.Helper()
	for _, way := range []string{"upstream", "downstream"} {
		if _, err := l.Toxics.AddToxicJson(strings.NewReader(`{"type":"timeout","stream":"` + way +
			`","attributes":{"timeout":0}}`)); err != nil {
			l.t.Fatal(err)
		}
	}
}

// slow delays every response, of existing connections too.
func (l *line) slow(delay time.Duration) {
	l.t.Helper()
	if _, err := l.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
		`{"type":"latency","stream":"downstream","attributes":{"latency":%d}}`, delay.Milliseconds()))); err != nil {
		l.t.Fatal(err)
	}
}

// poison adds a toxic to every connection from now on.
func (l *line) poison(what toxic) {
	l.t.Helper()
	text, err := json.Marshal(what)
	if err == nil {
		l.Stop()
		_, err = l.Toxics.AddToxicJson(bytes.NewReader(text))
	}
	if err == nil {
		err = l.Start()
	}
	if err != nil {
		l.t.Fatal(err)
	}
}
