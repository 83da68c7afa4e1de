package fourthwall

import (
	"context"
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"time"
)

const (
	defaultPageSize = 50
	maxPageSize     = 100 // the most that the API gives
)

// EventQuery chooses a page of a shop's events.
type EventQuery struct {
	Type EventType // only events of this type, known or not; "" = all
	Page int       // from 0; less counts as 0
	Size int       // of a page, 1 to 100; less counts as 50, more as 100
}

func (q EventQuery) inRange() EventQuery {
	q.Page = min(max(q.Page, 0), math.MaxInt-1) // there must be a number for the next one
	if q.Size <= 0 {
		q.Size = defaultPageSize
	}
	q.Size = min(q.Size, maxPageSize)
	return q
}

func (q EventQuery) encode() string {
	values := url.Values{"page": {strconv.Itoa(q.Page)}, "size": {strconv.Itoa(q.Size)}}
	if q.Type != "" {
		values.Set("type", string(q.Type))
	}
	return values.Encode()
}

// EventPage is a page of a shop's events.
type EventPage struct {
	Events     []Event // in the API's order; those without an id are left out; more than asked for if the API gives more
	Page       int     // which page this is, from 0: as the answer says, else as asked for
	Size       int     // how many events a full page has: as the answer says, else as asked for; at least as many as came
	Total      int     // how many events all pages have together; -1 when the API did not say
	TotalPages int     // -1 when the API did not say

	// More reports whether there is a next page. Where the counts leave that open, or do not fit with what came, it was
	// asked for. An empty page is the last one, whatever the answer promises.
	More bool
}

// Event is something that happened in a shop, and how its delivery to one webhook went.
type Event struct {
	ID         string
	Type       EventType // as the API spells it, known or not
	APIVersion string
	CreatedAt  time.Time // in UTC; zero when absent or unreadable
	UpdatedAt  time.Time // in UTC; zero when absent or unreadable
	Body       BuyerData // what was delivered, as the API gives it: the JSON text of an Envelope; "" when absent
	TestMode   bool
	State      string // in the API's words, which are not documented
	Error      string // in the API's words; JSON where the API gives something else than text
	HasError   bool   // true when the answer has an error that is not null, an empty text too
	URL        string // where it was sent
}

// Envelope is what Fourthwall posts to a webhook.
type Envelope struct {
	TestMode   bool
	ID         string
	WebhookID  string
	ShopID     string
	Type       EventType // as the API spells it, known or not
	APIVersion string
	CreatedAt  time.Time // in UTC; zero when absent or unreadable
	Data       BuyerData // JSON text that depends on Type; "" when absent or null
}

// Event returns one event, or an Error with Status 404.
func (c *Client) Event(ctx context.Context, cred Credential, id string) (Event, error) {
	path, err := itemPath(opEvent, eventsPath, id)
	if err != nil {
		return Event{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.budget)
	defer cancel()
	k, err := c.send(ctx, cred, opEvent, path, nil)
	if err != nil {
		return Event{}, err
	}
	e, err := decodeEvent(k.last.body)
	if err != nil {
		return Event{}, k.fail(err)
	}
	if e.ID != id {
		return Event{}, k.fail(errOtherID)
	}
	return e, nil
}

// Envelope reads the body; false when that is not a JSON object with at least one of type, webhookId and data. A field
// that is absent, or of another kind than expected, is left empty.
func (e Event) Envelope() (Envelope, bool) {
	var j struct {
		TestMode   flag   `json:"testMode"`
		ID         text   `json:"id"`
		WebhookID  text   `json:"webhookId"`
		ShopID     text   `json:"shopId"`
		Type       text   `json:"type"`
		APIVersion text   `json:"apiVersion"`
		CreatedAt  moment `json:"createdAt"`
		Data       raw    `json:"data"`
	}
	if json.Unmarshal([]byte(e.Body.Reveal()), &j) != nil || j.Type == "" && j.WebhookID == "" && j.Data == "" {
		return Envelope{}, false
	}
	return Envelope{
		TestMode: bool(j.TestMode), ID: string(j.ID), WebhookID: string(j.WebhookID), ShopID: string(j.ShopID),
		Type: EventType(j.Type), APIVersion: string(j.APIVersion), CreatedAt: time.Time(j.CreatedAt),
		Data: BuyerData(j.Data),
	}, true
}

type eventJSON struct {
	ID         string   `json:"id"`
	Type       text     `json:"type"`
	APIVersion text     `json:"apiVersion"`
	CreatedAt  moment   `json:"createdAt"`
	UpdatedAt  moment   `json:"updatedAt"`
	Body       anything `json:"body"`
	TestMode   flag     `json:"testMode"`
	State      anything `json:"state"`
	Error      anything `json:"error"`
	URL        text     `json:"url"`
}

func (j eventJSON) event() Event {
	return Event{
		ID: j.ID, Type: EventType(j.Type), APIVersion: string(j.APIVersion),
		CreatedAt: time.Time(j.CreatedAt), UpdatedAt: time.Time(j.UpdatedAt),
		Body: BuyerData(j.Body.text), TestMode: bool(j.TestMode), State: j.State.text,
		Error: j.Error.text, HasError: j.Error.present, URL: string(j.URL),
	}
}

func decodeEvent(body []byte) (Event, error) {
	var j eventJSON
	if json.Unmarshal(body, &j) != nil {
		return Event{}, errNotJSON
	}
	if j.ID == "" {
		return Event{}, errNoID
	}
	return j.event(), nil
}
