package webhooks

import (
	"context"
	"errors"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// do changes or deletes a webhook with run, under the lease on it. If the operation already took effect and the
// request sets Again, it returns what done returns.
func (o operation) do(
	ctx context.Context, run, done func(context.Context) (Result, error),
) (Result, error) {
	start, err := o.begin(ctx)
	if err != nil {
		return Result{}, err
	}
	row := start.Operation
	if !start.Started {
		if row.Key != "" && !o.isOf(row) {
			return otherContent(row)
		}
		if row.Key == "" || start.RetryAfter > 0 {
			return waiting(start), nil
		}
		result, known, err := resultOf(row)
		switch {
		case err != nil:
			return result, err
		case row.State == store.StateDone && o.req.Again:
			return done(ctx)
		case row.State != store.StatePending && !o.req.Again && !known.isGivenUp():
			if !o.wants(row) {
				return otherContent(row)
			}
			return result, nil
		}
		if start, err = o.takeOver(ctx, row); err != nil || !start.Started {
			return waiting(start), err
		}
	}
	stop := o.heartbeat(ctx)
	defer stop()
	result, err := run(ctx)
	if errors.Is(err, store.ErrLeaseLost) {
		o.logger.WarnContext(ctx, "another attempt took over")
		return elsewhere(0), nil
	}
	return result, err
}

// giveUp ends the lease of an operation that has sent nothing, so that anyone may begin it again, and returns err.
func (o operation) giveUp(ctx context.Context, err error) (Result, error) {
	finishErr := o.finish(ctx, store.StateRejected, "", kept{})
	if errors.Is(finishErr, store.ErrLeaseLost) {
		return Result{}, finishErr // the process stood still, which may be why it failed
	}
	if finishErr != nil {
		o.logger.WarnContext(ctx, "a lease could not be ended", "error", finishErr)
	}
	return Result{}, err
}

// record records the outcome of a call for a change or a delete, in the activity and in the operation.
func (o operation) record(
	ctx context.Context, recorded store.Activity, hook fourthwall.Webhook, err error,
) (Result, error) {
	end := outcomeOf(err)
	end.WebhookID = recorded.WebhookID
	if o.kind == store.KindDelete && fourthwall.AsError(err).NotFound() {
		end.Outcome, err = store.OutcomeDone, nil
	}
	if err == nil && o.kind == store.KindDelete {
		o.dropLabel(ctx, recorded.Shop, recorded.WebhookID)
	}
	if err == nil {
		return o.endAttempt(ctx, recorded, end, store.StateDone, kept{Webhook: keep(hook)})
	}
	api := fourthwall.AsError(err)
	if api == nil {
		o.activity.RecordOutcome(ctx, recorded, end)
	}
	switch {
	case errors.Is(err, store.ErrLeaseLost):
		return Result{}, err
	case api == nil:
		return o.giveUp(ctx, err)
	}
	o.logger.WarnContext(ctx, o.kind+" was not accepted", "error", api)
	state, rejection := store.StateRejected, RejectionOf(api)
	if api.Uncertain() {
		state = store.StateUnconfirmed
	}
	result, err := o.endAttempt(ctx, recorded, end, state, kept{Rejection: &rejection, Webhook: keep(hook)})
	if err == nil && api.Code == CodeImmutable {
		err = o.markImmutable(ctx, recorded.WebhookID)
	}
	return result, err
}

// endAttempt records the outcome of a call, and with it that of the operation.
func (o operation) endAttempt(
	ctx context.Context, recorded store.Activity, end store.Ending, state string, k kept,
) (Result, error) {
	return o.result(ctx, store.Settlement{Activity: recorded.ID, Ending: end}, state, recorded.WebhookID, k)
}

// end records the outcome of the operation. If the database is unavailable, only the record is lost. A repeated
// request then finds the webhook as it is.
func (o operation) end(ctx context.Context, state, webhookID string, k kept) (Result, error) {
	return o.result(ctx, store.Settlement{}, state, webhookID, k)
}

func (o operation) result(
	ctx context.Context, st store.Settlement, state, webhookID string, k kept,
) (Result, error) {
	err := o.settle(ctx, st, state, webhookID, k)
	if errors.Is(err, store.ErrLeaseLost) {
		return Result{}, err
	}
	return k.result(o.kind, state), nil
}

// settle records how the operation ended, in one transaction with what st has of its activity and of a secret. It logs
// errors, and returns those that say whether this outcome counts.
func (o operation) settle(ctx context.Context, st store.Settlement, state, webhookID string, k kept) (err error) {
	if st.Operation, err = o.ended(state, webhookID, k); err == nil && st.Secret != "" {
		st.SecretUntil = o.now().Add(o.timing.Secret)
		k.Secret = st.Secret // for another request with this key, if it isn't kept elsewhere
		st.Unkept, err = k.encode()
	}
	if err == nil {
		err = o.store.Settle(ctx, st)
	}
	switch {
	case err == nil, errors.Is(err, store.ErrLeaseLost), errors.Is(err, store.ErrFinished):
	case errors.Is(err, store.ErrNotFound): // its owner signed out, and nobody can ask for it again
		o.logger.InfoContext(ctx, "an operation ended after its owner signed out")
	default:
		o.logger.ErrorContext(ctx, "the end of an operation could not be recorded", "error", err)
	}
	return err
}

// markImmutable records that the API won't change a webhook.
func (o operation) markImmutable(ctx context.Context, id string) error {
	return o.store.MarkImmutable(ctx, o.req.Shop.Shop(), id, o.now().Add(o.timing.Immutable))
}
