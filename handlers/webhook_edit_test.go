package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// oddTypes are event types that are in no catalog and are easily corrupted.
var oddTypes = []string{
	"zz_lower", "ÜNÏCODE_☃", `QUO"TE'S`, "WITH  BLANKS ", "<b>&amp;</b>", "DONATION", "zz_lower", "a,b",
	"ORDER_PLACED",
}

// editForm opens the edit form of a webhook.
func (p *person) editForm(shopID, id string) *form {
	p.t.Helper()
	return p.get(editPath(shopID, id)).want(http.StatusOK).form(editPath(shopID, id))
}

// tick sets and clears ticks.
func (f *form) tick(add, remove string) *form {
	types := slices.DeleteFunc(slices.Clone(f.values["allowedTypes"]), func(code string) bool { return code == remove })
	if add != "" {
		types = append(types, add)
	}
	return f.set("allowedTypes", types...)
}

// section is the text of the part of the page with this heading's id.
func (pg *page) section(id string) (text string) {
	walk(pg.doc, func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == "section" && attr(n, "aria-labelledby") == id {
			text = textOf(n)
		}
	})
	return text
}

// edited compares what an edit form holds.
func (pg *page) edited(shopID, id, address string, types ...string) {
	pg.p.t.Helper()
	f := pg.form(editPath(shopID, id))
	got := append([]string{f.values.Get("url")}, sorted(f.values["allowedTypes"])...)
	if diff := cmp.Diff(append([]string{address}, sorted(types)...), got); diff != "" {
		pg.p.t.Errorf("the form holds something else: %s", diff)
	}
}

// TestEditSendsEverything compares what is sent with what there was.
func TestEditSendsEverything(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		url    string
		types  []string
		change func(*form)
		want   string   // URL that is sent
		sent   []string // types that are sent
		status int      // after saving
	}{
		{
			"a type more", good,
			[]string{"ORDER_PLACED", "LIVESTREAM_STARTED", "DONATION"},
			func(f *form) { f.tick("ORDER_UPDATED", "") }, good,
			[]string{"ORDER_PLACED", "LIVESTREAM_STARTED", "DONATION", "ORDER_UPDATED"},
			200,
		},
		{
			"a type less", good,
			[]string{"THANK_YOU_SENT", "ORDER_PLACED", "DONATION"},
			func(f *form) { f.tick("", "ORDER_PLACED") }, good,
			[]string{"THANK_YOU_SENT", "DONATION"},
			200,
		},
		{
			"one for another", good,
			[]string{"THANK_YOU_SENT", "ORDER_PLACED", "DONATION"},
			func(f *form) { f.tick("COLLECTION_UPDATED", "THANK_YOU_SENT") }, good,
			[]string{"ORDER_PLACED", "DONATION", "COLLECTION_UPDATED"},
			200,
		},
		{
			"another address", good,
			[]string{"THANK_YOU_SENT", "ORDER_PLACED", "DONATION"},
			func(f *form) { f.set("url", " "+good+"/2 ") }, good + "/2",
			[]string{"THANK_YOU_SENT", "ORDER_PLACED", "DONATION"},
			200,
		},
		{"invented types, another address", good, oddTypes, func(f *form) { f.set("url", good+"/2") }, good + "/2", oddTypes, 200},
		{
			"invented types, a type more", good, oddTypes, func(f *form) { f.tick("GIFT_PURCHASE", "") }, good,
			append(slices.Clone(oddTypes), "GIFT_PURCHASE"), 200,
		},
		{
			"an invented type less", good, oddTypes, func(f *form) { f.tick("", "zz_lower") }, good,
			slices.DeleteFunc(slices.Clone(oddTypes), func(code string) bool { return code == "zz_lower" }), 200,
		},
		{
			"an address that nobody would take", " ftp://no host:99999/ä\u00a0b ",
			[]string{"DONATION"},
			func(f *form) { f.tick("ORDER_PLACED", "") },
			" ftp://no host:99999/ä\u00a0b ",
			[]string{"DONATION", "ORDER_PLACED"},
			422,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, test.url, test.types...).ID
			f := p.editForm(shop.ID, id)
			f.page.edited(shop.ID, id, test.url, test.types...)
			test.change(f)
			pg := f.submit().want(http.StatusOK, "Review changes", "Check your changes")
			if n := len(g.calls.of(http.MethodPut)); n != 0 {
				t.Fatalf("%d calls before it was saved", n)
			}
			pg.form("/edit/confirm").submit().want(test.status)
			puts := g.calls.of(http.MethodPut)
			if len(puts) != 1 || puts[0].path != apiWebhooks+"/"+id {
				t.Fatalf("sent %+v", puts)
			}
			var body map[string]any
			g.must(json.Unmarshal([]byte(puts[0].body), &body))
			sent := []any{}
			for _, code := range test.sent {
				sent = append(sent, code)
			}
			if diff := cmp.Diff(map[string]any{"url": test.want, "allowedTypes": sent}, body); diff != "" {
				t.Error(diff)
			}
			if hook := g.hook(shop, id); test.status == http.StatusOK &&
				(hook.URL != test.want || !slices.Equal(hook.AllowedTypes, test.sent)) {
				t.Errorf("the sandbox has %+v", hook)
			}
		})
	}
}

