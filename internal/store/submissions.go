package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// States of a Submission, beside StatePending and StateUnconfirmed.
const (
	StateCreated = "created" // the webhook is there; final
	StateRefused = "refused" // the API said no; may be restarted with other content
)

const submissionLife = 24 * time.Hour

// Submission is one sending of a create form, so that it creates at most one webhook.
type Submission struct {
	ID          string // one-time id of the form, unique for an owner
	Owner       Owner
	Shop        string
	Hash        string   // of the content
	State       string   // StatePending, StateCreated, StateRefused or StateUnconfirmed
	Before      []string // ids of the webhooks that were there before the call
	BeforeKnown bool     // false: the webhooks were not or could not be listed
	Result      []byte   // what to show for it, JSON; sealed in the database; nil until settled
	WebhookID   string
	UpdatedAt   time.Time // moves on with every change
	// Holder names who is at work on it while it is pending; "" says that this is not known. Calling
	// says that the holder may have asked the API for something.
	Holder  string
	Calling bool
}

const (
	submissionColumns = `id, owner, shop, hash, state, webhooks_before, result, webhook_id, updated_at, holder, calling`

	selectSubmission = `SELECT ` + submissionColumns + ` FROM submissions
		WHERE environment = $1 AND owner = $2 AND id = $3`

	selectCreated = `SELECT ` + submissionColumns + ` FROM submissions
		WHERE environment = $1 AND owner = $2 AND shop = $3 AND webhook_id = $4 AND state = 'created' AND updated_at > $5
		ORDER BY updated_at DESC, id LIMIT 1`
)

// BeginSubmission inserts a pending submission if its owner has none of that ID. Of many callers,
// one gets started = true; the others get the row that is there. ErrNotFound says that the owner is
// gone.
func (s *Store) BeginSubmission(ctx context.Context, sub Submission) (started bool, existing Submission, err error) {
	n, err := s.exec(ctx, `
		INSERT INTO submissions (environment, owner, id, shop, hash, state, updated_at, holder)
		SELECT environment, id, $3, $4, $5, 'pending', $6, $7 FROM owners WHERE environment = $1 AND id = $2
		ON CONFLICT (environment, owner, id) DO NOTHING`,
		s.env, sub.Owner, sub.ID, sub.Shop, sub.Hash, millis(s.now()), sub.Holder)
	if err != nil {
		return false, Submission{}, failed("begin submission", err)
	}
	existing, err = s.Submission(ctx, sub.Owner, sub.ID)
	return n == 1, existing, err
}

// RestartSubmission makes a submission pending again, with the hash of new content, another holder
// and nothing known yet, if it is still in the state and of the time that the caller saw. Of many
// callers one gets true. A created submission never starts again.
func (s *Store) RestartSubmission(ctx context.Context, seen Submission, hash, holder string) (bool, error) {
	n, err := s.exec(ctx, `
		UPDATE submissions SET state = 'pending', hash = $2, webhooks_before = NULL, result = NULL, webhook_id = '',
			holder = $3, calling = FALSE,`+moveOn+`
		WHERE environment = $4 AND owner = $5 AND id = $6 AND state = $7 AND updated_at = $8 AND state <> 'created'`,
		millis(s.now()), hash, holder, s.env, seen.Owner, seen.ID, seen.State, millis(seen.UpdatedAt))
	return n == 1, failed("restart submission", err)
}

// HoldSubmission tells that the holder is still at work on a pending submission, and with calling,
// before it asks the API for something, that it may have done so from now on. It returns
// ErrLeaseLost when the submission was restarted by somebody else or is not pending: then the holder
// must not go on.
func (s *Store) HoldSubmission(ctx context.Context, owner Owner, id, holder string, calling bool) error {
	n, err := s.exec(ctx, `
		UPDATE submissions SET calling = calling OR $2,`+moveOn+`
		WHERE environment = $3 AND owner = $4 AND id = $5 AND state = 'pending' AND holder = $6`,
		millis(s.now()), calling, s.env, owner, id, holder)
	if err == nil && n == 0 {
		err = ErrLeaseLost
	}
	return failed("hold submission", err)
}

