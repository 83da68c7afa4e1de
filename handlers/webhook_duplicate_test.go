package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/sandbox"
)

// TestDuplicateQuestion: the webhooks for which the person is asked first.
func TestDuplicateQuestion(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		there  string // URL of the one that exists
		types  []string
		create string
		wanted []string
		asks   bool
		shared []string
		absent []string
		missed int // types that the existing one lacks
	}{
		{"the same", good, []string{"DONATION"}, good, []string{"DONATION"}, true, []string{"Donation"}, nil, 0},
		{"one in common", good, []string{"DONATION", "ORDER_PLACED"}, good, []string{"DONATION", "GIFT_PURCHASE"}, true, []string{"Donation"}, []string{"Order placed", "Gift purchase"}, 1},
		{"written in another way", "HTTPS://HOOKS.example.com:443/fourthwall", []string{"DONATION"}, good, []string{"DONATION", "GIFT_PURCHASE", "ORDER_PLACED"}, true, []string{"Donation"}, nil, 2},
		{"nothing in common", good, []string{"ORDER_PLACED"}, good, []string{"DONATION"}, false, nil, nil, 0},
		{"another path", good + "/2", []string{"DONATION"}, good, []string{"DONATION"}, false, nil, nil, 0},
		{"another scheme", "http://hooks.example.com/fourthwall", []string{"DONATION"}, good, []string{"DONATION"}, false, nil, nil, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			old := g.add(shop, test.there, test.types...)
			pg := p.newForm(shop.ID, test.create, test.wanted...).submit().want(http.StatusOK)
			if asks := strings.HasSuffix(pg.url.Path, "/new/duplicate"); asks != test.asks || g.creates() == 0 != test.asks {
				t.Fatalf("at %s after %d calls:\n%s", pg.url, g.creates(), pg.text())
			}
			if !test.asks {
				return
			}
			if strings.Contains(pg.url.String(), "hooks.example.com") {
				t.Errorf("at %s", pg.url)
			}
			pg.want(http.StatusOK, "already has a webhook", "hasn’t created it yet", old.ID, test.there)
			_, card, _ := strings.Cut(pg.text(), "already receives")
			card, _, _ = strings.Cut(card, "What you were about to create")
			for _, title := range test.shared {
				if !strings.Contains(card, title) {
					t.Errorf("shared: %s", card)
				}
			}
			for _, title := range test.absent {
				if strings.Contains(card, title) {
					t.Errorf("shared: %s", card)
				}
			}
			offered := strings.Contains(pg.text(), "to it instead")
			if offered != (test.missed > 0) {
				t.Errorf("offered to extend: %v", offered)
			}
			if test.missed == 0 {
				return
			}
			edit := pg.link("to it instead").want(http.StatusOK, "Edit webhook")
			edit.edited(shop.ID, old.ID, test.there, append(slices.Clone(test.types), test.wanted...)...)
			edit.form("/edit").submit().want(http.StatusOK, "Review changes").form("/edit/confirm").submit().want(http.StatusOK,
				"is saved")
			all := slices.Concat(test.types, test.wanted)
			if hooks := g.box.Webhooks(shop.ID); len(hooks) != 1 || len(hooks[0].AllowedTypes) != len(sorted(all)) {
				t.Errorf("the sandbox has %+v", hooks)
			}
		})
	}
}

// TestSecondWebhook agrees to a second webhook, more than once.
func TestSecondWebhook(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(*page)
		made int
	}{
		{"pressed once", func(pg *page) { pg.form("/webhooks").submit().want(200, "Webhook created") }, 2},
		{"pressed twice", func(pg *page) {
			pg.form("/webhooks").submit().want(200, "Webhook created")
			pg.form("/webhooks").submit().want(200, good)
		}, 2},
		{"pressed five times at once", func(pg *page) {
			f := pg.form("/webhooks")
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() { f.submit().want(200, good) })
			}
			all.Wait()
		}, 2},
		{"Back after it was made", func(pg *page) {
			made := pg.form("/webhooks").submit().want(200, "Webhook created")
			if back := pg.p.get(pg.url.String()).want(200, good); back.url.Path != made.url.Path {
				pg.p.t.Errorf("at %s", back.url)
			}
		}, 2},
		{"not pressed", func(pg *page) { pg.link("Cancel").want(200) }, 1},
		{"back to the form, and asked again", func(pg *page) {
			form := pg.link("Back to the form").want(200, "Nothing was created yet")
			form.kept(good, "DONATION", "ORDER_PLACED")
			form.form("/webhooks").submit().want(200, "already has a webhook")
		}, 1},
		{"back to the form, other types", func(pg *page) {
			form := pg.link("Back to the form").want(200)
			form.form("/webhooks").set("allowedTypes", "GIFT_PURCHASE").submit().want(200, "Webhook created")
		}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			g.add(shop, good, "DONATION")
			pg := p.newForm(shop.ID, good, "DONATION", "ORDER_PLACED").submit().want(http.StatusOK, "already has a webhook")
			test.do(pg)
			if hooks := g.box.Webhooks(shop.ID); len(hooks) != test.made || g.creates() != test.made-1 {
				t.Errorf("%d calls, the sandbox has %+v", g.creates(), hooks)
			}
		})
	}
}

