package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// Outcomes of an Activity.
const (
	OutcomePending = "pending" // begun, and no outcome is recorded
	OutcomeDone    = "done"    // it was changed; final
	OutcomeRefused = "refused" // the API said no; final
	OutcomeFailed  = "failed"  // it was not changed, for another reason; final
	OutcomeUnclear = "unclear" // it may have been changed
)

const (
	activityLife = 400 * 24 * time.Hour

	defaultLimit = 50
	maxLimit     = 10_000
)

// Activity records that somebody tried to change something. It is stored before the change is made, for
// 400 days. It belongs to its shop and outlives the owner, the session and the connection.
type Activity struct {
	ID           string // made by BeginActivity
	Shop         string
	Owner        Owner  // may be gone
	Action       string // what was to be done
	Actor        string // the connection that was used, for a person to read
	Person       ActivityPerson
	Session      string // see SessionStore.Mark
	WebhookID    string // "" until it is known, or when there is none
	Detail       []byte // by the caller, JSON; sealed in the database; nil if it does not open
	Outcome      string // OutcomePending, OutcomeDone, OutcomeRefused, OutcomeFailed or OutcomeUnclear
	Status       int    // of the API's response; 0 if there was none
	Code         string // of the API's response
	RequestID    string // of the person's request
	APIRequestID string // of the API's response
	StartedAt    time.Time
	EndedAt      time.Time // zero while pending

	// RecheckGap is how long after its start, or after its last recheck, the activity is due for a
	// recheck while it is pending or unclear, see DueActivities.
	RecheckGap time.Duration

	age time.Duration
}

// ActivityPerson is who of the team attempted something, as of then. It is zero without a team.
type ActivityPerson struct{ ID, Name, Email, Role string }

// Age returns how long after its start the activity was read.
func (a Activity) Age() time.Duration { return a.age }

// Ending is how an Activity ended.
type Ending struct {
	Outcome      string // any but OutcomePending
	WebhookID    string // "" keeps the one that is known
	Status       int    // of the API's response; 0 if there was none
	Code         string
	APIRequestID string
}

const (
	activityColumns = `seq, id, shop, owner, action, actor, session, webhook_id, detail,
		outcome, status, code, request_id, api_request_id, started_at, ended_at, recheck_gap, steady_started_at,
		person, person_name, person_email, role`

	whoKey = `CASE person WHEN '' THEN actor ELSE person END`

	inShop = ` WHERE environment = $1 AND shop = $2`

	// The indexes of activities.
	byShop    = "activities_shop"
	byAction  = "activities_action"
	byOutcome = "activities_outcome"
	byWebhook = "activities_webhook"
	byWho     = "activities_who"
	byOpen    = "activities_open"
	byDone    = "activities_done"
	byDue     = "activities_due"

	// The literals of these conditions are those of the partial indexes.
	whereOpen = inShop + ` AND action = $3 AND outcome IN ('pending', 'unclear')
		AND (started_at >= $4 OR steady_started_at >= $5) ORDER BY started_at DESC, seq DESC LIMIT $6`
	whereDone = inShop + ` AND action = $3 AND outcome = 'done' AND webhook_id = $4
		ORDER BY started_at DESC, seq DESC LIMIT $5`
	whereRecent = inShop + ` AND action = $3
		AND started_at >= $4 ORDER BY started_at DESC, seq DESC LIMIT $5`

	whereDue = ` WHERE environment = $1 AND recheck_at > 0 AND recheck_at <= $2
		ORDER BY recheck_at, started_at, seq LIMIT $3`

	insertActivity = `
		INSERT INTO activities (id, environment, shop, owner, action, actor, session, webhook_id, detail, outcome,
			request_id, started_at, status, ended_at, recheck_at, recheck_gap, steady_started_at,
			person, person_name, person_email, role, seq)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
			(SELECT COALESCE(MAX(seq), 0) + 1 FROM activities WHERE started_at = $12))
		ON CONFLICT (started_at, seq) DO NOTHING`

	recordOutcome = `
		UPDATE activities SET outcome = $1, webhook_id = CASE WHEN $2 = '' THEN webhook_id ELSE $2 END,
			status = $3, code = $4, api_request_id = $5, ended_at = $6,
			recheck_at = CASE WHEN $1 = 'unclear' THEN recheck_at ELSE 0 END
		WHERE environment = $7 AND id = $8 AND outcome IN ('pending', 'unclear')`
)

// BeginActivity stores an activity before its change is made and returns it as stored: pending, started
// now, due for a recheck after its RecheckGap. The owner may be gone. The ID, the Outcome, the times
// and what an Ending has of the API's response do not count in the argument.
func (s *Store) BeginActivity(ctx context.Context, a Activity) (Activity, error) {
	a, row := s.newActivity(a)
	if err := s.tx(ctx, func(tx *sql.Tx) error { return insertNumbered(ctx, tx, row) }); err != nil {
		return Activity{}, failed("begin activity", err)
	}
	return a, nil
}

