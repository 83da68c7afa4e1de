package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// says makes the next call with a method return a webhook, whatever the API has.
func (g *rig) says(method, id, address string, effect bool, types ...string) {
	g.t.Helper()
	path := apiWebhooks
	if method != http.MethodPost {
		path += "/*"
	}
	list, err := json.Marshal(types)
	g.must(err)
	body := fmt.Sprintf(`{"id":%q,"url":%q,"allowedTypes":%s,"apiVersion":"V1"}`, id, address, list)
	g.box.FailNext(sandbox.Failure{Method: method, Path: path, Status: 200, Body: body, Effect: effect})
}

// TestCreateResponseDiffers: the API responds to a create with another webhook
// than was asked for. The page says what is there, and so does the activity.
func TestCreateResponseDiffers(t *testing.T) {
	t.Parallel()
	const other, odd = "https://other.example.com/x", "Created, but not exactly as requested"
	for _, test := range []struct {
		name    string
		box     func(g *rig, shop sandbox.DemoShop, old string) // after the webhooks are listed
		status  int
		says    []string
		silent  []string // what it must not say
		outcome string
		found   string // in the activity: what is there instead
		extra   int    // calls besides the list before, the create and the page's own
	}{
		{
			"a webhook that was there before, and none is new",
			func(g *rig, _ sandbox.DemoShop, old string) { g.says(http.MethodPost, old, good, false, "DONATION") },
			502,
			[]string{"Unconfirmed", "OLD", "existed before", "no new one"},
			[]string{"Webhook created"},
			store.OutcomeUnclear, "", 1,
		},
		{
			"a webhook that was there before, and a new one is",
			func(g *rig, _ sandbox.DemoShop, old string) { g.says(http.MethodPost, old, good, true, "DONATION") },
			200,
			[]string{"Webhook created", good},
			[]string{"OLD", odd},
			store.OutcomeDone, "", 1,
		},
		{
			"a webhook that isn't there, and none is new",
			func(g *rig, _ sandbox.DemoShop, _ string) {
				g.says(http.MethodPost, "wcon_ghost", good, false, "DONATION")
			},
			502,
			[]string{"Unconfirmed", "wcon_ghost", "doesn’t know it", "another new one"},
			[]string{"Webhook created", "existed before"},
			store.OutcomeUnclear, "", 2,
		},
		{
			"a webhook that isn't there, and a new one is",
			func(g *rig, _ sandbox.DemoShop, _ string) {
				g.says(http.MethodPost, "wcon_ghost", good, true, "DONATION")
			},
			200,
			[]string{"Webhook created", good},
			[]string{"wcon_ghost", odd},
			store.OutcomeDone, "", 2,
		},
		{
			"an ID that can't be one, and a new webhook",
			func(g *rig, _ sandbox.DemoShop, _ string) { g.says(http.MethodPost, "../x", good, true, "DONATION") },
			200,
			[]string{"Webhook created", good},
			[]string{"../x", odd},
			store.OutcomeDone, "", 1,
		},
		{
			"another URL, which is there",
			func(g *rig, shop sandbox.DemoShop, _ string) {
				hook := g.add(shop, other, "DONATION")
				g.says(http.MethodPost, hook.ID, other, false, "DONATION")
			},
			200,
			[]string{"Webhook created", odd, good + " with DONATION", other + " with DONATION"},
			nil, store.OutcomeDone, other, 1,
		},
		{
			"other event types, which are there",
			func(g *rig, shop sandbox.DemoShop, _ string) {
				hook := g.add(shop, good, "ORDER_PLACED")
				g.says(http.MethodPost, hook.ID, good, false, "ORDER_PLACED")
			},
			200,
			[]string{"Webhook created", odd, good + " with ORDER_PLACED"},
			nil, store.OutcomeDone, "ORDER_PLACED", 1,
		},
		{
			"another URL, but what is there is right",
			func(g *rig, shop sandbox.DemoShop, _ string) {
				hook := g.add(shop, good, "DONATION")
				g.says(http.MethodPost, hook.ID, other, false, "DONATION")
			},
			200,
			[]string{"Webhook created", good},
			[]string{odd, other},
			store.OutcomeDone, "", 1,
		},
		{
			"what was asked, but something else is there",
			func(g *rig, shop sandbox.DemoShop, _ string) {
				hook := g.add(shop, other, "DONATION")
				g.says(http.MethodPost, hook.ID, good, false, "DONATION")
			},
			200,
			[]string{"Webhook created", odd, other + " with DONATION"},
			nil, store.OutcomeDone, other, 1,
		},
		{
			"the same in another spelling",
			func(g *rig, shop sandbox.DemoShop, _ string) {
				hook := g.add(shop, "HTTPS://HOOKS.example.com:443/fourthwall/", "DONATION")
				g.says(http.MethodPost, hook.ID, hook.URL, false, "DONATION")
			},
			200,
			[]string{"Webhook created"},
			[]string{odd},
			store.OutcomeDone, "", 1,
		},
		{
			"what was asked", func(*rig, sandbox.DemoShop, string) {},
			200,
			[]string{"Webhook created", good},
			[]string{odd},
			store.OutcomeDone, "", 1,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			old := g.add(shop, "https://old.example.com/", "DONATION").ID
			f := p.newForm(shop.ID, good, "DONATION")
			g.calls.forget()
			g.calls.set(func(c apiCall) {
				if c.method == http.MethodPost {
					g.calls.set(nil, nil)
					test.box(g, shop, old)
				}
			}, nil)
			pg := f.submit().want(test.status)
			for _, text := range test.says {
				pg.want(test.status, strings.ReplaceAll(text, "OLD", old))
			}
			for _, text := range test.silent {
				if strings.Contains(pg.text(), strings.ReplaceAll(text, "OLD", old)) {
					t.Errorf("it says %q: %s", text, pg.text())
				}
			}
			usual := 2 // the list before, and the page
			if test.status != http.StatusOK {
				usual = 1
			}
			if n := len(g.calls.of(http.MethodGet)) - usual; n != test.extra {
				t.Errorf("%d extra calls: %v", n, g.calls.of(http.MethodGet))
			}
			g.isRecorded(p, shop, activity.CreateWebhook, test.outcome, test.found)
		})
	}
}

