package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/sandbox"
	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

// deleteForm opens the page that asks before deleting.
func (p *person) deleteForm(shopID, id string) *form {
	p.t.Helper()
	return p.get(deletePath(shopID, id)).want(http.StatusOK).form("/delete")
}

// TestDeletePage shows what is deleted and what stops.
func TestDeletePage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		types  []string
		others []string // types of another webhook
		fail   sandbox.Failure
		stops  []string
		absent []string
	}{
		{"nobody else", []string{"DONATION", "LIVESTREAM_STARTED"}, nil, sandbox.Failure{}, []string{"2 event types no longer covered", "Donation", "LIVESTREAM_STARTED"}, nil},
		{"some go elsewhere", []string{"DONATION", "ORDER_PLACED"}, []string{"ORDER_PLACED"}, sandbox.Failure{}, []string{"1 event type no longer covered", "Donation"}, []string{"Order placed"}},
		{"all go elsewhere", []string{"DONATION"}, []string{"DONATION", "ORDER_PLACED"}, sandbox.Failure{}, []string{"other webhooks cover all of its event types"}, []string{"nobody"}},
		{
			"the others cannot be read",
			[]string{"DONATION"},
			[]string{"DONATION"},
			sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks, Status: 403, Code: "OPEN_API_FORBIDDEN"},
			[]string{"couldn’t find out"},
			[]string{"nobody"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, test.types...).ID
			if test.others != nil {
				g.add(shop, good+"/other", test.others...)
			}
			if test.fail.Status != 0 {
				g.box.FailNext(test.fail)
			}
			pg := p.get(deletePath(shop.ID, id)).want(http.StatusOK, "Delete "+ui.HostAndPath(good), "can’t undo this", "new ID")
			stops := pg.section("stops")
			for _, text := range append(test.stops, good) {
				if !strings.Contains(stops, text) {
					t.Errorf("lacks %q: %s", text, stops)
				}
			}
			for _, text := range test.absent {
				if strings.Contains(stops, text) {
					t.Errorf("has %q: %s", text, stops)
				}
			}
			for _, code := range test.types {
				if !strings.Contains(pg.section("received"), code) {
					t.Errorf("%s is not shown", code)
				}
			}
			if n := len(g.calls.of(http.MethodDelete)); n != 0 || len(g.box.Webhooks(shop.ID)) == 0 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// TestDeleteResponses checks what the person gets for each response of the API.
func TestDeleteResponses(t *testing.T) {
	t.Parallel()
	id := http.Header{"X-Request-Id": {"req-777"}, "Retry-After": {"60"}}
	tests := []struct {
		name    string
		fail    sandbox.Failure
		status  int
		texts   []string
		deleted bool // as the person sees it
		there   bool // still
		retry   string
		focus   string
	}{
		{name: "done", fail: sandbox.Failure{Header: http.Header{"X-Nothing": {"1"}}}, status: 200, deleted: true, focus: "flash-0"},
		{name: "done, 204", fail: sandbox.Failure{Status: 204, Effect: true}, status: 200, deleted: true, focus: "flash-0"},
		{name: "gone by then", fail: sandbox.Failure{Status: 404, Code: "WEBHOOK_CONFIGURATION_NOT_FOUND", Effect: true}, status: 200, deleted: true, focus: "flash-0"},
		{name: "no permission", fail: sandbox.Failure{Status: 403, Code: "FORBIDDEN"}, status: 403, texts: []string{"webhook_write", "can’t delete", "Connect the shop again", "Nothing was deleted"}, there: true, focus: "banner"},
		{name: "an unknown code", fail: sandbox.Failure{Status: 400, Code: "SOMETHING_ELSE", Header: id}, status: 422, texts: []string{"SOMETHING_ELSE", "req-777", "Nothing was deleted"}, there: true, retry: "60", focus: "banner"},
		{name: "too many requests", fail: sandbox.Failure{Status: 429, Header: id}, status: 503, texts: []string{"busy", "60 seconds", "Delete webhook again"}, there: true, retry: "60", focus: "banner"},
		{name: "busy", fail: sandbox.Failure{Status: 503, Header: id}, status: 503, texts: []string{"busy"}, there: true, retry: "60", focus: "banner"},
		{name: "a fault, without effect", fail: sandbox.Failure{Status: 500}, status: 502, texts: []string{"confirm whether the webhook was deleted"}, there: true, focus: "banner"},
		{name: "a fault, with effect", fail: sandbox.Failure{Status: 500, Effect: true}, status: 200, deleted: true, focus: "flash-0"},
		{name: "cut before", fail: sandbox.Failure{Cut: sandbox.CutBefore, Times: 9}, status: 502, texts: []string{"couldn’t confirm"}, there: true, focus: "banner"},
		{name: "cut after", fail: sandbox.Failure{Cut: sandbox.CutAfter, Times: 9}, status: 200, deleted: true, focus: "flash-0"},
		{name: "no answer in time, with effect", fail: sandbox.Failure{Delay: time.Minute}, status: 200, deleted: true, focus: "flash-0"},
		{name: "no answer in time, without effect", fail: sandbox.Failure{Delay: time.Minute, Cut: sandbox.CutBefore}, status: 502, texts: []string{"couldn’t confirm"}, there: true, focus: "banner"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{budget: 700 * time.Millisecond})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION", "ORDER_PLACED").ID
			f := p.deleteForm(shop.ID, id)
			test.fail.Method, test.fail.Path = http.MethodDelete, apiWebhooks+"/"+id
			g.box.FailNext(test.fail)
			pg := f.submit().want(test.status, test.texts...)
			g.box.ForgetFailures()
			if (g.hook(shop, id).ID != "") != test.there {
				t.Errorf("the sandbox has %+v", g.box.Webhooks(shop.ID))
			}
			if pg.header.Get("Retry-After") != test.retry || pg.focused() != test.focus {
				t.Errorf("Retry-After %q, focus on %q", pg.header.Get("Retry-After"), pg.focused())
			}
			if test.deleted {
				pg.want(200, " is deleted", "2 event types", good, "new ID and maybe a new secret",
					"Create again")
				return
			}
			pg.form("/delete").submit().want(http.StatusOK, "is deleted")
			if g.hook(shop, id).ID != "" {
				t.Error("a second press did not delete")
			}
		})
	}
}

