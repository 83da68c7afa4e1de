package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// asUserName are the values of autocomplete at which password managers take a
// text before a password for the user name.
var asUserName = []string{"", "on", "off", "username", "email", "tel", "webauthn"}

// TestPasswordManagers: the fields of an API key are filled in, and none beside
// them: a credential must not land in a secret or a URL that is sent elsewhere.
func TestPasswordManagers(t *testing.T) {
	g := newRig(t, options{})
	p := g.person()
	connect := p.get(connectPath)
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	check, test := checksPath(shop.ID), testPath(shop.ID, hook.ID)
	typed := url.Values{"url": {"nonsense"}, "body": {"{"}, "signature": {""}, "secret": {"x"}, "type": {"DONATION"}}
	for name, tt := range map[string]struct {
		page       *page
		text, pass string // what the fields are filled in with, if they may be
	}{
		"an API key":                   {connect, "username", "current-password"},
		"an API key, sent empty":       {p.post("/connect/key", nil), "username", "current-password"},
		"a check":                      {p.get(check + "/new"), "url", "new-password"},
		"a check of a webhook":         {p.get(checkStartHref(shop.ID, "webhook", hook.ID)), "url", "new-password"},
		"a check, refused":             {p.post(check, typed), "url", "new-password"},
		"a test delivery":              {p.get(test), "", "new-password"},
		"a test delivery, refused":     {p.post(test, typed), "", "new-password"},
		"a signature":                  {p.get(signaturePath), "", "new-password"},
		"a signature, sent incomplete": {p.post(signaturePath, typed), "", "new-password"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.page.status != http.StatusOK && tt.page.status != http.StatusUnprocessableEntity {
				t.Fatalf("status %d", tt.page.status)
			}
			texts, passwords := tt.page.fillable()
			if !slices.Equal(passwords, []string{tt.pass}) || !slices.Equal(texts, filledList(tt.text)) {
				t.Errorf("filled in: text %q, password %q, want %q, %q", texts, passwords, tt.text, tt.pass)
			}
			isUserName := func(v string) bool { return slices.Contains(asUserName, v) }
			if tt.pass == "new-password" && slices.ContainsFunc(texts, isUserName) {
				t.Errorf("a text is taken for the user name: %q", texts)
			}
		})
	}
}

func filledList(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// fillable returns autocomplete of the inputs of text and of the passwords, of
// all forms with a password.
func (pg *page) fillable() (texts, passwords []string) {
	walk(pg.doc, func(n *html.Node) {
		if n.DataAtom != atom.Form {
			return
		}
		var text, password []string
		walk(n, func(n *html.Node) {
			switch kind := attr(n, "type"); {
			case n.DataAtom != atom.Input:
			case kind == "password":
				password = append(password, attr(n, "autocomplete"))
			case slices.Contains([]string{"", "text", "url", "email", "tel", "search", "number"}, kind):
				text = append(text, attr(n, "autocomplete"))
			}
		})
		if len(password) > 0 {
			texts, passwords = append(texts, text...), append(passwords, password...)
		}
	})
	return texts, passwords
}
