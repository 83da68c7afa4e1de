package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestHealthOfADashboard asks a dashboard that runs, and again after its end.
func TestHealthOfADashboard(t *testing.T) {
	home := t.TempDir()
	line, stop := start(t, env("HOME", home, "HOOKWALL_ADDR", "127.0.0.1:0",
		"HOOKWALL_PUBLIC_URL", "http://localhost:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0"))
	public := address.FindString(line)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(public, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	settings := env("HOOKWALL_ADDR", ":"+port, "HOOKWALL_PUBLIC_URL", public)
	var out strings.Builder
	if err := run(t.Context(), []string{"health"}, settings, &out); err != nil || out.String() != "ready\n" {
		t.Errorf("it says %q, %v", out.String(), err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	err = run(t.Context(), []string{"health"}, settings, &out)
	if err == nil || !strings.Contains(err.Error(), "no response from Hookwall at 127.0.0.1:"+port) {
		t.Errorf("after its end it says %v", err)
	}
}

func TestHealthProblems(t *testing.T) {
	answers := func(status int, body string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/readyz" || r.Host != "hooks.example.com" {
				status = http.StatusTeapot
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	tests := []struct {
		name, addr, public, want string // "" for no error
	}{
		{"ready", answers(http.StatusOK, "ok\n"), "https://hooks.example.com", ""},
		{"not ready", answers(http.StatusServiceUnavailable, "the database cannot be used\n"), "https://hooks.example.com", `status 503: "the database cannot be used\n"`},
		{"something else", answers(http.StatusTemporaryRedirect, strings.Repeat("x", 1000)), "https://hooks.example.com", `status 307: "` + strings.Repeat("x", 200) + `"`},
		{"a port that is not known", "127.0.0.1:0", "", "HOOKWALL_ADDR: port 0"},
		{"an address that is none", "8080", "", "HOOKWALL_ADDR"},
		{"a public URL that is none", "127.0.0.1:1", "hooks", "HOOKWALL_PUBLIC_URL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			settings := env("HOOKWALL_ADDR", test.addr, "HOOKWALL_PUBLIC_URL", test.public)
			err := run(context.Background(), []string{"health"}, settings, &strings.Builder{})
			if (err == nil) != (test.want == "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestReachable(t *testing.T) {
	for addr, want := range map[string]string{
		":8080": "127.0.0.1:8080", "0.0.0.0:8080": "127.0.0.1:8080", "[::]:8080": "127.0.0.1:8080",
		"[::1]:8080": "[::1]:8080", "localhost:9": "localhost:9", "10.0.0.3:80": "10.0.0.3:80",
	} {
		if got, err := reachable(addr); got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", addr, got, err, want)
		}
	}
}
