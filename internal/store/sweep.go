package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Sweep deletes what has expired, in all environments: sessions, owners who ended with their session and
// all that they have, sign-ins, drafts, flashes, operations 24 hours after their last change, secrets, checks, key
// imports, activities after 400 days, marks of immutable webhooks, invitations 30 days after they expired or 400 days
// after the access ended, access tokens 30 days after they expired, what visits saw after KeepDeliveries and
// KeepChanges, leases, and counts under limits that are back to nothing. It is safe at any time and in several
// processes at once.
func (s *Store) Sweep(ctx context.Context) error {
	now := s.instant()
	ago := func(d time.Duration) any { return now.add(-d).database }
	var all error
	for _, step := range []struct {
		what, query string
		args        []any
	}{
		{
			"sessions", `DELETE FROM sessions WHERE seen_at <= $1 OR created_at <= $2 OR person <> '' AND created_at <= $3`,
			[]any{ago(s.sessionIdle), ago(s.sessionLife), ago(s.memberLife())},
		},
		{"sign-ins", `DELETE FROM sign_ins WHERE expires_at <= $1`, []any{ago(0)}},
		{"drafts", `DELETE FROM drafts WHERE expires_at <= $1`, []any{ago(0)}},
		{"flashes", `DELETE FROM flashes WHERE created_at <= $1`, []any{ago(flashLife)}},
		{"operations", sweepOperations, []any{ago(operationLife), now.add(-operationLife).steady}},
		{"secrets", `DELETE FROM webhook_secrets WHERE expires_at <= $1`, []any{ago(0)}},
		{"checks", `DELETE FROM checks WHERE started_at <= $1`, []any{ago(checkLife)}},
		{"key imports", `DELETE FROM key_imports WHERE started_at <= $1`, []any{ago(KeyImportLife)}},
		{"activities", `DELETE FROM activities WHERE started_at <= $1`, []any{ago(activityLife)}},
		{"immutable webhooks", `DELETE FROM immutable_webhooks WHERE expires_at <= $1`, []any{ago(0)}},
		{"invitations", sweepInvitations, []any{ago(invitationLife), ago(activityLife)}},
		{"access tokens", `DELETE FROM access_tokens WHERE expires_at <= $1`, []any{ago(accessTokenShown)}},
		{"labels", sweepLabels, []any{ago(activityLife)}},
		{"changes of webhooks", `DELETE FROM observation_changes WHERE changed_at <= $1`, []any{ago(s.keepChanges)}},
		{"deliveries", `DELETE FROM delivery_facts WHERE created_at <= $1`, []any{ago(s.keepDeliveries)}},
		{"counts of deliveries", sweepHours, []any{ago(s.keepDeliveries)}},
		{"visits", sweepVisits, nil},
		{"pauses of visits", `DELETE FROM visit_pauses WHERE paused_until <= $1`, []any{ago(0)}},
		{"leases", `DELETE FROM leases WHERE` + leaseOver, now.over()},
		{"limits", `DELETE FROM rate_limits WHERE full_at <= $1`, []any{ago(0)}},
	} {
		n, err := s.exec(ctx, step.query, step.args...)
		if err != nil {
			all = errors.Join(all, failed(fmt.Sprintf("sweep %s", step.what), err))
		}
		if n > 0 {
			s.log.Debug("swept", "what", step.what, "rows", n)
		}
	}
	if _, err := s.exec(ctx, addVisits); err != nil {
		all = errors.Join(all, failed("add visits", err))
	}
	n, err := s.sweepOwners(ctx)
	if n > 0 {
		s.log.Debug("swept", "what", "owners", "rows", n)
	}
	return errors.Join(all, failed("sweep owners", err))
}

// sweepOwners deletes the owners who ended with their session, each in a transaction of its own, since an owner
// may sign in again after it was listed.
func (s *Store) sweepOwners(ctx context.Context) (n int64, err error) {
	idle, err := s.idleOwners(ctx)
	if err != nil {
		return 0, err
	}
	for _, o := range idle {
		var deleted bool
		err := s.tx(ctx, func(tx *sql.Tx) (err error) {
			if err := s.lockOwner(ctx, tx, o.env, o.owner); err != nil {
				return err
			}
			deleted, err = deleteIdleOwner(ctx, tx, o.env, o.owner)
			return err
		})
		if err != nil {
			return n, err
		}
		if deleted {
			n++
		}
	}
	return n, nil
}

type idleOwner struct {
	env   string
	owner Owner
}

func (s *Store) idleOwners(ctx context.Context) ([]idleOwner, error) {
	rows, err := s.engine.read.QueryContext(ctx, `SELECT environment, id FROM owners
		WHERE kind = 'session' AND NOT EXISTS (
			SELECT 1 FROM sessions WHERE sessions.environment = owners.environment AND sessions.owner = owners.id)`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []idleOwner
	for rows.Next() {
		var o idleOwner
		if err := rows.Scan(&o.env, &o.owner); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, rows.Err()
}
