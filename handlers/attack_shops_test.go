package handlers

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/sandbox"
)

// neighbours are two people who have connected a shop each, and what one of
// them has.
type neighbours struct {
	*rig
	me, they     *person
	mine, theirs sandbox.DemoShop
	has          map[string]string // their ids by what they are of
}

func newNeighbours(t *testing.T) *neighbours {
	t.Helper()
	g := newRig(t, options{})
	n := &neighbours{rig: g, me: g.person(), they: g.person(), has: map[string]string{}}
	n.mine, n.theirs = n.me.connect(0), n.they.connect(1)
	hook := g.add(n.theirs, accepts, "DONATION")
	n.has["webhook"] = hook.ID
	n.has["event"] = g.fired(n.theirs, "DONATION", false)
	check := n.they.post(checksPath(n.theirs.ID), url.Values{"url": {accepts}, "type": {"DONATION"}})
	n.has["check"] = check.url.Path[strings.LastIndex(check.url.Path, "/")+1:]
	review := n.they.get(editPath(n.theirs.ID, hook.ID)).form("/edit").set("allowedTypes", "ORDER_PLACED").submit()
	n.has["draft"] = review.url.Query().Get("draft")
	form := n.they.newForm(n.theirs.ID, good+"/theirs", "DONATION")
	n.has["submission"] = form.values.Get("submission")
	form.submit().want(http.StatusOK)
	for what, id := range n.has {
		if id == "" {
			t.Fatalf("they have no %s", what)
		}
	}
	return n
}

// of is the kind of thing that a route's {id} means.
func of(path string) string {
	switch {
	case strings.Contains(path, "/events/"):
		return "event"
	case strings.Contains(path, "/checks/"):
		return "check"
	}
	return "webhook"
}

// requestIDs are the ids of requests, ours and the API's, and one-time ids.
var requestIDs = regexp.MustCompile(`[>"]([A-Za-z0-9_-]{16}|[A-Za-z0-9_-]{43}|[A-Z2-7]{26})[<"]`)

// alike removes from a page what differs between any two: the IDs in the
// request and the request IDs.
func alike(pg *page, ids ...string) string {
	text := fmt.Sprint(pg.status, " ", pg.header.Get("Location"), " ", pg.body)
	for _, id := range ids {
		for _, form := range []string{url.QueryEscape(url.QueryEscape(id)), url.QueryEscape(id), url.PathEscape(id), id} {
			text = strings.ReplaceAll(text, form, "ID")
		}
	}
	text = regexp.MustCompile(`[A-Z2-7]{26}\b`).ReplaceAllString(text, "")
	return requestIDs.ReplaceAllString(text, "")
}

// TestOtherShops walks the routes with two people. Another person's shop, and
// what belongs to it, responds like one that does not exist, and the API is not
// called. Checklist 20, 21.
func TestOtherShops(t *testing.T) {
	t.Parallel()
	n := newNeighbours(t)
	forms := url.Values{
		"url": {good}, "allowedTypes": {"DONATION"}, "do": {"delete"}, "draft": {n.has["draft"]}, "type": {"DONATION"},
		"body": {"{}"},
	}
	stranger := n.person().noRedirects()
	routes := 0
	for _, rt := range n.server.routes() {
		if !strings.Contains(rt.path, "{shop}") {
			continue
		}
		routes++
		t.Run(rt.method+" "+rt.path, func(t *testing.T) {
			send := func(p *person, shop, id string) *page {
				path := strings.NewReplacer("{shop}", url.PathEscape(shop), "{id}", url.PathEscape(id)).Replace(rt.path)
				if rt.method == http.MethodPost {
					return p.noRedirects().post(path, forms)
				}
				return p.noRedirects().get(path)
			}
			id := n.has[of(rt.path)]
			calls, hooks := len(n.box.Requests()), fmt.Sprint(n.box.Webhooks(n.theirs.ID))
			found, none := send(n.me, n.theirs.ID, id), send(n.me, "sh_none", "wcon_nothing")
			if found.status != http.StatusNotFound || alike(found, n.theirs.ID, id) != alike(none, "sh_none", "wcon_nothing") {
				t.Errorf("their shop answers %d, one that does not exist %d:\n%s\n%s", found.status, none.status,
					alike(found, n.theirs.ID, id), alike(none, "sh_none", "wcon_nothing"))
			}
			found, none = send(stranger, n.theirs.ID, id), send(stranger, "sh_none", "wcon_nothing")
			if found.status != http.StatusSeeOther || alike(found, n.theirs.ID, id) != alike(none, "sh_none", "wcon_nothing") {
				t.Errorf("to a stranger their shop answers %d %s, one that does not exist %d %s", found.status, found.header,
					none.status, none.header)
			}
			if after := len(n.box.Requests()); after != calls {
				t.Errorf("%d calls were made", after-calls)
			}
			if after := fmt.Sprint(n.box.Webhooks(n.theirs.ID)); after != hooks {
				t.Errorf("their webhooks are %s", after)
			}
		})
	}
	if routes < 20 {
		t.Errorf("only %d routes were walked", routes)
	}
}

