package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// offers lists the buttons that undo something, newest first.
func (pg *page) offers() (all []string) {
	walk(pg.doc, func(n *html.Node) {
		if n.Data == "button" && attr(n, "class") == "link" {
			all = append(all, strings.Join(strings.Fields(textOf(n)), " "))
		}
	})
	return all
}

// undo presses the only such button.
func (p *person) undo(shop sandbox.DemoShop, last store.Activity) *page {
	p.t.Helper()
	return p.get(activityPath(shop.ID)).form(undoPath(shop.ID, last.ID)).submit()
}

// TestUndo leads from the last change of a webhook to the review of its
// opposite, and nothing is changed before that is confirmed.
func TestUndo(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connectKey(0)
	offered := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, p.get(activityPath(shop.ID)).offers()); diff != "" {
			t.Error(diff)
		}
	}
	const place = "hooks.example.com/fourthwall"
	p.newForm(shop.ID, good, "DONATION").submit().want(http.StatusOK, "Webhook created")
	id := g.box.Webhooks(shop.ID)[0].ID
	offered("Undo " + place)
	p.undo(shop, g.recorded(shop, activity.CreateWebhook)[0]).want(http.StatusOK, "Delete webhook", good)

	changed := p.editForm(shop.ID, id).set("url", good+"/2").tick("ORDER_PLACED", "").submit()
	changed.form("/edit/confirm").submit().want(http.StatusOK)
	offered("Undo " + place + "/2")
	review := p.undo(shop, g.recorded(shop, activity.UpdateWebhook)[0])
	review.want(http.StatusOK, "Review changes", good+"/2", "Order placed")
	if now := g.hook(shop, id); now.URL != good+"/2" {
		t.Errorf("undone without a review: %s", now.URL)
	}
	review.form("/edit/confirm").submit().want(http.StatusOK)
	if now := g.hook(shop, id); now.URL != good || len(now.AllowedTypes) != 1 {
		t.Errorf("not undone: %+v", now)
	}

	p.deleteForm(shop.ID, id).submit().want(http.StatusOK, "is deleted")
	offered("Create again " + place)
	again := p.undo(shop, g.recorded(shop, activity.DeleteWebhook)[0]).want(http.StatusOK, "Create webhook")
	again.kept(good, "DONATION")
	if n := len(g.box.Webhooks(shop.ID)); n != 0 {
		t.Errorf("created without a click: %d", n)
	}
	again.form(webhooksPath(shop.ID)).press("do=create").want(http.StatusOK, "Webhook created")
	offered("Undo "+place, "Create again "+place)
}

// TestUndoIsRefused: only the last change of a webhook that worked can be
// undone, by people who have its shop connected.
func TestUndoIsRefused(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p, stranger := g.person(), g.person()
	shop := p.connectKey(0)
	other := stranger.connectKey(1)
	hook := g.add(shop, good, "DONATION")
	change := activity.Detail{Before: contentOf(good, "DONATION"), After: contentOf(good+"/2", "DONATION")}
	planted := func(action, id, outcome string, d activity.Detail) store.Activity {
		a := g.plant(shop, owner(p), action, id, d)
		if outcome != store.OutcomePending {
			g.must(g.store.RecordOutcome(t.Context(), a.ID, store.Ending{Outcome: outcome}))
		}
		g.move(time.Second)
		return a
	}
	earlier := planted(activity.UpdateWebhook, hook.ID, store.OutcomeDone, change)
	last := planted(activity.UpdateWebhook, hook.ID, store.OutcomeDone, change)
	refused := planted(activity.UpdateWebhook, hook.ID, store.OutcomeRefused, change)
	pending := planted(activity.UpdateWebhook, hook.ID, store.OutcomePending, change)
	connected := g.recorded(shop, activity.ConnectShop)[0]
	if got := p.get(activityPath(shop.ID)).offers(); len(got) != 1 {
		t.Errorf("offers %q", got)
	}
	g.changed(shop, hook.ID, good+"/3", "DONATION")
	for _, test := range []struct {
		name   string
		by     *person
		path   string
		status int
		text   string
	}{
		{"an earlier change", p, undoPath(shop.ID, earlier.ID), http.StatusConflict, "isn’t the last one"},
		{"a rejected change", p, undoPath(shop.ID, refused.ID), http.StatusConflict, "isn’t the last one"},
		{"a pending change", p, undoPath(shop.ID, pending.ID), http.StatusConflict, "isn’t the last one"},
		{"a connection", p, undoPath(shop.ID, connected.ID), http.StatusConflict, "isn’t the last one"},
		{"none", p, undoPath(shop.ID, "made-up"), http.StatusNotFound, "no such entry"},
		{"another shop's", stranger, undoPath(other.ID, last.ID), http.StatusNotFound, "no such entry"},
		{"by a stranger", stranger, undoPath(shop.ID, last.ID), http.StatusNotFound, "not connected here"},
		// The webhook is not as the change left it, so both versions are shown.
		{"changed since", p, undoPath(shop.ID, last.ID), http.StatusConflict, good + "/3"},
	} {
		if pg := test.by.post(test.path, nil); pg.status != test.status || !strings.Contains(pg.text(), test.text) {
			t.Errorf("%s: status %d, want %d, on a page with %q", test.name, pg.status, test.status, test.text)
		}
	}
	if now := g.hook(shop, hook.ID); now.URL != good+"/3" {
		t.Errorf("changed to %s", now.URL)
	}
}

// TestActivityAddresses: the filter's empty fields stay out of the address, and
// the choice of who is kept from page to page.
func TestActivityAddresses(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p, colleague := g.person(), g.person()
	shop := p.connectKey(0)
	colleague.connect(0)
	at := activityPath(shop.ID)
	key := "API+key+ending+in+" + shop.APIUser[len(shop.APIUser)-4:]
	for query, test := range map[string]struct {
		want string
		rows int
	}{
		"?who=&action=&outcome=&webhook=":        {"", 2},
		"?who=" + key + "&action=":               {"?who=" + key, 1},
		"?action=webhook.create&outcome=":        {"?action=webhook.create", 0},
		"?who=Fourthwall+sign-in":                {"?who=Fourthwall+sign-in", 1},
		"?who=Nobody&webhook=&before=&after=&x=": {"?who=Nobody", 0},
	} {
		pg := p.get(at + query).want(http.StatusOK)
		if got := strings.TrimPrefix(pg.url.String(), g.url+at); got != test.want || len(pg.rows()) != test.rows {
			t.Errorf("%s leads to %q with %d rows, want %q with %d", query, got, len(pg.rows()), test.want, test.rows)
		}
	}
}