// TestEditKeepsLineBreaks: line breaks in event types are kept, although
// browsers change them.
func TestEditKeepsLineBreaks(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "A\nB", "C\rD", "E\r\nF", "DONATION")
	p.editForm(shop.ID, hook.ID).tick("GIFT_PURCHASE",
		"DONATION").submit().form("/edit/confirm").submit().want(http.StatusOK, "The webhook is saved")
	want := []string{"A\nB", "C\rD", "E\r\nF", "GIFT_PURCHASE"}
	if got := g.hook(shop, hook.ID).AllowedTypes; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestEditFormIsRead: the form shows what Fourthwall has now.
func TestEditFormIsRead(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "DONATION").ID
	p.editForm(shop.ID, id).page.edited(shop.ID, id, good, "DONATION")
	g.changed(shop, id, good+"/2", "ORDER_PLACED")
	p.editForm(shop.ID, id).page.edited(shop.ID, id, good+"/2", "ORDER_PLACED")
	p.get(editPath(shop.ID, id)+"?add=DONATION,MADE_UP").want(http.StatusOK).edited(shop.ID, id, good+"/2", "ORDER_PLACED",
		"DONATION")
}

// TestEditRejectedImmediately: input that cannot be saved is rejected without
// calling the API.
func TestEditRejectedImmediately(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "DONATION", "LIVESTREAM_STARTED").ID
	both := []string{"DONATION", "LIVESTREAM_STARTED"}
	tests := []struct {
		name  string
		url   string
		types []string
		texts []string
		focus string
	}{
		{"nothing was changed", good, both, []string{"Nothing has changed"}, "banner"},
		{"blanks around the address", "  " + good + " ", both, []string{"Nothing has changed"}, "banner"},
		{"another order", good, []string{"LIVESTREAM_STARTED", "DONATION"}, []string{"Nothing has changed"}, "banner"},
		{"a type that is not known", good, append(slices.Clone(both), "MADE_UP"), []string{"doesn’t know some of the selected event types", "MADE_UP"}, "types"},
		{"a type that only looks like the one it has", good, []string{"DONATION", "livestream_started"}, []string{"doesn’t know some of the selected event types"}, "types"},
		{"no types", good, nil, []string{"Select at least one"}, "types"},
		{"no address", "", both, []string{"Enter the URL"}, "url"},
		{"no address, no types", " ", nil, []string{"Enter the URL", "Select at least one"}, "summary"},
		{"another scheme", "ftp://hooks.example.com/", both, []string{"the URL of a file server"}, "url"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g.move(time.Minute) // the quota of the sandbox
			f := p.editForm(shop.ID, id)
			before := len(g.box.Requests())
			pg := f.set("url", test.url).set("allowedTypes", test.types...).submit().want(http.StatusUnprocessableEntity,
				test.texts...)
			if calls := len(g.box.Requests()) - before; calls != 0 {
				t.Errorf("the API was asked %d times", calls)
			}
			pg.edited(shop.ID, id, test.url, test.types...)
			if pg.focused() != test.focus {
				t.Errorf("focus on %q, want %q", pg.focused(), test.focus)
			}
			if !strings.Contains(pg.text(), "LIVESTREAM_STARTED") {
				t.Error("the unknown type of the webhook is not shown")
			}
		})
	}
}

// TestEditButtonsKeepInput clicks the buttons that change the ticks without
// script.
func TestEditButtonsKeepInput(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, oddTypes...).ID
	odd := slices.DeleteFunc(slices.Clone(oddTypes), isKnownType)
	tests := []struct {
		button string
		want   []string
	}{
		{"preset:fulfillment", append(slices.Clone(oddTypes), "ORDER_UPDATED")},
		{"group:orders:all", append(slices.Clone(oddTypes), "ORDER_UPDATED")},
		{"group:unknown:off", []string{"DONATION", "ORDER_PLACED"}},
		{"preset:everything", append(slices.Clone(odd), allTypes()...)},
		{"none", nil},
	}
	for _, test := range tests {
		t.Run(test.button, func(t *testing.T) {
			g.move(time.Minute)
			f := p.editForm(shop.ID, id).set("url", "not yet a URL")
			pg := f.press("do=" + test.button).want(http.StatusOK)
			pg.edited(shop.ID, id, "not yet a URL", test.want...)
			again := pg.form(editPath(shop.ID, id)).press("do=undo").want(http.StatusOK)
			again.edited(shop.ID, id, "not yet a URL", oddTypes...)
			for _, redrawn := range []*page{pg, again} {
				v := redrawn.form(editPath(shop.ID, id)).values
				if v.Get("base_url") != good || !slices.Equal(v["base_types"], oddTypes) {
					t.Errorf("the form came from %q %q", v.Get("base_url"), v["base_types"])
				}
				for _, code := range odd {
					if !strings.Contains(redrawn.text(), strings.Join(strings.Fields(code), " ")) {
						t.Errorf("%q is not shown", code)
					}
				}
			}
			pg = again.form(editPath(shop.ID, id)).set("url", good+"/2").submit().want(http.StatusOK)
			pg.form("/edit/confirm").submit().want(http.StatusOK)
			if hook := g.hook(shop, id); !slices.Equal(hook.AllowedTypes, oddTypes) || hook.URL != good+"/2" {
				t.Errorf("the sandbox has %+v", hook)
			}
			g.changed(shop, id, good, oddTypes...)
		})
	}
}