// SetSubmissionBefore notes which webhooks the holder of a pending submission found before its call.
// It returns ErrLeaseLost when it is not the holder's, or not pending.
func (s *Store) SetSubmissionBefore(ctx context.Context, owner Owner, id, holder string, before []string) error {
	list, err := json.Marshal(append([]string{}, before...))
	if err != nil {
		return failed("note webhooks before a submission", err)
	}
	n, err := s.exec(ctx, `
		UPDATE submissions SET webhooks_before = $2,`+moveOn+`
		WHERE environment = $3 AND owner = $4 AND id = $5 AND state = 'pending' AND holder = $6`,
		millis(s.now()), string(list), s.env, owner, id, holder)
	if err == nil && n == 0 {
		err = ErrLeaseLost
	}
	return failed("note webhooks before a submission", err)
}

// SettleSubmission notes the outcome of a submission, which names its Owner and ID: the State, which is
// StateCreated, StateRefused or StateUnconfirmed, the WebhookID if there is one, and the Result. A
// pending submission takes any outcome from its Holder, and from everybody else that the webhook is
// there; an unconfirmed one takes any, another only its own again. It returns ErrLeaseLost when
// somebody else is at work on it, ErrSettled when there is a different outcome, ErrNotFound when there
// is no such submission.
func (s *Store) SettleSubmission(ctx context.Context, sub Submission) error {
	switch sub.State {
	case StateCreated, StateRefused, StateUnconfirmed:
	default:
		return fmt.Errorf("store: settle submission: %q is not an outcome", sub.State)
	}
	n, err := s.exec(ctx, `
		UPDATE submissions SET state = $2, webhook_id = $3, result = $4, holder = '', calling = FALSE,`+moveOn+`
		WHERE environment = $5 AND owner = $6 AND id = $7 AND (
			state = 'unconfirmed'
			OR state = 'pending' AND ($2 = 'created' OR holder IN ('', $8))
			OR state = $2 AND webhook_id = $3)`,
		millis(s.now()), sub.State, sub.WebhookID, s.keys.seal(sub.Result, s.resultContext(sub.Owner, sub.ID)),
		s.env, sub.Owner, sub.ID, sub.Holder)
	if err == nil && n == 0 {
		err = s.whyNotSettled(ctx, sub)
	}
	return failed("settle submission", err)
}

func (s *Store) whyNotSettled(ctx context.Context, sub Submission) error {
	var sealed []byte
	found, err := scanSubmission(s.engine.read.QueryRowContext(ctx, selectSubmission, s.env, sub.Owner, sub.ID), &sealed)
	switch {
	case err != nil:
		return err
	case found.State == StatePending:
		return ErrLeaseLost
	}
	return ErrFinished
}

// Submission returns a submission, or ErrNotFound. When its result does not open, the error is
// ErrWrongKey and the rest is filled in.
func (s *Store) Submission(ctx context.Context, owner Owner, id string) (Submission, error) {
	return s.openSubmission(s.engine.read.QueryRowContext(ctx, selectSubmission, s.env, owner, id))
}

// CreatedSubmission returns the newest submission that created a webhook, if that was less than an
// hour ago, or ErrNotFound.
func (s *Store) CreatedSubmission(ctx context.Context, owner Owner, shop, webhookID string) (Submission, error) {
	return s.openSubmission(s.engine.read.QueryRowContext(ctx, selectCreated,
		s.env, owner, shop, webhookID, millis(s.now().Add(-createdLife))))
}

func (s *Store) openSubmission(row *sql.Row) (Submission, error) {
	var sealed []byte
	sub, err := scanSubmission(row, &sealed)
	if err != nil {
		return Submission{}, failed("read submission", err)
	}
	if sealed != nil {
		sub.Result, err = s.keys.open(sealed, s.resultContext(sub.Owner, sub.ID))
	}
	return sub, failed("read submission", err)
}

// scanSubmission reads submissionColumns; the result stays sealed.
func scanSubmission(row scanner, sealed *[]byte) (Submission, error) {
	var sub Submission
	var before sql.NullString
	var updated int64
	err := row.Scan(&sub.ID, &sub.Owner, &sub.Shop, &sub.Hash, &sub.State, &before, sealed, &sub.WebhookID, &updated, &sub.Holder, &sub.Calling)
	if err != nil {
		return Submission{}, err
	}
	sub.UpdatedAt = timeAt(updated)
	if sub.BeforeKnown = before.Valid; sub.BeforeKnown {
		err = json.Unmarshal([]byte(before.String), &sub.Before)
	}
	return sub, err
}

func (s *Store) resultContext(owner Owner, id string) rowContext {
	return rowContext{"submissions", "result", []string{s.env, string(owner), id}}
}
