package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hookwall/internal/sandbox"
)

// labelOf returns the label that is stored for a webhook.
func (g *rig) labelOf(shop sandbox.DemoShop, id string) string {
	all, err := g.store.Labels(g.t.Context(), shop.ID)
	g.must(err)
	return all[id]
}

func TestLabel(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good+"/tips", "DONATION")
	for _, c := range []struct {
		name, typed, label string
		status             int
		text               string
	}{
		{"named", "  Tips\u200b ledger ", "Tips ledger", http.StatusOK, "This webhook’s name is now Tips ledger."},
		{"renamed", "Tips <b>&", "Tips <b>&", http.StatusOK, "This webhook’s name is now Tips <b>&."},
		{
			"too long", strings.Repeat("x", 61), "Tips <b>&", http.StatusUnprocessableEntity,
			"This name has 61 characters. Use 60 or fewer.",
		},
		{"emptied", " \u200b", "", http.StatusOK, "Hookwall shows hooks.example.com/fourthwall/tips again."},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := p.get(labelPath(shop.ID, hook.ID)).want(http.StatusOK, "Name webhook").form(labelPath(shop.ID, hook.ID))
			pg := form.set("label", c.typed).submit().want(c.status, c.text)
			if got := g.labelOf(shop, hook.ID); got != c.label {
				t.Errorf("label %q, want %q", got, c.label)
			}
			if c.status != http.StatusOK {
				if typed := pg.form(labelPath(shop.ID, hook.ID)).values.Get("label"); typed != c.typed {
					t.Errorf("typed %q, drawn again %q", c.typed, typed)
				}
				return
			}
			again := p.get(labelPath(shop.ID, hook.ID)).form(labelPath(shop.ID, hook.ID))
			if pg.url.Path != webhookPath(shop.ID, hook.ID) || again.values.Get("label") != c.label {
				t.Errorf("at %s, then the form has %q", pg.url, again.values.Get("label"))
			}
		})
	}
}

// TestLabelIsTheShops: whoever has the shop connected reads and writes the same
// labels, and nobody else does.
func TestLabelIsTheShops(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	one, two, other := g.person(), g.person(), g.person()
	shop := one.connect(0)
	two.connect(0)
	theirs := other.connect(1)
	hook := g.add(shop, good+"/tips", "DONATION")
	at := labelPath(shop.ID, hook.ID)
	one.post(at, url.Values{"label": {"Tips ledger"}}).want(http.StatusOK)
	if got := two.get(at).form(at).values.Get("label"); got != "Tips ledger" {
		t.Errorf("the second person sees %q", got)
	}
	for _, path := range []string{at, labelPath(theirs.ID, hook.ID)} {
		for _, pg := range []*page{other.get(path), other.post(path, url.Values{"label": {"stolen"}})} {
			pg.want(http.StatusNotFound)
			if strings.Contains(pg.body, "Tips ledger") {
				t.Errorf("%s shows a label", path)
			}
		}
	}
	if got := g.labelOf(shop, hook.ID); got != "Tips ledger" {
		t.Errorf("the label is %q", got)
	}
	if got := g.labelOf(theirs, hook.ID); got != "" {
		t.Errorf("a label of a webhook that isn't there: %q", got)
	}
}

// TestLabelIsKept: what was typed comes back if it couldn't be saved.
func TestLabelIsKept(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good+"/tips", "DONATION")
	at := labelPath(shop.ID, hook.ID)
	t.Run("the webhook can't be read", func(t *testing.T) {
		g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks + "/*", Status: 500, Times: 9})
		pg := p.post(at, url.Values{"label": {"Tips ledger"}}).want(http.StatusBadGateway, "The name wasn’t saved")
		g.box.ForgetFailures()
		if typed := pg.form(at).values.Get("label"); typed != "Tips ledger" || g.labelOf(shop, hook.ID) != "" {
			t.Errorf("drawn again %q, stored %q", typed, g.labelOf(shop, hook.ID))
		}
		pg.form(at).submit().want(http.StatusOK, "Tips ledger")
	})
	t.Run("the session has ended", func(t *testing.T) {
		p.signOut()
		pg := p.post(at, url.Values{"label": {"Donations"}})
		back := pg.url.Query().Get("return")
		p.connect(0)
		if typed := p.get(back).want(http.StatusOK).form(at).values.Get("label"); typed != "Donations" {
			t.Errorf("back at %s with %q", back, typed)
		}
	})
	t.Run("the webhook was deleted", func(t *testing.T) {
		g.direct(shop, http.MethodDelete, hook.ID, "")
		p.post(at, url.Values{"label": {"Late"}}).want(http.StatusNotFound)
		if got := g.labelOf(shop, hook.ID); got != "Tips ledger" {
			t.Errorf("stored %q", got)
		}
	})
}

// TestNameIsEverywhere: pages and notices call a webhook by its label, or by its
// host and path.
func TestNameIsEverywhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ label, name string }{
		{"Tips <b>", "Tips <b>"}, {"", "hooks.example.com/fourthwall/tips"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			hook := g.add(shop, good+"/tips", "DONATION")
			p.post(labelPath(shop.ID, hook.ID), url.Values{"label": {c.label}}).want(http.StatusOK, c.name)
			list := p.get(webhooksPath(shop.ID))
			if row := list.row(hook.ID); !strings.Contains(row, c.name+" ") {
				t.Errorf("the list says %q", row)
			}
			edit := p.get(editPath(shop.ID, hook.ID)).want(http.StatusOK, "Webhooks "+c.name+" Edit")
			review := edit.postForm("/edit").set("allowedTypes", "ORDER_PLACED").submit().
				want(http.StatusOK, "Webhooks "+c.name+" Review")
			review.form("/edit/confirm").submit().want(http.StatusOK)
			p.get(testPath(shop.ID, hook.ID)).want(http.StatusOK, "Webhooks "+c.name+" Test delivery")
			if row := p.get(activityPath(shop.ID)).row("Webhook updated"); !strings.Contains(row, c.name) {
				t.Errorf("Activity says %q", row)
			}
			remove := p.get(deletePath(shop.ID, hook.ID)).want(http.StatusOK, "Webhooks "+c.name+" Delete", "Delete "+c.name)
			remove.form("/delete").submit().want(http.StatusOK, c.name+" is deleted")
			if got := g.labelOf(shop, hook.ID); got != "" {
				t.Errorf("the label is still %q", got)
			}
		})
	}
}
