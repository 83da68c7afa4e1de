package sandbox

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// publishedFile is the variable that names a copy of the platform's own description, which is not
// ours to pass on. It is at https://docs.fourthwall.com.
const publishedFile = "FOURTHWALL_OPENAPI"

// What is delivered keeps the platform's own schemas, for the types that it publishes one for.
func TestPublishedSchemas(t *testing.T) {
	t.Parallel()
	file := os.Getenv(publishedFile)
	if file == "" {
		t.Skip(publishedFile + " names no copy of the platform's description")
	}
	schemas := publishedSchemas(t, file)
	checked := 0
	shop := seeds()[2].shop
	at := time.Date(2026, 11, 2, 9, 0, 0, 123e6, time.UTC)
	for _, kind := range eventTypes {
		schema := schemas[kind]
		if schema == nil {
			t.Logf("%s: no schema", kind)
			continue
		}
		checked++
		for n := range int64(2 * len(people)) {
			sc := newScene(shop, at, n)
			if sc.form = form(n % 2); kind == "PRODUCT_UPDATED" {
				sc.form = documentedForm // the other one isn't the schema's
			}
			data, err := payload(kind, sc)
			if err != nil {
				t.Fatal(err)
			}
			d := Delivery{ID: "weve_x", ShopID: shop.ID, WebhookID: "wcon_x", Type: kind, CreatedAt: at}
			body, err := d.envelope(data, sc.form)
			if err != nil {
				t.Fatal(err)
			}
			var value any
			if err := json.Unmarshal([]byte(body), &value); err != nil {
				t.Fatal(err)
			}
			if err := schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.EnableFormatValidation()); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	if checked < 21 {
		t.Errorf("only %d types were checked", checked)
	}
}

// publishedSchemas are the schemas of deliveries, by event type.
func publishedSchemas(t *testing.T, file string) map[string]*openapi3.Schema {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// The alternatives, as they are published, do not exclude each other.
	text = bytes.ReplaceAll(text, []byte("oneOf:"), []byte("anyOf:"))
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*openapi3.Schema{}
	const promotion = "com.fourthwall.openapi.model.promotions."
	for _, item := range doc.Webhooks {
		schema := item.Post.RequestBody.Value.Content["application/json"].Schema.Value
		// Of promotions only the kind is asked for, which has a schema of its own.
		if data := schema.Properties["data"]; strings.HasSuffix(data.Ref, promotion+"PromotionV1") {
			schema.Properties["data"] = doc.Components.Schemas[promotion+"SingleShopPromotionV1"]
		}
		kind, _ := schema.Properties["type"].Value.Example.(string)
		out[kind] = schema
	}
	return out
}
