package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

const maxRivals = 1000 // attempts that are looked at, the newest

// claim is a create that may have made one of the webhooks it wanted.
type claim struct {
	shop    string
	id      string // of the recorded attempt; "" when it is only known by its form
	form    string // mark of the form that was sent
	started time.Time
	want    fourthwall.Content
	// rivals are the outcomes of other creates that may have made it as well.
	rivals []string
}

// formMark tells one create form from another in an activity. The one-time id
// itself is not kept there.
func formMark(submission string) string {
	sum := sha256.Sum256([]byte(submission))
	return hex.EncodeToString(sum[:8])
}

// unclaimed leaves of the webhooks those that no other attempt made, and tells
// whether one of them may just as well be another's: then nobody can say.
func (s *server) unclaimed(ctx context.Context, c claim, matches []fourthwall.Webhook) (free []fourthwall.Webhook, contested bool, err error) {
	for _, hook := range matches {
		made, err := s.creates(ctx, c, store.ActivityQuery{Outcome: store.OutcomeDone, WebhookID: hook.ID})
		if err != nil {
			return nil, false, err
		}
		if len(made) == 0 {
			free = append(free, hook)
		}
	}
	if len(free) == 0 {
		return nil, false, nil
	}
	for _, outcome := range c.rivals {
		others, err := s.creates(ctx, c, store.ActivityQuery{Outcome: outcome})
		if err != nil {
			return nil, false, err
		}
		contested = contested || slices.ContainsFunc(others, func(a store.Activity) bool { return c.contestedBy(a, free) })
	}
	return free, contested, nil
}

// creates lists recorded creates of the claim's shop, but not its own.
func (s *server) creates(ctx context.Context, c claim, q store.ActivityQuery) ([]store.Activity, error) {
	q.Shop, q.Action, q.Limit = c.shop, activity.CreateWebhook, maxRivals
	found, err := s.Store.Activities(ctx, q)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found.Rows, func(a store.Activity) bool {
		d, _ := activity.ReadDetail(a)
		return a.ID == c.id || d.Operation != "" && d.Operation == c.form
	}), nil
}

// contestedBy tells whether an attempt may have made one of the webhooks: it
// asked for the same, not long before or later, and did not see them.
func (c claim) contestedBy(a store.Activity, free []fourthwall.Webhook) bool {
	d, ok := activity.ReadDetail(a)
	if !ok || d.After == nil || !webhooks.Same(*d.After, c.want) || a.StartedAt.Before(c.started.Add(-unsettledAfter)) {
		return false
	}
	return slices.ContainsFunc(free, func(hook fourthwall.Webhook) bool { return !slices.Contains(d.Known, hook.ID) })
}