// TestNoticeWaits: a response without a page does not use up a notice.
func TestNoticeWaits(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "DONATION").ID
	p.noRedirects().deleteForm(shop.ID, id).submit().want(http.StatusSeeOther)
	p.do(p.request(http.MethodHead, webhooksPath(shop.ID), nil)).want(http.StatusOK)
	p.get(webhooksPath(shop.ID)).want(http.StatusOK, " is deleted")
}

// TestDeletedAlready: a webhook that is gone when Delete is clicked counts as
// deleted, including on a second click.
func TestDeletedAlready(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "DONATION").ID
	f := p.deleteForm(shop.ID, id)
	g.direct(shop, http.MethodDelete, id, "")
	for range 2 {
		pg := f.submit().want(http.StatusOK, " is deleted", "gone already")
		if pg.url.Path != webhooksPath(shop.ID) {
			t.Errorf("at %s", pg.url)
		}
	}
	p.get(deletePath(shop.ID, id)).want(http.StatusNotFound, "doesn’t know this webhook")
	if n := len(g.calls.of(http.MethodDelete)); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// TestCreateAgain: a deleted webhook can be re-created with one click.
func TestCreateAgain(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "ORDER_PLACED", "DONATION").ID
	list := p.deleteForm(shop.ID, id).submit().want(http.StatusOK, "is deleted")
	form := list.link("Create again").want(http.StatusOK)
	form.kept(good, "ORDER_PLACED", "DONATION")
	made := form.form(p.action()).submit().want(http.StatusOK, "Webhook created", good)
	// The link, clicked again, leads to the same form, which creates no second
	// one.
	list.link("Create again").form(p.action()).submit().want(http.StatusOK, "Webhook created", good)
	hooks := g.box.Webhooks(shop.ID)
	if len(hooks) != 1 || hooks[0].ID == id ||
		!slices.Equal(hooks[0].AllowedTypes, []string{"ORDER_PLACED", "DONATION"}) ||
		!strings.Contains(made.text(), hooks[0].ID) {
		t.Errorf("the sandbox has %+v", hooks)
	}
	if pg := p.get(webhooksPath(shop.ID)); strings.Contains(pg.text(), "Create again") {
		t.Error("the notice is shown twice")
	}
}

