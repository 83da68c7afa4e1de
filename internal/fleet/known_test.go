package fleet_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fleet"
)

// api makes the API list webhooks and deliveries, the newest first.
func (g *rig) api(webhooks []map[string]any, total int, events []map[string]any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answers = func(r *http.Request) (*http.Response, error) {
		body := map[string]any{"results": webhooks, "total": total}
		if strings.HasPrefix(r.URL.Path, eventsPath) {
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			rest := events[min(100*page, len(events)):]
			body = map[string]any{"results": rest[:min(100, len(rest))], "total": len(events)}
		}
		text, err := json.Marshal(body)
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(string(text))), Request: r,
		}, err
	}
}

// TestShopIsHealthyOnlyIfKnown: what can't be matched to a webhook, or has a state that isn't known, is never fine.
func TestShopIsHealthyOnlyIfKnown(t *testing.T) {
	const one, other, second, shared = "wcon_1", "wcon_2", "https://second.example/fw", "https://shared.example/fw"
	type seen struct {
		State         fleet.State
		Failing, Look int
		Problem       string
	}
	for name, row := range map[string]struct {
		second     string // URL of the second webhook; the first has the shared one
		total      int
		deliveries []string // webhook or URL, and state
		want       seen
	}{
		"no deliveries":              {second, 2, nil, seen{fleet.Healthy, 0, 0, ""}},
		"accepted":                   {second, 2, []string{one + " DELIVERED", other + " DELIVERED"}, seen{fleet.Healthy, 0, 0, ""}},
		"one fails":                  {second, 2, []string{one + " FAILED", other + " DELIVERED"}, seen{fleet.Failing, 1, 0, ""}},
		"a shared URL, accepted":     {shared, 2, []string{shared + " DELIVERED"}, seen{fleet.Healthy, 0, 0, ""}},
		"a shared URL fails":         {shared, 2, []string{shared + " FAILED", shared + " FAILED"}, seen{fleet.Look, 0, 1, ""}},
		"a shared URL, one's own":    {shared, 2, []string{one + " DELIVERED", shared + " DELIVERED"}, seen{fleet.Healthy, 0, 0, ""}},
		"a shared URL, one fails":    {shared, 2, []string{one + " FAILED", shared + " DELIVERED"}, seen{fleet.Failing, 1, 0, ""}},
		"in other words":             {second, 2, []string{one + " TELEPORTED"}, seen{fleet.Unseen, 0, 0, "unclear"}},
		"in other words, shared":     {shared, 2, []string{shared + " TELEPORTED"}, seen{fleet.Unseen, 0, 0, "unclear"}},
		"in other words, one fails":  {second, 2, []string{one + " TELEPORTED", other + " FAILED"}, seen{fleet.Failing, 1, 0, "unclear"}},
		"on the way":                 {second, 2, []string{one + " PENDING"}, seen{fleet.Unseen, 0, 0, "unclear"}},
		"on the way, after accepted": {second, 2, []string{one + " PENDING", one + " DELIVERED"}, seen{fleet.Healthy, 0, 0, ""}},
		"more webhooks than listed":  {second, 9, []string{one + " DELIVERED"}, seen{fleet.Unseen, 0, 0, ""}},
		"of a deleted webhook":       {second, 2, []string{"wcon_9 FAILED", one + " DELIVERED"}, seen{fleet.Healthy, 0, 0, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			shop := g.connect(g.owner, studio)
			var events []map[string]any
			for i, text := range row.deliveries {
				of, state, _ := strings.Cut(text, " ")
				at := g.store.Now().Add(-time.Duration(i+1) * time.Minute).Format(time.RFC3339)
				e := map[string]any{"id": fmt.Sprint("weve_", i), "type": "DONATION", "state": state, "createdAt": at, "url": of}
				if strings.HasPrefix(of, "wcon_") {
					e["body"] = fmt.Sprintf(`{"webhookId":%q,"id":"weve_%d","type":"DONATION"}`, of, i)
				}
				events = append(events, e)
			}
			g.api([]map[string]any{
				{"id": one, "url": shared, "allowedTypes": []string{"DONATION"}},
				{"id": other, "url": row.second, "allowedTypes": []string{"DONATION"}},
			}, row.total, events)
			g.visit(shop)
			o := g.observation(shop)
			got := seen{g.StateOf(o), o.FailingWebhooks, o.LookWebhooks, o.Problem}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestVisitSeesADeliveryOfTheFuture: its wrong time doesn't keep later visits from reading all that is new.
func TestVisitSeesADeliveryOfTheFuture(t *testing.T) {
	g := newRig(t)
	shop := g.connect(g.owner, studio)
	event := func(id string, at time.Time) map[string]any {
		return map[string]any{"id": id, "type": "DONATION", "state": "DELIVERED", "createdAt": at.Format(time.RFC3339Nano)}
	}
	future := []map[string]any{event("weve_future", g.store.Now().AddDate(73, 0, 0))}
	g.api(nil, 0, future)
	g.visit(shop)
	g.move(10 * time.Minute)
	all := future
	for i := range 150 {
		all = append(all, event(fmt.Sprint("weve_", i), g.store.Now().Add(-time.Duration(i)*time.Second)))
	}
	g.api(nil, 0, all)
	g.visit(shop)
	if o := g.observation(shop); o.Total24h != 151 {
		t.Errorf("%d deliveries, want 151", o.Total24h)
	}
}
