package views

import (
	"strings"
	"time"

	"hookwall/views/ui"
)

// DeliveryPage shows one delivery.
type DeliveryPage struct {
	Frame
	ListHref   string
	Row        ui.DeliveryRow
	UpdatedAt  time.Time
	APIVersion string
	EventID    string // EventID, WebhookID and ShopID are from the envelope
	WebhookID  string
	ShopID     string
	Body       string // "" until the person asks for it
	Pretty     bool   // Body is JSON and indented
	BodyBytes  int
	ShowHref   string
	HideHref   string
	CheckHref  string // checks the endpoint; "" if not offered
}

// curl returns the command that sends the body, from a file, to the endpoint.
func (p DeliveryPage) curl() string {
	return "curl " + quoted(p.Row.URL) + " -H 'Content-Type: application/json' --data-binary @body.json"
}

// quoted writes a word for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// heading returns the name of the event type, or its code if it has no name.
func (p DeliveryPage) heading() string {
	name := p.Row.Type.Title
	if name == "" {
		name = p.Row.Type.Code
	}
	return ui.Plain(name)
}