// TestReview shows what a save will change.
func TestReview(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "DONATION", "ORDER_PLACED", "LIVESTREAM_STARTED").ID
	tests := []struct {
		name   string
		change func(*form)
		there  []string
		absent []string
	}{
		{
			"a type more", func(f *form) { f.tick("GIFT_PURCHASE", "") },
			[]string{"1 event type added", "Gift purchase", "3 event types stay", "LIVESTREAM_STARTED", "stays"},
			[]string{"removed", "Then"},
		},
		{
			"a type less", func(f *form) { f.tick("", "LIVESTREAM_STARTED") },
			[]string{"1 event type removed", "LIVESTREAM_STARTED", "2 event types stay"},
			[]string{"added", "Then"},
		},
		{
			"another address", func(f *form) { f.set("url", good+"/2") },
			[]string{"Now " + good + " ", "Then " + good + "/2", "3 event types stay"},
			[]string{"added", "removed"},
		},
		{
			"all of it", func(f *form) { f.set("url", good+"/2").set("allowedTypes", "GIFT_PURCHASE", "COLLECTION_UPDATED") },
			[]string{"Now " + good + " ", "Then " + good + "/2", "2 event types added", "3 event types removed"},
			[]string{"stay"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g.move(time.Minute)
			f := p.editForm(shop.ID, id)
			test.change(f)
			pg := f.submit().want(http.StatusOK)
			changes := pg.section("changes") + " "
			for _, text := range test.there {
				if !strings.Contains(changes, text) {
					t.Errorf("lacks %q: %s", text, changes)
				}
			}
			for _, text := range test.absent {
				if strings.Contains(changes, text) {
					t.Errorf("has %q: %s", text, changes)
				}
			}
			if strings.Contains(pg.url.String(), "hooks.example.com") {
				t.Errorf("at %s", pg.url)
			}
			// Keep editing leads back to the form, as it was left.
			back := pg.link("Keep editing").want(http.StatusOK)
			back.edited(shop.ID, id, f.values.Get("url"), f.values["allowedTypes"]...)
			if n := len(g.calls.of(http.MethodPut)); n != 0 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// conflict opens the form, changes the webhook at Fourthwall, and returns the
// page that the person then sees.
func (p *person) conflict(shop sandbox.DemoShop, id string) *page {
	p.t.Helper()
	f := p.editForm(shop.ID, id).set("url", good+"/mine").tick("GIFT_PURCHASE", "DONATION")
	p.changed(shop, id, good+"/theirs", "ORDER_PLACED", "LIVESTREAM_STARTED", "COLLECTION_UPDATED")
	return f.submit()
}

func TestConflict(t *testing.T) {
	t.Parallel()
	before := []string{"DONATION", "ORDER_PLACED", "LIVESTREAM_STARTED"}
	mine := []string{"ORDER_PLACED", "LIVESTREAM_STARTED", "GIFT_PURCHASE"}
	theirs := []string{"ORDER_PLACED", "LIVESTREAM_STARTED", "COLLECTION_UPDATED"}
	save := func(pg *page) *page { return pg.form("/edit/confirm").submit() }
	tests := []struct {
		name   string
		choose func(*rig, sandbox.DemoShop, string, *page) *page
		status int
		url    string
		types  []string
	}{
		{"save mine", func(_ *rig, _ sandbox.DemoShop, _ string, pg *page) *page { return save(pg) }, 200, good + "/mine", mine},
		{"edit mine", func(_ *rig, shop sandbox.DemoShop, id string, pg *page) *page {
			form := pg.link("Edit mine").want(http.StatusOK)
			form.edited(shop.ID, id, good+"/mine", mine...)
			pg = form.form(editPath(shop.ID, id)).tick("DONATION", "").submit().want(http.StatusOK, "Review changes",
				"1 event type removed", "Collection updated")
			return save(pg)
		}, 200, good + "/mine", append(slices.Clone(mine), "DONATION")},
		{"keep theirs", func(_ *rig, _ sandbox.DemoShop, _ string, pg *page) *page {
			return pg.link("Keep theirs")
		}, 200, good + "/theirs", theirs},
		{"changed yet again", func(g *rig, shop sandbox.DemoShop, id string, pg *page) *page {
			g.changed(shop, id, good+"/again", "DONATION")
			return save(pg)
		}, 409, good + "/again", []string{"DONATION"}},
		{"changed yet again, mine saved then", func(g *rig, shop sandbox.DemoShop, id string, pg *page) *page {
			g.changed(shop, id, good+"/again", "DONATION")
			return save(save(pg).want(http.StatusConflict, good+"/again", good+"/mine"))
		}, 200, good + "/mine", mine},
		{"another order at Fourthwall is no change", func(g *rig, shop sandbox.DemoShop, id string, pg *page) *page {
			g.changed(shop, id, good+"/theirs", "COLLECTION_UPDATED", "LIVESTREAM_STARTED", "ORDER_PLACED")
			return save(pg)
		}, 200, good + "/mine", []string{"LIVESTREAM_STARTED", "ORDER_PLACED", "GIFT_PURCHASE"}},
		{"made like mine at Fourthwall", func(g *rig, shop sandbox.DemoShop, id string, pg *page) *page {
			g.changed(shop, id, good+"/mine", mine...)
			return save(pg)
		}, 200, good + "/mine", mine},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, before...).ID
			g.add(shop, good+"/other", "GIFT_PURCHASE", "LIVESTREAM_STARTED")
			pg := p.conflict(shop, id).want(http.StatusConflict, "Your change is not saved")
			if n := len(g.calls.of(http.MethodPut)); n != 0 {
				t.Errorf("%d calls before a choice was made", n)
			}
			for _, line := range []string{
				"Endpoint URL differs " + good + "/mine " + good + "/theirs",
				"Gift purchase Selected Not selected", "Collection updated Not selected Selected",
			} {
				if !strings.Contains(pg.section("versions"), line) {
					t.Errorf("no line %q: %s", line, pg.section("versions"))
				}
			}
			test.choose(g, shop, id, pg).want(test.status)
			if hook := g.hook(shop, id); hook.URL != test.url || !slices.Equal(hook.AllowedTypes, test.types) {
				t.Errorf("the sandbox has %+v", hook)
			}
		})
	}
}

