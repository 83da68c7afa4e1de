package webhooks

import (
	"encoding/json"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
)

// Mentions reports whether a delivery has a text in its URL, or in an ID: its own, or that of its event, its webhook,
// or what it is about, such as an order. It doesn't look at anything else, since a body is about people. The text is in
// lower case.
func Mentions(e fourthwall.Event, text string) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	if has(e.ID) || has(e.URL) {
		return true
	}
	envelope, ok := e.Envelope()
	return ok && slices.ContainsFunc(append(subjectIDs(envelope), envelope.ID, envelope.WebhookID), has)
}

// subject has the IDs by which people know what an event is about.
type subject struct {
	ID          any `json:"id"`
	FriendlyID  any `json:"friendlyId"`
	ExternalID  any `json:"externalOrderId"`
	OrderID     any `json:"orderId"`
	OrderNumber any `json:"orderFriendlyId"`
}

// subjectIDs returns the IDs in what an event carries. An updated order is inside.
func subjectIDs(envelope fourthwall.Envelope) []string {
	var data struct {
		subject
		Order   subject `json:"order"`
		Product subject `json:"product"`
	}
	_ = json.Unmarshal([]byte(envelope.Data.Reveal()), &data) // what can't be read has no ID
	var ids []string
	for _, s := range []subject{data.subject, data.Order, data.Product} {
		for _, value := range []any{s.ID, s.FriendlyID, s.ExternalID, s.OrderID, s.OrderNumber} {
			if id, ok := value.(string); ok && id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