// TestCreateAgainUnknown: event types that this version does not know are
// shown, and left out of the new webhook.
func TestCreateAgainUnknown(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.add(shop, good, "LIVESTREAM_STARTED", "DONATION").ID
	form := p.deleteForm(shop.ID, id).submit().link("Create again").want(http.StatusOK, "LIVESTREAM_STARTED")
	form.kept(good, "LIVESTREAM_STARTED", "DONATION")
	form = form.form(p.action()).submit().want(http.StatusUnprocessableEntity, "doesn’t know some of the selected")
	form.form(p.action()).set("allowedTypes", "DONATION").submit().want(http.StatusOK, "Webhook created")
}

// TestDeleteSessionLost: signing in again returns to the page that asks before
// deleting.
func TestDeleteSessionLost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(*rig, *person)
	}{
		{"the session is over", func(g *rig, _ *person) { g.move(13 * time.Hour) }},
		{"signed out in another tab", func(_ *rig, p *person) { p.signOut() }},
		{"the API says 401 again and again", func(g *rig, _ *person) {
			g.box.FailNext(sandbox.Failure{Path: apiWebhooks + "*", Status: 401, Code: "OPEN_API_UNAUTHORIZED", Times: 2})
		}},
		{"the API says 401 to the delete", func(g *rig, _ *person) {
			g.box.FailNext(sandbox.Failure{
				Method: http.MethodDelete, Path: apiWebhooks + "*", Status: 401, Code: "OPEN_API_UNAUTHORIZED", Times: 2,
			})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			id := g.add(shop, good, "DONATION").ID
			f := p.deleteForm(shop.ID, id)
			test.end(g, p)
			pg := f.submit().want(http.StatusOK, "Connect with Fourthwall")
			if g.hook(shop, id).ID == "" {
				t.Fatal("it was deleted")
			}
			back := p.consent(pg.link("Connect with Fourthwall"), shop.ID, "allow").want(http.StatusOK, good,
				"can’t undo this")
			if back.url.Path != deletePath(shop.ID, id) {
				t.Errorf("at %s", back.url)
			}
			back.form("/delete").submit().want(http.StatusOK, "is deleted")
		})
	}
}

