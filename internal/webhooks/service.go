// Package webhooks has the operations on one shop's webhooks, for pages and for jobs. It creates exactly once,
// confirms creates whose response was lost, replaces, deletes, and reconciles attempts whose process died.
//
// Nothing here waits for another process. An operation that another process is working on is InProgress, with the
// time after which to ask again.
package webhooks

import (
	"log/slog"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

// State is how far an operation has progressed.
type State int

// States of an operation. Created, Updated, Deleted and Rejected are final.
const (
	InProgress   State = iota // somebody else is at work on the same; nothing was sent
	Created                   // Result.Webhook is the new webhook
	Updated                   // Result.Webhook is the webhook as it is now
	Deleted                   // Result.Webhook is the webhook as it was, without content if it was gone already
	Rejected                  // Result.Rejection says why, or Result.Duplicates what to ask first
	Conflicting               // the webhook isn't what the change began with: Result.Conflict is what it is
	Unconfirmed               // nobody knows yet whether it took effect
	OtherContent              // the key was used for other content or another webhook, which came to Result.Of

	// Absent means that an earlier create got no response, and that there is no such webhook. Its effect may still
	// appear. Nothing was sent now: a person may decide to create it again, see CreateOptions.AfterAbsence.
	Absent
)

// Request says on whose behalf something is done, in which shop, and under which key.
type Request struct {
	Shop  *shops.Client
	Actor activity.Actor
	Key   string // idempotency key: a form's one-time ID, or a plan and its item

	// Again says that a person has repeated the request, so an operation that had no effect is attempted again.
	// Without it, a final result is returned as it is.
	Again bool
}

// Result is the result of an operation.
type Result struct {
	State      State
	Webhook    fourthwall.Webhook // with its secret for who has created it; others find that in the store, if it's kept
	Rejection  *Rejection
	Duplicates []Duplicate         // ask first, unless allowed
	Conflict   *fourthwall.Content // what the webhook is now
	RetryAfter time.Duration
	CanConfirm bool  // of an Unconfirmed: it's known what was there before, so a new webhook can be found
	Certain    bool  // of an Absent: it's as good as certain that nothing was created
	SameKey    bool  // of an InProgress: by this key, rather than by another for the same webhook or URL
	Of         State // of an OtherContent
}

// Timing is every duration of the domain. One attempt, from left to right:
//
//	began  Heartbeat  Lease  Confirm   Late      Certain        Recheck       GiveUp
//	0 s       2 s      8 s    10 s     30 s       90 s            1 h          7 d
//	+----------+--------+------+--------+----------+---------------+------------+
//	| renewed  |        |      |        |          |               |            |
//	| its lease|        |      |        |          |               |            |
//	|                   | its process died: if it hadn't called, another attempt begins
//	|                          | if it had, anyone lists the webhooks to find the new one
//	|                                   | another create of the same may be sent,
//	|                                   | if there is none, and a person decides so
//	|                                              | an absence is as good as certain
//	|                                                              | unclear is final; an absent create
//	|                                                              | counts as not done
//	|                            pending, while the shop can't be read, becomes unclear |
type Timing struct {
	Heartbeat time.Duration // between renewals of a lease
	Lease     time.Duration // from the last renewal: then its process has died
	Confirm   time.Duration // the same, of a lease whose holder has called: then anyone looks for the webhook
	Late      time.Duration // from the call: so long may an effect appear that got no response
	Certain   time.Duration // from the call: longer than any attempt takes; an absence is as good as certain
	Recheck   time.Duration // from the call: so long is an unclear outcome checked again
	GiveUp    time.Duration // from the call: then a pending outcome that can't be read is unclear

	Work  time.Duration // for everything that belongs to one attempt; less than Certain
	List  time.Duration // for listing the webhooks beside something else
	Blind time.Duration // from the call: how long a lost one counts where the webhooks can't be listed

	RecentList time.Duration   // from a create: so long its list replaces one that can't be read
	ReLists    []time.Duration // waits before each list that looks for a webhook whose creation got no response
	Secret     time.Duration   // how long the secret of a new webhook is kept
	Immutable  time.Duration   // how long a webhook that the API would not change is remembered as such

	FirstRecheck time.Duration // from the call until the outcome is looked for; doubles from one to the next
	LastRecheck  time.Duration // at most between two of them
	Reconcile    time.Duration // from the last renewal of the lease of the process that reconciles
}

// DefaultTiming returns the durations that are used outside of tests.
func DefaultTiming() Timing {
	return Timing{
		Heartbeat: 2 * time.Second, Lease: 8 * time.Second, Confirm: 10 * time.Second, Late: 30 * time.Second,
		Certain: 90 * time.Second, Recheck: time.Hour, GiveUp: 7 * 24 * time.Hour,
		Work: 80 * time.Second, List: 3 * time.Second, Blind: time.Hour,
		RecentList: 10 * time.Minute, ReLists: []time.Duration{0, 2 * time.Second, 3 * time.Second},
		Secret: 15 * time.Minute, Immutable: 24 * time.Hour,
		FirstRecheck: 5 * time.Second, LastRecheck: 10 * time.Minute, Reconcile: 30 * time.Second,
	}
}

// Config is what a Service needs.
type Config struct {
	Store    *store.Store
	Shops    *shops.Service
	Activity *activity.Recorder
	Logger   *slog.Logger
	Timing   Timing
}

// Service operates on webhooks. It keeps no state of its own.
type Service struct {
	store    *store.Store
	shops    *shops.Service
	activity *activity.Recorder
	logger   *slog.Logger
	timing   Timing
}

// NewService returns a Service.
func NewService(c Config) *Service {
	return &Service{store: c.Store, shops: c.Shops, activity: c.Activity, logger: c.Logger, timing: c.Timing}
}

func (s *Service) now() time.Time { return s.store.Now() }

// Timing returns the durations of the service.
func (s *Service) Timing() Timing { return s.timing }
