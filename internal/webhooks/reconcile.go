package webhooks

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

const (
	reconcileLease = "reconcile" // name of the lease
	shopsAtOnce    = 8           // that are read side by side
)

// Reconcile reads the API again to find out how attempts ended whose process died or whose response was unclear. It
// checks at most limit of those that are due. It does nothing while another process is reconciling.
func (s *Service) Reconcile(ctx context.Context, limit int) error {
	holder := rand.Text()
	mine, err := s.store.AcquireLease(ctx, reconcileLease, holder, s.timing.Reconcile)
	if err != nil || !mine {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := s.keepRenewing(ctx, func(ctx context.Context) error {
		err := s.store.RenewLease(ctx, reconcileLease, holder, s.timing.Reconcile)
		if errors.Is(err, store.ErrLeaseLost) {
			cancel()
		}
		return err
	})
	defer func() {
		stop()
		cancel()
		if err := s.store.ReleaseLease(context.WithoutCancel(ctx), reconcileLease, holder); err != nil {
			s.logger.WarnContext(ctx, "a lease could not be ended", "error", err)
		}
	}()
	due, err := s.store.DueActivities(ctx, limit)
	if err != nil {
		return err
	}
	var shops errgroup.Group
	shops.SetLimit(shopsAtOnce)
	for _, open := range byShop(due) {
		shops.Go(func() error { return s.reconcileShop(ctx, open) })
	}
	return errors.Join(shops.Wait(), ctx.Err())
}

// byShop splits a list in which the activities of each shop are adjacent.
func byShop(all []store.Activity) [][]store.Activity {
	var out [][]store.Activity
	for len(all) > 0 {
		end := slices.IndexFunc(all, func(a store.Activity) bool { return a.Shop != all[0].Shop })
		if end < 0 {
			end = len(all)
		}
		out, all = append(out, all[:end]), all[end:]
	}
	return out
}

// shopList is the list of a shop's webhooks, which is read at most once in a pass.
type shopList struct {
	fourthwall.WebhookList

	err error
	at  time.Time // before it was read; zero if it wasn't
}

// reconcileShop reconciles the open attempts of one shop, and schedules their next check.
func (s *Service) reconcileShop(ctx context.Context, open []store.Activity) error {
	var list shopList
	for _, a := range open {
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the activities stay due
		}
		age := a.Age()
		last := a.Outcome == store.OutcomeUnclear && age >= s.timing.Recheck
		var err error
		if !last || a.Action == activity.CreateWebhook {
			err = s.reconcileOne(ctx, a, &list)
		}
		if err != nil {
			s.logger.WarnContext(ctx, "the outcome of an attempt is still not known", "activity", a.ID, "error", err)
		}
		if last && err == nil {
			if err := s.store.EndRechecks(ctx, a.ID); err != nil {
				return err
			}
			continue
		}
		after, gap := s.timing.nextRecheck(age, a.RecheckGap)
		if err := s.store.ScheduleRecheck(ctx, a.ID, after, gap); err != nil {
			return err
		}
	}
	return nil
}

// nextRecheck returns how long until an attempt of this age is due again, and the next gap. Gaps double up to a
// limit. The attempt is also due when an absence becomes certain.
func (t Timing) nextRecheck(age, gap time.Duration) (after, next time.Duration) {
	next = min(max(2*gap, t.FirstRecheck), t.LastRecheck)
	if certain := t.Certain - age; certain > 0 && certain < next {
		return certain, next
	}
	return next, next
}

// reconcileOne compares what an attempt wanted with the current webhooks.
func (s *Service) reconcileOne(ctx context.Context, a store.Activity, list *shopList) error {
	d, ok := activity.ReadDetail(a)
	if !ok {
		s.reconciled(ctx, a, store.Ending{Outcome: store.OutcomeUnclear})
		return nil
	}
	s.read(ctx, a, list)
	switch {
	case list.err != nil && a.Age() >= s.timing.GiveUp:
		s.reconciled(ctx, a, store.Ending{Outcome: store.OutcomeUnclear})
		return nil
	case isUnconnected(list.err):
		return nil // the shop may be connected again, and then it can be read
	case list.err != nil:
		return list.err
	}
	found := judge(a, d, list.WebhookList)
	if a.Action == activity.CreateWebhook {
		var err error
		if found, err = s.judgeCreate(ctx, a, d, list.WebhookList); err != nil {
			return err
		}
	}
	s.reconciled(ctx, a, found)
	return nil
}

// reconciled records what was found. Success is recorded immediately. Failure is recorded only if nothing could still
// be working on the attempt when it was read, which was before the webhooks were. A create that isn't there is unclear
// for longer, since it may still take effect.
func (s *Service) reconciled(ctx context.Context, a store.Activity, found store.Ending) {
	age := a.Age()
	if a.Action == activity.CreateWebhook && found.Outcome == store.OutcomeFailed && age < s.timing.Recheck {
		found.Outcome = store.OutcomeUnclear
	}
	certain := found.Outcome == store.OutcomeDone || age >= s.timing.Certain
	if certain && found.Outcome != a.Outcome {
		s.activity.RecordOutcome(ctx, a, found)
		if a.Action == activity.DeleteWebhook && found.Outcome == store.OutcomeDone {
			s.dropLabel(ctx, a.Shop, a.WebhookID)
		}
	}
}

// read lists the webhooks of an activity's shop through any connection to it.
func (s *Service) read(ctx context.Context, a store.Activity, list *shopList) {
	if !list.at.IsZero() {
		return
	}
	list.at = s.now()
	conn, err := s.store.LiveConnection(ctx, a.Shop, a.Owner)
	if err == nil {
		list.WebhookList, err = s.shops.Client(conn).Webhooks(ctx)
	}
	list.err = err
}
