package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kinds of an Operation.
const (
	KindCreate = "create"
	KindUpdate = "update"
	KindDelete = "delete"
)

// States of an Operation.
const (
	StatePending     = "pending"     // begun, and no outcome is recorded
	StateDone        = "done"        // it had its effect; final
	StateRejected    = "rejected"    // it had no effect; may be restarted with other content
	StateUnconfirmed = "unconfirmed" // it may have had its effect
)

const (
	operationLife = 24 * time.Hour
	createdLife   = time.Hour // how long CreatedOperation finds one
)

// Resource names what an operation works on, in its shop. Of all operations, of all owners, one at a
// time holds the lease on a resource. WebhookResource and URLResource make the names. They are
// hashes, since a URL may hold a secret, and never equal each other.
type Resource string

// WebhookResource returns the resource of what updates or deletes a webhook.
func WebhookResource(id string) Resource { return Resource(hashOf("webhook " + id)) }

// URLResource returns the resource of what creates a webhook with a URL, which the caller normalizes.
func URLResource(url string) Resource { return Resource(hashOf("URL " + url)) }

// Operation is one change to a shop's webhooks, which is to take effect at most once however often it is
// asked for. It is known by its idempotency key for 24 hours after its last change.
//
// Its Holder has its lease, which is also the lease on its Resource. The lease ends when the operation
// finishes. When its time has passed, another operation on the same resource may take it away, or the
// same operation may be restarted.
type Operation struct {
	Key       string // idempotency key, unique for an owner
	Owner     Owner
	Kind      string // KindCreate, KindUpdate or KindDelete
	Shop      string
	Resource  Resource
	Hash      string   // tells the content that was asked for
	State     string   // StatePending, StateDone, StateRejected or StateUnconfirmed
	Before    []string // IDs of the webhooks that there were before the API was called
	WebhookID string
	Result    []byte // by the caller, JSON; sealed in the database; nil until it is finished

	// BeforeKnown is false if the webhooks were not, or could not be, listed.
	BeforeKnown bool

	Holder     string    // names the holder of the lease; "" if nobody holds it
	LeaseUntil time.Time // by Store.Now; zero if nobody holds the lease
	Calling    bool      // the holder may have called the API
	StartedAt  time.Time // of the last start
	UpdatedAt  time.Time // grows with every change

	sinceStart, sinceChange, leaseLeft time.Duration
}

// SinceStart returns how long after its last start the operation was read.
func (op Operation) SinceStart() time.Duration { return op.sinceStart }

// SinceChange returns how long after its last change the operation was read.
func (op Operation) SinceChange() time.Duration { return op.sinceChange }

// LeaseLeft returns how long its lease lasted when the operation was read, unless it is renewed.
func (op Operation) LeaseLeft() time.Duration { return op.leaseLeft }

// Start is what BeginOperation or RestartOperation came to.
type Start struct {
	Started bool // the caller holds the lease

	// Operation is the one of that key as it is now; zero if there is none.
	Operation Operation

	// RetryAfter is the longest that the lease of the operation, or of another one on its resource,
	// lasts unless it is renewed. It is 0 if Started, or if nobody holds such a lease.
	RetryAfter time.Duration
}

