package webhooks

import (
	"sync"

	"hookwall/internal/fourthwall"
)

// Matcher finds the webhook that a delivery belongs to.
type Matcher struct {
	Incomplete bool // the webhooks could not all be read
	byID       func() map[string]bool
	byURL      func() map[string][]string // IDs
}

// NewMatcher returns a Matcher for the webhooks of a shop. It reads them when it needs to: most deliveries name their
// webhook.
func NewMatcher(list fourthwall.WebhookList) Matcher {
	return Matcher{
		Incomplete: list.Incomplete,
		byID: sync.OnceValue(func() map[string]bool {
			all := make(map[string]bool, len(list.Webhooks))
			for _, hook := range list.Webhooks {
				all[hook.ID] = true
			}
			return all
		}),
		byURL: sync.OnceValue(func() map[string][]string {
			all := make(map[string][]string, len(list.Webhooks))
			for _, hook := range list.Webhooks {
				address := NormalURL(hook.URL)
				all[address] = append(all[address], hook.ID)
			}
			return all
		}),
	}
}

// Match returns the webhook's ID. It is the one in the delivered envelope or, without one, that of the only webhook
// with this URL. Ambiguous reports whether several webhooks have the URL.
func (m Matcher) Match(e fourthwall.Event) (id string, ambiguous bool) {
	if e.WebhookID != "" {
		return e.WebhookID, false
	}
	ids := m.Candidates(e)
	if len(ids) == 1 {
		return ids[0], false
	}
	return "", len(ids) > 1
}

// Candidates returns the IDs of the webhooks with the URL that a delivery was sent to.
func (m Matcher) Candidates(e fourthwall.Event) []string { return m.byURL()[NormalURL(e.URL)] }

// Has reports whether the shop's list has a webhook with this ID.
func (m Matcher) Has(id string) bool { return m.byID()[id] }
