package team

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzCallback shows that no callback signs anybody in without the state of its attempt, and that none costs a call.
func FuzzCallback(f *testing.F) {
	for _, query := range []string{
		"state=x&code=y", "state=&code=y", "state=%00&error=access_denied", "code=y&iss=a&iss=b", "state=x&state=y", "",
	} {
		f.Add(query)
	}
	a := Attempt{Issuer: "https://id.example.com", State: "the state", Nonce: "n", Verifier: "v"}
	o, err := NewOIDC(OIDCConfig{
		Issuer: a.Issuer, ClientID: "c", RedirectURL: testReturn, Transport: transport(nil), // a call would panic
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query string) {
		callback, err := url.ParseQuery(query)
		if err != nil || slices.Contains(callback["state"], a.State) {
			return
		}
		if id, err := o.Finish(t.Context(), a, callback); problemOf(err) != ProblemMismatch {
			t.Errorf("%q: got %v, %v", query, id, err)
		}
	})
}

// FuzzClaims shows that whatever a provider says becomes an identity without surprises, or a SignInError.
// Checklist 44.
func FuzzClaims(f *testing.F) {
	for _, text := range []string{
		`{"sub":"a","email":"a@example.com","email_verified":true,"realm_access":{"roles":["x"]}}`,
		`{"realm_access":{"roles":"x"},"email":"a@b@example.com","email_verified":"true"}`,
		`{"realm_access.roles":[1],"preferred_username":"\u202ea@example.com"}`, `{"realm_access":null,"_claim_names":[]}`,
	} {
		f.Add(text)
	}
	o, err := NewOIDC(OIDCConfig{
		Issuer: "https://id.example.com", ClientID: "c", RedirectURL: testReturn, RoleClaim: "realm_access.roles",
		AllowedDomains: []string{"example.com"},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c claims
		if json.Unmarshal([]byte(text), &c) != nil {
			return
		}
		id, err := o.identity(c)
		switch {
		case err != nil && problemOf(err) == "":
			t.Errorf("error %v has no problem", err)
		case err != nil:
			return
		case !c.isTrue("email_verified") || !strings.HasSuffix(strings.ToLower(id.Email), "@example.com"):
			t.Errorf("%q is let in", text)
		case readable(id.Name, maxName+1) != id.Name || readable(id.Email, maxEmail) != id.Email:
			t.Errorf("%+v has characters that can't be seen", id)
		}
	})
}
