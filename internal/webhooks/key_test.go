package webhooks_test

import (
	"net/http"
	"testing"

	"hookwall/internal/sandbox"
	"hookwall/internal/webhooks"
)

// TestKeyOfSomethingElse: the result of a key is never that of another webhook, another shop or another kind of
// operation, and nothing is sent under it.
func TestKeyOfSomethingElse(t *testing.T) {
	base, want := content(good, "DONATION"), content(good, "ORDER_PLACED")
	update := func(p *process, who person, id string, again bool) (webhooks.Result, error) {
		req := p.request(who, "key")
		req.Again = again
		return p.Update(p.rig.t.Context(), req, id, webhooks.Change{Base: base, Want: want})
	}
	remove := func(p *process, who person, id string, again bool) (webhooks.Result, error) {
		req := p.request(who, "key")
		req.Again = again
		return p.Delete(p.rig.t.Context(), req, id)
	}
	create := func(p *process, who person, _ string, again bool) (webhooks.Result, error) {
		req := p.request(who, "key")
		req.Again = again
		return p.Create(p.rig.t.Context(), req, want, webhooks.CreateOptions{AllowDuplicates: true})
	}
	type do func(*process, person, string, bool) (webhooks.Result, error)
	for _, test := range []struct {
		name          string
		first, second do
		method        string // of the second
		reject        string // method of the first, if that is rejected
		elsewhere     bool   // the second is for another shop
		of            webhooks.State
	}{
		{"update of another webhook", update, update, http.MethodPut, "", false, webhooks.Updated},
		{"update in another shop", update, update, http.MethodPut, "", true, webhooks.Updated},
		{"delete of another webhook", remove, remove, http.MethodDelete, "", false, webhooks.Deleted},
		{"delete in another shop", remove, remove, http.MethodDelete, "", true, webhooks.Deleted},
		{"delete after an update", update, remove, http.MethodDelete, "", false, webhooks.Updated},
		{"update after a delete", remove, update, http.MethodPut, "", false, webhooks.Deleted},
		{"delete after a create", create, remove, http.MethodDelete, "", false, webhooks.Created},
		{"create after a delete", remove, create, http.MethodPost, "", false, webhooks.Deleted},
		{"delete after a rejected create", create, remove, http.MethodDelete, http.MethodPost, false, webhooks.Rejected},
		{"create after a rejected update", update, create, http.MethodPost, http.MethodPut, false, webhooks.Rejected},
		{"create in another shop", create, create, http.MethodPost, http.MethodPost, true, webhooks.Rejected},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, again := range []bool{true, false} {
				g := newRig(t)
				p := g.process()
				who := g.person(p)
				there := who
				if test.elsewhere {
					there = g.connects(p, who, 1)
				}
				one, two := g.add(who, base), g.add(there, base)
				if test.reject != "" {
					g.box.FailNext(sandbox.Failure{Method: test.reject, Path: apiWebhooks + "*", Status: 400, Code: "SOMETHING"})
				}
				if got, err := test.first(p, who, one, true); err != nil || got.State != test.of {
					t.Fatalf("the first: %+v, %v", got, err)
				}
				before := g.sent(test.method)
				got, err := test.second(p, there, two, again)
				if err != nil || got.State != webhooks.OtherContent || got.Of != test.of || g.sent(test.method) != before {
					t.Errorf("the second, again %v: %+v, %v, by %d calls", again, got, err, g.sent(test.method)-before)
				}
				if !g.has(there, two).Equal(base) {
					t.Errorf("the second, again %v: there is %v", again, g.has(there, two))
				}
			}
		})
	}
}
