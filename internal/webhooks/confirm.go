package webhooks

import (
	"context"
	"errors"
	"net/http"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// Finding is the result of looking for the webhook of an unconfirmed create.
type Finding int

// Findings.
const (
	NotLooked       Finding = iota // nobody looked
	ListUnavailable                // the webhooks could not be listed, or not all of them
	Ambiguous                      // some may be it, and nobody can say which
	Found                          // exactly one new webhook is it
	NotFound                       // there is none
)

// Confirm checks again for a webhook whose creation wasn't confirmed. It creates nothing. It returns
// store.ErrNotFound if the key isn't known.
func (s *Service) Confirm(ctx context.Context, req Request, want fourthwall.Content) (Result, Finding, error) {
	ctx, cancel := s.work(ctx)
	defer cancel()
	c := s.creation(req, want)
	c.confirm = true
	row, err := s.store.Operation(ctx, req.Actor.Owner, req.Key)
	if err != nil {
		return Result{}, NotLooked, err
	}
	if !c.wants(row) || row.State != store.StatePending && row.State != store.StateUnconfirmed {
		result, err := c.resume(ctx, store.Start{Operation: row})
		return result, NotLooked, err
	}
	if left := row.LeaseLeft(); row.State == store.StatePending && left > 0 {
		return elsewhere(left), NotLooked, nil
	}
	return c.resolve(ctx, row)
}

// resolve finds out how an attempt ended that no process is working on. It finds an existing webhook. It makes a new
// attempt if the earlier one didn't call the API, or if a person has decided so after its webhook was not found.
func (c *creation) resolve(ctx context.Context, row store.Operation) (Result, Finding, error) {
	age := row.SinceChange()
	switch {
	case row.State == store.StatePending && !row.Calling: // its process died before it called
		result, err := c.restart(ctx, row, store.OutcomeFailed)
		return result, NotLooked, err
	case row.State == store.StatePending && age <= c.timing.Confirm:
		return elsewhere(c.timing.Confirm - age), NotLooked, nil
	}
	result, known, err := resultOf(row)
	if err != nil {
		return result, NotLooked, err
	}
	c.recorded.ID = known.Activity
	hook, finding := c.look(ctx, row, []time.Duration{0})
	switch {
	case finding == Found:
		result, err = c.foundLater(ctx, row, hook)
	case finding == NotFound && age > c.timing.Certain && c.options.AfterAbsence:
		result, err = c.restart(ctx, row, store.OutcomeUnclear)
	case finding == NotFound && age > c.timing.Certain:
		result.State, result.Certain = Absent, true
	default:
		result.State = Unconfirmed
	}
	return result, finding, err
}

// foundLater records a webhook that an earlier attempt with this key made.
func (c *creation) foundLater(ctx context.Context, row store.Operation, hook fourthwall.Webhook) (Result, error) {
	end := store.Ending{Outcome: store.OutcomeDone, Status: http.StatusOK, WebhookID: hook.ID}
	if err := c.closeEarlier(ctx, row, end); err != nil {
		return Result{}, err
	}
	result, err := c.created(ctx, hook)
	if errors.Is(err, store.ErrLeaseLost) {
		return elsewhere(0), nil
	}
	return result, err
}

// look lists the webhooks after each of the waits, until exactly one new webhook is what was wanted.
func (c *creation) look(
	ctx context.Context, row store.Operation, waits []time.Duration,
) (hook fourthwall.Webhook, last Finding) {
	for _, wait := range waits {
		if pause(ctx, wait) != nil {
			break
		}
		if hook, last = c.lookNow(ctx, row); last == Found {
			break
		}
	}
	return hook, last
}

func (c *creation) lookNow(ctx context.Context, row store.Operation) (fourthwall.Webhook, Finding) {
	list, err := c.list(ctx)
	if err != nil {
		c.logger.WarnContext(ctx, "webhooks could not be listed to look for a new one", "error", err)
		return fourthwall.Webhook{}, ListUnavailable
	}
	own := candidate{
		shop: row.Shop, operation: keyMark(row.Key), started: row.StartedAt, want: c.want,
		competing: []string{store.OutcomePending},
	}
	free, ambiguous, err := c.unattributed(ctx, own, newOnes(list.Webhooks, row.Before, c.want))
	switch {
	case err != nil:
		c.logger.ErrorContext(ctx, "other attempts could not be read", "error", err)
	case len(free) == 1 && !ambiguous && row.BeforeKnown:
		return free[0], Found
	case len(free) > 0:
		return fourthwall.Webhook{}, Ambiguous
	case !list.Incomplete:
		return fourthwall.Webhook{}, NotFound
	}
	return fourthwall.Webhook{}, ListUnavailable
}