// TestDuplicateOfAnother: the question belongs to one browser and one shop.
func TestDuplicateOfAnother(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p, q := g.person(), g.person()
	shop := p.connect(0)
	other := q.connect(2)
	q.connect(0)
	g.add(shop, good+"/canary", "DONATION")
	draft := p.newForm(shop.ID, good+"/canary", "DONATION").submit().want(http.StatusOK,
		"already has a webhook").url.Query().Get("draft")
	for _, at := range []string{shop.ID, other.ID} {
		pg := q.get(newWebhookPath(at)+"/duplicate?draft="+url.QueryEscape(draft)).want(http.StatusOK, "has expired")
		if strings.Contains(pg.body, "canary") {
			t.Errorf("%s shows it", pg.url)
		}
	}
}

// TestDuplicateUnread: if the list can't be read, no question is asked.
func TestDuplicateUnread(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	g.add(shop, good, "DONATION")
	g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks, Status: 403, Code: "OPEN_API_FORBIDDEN"})
	p.newForm(shop.ID, good, "DONATION").submit().want(http.StatusOK, "Webhook created")
}

// TestEditDuplicates: a review warns of other webhooks with the new URL, and
// not of the webhook itself.
func TestEditDuplicates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*form)
		warns  bool
		extend bool
	}{
		{"to the other's address", func(f *form) { f.set("url", "https://HOOKS.example.com/other") }, true, true},
		{"to the other's address, nothing in common", func(f *form) { f.set("url", good+"/other").set("allowedTypes", "COLLECTION_UPDATED") }, false, false},
		{"to the other's address, which has all", func(f *form) { f.set("url", "https://hooks.example.com/other").set("allowedTypes", "DONATION") }, true, false},
		{"a type more, at its own address", func(f *form) { f.tick("THANK_YOU_SENT", "") }, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION", "ORDER_PLACED").ID
			other := g.add(shop, "https://hooks.example.com/other", "DONATION", "GIFT_PURCHASE")
			f := p.editForm(shop.ID, id)
			test.change(f)
			pg := f.submit().want(http.StatusOK, "Review changes")
			if warns := strings.Contains(pg.text(), "already uses this URL"); warns != test.warns ||
				strings.Contains(pg.text(), other.ID) != test.warns {
				t.Errorf("warns: %v\n%s", warns, pg.text())
			}
			if extend := strings.Contains(pg.body, editPath(shop.ID, other.ID)+"?add="); extend != test.extend {
				t.Errorf("offers to extend: %v", extend)
			}
			pg.form("/edit/confirm").submit().want(http.StatusOK, "is saved")
			if diff := cmp.Diff(f.values.Get("url"), g.hook(shop, id).URL); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTwoPeopleCreateAtOnce: of two people who create the same webhook within
// one round trip, the second is asked about the duplicate.
func TestTwoPeopleCreateAtOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p, q := g.person(), g.person()
	shop := p.connect(0)
	q.connectKey(0)
	one, two := p.newForm(shop.ID, good, "DONATION"), q.newForm(shop.ID, good, "DONATION")
	arrived, released := make(chan struct{}), make(chan struct{})
	g.calls.set(func(c apiCall) {
		if c.method == http.MethodPost {
			close(arrived)
			<-released
		}
	}, nil)
	var both sync.WaitGroup
	both.Go(func() { one.submit().want(http.StatusOK, "Webhook created") })
	<-arrived
	both.Go(func() { two.submit().want(http.StatusOK, "already has a webhook", "hasn’t created it yet") })
	g.until(func() bool { return g.server.waiting.Load() > 0 })
	close(released)
	both.Wait()
	if made := len(g.box.Webhooks(shop.ID)); made != 1 || g.creates() != 1 {
		t.Errorf("%d webhooks by %d calls", made, g.creates())
	}
}
