package fourthwall

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Shop is the shop that a credential belongs to.
type Shop struct {
	ID           string
	Name         string
	Domain       string // assigned by Fourthwall
	PublicDomain string // shown to visitors
}

// Webhook is a webhook as the API returns it.
type Webhook struct {
	ID           string
	URL          string
	AllowedTypes []EventType // as the API spells them, known or not; one may be empty
	APIVersion   string
	Secret       Secret // "" unless this is the answer to a create call, and it had one
}

// text is a string that the rest of a response does not depend on. A value of another JSON type counts as "".
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	*t = text(strings.ToValidUTF8(gjson.ParseBytes(data).Str, "\ufffd"))
	return nil
}

func (d *decoder) webhook(v gjson.Result) Webhook {
	w := Webhook{AllowedTypes: []EventType{}}
	d.object(v, func(name string, v gjson.Result) {
		switch name {
		case "id":
			w.ID = d.needed(v)
		case "url":
			w.URL = d.needed(v)
		case "allowedtypes":
			w.AllowedTypes = d.eventTypes(v)
		case "apiversion":
			w.APIVersion = v.Str
		case "secret":
			w.Secret = Secret(v.Str)
		}
	})
	return w
}

// eventTypes returns event types as the API spells them, without those that are null. Those of the catalog need no
// memory.
func (d *decoder) eventTypes(v gjson.Result) []EventType {
	types := []EventType{}
	d.array(v, func(v gjson.Result) {
		if info, ok := LookupEventType(EventType(v.Str)); ok {
			types = append(types, info.Code)
		} else if code := d.needed(v); v.Type != gjson.Null {
			types = append(types, EventType(code))
		}
	})
	return types
}