const (
	operationColumns = `key, owner, kind, shop, resource, hash, state, webhooks_before, webhook_id, result,
		holder, lease_until, steady_until, calling, started_at, steady_started_at, updated_at, steady_updated_at`

	selectOperation = `SELECT ` + operationColumns + ` FROM operations
		WHERE environment = $1 AND owner = $2 AND key = $3`

	selectCreatedOperation = `SELECT ` + operationColumns + ` FROM operations
		WHERE environment = $1 AND owner = $2 AND shop = $3 AND webhook_id = $4
			AND kind = 'create' AND state = 'done' AND updated_at > $5
		ORDER BY updated_at DESC, key LIMIT 1`

	// There is a row if the owner is there. A conflict is with the key or with the lease on the resource.
	beginOperation = `
		INSERT INTO operations (environment, owner, key, kind, shop, resource, hash, state, holder, lease_until,
			steady_until, started_at, updated_at, steady_started_at, steady_updated_at)
		SELECT environment, id, $3, $4, $5, $6, $7, 'pending', $8, $9, $10, $11, $11, $12, $12
		FROM owners WHERE environment = $1 AND id = $2
		ON CONFLICT DO NOTHING`

	// $3 is the steady clock, as in moveOn.
	callOperation = `
		UPDATE operations SET lease_until = $2, steady_until = $4, calling = TRUE, webhooks_before = $5,` + moveOn + `
		WHERE environment = $6 AND owner = $7 AND key = $8 AND state = 'pending' AND holder = $9 AND holder <> ''`

	finishOperation = `
		UPDATE operations SET state = $2, webhook_id = $4, result = $5, holder = '', lease_until = 0, steady_until = 0,
			calling = FALSE,` + moveOn + `
		WHERE environment = $6 AND owner = $7 AND key = $8 AND (
			state = 'pending' AND (holder = $9 AND holder <> '' OR kind = 'create' AND $2 = 'done')
			OR state = 'unconfirmed' AND $2 <> 'rejected'
			OR state = $2 AND webhook_id = $4)`

	takeExpiredLease = `
		UPDATE operations SET holder = '', lease_until = 0, steady_until = 0,` + moveOn + `
		WHERE environment = $5 AND shop = $6 AND resource = $7 AND holder <> '' AND` + leaseOver + `
			AND NOT (owner = $8 AND key = $9)`

	selectLeaseEnd = `SELECT lease_until, steady_until FROM operations
		WHERE environment = $1 AND shop = $2 AND resource = $3 AND holder <> ''`

	restartOperation = `
		UPDATE operations SET state = 'pending', resource = $5, hash = $6, webhooks_before = NULL, webhook_id = '',
			result = NULL, holder = $7, lease_until = $8, steady_until = $9, calling = FALSE, started_at = $1,
			steady_started_at = $3,` + moveOn + `
		WHERE environment = $10 AND owner = $11 AND key = $12 AND state = $13 AND updated_at = $14
			AND state <> 'done' AND` + leaseOver + `AND NOT EXISTS (
				SELECT 1 FROM operations AS other
				WHERE other.environment = $10 AND other.shop = operations.shop AND other.resource = $5
					AND other.holder <> '' AND NOT (other.owner = $11 AND other.key = $12))`

	// An operation whose owner is gone stays for as long as its lease is held.
	sweepOperations = `DELETE FROM operations
		WHERE updated_at <= $1 AND steady_updated_at <= $2 OR holder = '' AND NOT EXISTS (
		SELECT 1 FROM owners WHERE owners.environment = operations.environment AND owners.id = operations.owner)`

	// moveOn keeps updated_at growing where changes follow within a millisecond, so that it tells
	// one state of a row from the next. $3 is the steady clock, as in leaseOver.
	moveOn = ` updated_at = CASE WHEN updated_at < $1 THEN $1 ELSE updated_at + 1 END, steady_updated_at = $3 `
)

// BeginOperation begins an operation whose key is new, with a lease for op.Holder, if nobody holds
// the lease on its resource. Of many callers, one gets Started. A lease whose time has passed is
// taken away from its holder. If there is an operation of that key, nothing changes and the result
// has it. ErrNotFound means that the owner is gone.
//
// Of op, the Key, Owner, Kind, Shop, Resource, Hash and Holder count. The Holder names the caller and
// must not be shared with another.
func (s *Store) BeginOperation(ctx context.Context, op Operation, lease time.Duration) (Start, error) {
	if err := checkOperation(op, lease); err != nil {
		return Start{}, failed("begin operation", err)
	}
	// Mostly the key is new and the lease is free, and one statement does.
	now := s.instant()
	n, err := s.exec(ctx, beginOperation, s.newOperationRow(op, now, lease)...)
	if err != nil {
		return Start{}, failed("begin operation", err)
	}
	if n == 1 {
		return Start{Started: true, Operation: begun(op, now, lease)}, nil
	}
	start, err := s.start(ctx, func(tx *sql.Tx, row *operationRow) (Start, error) {
		if err := s.lockPresentOwner(ctx, tx, op.Owner); err != nil {
			return Start{}, err
		}
		now := s.instant()
		err := row.scan(tx.QueryRowContext(ctx, selectOperation, s.env, op.Owner, op.Key))
		if !errors.Is(err, sql.ErrNoRows) {
			return Start{RetryAfter: now.left(row.leaseUntil)}, err
		}
		return s.begin(ctx, tx, op, now, lease)
	})
	return start, failed("begin operation", err)
}

