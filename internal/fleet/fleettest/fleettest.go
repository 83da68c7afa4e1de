// Package fleettest stores what visits saw, for tests of pages about many shops.
package fleettest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// Shop is a connected shop, and what a visit saw of it.
type Shop struct {
	ID, Name string
	Way      string // "" is an API key
	Unseen   bool   // there was no visit
	Ago      time.Duration
	Webhooks []fleet.Webhook
	Cut      bool
	Accepted int           // deliveries to the first webhook, one every ten minutes, the last one just before the visit
	Failed   int           // the same, after those
	Since    int           // the same, accepted after those that failed
	Error    string        // of the failed ones
	Problem  fleet.Problem // of a later visit
	Expired  bool
	Labels   []string
}

// Hook returns a webhook.
func Hook(id, url string, types ...fourthwall.EventType) fleet.Webhook {
	return fleet.Webhook{ID: id, Content: fourthwall.Content{URL: url, AllowedTypes: types}}
}

// Put connects a shop for an owner, and stores what was seen of it. Its connection is that of the owner's other shops:
// nobody calls Fourthwall for it.
func Put(t testing.TB, st *store.Store, owner store.Owner, shop Shop) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if shop.Way == "" {
		shop.Way = "apikey"
	}
	conn, err := st.PutConnection(t.Context(), store.Connection{
		Owner: owner, ShopID: shop.ID, ShopName: shop.Name, ShopDomain: shop.ID + ".example", Way: shop.Way,
		Credential: []byte("{}"), Hint: "x9f2", Scopes: "webhook_read webhook_write",
	})
	must(err)
	if len(shop.Labels) > 0 {
		_, err := st.AddShopLabels(t.Context(), owner, []string{shop.ID}, shop.Labels,
			func(store.Labeled) (store.Activity, error) { return store.Activity{Shop: shop.ID}, nil })
		must(err)
	}
	if !shop.Unseen {
		must(visit(t, st, shop.ID, shop.seen(t, conn, st.Now().Add(-shop.Ago))))
	}
	if shop.Problem != "" {
		must(visit(t, st, shop.ID,
			store.Observed{ConnectionID: conn.ID, Owner: owner, At: st.Now(), Problem: string(shop.Problem)}))
	}
	if shop.Expired {
		must(st.ExpireConnection(t.Context(), conn.ID, conn.Version, store.End{Why: store.EndKeyRejected}))
	}
}

// visit stores what one visit saw, and enqueues no other soon.
func visit(t testing.TB, st *store.Store, shop string, seen store.Observed) error {
	t.Helper()
	v, _, err := st.BeginVisit(t.Context(), shop, time.Minute, st.Now())
	if err != nil {
		return err
	}
	return st.EndVisit(t.Context(), v,
		store.VisitEnd{Seen: []store.Observed{seen}, Due: st.Now().Add(time.Hour), Answered: true}, nil)
}

func (shop Shop) seen(t testing.TB, conn store.Connection, at time.Time) store.Observed {
	t.Helper()
	text, err := json.Marshal(shop.Webhooks)
	if err != nil {
		t.Fatal(err)
	}
	listed := store.Listed{Hash: string(text), Webhooks: text, Count: len(shop.Webhooks), Cut: shop.Cut}
	var all []fourthwall.EventType
	counts := map[fourthwall.EventType]int{}
	for _, hook := range shop.Webhooks {
		for _, one := range hook.AllowedTypes {
			all = append(all, one)
			counts[one]++
		}
	}
	listed.Types, listed.UnknownTypes = fleet.Mask(all)
	var digits strings.Builder
	for _, info := range fourthwall.EventTypes() {
		digits.WriteString(strconv.FormatInt(int64(counts[info.Code]), 36))
	}
	listed.TypeCounts = digits.String()
	o := store.Observed{
		ConnectionID: conn.ID, Owner: conn.Owner, At: at, Listed: &listed, Read: true,
		Since: at.Add(-store.KeepDeliveries),
	}
	var list fourthwall.WebhookList
	for _, hook := range shop.Webhooks {
		list.Webhooks = append(list.Webhooks,
			fourthwall.Webhook{ID: hook.ID, URL: hook.URL, AllowedTypes: hook.AllowedTypes})
	}
	o.Judge = fleet.Judge(at, list, nil)
	sent := shop.Accepted + shop.Failed + shop.Since
	for i := range sent {
		when := at.Add(-time.Duration(sent-i) * 10 * time.Minute)
		one := store.Delivery{
			Event: fmt.Sprint("weve_", i), Webhook: shop.Webhooks[0].ID, Type: "DONATION", State: "DELIVERED",
			Outcome: store.DeliveryAccepted, CreatedAt: when, UpdatedAt: when,
		}
		if i >= shop.Accepted && i < shop.Accepted+shop.Failed {
			one.State, one.Outcome, one.Error = "FAILED", store.DeliveryFailed, shop.Error
		}
		o.Deliveries = append(o.Deliveries, one)
	}
	return o
}
