package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/webhooks"
)

const (
	withZeroWidth = "https://hooks.example.com/fourth\u200bwall"
	zeroWidthName = "U+200B (zero-width space)"
)

// TestUnseenIsAskedAbout: a URL with characters that can't be seen is not sent
// before the person has decided, on every form that has a URL.
func TestUnseenIsAskedAbout(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, button string // the button, with %s for the URL without them
		made         string
	}{
		{"without them", "do=without:" + good, good},
		{"as typed", "do=as-typed", withZeroWidth},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			before := len(g.box.Requests())
			pg := p.newForm(shop.ID, withZeroWidth, "DONATION", "ORDER_PLACED").submit()
			pg.want(http.StatusUnprocessableEntity, zeroWidthName, "Create without them", "Create as typed")
			pg.kept(withZeroWidth, "DONATION", "ORDER_PLACED")
			if calls := len(g.box.Requests()) - before; calls != 0 || pg.focused() != "url" {
				t.Errorf("%d calls, focus on %q", calls, pg.focused())
			}
			if said := pg.described("url"); strings.Count(said, zeroWidthName) != 1 {
				t.Errorf("the field is described by %q", said)
			}
			pg.form(p.action()).press(test.button).want(http.StatusOK, "Webhook created")
			if diff := cmp.Diff([]string{test.made}, g.urls(0)); diff != "" {
				t.Error(diff)
			}
			// The decision holds on the pages that follow.
			if test.made == withZeroWidth {
				again := p.newForm(shop.ID, withZeroWidth, "DONATION").submit().form(p.action()).press(test.button)
				again.want(http.StatusOK, "already has a webhook").form(p.action()).press("do=create").
					want(http.StatusOK, "Webhook created")
			}
		})
	}
	t.Run("on the edit form", func(t *testing.T) {
		t.Parallel()
		g := newRig(t, options{})
		p := g.person()
		shop := p.connect(0)
		at := webhookPath(shop.ID, g.add(shop, good, "DONATION").ID) + "/edit"
		pg := p.get(at).form("/edit").set("url", withZeroWidth).submit()
		pg.want(http.StatusUnprocessableEntity, zeroWidthName, "Review changes without them")
		pg.form("/edit").press("do=as-typed").want(http.StatusOK, "Review changes", "U+200B").form("/confirm").submit()
		if diff := cmp.Diff([]string{withZeroWidth}, g.urls(0)); diff != "" {
			t.Error(diff)
		}
		// The webhook has it now, so leaving it is no question.
		p.get(at).want(http.StatusOK, zeroWidthName).form("/edit").set("allowedTypes", "ORDER_PLACED").submit().
			want(http.StatusOK, "Review changes")
	})
	t.Run("before a check", func(t *testing.T) {
		t.Parallel()
		g := newRig(t, options{})
		p := g.person()
		shop := p.connect(0)
		pg := p.post(checksPath(shop.ID), url.Values{"url": {withZeroWidth}, "type": {"DONATION"}})
		pg.want(http.StatusUnprocessableEntity, zeroWidthName)
		pg.form(checksPath(shop.ID)).press("do=as-typed").want(http.StatusOK, "fourth%E2%80%8Bwall")
		pg.form(checksPath(shop.ID)).press("do=without:"+good).want(http.StatusOK, "Requests go to: "+good)
	})
}

