package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/internal/store"
)

// fading is the context of a client that leaves when Done is called for the nth
// time.
type fading struct {
	context.Context //nolint:containedctx // it is one

	calls  atomic.Int64
	n      int64
	cancel func()
}

func (f *fading) Done() <-chan struct{} {
	if f.calls.Add(1) == f.n {
		f.cancel()
	}
	return f.Context.Done()
}

// TestClientLeaves: whatever a client was waiting for when it left, the log has
// no error and no 5xx for it.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{direct: true})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	cookies := p.client.Jar.Cookies(p.request(http.MethodGet, "/", nil).URL)
	names := strings.NewReplacer("{shop}", shop.ID, "{id}", hook.ID, "{type}", "DONATION", "{$}", "")
	for _, rt := range g.server.routes() {
		if rt.path == signOutPath || strings.Contains(rt.path, "/disconnect") || strings.HasSuffix(rt.path, "/stream") {
			continue // the first two end the session, the third waits
		}
		for _, n := range []int64{1, 2, 3, 5, 8, 13, 21, 34} {
			form := url.Values{"url": {good}, "allowedTypes": {"DONATION"}, "do": {"x"}, "username": {"a"}, "password": {"b"}}
			r := httptest.NewRequest(rt.method, g.url+names.Replace(rt.path), strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for _, c := range cookies {
				r.AddCookie(c)
			}
			ctx, cancel := context.WithCancel(t.Context())
			g.logs.reset()
			g.server.handler().ServeHTTP(httptest.NewRecorder(), r.WithContext(&fading{Context: ctx, n: n, cancel: cancel}))
			cancel()
			for line := range strings.Lines(g.logs.String()) {
				isFault := strings.Contains(line, `"route"`) && strings.Contains(line, `"status":5`)
				if isFault || strings.Contains(line, `"level":"ERROR"`) {
					t.Errorf("%s, when it leaves at %d: %s", rt.pattern(), n, line)
				}
			}
		}
	}
}

// TestClientLeavesWhileWaiting: a client leaves while a create waits for
// Fourthwall, and another while it waits for that one. What was done is
// recorded, and the next page says it.
func TestClientLeavesWhileWaiting(t *testing.T) {
	t.Parallel()
	for i, name := range []string{"creating", "saving", "deleting"} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, options{})
			a := actions(g)[i]
			p := g.person()
			shop := p.connect(0)
			f := a.form(p, shop)
			f.values.Set("do", strings.TrimPrefix(f.buttons[0], "do="))
			arrived, released := make(chan struct{}), make(chan struct{})
			var once sync.Once
			g.calls.set(func(c apiCall) {
				if c.method == a.method {
					once.Do(func() { close(arrived); <-released })
				}
			}, nil)
			g.logs.reset()
			var clients sync.WaitGroup
			send := func() (leave func()) {
				ctx, cancel := context.WithCancel(t.Context())
				r := p.request(http.MethodPost, f.action, f.values).WithContext(ctx)
				clients.Go(func() {
					if resp, err := p.client.Do(r); err == nil {
						resp.Body.Close()
						t.Errorf("it got %d", resp.StatusCode)
					}
				})
				return cancel
			}
			leaveFirst := send()
			<-arrived
			leaveSecond := send()
			g.until(func() bool { return g.server.waiting.Load() > 0 })
			leaveFirst()
			leaveSecond()
			clients.Wait()
			g.until(func() bool { return g.server.waiting.Load() == 0 })
			close(released)
			g.until(func() bool { return len(g.statuses(http.MethodPost)) == 2 })
			g.noFailure()
			if !slices.Contains(g.statuses(http.MethodPost), statusLeft) {
				t.Errorf("the log has the statuses %v", g.statuses(http.MethodPost))
			}
			if recorded := g.recorded(shop, a.recorded); len(recorded) != 1 || recorded[0].Outcome != store.OutcomeDone {
				t.Errorf("the activity: %+v", recorded)
			}
			at := webhooksPath(shop.ID)
			if all := g.box.Webhooks(shop.ID); a.recorded != activity.DeleteWebhook {
				at = webhookPath(shop.ID, all[0].ID)
			}
			p.get(at).want(http.StatusOK, a.says)
		})
	}
}

// statuses returns the logged statuses of the dashboard's responses to a method.
func (g *rig) statuses(method string) (out []int) {
	g.t.Helper()
	for text := range strings.Lines(g.logs.String()) {
		var line struct {
			Msg, Method string
			Route       *string
			Status      int
		}
		g.must(json.Unmarshal([]byte(text), &line))
		if line.Msg == "request" && line.Route != nil && line.Method == method {
			out = append(out, line.Status)
		}
	}
	return out
}

// TestAbortedIsLogged: a request whose handler aborts the connection is in the
// log, too.
func TestAbortedIsLogged(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	routes := g.server.routes()
	routes[0].handle = func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) }
	routes[1].handle = func(w http.ResponseWriter, _ *http.Request) error {
		fmt.Fprint(w, "half")
		panic("a fault")
	}
	g.server.mount(routes)
	for _, rt := range routes[:2] {
		resp, err := g.person().client.Do(g.person().request(http.MethodGet, strings.TrimSuffix(rt.path, "{$}"), nil))
		if err == nil {
			resp.Body.Close()
		}
	}
	g.until(func() bool { return len(g.statuses(http.MethodGet)) == 2 })
	if diff := cmp.Diff([]int{0, 200}, g.statuses(http.MethodGet)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
