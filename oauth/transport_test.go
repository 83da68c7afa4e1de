package oauth

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// refuse is a token server that returns invalid_grant for every refresh.
type refuse struct{}

func (refuse) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusBadRequest, Request: r, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(`{"error":"invalid_grant"}`)),
	}, nil
}

// TestOddTokenResponses: a token counts in whatever form it comes. A response without one is no failure to reach the
// token URL.
func TestOddTokenResponses(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	token := func(life string) string {
		return `{"access_token":"a","token_type":"Bearer","refresh_token":"r","expires_in":` + life + `}`
	}
	tests := []struct {
		name       string
		status     int
		kind, body string
		life       time.Duration // of the token; 0: there is none
		code       string
	}{
		{"a whole number", 200, "application/json", token("300"), 5 * time.Minute, ""},
		{"a fraction", 200, "application/json", token("300.0"), 5 * time.Minute, ""},
		{"an exponent", 200, "application/json", token("3e2"), 5 * time.Minute, ""},
		{"a string", 200, "application/json", token(`"300"`), 5 * time.Minute, ""},
		{"a fraction in a string", 200, "application/json", token(`"300.5"`), 5 * time.Minute, ""},
		{"a huge number", 200, "application/json", token("1e99"), maxTokenLife, ""},
		{"no number", 200, "application/json", token(`"soon"`), fallbackTokenTTL, ""},
		{"null", 200, "application/json", token("null"), fallbackTokenTTL, ""},
		{"negative", 200, "application/json", token("-5"), fallbackTokenTTL, ""},
		{"not a number", 200, "application/json", token(`"NaN"`), fallbackTokenTTL, ""},
		{"JSON as text", 200, "text/plain; charset=utf-8", token("300.0"), 5 * time.Minute, ""},
		{"JSON as a form", 200, form, token("300"), 5 * time.Minute, ""},
		{"JSON as a page", 200, "text/html", token("300"), 5 * time.Minute, ""},
		{"JSON without a content type", 200, "", token("300"), 5 * time.Minute, ""},
		{"a form", 200, form, "access_token=a&token_type=bearer&refresh_token=r", fallbackTokenTTL, ""},
		{"created", 201, "application/json", token("300"), 5 * time.Minute, ""},
		{"an error as text", 400, "text/plain", `{"error":"invalid_grant"}`, 0, "invalid_grant"},
		{"an error as a form", 400, form, "error=invalid_grant", 0, "invalid_grant"},
		{"an error with 200", 200, "application/json", `{"error":"bad_verification_code"}`, 0, "bad_verification_code"},
		{"an error with 200, as text", 200, "text/plain", `{"error":"invalid_client"}`, 0, "invalid_client"},
		{"a redirect", 302, "text/html", "", 0, ""},
		{"a page", 200, "text/html", "<html>", 0, ""},
		{"nothing", 200, "application/json", "", 0, ""},
		{"an array", 200, "application/json", "[]", 0, ""},
		{"another kind of token", 200, "application/json", `{"access_token":7}`, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := &odd{status: test.status, kind: test.kind, body: test.body}
			p := New(Config{
				ClientID: "app", TokenURL: "http://token.example/t", Transport: server, Now: func() time.Time { return noon },
			})
			got, err := p.Exchange(t.Context(), "code", "verifier")
			if test.life > 0 {
				if err != nil || got.AccessToken != "a" || got.ExpiresAt.Sub(noon) != test.life {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			var answer *TokenError
			if !errors.As(err, &answer) || answer.Code != test.code || answer.Status != test.status {
				t.Errorf("error %#v, want status %d and code %q", err, test.status, test.code)
			}
		})
	}
}

// TestRedirectToNonsense: the token URL was reached, wherever it sends us.
func TestRedirectToNonsense(t *testing.T) {
	answer := func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusFound, Request: r, Body: http.NoBody, Header: http.Header{"Location": {"http://%zz"}},
		}, nil
	}
	p := New(Config{ClientID: "app", TokenURL: "http://token.example/t", Transport: transport(answer)})
	_, err := p.Exchange(t.Context(), "code", "verifier")
	if found := (*TokenError)(nil); !errors.As(err, &found) || found.Status != http.StatusFound {
		t.Errorf("error %v", err)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
