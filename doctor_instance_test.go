package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"hookwall/handlers"
)

// TestDoctorSeesItself starts a dashboard behind proxies that differ, and compares what the doctor prints.
func TestDoctorSeesItself(t *testing.T) {
	var rewrite atomic.Pointer[func(*httputil.ProxyRequest)]
	var target atomic.Pointer[url.URL]
	var status atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := int(status.Load()); n != 0 {
			w.WriteHeader(n)
			return
		}
		proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target.Load())
			p.Out.Host = p.In.Host
			(*rewrite.Load())(p)
		}}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	public := strings.Replace(front.URL, "127.0.0.1", "localhost", 1)
	home := t.TempDir()
	settings := []string{
		"HOME", home, "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0", "HOOKWALL_PUBLIC_URL", public,
	}
	r, w := io.Pipe()
	stop := startTo(t, w, env(append(settings, "HOOKWALL_TRUSTED_PROXIES", "127.0.0.1")...), nil)
	addr := listeningAt(t, r)
	target.Store(&url.URL{Scheme: "http", Host: addr})
	keep := func(p *httputil.ProxyRequest) { p.Out.Header["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"] }
	for _, tt := range []struct {
		name   string
		proxy  func(*httputil.ProxyRequest)
		status int
		want   []string
		wrong  int
	}{
		{"adds the address", func(p *httputil.ProxyRequest) { keep(p); p.SetXForwarded() }, 0, []string{
			"Instance      " + version + " responds at " + public, "from 127.0.0.1 (a trusted proxy)",
			"X-Forwarded-For: 192.0.2.77, 127.0.0.1", "X-Forwarded-Proto: http", "Background    running",
			"encrypts, and decrypts",
		}, 0},
		{"replaces the address", (*httputil.ProxyRequest).SetXForwarded, 0, []string{"X-Forwarded-For: 127.0.0.1"}, 0},
		{"passes the header through", keep, 0, []string{"Client        PROBLEM", "anyone can pretend"}, 1},
		{"drops the header", func(*httputil.ProxyRequest) {}, 0, []string{"sends no X-Forwarded-For"}, 1},
		{"changes the host", func(p *httputil.ProxyRequest) { p.Out.Host = "internal.example" }, 0, []string{
			"the Host header doesn't arrive unchanged (421)",
		}, 1},
		{"adds no address", func(p *httputil.ProxyRequest) { p.Out.Header.Set("X-Forwarded-For", "unknown") }, 0, []string{
			"Client        PROBLEM: the last value of X-Forwarded-For is no IP address",
		}, 1},
		{"asks to sign in", keep, http.StatusFound, []string{
			"Public URL    PROBLEM: Hookwall is ready at " + addr + ", but not at " + public, "status 302",
			"must forward GET /self-check without a sign-in",
		}, 1},
		{"leads elsewhere", keep, http.StatusNotFound, []string{"it isn't this Hookwall, or has another key"}, 1},
	} {
		rewrite.Store(&tt.proxy)
		status.Store(int64(tt.status))
		var out strings.Builder
		err := run(t.Context(), []string{"doctor"}, env(append(settings, "HOOKWALL_ADDR", addr)...), &out)
		if strings.Count(out.String(), "PROBLEM") != tt.wrong || (err != nil) != (tt.wrong > 0) {
			t.Errorf("%s: error %v\n%s", tt.name, err, out.String())
		}
		for _, want := range tt.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is missing in\n%s", tt.name, want, out.String())
			}
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	rewrite.Store(&keep)
	status.Store(http.StatusBadGateway)
	var out strings.Builder
	err := run(t.Context(), []string{"doctor"}, env(append(settings, "HOOKWALL_ADDR", addr)...), &out)
	if err != nil || !strings.Contains(out.String(), "and no Hookwall is ready at "+addr) {
		t.Errorf("without an instance: %v\n%s", err, out.String())
	}
}

// listeningAt returns the address in the log of a dashboard, and reads the rest.
func listeningAt(t *testing.T, log io.Reader) string {
	t.Helper()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return line.Address
		}
	}
	t.Fatal("it doesn't listen")
	return ""
}

// TestDoctorCompares compares what the doctor says of requests that no proxy of TestDoctorSeesItself makes.
func TestDoctorCompares(t *testing.T) {
	good := func() handlers.SelfCheck {
		return handlers.SelfCheck{
			Version: version, Host: "hooks.example.com", Peer: "10.0.0.2", Trusted: true, Client: "203.0.113.9",
			Jobs:      "running",
			Forwarded: map[string]string{"X-Forwarded-For": pretended + ", 203.0.113.9"},
		}
	}
	for name, tt := range map[string]struct {
		change func(*handlers.SelfCheck)
		want   string
		wrong  int
	}{
		"good":             {func(*handlers.SelfCheck) {}, "from 10.0.0.2 (a trusted proxy)", 0},
		"with its port":    {func(s *handlers.SelfCheck) { s.Host = "Hooks.example.com:443" }, "host Hooks", 0},
		"another host":     {func(s *handlers.SelfCheck) { s.Host = "10.0.0.5:8080" }, "sends 10.0.0.5:8080 in place of", 1},
		"a strange proxy":  {func(s *handlers.SelfCheck) { s.Trusted = false }, "Add it to HOOKWALL_TRUSTED_PROXIES", 1},
		"another version":  {func(s *handlers.SelfCheck) { s.Version = "v0" }, "This program is " + version, 0},
		"no work":          {func(s *handlers.SelfCheck) { s.Jobs = "not running" }, "Background    PROBLEM", 1},
		"a silent proxy":   {func(s *handlers.SelfCheck) { s.Forwarded = nil }, "counts as one IP address", 1},
		"a stranger's own": {func(s *handlers.SelfCheck) { s.Forwarded["X-Forwarded-For"] = pretended }, "anyone can pretend", 1},
	} {
		var out strings.Builder
		seen, d := good(), &diagnosis{out: &out}
		tt.change(&seen)
		d.compare(&url.URL{Scheme: "https", Host: "hooks.example.com"}, seen)
		if d.wrong != tt.wrong || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%s: %d problems, without %q:\n%s", name, d.wrong, tt.want, out.String())
		}
	}
	direct := handlers.SelfCheck{
		Version: version, Host: "127.0.0.1:8080", Peer: "127.0.0.1", Client: "127.0.0.1", Jobs: "running",
		Forwarded: map[string]string{"X-Forwarded-For": pretended},
	}
	var out strings.Builder
	d := &diagnosis{out: &out}
	if d.compare(&url.URL{Scheme: "http", Host: "127.0.0.1:8080"}, direct); d.wrong != 0 {
		t.Error(fmt.Sprint("without a proxy:\n", out.String()))
	}
}
