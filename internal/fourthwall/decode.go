package fourthwall

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Shop is the shop that a credential belongs to.
type Shop struct {
	ID           string
	Name         string
	Domain       string // the name Fourthwall gave it
	PublicDomain string // the name its visitors see
}

// Webhook is a webhook as the API knows it.
type Webhook struct {
	ID           string
	URL          string
	AllowedTypes []EventType // as the API spells them, known or not, an empty one too
	APIVersion   string
	Secret       Secret // "" unless this is the answer to a create call, and it had one
}

// text is a string of which the rest of an answer does not depend: any other kind of value counts as none.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = text(s)
	}
	return nil
}

// count is a number of which the rest of an answer does not depend: anything but a whole number, 0 or more, leaves it as
// it was.
type count int

func (c *count) UnmarshalJSON(data []byte) error {
	if n, err := strconv.Atoi(string(data)); err == nil && n >= 0 {
		*c = count(n)
	}
	return nil
}

// flag is a truth of which the rest of an answer does not depend: any other kind of value counts as false.
type flag bool

func (f *flag) UnmarshalJSON(data []byte) error {
	*f = string(data) == "true"
	return nil
}

// moment is a time of which the rest of an answer does not depend: anything but RFC 3339 counts as none.
type moment time.Time

func (m *moment) UnmarshalJSON(data []byte) error {
	var t time.Time
	// At the ends of the calendar, UTC may be in a year that RFC 3339 cannot write.
	if json.Unmarshal(data, &t) == nil && t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 {
		*m = moment(t.UTC())
	}
	return nil
}

// anything is text that survives whatever kind of value it comes as: a string is itself, any other kind is its JSON. It
// is UTF-8, whatever came.
type anything struct {
	text    string
	present bool // and not null
}

func (a *anything) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	a.present = true
	if json.Unmarshal(data, &a.text) != nil {
		a.text = strings.ToValidUTF8(string(data), "\ufffd")
	}
	return nil
}

// raw is the JSON of a value, in UTF-8; null counts as none.
type raw string

func (r *raw) UnmarshalJSON(data []byte) error {
	if string(data) != "null" {
		*r = raw(strings.ToValidUTF8(string(data), "\ufffd"))
	}
	return nil
}

type webhookJSON struct {
	ID           string       `json:"id"`
	URL          string       `json:"url"`
	AllowedTypes []*EventType `json:"allowedTypes"`
	APIVersion   text         `json:"apiVersion"`
	Secret       text         `json:"secret"`
}

func (j webhookJSON) webhook() Webhook {
	w := Webhook{
		ID: j.ID, URL: j.URL, APIVersion: string(j.APIVersion), Secret: Secret(j.Secret),
		AllowedTypes: make([]EventType, 0, len(j.AllowedTypes)),
	}
	for _, code := range j.AllowedTypes {
		if code != nil {
			w.AllowedTypes = append(w.AllowedTypes, *code)
		}
	}
	return w
}

func decodeWebhook(body []byte) (Webhook, error) {
	var j webhookJSON
	if json.Unmarshal(body, &j) != nil {
		return Webhook{}, errNotJSON
	}
	if j.ID == "" {
		return Webhook{}, errNoID
	}
	return j.webhook(), nil
}

func decodeShop(body []byte) (Shop, error) {
	var j struct {
		ID           string `json:"id"`
		Name         text   `json:"name"`
		Domain       text   `json:"domain"`
		PublicDomain text   `json:"publicDomain"`
	}
	if json.Unmarshal(body, &j) != nil {
		return Shop{}, errNotJSON
	}
	if j.ID == "" {
		return Shop{}, errNoID
	}
	return Shop{ID: j.ID, Name: string(j.Name), Domain: string(j.Domain), PublicDomain: string(j.PublicDomain)}, nil
}

// page is one answer to a list call. Its counts are unsaid where it does not give them.
type page struct {
	bare       bool      // an array, and no page object
	webhooks   []Webhook // those with an id
	size       int       // of all results, those without an id too
	total      int       // of all pages together
	number     int       // of this page, as the API counts
	totalPages int
}

func decodePage(body []byte) (page, error) {
	var results []webhookJSON
	j, err := decodeResults(body, &results)
	if err != nil {
		return page{}, err
	}
	p := page{
		bare: j.bare, size: len(results),
		total: int(j.Total), number: int(j.Page), totalPages: int(j.TotalPages),
	}
	for _, r := range results {
		if r.ID != "" {
			p.webhooks = append(p.webhooks, r.webhook())
		}
	}
	return p, nil
}

const unsaid = -1 // a count that the answer does not give

// pageJSON is what the answer to a list call says of its page.
type pageJSON struct {
	Results    json.RawMessage `json:"results"`
	Total      count           `json:"total"`
	Page       count           `json:"page"`
	Size       count           `json:"size"`
	TotalPages count           `json:"totalPages"`

	bare bool // there is no page object
}

// decodeResults reads the results of a list call, which stand in a page object or are a bare array.
func decodeResults(body []byte, results any) (pageJSON, error) {
	j := pageJSON{Total: unsaid, Page: unsaid, Size: unsaid, TotalPages: unsaid}
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		j.Results, j.bare = body, true
	} else if json.Unmarshal(body, &j) != nil {
		return pageJSON{}, errNotJSON
	}
	if json.Unmarshal(j.Results, results) != nil {
		return pageJSON{}, errNotJSON
	}
	return j, nil
}

// decodeCode finds the code in the body of a refusal; "" when the body is not of that shape.
func decodeCode(body []byte) string {
	var j struct {
		Code text `json:"code"`
	}
	if json.Unmarshal(body, &j) != nil {
		return ""
	}
	return token(string(j.Code))
}
