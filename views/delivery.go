package views

import (
	"time"

	"hookwall/views/ui"
)

// DeliveryPage is one delivery.
type DeliveryPage struct {
	Frame
	ListHref   string
	Row        ui.DeliveryRow
	UpdatedAt  time.Time
	APIVersion string
	EventID    string // from the envelope, as are the next two
	WebhookID  string
	ShopID     string
	Body       string // "" until it was asked for
	Pretty     bool   // Body is JSON, indented
	BodyBytes  int
	ShowHref   string
	HideHref   string
}

func (p DeliveryPage) heading() string {
	name := p.Row.Type.Title
	if name == "" {
		name = p.Row.Type.Code
	}
	return ui.Plain(name)
}
