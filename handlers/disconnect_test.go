package handlers

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/team"
	"hookwall/internal/webhooks"
)

// makeThree creates three webhooks here and one elsewhere, and returns the IDs of
// those that were created here.
func (p *person) makeThree(shop sandbox.DemoShop) (ids []string) {
	p.t.Helper()
	p.add(shop, "https://hooks.example.com/elsewhere", "ORDER_PLACED")
	for _, name := range []string{"/one", "/two", "/three"} {
		pg := p.newForm(shop.ID, "https://hooks.example.com"+name, "DONATION").submit().want(http.StatusOK)
		ids = append(ids, pg.url.Path[strings.LastIndex(pg.url.Path, "/")+1:])
	}
	return ids
}

// left returns the URLs of the shop's webhooks, without their host.
func (g *rig) left(shop sandbox.DemoShop) (all []string) {
	for _, hook := range g.box.Webhooks(shop.ID) {
		all = append(all, strings.TrimPrefix(hook.URL, "https://hooks.example.com"))
	}
	slices.Sort(all)
	return all
}

// choose ticks webhooks, as script does it with the count, or without.
func (f *form) choose(script bool, ids ...string) *form {
	if script {
		f.set("count", []string{"0", "1", "2", "3"}[len(ids)])
	}
	return f.set("webhook", ids...)
}

// TestDisconnectWithWebhooks: the webhooks that were created here can be deleted
// before. Only if all that are chosen are deleted, the shop is disconnected.
func TestDisconnectWithWebhooks(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	ids := p.makeThree(shop)
	asked := p.get(shopsPath).link("Disconnect").want(http.StatusOK, "Disconnect "+shop.Name,
		"3 webhooks of this shop were created here", "hooks.example.com/one", "keep working", "Keep connected")
	chosen := asked.form("/disconnect/webhooks").values["webhook"]
	if strings.Contains(asked.byID("main"), "elsewhere") || len(chosen) != 0 {
		t.Errorf("offered: %s", asked.text())
	}
	// Without script, the button doesn't know the number: it is asked for.
	g.calls.forget()
	again := asked.form("/disconnect/webhooks").choose(false, ids[0], ids[1]).submit().
		want(http.StatusOK, "Delete 2 webhooks and disconnect", "Nothing was deleted yet")
	if n := len(g.calls.of(http.MethodDelete)); n != 0 {
		t.Fatalf("%d webhooks are deleted", n)
	}
	f := again.form("/disconnect/webhooks")
	if diff := cmp.Diff(sorted(ids[:2]), sorted(f.values["webhook"])); diff != "" || f.values.Get("count") != "2" {
		t.Errorf("chosen %v: %s", f.values, diff)
	}
	f.submit().want(http.StatusOK, shop.Name+" is disconnected", "We deleted 2 webhooks")
	if diff := cmp.Diff([]string{"/elsewhere", "/three"}, g.left(shop)); diff != "" {
		t.Error(diff)
	}
	if n := len(g.recorded(shop, activity.DeleteWebhook)); n != 2 {
		t.Errorf("%d deletions are recorded", n)
	}
	f.submit().want(http.StatusOK, "Connect a shop") // nothing is left to disconnect
	if n := len(g.calls.of(http.MethodDelete)); n != 2 || len(g.recorded(shop, activity.DisconnectShop)) != 1 {
		t.Errorf("%d calls, %d disconnections", n, len(g.recorded(shop, activity.DisconnectShop)))
	}
}

