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

// operation is the work under one idempotency key. It begins with a lease on what it changes, renews it while it
// works, and ends it when it finishes. Create, update and delete are built on it.
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

// begin acquires the lease, or returns the existing operation of the key. If the owner no longer exists, nothing
// begins, but the result of what was under way can still be returned.
func (o operation) begin(ctx context.Context) (store.Start, error) {
	start, err := o.store.BeginOperation(ctx, o.row(), o.timing.Lease)
	if !errors.Is(err, store.ErrNotFound) {
		return start, err
	}
	row, err := o.store.Operation(ctx, o.req.Actor.Owner, o.req.Key)
	if err != nil {
		return store.Start{}, ownerGone(err)
	}
	return store.Start{Operation: row, RetryAfter: max(0, row.LeaseUntil.Sub(o.now()))}, nil
}

// takeOver restarts an operation whose attempt had no effect or whose process died, unless another attempt already
// did.
func (o operation) takeOver(ctx context.Context, seen store.Operation) (store.Start, error) {
	start, err := o.store.RestartOperation(ctx, seen, o.row(), o.timing.Lease)
	return start, ownerGone(err)
}

// wants reports whether an operation with the same key is for the same content.
func (o operation) wants(row store.Operation) bool {
	return hmac.Equal([]byte(row.Hash), []byte(o.hash))
}

// isOf reports whether an operation with the same key does the same: a create in the shop, or the same kind of change
// of the same webhook.
func (o operation) isOf(row store.Operation) bool {
	return row.Kind == o.kind && row.Shop == o.req.Shop.Shop() &&
		(o.kind == store.KindCreate || row.Resource == o.resource)
}

// ownerGone returns shops.ErrReconnect if the owner no longer exists, because they signed out in another tab.
func ownerGone(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return shops.ErrReconnect
	}
	return err
}

// elsewhere returns the result of an operation that another request with the same key is working on.
func elsewhere(wait time.Duration) Result {
	return Result{State: InProgress, SameKey: true, RetryAfter: max(wait, time.Millisecond)}
}

// waiting returns the result if the lease could not be acquired.
func waiting(start store.Start) Result {
	result := elsewhere(start.RetryAfter)
	result.SameKey = start.Operation.State == store.StatePending && start.Operation.Holder != ""
	return result
}

// heartbeat renews the lease until stop is called or the lease is lost.
func (o operation) heartbeat(ctx context.Context) (stop func()) {
	return o.keepRenewing(ctx, func(ctx context.Context) error { return o.renew(ctx, false) })
}

// keepRenewing calls renew repeatedly until stop is called or renew returns store.ErrLeaseLost.
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

// renew extends the lease, or returns store.ErrLeaseLost. If calling, it also records that the API may be called from
// now on.
func (o operation) renew(ctx context.Context, calling bool) error {
	return o.store.RenewOperation(ctx, o.req.Actor.Owner, o.req.Key, o.holder, o.timing.Lease, calling)
}

// proof is what is done right before requests.
type proof struct {
	begin     func(context.Context) error // before the first, instead of renewing the lease; may be nil
	mayRepeat func(context.Context) error // before a request is repeated; may be nil
}

// proven calls the API and checks right before each request that the lease is still held. This includes retries and
// calls with a renewed token. If the lease is lost, nothing is sent, and the error is store.ErrLeaseLost.
func proven[T any](
	ctx context.Context, o operation, call func(context.Context) (T, error), p proof,
) (T, error) {
	var refused error
	begin := p.begin
	result, err := call(fourthwall.BeforeSending(ctx, func(sending context.Context, again bool) error {
		if again && p.mayRepeat != nil {
			if err := p.mayRepeat(ctx); err != nil {
				return err
			}
		}
		if begin == nil {
			refused = o.renew(sending, true)
			return refused
		}
		if refused = begin(sending); refused == nil {
			begin = nil
		}
		return refused
	}))
	if refused != nil {
		return result, refused
	}
	return result, err
}

// finish records the outcome and ends the lease. It returns store.ErrLeaseLost if another attempt took over. An
// outcome that another attempt recorded stays.
func (o operation) finish(ctx context.Context, state, webhookID string, k kept) error {
	row, err := o.ended(state, webhookID, k)
	if err != nil {
		return err
	}
	err = o.store.FinishOperation(ctx, row)
	if errors.Is(err, store.ErrFinished) {
		return nil
	}
	return err
}

// ended returns what the store needs to finish the operation.
func (o operation) ended(state, webhookID string, k kept) (store.Operation, error) {
	row := o.row()
	row.State, row.WebhookID = state, webhookID
	var err error
	row.Result, err = k.encode()
	return row, err
}

// stored returns the stored result of the operation.
func (o operation) stored(ctx context.Context) (Result, error) {
	row, err := o.store.Operation(ctx, o.req.Actor.Owner, o.req.Key)
	if err != nil {
		return Result{}, err
	}
	result, _, err := resultOf(row)
	return result, err
}

// pause waits for d, or returns ctx's error if ctx ends first.
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
