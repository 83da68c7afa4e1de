package fourthwall

import (
	"context"
	"math"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
)

const (
	defaultPageSize = 50
	maxPageSize     = 100 // limit of the API
	maxEvents       = 500 // of a page that an API returns although it was asked for less
)

// EventQuery selects a page of a shop's events.
type EventQuery struct {
	Type EventType // only events of this type, known or not; "" for all
	Page int       // from 0; less means 0
	Size int       // of a page, 1 to 100; less means 50, more means 100
}

// inRange returns the query with valid numbers.
func (q EventQuery) inRange() EventQuery {
	q.Page = min(max(q.Page, 0), math.MaxInt-1) // so that the next page has a number
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
	Events     []Event // in the API's order, without those that have no ID; may be more than the query's Size
	Page       int     // number of this page, from 0: the response's, or else the query's
	Size       int     // events of a full page: the response's, or else the query's; at least those of this page
	Total      int     // events of all pages; -1 if unknown
	TotalPages int     // -1 if unknown
	LeftOut    int     // events of this page that aren't in Events, because there are too many

	// More reports whether there is a next page. If the counts of the response don't tell, or are wrong, the next page was
	// requested to find out. An empty page is the last one, whatever its counts.
	More bool
}

// Event is an event of a shop and its delivery to one webhook.
type Event struct {
	ID         string
	Type       EventType // as the API spells it, known or not
	APIVersion string
	CreatedAt  time.Time // in UTC; zero when absent or unreadable
	UpdatedAt  time.Time // in UTC; zero when absent or unreadable
	Body       BuyerData // what was delivered: the JSON of an Envelope; "" when absent
	WebhookID  string    // in Body, as Envelope returns it; "" when absent
	TestMode   bool
	State      string // the API's own value; undocumented
	Error      string // the API's own text; JSON if it isn't a string
	HasError   bool   // the response has an error that isn't null; it may be empty
	URL        string // of the webhook, when it was sent
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

// Event returns an event, or an *Error with Status 404.
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

// Envelope parses the body. It returns false if that isn't a JSON object with at least one of type, webhookId and data.
// Fields that are missing or have the wrong JSON type are empty.
func (e Event) Envelope() (Envelope, bool) {
	n, isJSON := decode(e.Body.Reveal(), (*decoder).envelope)
	if !isJSON || n.Type == "" && n.WebhookID == "" && n.Data == "" {
		return Envelope{}, false
	}
	return n, true
}

func (d *decoder) envelope(v gjson.Result) (n Envelope) {
	d.object(v, func(name string, v gjson.Result) {
		switch name {
		case "testmode":
			n.TestMode = v.Type == gjson.True
		case "id":
			n.ID = v.Str
		case "webhookid":
			n.WebhookID = v.Str
		case "shopid":
			n.ShopID = v.Str
		case "type":
			n.Type = EventType(v.Str)
		case "apiversion":
			n.APIVersion = v.Str
		case "createdat":
			n.CreatedAt = moment(v)
		case "data":
			n.Data = BuyerData(raw(v))
		}
	})
	return n
}

func (d *decoder) event(v gjson.Result) (e Event) {
	d.object(v, func(name string, v gjson.Result) {
		switch name {
		case "id":
			e.ID = d.needed(v)
		case "type":
			e.Type = EventType(v.Str)
		case "apiversion":
			e.APIVersion = v.Str
		case "createdat":
			e.CreatedAt = moment(v)
		case "updatedat":
			e.UpdatedAt = moment(v)
		case "body":
			e.Body = BuyerData(anything(v))
		case "testmode":
			e.TestMode = v.Type == gjson.True
		case "state":
			e.State = anything(v)
		case "error":
			e.Error, e.HasError = anything(v), v.Type != gjson.Null
		case "url":
			e.URL = v.Str
		}
	})
	e.WebhookID = memberOf(e.Body.Reveal(), "webhookid")
	return e
}

func decodeEvent(body []byte) (Event, error) {
	e, ok := decode(string(body), (*decoder).event)
	if !ok {
		return Event{}, errNotJSON
	}
	if e.ID == "" {
		return Event{}, errNoID
	}
	return e, nil
}
