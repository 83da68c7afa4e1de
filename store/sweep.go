package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Sweep deletes everything that is over, in all environments: sessions past their idle or absolute
// life, owners without a session and all that they have, attempts, drafts, flashes, submissions
// untouched for 24 hours, secrets, checks, activities that began 400 days ago, and locks of webhooks. It is
// safe at any time and in several processes at once.
func (s *Store) Sweep(ctx context.Context) error {
	now := s.now()
	ago := func(d time.Duration) any { return millis(now.Add(-d)) }
	var all error
	for _, step := range []struct {
		what, query string
		args        []any
	}{
		{"sessions", `DELETE FROM sessions WHERE seen_at <= $1 OR created_at <= $2`, []any{ago(SessionIdle), ago(SessionLife)}},
		{"owners", `DELETE FROM owners WHERE NOT EXISTS (
			SELECT 1 FROM sessions WHERE sessions.environment = owners.environment AND sessions.owner = owners.id)`, nil},
		{"attempts", `DELETE FROM attempts WHERE expires_at <= $1`, []any{ago(0)}},
		{"drafts", `DELETE FROM drafts WHERE expires_at <= $1`, []any{ago(0)}},
		{"flashes", `DELETE FROM flashes WHERE created_at <= $1`, []any{ago(flashLife)}},
		{"submissions", `DELETE FROM submissions WHERE updated_at <= $1`, []any{ago(submissionLife)}},
		{"secrets", `DELETE FROM webhook_secrets WHERE expires_at <= $1`, []any{ago(0)}},
		{"checks", `DELETE FROM checks WHERE started_at <= $1`, []any{ago(checkLife)}},
		{"activities", `DELETE FROM activities WHERE started_at <= $1`, []any{ago(activityLife)}},
		{"locks", `DELETE FROM webhook_locks WHERE expires_at <= $1`, []any{ago(0)}},
	} {
		n, err := s.exec(ctx, step.query, step.args...)
		if err != nil {
			all = errors.Join(all, failed(fmt.Sprintf("sweep %s", step.what), err))
		}
		if n > 0 {
			s.log.Debug("swept", "what", step.what, "rows", n)
		}
	}
	return all
}
