package webhooks

import "hookwall/internal/fourthwall"

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