// TestDisconnectWithoutAllDeleted: the page comes again with what became of each,
// and the shop stays connected until the person says otherwise.
func TestDisconnectWithoutAllDeleted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fail   func(g *rig, id string) // the deletion of this webhook
		status int
		texts  []string
		retry  bool // it can be chosen again
		left   []string
	}{
		{
			name: "locked", status: http.StatusUnprocessableEntity,
			fail: func(g *rig, id string) {
				g.box.FailNext(sandbox.Failure{
					Method: "DELETE", Path: apiWebhooks + "/" + id, Status: 400, Code: webhooks.CodeImmutable,
				})
			},
			texts: []string{"Not deleted", "It’s locked. An app you installed manages this webhook", "Locked"},
			left:  []string{"/elsewhere", "/one", "/three"},
		},
		{
			name: "rejected", status: http.StatusUnprocessableEntity, retry: true,
			fail: func(g *rig, id string) {
				g.box.FailNext(sandbox.Failure{Method: "DELETE", Path: apiWebhooks + "/" + id, Status: 400, Code: "NOT_TODAY"})
			},
			texts: []string{"Not deleted", "NOT_TODAY"}, left: []string{"/elsewhere", "/one", "/three"},
		},
		{
			name: "unread", status: http.StatusServiceUnavailable, retry: true,
			fail: func(g *rig, id string) {
				g.box.FailNext(sandbox.Failure{Method: "GET", Path: apiWebhooks + "/" + id, Status: 403, Body: "<html>", Times: 3})
			},
			texts: []string{"Not deleted", "couldn’t read this webhook first"}, left: []string{"/elsewhere", "/one", "/three"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			p := g.person()
			shop := p.connectKey(0)
			ids := p.makeThree(shop)
			test.fail(g, ids[0])
			pg := p.get(disconnectPath(shop.ID)).form("/disconnect/webhooks").choose(true, ids[0], ids[1]).submit().
				want(test.status, append(test.texts, shop.Name+" is still connected", "hooks.example.com/one",
					"hooks.example.com/two Deleted", "Disconnect anyway")...)
			if diff := cmp.Diff(test.left, g.left(shop)); diff != "" {
				t.Error(diff)
			}
			g.box.ForgetFailures()
			p.get(webhooksPath(shop.ID)).want(http.StatusOK)
			f := pg.form("/disconnect/webhooks")
			if isChosen := slices.Contains(f.values["webhook"], ids[0]); isChosen != test.retry {
				t.Errorf("chosen again: %t", isChosen)
			}
			if test.retry {
				f.submit().want(http.StatusOK, "is disconnected", "We deleted 1 webhook")
				if slices.Contains(g.left(shop), "/one") {
					t.Error("it is left")
				}
				return
			}
			f.submit().want(http.StatusOK, "is disconnected", "Its webhooks keep working")
			if diff := cmp.Diff(test.left, g.left(shop)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDisconnectWithoutList: what can't be read isn't offered, and the shop can
// be disconnected all the same.
func TestDisconnectWithoutList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fail  *sandbox.Failure
		texts []string
	}{
		{"none created here", nil, []string{"None of this shop’s webhooks were created here"}},
		{
			"the list fails", &sandbox.Failure{Path: apiWebhooks, Status: 500, Times: 9},
			[]string{"We couldn’t read this shop’s webhooks", "they keep working"},
		},
		{
			"the connection has ended", &sandbox.Failure{Path: apiWebhooks, Status: 401, Code: "OPEN_API_UNAUTHORIZED"},
			[]string{"This connection has ended", "Fourthwall rejects the API key", "reconnect the shop"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			p := g.person()
			shop := p.connectKey(0)
			if test.fail == nil {
				g.add(shop, good, "DONATION")
			} else {
				p.makeThree(shop)
				g.box.FailNext(*test.fail)
			}
			before := g.left(shop)
			f := p.get(disconnectPath(shop.ID)).want(http.StatusOK, test.texts...).form("/disconnect")
			if len(f.values) != 0 {
				t.Errorf("the form has %v", f.values)
			}
			f.submit().want(http.StatusOK, shop.Name+" is disconnected")
			if diff := cmp.Diff(before, g.left(shop)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDisconnectEndsMeanwhile: a connection that ends between two deletions is
// shown as ended, and nothing more is sent.
func TestDisconnectEndsMeanwhile(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connectKey(0)
	ids := sorted(p.makeThree(shop))
	f := p.get(disconnectPath(shop.ID)).form("/disconnect/webhooks").choose(true, ids...)
	g.box.FailNext(sandbox.Failure{Path: apiWebhooks + "/" + ids[1], Status: 401, Code: "OPEN_API_UNAUTHORIZED"})
	g.calls.forget()
	pg := f.submit().want(http.StatusConflict, "This connection has ended", "Deleted", "Not deleted", "Not tried yet")
	if n := len(g.calls.of(http.MethodDelete)); n != 1 || len(g.box.Webhooks(shop.ID)) != 3 {
		t.Errorf("%d calls, left %v", n, g.left(shop))
	}
	pg.form("/disconnect").submit().want(http.StatusOK, "is disconnected")
}

// TestDisconnectOfOthers: only what was created here can be deleted on this page.
func TestDisconnectOfOthers(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	boss, shop := g.member(team.Admin), g.box.Shops()[0]
	boss.makeThree(shop)
	other := g.box.Webhooks(shop.ID)[0].ID
	boss.get(disconnectPath(shop.ID)).want(http.StatusOK, "created by The admin").form("/disconnect/webhooks").
		choose(true, other).submit().want(http.StatusBadRequest, "Nothing was deleted")
	if len(g.box.Webhooks(shop.ID)) != 4 {
		t.Errorf("left %v", g.left(shop))
	}
	g.member(team.Viewer).get(webhooksPath(shop.ID)).want(http.StatusOK)
}