// isRecorded compares the only attempt of an action with an outcome, and with
// what its row and its line in the CSV say that Fourthwall has instead.
func (g *rig) isRecorded(p *person, shop sandbox.DemoShop, action, outcome, found string) {
	g.t.Helper()
	all := g.recorded(shop, action)
	if len(all) != 1 || all[0].Outcome != outcome {
		g.t.Fatalf("recorded %+v", all)
	}
	row := p.get(activityPath(shop.ID) + "?action=" + action).want(http.StatusOK).rows()[0]
	lines := p.get(activityPath(shop.ID) + ".csv?action=" + action).body
	const instead = "Fourthwall has instead"
	if found == "" && strings.Contains(row, instead) {
		g.t.Errorf("the activity says that something else is there: %s", row)
	}
	_, after, _ := strings.Cut(row, instead)
	if found != "" && (!strings.Contains(after, found) || !strings.Contains(lines, found)) {
		g.t.Errorf("the activity lacks %q: %s\n%s", found, row, lines)
	}
}

// TestChangeIsNotThere: the API responds to a change as asked, and has something
// else.
func TestChangeIsNotThere(t *testing.T) {
	t.Parallel()
	const odd = "Saved, but not exactly as requested"
	for _, test := range []struct {
		name  string
		box   func(g *rig, id string)
		says  string
		found string
		reads int // of the webhook by the save and the page
	}{
		{"by the response", func(g *rig, id string) { g.says(http.MethodPut, id, good, false, "DONATION") }, odd, "DONATION", 3},
		{"by the page", func(g *rig, id string) { g.says(http.MethodPut, id, good, false, "DONATION", "ORDER_PLACED") }, odd, "DONATION", 2},
		{"it is there", func(*rig, string) {}, "The webhook is saved", "", 2},
		{"in another order", func(g *rig, id string) { g.says(http.MethodPut, id, good, true, "ORDER_PLACED", "DONATION") }, "The webhook is saved", "", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			hook := g.add(shop, good, "DONATION")
			f := reviewed(p, shop, hook)
			test.box(g, hook.ID)
			g.calls.forget()
			pg := f.submit().want(http.StatusOK, test.says)
			if test.says == odd {
				pg.want(http.StatusOK, good+" with DONATION, ORDER_PLACED", "Fourthwall has "+good+" with DONATION.")
			}
			if strings.Contains(pg.text(), "The webhook is saved") == (test.says == odd) {
				t.Errorf("it says that it is saved, or not: %s", pg.text())
			}
			isOther := func(c apiCall) bool { return !strings.HasSuffix(c.path, hook.ID) }
			reads := slices.DeleteFunc(g.calls.of(http.MethodGet), isOther)
			if n := len(reads); n != test.reads {
				t.Errorf("%d reads", n)
			}
			g.isRecorded(p, shop, activity.UpdateWebhook, store.OutcomeDone, test.found)
		})
	}
}

// TestSavedAndUnreadable: a change was saved, and the webhook can't be read
// afterwards. The page still says that it is saved, with what was returned.
func TestSavedAndUnreadable(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := reviewed(p, shop, g.add(shop, good, "DONATION"))
	g.calls.set(func(c apiCall) {
		if c.method == http.MethodPut {
			g.box.FailNext(sandbox.Failure{Method: http.MethodGet, Path: apiWebhooks + "/*", Status: 500})
		}
	}, nil)
	f.submit().want(http.StatusOK, "The webhook is saved", "returned when the change was saved", good, "ORDER_PLACED")
}

// TestDeletedAndStillListed: the API accepts a delete and still lists the
// webhook.
func TestDeletedAndStillListed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fail  sandbox.Failure
		there bool
	}{
		{"200 without effect", sandbox.Failure{Method: http.MethodDelete, Status: 200}, true},
		{"204 without effect", sandbox.Failure{Method: http.MethodDelete, Status: 204}, true},
		{"404, and it is there", sandbox.Failure{Method: http.MethodDelete, Status: 404, Code: "WEBHOOK_CONFIGURATION_NOT_FOUND"}, true},
		{"200 with effect", sandbox.Failure{Method: http.MethodDelete, Status: 200, Effect: true}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			hook := g.add(shop, good, "DONATION")
			f := p.deleteForm(shop.ID, hook.ID)
			test.fail.Path = apiWebhooks + "/*"
			g.box.FailNext(test.fail)
			pg := f.submit().want(http.StatusOK)
			if still := strings.Contains(pg.text(), ui.HostAndPath(good)+" is still listed"); still != test.there ||
				strings.Contains(pg.text(), ui.HostAndPath(good)+" is deleted") == test.there {
				t.Errorf("it says %s", pg.text())
			}
			found := ""
			if test.there {
				found = good
			}
			g.isRecorded(p, shop, activity.DeleteWebhook, store.OutcomeDone, found)
			if test.there {
				p.deleteForm(shop.ID, hook.ID).submit().want(http.StatusOK, ui.HostAndPath(good)+" is deleted")
			}
		})
	}
}
