package handlers

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// TestTools lists the tools, with and without shops.
func TestTools(t *testing.T) {
	g := newRig(t, options{})
	p := g.person()
	shops := g.box.Shops()
	tool := func(pg *page, name string) string {
		pg.want(http.StatusOK, "Tools")
		to := ""
		walk(pg.doc, func(n *html.Node) {
			if n.Data == "a" && strings.TrimSpace(textOf(n)) == name {
				to = attr(n, "href")
			}
		})
		return to
	}
	for _, step := range []struct {
		connect      int // shop; -1 for none
		check, tests string
	}{
		{-1, connectPath, connectPath},
		{0, checksPath(shops[0].ID) + "/new", webhooksPath(shops[0].ID)},
		{1, checksPath(shops[1].ID) + "/new", webhooksPath(shops[1].ID)},
	} {
		if step.connect >= 0 {
			p.connect(step.connect)
		}
		pg := p.get("/tools")
		for name, want := range map[string]string{
			"Check a signature": signaturePath, "Sample events": "/samples/ORDER_PLACED",
			"Check an endpoint": step.check, "Send a test delivery": step.tests,
		} {
			if got := tool(pg, name); got != want {
				t.Errorf("with shop %d: %s leads to %q, want %q", step.connect, name, got, want)
			}
			p.get(want).want(http.StatusOK)
		}
	}
	if got := tool(p.get(signaturePath), "Tools"); got != toolsPath {
		t.Errorf("a tool leads back to %q", got)
	}
}

// TestTrailingSlashes: every page is found with slashes at its end, and nothing
// else is.
func TestTrailingSlashes(t *testing.T) {
	g := newRig(t, options{})
	p := g.person().noRedirects()
	for _, rt := range g.server.routes() {
		path := strings.ReplaceAll(concrete(rt.path, "sh_1"), "{type}", "DONATION")
		if rt.path == "/{$}" || rt.path == "/static/" {
			continue
		}
		for _, slashes := range []string{"/", "//"} {
			pg := p.send(rt.method, path+slashes)
			isLed := pg.status == http.StatusPermanentRedirect && pg.header.Get("Location") == path
			if isLed != (rt.method == http.MethodGet) {
				t.Errorf("%s %s: %d to %q", rt.method, path+slashes, pg.status, pg.header.Get("Location"))
			}
		}
	}
	for path, want := range map[string]string{
		"/connect/?return=%2Fshops":       "/connect?return=%2Fshops",
		"/shops/sh_1/webhooks/a%2Fb/":     "/shops/sh_1/webhooks/a%2Fb",
		"/shops/sh_1/webhooks.csv///?q=a": "/shops/sh_1/webhooks.csv?q=a",
		"/nothing/":                       "",
		"/display/":                       "/display",
		"//evil.example/":                 "",
		"//evil.example//":                "",
		"///evil.example/":                "",
		"/%2f%2fevil.example/":            "",
		"/%5cevil.example/":               "",
		"//evil.example/connect/":         "",
	} {
		pg := p.get(g.url + path)
		got, moved := pg.header.Get("Location"), pg.status == http.StatusPermanentRedirect
		if moved && got != want || want != "" && !moved {
			t.Errorf("%s: %d to %q, want %q", path, pg.status, got, want)
		}
		if got != "" && !staysHere(g.url, got) {
			t.Errorf("%s leads away to %q", path, got)
		}
	}
	if pg := p.do(p.request(http.MethodHead, "/connect/", nil)); pg.status != http.StatusPermanentRedirect {
		t.Errorf("HEAD: %d", pg.status)
	}
}

// TestSecurityText reads the file as RFC 9116 describes it.
func TestSecurityText(t *testing.T) {
	for name, test := range map[string]struct {
		public   string
		contacts []string
		want     []string
	}{
		"a host":           {"https://hooks.example.com", nil, []string{"mailto:security@hooks.example.com"}},
		"a host with port": {"https://hooks.example.com:8443", nil, []string{"mailto:security@hooks.example.com"}},
		"an address":       {"http://192.0.2.1", nil, []string{"mailto:security@%5B192.0.2.1%5D"}},
		"IPv6":             {"http://[2001:db8::7]", nil, []string{"mailto:security@%5BIPv6:2001:db8::7%5D"}},
		"contacts":         {"", []string{"mailto:a@example.com", "https://example.com/report"}, []string{"mailto:a@example.com", "https://example.com/report"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, options{publicURL: test.public})
			g.server.SecurityContacts = test.contacts
			pg := g.person().get("/.well-known/security.txt").want(http.StatusOK)
			fields := map[string][]string{}
			for lines := bufio.NewScanner(strings.NewReader(pg.body)); lines.Scan(); {
				name, value, _ := strings.Cut(lines.Text(), ": ")
				fields[name] = append(fields[name], value)
			}
			if got := strings.Join(fields["Contact"], " "); got != strings.Join(test.want, " ") {
				t.Errorf("contacts %q, want %q", got, test.want)
			}
			for _, contact := range fields["Contact"] {
				if u, err := url.Parse(contact); err != nil || u.Scheme == "" {
					t.Errorf("%q is no URI: %v", contact, err)
				}
			}
			expires := fields["Expires"]
			at, err := time.Parse(time.RFC3339, strings.Join(expires, " "))
			if left := time.Until(at); err != nil || left < 24*time.Hour || left > 365*24*time.Hour {
				t.Errorf("expires at %v, %v", expires, err)
			}
			if pg.header.Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Errorf("the type is %s", pg.header.Get("Content-Type"))
			}
			address := g.server.PublicURL.String() + "/.well-known/security.txt"
			if canonical := fields["Canonical"]; len(canonical) != 1 || canonical[0] != address {
				t.Errorf("canonical %q", canonical)
			}
		})
	}
}

// TestShopStaysOnTools: pages that belong to no shop keep the one that was open
// last in the bar, or the only one.
func TestShopStaysOnTools(t *testing.T) {
	g := newRig(t, options{})
	p := g.person()
	shops := g.box.Shops()
	inBar := func(path string) (name string) {
		walk(p.get(path).doc, func(n *html.Node) {
			if attr(n, "class") == "menu switcher" {
				walk(n, func(n *html.Node) {
					if n.Data == "summary" {
						name = strings.TrimPrefix(strings.TrimSpace(textOf(n)), "Shop: ")
					}
				})
			}
		})
		return strings.TrimSpace(name)
	}
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"nobody", func() {}, ""},
		{"the only one", func() { p.connect(0) }, shops[0].Name},
		{"just connected", func() { p.connect(1) }, shops[1].Name},
		{"opened before", func() { p.get(activityPath(shops[0].ID)) }, shops[0].Name},
		{"opened last", func() { p.get(checksPath(shops[1].ID) + "/new") }, shops[1].Name},
		{"no page of a shop", func() { p.get(shopsPath); p.get(webhooksCSVPath(shops[0].ID)) }, shops[1].Name},
		{"not connected", func() { p.get(webhooksPath(shops[2].ID)) }, shops[1].Name},
		{"disconnected", func() { p.post(disconnectPath(shops[1].ID), nil) }, shops[0].Name},
		{"signed out", func() { p.signOut() }, ""},
		{"others", func() { p.connect(1); p.connect(2) }, shops[2].Name},
	} {
		step.do()
		for _, path := range []string{toolsPath, signaturePath, "/samples/DONATION", helpPath, displayPath, "/nothing"} {
			if got := inBar(path); got != step.want {
				t.Errorf("%s: %s has %q in its bar, want %q", step.name, path, got, step.want)
			}
		}
	}
}
