package process

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// State is the state that a sandbox reports.
type State struct {
	Now      time.Time `json:"now"`
	Shops    []Shop    `json:"shops"`
	Requests []Request `json:"requests"` // of clients to the API, the oldest first, the last 1000
	Failures []Failure `json:"failures"` // still queued
}

// Shop is a demo shop.
type Shop struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	APIUser       string    `json:"apiUser"`
	APIPassword   string    `json:"apiPassword"`
	WebhookSecret string    `json:"webhookSecret"`
	Webhooks      []Webhook `json:"webhooks"`
}

// Webhook is a webhook as the sandbox has it.
type Webhook struct {
	ID           string   `json:"id"`
	URL          string   `json:"url"`
	AllowedTypes []string `json:"allowedTypes"`
}

// Request is one that a client made to the API. Status is 0 if the connection
// was closed without a response.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Status int    `json:"status"`
	Shop   string `json:"shop"` // id; "" where none was established
}

// Failure is what happens to the next requests that it matches, as the
// sandbox's documentation has it.
type Failure struct {
	Method string            `json:"method,omitempty"`
	Path   string            `json:"path,omitempty"` // one that ends in * matches what begins like it
	Status int               `json:"status,omitempty"`
	Code   string            `json:"code,omitempty"`
	Body   string            `json:"body,omitempty"`
	Effect bool              `json:"effect,omitempty"`
	Header map[string]string `json:"header,omitempty"`
	Delay  string            `json:"delay,omitempty"` // such as "1h"; with an effect before it
	Cut    string            `json:"cut,omitempty"`   // before, after, body
	Times  int               `json:"times,omitempty"` // 0 means 1
}

// controls is a client without cookies; a sandbox that hangs fails the test
// that waits.
var controls = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}

// State returns the state of a sandbox.
func (p *Process) State() State {
	p.t.Helper()
	var s State
	if err := json.Unmarshal(p.control(http.MethodGet, "/_sandbox/state", nil), &s); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// FailNext queues a failure at a sandbox.
func (p *Process) FailNext(f Failure) {
	p.t.Helper()
	p.control(http.MethodPost, "/_sandbox/failures", f)
}

// ForgetFailures empties the queue of failures of a sandbox.
func (p *Process) ForgetFailures() {
	p.t.Helper()
	p.control(http.MethodDelete, "/_sandbox/failures", nil)
}

// Advance moves a sandbox's clock forward.
func (p *Process) Advance(d time.Duration) {
	p.t.Helper()
	p.control(http.MethodPost, "/_sandbox/clock", map[string]string{"advance": d.String()})
}

// AddWebhook adds a webhook to a shop of a sandbox, past the API.
func (p *Process) AddWebhook(shopID, address string, types ...string) {
	p.t.Helper()
	p.control(http.MethodPost, "/_sandbox/shops/"+shopID+"/webhooks",
		map[string]any{"url": address, "allowedTypes": types})
}

func (p *Process) control(method, path string, what any) []byte {
	p.t.Helper()
	body, err := json.Marshal(what)
	if err != nil {
		p.t.Fatal(err)
	}
	if what == nil {
		body = nil
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.URL+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if what != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := controls.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: status %d, %v: %s", method, path, resp.StatusCode, err, strings.TrimSpace(string(text)))
	}
	return text
}