// TestConflictAtSave: a change between the review and the save is detected.
func TestConflictAtSave(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "DONATION").ID
	pg := p.editForm(shop.ID, id).tick("ORDER_PLACED", "").submit().want(http.StatusOK)
	g.changed(shop, id, good+"/theirs", "DONATION")
	pg.form("/edit/confirm").submit().want(http.StatusConflict, good+"/theirs", "Save mine").
		form("/edit/confirm").submit().want(http.StatusOK, "The webhook is saved")
	if hook := g.hook(shop, id); hook.URL != good ||
		!slices.Equal(hook.AllowedTypes, []string{"DONATION", "ORDER_PLACED"}) {
		t.Errorf("the sandbox has %+v", hook)
	}
	for _, c := range g.calls.of(http.MethodPut) {
		if strings.Contains(c.body, "theirs") {
			t.Errorf("sent %s", c.body)
		}
	}
}

// TestEditResponses checks what the person gets for each response of the API to
// a save.
func TestEditResponses(t *testing.T) {
	t.Parallel()
	id := http.Header{"X-Request-Id": {"req-777"}, "Retry-After": {"60"}}
	tests := []struct {
		name   string
		url    string // "" for a good one
		fail   sandbox.Failure
		status int
		texts  []string
		focus  string
		atURL  string
		saved  bool
		retry  string
		noForm bool
	}{
		{
			name: "an IP number", url: "https://203.0.113.7/fw", status: 422, focus: "url", atURL: "WEBHOOK_URI_IP_NOT_ALLOWED",
			texts: []string{"Changes not saved", "The URL has 1 problem. Your 2 event types are kept."},
		},
		{name: "a port", url: "https://hooks.example.com:8443/fw", status: 422, focus: "url", atURL: "WEBHOOK_URI_PORT_NOT_ALLOWED"},
		{name: "a domain", url: "https://shop.fourthwall.com/fw", status: 422, focus: "url", atURL: "WEBHOOK_URI_UNALLOWED_DOMAIN"},
		{name: "an unknown code", fail: sandbox.Failure{Status: 400, Code: "SOMETHING_ELSE", Header: id}, status: 422, texts: []string{"SOMETHING_ELSE", "req-777", "Nothing was changed"}, focus: "banner", retry: "60"},
		{name: "no permission", fail: sandbox.Failure{Status: 403, Code: "FORBIDDEN"}, status: 403, texts: []string{"webhook_write", "Connect the shop again", "can’t change"}, focus: "banner"},
		{name: "deleted since", fail: sandbox.Failure{Status: 404, Code: "WEBHOOK_CONFIGURATION_NOT_FOUND"}, status: 404, texts: []string{"no longer exists", "Create it as a new webhook"}, focus: "banner"},
		{name: "too many requests", fail: sandbox.Failure{Status: 429, Header: id}, status: 503, texts: []string{"busy", "60 seconds", "Nothing was changed"}, focus: "banner", retry: "60"},
		{name: "busy", fail: sandbox.Failure{Status: 503, Header: id}, status: 503, texts: []string{"busy", "Nothing was changed"}, focus: "banner", retry: "60"},
		{name: "a fault, without effect", fail: sandbox.Failure{Status: 500, Header: http.Header{"X-Request-Id": {"req-777"}}}, status: 502, texts: []string{"couldn’t confirm", "req-777"}, focus: "banner"},
		{name: "a fault, with effect", fail: sandbox.Failure{Status: 500, Effect: true}, status: 200, texts: []string{"The webhook is saved"}, saved: true, noForm: true, focus: "flash-0"},
		{name: "cut before", fail: sandbox.Failure{Cut: sandbox.CutBefore, Times: 9}, status: 502, texts: []string{"couldn’t confirm"}, focus: "banner"},
		{name: "cut after", fail: sandbox.Failure{Cut: sandbox.CutAfter, Times: 9}, status: 200, texts: []string{"The webhook is saved"}, saved: true, noForm: true, focus: "flash-0"},
		{name: "cut in the answer", fail: sandbox.Failure{Cut: sandbox.CutBody, Times: 9}, status: 200, texts: []string{"The webhook is saved"}, saved: true, noForm: true, focus: "flash-0"},
		{name: "no answer in time, without effect", fail: sandbox.Failure{Cut: sandbox.CutBefore, Delay: time.Minute}, status: 502, texts: []string{"couldn’t confirm"}, focus: "banner"},
		{name: "no answer in time, with effect", fail: sandbox.Failure{Delay: time.Minute}, status: 200, texts: []string{"The webhook is saved"}, saved: true, noForm: true, focus: "flash-0"},
		{name: "an unreadable yes, with effect", fail: sandbox.Failure{Status: 200, Body: "<html>ok", Effect: true}, status: 200, texts: []string{"The webhook is saved"}, saved: true, noForm: true, focus: "flash-0"},
		{name: "a redirect", fail: sandbox.Failure{Status: 302, Header: http.Header{"Location": {"/elsewhere"}}}, status: 502, texts: []string{"couldn’t confirm"}, focus: "banner"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{budget: 700 * time.Millisecond})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION").ID
			address := test.url
			if address == "" {
				address = good + "/2"
			}
			pg := p.editForm(shop.ID, id).set("url", address).tick("ORDER_PLACED", "").submit().want(http.StatusOK)
			if test.url == "" {
				test.fail.Method, test.fail.Path = http.MethodPut, apiWebhooks+"/"+id
				g.box.FailNext(test.fail)
			}
			pg = pg.form("/edit/confirm").submit().want(test.status, test.texts...)
			g.box.ForgetFailures()
			if hook := g.hook(shop, id); (hook.URL == address) != test.saved {
				t.Errorf("the sandbox has %+v", hook)
			}
			if pg.header.Get("Retry-After") != test.retry {
				t.Errorf("Retry-After %q, want %q", pg.header.Get("Retry-After"), test.retry)
			}
			if pg.focused() != test.focus {
				t.Errorf("focus on %q, want %q", pg.focused(), test.focus)
			}
			if got := pg.described("url"); !strings.Contains(got, test.atURL) ||
				strings.Contains(got, "WEBHOOK_URI") != (test.atURL != "") {
				t.Errorf("beside the URL: %q, want %q", got, test.atURL)
			}
			if test.noForm {
				return
			}
			pg.edited(shop.ID, id, address, "DONATION", "ORDER_PLACED")
			again := pg.form(editPath(shop.ID, id)).set("url", good+"/3").submit().want(http.StatusOK, "Review changes")
			again.form("/edit/confirm").submit().want(http.StatusOK, "The webhook is saved", good+"/3")
		})
	}
}

