package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
)

// TestEveryCallIsNamed signs in at a Fourthwall that keeps what it is asked: the
// token request says the same name and type as calls to the API.
func TestEveryCallIsNamed(t *testing.T) {
	type asked struct{ path, userAgent, accept string }
	all := make(chan asked, 10)
	fourthwall := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all <- asked{r.URL.Path, r.Header.Get("User-Agent"), r.Header.Get("Accept")}
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == tokenPath {
			_, _ = io.WriteString(w, `{"access_token":"a","token_type":"bearer","expires_in":300}`)
			return
		}
		_, _ = io.WriteString(w, `{"id":"sh_1","name":"Shop","domain":"shop.example","publicDomain":"shop.example"}`)
	}))
	t.Cleanup(fourthwall.Close)
	addr := freeAddress(t)
	start(t, env("HOME", t.TempDir(), "HOOKWALL_ADDR", addr, "HOOKWALL_SECRET_KEY", testKey,
		"FOURTHWALL_CLIENT_ID", "app", "FOURTHWALL_API_URL", fourthwall.URL, "FOURTHWALL_AUTH_URL", fourthwall.URL+"/agree"))
	signIn(t, "http://"+addr)
	for _, path := range []string{tokenPath, "/open-api/v1.0/shops/current"} {
		want := asked{path, userAgent(), "application/json"}
		if got := <-all; got != want {
			t.Errorf("asked %+v, want %+v", got, want)
		}
	}
}

// signIn starts a sign-in and comes back with a code.
func signIn(t *testing.T, at string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{
		Jar: jar, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	get := func(address string) *url.URL {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		to, err := resp.Location()
		if err != nil {
			t.Fatalf("%s: status %d, %v", address, resp.StatusCode, err)
		}
		return to
	}
	state := get(at + "/oauth/start?way=code").Query().Get("state")
	get(at + "/oauth/callback?" + url.Values{"code": {"c"}, "state": {state}}.Encode())
}
