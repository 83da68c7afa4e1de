package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestPublicURL: the URL is kept as browsers write it in Host and Origin.
func TestPublicURL(t *testing.T) {
	for given, want := range map[string]string{
		"https://hooks.example.com":         "https://hooks.example.com",
		"https://Hooks.Example.COM/":        "https://hooks.example.com",
		"https://müller.example":            "https://xn--mller-kva.example",
		"https://MÜLLER.example":            "https://xn--mller-kva.example",
		"https://m%C3%BCller.example":       "https://xn--mller-kva.example",
		"https://mu\u0308ller.example":      "https://xn--mller-kva.example",
		"https://hooks.müller.example:8443": "https://hooks.xn--mller-kva.example:8443",
		"https://straße.example":            "https://xn--strae-oqa.example",
		"https://例え.テスト":                    "https://xn--r8jz45g.xn--zckzah",
		"https://hooks。example.com":         "https://hooks.example.com",
		"https://xn--mller-kva.example":     "https://xn--mller-kva.example",
		"https://hooks.example.com:443":     "https://hooks.example.com",
		"https://hooks.example.com:443/":    "https://hooks.example.com",
		"https://hooks.example.com:0443":    "https://hooks.example.com",
		"https://hooks.example.com:":        "https://hooks.example.com",
		"HTTPS://hooks.example.com:443":     "https://hooks.example.com",
		"http://hooks.example.com:80":       "http://hooks.example.com",
		"https://hooks.example.com:80":      "https://hooks.example.com:80",
		"http://hooks.example.com:443":      "http://hooks.example.com:443",
		"http://hooks.example.com:8080":     "http://hooks.example.com:8080",
		"https://müller.example:443":        "https://xn--mller-kva.example",
		"https://[2001:DB8:0:0::7]:443":     "https://[2001:db8::7]",
		"https://[2001:db8::7]:8443":        "https://[2001:db8::7]:8443",
		"http://192.0.2.1:80":               "http://192.0.2.1",
		"http://my_hooks:8080":              "http://my_hooks:8080",
		"https://hooks.example.com.":        "https://hooks.example.com",
		"https://hooks.example.com.:443":    "https://hooks.example.com",
		"https://.":                         "",
		"https://hooks.example.com:65536":   "",
		"https://-\u202emüller.example":     "",
	} {
		t.Run(given, func(t *testing.T) {
			got, err := load(t, env("HOOKWALL_PUBLIC_URL", given))
			if want == "" {
				if err == nil || !strings.HasPrefix(err.Error(), "HOOKWALL_PUBLIC_URL: ") {
					t.Errorf("accepted as %v, error %v", got.PublicURL, err)
				}
				return
			}
			if err != nil || got.PublicURL.String() != want {
				t.Errorf("got %v, error %v, want %s", got.PublicURL, err, want)
			}
		})
	}
}

// TestPublicURLInSignIns starts the program: the redirect URL that a sign-in
// names has the same form.
func TestPublicURLInSignIns(t *testing.T) {
	for given, want := range map[string]string{
		"https://müller.example:443": "https://xn--mller-kva.example",
		"http://müller.example:80/":  "http://xn--mller-kva.example",
		"http://LOCALHOST:8080":      "http://localhost:8080",
	} {
		t.Run(given, func(t *testing.T) {
			addr := freeAddress(t)
			start(t, env("HOME", t.TempDir(), "HOOKWALL_ADDR", addr, "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0",
				"HOOKWALL_PUBLIC_URL", given))
			to := locationOf(t, "http://"+addr, strings.TrimPrefix(strings.TrimPrefix(want, "https://"), "http://"))
			if got := to.Query().Get("redirect_uri"); got != want+"/oauth/callback" {
				t.Errorf("the redirect URL is %s", got)
			}
		})
	}
}

// TestAddressInUpperCase: without a public URL it is made from the address, as
// browsers write it, so that nobody is led in a circle.
func TestAddressInUpperCase(t *testing.T) {
	settings := env("HOME", t.TempDir(), "HOOKWALL_ADDR", "LocalHost:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0")
	line, _ := start(t, settings)
	public, _ := startedAt(t, line)
	if status, _ := fetch(t, public); status != http.StatusOK || !strings.HasPrefix(public, "http://localhost:") {
		t.Errorf("%s answers with %d", public, status)
	}
}

// freeAddress returns an address on loopback that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := listen(t.Context(), "", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// locationOf returns where the start of a sign-in leads.
func locationOf(t *testing.T, at, host string) *url.URL {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+"/oauth/start?way=code", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		t.Fatalf("status %d: %v", resp.StatusCode, err)
	}
	return to
}