// TestEditUnread: the webhook cannot be read, at each step of an edit.
func TestEditUnread(t *testing.T) {
	t.Parallel()
	form := func(p *person, shop sandbox.DemoShop, id string) func() *page {
		return func() *page { return p.get(editPath(shop.ID, id)) }
	}
	review := func(p *person, shop sandbox.DemoShop, id string) func() *page {
		return p.editForm(shop.ID, id).tick("ORDER_PLACED", "").submit
	}
	save := func(p *person, shop sandbox.DemoShop, id string) func() *page {
		return review(p, shop, id)().want(http.StatusOK).form("/edit/confirm").submit
	}
	current := func(p *person, shop sandbox.DemoShop, id string) func() *page {
		pg := p.conflict(shop, id).want(http.StatusConflict)
		return func() *page { return pg.link("Edit mine") }
	}
	after := http.Header{"Retry-After": {"60"}}
	tests := []struct {
		name   string
		step   func(*person, sandbox.DemoShop, string) func() *page
		fail   sandbox.Failure
		status int
		texts  []string
		retry  string
		keeps  bool
	}{
		{"the form, gone", form, sandbox.Failure{Status: 404, Code: "WEBHOOK_CONFIGURATION_NOT_FOUND"}, 404, []string{"doesn’t know this webhook"}, "", false},
		{"the form, not allowed", form, sandbox.Failure{Status: 403, Code: "OPEN_API_FORBIDDEN"}, 403, []string{"webhook_read", "Connect the shop again"}, "", false},
		{"the form, busy", form, sandbox.Failure{Status: 429, Header: after}, 503, []string{"busy"}, "60", false},
		{"the form, a fault", form, sandbox.Failure{Status: 500}, 502, []string{"didn’t respond as expected"}, "", false},
		{"the review, gone", review, sandbox.Failure{Status: 404, Code: "WEBHOOK_CONFIGURATION_NOT_FOUND"}, 404, []string{"no longer exists", "Create it as a new webhook"}, "", true},
		{"the review, not allowed", review, sandbox.Failure{Status: 403, Code: "OPEN_API_FORBIDDEN"}, 403, []string{"webhook_read", "Connect the shop again"}, "", true},
		{"the review, busy", review, sandbox.Failure{Status: 429, Header: after}, 503, []string{"busy", "Nothing was saved"}, "60", true},
		{"the review, a fault", review, sandbox.Failure{Status: 500}, 502, []string{"Nothing was saved"}, "", true},
		{"the save, gone", save, sandbox.Failure{Status: 404, Code: "WEBHOOK_CONFIGURATION_NOT_FOUND"}, 404, []string{"no longer exists", "Create it as a new webhook"}, "", true},
		{"the save, not allowed", save, sandbox.Failure{Status: 403, Code: "OPEN_API_FORBIDDEN"}, 403, []string{"webhook_read", "Connect the shop again"}, "", true},
		{"the save, busy", save, sandbox.Failure{Status: 503, Header: after}, 503, []string{"busy", "Nothing was saved"}, "60", true},
		{"mine once more, gone", current, sandbox.Failure{Status: 404, Code: "WEBHOOK_CONFIGURATION_NOT_FOUND"}, 404, []string{"no longer exists", "Create it as a new webhook"}, "", true},
		{"mine once more, busy", current, sandbox.Failure{Status: 429, Header: after}, 503, []string{"busy", "Nothing was saved"}, "60", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION").ID
			g.add(shop, good+"/other", "LIVESTREAM_STARTED")
			step := test.step(p, shop, id)
			test.fail.Method, test.fail.Path = http.MethodGet, apiWebhooks+"/"+id
			g.box.FailNext(test.fail)
			pg := step().want(test.status, test.texts...)
			if pg.header.Get("Retry-After") != test.retry {
				t.Errorf("Retry-After %q, want %q", pg.header.Get("Retry-After"), test.retry)
			}
			if n := len(g.calls.of(http.MethodPut)); n != 0 {
				t.Errorf("%d calls", n)
			}
			if !test.keeps {
				return
			}
			f := pg.form(editPath(shop.ID, id))
			if !slices.Contains(f.values["allowedTypes"], "ORDER_PLACED") &&
				!slices.Contains(f.values["allowedTypes"], "GIFT_PURCHASE") {
				t.Errorf("the form holds %v", f.values)
			}
		})
	}
}

