package handlers

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hookwall/internal/activity"
)

// What any page may cost when a browser has nothing of ours yet, in bytes of
// compressed bodies.
const (
	mostOfAnyPage   = 24_000
	mostOfGallery   = 35_000 // for developers: it draws every component at once
	mostScriptOfAny = 7_000
)

// TestPagesCost measures every page on the wire. Lists have 50 rows, and the last
// 24 hours have deliveries of all types.
func TestPagesCost(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	types := catalogBadges()
	for i := range 50 {
		g.add(shop, fmt.Sprintf("%s?tool=%d", []string{receives, receives, refuses}[i%3], i),
			types[i%len(types)].Code, types[(i+7)%len(types)].Code)
	}
	for hour := range 23 {
		g.fire(shop, false, types[hour].Code, types[hour+3].Code, types[hour/2].Code)
		g.move(time.Hour)
	}
	p.connect(0)
	hook, delivery := g.box.Webhooks(shop.ID)[0].ID, g.box.Deliveries(shop.ID)[0].ID
	for i := range 50 {
		g.plant(shop, "", activity.DeleteWebhook, fmt.Sprint("wcon_", i), activity.Detail{Before: contentOf(good)})
	}
	p.fill(60)
	for _, path := range []string{
		webhooksPath(shop.ID), webhooksPath(shop.ID) + "?open=" + hook, webhookPath(shop.ID, hook),
		newWebhookPath(shop.ID), webhookPath(shop.ID, hook) + "/edit", webhookPath(shop.ID, hook) + "/delete",
		labelPath(shop.ID, hook), testPath(shop.ID, hook), checkStartHref(shop.ID, "webhook", hook),
		eventsPath(shop.ID), eventPath(shop.ID, delivery), eventBodyHref(shop.ID, delivery), activityPath(shop.ID),
		shopsPath, connectPath, signOutPath, displayPath, helpPath, toolsPath, signaturePath, "/samples/ORDER_PLACED",
		"/dev/components",
	} {
		cost := p.costOf(path)
		t.Logf("%s: %v", path, cost)
		most := mostOfAnyPage
		if path == "/dev/components" {
			most = mostOfGallery
		}
		if cost.total > most || cost.script > mostScriptOfAny {
			t.Errorf("%s costs too much: %v", path, cost)
		}
	}
}

// cost is what a page makes a browser fetch, in bytes on the wire.
type cost struct{ total, html, script, requests int }

func (p *person) costOf(path string) (c cost) {
	p.t.Helper()
	sent, page := p.fetch(path)
	doc, err := html.Parse(bytes.NewReader(page))
	p.must(err)
	c = cost{total: sent, html: sent, requests: 1}
	for address := range loaded(doc) {
		sent, _ := p.fetch(address)
		c.total += sent
		c.requests++
		if strings.HasSuffix(address, ".js") {
			c.script += sent
		}
	}
	return c
}
