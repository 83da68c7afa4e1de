package views

import "hookwall/views/ui"

// EventsPage is the delivery log.
type DeliveriesPage struct {
	Frame
	Action         string // of the filter, a GET form with the fields type and webhook
	Type           string
	TypeChoices    []ui.EventBadge
	Webhook        string
	WebhookChoices []ui.Choice // id and URL; works within the page of the API
	Rows           []ui.DeliveryRow
	OnPage         int // deliveries on this page of the API, before the webhook filter
	Page           int // from 1
	Pages          int // 0: not known
	PrevHref       string
	NextHref       string
	Unreadable     *ui.Notice
}

func (p DeliveriesPage) filtered() bool { return p.Type != "" || p.Webhook != "" }

func (p DeliveriesPage) clearHref() string {
	if !p.filtered() {
		return ""
	}
	return p.Action
}

func (p DeliveriesPage) where() string {
	if p.Page < 1 {
		return ""
	}
	where := "Page " + ui.Number(p.Page)
	if p.Pages >= p.Page {
		where += " of " + ui.Number(p.Pages)
	}
	return where
}
