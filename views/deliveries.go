package views

import "hookwall/views/ui"

// DeliveriesPage lists the deliveries of a shop.
type DeliveriesPage struct {
	Frame
	Action         string // GET target of the filter; fields type and webhook
	Type           string
	TypeChoices    []ui.EventBadge
	Webhook        string
	WebhookChoices []ui.Choice // ID and URL; filters within one page of the API
	Rows           []ui.DeliveryRow
	OnPage         int // deliveries on this page of the API, before the filter by webhook
	Page           int // from 1
	Pages          int // 0 if unknown
	PrevHref       string
	NextHref       string
	Unreadable     *ui.Notice // why the list can't be shown; nil if it can
}

// filtered reports whether the list is filtered.
func (p DeliveriesPage) filtered() bool { return p.Type != "" || p.Webhook != "" }

// clearHref returns a link to the whole list, or "" if that is what is shown.
func (p DeliveriesPage) clearHref() string {
	if !p.filtered() {
		return ""
	}
	return p.Action
}

// where returns the number of the page, and of how many if that is known.
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
