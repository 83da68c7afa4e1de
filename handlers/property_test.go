package handlers

import (
	"crypto/rand"
	"flag"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hookwall/internal/sandbox"
)

// few lowers how many cases rapid tries, for those that ask whole pages,
// unless the command line says how many.
func few(t *testing.T, n int) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	before := checks.Value.String()
	if before != checks.DefValue {
		return
	}
	if err := checks.Value.Set(strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := checks.Value.Set(before); err != nil {
			t.Error(err)
		}
	})
}

// near is a person without a network in between.
func (g *rig) near() *person {
	g.t.Helper()
	jar, err := cookiejar.New(nil)
	g.must(err)
	return &person{g, &http.Client{Jar: jar, Transport: inProcess{g.server.handler()}}}
}

// presses returns the buttons of a form that redraw it with other ticks.
func (f *form) presses() []string {
	return slices.DeleteFunc(slices.Clone(f.buttons), func(b string) bool {
		return !strings.HasPrefix(b, "do=preset") && !strings.HasPrefix(b, "do=group:")
	})
}

func unknownOf(types []string) []string {
	return slices.DeleteFunc(slices.Clone(types), isKnownType)
}

// TestEditsKeepUnknownTypes edits a webhook repeatedly with every button. Event
// types that this version does not know stay unchanged and in order until a
// person clears them.
func TestEditsKeepUnknownTypes(t *testing.T) {
	t.Parallel()
	few(t, 40)
	g := newRig(t, options{direct: true})
	p := g.near()
	shop := p.connectKey(0)
	types := rapid.SampledFrom(append([]string{"ORDER_PLACED", "GIFT_PURCHASE", "PRODUCT_CREATED"}, oddTypes...))
	rapid.Check(t, func(r *rapid.T) {
		have := distinctTypes(rapid.SliceOfN(types, 1, 6).Draw(r, "types"))
		hook := g.add(shop, good, have...)
		for range rapid.IntRange(1, 4).Draw(r, "edits") {
			g.move(10 * time.Second) // past the API's limit of requests
			have = p.editAtRandom(r, shop, hook.ID, have)
			got := g.hook(shop, hook.ID).AllowedTypes
			if diff := cmp.Diff(sorted(have), sorted(got)); diff != "" {
				r.Fatalf("the webhook receives other types: %s", diff)
			}
			if diff := cmp.Diff(unknownOf(have), unknownOf(got)); diff != "" {
				r.Fatalf("the unknown types are in another order: %s", diff)
			}
		}
		g.direct(shop, http.MethodDelete, hook.ID, "")
	})
}