// TestEditAfterDeletion re-creates the webhook that was being edited.
func TestEditAfterDeletion(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "DONATION").ID
	f := p.editForm(shop.ID, id).set("url", good+"/2").tick("ORDER_PLACED", "")
	g.direct(shop, http.MethodDelete, id, "")
	pg := f.submit().want(http.StatusNotFound, "no longer exists")
	pg.edited(shop.ID, id, good+"/2", "DONATION", "ORDER_PLACED")
	pg = pg.link("Create it as a new webhook").want(http.StatusOK)
	pg.kept(good+"/2", "DONATION", "ORDER_PLACED")
	pg.form(p.action()).submit().want(http.StatusOK, "Webhook created", good+"/2")
	if diff := cmp.Diff([]string{good + "/2"}, g.urls(0)); diff != "" {
		t.Error(diff)
	}
}

// TestEditSessionLost: what was typed comes back after signing in again.
func TestEditSessionLost(t *testing.T) {
	t.Parallel()
	ends := map[string]func(*rig, *person){
		"the session is over":       func(g *rig, _ *person) { g.move(13 * time.Hour) },
		"signed out in another tab": func(_ *rig, p *person) { p.signOut() },
		"the API says 401 again and again": func(g *rig, _ *person) {
			g.box.FailNext(sandbox.Failure{Path: apiWebhooks + "*", Status: 401, Code: "OPEN_API_UNAUTHORIZED", Times: 2})
		},
	}
	for name, end := range ends {
		t.Run("form: "+name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, oddTypes...).ID
			f := p.editForm(shop.ID, id).set("url", good+"/2")
			end(g, p)
			pg := f.submit().want(http.StatusOK, "kept")
			back := p.consent(pg.link("Connect with Fourthwall"), shop.ID, "allow").want(http.StatusOK)
			if back.url.Path == editPath(shop.ID, id) {
				back.edited(shop.ID, id, good+"/2", oddTypes...)
				back.want(http.StatusOK, "as you left it")
				back = back.form(editPath(shop.ID, id)).submit()
			}
			back.want(http.StatusOK, "Review changes").form("/edit/confirm").submit().want(http.StatusOK, "The webhook is saved")
			if hook := g.hook(shop, id); hook.URL != good+"/2" || !slices.Equal(hook.AllowedTypes, oddTypes) {
				t.Errorf("the sandbox has %+v", hook)
			}
		})
		t.Run("review: "+name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, oddTypes...).ID
			f := p.editForm(shop.ID, id).set("url", good+"/2").submit().want(http.StatusOK).form("/edit/confirm")
			if name == "the session is over" {
				g.move(11*time.Hour + 30*time.Minute) // drafts live an hour, so the form is sent late
				f = p.editForm(shop.ID, id).set("url", good+"/2").submit().want(http.StatusOK).form("/edit/confirm")
				g.must(g.store.DeleteOwner(t.Context(), owner(p)))
			} else {
				end(g, p)
			}
			pg := f.submit().want(http.StatusOK, "Connect with Fourthwall")
			if n := len(g.calls.of(http.MethodPut)); n != 0 {
				t.Errorf("%d calls", n)
			}
			if name == "signed out in another tab" {
				// Signing out also deletes the browser's own cookie, and drafts
				// with it.
				p.consent(pg.link("Connect with Fourthwall"), shop.ID, "allow").want(http.StatusGone, "Nothing was saved")
				return
			}
			back := p.consent(pg.link("Connect with Fourthwall"), shop.ID, "allow").want(http.StatusOK, "Review changes",
				good+"/2")
			back.form("/edit/confirm").submit().want(http.StatusOK, "The webhook is saved")
			if hook := g.hook(shop, id); hook.URL != good+"/2" || !slices.Equal(hook.AllowedTypes, oddTypes) {
				t.Errorf("the sandbox has %+v", hook)
			}
		})
	}
}

