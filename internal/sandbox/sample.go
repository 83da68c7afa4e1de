package sandbox

import (
	"encoding/json"
	"slices"
	"time"
)

// SampleEvent returns an invented event with testMode set: the body of a delivery to the webhook, as
// compact JSON.
// A known event type has realistic data, any other one none.
func SampleEvent(eventType, webhookID string, shop DemoShop, at time.Time) (string, error) {
	at = at.UTC().Truncate(time.Millisecond)
	data := json.RawMessage("{}")
	if slices.Contains(eventTypes, eventType) {
		var err error
		if data, err = payload(eventType, newScene(shop, at, 0)); err != nil {
			return "", err
		}
	}
	d := Delivery{
		ID: "weve_" + random(16), ShopID: shop.ID, WebhookID: webhookID, Type: eventType,
		TestMode: true, CreatedAt: at,
	}
	return d.envelope(data, documentedForm)
}
