package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// held submits a form and calls meanwhile when the API has got the call with
// this method, before it responds. It returns the page.
func (g *rig) held(f *form, method string, meanwhile func()) (pg *page) {
	g.t.Helper()
	arrived, released := make(chan struct{}), make(chan struct{})
	var once sync.Once
	g.calls.set(func(c apiCall) {
		if c.method == method && strings.HasPrefix(c.path, apiWebhooks) {
			once.Do(func() { close(arrived); <-released })
		}
	}, nil)
	var press sync.WaitGroup
	press.Go(func() { pg = f.submit() })
	<-arrived
	meanwhile()
	close(released)
	press.Wait()
	return pg
}

// action is something that a person does to a webhook.
type action struct {
	name, method string
	form         func(p *person, shop sandbox.DemoShop) *form
	says         string
	recorded     string
}

func actions(g *rig) []action {
	return []action{
		{"creating", http.MethodPost, func(p *person, shop sandbox.DemoShop) *form {
			g.must(g.box.Configure(shop.ID, sandbox.Switches{SecretInCreate: true}))
			return p.newForm(shop.ID, good, "DONATION")
		}, "Webhook created", activity.CreateWebhook},
		{"saving", http.MethodPut, func(p *person, shop sandbox.DemoShop) *form {
			return reviewed(p, shop, g.add(shop, good, "DONATION"))
		}, "The webhook is saved", activity.UpdateWebhook},
		{"deleting", http.MethodDelete, func(p *person, shop sandbox.DemoShop) *form {
			return asked(p, shop, g.add(shop, good, "DONATION"))
		}, "is deleted", activity.DeleteWebhook},
	}
}

// TestDoneWhileLeaving: while a change waits for Fourthwall, the person signs
// out, or disconnects or reconnects the shop, in another tab. The page still
// says what became of the change. A new secret is shown, or can be.
func TestDoneWhileLeaving(t *testing.T) {
	t.Parallel()
	signOut := func(p *person, _ sandbox.DemoShop) { p.signOut() }
	disconnect := func(p *person, shop sandbox.DemoShop) { p.post(disconnectPath(shop.ID), url.Values{}) }
	for _, test := range []struct {
		name      string
		meanwhile func(p *person, shop sandbox.DemoShop)
		gone      bool // the shop, for the page
	}{
		{"signs out", signOut, true},
		{"signs out and connects again", func(p *person, shop sandbox.DemoShop) { signOut(p, shop); p.connect(0) }, true},
		{"disconnects", disconnect, true},
		{"disconnects, with another shop", func(p *person, shop sandbox.DemoShop) { p.connectKey(1); disconnect(p, shop) }, true},
		{"disconnects and connects again", func(p *person, shop sandbox.DemoShop) { disconnect(p, shop); p.connectKey(0) }, false},
		{"connects again", func(p *person, _ sandbox.DemoShop) { p.connect(0) }, false},
		{"connects another shop", func(p *person, _ sandbox.DemoShop) { p.connectKey(1) }, false},
		{"the connection ends", func(p *person, shop sandbox.DemoShop) {
			conn, err := p.store.Connection(p.t.Context(), owner(p), shop.ID)
			p.must(err)
			p.must(p.store.ExpireConnection(p.t.Context(), conn.ID, conn.Version, store.End{}))
		}, true},
	} {
		for i, name := range []string{"creating", "saving", "deleting"} {
			t.Run(name+", "+test.name, func(t *testing.T) {
				t.Parallel()
				g := newRig(t, options{})
				a := actions(g)[i]
				p := g.person()
				shop := p.connect(0)
				f := a.form(p, shop)
				g.logs.reset()
				pg := g.held(f, a.method, func() { test.meanwhile(p, shop) })
				pg.want(http.StatusOK, a.says, good)
				if test.gone {
					pg.want(http.StatusOK, "Connect the shop again")
				}
				g.noFailure()
				if name == "creating" {
					p.seesSecret(pg, shop)
				}
				recorded := g.recorded(shop, a.recorded)
				if len(recorded) != 1 || recorded[0].Outcome != store.OutcomeDone {
					t.Errorf("the activity: %+v", recorded)
				}
				if n := len(g.calls.of(a.method)); n != 1 {
					t.Errorf("%d calls", n)
				}
			})
		}
	}
}

