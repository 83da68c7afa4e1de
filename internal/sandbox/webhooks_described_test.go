package sandbox

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestDeliveriesAreDescribed: each delivery, in both forms, keeps what the
// description says under webhooks, and has no field that it leaves out.
func TestDeliveriesAreDescribed(t *testing.T) {
	t.Parallel()
	webhooks := describedDoc(t).Webhooks
	if got := slices.Sorted(maps.Keys(webhooks)); !slices.Equal(got, slices.Sorted(slices.Values(eventTypes))) {
		t.Errorf("described: %v", got)
	}
	for _, kind := range eventTypes {
		schema := deliverySchema(t, webhooks[kind])
		for n := range int64(2 * len(people)) {
			value := sampleDelivery(t, kind, n)
			if err := keeps(schema, value); err != nil {
				t.Errorf("%s, form %d: %v", kind, n%2, err)
			}
			for _, field := range undescribed(schema, value, kind) {
				t.Errorf("form %d: %s is not described", n%2, field)
			}
		}
	}
}

// TestDescriptionOfDeliveriesIsStrict: what breaks it is found.
func TestDescriptionOfDeliveriesIsStrict(t *testing.T) {
	t.Parallel()
	webhooks := describedDoc(t).Webhooks
	tests := []struct {
		name, kind string
		spoil      func(delivery, data map[string]any)
	}{
		{"another type", "DONATION", func(d, _ map[string]any) { d["type"] = "ORDER_PLACED" }},
		{"no shop", "DONATION", func(d, _ map[string]any) { delete(d, "shopId") }},
		{"a time of words", "DONATION", func(d, _ map[string]any) { d["createdAt"] = "yesterday" }},
		{"no amounts", "ORDER_PLACED", func(_, data map[string]any) { delete(data, "amounts") }},
		{"a total without a value", "DONATION", func(_, data map[string]any) {
			data["amounts"] = map[string]any{"total": map[string]any{"currency": "USD"}}
		}},
		{"no product", "PRODUCT_UPDATED", func(_, data map[string]any) { data["product"] = map[string]any{} }},
		{"an unknown subscription", "SUBSCRIPTION_CHANGED", func(_, data map[string]any) {
			data["subscription"] = map[string]any{"type": "PAUSED"}
		}},
	}
	for _, test := range tests {
		value := sampleDelivery(t, test.kind, 0)
		data, _ := value["data"].(map[string]any)
		test.spoil(value, data)
		if keeps(deliverySchema(t, webhooks[test.kind]), value) == nil {
			t.Errorf("%s keeps the description", test.name)
		}
	}
	odd := sampleDelivery(t, "ORDER_PLACED", 0)
	offers, _ := odd["data"].(map[string]any)["offers"].([]any)
	offers[0].(map[string]any)["new"] = 1
	got := undescribed(deliverySchema(t, webhooks["ORDER_PLACED"]), odd, "order")
	if !slices.Equal(got, []string{"order.data.offers[].new"}) {
		t.Errorf("not described: %v", got)
	}
}

func deliverySchema(t *testing.T, item *openapi3.PathItem) *openapi3.Schema {
	t.Helper()
	if item == nil || item.Post == nil {
		t.Fatal("it is not described")
	}
	return item.Post.RequestBody.Value.Content["application/json"].Schema.Value
}

func sampleDelivery(t *testing.T, kind string, n int64) map[string]any {
	t.Helper()
	at := time.Date(2026, 11, 2, 9, 0, 0, 123_456_000, time.UTC)
	sc := newScene(seeds()[0].shop, at, n)
	sc.form = form(n % 2)
	data, err := payload(kind, sc)
	if err != nil {
		t.Fatal(err)
	}
	d := Delivery{ID: "weve_x", ShopID: sc.Shop.ID, WebhookID: "wcon_x", Type: kind, CreatedAt: at}
	body, err := d.envelope(data, sc.form)
	if err != nil {
		t.Fatal(err)
	}
	var value map[string]any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func keeps(s *openapi3.Schema, value any) error {
	return s.VisitJSON(value, openapi3.MultiErrors(), openapi3.EnableFormatValidation(),
		openapi3.EnableJSONSchema2020())
}

// undescribed lists the fields of a value that a schema says nothing of.
func undescribed(s *openapi3.Schema, value any, at string) (out []string) {
	if items, ok := value.([]any); ok && s.Items != nil {
		for _, item := range items {
			out = append(out, undescribed(s.Items.Value, item, at+"[]")...)
		}
	}
	object, ok := value.(map[string]any)
	if !ok || s.AdditionalProperties.Schema != nil {
		return out
	}
	known := properties(s, value)
	for name, field := range object {
		if schemas := known[name]; len(schemas) > 0 {
			// The last one says most: a delivery's data is an object to all and more to one.
			out = append(out, undescribed(schemas[len(schemas)-1], field, at+"."+name)...)
			continue
		}
		out = append(out, at+"."+name)
	}
	return out
}

// properties returns the schemas of each field, of all parts and of the
// alternatives that the value keeps.
func properties(s *openapi3.Schema, value any) map[string][]*openapi3.Schema {
	out := map[string][]*openapi3.Schema{}
	for name, p := range s.Properties {
		out[name] = append(out[name], p.Value)
	}
	parts := slices.Clone(s.AllOf)
	for _, one := range s.AnyOf {
		if keeps(one.Value, value) == nil {
			parts = append(parts, one)
		}
	}
	for _, part := range parts {
		for name, list := range properties(part.Value, value) {
			out[name] = append(out[name], list...)
		}
	}
	return out
}
