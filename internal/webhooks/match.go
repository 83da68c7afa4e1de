package webhooks

import (
	"slices"
	"time"

	"hookwall/internal/fourthwall"
)

// Matcher finds the webhook that a delivery belongs to.
type Matcher struct {
	Incomplete bool // the webhooks could not all be read
	byID       map[string]fourthwall.Webhook
	byURL      map[string][]string // IDs
}

// NewMatcher returns a Matcher for the webhooks of a shop.
func NewMatcher(list fourthwall.WebhookList) Matcher {
	m := Matcher{list.Incomplete, map[string]fourthwall.Webhook{}, map[string][]string{}}
	for _, hook := range list.Webhooks {
		m.byID[hook.ID] = hook
		address := NormalURL(hook.URL)
		m.byURL[address] = append(m.byURL[address], hook.ID)
	}
	return m
}

// Match returns the webhook's ID. It is the one in the delivered envelope or, without one, that of the only webhook
// with this URL. Ambiguous reports whether several webhooks have the URL.
func (m Matcher) Match(e fourthwall.Event) (id string, ambiguous bool) {
	if envelope, ok := e.Envelope(); ok && envelope.WebhookID != "" {
		return envelope.WebhookID, false
	}
	ids := m.Candidates(e)
	if len(ids) == 1 {
		return ids[0], false
	}
	return "", len(ids) > 1
}

// Candidates returns the IDs of the webhooks with the URL that a delivery was sent to.
func (m Matcher) Candidates(e fourthwall.Event) []string { return m.byURL[NormalURL(e.URL)] }

// Has reports whether the shop's list has a webhook with this ID.
func (m Matcher) Has(id string) bool {
	_, ok := m.byID[id]
	return ok
}

// Health summarizes a shop's recent deliveries to one webhook.
type Health struct {
	Deliveries int
	Accepted   int // of Deliveries, as far as the words for their state are known
	Pending    int
	Failed     int
	Last       time.Time // of the last delivery; zero if there is none
	LastFailed time.Time
	Reason     string       // why the last of the failed ones failed
	States     []StateCount // in the order in which they came
	Ambiguous  bool         // some deliveries may be this webhook's or another's, and aren't counted

	// Known is set if all deliveries since Since were read, or all ever if that is zero.
	Known bool
	Since time.Time
}

// StateCount is the number of deliveries in a state, as the API names it.
type StateCount struct {
	State string
	Count int
}

// HealthOf returns the health of each webhook, by ID. A delivery that could belong to several isn't counted.
func HealthOf(found Deliveries, list fourthwall.WebhookList) map[string]*Health {
	m := NewMatcher(list)
	out := map[string]*Health{}
	for _, hook := range list.Webhooks {
		h := &Health{}
		h.Since, h.Known = found.reach(hook.AllowedTypes)
		out[hook.ID] = h
	}
	for _, e := range found.Events {
		id, ambiguous := m.Match(e)
		if ambiguous {
			for _, shared := range m.Candidates(e) {
				out[shared].Ambiguous = true
			}
		}
		if h := out[id]; h != nil {
			h.count(e)
		}
	}
	return out
}

func (h *Health) count(e fourthwall.Event) {
	h.Deliveries++
	h.Last = later(h.Last, e.CreatedAt)
	switch StateOf(e) {
	case Accepted:
		h.Accepted++
	case Pending:
		h.Pending++
	case Failed:
		h.Failed++
		if e.CreatedAt.After(h.LastFailed) || h.Failed == 1 {
			h.LastFailed, h.Reason = e.CreatedAt, e.Error
		}
	}
	i := slices.IndexFunc(h.States, func(c StateCount) bool { return c.State == e.State })
	if i < 0 {
		h.States = append(h.States, StateCount{State: e.State})
		i = len(h.States) - 1
	}
	h.States[i].Count++
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
