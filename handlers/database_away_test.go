package handlers

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/sandbox"
)

// TestDatabaseIsAway: a form that cannot be kept comes back as it was sent, or
// with a button that sends it again. Secrets do not come back.
func TestDatabaseIsAway(t *testing.T) {
	t.Parallel()
	if os.Getenv("HOOKWALL_TEST_POSTGRES") != "" {
		t.Skip("a file is taken away")
	}
	tests := []struct {
		name   string
		path   func(shop sandbox.DemoShop, hook string) string
		sent   url.Values
		action func(shop sandbox.DemoShop, hook string) string // of the form on the page; nil for none
		kept   url.Values                                      // what that form has of what was sent
		says   string
	}{
		{
			"its own form", func(shop sandbox.DemoShop, _ string) string { return webhooksPath(shop.ID) },
			url.Values{"url": {good}, "allowedTypes": {"DONATION", "ORDER_PLACED"}},
			func(shop sandbox.DemoShop, _ string) string { return webhooksPath(shop.ID) },
			url.Values{"url": {good}, "allowedTypes": {"DONATION", "ORDER_PLACED"}},
			"Your input is kept below",
		},
		{
			"a button that sends it again", func(shop sandbox.DemoShop, hook string) string { return webhookPath(shop.ID, hook) + "/delete" },
			url.Values{"a": {"1", "2"}, "b": {"<b>"}},
			func(shop sandbox.DemoShop, hook string) string { return webhookPath(shop.ID, hook) + "/delete" },
			url.Values{"a": {"1", "2"}, "b": {"<b>"}},
			"Send it again in a moment",
		},
		{
			"what is secret has to be typed again", func(shop sandbox.DemoShop, hook string) string { return webhookPath(shop.ID, hook) + "/delete" },
			url.Values{"a": {"1"}, "secret": {"canary-secret"}},
			nil, nil, "you’re still signed in",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := options{file: filepath.Join(t.TempDir(), "h.db"), limits: Limits{Writes: sevenSeconds(9)}}
			g := newRig(t, o)
			p := g.person()
			shop := p.connect(0)
			hook := g.add(shop, good+"/there", "DONATION").ID
			g.must(os.Rename(o.file, o.file+".away"))
			pg := p.post(test.path(shop, hook), test.sent).want(http.StatusServiceUnavailable, unavailableTitle, unavailableFix,
				test.says)
			if got := pg.header.Get("Retry-After"); got != "10" {
				t.Errorf("Retry-After is %q", got)
			}
			if strings.Contains(pg.body, "canary") {
				t.Error("a secret is on the page")
			}
			if test.action == nil {
				if strings.Contains(pg.body, test.path(shop, hook)) {
					t.Error("there is a button that sends it again")
				}
				return
			}
			f := pg.form(test.action(shop, hook))
			got := url.Values{}
			for name := range test.kept {
				got[name] = sorted(f.values[name])
			}
			if diff := cmp.Diff(test.kept, got); diff != "" {
				t.Errorf("(-sent +drawn)\n%s", diff)
			}
			g.must(os.Rename(o.file+".away", o.file))
			f.submit().want(http.StatusOK)
		})
	}
}

// TestDatabaseFailsDuringARequest: a change that took effect stays, and only
// its notice is lost.
func TestDatabaseFailsDuringARequest(t *testing.T) {
	t.Parallel()
	if os.Getenv("HOOKWALL_TEST_POSTGRES") != "" {
		t.Skip("a file is taken away")
	}
	o := options{file: filepath.Join(t.TempDir(), "h.db")}
	g := newRig(t, o)
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	f := asked(p, shop, hook)
	g.calls.set(func(c apiCall) {
		if c.method == http.MethodDelete {
			if err := os.Rename(o.file, o.file+".away"); err != nil {
				t.Error(err)
			}
		}
	}, nil)
	pg := p.noRedirects().post(f.action, f.values).want(http.StatusSeeOther)
	if line := pg.line("a notice could not be kept"); line["level"] != "ERROR" || line["title"] == "" {
		t.Errorf("the line is %v", line)
	}
	if all := g.box.Webhooks(shop.ID); len(all) != 0 {
		t.Errorf("%d webhooks", len(all))
	}
	p.get(pg.header.Get("Location")).want(http.StatusServiceUnavailable, unavailableTitle)
	g.must(os.Rename(o.file+".away", o.file))
	p.get(pg.header.Get("Location")).want(http.StatusOK)
}
