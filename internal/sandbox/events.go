package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// The states of a delivery. The platform documents none, so these are the sandbox's own.
const (
	StatePending   = "PENDING"   // not sent yet
	StateRetrying  = "RETRYING"  // the last attempt failed, another one will follow
	StateDelivered = "DELIVERED" // returned 200 in time
	StateFailed    = "FAILED"    // no further attempt will be made
)

// keptEvents is how many events of each shop are remembered, the newest.
const keptEvents = 1000

// Delivery is one event and how its delivery to one webhook goes, without the event's body.
type Delivery struct {
	ID        string `json:"id"` // of the event, the same for every attempt
	ShopID    string `json:"shopId"`
	WebhookID string `json:"webhookId"`
	Type      string `json:"type"`
	URL       string `json:"url"` // where it goes: the webhook's address when the event was fired
	TestMode  bool   `json:"testMode"`
	State     string `json:"state"`
	// Error is why the last attempt failed. It is empty before the first attempt and as soon as one
	// succeeds.
	Error     string        `json:"error,omitempty"`
	Attempts  int           `json:"attempts"` // that have ended
	Status    int           `json:"status"`   // of the last attempt's response; 0 for none
	Took      time.Duration `json:"took"`     // by the last attempt, in nanoseconds
	CreatedAt time.Time     `json:"createdAt"`
	UpdatedAt time.Time     `json:"updatedAt"`
	NextAt    time.Time     `json:"nextAt,omitzero"` // of the next attempt; zero when there is none
	Seq       int64         `json:"seq"`             // grows with each new one
}

// An event is a delivery with its body.
type event struct {
	Delivery
	Body string `json:"body"` // the envelope, byte for byte as it is sent; see fullBody
	Form form   `json:"form,omitempty"`

	thing uint64 // what it is about; only from before the start
}

// A form is one of two in which the platform's deliveries were seen. Those of one type alternate in a
// shop, so that a receiver meets both.
type form int

const (
	documentedForm form = iota
	// liveForm has times with six decimals and an offset, the updated product without a page around
	// it, and subscriptions that are suspended.
	liveForm
)

// moment writes a time as the form has it.
func (f form) moment(t time.Time) string {
	if f == liveForm {
		return t.Format("2006-01-02T15:04:05.000000-07:00")
	}
	return t.Format(time.RFC3339Nano)
}

// unit is how exact its times are.
func (f form) unit() time.Duration {
	if f == liveForm {
		return time.Microsecond
	}
	return time.Millisecond
}

// nextForm returns the other form than that of the shop's last event of a type.
func (sh *shop) nextForm(eventType string) form {
	for _, e := range slices.Backward(sh.events) {
		if e.Type == eventType {
			return liveForm - e.Form
		}
	}
	return documentedForm
}

// envelope is what webhooks get.
type envelope struct {
	TestMode   bool            `json:"testMode"`
	ID         string          `json:"id"`
	WebhookID  string          `json:"webhookId"`
	ShopID     string          `json:"shopId"`
	Type       string          `json:"type"`
	APIVersion string          `json:"apiVersion"`
	CreatedAt  string          `json:"createdAt"`
	Data       json.RawMessage `json:"data"`
}

// Fire lets something happen in a demo shop: each of its webhooks that listens to the type gets one
// event, in the background. It returns the ids of the events, and fails for an unknown shop or type,
// when no webhook listens, and when the data file does.
func (s *Server) Fire(shopID, eventType string, testMode bool) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shop(shopID)
	if sh == nil {
		return nil, unknownShop(shopID)
	}
	if !sh.fires(eventType) {
		return nil, errEventType(eventType)
	}
	events, err := s.newEvents(sh, eventType, testMode)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 {
		return nil, errNobodyListens(sh.Name, eventType)
	}
	if err := s.addEvents(sh, events); err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids, nil
}

// fires reports whether a type can happen in the shop.
func (sh *shop) fires(eventType string) bool {
	return slices.Contains(eventTypes, eventType) ||
		sh.switches.FutureTypes && slices.Contains(futureTypes, eventType)
}

// newEvents makes an event for each webhook that listens, all about the same thing.
func (s *Server) newEvents(sh *shop, eventType string, testMode bool) ([]event, error) {
	form := sh.nextForm(eventType)
	now := s.now().Truncate(form.unit())
	sc := newScene(sh.DemoShop, now, s.seq)
	sc.form = form
	data, err := payload(eventType, sc)
	if err != nil {
		return nil, err
	}
	var out []event
	for _, w := range sh.webhooks {
		if !slices.Contains(w.AllowedTypes, eventType) {
			continue
		}
		s.seq++
		e := event{Delivery: Delivery{
			ID: "weve_" + random(16), ShopID: sh.ID, WebhookID: w.ID, Type: eventType, URL: w.URL, TestMode: testMode,
			State: StatePending, CreatedAt: now, UpdatedAt: now, NextAt: now, Seq: s.seq,
		}, Form: form}
		if e.Body, err = e.envelope(data, form); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (d Delivery) envelope(data json.RawMessage, f form) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	at := f.moment(d.CreatedAt)
	err := enc.Encode(envelope{d.TestMode, d.ID, d.WebhookID, d.ShopID, d.Type, apiVersion, at, data})
	return string(bytes.TrimSpace(b.Bytes())), err
}

// addEvents keeps new events and forgets the oldest.
func (s *Server) addEvents(sh *shop, events []event) error {
	all := slices.Concat(sh.events, events)
	over := max(len(all)-keptEvents, 0)
	var changes []change
	for _, e := range events {
		changes = append(changes, change{"event", e.ID, e})
	}
	for _, e := range all[:over] {
		changes = append(changes, change{"event", e.ID, nil})
	}
	if err := s.keep(sh, changes...); err != nil {
		return err
	}
	sh.events = slices.Clone(all[over:])
	s.stir()
	return nil
}

// findEvent returns the place of an event in the shop, or -1.
func (sh *shop) findEvent(id string) int {
	return slices.IndexFunc(sh.events, func(e event) bool { return e.ID == id })
}

// Deliveries returns the last 1000 deliveries of a demo shop, the newest first; none for an unknown
// shop.
func (s *Server) Deliveries(shopID string) []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.shop(shopID)
	if sh == nil {
		return nil
	}
	return newestOf(sh, keptEvents)
}

// newest returns up to n deliveries of all shops, the newest first, without those from before the start.
func (s *Server) newest(n int) []Delivery {
	var out []Delivery
	for _, sh := range s.shops {
		for _, e := range sh.events {
			out = append(out, e.Delivery)
		}
	}
	slices.SortFunc(out, func(a, b Delivery) int { return cmp.Compare(b.Seq, a.Seq) })
	return out[:min(n, len(out))]
}
