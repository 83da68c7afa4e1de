package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hookwall/internal/sandbox"
)

// village is two shops with a person each, and one person who works for both.
type village struct {
	*rig
	shops  []sandbox.DemoShop
	people []*villager
	routes []route
	pool   []string // ids of drafts and of forms that somebody was given
}

type villager struct {
	*person
	has  []bool // by shop: connected now
	ever []bool // by shop
}

func newVillage(t *testing.T) *village {
	t.Helper()
	v := &village{rig: newRig(t, options{direct: true})}
	v.shops = v.box.Shops()[:2]
	for _, has := range [][]bool{{true, false}, {false, true}, {true, true}} {
		who := &villager{v.near(), slices.Clone(has), has}
		for i := range v.shops {
			if has[i] {
				who.connectKey(i)
			}
		}
		v.people = append(v.people, who)
	}
	for i, shop := range v.shops {
		v.add(shop, v.mark(i)+"/first", "DONATION")
		v.add(shop, v.mark(i)+"/second", "ORDER_PLACED", "FUTURE_OF_"+shop.ID)
	}
	for _, rt := range v.server.routes() {
		calls := strings.Contains(rt.path, "/checks") && rt.method == http.MethodPost ||
			strings.HasSuffix(rt.path, "/test") && rt.method == http.MethodPost
		if strings.Contains(rt.path, "{shop}") && !calls && !strings.HasSuffix(rt.path, "/stream") {
			v.routes = append(v.routes, rt)
		}
	}
	return v
}

// mark is in every address of a shop's webhooks, and nowhere else.
func (v *village) mark(shop int) string {
	return fmt.Sprintf("https://hooks.example.com/mark-%d", shop)
}

var given = regexp.MustCompile(`(?:draft=|name="(?:draft|submission)" value=")([A-Za-z0-9_-]{10,})`)

// TestShopsNeverMix lets people do anything to any shop, with everything that
// they or others were ever given. Nobody sees or changes anything of a shop
// that is not connected, and what is connected does not show on the other's
// pages. Checklist 20.
func TestShopsNeverMix(t *testing.T) {
	t.Parallel()
	few(t, 25)
	v := newVillage(t)
	rapid.Check(t, func(r *rapid.T) {
		for range rapid.IntRange(5, 25).Draw(r, "actions") {
			v.move(2 * time.Second)
			v.step(r)
		}
	})
}

func (v *village) step(r *rapid.T) {
	who := rapid.SampledFrom(v.people).Draw(r, "person")
	at := rapid.IntRange(0, 1).Draw(r, "shop")
	rt := rapid.SampledFrom(v.routes).Draw(r, "route")
	path := strings.NewReplacer("{shop}", v.shops[at].ID, "{id}", v.anID(r)).Replace(rt.path)
	before := [][]sandbox.Webhook{v.box.Webhooks(v.shops[0].ID), v.box.Webhooks(v.shops[1].ID)}
	var pg *page
	if rt.method == http.MethodGet {
		pg = who.noRedirects().get(path + "?" + v.query(r).Encode())
	} else {
		pg = who.noRedirects().post(path, v.form(r, who, at))
	}
	v.judge(r, who, at, rt, pg, before)
	for _, found := range given.FindAllStringSubmatch(pg.body+" "+pg.header.Get("Location"), -1) {
		v.pool = append(v.pool, found[1])
	}
	if strings.Contains(rt.path, "/disconnect") && who.has[at] {
		who.connectKey(at)
	}
}

// anID returns the ID of a webhook of either shop.
func (v *village) anID(r *rapid.T) string {
	ids := []string{"wcon_x"}
	for _, shop := range v.shops {
		for _, hook := range v.box.Webhooks(shop.ID) {
			ids = append(ids, hook.ID)
		}
	}
	return rapid.SampledFrom(ids).Draw(r, "id")
}

func (v *village) token(r *rapid.T) string {
	if len(v.pool) == 0 {
		return ""
	}
	recent := v.pool[max(0, len(v.pool)-12):]
	return rapid.SampledFrom(recent).Draw(r, "token")
}

func (v *village) query(r *rapid.T) url.Values {
	q := url.Values{}
	if rapid.Bool().Draw(r, "with a draft") {
		q.Set("draft", v.token(r))
	}
	if rapid.Bool().Draw(r, "with a filter") {
		q.Set("webhook", v.anID(r))
	}
	return q
}

// form returns a random form. Its URL is marked as the shop's if the villager
// has that shop, and neutral otherwise.
func (v *village) form(r *rapid.T, who *villager, at int) url.Values {
	address := "https://neutral.example/"
	if who.has[at] {
		address = v.mark(at) + rapid.SampledFrom([]string{"/first", "/second", "/third"}).Draw(r, "address")
	}
	f := url.Values{
		"url": {address}, "allowedTypes": {"DONATION", rapid.SampledFrom([]string{"GIFT_PURCHASE", "ORDER_PLACED"}).Draw(r, "type")}, "submission": {v.token(r)}, "draft": {v.token(r)},
		"base_url": {address}, "base_types": {"DONATION"}, "label": {"Of " + address},
	}
	if rapid.Bool().Draw(r, "agreed") {
		f.Set("duplicate", "accepted")
	}
	if rapid.Bool().Draw(r, "again") {
		f.Set("do", "check")
	}
	return f
}

func (v *village) judge(r *rapid.T, who *villager, at int, rt route, pg *page, before [][]sandbox.Webhook) {
	name := fmt.Sprintf("%v at shop %d, %s %s: %d %s", who.has, at, rt.method, rt.path, pg.status,
		pg.header.Get("Location"))
	if pg.status >= http.StatusInternalServerError {
		r.Fatalf("%s\n%s", name, pg.text())
	}
	if !who.has[at] && rt.needsShop() && pg.status != http.StatusNotFound {
		r.Fatal(name)
	}
	// A draft is a person's own, and may have been begun for the other shop.
	shows := !strings.Contains(pg.body, `name="url"`) && !strings.Contains(rt.path, "confirm") &&
		!strings.Contains(rt.path, "duplicate")
	for i := range v.shops {
		text := pg.body + fmt.Sprint(pg.header)
		foreign := strings.Contains(text, v.mark(i)) || strings.Contains(text, "FUTURE_OF_"+v.shops[i].ID)
		if foreign && (!who.ever[i] || i != at && shows) {
			r.Fatalf("%s shows what is shop %d's:\n%s", name, i, pg.text())
		}
		if diff := cmp.Diff(before[i], v.box.Webhooks(v.shops[i].ID)); diff != "" && (i != at || !who.has[i]) {
			r.Fatalf("%s changes shop %d: %s", name, i, diff)
		}
	}
}
