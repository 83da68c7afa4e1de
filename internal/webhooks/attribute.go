package webhooks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// candidate is a create that may have made one of the webhooks it wanted.
type candidate struct {
	shop      string
	id        string // of its activity; "" when only its operation is known
	operation string // mark of its idempotency key
	started   time.Time
	want      fourthwall.Content
	// competing are the outcomes of other creates that may have made it as well.
	competing []string
}

// keyMark returns a text that identifies an idempotency key in an activity without storing the key.
func keyMark(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

// unattributed returns the webhooks that no other create is known to have made. Ambiguous reports whether another
// create may have made one of them, so that its origin can't be determined.
func (s *Service) unattributed(
	ctx context.Context, c candidate, matches []fourthwall.Webhook,
) (free []fourthwall.Webhook, ambiguous bool, err error) {
	if len(matches) == 0 {
		return nil, false, nil
	}
	// Open creates first: one that ends in between is then found among those that are done.
	open, err := s.openCreates(ctx, c, c.started.Add(-s.timing.Recheck))
	if err != nil {
		return nil, false, err
	}
	for _, hook := range matches {
		made, err := s.store.DoneActivities(ctx, c.shop, activity.CreateWebhook, hook.ID)
		if err != nil {
			return nil, false, err
		}
		if len(c.withoutOwn(made)) == 0 {
			free = append(free, hook)
		}
	}
	ambiguous = slices.ContainsFunc(open, func(a store.Activity) bool {
		return slices.Contains(c.competing, a.Outcome) && s.competes(c, a, free)
	})
	return free, ambiguous, nil
}

// competes reports whether another create may have made one of the webhooks. It asked for the same content, began less
// than Timing.Recheck before or later, and the webhooks weren't there when it began.
func (s *Service) competes(c candidate, a store.Activity, free []fourthwall.Webhook) bool {
	d, ok := activity.ReadDetail(a)
	if !ok || d.After == nil || !Same(*d.After, c.want) || a.StartedAt.Before(c.started.Add(-s.timing.Recheck)) {
		return false
	}
	return slices.ContainsFunc(free, func(hook fourthwall.Webhook) bool { return !slices.Contains(d.Known, hook.ID) })
}

// openCreates returns the other creates of the candidate's shop that began at or after a time and whose outcome is
// pending or unclear.
func (s *Service) openCreates(ctx context.Context, c candidate, since time.Time) ([]store.Activity, error) {
	open, err := s.store.OpenActivities(ctx, c.shop, activity.CreateWebhook, since)
	return c.withoutOwn(open), err
}

func (c candidate) withoutOwn(all []store.Activity) []store.Activity {
	return slices.DeleteFunc(all, func(a store.Activity) bool {
		d, _ := activity.ReadDetail(a)
		return a.ID == c.id || d.Operation != "" && d.Operation == c.operation
	})
}
