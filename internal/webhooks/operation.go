package webhooks

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

// operation is one idempotency key at work: it begins with a lease on what it changes, renews it while it works, and
// ends it when it finishes. Create, update and delete are built on it.
type operation struct {
	*Service
	req      Request
	kind     string
	resource store.Resource
	hash     string // of the content
	holder   string // tells this attempt from others with the same key
}

func (s *Service) operation(req Request, kind string, resource store.Resource, hash string) operation {
	return operation{s, req, kind, resource, hash, rand.Text()}
}

// row returns what the store needs to begin the operation.
func (o operation) row() store.Operation {
	return store.Operation{
		Key: o.req.Key, Owner: o.req.Actor.Owner, Kind: o.kind, Shop: o.req.Shop.Shop(),
		Resource: o.resource, Hash: o.hash, Holder: o.holder,
	}
}

// begin takes the lease, or returns the operation of the key as it is.
func (o operation) begin(ctx context.Context) (store.Start, error) {
	start, err := o.store.BeginOperation(ctx, o.row(), o.timing.Lease)
	return start, ownerGone(err)
}

// takeOver begins again where an attempt came to nothing or its process died, unless somebody else did.
func (o operation) takeOver(ctx context.Context, seen store.Operation) (store.Start, error) {
	start, err := o.store.RestartOperation(ctx, seen, o.row(), o.timing.Lease)
	return start, ownerGone(err)
}

// wants reports whether an operation of the same key is for the same content.
func (o operation) wants(row store.Operation) bool {
	return hmac.Equal([]byte(row.Hash), []byte(o.hash))
}

// isOf reports whether an operation of the same key is for the same: a create in the shop, or the same kind of change
// of the same webhook.
func (o operation) isOf(row store.Operation) bool {
	return row.Kind == o.kind && row.Shop == o.req.Shop.Shop() &&
		(o.kind == store.KindCreate || row.Resource == o.resource)
}

// ownerGone turns the error of an owner who signed out in another tab into that of a shop that must be connected
// again.
func ownerGone(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return shops.ErrReconnect
	}
	return err
}

// elsewhere returns the result of an operation that somebody else is at work on by the same key.
func elsewhere(wait time.Duration) Result {
	return Result{State: InProgress, SameKey: true, RetryAfter: max(wait, time.Millisecond)}
}

// waiting returns the result where a lease could not be had.
func waiting(start store.Start) Result {
	result := elsewhere(start.RetryAfter)
	result.SameKey = start.Operation.State == store.StatePending && start.Operation.Holder != ""
	return result
}

// heartbeat renews the lease until stop is called or the lease is lost.
func (o operation) heartbeat(ctx context.Context) (stop func()) {
	return o.keepRenewing(ctx, func(ctx context.Context) error { return o.renew(ctx, false) })
}

// keepRenewing calls renew again and again until stop is called or renew returns store.ErrLeaseLost.
func (s *Service) keepRenewing(ctx context.Context, renew func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var renewals sync.WaitGroup
	renewals.Go(func() {
		tick := time.NewTicker(s.timing.Heartbeat)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := renew(ctx)
			if errors.Is(err, store.ErrLeaseLost) {
				return
			}
			if err != nil && ctx.Err() == nil {
				s.logger.WarnContext(ctx, "a lease could not be renewed", "error", err)
			}
		}
	})
	return func() {
		cancel()
		renewals.Wait()
	}
}

// renew extends the lease, or returns store.ErrLeaseLost. With calling, the API may be asked for something from now
// on.
func (o operation) renew(ctx context.Context, calling bool) error {
	return o.store.RenewOperation(ctx, o.req.Actor.Owner, o.req.Key, o.holder, o.timing.Lease, calling)
}

// proven calls the API and proves right before each request that the lease is still held, a retry and a call with a
// renewed token included. If it isn't, nothing is sent, and the error is store.ErrLeaseLost.
func proven[T any](ctx context.Context, o operation, call func(context.Context) (T, error)) (T, error) {
	var refused error
	result, err := call(fourthwall.BeforeSending(ctx, func(ctx context.Context) error {
		refused = o.renew(ctx, true)
		return refused
	}))
	if refused != nil {
		return result, refused
	}
	return result, err
}

// finish records the outcome and ends the lease. It returns store.ErrLeaseLost where somebody else took over; an
// outcome that was recorded by somebody else stays.
func (o operation) finish(ctx context.Context, state, webhookID string, k kept) error {
	encoded, err := k.encode()
	if err != nil {
		return err
	}
	err = o.store.FinishOperation(ctx, store.Operation{
		Owner: o.req.Actor.Owner, Key: o.req.Key, Holder: o.holder, State: state, WebhookID: webhookID, Result: encoded,
	})
	if errors.Is(err, store.ErrFinished) {
		return nil
	}
	return err
}

// stored returns the result of the operation as the store has it.
func (o operation) stored(ctx context.Context) (Result, error) {
	row, err := o.store.Operation(ctx, o.req.Actor.Owner, o.req.Key)
	if err != nil {
		return Result{}, err
	}
	result, _, err := resultOf(row)
	return result, err
}

// pause waits, or returns early with ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
