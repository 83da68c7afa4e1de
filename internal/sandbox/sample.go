package sandbox

import (
	"encoding/json"
	"slices"
	"time"
)

// Sample is what an example of an event is told about.
type Sample struct {
	Type      string // one of the 29 has a realistic sample, any other one about nothing
	EventID   string // "": a new one
	WebhookID string
	ShopID    string
	ShopName  string
	Domain    string // of the shop
	At        time.Time
}

// SampleEvent makes up an event that never happened, with testMode set: the body of a delivery, as
// JSON without blanks. Everybody in it is invented.
func SampleEvent(about Sample) (string, error) {
	at := about.At.UTC().Truncate(time.Millisecond)
	data := json.RawMessage("{}")
	if slices.Contains(eventTypes, about.Type) {
		var err error
		data, err = payload(about.Type,
			newScene(DemoShop{ID: about.ShopID, Name: about.ShopName, Domain: about.Domain}, at, 0))
		if err != nil {
			return "", err
		}
	}
	d := Delivery{
		ID: about.EventID, ShopID: about.ShopID, WebhookID: about.WebhookID, Type: about.Type, TestMode: true,
		CreatedAt: at,
	}
	if d.ID == "" {
		d.ID = "weve_" + random(16)
	}
	return d.envelope(data)
}
