package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hookwall/internal/fourthwall"
)

// TestChannel: a channel proves itself by HTTP Basic alone, once. Only what says that its client isn't accepted is
// ErrRefused.
func TestChannel(t *testing.T) {
	t.Parallel()
	const good = `{"access_token":"a1","token_type":"Bearer","expires_in":300}`
	for _, tt := range []struct {
		name    string
		status  int
		header  string // Cf-Mitigated
		body    string
		life    time.Duration // of the token; 0 for none
		refused bool
		busy    bool
	}{
		{"a token", 200, "", good, 300 * time.Second, false, false},
		{"a token without an end", 200, "", `{"access_token":"a1","token_type":"bearer"}`, fallbackTokenTTL, false, false},
		{"an end as text", 200, "", `{"access_token":"a1","token_type":"Bearer","expires_in":"60"}`, time.Minute, false, false},
		{"another kind", 200, "", `{"access_token":"a1","token_type":"mac"}`, 0, false, false},
		{"no token", 200, "", `{}`, 0, false, false},
		{"HTML", 200, "", `<html>`, 0, false, false},
		{"a refused client", 401, "", `{"error":"invalid_client"}`, 0, true, false},
		{"an unauthorized client", 401, "", `{"error":"unauthorized_client"}`, 0, true, false},
		{"a wall", 403, "", `<html>`, 0, false, false},
		{"a challenge", 401, "challenge", `{"error":"invalid_client"}`, 0, false, false},
		{"another grant", 400, "", `{"error":"unsupported_grant_type"}`, 0, false, false},
		{"busy", 429, "", `{"error":"slow_down"}`, 0, false, true},
		{"failing", 503, "", `{"error":"invalid_client"}`, 0, false, true},
		{"a redirect", 302, "", good, 0, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hits := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hits++
				id, secret, _ := r.BasicAuth()
				_ = r.ParseForm()
				if id != "channel.a" || secret != "s%26cret" || r.PostForm.Encode() != "grant_type=client_credentials" ||
					r.UserAgent() != "hookwall/test" || r.Header.Get("Accept") != "application/json" {
					t.Errorf("asked as %q %q with %v and %v", id, secret, r.PostForm, r.Header)
				}
				w.Header().Set("Content-Type", "application/json")
				if tt.header != "" {
					w.Header().Set("Cf-Mitigated", tt.header)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tt.status)
				_, _ = fmt.Fprint(w, tt.body)
			}))
			defer server.Close()
			p := New(Config{
				ChannelTokenURL: server.URL, UserAgent: "hookwall/test", Now: func() time.Time { return noon },
				Transport: &http.Transport{DisableKeepAlives: true},
			})
			c, err := p.Channel(t.Context(), "channel.a", "s&cret")
			var answer *TokenError
			isBusy := errors.As(err, &answer) && answer.IsBusy()
			if errors.Is(err, ErrRefused) != tt.refused || isBusy != tt.busy || (err == nil) != (tt.life != 0) || hits != 1 {
				t.Fatalf("%v after %d requests", err, hits)
			}
			if err != nil {
				if strings.Contains(err.Error(), "cret") {
					t.Errorf("the error has the secret: %v", err)
				}
				return
			}
			want := Credential{
				Way: WayChannel, Username: "channel.a", Password: "s&cret", AccessToken: "a1", ExpiresAt: noon.Add(tt.life),
			}
			if c != want || c.ForShop("sh_1") != (fourthwall.ChannelShop{Token: "a1", ShopID: "sh_1"}) || !c.IsRenewable() {
				t.Errorf("got %+v, want %+v", c, want)
			}
			renewed, err := p.Refresh(t.Context(), c)
			if err != nil || renewed != want || hits != 2 {
				t.Errorf("renewed: %+v, %v", renewed, err)
			}
		})
	}
}

// TestChannelIsOffered: without a token URL there are no channels, and no sign-in leads to one.
func TestChannelIsOffered(t *testing.T) {
	t.Parallel()
	p := New(Config{})
	_, err := p.Channel(t.Context(), "channel.a", "x")
	if err == nil || errors.Is(err, ErrRefused) || p.Offers(WayChannel) {
		t.Errorf("without a URL: %v", err)
	}
	p = New(Config{ChannelTokenURL: "https://id.example/token"})
	if !p.Offers(WayChannel) {
		t.Error("channels aren't offered")
	}
	if _, _, err := p.Begin(WayChannel, "browser"); err == nil {
		t.Error("a sign-in begins")
	}
}
