package fourthwall

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
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
	if s, ok := unquote(data); ok {
		*t = text(s)
	}
	return nil
}

// count is an optional number. Anything but a whole number, 0 or more, leaves it unchanged.
type count int

func (c *count) UnmarshalJSON(data []byte) error {
	if n, err := strconv.Atoi(string(data)); err == nil && n >= 0 {
		*c = count(n)
	}
	return nil
}

// flag is an optional boolean. Another JSON type means false.
type flag bool

func (f *flag) UnmarshalJSON(data []byte) error {
	*f = string(data) == "true"
	return nil
}

// moment is an optional time. Anything but RFC 3339 means the zero time.
type moment time.Time

func (m *moment) UnmarshalJSON(data []byte) error {
	var t time.Time
	// In UTC, the first and the last hours of the calendar may be in a year that RFC 3339 can't express.
	if json.Unmarshal(data, &t) == nil && t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 {
		*m = moment(t.UTC())
	}
	return nil
}

// anything is an optional value of any JSON type: a string, or the JSON of another type. It is valid UTF-8.
type anything struct {
	text    string
	present bool // the field is there and isn't null
}

func (a *anything) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	a.present = true
	var isText bool
	if a.text, isText = unquote(data); !isText {
		a.text = strings.ToValidUTF8(string(data), "\ufffd")
	}
	return nil
}

// raw is the JSON of an optional value, in valid UTF-8. It is empty for null.
type raw string

func (r *raw) UnmarshalJSON(data []byte) error {
	if string(data) != "null" {
		*r = raw(strings.ToValidUTF8(string(data), "\ufffd"))
	}
	return nil
}

// webhookJSON is a webhook in a response.
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
	j, results, err := decodeResults[webhookJSON](body)
	if err != nil {
		return page{}, err
	}
	p := page{
		bare: j.bare, size: len(results), bytes: len(body),
		total: int(j.Total), number: int(j.Page), totalPages: int(j.TotalPages),
	}
	for _, r := range results {
		if r.ID != "" {
			p.webhooks = append(p.webhooks, r.webhook())
		}
	}
	return p, nil
}

const unknown = -1 // a count that the response doesn't have

// pageJSON is the page object of a response to a list call.
type pageJSON[T any] struct {
	Results    *[]T  `json:"results"` // nil for null
	Total      count `json:"total"`
	Page       count `json:"page"`
	Size       count `json:"size"`
	TotalPages count `json:"totalPages"`

	bare bool // there is no page object
}

// decodeResults decodes a response to a list call: a page object, or a bare array of results. It reads the results
// where they are, since most of a response is deliveries.
func decodeResults[T any](body []byte) (j pageJSON[T], results []T, err error) {
	j = pageJSON[T]{Results: &results, Total: unknown, Page: unknown, Size: unknown, TotalPages: unknown}
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		j.bare = true
		err = json.Unmarshal(body, &results)
	} else {
		err = json.Unmarshal(body, &j)
	}
	isNull := j.Results == nil && j.Total != 0 // of an empty list only if that is counted
	isMissing := j.Results != nil && *j.Results == nil
	if err != nil || isNull || isMissing {
		return pageJSON[T]{}, nil, errNotJSON
	}
	if j.Results != nil {
		results = *j.Results // a second member of that name may have replaced the first
	}
	return j, results, nil
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
