package fleet

import (
	"time"

	"hookwall/internal/store"
)

// State is how a shop is, as far as visits saw.
type State string

// States, the most troubled first. Every shop has exactly one. What isn't known never counts as healthy.
const (
	Failing   State = "failing"   // a tenth or more of its deliveries failed in 24 hours
	Reconnect State = "reconnect" // its connection has ended
	Stale     State = "stale"     // what was seen is old
	Look      State = "look"      // fewer failed, or it has no webhook that receives anything
	Unseen    State = "unseen"    // nothing was read yet
	Healthy   State = "healthy"
)

// States returns all states, the most troubled first.
func States() []State { return []State{Failing, Reconnect, Stale, Look, Unseen, Healthy} }

// manyFailed is one of how many deliveries has to fail for a shop to be failing.
const manyFailed = 10

// StateOf returns how a shop is.
func (s *Service) StateOf(o store.Observation) State {
	switch {
	case o.Expired:
		return Reconnect
	case o.SeenAt.IsZero(), o.DeliveriesAt.IsZero():
		return Unseen
	case s.IsStale(o):
		return Stale
	case failed(o) && o.Failed24h*manyFailed >= o.Total24h:
		return Failing
	case failed(o), o.Types == 0 && len(o.UnknownTypes) == 0:
		return Look
	}
	return Healthy
}

// failed reports whether deliveries failed. A single one that was followed by an accepted one doesn't count: a restart
// of an endpoint causes one now and then.
func failed(o store.Observation) bool { return o.Failed24h > 1 || o.FailingWebhooks > 0 }

// KnownUntil returns until when everything about a shop is known: its webhooks and its deliveries.
func KnownUntil(o store.Observation) time.Time {
	if o.DeliveriesAt.Before(o.SeenAt) {
		return o.DeliveriesAt
	}
	return o.SeenAt
}

// KnowsTypes reports whether it's known which event types the webhooks of a shop don't have.
func KnowsTypes(o store.Observation) bool { return !o.SeenAt.IsZero() && !o.Cut }
