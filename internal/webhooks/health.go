package webhooks

import (
	"slices"
	"strings"
	"sync"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// Seen is what is known of a shop's deliveries: what was read just now and, before that, what visits saw. Every page
// that says how deliveries went asks it, so that all say the same.
//
// A delivery counts once, as it was last reported: Fourthwall sends an event to a webhook under one ID, up to 5 times,
// and "equal id = duplicate" is what it tells endpoints. The same event for another webhook counts there, even if it
// has the same ID. Tests that someone sent by hand aren't counted with real ones.
type Seen struct {
	Found  Deliveries // what was read just now
	Unread bool       // nothing could be
	Past   Past
	List   fourthwall.WebhookList
	Now    time.Time
}

// Past is what visits saw of a shop's deliveries. The zero Past is that of a shop that was never visited.
type Past struct {
	Since, Until time.Time // all between were read
	Stale        bool      // visits are late
	Before       time.Time // the hours before it are those that are counted; later deliveries are Recent
	Health       []store.WebhookHealth
	Hours, Days  []store.Bucket // by webhook
	Recent       []store.Delivery
	Key          func(url string) string // by what deliveries are counted whose webhook isn't known
}

// Health says how deliveries to one webhook went. Its rates don't count tests.
type Health struct { //nolint:recvcheck // Only what counts changes it.
	Day, Week    store.Rate // the last 24 hours, the last 7 days
	All          store.Rate // as far as is known, 30 days at most
	Tests        int
	Last         time.Time // of the last delivery that is no test; zero if there is none
	LastAccepted time.Time
	LastFailed   time.Time
	Reason       string       // why the last of the failed ones failed
	States       []StateCount // of those that were read just now, in the order in which they came
	Ambiguous    bool         // some deliveries may be this webhook's or another's, and aren't counted

	// Known is set if all deliveries since Since were read, or all ever if that is zero.
	Known bool
	Since time.Time
	Until time.Time // nothing later was read; zero if all was
	Stale bool      // that is long ago
}

// StateCount is the number of deliveries in a state, as the API names it.
type StateCount struct {
	State string
	Count int
}

// HealthState is how a webhook is doing.
type HealthState int

// States of a webhook. What isn't known is never fine.
const (
	HealthUnknown HealthState = iota
	Healthy
	SomeFailed // but the last delivery was accepted, or only few failed
	Failing
)

// manyFailed is one of how many deliveries has to fail for a webhook to be failing.
const manyFailed = 10

// Recent returns the shortest span in which it's known how a delivery ended: a day, a week, or all that is known.
func (h Health) Recent() store.Rate {
	for _, r := range []store.Rate{h.Day, h.Week} {
		if r.Accepted+r.Failed > 0 {
			return r
		}
	}
	return h.All
}

// State returns how the webhook is doing. This is the only rule for it: lists, pages and visits all use it. A webhook
// is failing if its last delivery failed, and a tenth or more of the recent ones. That lasts until one is accepted. A
// single failure that was followed by an accepted delivery doesn't count: an endpoint that is restarted has one now and
// then.
func (h Health) State() HealthState {
	recent := h.Recent()
	isLast := recent.Failed > 0 && !h.LastFailed.Before(h.LastAccepted)
	switch {
	case isLast && recent.Failed*manyFailed >= recent.Total():
		return Failing
	case isLast, recent.Failed > 1:
		return SomeFailed
	case recent.Accepted > 0 && recent.Unknown == 0 && !h.Ambiguous && !h.Stale:
		return Healthy
	}
	return HealthUnknown
}

// delivery is one that counts for a webhook.
type delivery struct {
	store.Delivery
	ids []string // of the webhooks that it may be for
}

// Outcome returns how a delivery ended, as far as its state says.
func Outcome(e fourthwall.Event) store.DeliveryOutcome {
	switch StateOf(e) {
	case Accepted:
		return store.DeliveryAccepted
	case Failed:
		return store.DeliveryFailed
	case Pending:
		return store.DeliveryPending
	}
	return store.DeliveryUnknown
}

// each calls a function with each delivery that isn't counted in the past's hours.
func (s Seen) each(do func(delivery)) {
	m, read := NewMatcher(s.List), map[string][]string{} // webhooks by event; "" for one that isn't known
	hasRecent := len(s.Past.Recent) > 0
	for _, e := range s.Found.Events {
		d := delivery{Delivery: store.Delivery{
			Event: e.ID, Type: string(e.Type), State: e.State, Outcome: Outcome(e), Test: e.TestMode, Error: e.Error,
			CreatedAt: e.CreatedAt,
		}}
		id, ambiguous := m.Match(e)
		if hasRecent {
			read[e.ID] = append(read[e.ID], id)
		}
		switch {
		case ambiguous:
			d.ids = m.Candidates(e)
		case id != "":
			d.ids = []string{id}
		}
		do(d)
	}
	ids := s.ids()
	isRead := func(d store.Delivery) bool {
		of := read[d.Event]
		isGuessed := strings.HasPrefix(d.Webhook, store.URLKey) && len(of) > 0
		return isGuessed || slices.Contains(of, d.Webhook) || slices.Contains(of, "")
	}
	for _, d := range s.Past.Recent {
		if !isRead(d) {
			do(delivery{d, ids(d.Webhook)})
		}
	}
}

// ids returns a function that returns the IDs of the webhooks that the past's deliveries were for.
func (s Seen) ids() func(webhook string) []string {
	byKey := sync.OnceValue(func() map[string][]string {
		all := map[string][]string{}
		if s.Past.Key == nil {
			return all
		}
		for _, hook := range s.List.Webhooks {
			key := s.Past.Key(hook.URL)
			all[key] = append(all[key], hook.ID)
		}
		return all
	})
	return func(webhook string) []string {
		if all := byKey()[webhook]; all != nil {
			return all
		}
		return []string{webhook}
	}
}

// Health returns the health of each webhook, by ID. A delivery that could belong to several isn't counted.
func (s Seen) Health() map[string]*Health {
	out, all := make(map[string]*Health, len(s.List.Webhooks)), make([]Health, len(s.List.Webhooks))
	oldest := sync.OnceValue(s.oldest)
	for i, hook := range s.List.Webhooks {
		h := &all[i]
		h.Stale = s.Unread && s.Past.Stale
		h.Since, h.Until, h.Known = s.reach(hook.AllowedTypes, oldest)
		out[hook.ID] = h
	}
	one := func(ids []string) *Health {
		for _, id := range ids {
			if h := out[id]; h != nil && len(ids) > 1 {
				h.Ambiguous = true
			}
		}
		if len(ids) != 1 {
			return nil
		}
		return out[ids[0]]
	}
	ids := s.ids()
	for _, past := range s.Past.Health {
		if h := one(ids(past.Webhook)); h != nil {
			h.add(past)
		}
	}
	spans := store.SpansAt(s.Now)
	s.each(func(d delivery) {
		if h := one(d.ids); h != nil {
			h.count(d.Delivery, spans)
		}
	})
	return out
}

// Shared returns how the deliveries went that may be for several webhooks, by the first of them.
func (s Seen) Shared() map[string]*Health {
	out := map[string]*Health{}
	of := func(ids []string) *Health {
		if out[ids[0]] == nil {
			out[ids[0]] = &Health{Stale: s.Unread && s.Past.Stale}
		}
		return out[ids[0]]
	}
	ids := s.ids()
	for _, past := range s.Past.Health {
		if all := ids(past.Webhook); len(all) > 1 {
			of(all).add(past)
		}
	}
	spans := store.SpansAt(s.Now)
	s.each(func(d delivery) {
		if len(d.ids) > 1 {
			of(d.ids).count(d.Delivery, spans)
		}
	})
	return out
}

func (h *Health) add(past store.WebhookHealth) {
	h.Day.Add(past.Day)
	h.Week.Add(past.Week)
	h.All.Add(past.All)
	h.Tests += past.Tests
	if past.LastFailed.After(h.LastFailed) {
		h.LastFailed, h.Reason = past.LastFailed, past.LastError
	}
	h.LastAccepted = later(h.LastAccepted, past.LastAccepted)
	h.Last = later(h.Last, later(past.LastAccepted, past.LastFailed))
}

func (h *Health) count(d store.Delivery, spans store.Spans) {
	if d.Test {
		h.Tests++
		return
	}
	h.All.Count(d.Outcome)
	if !d.CreatedAt.Before(spans.Week) {
		h.Week.Count(d.Outcome)
	}
	if !d.CreatedAt.Before(spans.Day) {
		h.Day.Count(d.Outcome)
	}
	h.Last = later(h.Last, d.CreatedAt)
	switch d.Outcome {
	case store.DeliveryAccepted:
		h.LastAccepted = later(h.LastAccepted, d.CreatedAt)
	case store.DeliveryFailed:
		if d.CreatedAt.After(h.LastFailed) || h.All.Failed == 1 {
			h.LastFailed, h.Reason = d.CreatedAt, d.Error
		}
	}
	i := slices.IndexFunc(h.States, func(c StateCount) bool { return c.State == d.State })
	if i < 0 {
		h.States = append(h.States, StateCount{State: d.State})
		i = len(h.States) - 1
	}
	h.States[i].Count++
}

// Reach returns since when all deliveries are known, and whether that is known. A zero time is ever.
func (s Seen) Reach() (since time.Time, known bool) {
	since, _, known = s.reach(nil, s.oldest)
	return since, known
}

// reach returns since when, and until when, all deliveries of some event types are known. A zero since is ever, and a
// zero until is now. It calls oldest if that matters.
func (s Seen) reach(
	types []fourthwall.EventType, oldest func() time.Time,
) (since, until time.Time, known bool) {
	past := s.Past
	if s.Unread {
		return past.Since, past.Until, !past.Until.IsZero()
	}
	since, known = s.Found.reach(types)
	if known && since.IsZero() && len(past.Health) > 0 {
		since = oldest() // Fourthwall no longer lists what visits saw, so that isn't all
	}
	if known && !since.IsZero() && past.Since.Before(since) && !past.Until.Before(since) {
		since = past.Since // visits saw all before
	}
	return since, time.Time{}, known
}

// span is what reach returns.
type span struct {
	since, until time.Time
	known        bool
}

func (s Seen) spanOf(types []fourthwall.EventType) (out span) {
	out.since, out.until, out.known = s.reach(types, s.oldest)
	return out
}

// oldest returns when the oldest of those happened that were read just now, or now if there are none.
func (s Seen) oldest() time.Time {
	oldest := s.Now
	for _, e := range s.Found.Events {
		if !e.CreatedAt.IsZero() && e.CreatedAt.Before(oldest) {
			oldest = e.CreatedAt
		}
	}
	return oldest
}

// Bucket counts the deliveries of an hour or a day.
type Bucket struct {
	Start time.Time
	Rate  store.Rate // without tests
	Known bool       // all of them were read
}

// Buckets counts deliveries by the hour or the day, oldest first. The last of n contains now. Only webhooks that fit
// are counted; an empty ID is one that isn't known. types are the event types of those webhooks, or nil for all.
func (s Seen) Buckets(width time.Duration, n int, types []fourthwall.EventType, fits func(id string) bool) []Bucket {
	all := s.empty(width, n, types)
	isCounted := counts(fits)
	s.eachCount(width, func(start time.Time, ids []string, r store.Rate) {
		if i := place(all, width, start); i >= 0 && isCounted(ids) {
			all[i].Rate.Add(r)
		}
	})
	return all
}

// HoursByWebhook counts the deliveries of the last 24 hours to some webhooks by webhook. One that may be for several
// isn't counted.
func (s Seen) HoursByWebhook(of []fourthwall.Webhook) map[string][]Bucket {
	out := map[string][]Bucket{}
	for _, hook := range of {
		out[hook.ID] = s.empty(time.Hour, hoursInDay, hook.AllowedTypes)
	}
	s.eachCount(time.Hour, func(start time.Time, ids []string, r store.Rate) {
		if len(ids) != 1 || out[ids[0]] == nil {
			return
		}
		if i := place(out[ids[0]], time.Hour, start); i >= 0 {
			out[ids[0]][i].Rate.Add(r)
		}
	})
	return out
}

const hoursInDay = 24

func (s Seen) empty(width time.Duration, n int, types []fourthwall.EventType) []Bucket {
	all, span := make([]Bucket, n), s.spanOf(types)
	last := s.Now.UTC().Truncate(width)
	for i := range all {
		all[i].Start = last.Add(time.Duration(i-n+1) * width)
		all[i].Known = s.knows(all[i].Start, width, span)
	}
	return all
}

// place returns in which bucket a time is, or -1.
func place(all []Bucket, width time.Duration, t time.Time) int {
	if t.Before(all[0].Start) || !t.Before(all[len(all)-1].Start.Add(width)) {
		return -1
	}
	return int(t.Sub(all[0].Start) / width)
}

// eachCount calls a function with all deliveries but tests: with those of an hour or a day that visits counted, and
// with each that isn't among them.
func (s Seen) eachCount(width time.Duration, do func(start time.Time, ids []string, r store.Rate)) {
	past, ids := s.Past.Hours, s.ids()
	if width > time.Hour {
		past = s.Past.Days
	}
	for _, b := range past {
		do(b.Start, ids(b.Webhook), b.Rate)
	}
	s.each(func(d delivery) {
		if !d.Test {
			var one store.Rate
			one.Count(d.Outcome)
			do(d.CreatedAt, d.ids, one)
		}
	})
}

// counts returns a function that reports whether a delivery that may be for some webhooks is counted. One that may be
// for several is only counted with those whose webhook isn't known.
func counts(fits func(id string) bool) func(ids []string) bool {
	return func(ids []string) bool {
		if len(ids) == 1 {
			return fits(ids[0])
		}
		return fits("") && (len(ids) == 0 || slices.ContainsFunc(ids, fits))
	}
}

// Sum returns the health of several webhooks in all: of those that fit, as for Buckets.
func (s Seen) Sum(fits func(id string) bool) Health {
	h := Health{Stale: s.Unread && s.Past.Stale}
	h.Since, h.Until, h.Known = s.reach(nil, s.oldest)
	isCounted, ids, spans := counts(fits), s.ids(), store.SpansAt(s.Now)
	for _, past := range s.Past.Health {
		if isCounted(ids(past.Webhook)) {
			h.add(past)
		}
	}
	s.each(func(d delivery) {
		if isCounted(d.ids) {
			h.count(d.Delivery, spans)
		}
	})
	return h
}

// knows reports whether all deliveries of a time were read, as far as it has passed. read is what was read of their
// event types.
func (s Seen) knows(start time.Time, width time.Duration, read span) bool {
	if read.known && !start.Before(read.since) && (read.until.IsZero() || !start.Add(width).After(read.until)) {
		return true
	}
	// Between what visits saw and what was read just now, there may be a gap.
	past := s.Past
	return !past.Until.IsZero() && !start.Before(past.Since) && !start.Add(width).After(past.Until)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