// RestartOperation makes an operation pending again, with nothing known yet and a lease for
// next.Holder, if it is as the caller has seen it, its own lease is over, and nobody else holds the
// lease on next.Resource. Of many callers, one gets Started. An operation that is done never starts
// again. If nothing was started and RetryAfter is 0, the operation has changed and the result has it.
// ErrNotFound means that the operation or its owner is gone.
//
// Of next, the Resource, Hash and Holder count.
func (s *Store) RestartOperation(ctx context.Context, seen, next Operation, lease time.Duration) (Start, error) {
	op := seen
	op.Resource, op.Hash, op.Holder = next.Resource, next.Hash, next.Holder
	if err := checkOperation(op, lease); err != nil {
		return Start{}, failed("restart operation", err)
	}
	start, err := s.start(ctx, func(tx *sql.Tx, row *operationRow) (Start, error) {
		if err := s.lockPresentOwner(ctx, tx, op.Owner); err != nil {
			return Start{}, err
		}
		return s.restart(ctx, tx, op, row, lease)
	})
	return start, failed("restart operation", err)
}

// start runs f in a transaction and adds to its Start the row that f has read, if it has read one.
func (s *Store) start(ctx context.Context, f func(*sql.Tx, *operationRow) (Start, error)) (Start, error) {
	var start Start
	var row operationRow
	err := s.tx(ctx, func(tx *sql.Tx) (err error) {
		row = operationRow{}
		start, err = f(tx, &row)
		return err
	})
	if err != nil {
		return Start{}, err
	}
	if row.Key != "" {
		start.Operation, err = s.openOperation(row)
	}
	return start, err
}

func checkOperation(op Operation, lease time.Duration) error {
	switch op.Kind {
	case KindCreate, KindUpdate, KindDelete:
	default:
		return fmt.Errorf("%q is no kind of operation", op.Kind)
	}
	if op.Key == "" || op.Resource == "" || op.Holder == "" || lease < time.Millisecond {
		return errors.New("an operation needs a key, a resource, a holder and a lease of a millisecond or more")
	}
	return nil
}

// begin inserts an operation whose key is new.
func (s *Store) begin(ctx context.Context, tx *sql.Tx, op Operation, now instant, lease time.Duration) (Start, error) {
	if err := s.takeExpired(ctx, tx, op, now); err != nil {
		return Start{}, err
	}
	n, err := affected(tx.ExecContext(ctx, beginOperation, s.newOperationRow(op, now, lease)...))
	if err != nil {
		return Start{}, err
	}
	if n == 0 {
		return s.leased(ctx, tx, op, now)
	}
	return Start{Started: true, Operation: begun(op, now, lease)}, nil
}

// newOperationRow returns the arguments of beginOperation.
func (s *Store) newOperationRow(op Operation, now instant, lease time.Duration) []any {
	until := now.add(lease)
	return []any{
		s.env, op.Owner, op.Key, op.Kind, op.Shop, op.Resource, op.Hash, op.Holder, until.database, until.steady,
		now.database, now.steady,
	}
}

// begun returns an operation as it was begun.
func begun(op Operation, now instant, lease time.Duration) Operation {
	at := timeAt(now.database)
	return Operation{
		Key: op.Key, Owner: op.Owner, Kind: op.Kind, Shop: op.Shop, Resource: op.Resource, Hash: op.Hash,
		State: StatePending, Holder: op.Holder, LeaseUntil: timeAt(now.add(lease).database), StartedAt: at, UpdatedAt: at,
	}
}