// TestEditDraft: a kept change is valid for one hour, one browser and one
// webhook.
func TestEditDraft(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		come func(g *rig, p *person, shop sandbox.DemoShop, id string) (*person, sandbox.DemoShop, string)
	}{
		{"its time is over", func(g *rig, p *person, shop sandbox.DemoShop, id string) (*person, sandbox.DemoShop, string) {
			g.move(time.Hour + time.Minute)
			return p, shop, id
		}},
		{"another browser", func(g *rig, _ *person, _ sandbox.DemoShop, id string) (*person, sandbox.DemoShop, string) {
			q := g.person()
			return q, q.connect(0), id
		}},
		{"another webhook", func(g *rig, p *person, shop sandbox.DemoShop, _ string) (*person, sandbox.DemoShop, string) {
			return p, shop, g.add(shop, good+"/other", "DONATION").ID
		}},
		{"another shop, the same id", func(_ *rig, p *person, _ sandbox.DemoShop, id string) (*person, sandbox.DemoShop, string) {
			return p, p.connect(2), id
		}},
		{"another shop", func(g *rig, p *person, _ sandbox.DemoShop, _ string) (*person, sandbox.DemoShop, string) {
			other := p.connect(2)
			return p, other, g.box.Webhooks(other.ID)[0].ID
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION").ID
			pg := p.editForm(shop.ID, id).set("url", good+"/canary").submit().want(http.StatusOK)
			draft := pg.url.Query().Get("draft")
			q, at, hook := test.come(g, p, shop, id)
			was := g.hook(at, hook)
			answers := []*page{
				q.get(confirmPath(at.ID, hook, draft)).want(http.StatusGone, "Nothing was saved", "Edit it again"),
				q.post(editPath(at.ID, hook)+"/confirm", url.Values{"draft": {draft}}).want(http.StatusGone, "Nothing was saved"),
				q.get(editPath(at.ID, hook) + "?draft=" + draft),
				q.get(confirmPath(at.ID, hook, "")).want(http.StatusGone),
				q.post(editPath(at.ID, hook)+"/confirm", url.Values{}).want(http.StatusGone),
			}
			if was.ID != "" {
				answers[2].want(http.StatusOK, "has expired").edited(at.ID, hook, was.URL, was.AllowedTypes...)
			} else {
				answers[2].want(http.StatusNotFound)
			}
			for _, pg := range answers {
				if strings.Contains(pg.body, "canary") {
					t.Errorf("%s shows the change", pg.url)
				}
			}
			if n := len(g.calls.of(http.MethodPut)); n != 0 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// TestSaveTwice: a second click does no harm.
func TestSaveTwice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		press func(*form)
		url   string
	}{
		{"one after the other", func(f *form) { f.submit().want(200, "is saved"); f.submit().want(200, "is saved") }, good + "/2"},
		{"at once", func(f *form) {
			var both sync.WaitGroup
			for range 4 {
				both.Go(func() { f.submit().want(200) })
			}
			both.Wait()
		}, good + "/2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, oddTypes...).ID
			f := p.editForm(shop.ID, id).set("url", test.url).submit().want(http.StatusOK).form("/edit/confirm")
			test.press(f)
			if hook := g.hook(shop, id); hook.URL != test.url || !slices.Equal(hook.AllowedTypes, oddTypes) {
				t.Errorf("the sandbox has %+v", hook)
			}
			if test.name == "one after the other" && len(g.calls.of(http.MethodPut)) != 1 {
				t.Errorf("%d calls", len(g.calls.of(http.MethodPut)))
			}
		})
	}
}

// TestRewrittenAddress: Hookwall accepts an API that normalizes the URL and
// lists each type once.
func TestRewrittenAddress(t *testing.T) {
	g := newRig(t, options{budget: time.Second})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "DONATION", "DONATION").ID
	f := p.editForm(shop.ID, id).set("url",
		"HTTPS://Hooks.Example.com:443").submit().want(http.StatusOK).form("/edit/confirm")
	f.submit().want(http.StatusOK, "The webhook is saved")
	g.changed(shop, id, "https://hooks.example.com/", "DONATION")
	f.submit().want(http.StatusOK, "The webhook is saved")
	if n := len(g.calls.of(http.MethodPut)); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestEditForbidden: after reconnecting with the permission, the person is back
