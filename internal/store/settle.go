package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Settlement is how an operation ended, with its activity and the secret of its webhook.
type Settlement struct {
	Operation Operation // as for FinishOperation
	Activity  string    // ID; "" if none was begun
	Ending    Ending    // of the activity

	Secret      string    // of the operation's webhook; "" if there is none
	SecretUntil time.Time // so long it is kept

	// Unkept takes the place of Operation.Result if the owner is gone, so that the secret can't be kept.
	Unkept []byte
}

// Settle records how an operation ended, in one transaction: as RecordOutcome, PutSecret and FinishOperation do. Errors
// are those of FinishOperation. The rest is recorded all the same: ErrLeaseLost and ErrFinished say nothing about how
// this attempt ended. An activity that has another outcome already keeps it.
func (s *Store) Settle(ctx context.Context, st Settlement) error {
	op := st.Operation
	switch op.State {
	case StateDone, StateRejected, StateUnconfirmed:
	default:
		return fmt.Errorf("store: settle: %q is not an outcome", op.State)
	}
	var finished int64
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if st.Activity != "" {
			if _, err := tx.ExecContext(ctx, recordOutcome, s.outcomeOf(st.Activity, st.Ending)...); err != nil {
				return err
			}
		}
		kept, err := s.keepSecret(ctx, tx, st)
		if err != nil {
			return err
		}
		if !kept {
			op.Result = st.Unkept
		}
		finished, err = affected(tx.ExecContext(ctx, finishOperation, s.finishing(op)...))
		return err
	})
	if err == nil && finished == 0 {
		err = s.whyNotFinished(ctx, op)
	}
	return failed("settle", err)
}

// keepSecret stores the secret, if there is one, and returns false if its owner is gone.
func (s *Store) keepSecret(ctx context.Context, tx *sql.Tx, st Settlement) (bool, error) {
	if st.Secret == "" {
		return true, nil
	}
	op := st.Operation
	row := s.secretRow(op.Owner, op.Shop, op.WebhookID, st.Secret, st.SecretUntil)
	n, err := affected(tx.ExecContext(ctx, putSecret, row...))
	return n == 1, err
}