// newActivity returns an activity that begins now, and the arguments of insertActivity for it.
func (s *Store) newActivity(a Activity) (Activity, []any) {
	a.ID, a.Outcome, a.StartedAt, a.EndedAt = rand.Text(), OutcomePending, s.now(), time.Time{}
	a.Status, a.Code, a.APIRequestID = 0, "", ""
	a.Detail = slices.Clone(a.Detail)
	return a, s.newActivityRow(a, millis(a.StartedAt.Add(a.RecheckGap)))
}

// AddActivity records an activity of something that has ended: started and ended now, and done unless it has another
// Outcome. Of an Ending, its Status counts.
func (s *Store) AddActivity(ctx context.Context, a Activity) error {
	a.Outcome = cmp.Or(a.Outcome, OutcomeDone)
	return failed("add activity", s.tx(ctx, func(tx *sql.Tx) error { return s.addEnded(ctx, tx, a) }))
}

// addDone records activities of something that the transaction does: they are done, started and ended
// now. Of an Ending, their Status counts.
func (s *Store) addDone(ctx context.Context, tx *sql.Tx, done []Activity) error {
	for _, a := range done {
		a.Outcome = OutcomeDone
		if err := s.addEnded(ctx, tx, a); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) addEnded(ctx context.Context, tx *sql.Tx, a Activity) error {
	a.ID, a.StartedAt = rand.Text(), s.now()
	a.EndedAt = a.StartedAt
	return insertNumbered(ctx, tx, s.newActivityRow(a, 0))
}

// insertNumbered inserts an activity. Nothing is inserted when another one got the number first: it asks for the next.
func insertNumbered(ctx context.Context, tx *sql.Tx, row []any) error {
	for n := int64(0); n == 0; {
		var err error
		if n, err = affected(tx.ExecContext(ctx, insertActivity, row...)); err != nil {
			return err
		}
	}
	return nil
}

// newActivityRow returns the arguments of insertActivity.
func (s *Store) newActivityRow(a Activity, recheckAt int64) []any {
	return []any{
		a.ID, s.env, a.Shop, a.Owner, a.Action, a.Actor, a.Session, a.WebhookID,
		s.keys.seal(a.Detail, s.detailContext(a.Shop, a.ID)), a.Outcome, a.RequestID, millis(a.StartedAt),
		a.Status, millis(a.EndedAt), recheckAt, a.RecheckGap.Milliseconds(), s.instant().steady,
		a.Person.ID, a.Person.Name, a.Person.Email, a.Person.Role,
	}
}

// RecordOutcome records how an activity ended. A pending or unclear activity takes any outcome.
// Any other stays as it is: that is no error for the same outcome, and ErrFinished for a different one.
// ErrNotFound means that there is no such activity.
func (s *Store) RecordOutcome(ctx context.Context, id string, end Ending) error {
	switch end.Outcome {
	case OutcomeDone, OutcomeRefused, OutcomeFailed, OutcomeUnclear:
	default:
		return fmt.Errorf("store: record outcome: %q is not an outcome", end.Outcome)
	}
	n, err := s.exec(ctx, recordOutcome, s.outcomeOf(id, end)...)
	if err == nil && n == 0 {
		err = s.endedAs(ctx, id, end.Outcome)
	}
	return failed("record outcome", err)
}

// outcomeOf returns the arguments of recordOutcome.
func (s *Store) outcomeOf(id string, end Ending) []any {
	return []any{
		end.Outcome, end.WebhookID, end.Status, end.Code, end.APIRequestID, millis(s.now()), s.env, id,
	}
}

// ReplaceDetail replaces the detail of an activity by a.Detail. The ID and the Shop of the argument name it.
// ErrNotFound means that there is no such activity.
func (s *Store) ReplaceDetail(ctx context.Context, a Activity) error {
	n, err := s.exec(ctx, `UPDATE activities SET detail = $1 WHERE environment = $2 AND shop = $3 AND id = $4`,
		s.keys.seal(a.Detail, s.detailContext(a.Shop, a.ID)), s.env, a.Shop, a.ID)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return failed("replace detail", err)
}

// endedAs returns nil if an activity has the given outcome.
func (s *Store) endedAs(ctx context.Context, id, outcome string) error {
	var kept string
	err := s.engine.read.QueryRowContext(ctx, `SELECT outcome FROM activities WHERE environment = $1 AND id = $2`,
		s.env, id).Scan(&kept)
	if err == nil && kept != outcome {
		err = ErrFinished
	}
	return err
}

// OpenActivities returns the activities with an action in a shop that are pending or unclear and were
// started at a time or later by either clock, newest first, at most 10,000 of them. How many others there are costs
// nothing.
func (s *Store) OpenActivities(ctx context.Context, shop, action string, since time.Time) ([]Activity, error) {
	now := s.instant()
	all, err := s.findActivities(ctx, s.activities(byOpen)+whereOpen,
		s.env, shop, action, millis(since), now.steady-(now.database-millis(since)), maxLimit)
	return all, failed("list open activities", err)
}

// DoneActivities returns the activities with an action in a shop that are done and name a webhook,
// newest first, at most 10,000 of them.
func (s *Store) DoneActivities(ctx context.Context, shop, action, webhookID string) ([]Activity, error) {
	all, err := s.findActivities(ctx, s.activities(byDone)+whereDone, s.env, shop, action, webhookID, maxLimit)
	return all, failed("list done activities", err)
}

// RecentActivities returns the activities with an action in a shop, of any outcome, that were started
// at a time or later, newest first: at most 10,000 of them, 50 if limit is 0.
func (s *Store) RecentActivities(
	ctx context.Context, shop, action string, since time.Time, limit int,
) ([]Activity, error) {
	all, err := s.findActivities(ctx, s.activities(byAction)+whereRecent,
		s.env, shop, action, millis(since), rowLimit(limit))
	return all, failed("list recent activities", err)
}

// DueActivities returns the pending and unclear activities of all shops whose recheck is due, those
// of one shop together, oldest first: the ones that are overdue longest, at most 10,000 of them, 50 if
// limit is 0. They stay due until ScheduleRecheck or EndRechecks, or until they have another outcome.
func (s *Store) DueActivities(ctx context.Context, limit int) ([]Activity, error) {
	rows, err := s.listActivities(ctx, s.activities(byDue)+whereDue, s.env, millis(s.now()), rowLimit(limit))
	slices.SortFunc(rows, func(a, b activityRow) int {
		return cmp.Or(cmp.Compare(a.Shop, b.Shop),
			cmp.Compare(a.position.started, b.position.started), cmp.Compare(a.position.seq, b.position.seq))
	})
	return withoutPositions(rows), failed("list due activities", err)
}

// ScheduleRecheck makes a pending or unclear activity due after a time, counted from now, and keeps
// its next RecheckGap, from which the caller computes the time after that. An activity of another
// outcome stays as it is, and it is no error if there is none.
func (s *Store) ScheduleRecheck(ctx context.Context, id string, after, gap time.Duration) error {
	_, err := s.exec(ctx, `
		UPDATE activities SET recheck_at = $1, recheck_gap = $2
		WHERE environment = $3 AND id = $4 AND outcome IN ('pending', 'unclear')`,
		millis(s.now().Add(after)), gap.Milliseconds(), s.env, id)
	return failed("schedule recheck", err)
}

// EndRechecks makes an activity never due again, unless ScheduleRecheck does.
func (s *Store) EndRechecks(ctx context.Context, id string) error {
	_, err := s.exec(ctx, `UPDATE activities SET recheck_at = 0 WHERE environment = $1 AND id = $2`, s.env, id)
	return failed("end rechecks", err)
}

// activities returns the beginning of a query for activities that are read by an index.
func (s *Store) activities(index string) string {
	return `SELECT ` + activityColumns + ` FROM activities` + s.engine.by(index)
}

func rowLimit(n int) int {
	if n <= 0 {
		return defaultLimit
	}
	return min(n, maxLimit)
}

// activityRow is an activity with its position in the list.
type activityRow struct {
	Activity

	position position
}

// findActivities is listActivities without the positions.
func (s *Store) findActivities(ctx context.Context, query string, args ...any) ([]Activity, error) {
	rows, err := s.listActivities(ctx, query, args...)
	return withoutPositions(rows), err
}

func withoutPositions(rows []activityRow) (all []Activity) {
	for _, row := range rows {
		all = append(all, row.Activity)
	}
	return all
}

func (s *Store) listActivities(ctx context.Context, query string, args ...any) ([]activityRow, error) {
	rows, err := s.engine.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []activityRow
	for rows.Next() {
		row, err := s.scanActivity(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

// scanActivity reads activityColumns and opens the detail.
func (s *Store) scanActivity(rows scanner) (activityRow, error) {
	var a activityRow
	var sealed []byte
	var ended, gap int64
	var started instant
	err := rows.Scan(&a.position.seq, &a.ID, &a.Shop, &a.Owner, &a.Action, &a.Actor, &a.Session, &a.WebhookID, &sealed,
		&a.Outcome, &a.Status, &a.Code, &a.RequestID, &a.APIRequestID, &a.position.started, &ended, &gap, &started.steady,
		&a.Person.ID, &a.Person.Name, &a.Person.Email, &a.Person.Role)
	if err != nil {
		return activityRow{}, err
	}
	a.StartedAt, a.EndedAt = timeAt(a.position.started), timeAt(ended)
	a.RecheckGap = time.Duration(gap) * time.Millisecond
	started.database = a.position.started
	a.age = s.instant().since(started)
	a.Detail, err = s.keys.open(sealed, s.detailContext(a.Shop, a.ID))
	if err != nil {
		s.log.Warn("a sealed value does not open", "op", "read activity", "activity", a.ID, "err", err)
	}
	return a, nil
}

func (s *Store) detailContext(shop, id string) rowContext {
	return rowContext{"activities", "detail", []string{s.env, shop, id}}
}
