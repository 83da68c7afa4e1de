package fleet

import (
	"time"

	"hookwall/internal/store"
)

// State is how a shop is, as far as visits saw.
type State string

// States, the most troubled first. Every shop has exactly one. What isn't known never counts as healthy.
const (
	Failing   State = "failing"   // a webhook is
	Reconnect State = "reconnect" // its connection has ended
	Stale     State = "stale"     // what was seen is old
	Look      State = "look"      // some deliveries to a webhook failed, or it has no webhook that receives anything
	Unseen    State = "unseen"    // something isn't known that would have to be, perhaps all
	Healthy   State = "healthy"
)

// States returns all states, the most troubled first.
func States() []State { return []State{Failing, Reconnect, Stale, Look, Unseen, Healthy} }

// StateOf returns how a shop is. How its webhooks are was judged by webhooks.Health at the last visit.
func (s *Service) StateOf(o store.Observation) State {
	switch {
	case o.Expired:
		return Reconnect
	case o.SeenAt.IsZero(), o.DeliveriesAt.IsZero():
		return Unseen
	case s.IsStale(o):
		return Stale
	case o.FailingWebhooks > 0:
		return Failing
	case o.LookWebhooks > 0, !o.Cut && o.Types == 0 && len(o.UnknownTypes) == 0:
		return Look
	case o.Cut, o.Backlog.Page > 0, o.Problem == string(Unclear):
		return Unseen
	}
	return Healthy
}

// KnownUntil returns until when a shop is known: its webhooks and, if they were ever read, its deliveries.
func KnownUntil(o store.Observation) time.Time {
	if !o.DeliveriesAt.IsZero() && o.DeliveriesAt.Before(o.SeenAt) {
		return o.DeliveriesAt
	}
	return o.SeenAt
}

// KnowsTypes reports whether it's known which event types the webhooks of a shop don't have.
func KnowsTypes(o store.Observation) bool { return !o.SeenAt.IsZero() && !o.Cut }