func distinctTypes(types []string) (out []string) {
	for _, code := range types {
		if !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

// editAtRandom makes one edit and returns the types that the webhook is to have,
// the unknown ones in the order of before.
func (p *person) editAtRandom(r *rapid.T, shop sandbox.DemoShop, id string, have []string) []string {
	p.t.Helper()
	f := p.editForm(shop.ID, id)
	for range rapid.IntRange(0, 3).Draw(r, "presses") {
		button := rapid.SampledFrom(f.presses()).Draw(r, "button")
		before := unknownOf(f.values["allowedTypes"])
		f = f.press(button).want(http.StatusOK).form(editPath(shop.ID, id))
		lost := slices.DeleteFunc(before, func(code string) bool { return slices.Contains(f.values["allowedTypes"], code) })
		if len(lost) > 0 && !strings.HasPrefix(button, "do=group:unknown") {
			r.Fatalf("%s loses %q", button, lost)
		}
	}
	add := rapid.SampledFrom([]string{"", "DONATION", "GIFT_PURCHASE"}).Draw(r, "add")
	remove := rapid.SampledFrom(append([]string{""}, have...)).Draw(r, "remove")
	f.tick(add, remove)
	if len(f.values["allowedTypes"]) == 0 {
		f.tick("DONATION", "")
	}
	f.set("url", good+rapid.SampledFrom([]string{"", "/2", "/3"}).Draw(r, "url"))
	want := sorted(f.values["allowedTypes"])
	pg := f.submit()
	if pg.status == http.StatusUnprocessableEntity {
		pg.want(http.StatusUnprocessableEntity, "Nothing has changed")
		return have
	}
	pg.want(http.StatusOK, "Review changes").form("/edit/confirm").submit().want(http.StatusOK, "is saved")
	stay := slices.DeleteFunc(slices.Clone(have), func(code string) bool { return !slices.Contains(want, code) })
	return distinctTypes(append(stay, want...))
}

// sending is one click on Create webhook, and its result.
type sending struct {
	content string
	status  int
	made    string // id of the webhook that it leads to
}

// TestCreatesOnceWhateverHappens sends one form many times, concurrently and
// again, with the same content and with other content, while the API fails in
// its ways. There is never more than one webhook. A request for its content
// leads to it. A request for other content under the same ID says so.
func TestCreatesOnceWhateverHappens(t *testing.T) {
	few(t, 40)
	g := newRig(t, options{direct: true, budget: 2 * time.Second})
	p := g.near()
	shop := p.connectKey(0)
	faults := []sandbox.Failure{
		{Status: 503},
		{Status: 503, Effect: true},
		{Status: 500},
		{Status: 502, Effect: true},
		{Cut: sandbox.CutBefore},
		{Cut: sandbox.CutAfter},
		{Status: 400, Code: "WEBHOOK_URI_UNALLOWED_DOMAIN"},
		{Status: 200, Body: "<html>", Effect: true},
		{Status: 302, Header: http.Header{"Location": {"/"}}},
	}
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		g.move(time.Minute)
		id, a, b := rand.Text(), fmt.Sprintf("%s/%d/a", good, run), fmt.Sprintf("%s/%d/b", good, run)
		for _, fault := range rapid.SliceOfN(rapid.SampledFrom(faults), 0, 3).Draw(r, "faults") {
			fault.Method, fault.Path = http.MethodPost, apiWebhooks
			g.box.FailNext(fault)
		}
		contents := rapid.SampledFrom([]string{a, a, a, b})
		var all []sending
		for range rapid.IntRange(1, 3).Draw(r, "rounds") {
			all = append(all, p.sendAtOnce(shop, id, rapid.SliceOfN(contents, 1, 3).Draw(r, "at once"))...)
		}
		all = append(all, p.sendAtOnce(shop, id, []string{a})...)
		all = append(all, p.sendAtOnce(shop, id, []string{b})...)
		checked := p.create(shop, id, a, "check")
		g.box.ForgetFailures()
		last := []sending{p.create(shop, id, a, ""), p.create(shop, id, b, "")}
		hooks := slices.DeleteFunc(g.box.Webhooks(shop.ID), func(h sandbox.Webhook) bool { return h.URL != a && h.URL != b })
		judgeSendings(r, hooks, all, checked, last...)
		for _, h := range hooks {
			g.direct(shop, http.MethodDelete, h.ID, "")
		}
	})
}

// create sends the form once.
func (p *person) create(shop sandbox.DemoShop, id, address, do string) sending {
	form := url.Values{"submission": {id}, "url": {address}, "allowedTypes": {"DONATION"}}
	if do != "" {
		form.Set("do", do)
	}
	pg := p.noRedirects().post(webhooksPath(shop.ID), form)
	made, _ := strings.CutPrefix(pg.header.Get("Location"), webhooksPath(shop.ID)+"/")
	return sending{address, pg.status, made}
}

func (p *person) sendAtOnce(shop sandbox.DemoShop, id string, contents []string) []sending {
	out := make([]sending, len(contents))
	var all sync.WaitGroup
	for i, address := range contents {
		all.Go(func() { out[i] = p.create(shop, id, address, "") })
	}
	all.Wait()
	return out
}

// judgeSendings: last are those of each content after all.
func judgeSendings(r *rapid.T, hooks []sandbox.Webhook, all []sending, checked sending, last ...sending) {
	if len(hooks) > 1 {
		r.Fatalf("%d webhooks: %+v", len(hooks), all)
	}
	for _, s := range append(all, append(last, checked)...) {
		if s.status == http.StatusSeeOther && (len(hooks) == 0 || s.made != hooks[0].ID || s.content != hooks[0].URL) {
			r.Fatalf("it leads to %q, there is %+v: %+v", s.made, hooks, all)
		}
		if s.status >= 500 && s.status != http.StatusBadGateway && s.status != http.StatusServiceUnavailable {
			r.Fatalf("status %d: %+v", s.status, all)
		}
	}
	if len(hooks) == 0 {
		return
	}
	for _, s := range last {
		if same := s.content == hooks[0].URL; same && s.status != http.StatusSeeOther || !same &&
			s.status != http.StatusUnprocessableEntity {
			r.Fatalf("there is %s, and %s is answered by %d: %+v", hooks[0].URL, s.content, s.status, all)
		}
	}
}