func decodeWebhook(body []byte) (Webhook, error) {
	w, ok := decode(string(body), (*decoder).webhook)
	if !ok {
		return Webhook{}, errNotJSON
	}
	if w.ID == "" {
		return Webhook{}, errNoID
	}
	return w, nil
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

// page is one response to a list call. Counts that it doesn't have are unknown.
type page struct {
	bare       bool      // the response is an array without a page object
	webhooks   []Webhook // those with an id
	size       int       // results, with those that have no ID
	bytes      int       // of the response
	total      int       // results of all pages
	number     int       // of this page; the API counts from 0 or 1
	totalPages int
}

func decodePage(body []byte) (page, error) {
	p, all, err := decodeResults(body, (*decoder).webhook)
	if err != nil {
		return page{}, err
	}
	return page{
		bare: p.bare, size: len(all), bytes: len(body), total: p.total, number: p.page, totalPages: p.totalPages,
		webhooks: slices.DeleteFunc(all, func(w Webhook) bool { return w.ID == "" }),
	}, nil
}

// pageObject is a response to a list call, without its results. Counts that it doesn't have are unknown.
type pageObject struct {
	bare                          bool // there is no page object, but an array of results
	total, page, size, totalPages int
}

// page returns the page object and the array of results.
func (d *decoder) page(v gjson.Result) (p pageObject, list gjson.Result) {
	p = pageObject{bare: v.IsArray(), total: unknown, page: unknown, size: unknown, totalPages: unknown}
	if p.bare {
		return p, v
	}
	d.object(v, func(name string, v gjson.Result) {
		switch name {
		case "results":
			list = v
		case "total":
			p.total = count(v)
		case "page":
			p.page = count(v)
		case "size":
			p.size = count(v)
		case "totalpages":
			p.totalPages = count(v)
		}
	})
	isNull := list.Type == gjson.Null && p.total != 0 // of an empty list only if that is counted
	d.wrong = d.wrong || !list.Exists() || isNull
	return p, list
}

// decodeResults decodes a response to a list call.
func decodeResults[T any](body []byte, one func(*decoder, gjson.Result) T) (p pageObject, all []T, err error) {
	all = []T{}
	p, ok := decode(string(body), func(d *decoder, v gjson.Result) pageObject {
		p, list := d.page(v)
		d.array(list, func(v gjson.Result) { all = append(all, one(d, v)) })
		return p
	})
	if !ok {
		return pageObject{}, nil, errNotJSON
	}
	return p, all, nil
}

// decodeCode returns the code in the body of an error response, or "" if there is none.
func decodeCode(body []byte) string {
	var j struct {
		Code text `json:"code"`
	}
	if json.Unmarshal(body, &j) != nil {
		return ""
	}
	return token(string(j.Code))
}

// codeForm is what the API's codes look like, and those of RFC 6750. Firewalls and gateways have other words in the
// same place: "forbidden", "AccessDenied", "403".
var codeForm = regexp.MustCompile(`^([A-Z][A-Z0-9_]*|invalid_token|insufficient_scope)$`)

// IsCode reports whether a text looks like a code of the API, so that it may be shown.
func IsCode(text string) bool { return len(text) <= maxToken && codeForm.MatchString(text) }

// family is how the API's documented codes for webhooks begin, and the one for too many requests.
var family = regexp.MustCompile(`^(OPEN_API|WEBHOOK|SHOP)_`)

// meanings are what a code says, by the status that it explains. The API's own codes for these aren't documented.
var meanings = map[int]*regexp.Regexp{
	http.StatusUnauthorized: regexp.MustCompile(
		`AUTH|TOKEN|CREDENTIAL|KEY|USER|PASSWORD|LOGIN|SESSION|ACCOUNT|EXPIRED|REVOKED|invalid_token`),
	http.StatusForbidden: regexp.MustCompile(
		`FORBIDDEN|DENIED|PERMISSION|SCOPE|ALLOWED|AUTH|ROLE|PRIVILEGE|insufficient_scope`),
	http.StatusNotFound: regexp.MustCompile(`NOT_FOUND|NOT_EXIST`),
}

// fits reports whether a code says the same as the status. A firewall's code, such as BLOCKED, has the form of the
// API's. Where it would end a connection or explain a permission or an absence, the form alone isn't enough.
func fits(code string, status int) bool {
	meaning, ok := meanings[status]
	return !ok || family.MatchString(code) || meaning.MatchString(code)
}

// challenge is a challenge that says what is wrong with a bearer token, RFC 6750 §3.
var challenge = regexp.MustCompile(`(?i)\bbearer\b.*\berror="?(invalid_token|insufficient_scope)\b`)

// tokenCode returns what is wrong with a token by RFC 6750, or "". A page isn't an answer about a token, whatever its
// headers say.
func tokenCode(header http.Header, body []byte) string {
	var j struct {
		Error text `json:"error"`
	}
	if len(bytes.TrimSpace(body)) > 0 && (!isObject(body) || json.Unmarshal(body, &j) != nil) {
		return ""
	}
	if j.Error == "invalid_token" || j.Error == "insufficient_scope" {
		return string(j.Error)
	}
	found := challenge.FindStringSubmatch(strings.Join(header.Values("Www-Authenticate"), ", "))
	if found == nil {
		return ""
	}
	return strings.ToLower(found[1])
}

// isObject reports whether a body is a JSON object.
func isObject(body []byte) bool {
	return json.Valid(body) && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{"))
}

// isRefusal reports whether a code is one of those with which the API refuses a write, by its documentation.
func isRefusal(code string) bool {
	switch code {
	case "WEBHOOK_URI_IP_NOT_ALLOWED", "WEBHOOK_URI_PORT_NOT_ALLOWED", "WEBHOOK_URI_UNALLOWED_DOMAIN",
		"WEBHOOK_CONFIGURATION_NOT_UPDATABLE_OR_DELETABLE", "WEBHOOK_CONFIGURATION_NOT_FOUND",
		"SHOP_TEAM_MEMBER_SHOP_NOT_FOUND_ERROR":
		return true
	}
	return false
}