// restart restarts op, which has the State and UpdatedAt that the caller has seen.
func (s *Store) restart(
	ctx context.Context, tx *sql.Tx, op Operation, row *operationRow, lease time.Duration,
) (Start, error) {
	now := s.instant()
	if err := s.takeExpired(ctx, tx, op, now); err != nil {
		return Start{}, err
	}
	until := now.add(lease)
	n, err := affected(tx.ExecContext(ctx, restartOperation,
		now.over(op.Resource, op.Hash, op.Holder, until.database, until.steady,
			s.env, op.Owner, op.Key, op.State, millis(op.UpdatedAt))...))
	if err != nil {
		return Start{}, err
	}
	if err := row.scan(tx.QueryRowContext(ctx, selectOperation, s.env, op.Owner, op.Key)); err != nil || n == 1 {
		return Start{Started: err == nil}, err
	}
	unchanged := row.State == op.State && row.UpdatedAt.Equal(op.UpdatedAt) && row.State != StateDone
	if own := now.left(row.leaseUntil); own > 0 || !unchanged {
		return Start{RetryAfter: own}, nil
	}
	return s.leased(ctx, tx, op, now)
}

// takeExpired takes the lease on an operation's resource away from another one whose time has passed.
func (s *Store) takeExpired(ctx context.Context, tx *sql.Tx, op Operation, now instant) error {
	_, err := tx.ExecContext(ctx, takeExpiredLease, now.over(s.env, op.Shop, op.Resource, op.Owner, op.Key)...)
	return err
}

// leased returns how long the lease on a resource lasts.
func (s *Store) leased(ctx context.Context, tx *sql.Tx, op Operation, now instant) (Start, error) {
	var until instant
	err := tx.QueryRowContext(ctx, selectLeaseEnd, s.env, op.Shop, op.Resource).Scan(&until.database, &until.steady)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	// Where it has ended since, a moment later is early enough.
	return Start{RetryAfter: max(now.left(until), time.Millisecond)}, err
}

// RenewOperation extends the lease of a pending operation, counted from now, if it is still the
// holder's. A lease whose time has passed is, unless it was taken away. With calling it records that
// the holder may have called the API from now on. ErrLeaseLost means that the lease is not the
// holder's: then nothing more may be done.
func (s *Store) RenewOperation(
	ctx context.Context, owner Owner, key, holder string, lease time.Duration, calling bool,
) error {
	now := s.instant()
	until := now.add(lease)
	n, err := s.exec(ctx, `
		UPDATE operations SET lease_until = $2, steady_until = $4, calling = calling OR $5,`+moveOn+`
		WHERE environment = $6 AND owner = $7 AND key = $8 AND state = 'pending' AND holder = $9 AND holder <> ''`,
		now.database, until.database, now.steady, until.steady, calling, s.env, owner, key, holder)
	if err == nil && n == 0 {
		err = ErrLeaseLost
	}
	return failed("renew operation", err)
}

// CallOperation records, in one transaction, that the holder of a pending operation is about to call the API for the
// first time, and an activity for it, see BeginActivity. It extends the lease, counted from now. Of op, the Owner, Key
// and Holder count, and Before if BeforeKnown. ErrLeaseLost means that the lease is not the holder's. Then nothing is
// recorded, and nothing may be sent.
func (s *Store) CallOperation(ctx context.Context, op Operation, lease time.Duration, a Activity) (Activity, error) {
	before, err := webhooksBefore(op)
	if err != nil {
		return Activity{}, failed("call", err)
	}
	a, row := s.newActivity(a)
	err = s.tx(ctx, func(tx *sql.Tx) error {
		now := s.instant()
		until := now.add(lease)
		n, err := affected(tx.ExecContext(ctx, callOperation, now.database, until.database, now.steady, until.steady,
			before, s.env, op.Owner, op.Key, op.Holder))
		switch {
		case err != nil:
			return err
		case n == 0:
			return ErrLeaseLost
		}
		return insertNumbered(ctx, tx, row)
	})
	if err != nil {
		return Activity{}, failed("call", err)
	}
	return a, nil
}

// webhooksBefore returns what is kept of the webhooks before an operation.
func webhooksBefore(op Operation) (before sql.NullString, err error) {
	if !op.BeforeKnown {
		return before, nil
	}
	list, err := json.Marshal(append([]string{}, op.Before...))
	return sql.NullString{String: string(list), Valid: true}, err
}