// seesSecret checks that a page after a create shows the secret, or offers to.
func (p *person) seesSecret(pg *page, shop sandbox.DemoShop) {
	p.t.Helper()
	if !strings.Contains(pg.body, shop.WebhookSecret) {
		pg = pg.form("/secret").submit().want(http.StatusOK)
	}
	if !strings.Contains(pg.body, shop.WebhookSecret) || pg.header.Get("Cache-Control") != "no-store" {
		p.t.Errorf("the secret is lost, or may be cached: %v %s", pg.header, pg.text())
	}
}

// noFailure checks that the log has neither errors nor responses of 500.
func (g *rig) noFailure() {
	g.t.Helper()
	for line := range strings.Lines(g.logs.String()) {
		if strings.Contains(line, `"level":"ERROR"`) || strings.Contains(line, `"status":500,"ms"`) {
			g.t.Errorf("the log has %s", line)
		}
	}
}

// TestPressedTwiceWhileLeaving: the second of two clicks waits for the first
// one when the person signs out. Both pages say what became of it.
func TestPressedTwiceWhileLeaving(t *testing.T) {
	t.Parallel()
	for i, name := range []string{"creating", "saving", "deleting"} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, options{})
			a := actions(g)[i]
			p := g.person()
			shop := p.connect(0)
			f := a.form(p, shop)
			var second *page
			var press sync.WaitGroup
			first := g.held(f, a.method, func() {
				press.Go(func() { second = f.submit() })
				g.until(func() bool { return g.server.waiting.Load() > 0 })
				p.signOut()
			})
			press.Wait()
			for _, pg := range []*page{first, second} {
				pg.want(http.StatusOK, a.says, good)
				if name == "creating" {
					p.seesSecret(pg, shop)
				}
			}
			g.noFailure()
			if n := len(g.calls.of(a.method)); n != 1 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

// TestFormIsKeptWhileLeaving: a create is not done, and the person signed out
// in another tab. What was typed comes back after connecting again.
func TestFormIsKeptWhileLeaving(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		fail   sandbox.Failure
		status int
		button string // that leads to the connect page; "" if the response does
	}{
		{"refused", sandbox.Failure{Status: 400, Code: "SOMETHING"}, 422, "do=create"},
		{"unconfirmed", sandbox.Failure{Status: 500}, 502, "do=check"},
		{"the credential is refused", sandbox.Failure{Status: 401, Code: "OPEN_API_UNAUTHORIZED", Times: 2}, 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			test.fail.Method, test.fail.Path = http.MethodPost, apiWebhooks
			g.box.FailNext(test.fail)
			f := p.newForm(shop.ID, good, "DONATION")
			pg := g.held(f, http.MethodPost, func() { p.signOut() }).want(test.status)
			g.noFailure()
			if test.button != "" {
				pg = pg.form(p.action()).press(test.button).want(http.StatusOK)
			}
			pg.want(http.StatusOK, "We kept your form")
			p.consent(pg.link("Connect with Fourthwall"), shop.ID, "allow").want(http.StatusOK).kept(good, "DONATION")
		})
	}
}

// TestSignedOutDuringARequest: whatever a page needs of an owner who signed out
// since, it leads to connect.
func TestSignedOutDuringARequest(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	stored := g.server.routes()
	i := slices.IndexFunc(stored, func(rt route) bool { return strings.HasSuffix(rt.path, "/secret/stored") })
	handle := stored[i].handle
	stored[i].handle = func(w http.ResponseWriter, r *http.Request) error {
		g.must(g.store.DeleteOwner(r.Context(), stateOf(r).owner))
		return handle(w, r)
	}
	g.server.mount(stored)
	pg := p.post(secretStoredPath(shop.ID, hook.ID), url.Values{}).want(http.StatusOK, "Connect with Fourthwall")
	if pg.url.Path != connectPath {
		t.Errorf("at %s", pg.url)
	}
	g.noFailure()
}