// TestImmutable: a webhook that Fourthwall would not change is marked, and not
// changed again.
func TestImmutable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		try  func(*person, sandbox.DemoShop, string) *page
	}{
		{"by an edit", func(p *person, shop sandbox.DemoShop, id string) *page {
			return p.editForm(shop.ID, id).tick("DONATION", "").submit().want(http.StatusOK).form("/edit/confirm").submit()
		}},
		{"by a delete", func(p *person, shop sandbox.DemoShop, id string) *page { return p.deleteForm(shop.ID, id).submit() }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(1)
			hook := g.box.Webhooks(shop.ID)[0]
			list := p.get(webhooksPath(shop.ID)).want(http.StatusOK, ui.HostAndPath(hook.URL))
			if strings.Contains(list.text(), "Locked") {
				t.Fatal("it is marked before it was tried")
			}
			edit := p.editForm(shop.ID, hook.ID).set("url", good)
			review := edit.submit().want(http.StatusOK).form("/edit/confirm")
			asked := p.deleteForm(shop.ID, hook.ID)
			pg := test.try(p, shop, hook.ID).want(http.StatusOK, "because this webhook is locked", webhooks.CodeImmutable,
				"Nothing was changed", "An app you installed manages this webhook")
			if pg.url.Path != webhookPath(shop.ID, hook.ID) {
				t.Errorf("at %s", pg.url)
			}
			p.get(webhooksPath(shop.ID)).want(http.StatusOK, "Locked")
			page := p.get(webhookPath(shop.ID, hook.ID)).want(http.StatusOK, "You can’t edit or delete this webhook",
				webhooks.CodeImmutable)
			if strings.Contains(page.body, editPath(shop.ID, hook.ID)) ||
				strings.Contains(page.body, deletePath(shop.ID, hook.ID)) {
				t.Error("editing or deleting is offered")
			}
			calls := len(g.box.Requests())
			p.get(editPath(shop.ID, hook.ID)).want(http.StatusConflict, webhooks.CodeImmutable, "Back to the webhook",
				"couldn’t do this")
			p.get(review.page.url.String()).want(http.StatusConflict, webhooks.CodeImmutable)
			review.submit().want(http.StatusConflict, webhooks.CodeImmutable)
			asked.submit().want(http.StatusConflict, webhooks.CodeImmutable)
			if n := len(g.box.Requests()) - calls; n != 0 {
				t.Errorf("the API was asked %d times", n)
			}
			if pg := p.get(deletePath(shop.ID, hook.ID)).want(http.StatusOK,
				"You can’t edit or delete this webhook"); strings.Contains(pg.body, `value="delete"`) {
				t.Error("deleting is offered")
			}
			g.move(24*time.Hour - time.Minute)
			p.connect(1)
			p.get(webhooksPath(shop.ID)).want(http.StatusOK, "Locked")
			g.move(2 * time.Minute)
			p.editForm(shop.ID, hook.ID)
			if list := p.get(webhooksPath(shop.ID)); strings.Contains(list.text(), "Locked") {
				t.Error("the mark is still there after a day")
			}
		})
	}
}

// TestImmutableMarkIsTheShops: everyone with the shop connected sees the mark,
// and no other shop shows it.
func TestImmutableMarkIsTheShops(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p, q := g.person(), g.person()
	locked, other := p.connect(1), q.connect(2)
	id := g.box.Webhooks(locked.ID)[0].ID
	p.deleteForm(locked.ID, id).submit().want(http.StatusOK, "because this webhook is locked")
	if pg := q.get(webhooksPath(other.ID)).want(http.StatusOK); strings.Contains(pg.text(), "Locked") {
		t.Error("another shop has the mark")
	}
	// The same id in another shop is another webhook: asking for it is asking the API.
	q.get(editPath(other.ID, id)).want(http.StatusNotFound, "doesn’t know this webhook")
	q.post(deletePath(other.ID, id), url.Values{}).want(http.StatusOK, "gone already")
	colleague := g.person()
	colleague.connect(1)
	colleague.get(webhooksPath(locked.ID)).want(http.StatusOK, "Locked")
	if diff := cmp.Diff(1, len(g.box.Webhooks(locked.ID))); diff != "" {
		t.Error(diff)
	}
}

// TestDeletedInAnotherShop: a deletion in one shop has no effect on webhooks
// elsewhere with the same ID, or one with the same beginning.
func TestDeletedInAnotherShop(t *testing.T) {
	g := newRig(t, options{})
	p := g.person()
	first := p.connect(0)
	second := p.connect(1)
	hook := g.add(first, good, "DONATION")
	p.deleteForm(first.ID, hook.ID).submit().want(http.StatusOK, "is deleted")
	long := strings.Repeat("x", 300)
	for _, at := range []string{
		deletePath(second.ID, hook.ID), deletePath(first.ID, long+"1"), deletePath(first.ID, long+"2"),
	} {
		p.post(at, url.Values{"do": {"delete"}}).want(http.StatusOK, "It was gone already")
	}
}