// FinishOperation records the outcome of the operation of op's Owner and Key, and ends its lease. The
// State is StateDone, StateRejected or StateUnconfirmed, beside it count the WebhookID, the Result
// and the Holder.
//
// A pending operation takes any outcome from the holder of its lease. From everybody, a pending create
// takes StateDone, and an unconfirmed operation any outcome but StateRejected. One that is done or
// rejected takes the same State and WebhookID again, with another Result.
//
// ErrLeaseLost means that the caller has to hold the lease for that, ErrFinished that the operation
// has another outcome, ErrNotFound that there is no such operation.
func (s *Store) FinishOperation(ctx context.Context, op Operation) error {
	switch op.State {
	case StateDone, StateRejected, StateUnconfirmed:
	default:
		return fmt.Errorf("store: finish operation: %q is not an outcome", op.State)
	}
	n, err := s.exec(ctx, finishOperation, s.finishing(op)...)
	if err == nil && n == 0 {
		err = s.whyNotFinished(ctx, op)
	}
	return failed("finish operation", err)
}

// finishing returns the arguments of finishOperation.
func (s *Store) finishing(op Operation) []any {
	now := s.instant()
	return []any{
		now.database, op.State, now.steady, op.WebhookID,
		s.keys.seal(op.Result, s.operationContext(op.Owner, op.Key)), s.env, op.Owner, op.Key, op.Holder,
	}
}

func (s *Store) whyNotFinished(ctx context.Context, op Operation) error {
	var row operationRow
	err := row.scan(s.engine.read.QueryRowContext(ctx, selectOperation, s.env, op.Owner, op.Key))
	switch {
	case err != nil:
		return err
	case row.State == StatePending || row.State == StateUnconfirmed:
		return ErrLeaseLost
	}
	return ErrFinished
}

// Operation returns an operation, or ErrNotFound. If its result does not open, the error is
// ErrWrongKey and the rest is filled in.
func (s *Store) Operation(ctx context.Context, owner Owner, key string) (Operation, error) {
	var row operationRow
	if err := row.scan(s.engine.read.QueryRowContext(ctx, selectOperation, s.env, owner, key)); err != nil {
		return Operation{}, failed("read operation", err)
	}
	op, err := s.openOperation(row)
	return op, failed("read operation", err)
}

// CreatedOperation returns the newest operation that created a webhook, if it was finished less than
// an hour ago, or ErrNotFound.
func (s *Store) CreatedOperation(ctx context.Context, owner Owner, shop, webhookID string) (Operation, error) {
	var row operationRow
	err := row.scan(s.engine.read.QueryRowContext(ctx, selectCreatedOperation,
		s.env, owner, shop, webhookID, millis(s.now().Add(-createdLife))))
	if err != nil {
		return Operation{}, failed("read created operation", err)
	}
	op, err := s.openOperation(row)
	return op, failed("read created operation", err)
}

func (s *Store) openOperation(row operationRow) (Operation, error) {
	op, now := row.Operation, s.instant()
	op.sinceStart, op.sinceChange = now.since(row.startedAt), now.since(row.updatedAt)
	op.leaseLeft = now.left(row.leaseUntil)
	if row.sealed == nil {
		return op, nil
	}
	var err error
	op.Result, err = s.keys.open(row.sealed, s.operationContext(op.Owner, op.Key))
	return op, err
}

// operationRow is an operation as it is in the database.
type operationRow struct {
	Operation

	sealed                           []byte // the result
	leaseUntil, startedAt, updatedAt instant
}

// scan reads operationColumns.
func (row *operationRow) scan(r scanner) error {
	var before sql.NullString
	err := r.Scan(&row.Key, &row.Owner, &row.Kind, &row.Shop, &row.Resource, &row.Hash, &row.State, &before,
		&row.WebhookID, &row.sealed, &row.Holder, &row.leaseUntil.database, &row.leaseUntil.steady, &row.Calling,
		&row.startedAt.database, &row.startedAt.steady, &row.updatedAt.database, &row.updatedAt.steady)
	if err != nil {
		return err
	}
	row.LeaseUntil, row.StartedAt = timeAt(row.leaseUntil.database), timeAt(row.startedAt.database)
	row.UpdatedAt = timeAt(row.updatedAt.database)
	if row.BeforeKnown = before.Valid; row.BeforeKnown {
		err = json.Unmarshal([]byte(before.String), &row.Before)
	}
	return err
}

func (s *Store) operationContext(owner Owner, key string) rowContext {
	return rowContext{"operations", "result", []string{s.env, string(owner), key}}
}
