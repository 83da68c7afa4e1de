package sandbox

import (
	"net/http"
	"slices"
	"time"
)

const (
	eventParameter = "webhookEventId"

	eventsPath = "/open-api/v1.0/webhook-events"
	eventPath  = eventsPath + "/{" + eventParameter + "}"
)

// codeEventNotFound is documented.
const codeEventNotFound = "WEBHOOK_EVENT_NOT_FOUND"

// eventPageSize is how many events are on a page where the request does not say.
const eventPageSize = 50

// wireEvent is an event on the wire. It names no webhook; its body does.
type wireEvent struct {
	ID         string    `json:"id"`
	Type       string    `json:"type"`
	APIVersion string    `json:"apiVersion"`
	CreatedAt  time.Time `json:"createdAt"`
	UpdatedAt  time.Time `json:"updatedAt"`
	Body       string    `json:"body"`
	TestMode   bool      `json:"testMode"`
	State      string    `json:"state"`
	Error      string    `json:"error,omitempty"`
	URL        string    `json:"url"`
}

func (e event) wire(sh DemoShop) (wireEvent, error) {
	body, err := e.fullBody(sh)
	return wireEvent{
		ID: e.ID, Type: e.Type, APIVersion: apiVersion, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt, Body: body,
		TestMode: e.TestMode, State: e.State, Error: e.Error, URL: e.URL,
	}, err
}

// listEvents returns a page of the shop's events, the newest first, or with those on it as a
// bare array where the shop is set so.
func (s *Server) listEvents(c call) (reply, error) {
	kind := c.query.Get("type")
	var all []event
	for _, e := range slices.Backward(c.shop.log()) {
		if kind == "" || e.Type == kind {
			all = append(all, e)
		}
	}
	part := pageOf(all, number(c.query.Get("page"), 0), number(c.query.Get("size"), eventPageSize))
	isBare, of := c.shop.switches.BareList, c.shop.DemoShop
	return reply{status: http.StatusOK, later: func() (any, error) {
		page, err := wireEvents(of, part)
		if isBare {
			return page.Results, err
		}
		return page, err
	}}, nil
}

// wireEvents is a page of a shop's events on the wire.
func wireEvents(of DemoShop, part wirePage[event]) (wirePage[wireEvent], error) {
	page := wirePage[wireEvent]{
		Results: make([]wireEvent, len(part.Results)), Total: part.Total, Page: part.Page, Size: part.Size,
		TotalPages: part.TotalPages,
	}
	for i, e := range part.Results {
		var err error
		if page.Results[i], err = e.wire(of); err != nil {
			return page, err
		}
	}
	return page, nil
}

func (s *Server) getEvent(c call) (reply, error) {
	log := c.shop.log()
	i := slices.IndexFunc(log, func(e event) bool { return e.ID == c.id })
	if i < 0 {
		return reply{status: http.StatusNotFound, body: apiError{
			Code: codeEventNotFound, WebhookEventID: c.id, ShopID: c.shop.ID,
		}}, nil
	}
	found, err := log[i].wire(c.shop.DemoShop)
	return done(found), err
}
