package oauth

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// odd is a token server that always returns the same response.
type odd struct {
	status     int
	kind, body string
	hits       int
}

func (o *odd) RoundTrip(r *http.Request) (*http.Response, error) {
	o.hits++
	return &http.Response{
		StatusCode: o.status,
		Request:    r,
		Header:     http.Header{"Content-Type": {o.kind}, "Location": {"http://evil.example/"}},
		Body:       io.NopCloser(strings.NewReader(o.body)),
	}, nil
}

const spent = "spent-Zq7xW"

// FuzzTokenResponse returns any response to a sign-in and to a refresh. Each makes one call, and returns a credential
// that can be used, or an error that quotes neither the response nor the request.
func FuzzTokenResponse(f *testing.F) {
	for _, body := range []string{
		"", renewed, `{"error":"invalid_grant","error_description":"` + spent + `"}`, `{"access_token":"a\r\nb","token_type":"Bearer"}`, `{"access_token":7}`, "<html>", "access_token=a&token_type=bearer&expires_in=9",
		`{"access_token":"a","token_type":"mac"}`, `{"access_token":"a","expires_in":9223372036854775807,"scope":" b  c "}`, `{"access_token":"a","expires_in":"-5","refresh_token":"\u0000"}`, `{"access_token":"a","expires_in":1e99}`, `null`,
	} {
		for _, status := range []int{200, 201, 302, 400, 401, 429, 500} {
			f.Add(status, "application/json", body)
		}
		f.Add(200, "application/x-www-form-urlencoded", body)
		f.Add(200, "text/plain; charset=\xff", body)
	}
	f.Fuzz(func(t *testing.T, status int, kind, body string) {
		server := &odd{status: 200 + int(uint(status)%400), kind: kind, body: body}
		p := New(Config{
			ClientID:     "app",
			ClientSecret: spent,
			TokenURL:     "http://token.example/t",
			PublicURL:    "http://localhost:1",
			Transport:    server,
			Now:          func() time.Time { return noon },
		})
		signedIn, err := p.Exchange(t.Context(), spent, spent)
		checkCredential(t, server, signedIn, err)
		refreshed, err := p.Refresh(t.Context(), Credential{Way: WayCode, RefreshToken: spent})
		checkCredential(t, server, refreshed, err)
		if server.hits != 2 {
			t.Errorf("%d requests", server.hits)
		}
		values, _ := url.ParseQuery(body)
		implicit, err := p.FromFragment(values)
		checkCredential(t, &odd{status: 200, body: body}, implicit, err)
	})
}

func checkCredential(t *testing.T, server *odd, c Credential, err error) {
	t.Helper()
	if err != nil {
		if text := err.Error(); c != (Credential{}) || strings.Contains(text, spent) || len(text) > 200 ||
			len(server.body) > 20 && strings.Contains(text, server.body) {
			t.Errorf("%+v, %v", c, err)
		}
		return
	}
	if server.status > 299 || c.AccessToken == "" ||
		strings.ContainsFunc(c.AccessToken.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
		t.Errorf("a token after %d: %q", server.status, c.AccessToken.Reveal())
	}
	if !c.ExpiresAt.IsZero() && c.ExpiresAt.After(noon.AddDate(200, 0, 0)) {
		t.Errorf("it expires at %v", c.ExpiresAt)
	}
	stored, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Decode(stored); err != nil || again.AccessToken != c.AccessToken ||
		!again.ExpiresAt.Equal(c.ExpiresAt) {
		t.Errorf("%+v is stored as %+v, %v", c, again, err)
	}
	if c.API() == nil {
		t.Error("it cannot be used")
	}
}
