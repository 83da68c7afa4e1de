package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

// partOf is an API that promises more webhooks than it lists.
func partOf(list string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != apiWebhooks {
			w.WriteHeader(http.StatusNotFound) // the sandbox answers
			return
		}
		_, _ = fmt.Fprintf(w, `{"results":[%s],"total":63,"page":0,"size":20,"totalPages":4}`, list)
	})
}

// TestIncompleteList says that the list is incomplete, and claims nothing about
// missing webhooks.
func TestIncompleteList(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, good, "DONATION")
	g.calls.set(nil, partOf(fmt.Sprintf(`{"id":%q,"url":%q,"allowedTypes":["DONATION"]}`, hook.ID, good)))
	const says = "there are 63 webhooks, and listed 1 of them"
	pg := p.get(webhooksPath(shop.ID)).want(http.StatusOK, "Not all webhooks are listed", says, good)
	if strings.Contains(pg.text(), "not covered") {
		t.Error("event types of webhooks that are missing are said not to be covered")
	}
	records := p.get(webhooksPath(shop.ID) + ".csv").records()
	if last := records[len(records)-1]; !strings.Contains(last[0], says) {
		t.Errorf("the file lacks that it has gaps: %q", records)
	}
	p.get(webhookPath(shop.ID, hook.ID)+"/delete").want(http.StatusOK, "couldn’t find out")
}

// TestIncompleteListConfirmsNothing: a webhook that is not listed may still
// exist.
func TestIncompleteListConfirmsNothing(t *testing.T) {
	for _, test := range []struct{ name, method, want string }{
		{"a create", http.MethodPost, store.OutcomeUnclear},
		{"a delete", http.MethodDelete, store.OutcomeUnclear},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{budget: 300 * time.Millisecond})
			p := g.person()
			shop := p.connect(0)
			hook := g.add(shop, good, "DONATION")
			g.box.FailNext(sandbox.Failure{Method: test.method, Path: apiWebhooks + "*", Status: 500, Times: 9})
			if test.method == http.MethodPost {
				p.newForm(shop.ID, good+"/2", "DONATION").submit().want(http.StatusBadGateway)
			} else {
				p.get(webhookPath(shop.ID, hook.ID) + "/delete").form("/delete").submit().want(http.StatusBadGateway)
			}
			g.calls.set(nil, partOf(`{"id":"wcon_another","url":"https://a.example/","allowedTypes":["DONATION"]}`))
			g.move(g.timing.Certain + time.Second)
			g.must(g.hooks.Reconcile(t.Context(), 1000))
			got, err := g.store.Activities(t.Context(), store.ActivityQuery{Shop: shop.ID, Limit: 1})
			g.must(err)
			if got.Rows[0].Outcome != test.want {
				t.Errorf("%s is %s, want %s", got.Rows[0].Action, got.Rows[0].Outcome, test.want)
			}
		})
	}
}

// TestNoCreateWithIncompleteListBefore: an unlisted webhook may have been
// created, so sending the same form again creates nothing, however late.
func TestNoCreateWithIncompleteListBefore(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	f := p.newForm(shop.ID, good, "DONATION")
	g.box.FailNext(sandbox.Failure{Method: http.MethodPost, Path: apiWebhooks, Status: 500})
	f.submit().want(http.StatusBadGateway, "Unconfirmed")
	g.calls.set(nil, partOf(`{"id":"wcon_another","url":"https://a.example/","allowedTypes":["DONATION"]}`))
	g.move(g.timing.Certain + time.Second)
	f.submit().want(http.StatusBadGateway, "Unconfirmed")
	if n := g.creates(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestTooLarge says why, and blames nobody.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	g.calls.set(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/open-api/v1.0/webhook-events") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		chunk := []byte(strings.Repeat("x", 1<<20))
		_, _ = w.Write([]byte(`{"id":"weve_1","body":"`))
		for range 40 {
			_, _ = w.Write(chunk)
		}
	}))
	p.get(eventPath(shop.ID, "weve_1")).want(http.StatusBadGateway, "larger than Hookwall reads")
	p.get(eventsPath(shop.ID)).want(http.StatusBadGateway, "too large")
}
