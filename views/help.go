package views

import (
	"time"

	"hookwall/views/ui"
)

// HelpPage explains Hookwall.
type HelpPage struct {
	Frame
	ConnectHref string
	CreateHref  string // the create form of the shop in the bar, or the way to one
	ListHref    string
	SessionIdle time.Duration
	SessionLife time.Duration
	Rates       []HelpRate
	Events      []HelpGroup
}

// HelpRate is a limit of this instance.
type HelpRate struct{ What, Allowed string }

// HelpGroup is a group of event types.
type HelpGroup struct {
	Title string
	Types []HelpEvent
}

// HelpEvent is an event type.
type HelpEvent struct {
	ui.EventBadge
	Description string
	SampleHref  string
	Docs        ui.Link // closest page of Fourthwall's documentation
}

// glossary has the words of the pages, in the order in which people meet them.
var glossary = []struct{ term, meaning string }{
	{"Shop", "A Fourthwall shop."},
	{"Connection", "A shop and the permission to manage its webhooks. You can disconnect it under Shops."},
	{"Webhook", "A subscription at Fourthwall. It has a URL and the event types to send there."},
	{"URL", "What you paste when you create a webhook. It starts with https://."},
	{"Endpoint", "The server behind the URL. It receives the events."},
	{"Event type", "Something that happens in a shop, such as Order placed. Fourthwall has 29 of them."},
	{"Delivery", "One event that Fourthwall sent to one webhook."},
	{"Last 24 hours", "This hour and the 23 hours before it, in UTC. Test deliveries aren’t counted."},
	{"Response, status code", "What the endpoint returned. Fourthwall accepts only status 200."},
	{"Signing secret", "The shop’s key. Your tool uses it to verify that an event comes from Fourthwall."},
	{"Covered", "An event type is covered if at least one webhook subscribes to it."},
	{"Unconfirmed", "Fourthwall’s reply was lost, so we check the shop’s list before anything is sent again."},
	{"Request ID", "A code that finds one moment in the log. Include it when you contact support."},
}
