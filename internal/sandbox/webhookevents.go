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

func (e event) wire() wireEvent {
	return wireEvent{
		ID: e.ID, Type: e.Type, APIVersion: apiVersion, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt, Body: e.Body,
		TestMode: e.TestMode, State: e.State, Error: e.Error, URL: e.URL,
	}
}

// listEvents returns a page of the shop's events, the newest first, or with those on it as a
// bare array where the shop is set so.
func (s *Server) listEvents(c call) (reply, error) {
	kind := c.query.Get("type")
	all := make([]wireEvent, 0, len(c.shop.events))
	for _, e := range slices.Backward(c.shop.events) {
		if kind == "" || e.Type == kind {
			all = append(all, e.wire())
		}
	}
	page := pageOf(all, number(c.query.Get("page"), 0), number(c.query.Get("size"), eventPageSize))
	if c.shop.switches.BareList {
		return done(page.Results), nil
	}
	return done(page), nil
}

func (s *Server) getEvent(c call) (reply, error) {
	i := c.shop.findEvent(c.id)
	if i < 0 {
		return reply{status: http.StatusNotFound, body: apiError{
			Code: codeEventNotFound, WebhookEventID: c.id, ShopID: c.shop.ID,
		}}, nil
	}
	return done(c.shop.events[i].wire()), nil
}
