// Package fleet looks after many shops. It visits them in the background and remembers what it saw: the webhooks, and
// how deliveries went.
//
// A visit belongs to a shop, since the API limits the calls of a shop. What it sees belongs to a connection: an owner
// sees what was read with the owner's own credential and rights, also where another owner has connected the same shop.
// Truth is in the store's rows. A job only says that a shop should be visited, so one may be lost or done twice.
package fleet

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
)

// Queue is what a Service needs of the queue of jobs.
type Queue interface {
	// EnqueueVisits makes sure, in a transaction, that shops are visited soon. A shop that is enqueued already isn't
	// enqueued twice.
	EnqueueVisits(ctx context.Context, tx *sql.Tx, shops []string) error
}

// Intervals are the times between two visits of a shop.
type Intervals struct {
	OAuth   time.Duration // of a shop whose token is renewed at each visit
	APIKey  time.Duration
	Failing time.Duration // after a visit that could not read the shop, if that is sooner
}

// DefaultIntervals returns the times between visits that are used unless the settings say otherwise.
func DefaultIntervals() Intervals {
	return Intervals{OAuth: time.Hour, APIKey: 15 * time.Minute, Failing: 5 * time.Minute}
}

// Config is what a Service needs.
type Config struct {
	Store     *store.Store
	Shops     *shops.Service
	Webhooks  *webhooks.Service
	Clone     func([]CloneShop) (Clone, error) // nil: plans can't be rehearsed
	Queue     Queue
	Logger    *slog.Logger
	Intervals Intervals
	Keep      time.Duration // how long deliveries are kept, so older ones aren't read; 0: store.KeepDeliveries

	ApproveFrom int // shops from which on another person has to approve a plan; 0: nobody has to

	OnVisit func(result string, took time.Duration) // gets how each visit ended; nil: nothing does
	OnItem  func(state string)                      // gets how each item ended; nil: nothing does
}

// Service visits shops. It keeps no state of its own.
type Service struct {
	store       *store.Store
	shops       *shops.Service
	webhooks    *webhooks.Service
	clone       func([]CloneShop) (Clone, error)
	queue       Queue
	logger      *slog.Logger
	intervals   Intervals
	keep        time.Duration
	approveFrom int
	onVisit     func(result string, took time.Duration)
	onItem      func(state string)
}

// NewService returns a Service.
func NewService(c Config) *Service {
	if c.Keep == 0 {
		c.Keep = store.KeepDeliveries
	}
	if c.OnVisit == nil {
		c.OnVisit = func(string, time.Duration) {}
	}
	if c.OnItem == nil {
		c.OnItem = func(string) {}
	}
	return &Service{
		c.Store, c.Shops, c.Webhooks, c.Clone, c.Queue, c.Logger, c.Intervals, c.Keep, c.ApproveFrom, c.OnVisit, c.OnItem,
	}
}

// Keep returns how long deliveries are kept.
func (s *Service) Keep() time.Duration { return s.keep }

// interval returns the time between two visits through a connection.
func (i Intervals) interval(way string) time.Duration {
	if way == oauth.WayAPIKey {
		return i.APIKey
	}
	return i.OAuth
}

// IsStale reports whether what was seen of a shop's webhooks or deliveries is older than twice the time between two
// visits. A shop that was never read isn't stale: nothing is known of it.
func (s *Service) IsStale(o store.Observation) bool {
	until := KnownUntil(o)
	return !until.IsZero() && s.store.Now().Sub(until) > 2*s.intervals.interval(o.Way)
}