// at the save or the deletion.
func TestEditForbidden(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		grant string // of the two permissions
		try   func(*person, sandbox.DemoShop, string) *page
		text  string
		back  []string // texts of the page to come back to
	}{
		{"save", "webhook_read", func(p *person, shop sandbox.DemoShop, id string) *page {
			return p.editForm(shop.ID, id).set("url", good+"/2").submit().want(http.StatusOK).form("/edit/confirm").submit()
		}, "webhook_write", []string{"Review changes", good + "/2", "Save changes"}},
		{"delete", "webhook_read", func(p *person, shop sandbox.DemoShop, id string) *page { return p.deleteForm(shop.ID, id).submit() }, "webhook_write", []string{"Delete webhook", "can’t undo this"}},
		{"open the form", "webhook_write", func(p *person, shop sandbox.DemoShop, id string) *page { return p.get(editPath(shop.ID, id)) }, "webhook_read", []string{"Edit webhook"}},
		{"open the page that asks", "webhook_write", func(p *person, shop sandbox.DemoShop, id string) *page { return p.get(deletePath(shop.ID, id)) }, "webhook_read", []string{"Delete webhook"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := g.box.Shops()[0]
			id := g.add(shop, good, "DONATION").ID
			consent := p.get("/oauth/start?way=code")
			consent.form(consent.url.Path).set("shop", shop.ID).set("grant",
				test.grant).press("decision=allow").want(http.StatusOK)
			pg := test.try(p, shop, id).want(http.StatusForbidden, test.text, "Connect the shop again")
			p.consent(pg.link("Connect the shop again").link("Connect with Fourthwall"), shop.ID, "allow").want(http.StatusOK,
				test.back...)
		})
	}
}

// TestOnlyTheSpelling: a new spelling of the URL is saved, although it means
// the same.
func TestOnlyTheSpelling(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, "https://Hooks.example.com:443/a", "DONATION").ID
	const plain = "https://hooks.example.com/a"
	p.editForm(shop.ID, id).set("url", plain).submit().want(http.StatusOK, plain).
		form("/edit/confirm").submit().want(http.StatusOK, "The webhook is saved")
	if hook := g.hook(shop, id); hook.URL != plain || len(g.calls.of(http.MethodPut)) != 1 {
		t.Errorf("the sandbox has %+v after %d calls", hook, len(g.calls.of(http.MethodPut)))
	}
}

// TestConflictAgain: a choice between two versions does not apply to a third
// one, even if only its URL or only its types are new.
func TestConflictAgain(t *testing.T) {
	t.Parallel()
	for name, third := range map[string]sandbox.Webhook{
		"another address": {URL: good + "/third", AllowedTypes: []string{"DONATION"}},
		"other types":     {URL: good + "/theirs", AllowedTypes: []string{"PRODUCT_CREATED"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION").ID
			pg := p.editForm(shop.ID, id).tick("ORDER_PLACED", "").submit().want(http.StatusOK)
			g.changed(shop, id, good+"/theirs", "DONATION")
			pg = pg.form("/edit/confirm").submit().want(http.StatusConflict, good+"/theirs")
			g.changed(shop, id, third.URL, third.AllowedTypes...)
			pg.form("/edit/confirm").submit().want(http.StatusConflict, third.URL)
			if hook := g.hook(shop, id); hook.URL != third.URL || !slices.Equal(hook.AllowedTypes, third.AllowedTypes) {
				t.Errorf("the sandbox has %+v", hook)
			}
		})
	}
}

// TestClientLeavesDuringSave: a change continues after the client disconnects,
// and its outcome is recorded.
func TestClientLeavesDuringSave(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "DONATION").ID
	f := p.editForm(shop.ID, id).set("url", good+"/2").submit().want(http.StatusOK).form("/edit/confirm")
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan struct{})
	g.calls.set(func(c apiCall) {
		if c.method == http.MethodPut {
			leave()
			<-ended
		}
	}, nil)
	resp, err := p.client.Do(p.request(http.MethodPost, f.action, f.values).WithContext(ctx))
	if err == nil {
		_ = resp.Body.Close()
		t.Fatal("the person did not go away")
	}
	close(ended)
	g.until(func() bool {
		found, err := g.store.Activities(t.Context(),
			store.ActivityQuery{Shop: shop.ID, Action: activity.UpdateWebhook, Outcome: store.OutcomeDone})
		return err == nil && found.Total == 1
	})
	if hook := g.hook(shop, id); hook.URL != good+"/2" {
		t.Errorf("the sandbox has %+v", hook)
	}
}

// TestTwoTabsSaveAtOnce: of two saves within one round trip, the second gets
// the page with both versions.
func TestTwoTabsSaveAtOnce(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]func(*rig, *person) *person{
		"two tabs":   func(_ *rig, p *person) *person { return p },
		"two people": func(g *rig, _ *person) *person { q := g.person(); q.connectKey(0); return q },
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION").ID
			q := second(g, p)
			one := p.editForm(shop.ID, id).set("url", good+"/one").submit().want(http.StatusOK).form("/edit/confirm")
			two := q.editForm(shop.ID, id).set("url", good+"/two").submit().want(http.StatusOK).form("/edit/confirm")
			arrived, released := make(chan struct{}), make(chan struct{})
			var once sync.Once
			g.calls.set(func(c apiCall) {
				if c.method == http.MethodPut {
					once.Do(func() { close(arrived); <-released })
				}
			}, nil)
			var both sync.WaitGroup
			both.Go(func() { one.submit().want(http.StatusOK, "The webhook is saved") })
			<-arrived
			both.Go(func() { two.submit().want(http.StatusConflict, good+"/one", good+"/two") })
			g.until(func() bool { return g.server.waiting.Load() > 0 })
			close(released)
			both.Wait()
			if hook := g.hook(shop, id); hook.URL != good+"/one" || len(g.calls.of(http.MethodPut)) != 1 {
				t.Errorf("the sandbox has %+v after %d calls", hook, len(g.calls.of(http.MethodPut)))
			}
		})
	}
}