// TestAroundAURL: what copying adds around a URL is dropped, and a URL without a
// scheme is completed; each at one press of the button.
func TestAroundAURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ typed, made, said string }{
		{"\ufeff" + good, good, ""},
		{"\u200b\u202a" + good + "\u00ad\u2060\u200f", good, ""},
		{"\u00a0" + good + "\r\n", good, ""},
		{"streamer.bot/x", "https://streamer.bot/x", "added https:// in front"},
		{"hooks.example.com:443/fw", "https://hooks.example.com:443/fw", "added https:// in front"},
	} {
		t.Run(test.made, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			pg := p.newForm(shop.ID, test.typed, "DONATION").submit().want(http.StatusOK, "Webhook created", test.said)
			if strings.Contains(pg.text(), "added https://") != (test.said != "") {
				t.Error("what was added is not said, or nothing was added")
			}
			if diff := cmp.Diff([]string{test.made}, g.urls(0)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOffersOnForms: the URL that was probably meant takes one press, without
// script, on every form that has a URL. Everything else is kept.
func TestOffersOnForms(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, "https://old.example.com/", "DONATION")
	edit := webhookPath(shop.ID, hook.ID) + "/edit"
	for _, typed := range []string{
		"<" + good + ">", "“" + good + "”", "`" + good + "`", "[x](" + good + ")", "<" + good + "|x>", "POST " + good,
		"curl -X POST " + good + " -d x", "https://" + good, "htps://hooks.example.com/fourthwall",
		`https://hooks.example.com\fourthwall`, good + " please",
	} {
		t.Run(typed, func(t *testing.T) {
			before := len(g.box.Requests())
			use := "do=use:" + good
			pg := p.newForm(shop.ID, typed, "DONATION", "ORDER_PLACED").submit().want(http.StatusUnprocessableEntity)
			pg.kept(typed, "DONATION", "ORDER_PLACED")
			pg.form(p.action()).press(use).want(http.StatusOK).kept(good, "DONATION", "ORDER_PLACED")
			pg = p.get(edit).form("/edit").set("url", typed).set("allowedTypes", "ORDER_PLACED").submit()
			pg.want(http.StatusUnprocessableEntity).edited(shop.ID, hook.ID, typed, "ORDER_PLACED")
			pg.form("/edit").press(use).want(http.StatusOK).edited(shop.ID, hook.ID, good, "ORDER_PLACED")
			pg = p.post(checksPath(shop.ID), url.Values{"url": {typed}, "type": {"DONATION"}})
			pg = pg.want(http.StatusUnprocessableEntity).form(checksPath(shop.ID)).press(use).want(http.StatusOK)
			if f := pg.form(checksPath(shop.ID)); f.values.Get("url") != good || f.values.Get("type") != "DONATION" {
				t.Errorf("the check's form has %v", f.values)
			}
			for _, call := range g.box.Requests()[before:] {
				if call.Method == http.MethodPost {
					t.Errorf("%s %s", call.Method, call.Path)
				}
			}
		})
	}
}

// TestRejectedPageKeepsWarnings: the warnings that a person saw while typing are
// on the page of the API's rejection, and of any other fault.
func TestRejectedPageKeepsWarnings(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	for _, test := range []struct {
		address string
		types   []string
		says    []string
	}{
		{
			"http://my-shop.fourthwall.com/{id}#a",
			[]string{"DONATION"},
			[]string{
				"WEBHOOK_URI_UNALLOWED_DOMAIN", "doesn’t send to its own domain my-shop.fourthwall.com", "isn’t encrypted",
				"“{id}”", "never sent",
			},
		},
		{
			"hooks.example.com:8443/a?b&amp;c",
			[]string{"DONATION"},
			[]string{
				"WEBHOOK_URI_PORT_NOT_ALLOWED", "doesn’t send to port 8443", "adds https:// in front", "how HTML writes",
			},
		},
		{
			"http://203.0.113.7:8080/", nil,
			[]string{"Select at least one", "probably rejects IP addresses", "rejects port 8080", "isn’t encrypted"},
		},
		{
			`https://http://localhost\a#b`, nil,
			[]string{"more than once", "a backslash", "your own computer", "isn’t encrypted", "never sent", "Select at"},
		},
	} {
		t.Run(test.address, func(t *testing.T) {
			typed := p.post(urlNotesPath, url.Values{"url": {test.address}}).want(http.StatusOK)
			pg := p.newForm(shop.ID, test.address, test.types...).submit().want(http.StatusUnprocessableEntity)
			pg.kept(test.address, test.types...)
			said := pg.described("url") + pg.described("types")
			for _, want := range test.says {
				if !strings.Contains(said, want) {
					t.Errorf("%q lacks %q", said, want)
				}
			}
			for _, warning := range warningsOf(typed) {
				if strings.Contains(warning, "probably rejects") && strings.Contains(said, "WEBHOOK_URI_") {
					continue // it is a fact now
				}
				if !strings.Contains(said, warning) {
					t.Errorf("%q was said while typing, and now %q", warning, said)
				}
			}
		})
	}
}

// TestNotesWhileTyping: the script gets what the form would say. A URL that may
// not be complete yet is not judged.
func TestNotesWhileTyping(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	for _, test := range []struct {
		address         string
		typing, offered bool
		want            string // "" for nothing
	}{
		{"https://hooks", true, false, ""},
		{"htt", true, false, ""},
		{"https:/", true, false, ""},
		{"https://hooks-", true, false, ""},
		{"https://hooks-", false, false, "can’t be a host name"},
		{"", false, false, ""},
		{good, false, false, ""},
		{"https://hooks", false, false, "only works on your own network"},
		{"htt", false, false, "not a valid URL"},
		{"wss://hooks.exa", true, false, "WebSocket"},
		{"<" + good + ">", true, true, "more here than a URL"},
		{withZeroWidth, true, true, zeroWidthName},
		{"streamer.bot/x", true, false, "adds https:// in front"},
		{"https://\u0440aypal.com/", true, false, "mixes Cyrillic and Latin"},
		{good + "?a&amp;b", true, true, "how HTML writes"},
	} {
		sent := url.Values{"url": {test.address}}
		if test.typing {
			sent.Set("typing", "1")
		}
		pg := p.post(urlNotesPath, sent).want(http.StatusOK, test.want)
		if got := warningsOf(pg); (len(got) == 0) != (test.want == "") {
			t.Errorf("%q: %q", test.address, got)
		}
		if strings.Contains(pg.body, "data-value") != test.offered {
			t.Errorf("%q: offered %v", test.address, pg.body)
		}
		if test.typing {
			continue
		}
		form := p.newForm(shop.ID, test.address).press("do=preset:fulfillment").want(http.StatusOK)
		if diff := cmp.Diff(warningsOf(pg), warningsOf(form)); diff != "" {
			t.Errorf("%q: the form says something else: %s", test.address, diff)
		}
	}
}

// TestURLNotesAreForOneURL: nobody can send texts of a megabyte without signing in. A URL that is a little too long is
// still judged.
func TestURLNotesAreForOneURL(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	for _, test := range []struct {
		typed  string
		status int
		want   string
	}{
		{good + strings.Repeat("ü", webhooks.MaxURL/2), http.StatusOK, "longer than"},
		{strings.Repeat("<https://a.example> ", 4000), http.StatusRequestEntityTooLarge, ""},
	} {
		p.post(urlNotesPath, url.Values{"url": {test.typed}}).want(test.status, test.want)
	}
}

// warningsOf returns the warnings below the URL field.
func warningsOf(pg *page) []string {
	all := strings.Split(pg.byID("url-warnings"), "Warning: ")
	for i, one := range all {
		all[i] = strings.TrimSpace(one)
	}
	return slices.DeleteFunc(all, func(one string) bool { return one == "" })
}