// TestOtherShopsThings asks under the own shop for what belongs to another
// one. Checklist 20.
func TestOtherShopsThings(t *testing.T) {
	t.Parallel()
	n := newNeighbours(t)
	forms := url.Values{
		"url": {good}, "allowedTypes": {"ORDER_PLACED"}, "do": {"delete"}, "draft": {n.has["draft"]}, "type": {"DONATION"},
		"body": {"{}"}, "shop": {n.theirs.ID},
	}
	for _, rt := range n.server.routes() {
		if !rt.needsShop() || !strings.Contains(rt.path, "{id}") || strings.Contains(rt.path, "/secret") {
			continue // a secret's page says the same of every webhook
		}
		t.Run(rt.method+" "+rt.path, func(t *testing.T) {
			send := func(id string) *page {
				path := strings.NewReplacer("{shop}", url.PathEscape(n.mine.ID), "{id}", url.PathEscape(id)).Replace(rt.path) +
					"?draft=" + n.has["draft"] + "&shop=" + n.theirs.ID
				if rt.method == http.MethodPost {
					return n.me.post(path, forms)
				}
				return n.me.get(path)
			}
			hooks, receipts := fmt.Sprint(n.box.Webhooks(n.theirs.ID)), len(n.box.Receipts())
			id := n.has[of(rt.path)]
			found, none := send(id), send("wcon_nothing")
			if alike(found, id) != alike(none, "wcon_nothing") {
				t.Errorf("theirs answers %d, none %d:\n%s", found.status, none.status,
					cmp.Diff(strings.Split(alike(found, id), "<"), strings.Split(alike(none, "wcon_nothing"), "<")))
			}
			if strings.Contains(found.body, n.theirs.Name) || strings.Contains(found.body, accepts) {
				t.Errorf("theirs is shown:\n%s", found.text())
			}
			if fmt.Sprint(n.box.Webhooks(n.theirs.ID)) != hooks || len(n.box.Receipts()) != receipts {
				t.Error("theirs was changed or called")
			}
		})
	}
}

// TestOtherPeoplesForms: another person's one-time ID or draft grants no access
// to what is theirs, and does not block a person's own. Checklist 20.
func TestOtherPeoplesForms(t *testing.T) {
	t.Parallel()
	n := newNeighbours(t)
	pg := n.me.newForm(n.mine.ID, good+"/mine", "DONATION").set("submission", n.has["submission"]).submit()
	pg.want(http.StatusOK, good+"/mine")
	if strings.Contains(pg.body, "/theirs") {
		t.Error("what they created is shown")
	}
	for _, path := range []string{
		newWebhookPath(n.mine.ID) + "?draft=", newWebhookPath(n.mine.ID) + "/duplicate?draft=",
		checksPath(n.mine.ID) + "/new?form=",
		checksPath(n.mine.ID) + "/new?draft=", checksPath(n.mine.ID) + "/new?again=", "/connect?return=/shops?draft%3D",
	} {
		for _, id := range n.has {
			if pg := n.me.get(path + id); pg.status >= 500 || strings.Contains(pg.body, accepts) ||
				strings.Contains(pg.body, "/theirs") {
				t.Errorf("%s%s (%d) shows theirs", path, id, pg.status)
			}
		}
	}
	// In another person's shop, the same person's browser finds the form, since
	// it is theirs: but only as a form for the shop that is open.
	secrets := n.me.post(webhookPath(n.mine.ID, n.has["webhook"])+"/secret", url.Values{})
	if secrets.status == http.StatusOK || strings.Contains(secrets.body, n.theirs.WebhookSecret) {
		t.Errorf("their secret: %d", secrets.status)
	}
}

// TestStreamsAreBounded: a session can open only so many streams, and each that
// ends makes room for another.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	g := newRig(t, options{endpoint: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})})
	p := g.person()
	shop := p.connect(0)
	at := p.post(checksPath(shop.ID),
		url.Values{"url": {accepts}, "type": {"DONATION"}, "follow": {"1"}}).want(http.StatusOK).url.Path
	open := func() (*http.Response, int) {
		resp, err := p.client.Do(p.request(http.MethodGet, at+"/stream", nil))
		g.must(err)
		return resp, resp.StatusCode
	}
	var streams []*http.Response
	for range checkWaitsAtOnce {
		stream, status := open()
		streams = append(streams, stream)
		if status != http.StatusOK {
			t.Fatalf("a stream was refused: %d", status)
		}
	}
	refused, status := open()
	_ = refused.Body.Close()
	if status != http.StatusTooManyRequests || refused.Header.Get("Retry-After") == "" {
		t.Errorf("one stream too many: %d", status)
	}
	other := g.person()
	other.connect(0)
	if pg := other.get(at + "?follow=1"); pg.status != http.StatusNotFound {
		t.Errorf("somebody else's check: %d", pg.status)
	}
	p.get(at).want(http.StatusOK) // shown as it is, without waiting
	close(hold)
	for _, stream := range streams {
		text, err := io.ReadAll(stream.Body)
		g.must(err)
		_ = stream.Body.Close()
		if !slices.Contains(strings.Split(string(text), "\n"), "event: done") {
			t.Error("a stream ended before its check")
		}
	}
	for range checkWaitsAtOnce { // a page that was answered no longer counts
		p.get(at).want(http.StatusOK)
	}
	again, status := open()
	_ = again.Body.Close()
	if status != http.StatusOK {
		t.Errorf("after the others ended: %d", status)
	}
}
