package handlers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/internal/sandbox"
)

// TestWebhookWithoutEventTypes: such a webhook never receives anything. No page
// lets it look healthy, and each leads to where event types are chosen.
func TestWebhookWithoutEventTypes(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	full := g.add(shop, "https://full.example.com/", "DONATION", "ORDER_PLACED")
	empty := g.lenient(shop, "https://empty.example.com/")
	const never = "Never fires"

	t.Run("list", func(t *testing.T) {
		pg := p.get(webhooksPath(shop.ID)).want(http.StatusOK, "2 webhooks", "2 of 29 event types covered", "1 to check")
		row := pg.row(empty)
		if !strings.HasPrefix(row, "Look ") || !strings.Contains(row, never) || strings.Contains(row, "deliveries") ||
			strings.Contains(pg.row(full.ID), never) || pg.hooks()[0] != empty {
			t.Errorf("rows: %q", pg.rows())
		}
		pg.link("Add event types to empty.example.com").want(http.StatusOK).form(editPath(shop.ID, empty))
		pg.link("delete it").want(http.StatusOK).form(deletePath(shop.ID, empty))
	})
	t.Run("filter", func(t *testing.T) {
		for query, want := range map[string]string{
			"?type=none": empty, "?type=DONATION": full.ID, "?type=none&q=empty": empty, "?type=none&q=full": "",
			"?sort=types&type=none": empty,
		} {
			rows := p.get(webhooksPath(shop.ID) + query).want(http.StatusOK).hooks()
			records := p.get(webhooksCSVPath(shop.ID) + query).records()[1:]
			count := 1
			if want == "" {
				count = 0
			}
			if len(rows) != count || !strings.Contains(strings.Join(rows, ""), want) {
				t.Errorf("%s: %q", query, rows)
			}
			if len(records) != count || count > 0 && records[0][0] != want {
				t.Errorf("%s as a file: %q", query, records)
			}
		}
	})
	t.Run("file", func(t *testing.T) {
		for _, record := range p.get(webhooksCSVPath(shop.ID)).records() {
			if record[0] == empty && (record[2] != "" || record[3] != "0") {
				t.Errorf("%q", record)
			}
		}
	})
	t.Run("page", func(t *testing.T) {
		pg := p.get(webhookPath(shop.ID, empty)).want(http.StatusOK, "No event types", "This webhook never receives anything")
		if strings.Contains(pg.text(), "0 event types") {
			t.Error("an empty list is shown")
		}
		p.get(webhookPath(shop.ID, full.ID)).want(http.StatusOK, "Event types 2")
	})
	t.Run("test delivery", func(t *testing.T) {
		pg := p.get(testPath(shop.ID, empty)).want(http.StatusOK, "Order placed", `"type": "ORDER_PLACED"`)
		p.get(testPath(shop.ID, empty)+"?type=DONATION").want(http.StatusOK, `"type": "DONATION"`)
		if strings.Contains(pg.body, `"type": ""`) {
			t.Error("the sample has no type")
		}
	})
	t.Run("deletion", func(t *testing.T) {
		pg := p.get(webhookPath(shop.ID, empty)+"/delete").want(http.StatusOK, "This webhook has no event types")
		if strings.Contains(pg.text(), "goes to another webhook") || strings.Contains(pg.text(), "no longer calls") {
			t.Error("something is said to stop")
		}
	})
	t.Run("edit", func(t *testing.T) {
		form := p.get(webhookPath(shop.ID, empty)).link("Edit").form(editPath(shop.ID, empty))
		if ticked := form.values["allowedTypes"]; len(ticked) != 0 {
			t.Errorf("ticked: %v", ticked)
		}
		form.submit().want(http.StatusUnprocessableEntity, noTypesText)
		form.set("allowedTypes", "GIFT_PURCHASE").submit().postForm(editPath(shop.ID, empty) + "/confirm").press("do=save").
			want(http.StatusOK)
		if got := g.hook(shop, empty).AllowedTypes; len(got) != 1 || got[0] != "GIFT_PURCHASE" {
			t.Errorf("saved %v", got)
		}
		text := p.get(webhooksPath(shop.ID)).text()
		if strings.Contains(text, "no event types") || strings.Contains(text, never) {
			t.Error("the warning stays")
		}
	})
}

// TestWebhookWithoutEventTypesLocked: where it can't be changed, no link leads
// to a page that refuses.
func TestWebhookWithoutEventTypesLocked(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	id := g.lenient(shop, "https://empty.example.com/")
	g.must(g.store.MarkImmutable(t.Context(), shop.ID, id, g.server.Now().Add(time.Hour)))
	for path, says := range map[string]string{
		webhooksPath(shop.ID) + "?open=" + id: "Never fires", webhookPath(shop.ID, id): "never receives anything",
	} {
		pg := p.get(path).want(http.StatusOK, says)
		mayDelete := path == webhookPath(shop.ID, id) // whose page says why it can't be deleted
		if strings.Contains(pg.body, id+"/edit") || strings.Contains(pg.body, id+"/delete") && !mayDelete {
			t.Errorf("%s links to the edit form", path)
		}
	}
}

// TestGuideWithoutEventTypes: a webhook that never receives anything is no step.
func TestGuideWithoutEventTypes(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	g.lenient(shop, "https://empty.example.com/")
	p.get(webhooksPath(shop.ID)).guided("Connect")
	g.add(shop, receives, "ORDER_PLACED")
	p.get(webhooksPath(shop.ID)).guided("Connect Create")
}

// lenient makes a webhook without event types as it happens at Fourthwall: by a
// body that has types in place of allowedTypes.
func (g *rig) lenient(shop sandbox.DemoShop, address string) (id string) {
	g.t.Helper()
	g.must(g.box.Configure(shop.ID, sandbox.Switches{Lenient: true}))
	g.direct(shop, http.MethodPost, "", `{"url":"`+address+`","types":["DONATION"]}`)
	hooks := g.box.Webhooks(shop.ID)
	return hooks[len(hooks)-1].ID
}
