package store

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"time"
)

// States of a plan.
const (
	PlanDraft   = "draft"
	PlanRunning = "running"
	PlanPaused  = "paused"
	PlanDone    = "done"
)

// Why a run is paused.
const (
	PausedFirstWave = "first_wave" // the first shop is done, and a person looks at it
	PausedFailures  = "failures"   // too many items failed
	PausedByPerson  = "person"
	PausedAltered   = "altered" // the stored plan isn't what was reviewed

	EndedByPerson = "ended" // of a run that is done: a person ended it, and the rest was skipped
)

// States of an item of a run.
const (
	ItemPending     = "pending"
	ItemCalling     = "calling"
	ItemDone        = "done"
	ItemRejected    = "rejected"
	ItemFailed      = "failed"
	ItemChanged     = "changed" // the webhook isn't what the plan saw
	ItemUnconfirmed = "unconfirmed"
	ItemSkipped     = "skipped" // the run was ended before
)

const (
	failuresInRow  = 5
	failuresTenth  = 10 // one of how many items
	lookAfterFirst = 20 // a run in more shops pauses after the first wave
)

var (
	// ErrPlanAltered means that a stored plan isn't what was stored, or not what is named.
	ErrPlanAltered = errors.New("the plan is not what was reviewed")
	// ErrPlanState means that the plan isn't in a state in which that can be done.
	ErrPlanState = errors.New("the plan is in another state")
	// ErrShopsBusy means that another plan is at work in shops of the plan. A ShopsBusyError says which.
	ErrShopsBusy = errors.New("another plan is at work in these shops")
)

// ShopsBusyError is an ErrShopsBusy. Read it with errors.As.
type ShopsBusyError struct {
	BusyPlan

	Shops int // of the plan that can't begin, in which that one is at work
}

func (e *ShopsBusyError) Error() string { return ErrShopsBusy.Error() }

// Is reports whether target is ErrShopsBusy.
func (e *ShopsBusyError) Is(target error) bool { return target == ErrShopsBusy }

// BusyPlan is a plan that is at work in a shop.
type BusyPlan struct {
	Owner  Owner
	Number int64
}

// PlanPerson is who did something to a plan, and when.
type PlanPerson struct {
	ID   string // "" without a team
	Name string
	At   time.Time // zero if nobody did
}

// Plan is a proposed change to shops of an owner, and how far it has come.
type Plan struct {
	Owner    Owner
	Number   int64
	Form     string // one-time ID of the form that made it
	Kind     string // of the edit
	Digest   string // of all that was there when it was made
	Document []byte // JSON by the caller; sealed in the database; nil in lists
	Shops    int
	Creates  int
	Updates  int
	Deletes  int
	Made     PlanPerson
	Approved PlanPerson
	Applied  PlanPerson
	State    string
	Why      string // it is paused
	Wave     int    // of its run
	Since    time.Time
}

// PlanItem is one item of a run.
type PlanItem struct {
	Item      int // position in the document
	Shop      string
	Wave      int
	State     string
	Code      string // the API's, or a word for what went wrong
	RequestID string // the API's
	Webhook   string // that was created
	Attempts  int    // that said nothing about the item
	Retries   int    // that a person asked for
	StartedAt time.Time
	EndedAt   time.Time
	WaitUntil time.Time // when a pending item is tried again; zero if it wasn't put back
}

// RunItem is an item that a visit applies, and what it needs for that.
type RunItem struct {
	PlanItem

	Plan  Plan // with its document
	Actor []byte
}

const (
	planColumns = `owner, number, form, kind, digest, shops, creates, updates, deletes, made_by, made_name, made_at,
		approved_by, approved_name, approved_at, applied_by, applied_name, applied_at, state, why, wave, state_at`

	selectPlans = `SELECT ` + planColumns + ` FROM plans WHERE environment = $1 AND owner = $2`

	selectPlan = `SELECT ` + planColumns + `, document, approved_digest, actor FROM plans
		WHERE environment = $1 AND owner = $2 AND number = $3`

	insertPlan = `INSERT INTO plans (environment, owner, number, form, kind, digest, document, shops, creates, updates,
			deletes, made_by, made_name, made_at, state, state_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'draft', $14)`

	itemColumns = `item, shop, wave, state, code, request_id, webhook, attempts, retries, started_at, ended_at,
		wait_until`

	selectItems = `SELECT ` + itemColumns + ` FROM plan_items WHERE environment = $1 AND owner = $2 AND number = $3`

	selectDueItems = `SELECT owner, number, ` + itemColumns + ` FROM plan_items AS i
		WHERE environment = $1 AND shop = $2 AND state IN ('pending', 'calling') AND EXISTS (
			SELECT 1 FROM plans AS p WHERE p.environment = i.environment AND p.owner = i.owner AND p.number = i.number
			AND (p.state = 'running' AND i.wave <= p.wave OR i.state = 'calling'))
		ORDER BY number, item`

	// An item whose call is under way is finished also after its run was ended. There are few of both kinds, however many
	// items there are, and each has an index. A CROSS JOIN makes SQLite begin with the plans.
	selectBusyShops = `SELECT i.shop, i.owner, i.number FROM plans AS p CROSS JOIN plan_items AS i
			WHERE p.environment = $1 AND p.state IN ('running', 'paused') AND i.state = 'pending'
			AND i.environment = p.environment AND i.owner = p.owner AND i.number = p.number
		UNION SELECT shop, owner, number FROM plan_items WHERE environment = $1 AND state = 'calling'`
)

func (s *Store) planContext(owner Owner, form, column string) rowContext {
	return rowContext{"plans", column, []string{s.env, string(owner), form}}
}

// actorContext binds the actor of a run to who applied the plan.
func (s *Store) actorContext(p Plan) rowContext {
	c := s.planContext(p.Owner, p.Form, "actor")
	by := p.Applied
	c.row = append(c.row, by.ID, by.Name, strconv.FormatInt(millis(by.At), 10))
	return c
}

// digestOf identifies a plan: whatever of it is altered that was there when it was made, its digest differs.
func digestOf(p Plan) string {
	return hashOfAll(string(p.Owner), strconv.FormatInt(p.Number, 10), p.Form, p.Kind, strconv.Itoa(p.Shops),
		strconv.Itoa(p.Creates), strconv.Itoa(p.Updates), strconv.Itoa(p.Deletes), p.Made.ID, p.Made.Name,
		strconv.FormatInt(millis(p.Made.At), 10), string(p.Document))
}

// approvalOf identifies the approval of a plan by somebody.
func approvalOf(digest string, by PlanPerson) string {
	return hashOfAll(digest, by.ID, by.Name, strconv.FormatInt(millis(by.At), 10))
}

// hashOfAll returns a hash of texts, each with its length.
func hashOfAll(texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		h.Write([]byte(strconv.Itoa(len(text)) + ":" + text))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// AddPlan stores a draft with its document, and records activities, as done. One form makes one plan: the same form
// again returns the first. The plan returned has its number and digest. ErrNotFound means that the owner is gone.
func (s *Store) AddPlan(ctx context.Context, p Plan, done func(Plan) ([]Activity, error)) (Plan, error) {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockPresentOwner(ctx, tx, p.Owner); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `SELECT number, digest FROM plans WHERE environment = $1 AND owner = $2 AND form = $3`,
			s.env, p.Owner, p.Form).Scan(&p.Number, &p.Digest)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		err = tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) + 1 FROM plans WHERE environment = $1 AND owner = $2`,
			s.env, p.Owner).Scan(&p.Number)
		if err != nil {
			return err
		}
		now := s.now()
		p.State, p.Since, p.Made.At = PlanDraft, now, now
		p.Digest = digestOf(p)
		sealed := s.keys.seal(p.Document, s.planContext(p.Owner, p.Form, "document"))
		_, err = tx.ExecContext(ctx, insertPlan, s.env, p.Owner, p.Number, p.Form, p.Kind, p.Digest, sealed, p.Shops,
			p.Creates, p.Updates, p.Deletes, p.Made.ID, p.Made.Name, millis(now))
		if err != nil {
			return err
		}
		activities, err := done(p)
		if err != nil {
			return err
		}
		return s.addDone(ctx, tx, activities)
	})
	return p, failed("add plan", err)
}

// PlanOfForm returns the number of the plan that a form has made, or ErrNotFound.
func (s *Store) PlanOfForm(ctx context.Context, owner Owner, form string) (number int64, err error) {
	err = s.engine.read.QueryRowContext(ctx, `
		SELECT number FROM plans WHERE environment = $1 AND owner = $2 AND form = $3`, s.env, owner, form).Scan(&number)
	return number, failed("read plan of a form", err)
}

// Plans returns some of an owner's plans without their documents, the newest first. It skips the first ones.
func (s *Store) Plans(ctx context.Context, owner Owner, skip, limit int) ([]Plan, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectPlans+` ORDER BY number DESC LIMIT $3 OFFSET $4`,
		s.env, owner, limit, skip)
	if err != nil {
		return nil, failed("list plans", err)
	}
	defer rows.Close()
	var all []Plan
	for rows.Next() {
		p, err := scanPlan(rows)
		if err != nil {
			return nil, failed("list plans", err)
		}
		all = append(all, p)
	}
	return all, failed("list plans", rows.Err())
}

// Plan returns a plan with its document, or ErrNotFound. ErrPlanAltered means that it isn't the one whose digest was
// stored, and ErrWrongKey that the document doesn't open.
func (s *Store) Plan(ctx context.Context, owner Owner, number int64) (Plan, error) {
	p, _, err := s.openPlan(s.engine.read.QueryRowContext(ctx, selectPlan, s.env, owner, number))
	return p, failed("read plan", err)
}

// openPlan reads planColumns, the document, the approved digest and the actor.
func (s *Store) openPlan(row scanner) (p Plan, actor []byte, err error) {
	var sealed, sealedActor []byte
	var approved string
	p, err = scanPlan(row, &sealed, &approved, &sealedActor)
	if err != nil {
		return p, nil, err
	}
	if p.Document, err = s.keys.open(sealed, s.planContext(p.Owner, p.Form, "document")); err != nil {
		return p, nil, err
	}
	if !isDigest(p.Digest, digestOf(p)) || approved != "" && !isDigest(approved, approvalOf(p.Digest, p.Approved)) ||
		approved == "" && !p.Approved.isNobody() || sealedActor == nil && !p.Applied.isNobody() {
		return p, nil, ErrPlanAltered
	}
	if sealedActor != nil {
		actor, err = s.keys.open(sealedActor, s.actorContext(p))
	}
	return p, actor, err
}

func (p PlanPerson) isNobody() bool { return p.ID == "" && p.Name == "" && p.At.IsZero() }

func isDigest(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// scanPlan reads planColumns and what follows them.
func scanPlan(row scanner, more ...any) (p Plan, err error) {
	var made, approved, applied, since int64
	err = row.Scan(append([]any{
		&p.Owner, &p.Number, &p.Form, &p.Kind, &p.Digest, &p.Shops, &p.Creates, &p.Updates, &p.Deletes,
		&p.Made.ID, &p.Made.Name, &made, &p.Approved.ID, &p.Approved.Name, &approved,
		&p.Applied.ID, &p.Applied.Name, &applied, &p.State, &p.Why, &p.Wave, &since,
	}, more...)...)
	p.Made.At, p.Approved.At, p.Applied.At, p.Since = timeAt(made), timeAt(approved), timeAt(applied), timeAt(since)
	return p, err
}

// holdPlan keeps other transactions from changing a plan until this one ends.
func (s *Store) holdPlan(ctx context.Context, tx *sql.Tx, owner Owner, number int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE plans SET state = state WHERE environment = $1 AND owner = $2 AND number = $3`,
		s.env, owner, number)
	return err
}

// lockPlan returns a plan with its document and actor, in a state that no other transaction changes until this one
// ends. The digest has to be the plan's, and whatever else is stored of it has to fit.
func (s *Store) lockPlan(
	ctx context.Context, tx *sql.Tx, owner Owner, number int64, digest string,
) (Plan, []byte, error) {
	if err := s.holdPlan(ctx, tx, owner, number); err != nil {
		return Plan{}, nil, err
	}
	p, actor, err := s.openPlan(tx.QueryRowContext(ctx, selectPlan, s.env, owner, number))
	if err == nil && !isDigest(p.Digest, digest) {
		err = ErrPlanAltered
	}
	return p, actor, err
}

// ApprovePlan approves a draft by its digest, and records activities, as done.
func (s *Store) ApprovePlan(
	ctx context.Context, owner Owner, number int64, digest string, by PlanPerson, done ...Activity,
) error {
	return failed("approve plan", s.tx(ctx, func(tx *sql.Tx) error {
		p, _, err := s.lockPlan(ctx, tx, owner, number, digest)
		if err == nil && (p.State != PlanDraft || !p.Approved.At.IsZero()) {
			err = ErrPlanState
		}
		if err != nil {
			return err
		}
		by.At = s.now()
		_, err = tx.ExecContext(ctx, `
			UPDATE plans SET approved_digest = $1, approved_by = $2, approved_name = $3, approved_at = $4
			WHERE environment = $5 AND owner = $6 AND number = $7`,
			approvalOf(p.Digest, by), by.ID, by.Name, millis(by.At), s.env, owner, number)
		if err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	}))
}

// ApplyPlan begins the run of a draft by its digest: its items, whose position and shop are given in the order of the
// document, become rows, and also is run with the shops of the first wave. ErrShopsBusy means that another plan is at
// work in one of the shops.
func (s *Store) ApplyPlan(
	ctx context.Context, owner Owner, number int64, digest string, by PlanPerson, actor []byte, shops []string,
	also func(context.Context, *sql.Tx, []string) error, done ...Activity,
) error {
	return failed("apply plan", s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockPresentOwner(ctx, tx, owner); err != nil { // two plans that begin at once see each other
			return err
		}
		p, _, err := s.lockPlan(ctx, tx, owner, number, digest)
		if err == nil && p.State != PlanDraft {
			err = ErrPlanState
		}
		if err != nil {
			return err
		}
		busy, err := busyIn(tx.QueryContext(ctx, selectBusyShops, s.env))
		if err == nil {
			err = isBusy(busy, shops)
		}
		if err != nil {
			return err
		}
		waves := wavesOf(shops)
		first := []string{}
		for i, shop := range shops {
			_, err := tx.ExecContext(ctx, `
				INSERT INTO plan_items (environment, owner, number, item, shop, wave, state)
				VALUES ($1, $2, $3, $4, $5, $6, 'pending')`, s.env, owner, number, i, shop, waves[shop])
			if err != nil {
				return err
			}
			if waves[shop] == 1 {
				first = append(first, shop)
			}
		}
		by.At = s.now()
		p.Applied = by
		_, err = tx.ExecContext(ctx, `
			UPDATE plans SET state = 'running', wave = 1, applied_by = $1, applied_name = $2, applied_at = $3, state_at = $3,
				actor = $4
			WHERE environment = $5 AND owner = $6 AND number = $7`, by.ID, by.Name, millis(by.At),
			s.keys.seal(actor, s.actorContext(p)), s.env, owner, number)
		if err != nil {
			return err
		}
		if err := s.addDone(ctx, tx, done); err != nil {
			return err
		}
		return s.visitForPlan(ctx, tx, first, also)
	}))
}

// isBusy returns a ShopsBusyError if a plan is at work in one of the shops. It names the oldest.
func isBusy(busy map[string]BusyPlan, shops []string) error {
	in := map[BusyPlan]map[string]bool{}
	for _, shop := range shops {
		plan, found := busy[shop]
		if !found {
			continue
		}
		if in[plan] == nil {
			in[plan] = map[string]bool{}
		}
		in[plan][shop] = true
	}
	var first *ShopsBusyError
	for plan, shops := range in {
		if first == nil || plan.Number < first.Number {
			first = &ShopsBusyError{plan, len(shops)}
		}
	}
	if first == nil {
		return nil
	}
	return first
}

// wavesOf returns the wave of each shop: one shop, then ten, then all others.
func wavesOf(shops []string) map[string]int {
	waves := map[string]int{}
	for _, shop := range shops {
		if waves[shop] > 0 {
			continue
		}
		switch n := len(waves); {
		case n < 1:
			waves[shop] = 1
		case n < 11:
			waves[shop] = 2
		default:
			waves[shop] = 3
		}
	}
	return waves
}

// visitForPlan makes shops due for a visit, and runs also with them.
func (s *Store) visitForPlan(
	ctx context.Context, tx *sql.Tx, shops []string, also func(context.Context, *sql.Tx, []string) error,
) error {
	shops = slices.Compact(slices.Sorted(slices.Values(shops)))
	for _, shop := range shops {
		if err := s.makeDue(ctx, tx, shop); err != nil {
			return err
		}
	}
	if len(shops) == 0 || also == nil {
		return nil
	}
	return also(ctx, tx, shops)
}

// PutRehearsal stores what the rehearsal of a plan predicts, as JSON by the caller, in place of an earlier one.
func (s *Store) PutRehearsal(ctx context.Context, p Plan, predicted []byte) error {
	n, err := s.exec(ctx, `
		UPDATE plans SET rehearsal = $1, rehearsed_at = $2 WHERE environment = $3 AND owner = $4 AND number = $5`,
		s.keys.seal(predicted, s.planContext(p.Owner, p.Form, "rehearsal")), millis(s.now()), s.env, p.Owner, p.Number)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return failed("put rehearsal", err)
}

// Rehearsal returns what the last rehearsal of a plan predicts, and when it was made; nil if there was none.
func (s *Store) Rehearsal(ctx context.Context, p Plan) ([]byte, time.Time, error) {
	var sealed []byte
	var at int64
	err := s.engine.read.QueryRowContext(ctx, `
		SELECT rehearsal, rehearsed_at FROM plans WHERE environment = $1 AND owner = $2 AND number = $3`,
		s.env, p.Owner, p.Number).Scan(&sealed, &at)
	if err != nil || sealed == nil {
		return nil, time.Time{}, failed("read rehearsal", err)
	}
	predicted, err := s.keys.open(sealed, s.planContext(p.Owner, p.Form, "rehearsal"))
	return predicted, timeAt(at), failed("read rehearsal", err)
}

// PlanItems returns the items of a run, in the order of the document.
func (s *Store) PlanItems(ctx context.Context, owner Owner, number int64) ([]PlanItem, error) {
	items, err := s.items(s.engine.read.QueryContext(ctx, selectItems+` ORDER BY item`, s.env, owner, number))
	return items, failed("list items", err)
}

func (s *Store) items(rows budgetRows, err error) (all []PlanItem, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		i, err := scanItem(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, rows.Err()
}

// scanItem reads what is before itemColumns, and them.
func scanItem(row scanner, before ...any) (i PlanItem, err error) {
	var started, ended, wait int64
	err = row.Scan(append(before, &i.Item, &i.Shop, &i.Wave, &i.State, &i.Code, &i.RequestID, &i.Webhook, &i.Attempts,
		&i.Retries, &started, &ended, &wait)...)
	i.StartedAt, i.EndedAt, i.WaitUntil = timeAt(started), timeAt(ended), timeAt(wait)
	return i, err
}

// ItemsOfShop returns what running plans have to do in a shop, in order. An item that a process left while it called
// is among them, also of a run that is paused.
func (s *Store) ItemsOfShop(ctx context.Context, shop string) ([]RunItem, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectDueItems, s.env, shop)
	if err != nil {
		return nil, failed("list items of shop", err)
	}
	defer rows.Close()
	var all []RunItem
	for rows.Next() {
		var i RunItem
		if i.PlanItem, err = scanItem(rows, &i.Plan.Owner, &i.Plan.Number); err != nil {
			return nil, failed("list items of shop", err)
		}
		all = append(all, i)
	}
	return all, failed("list items of shop", rows.Err())
}

// BeginItem notes that an item is being applied, unless it was begun before, and returns its plan. ErrPlanState means
// that the run is paused, so that nothing may begin. ErrPlanAltered means that nothing of this plan may be applied.
func (s *Store) BeginItem(ctx context.Context, i RunItem) (RunItem, error) {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		var digest string
		err := tx.QueryRowContext(ctx, `
			SELECT digest FROM plans WHERE environment = $1 AND owner = $2 AND number = $3`,
			s.env, i.Plan.Owner, i.Plan.Number).Scan(&digest)
		if err != nil {
			return err
		}
		if i.Plan, i.Actor, err = s.lockPlan(ctx, tx, i.Plan.Owner, i.Plan.Number, digest); err != nil {
			return err
		}
		if i.State == ItemCalling {
			return nil
		}
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE plan_items SET state = 'calling', started_at = $1, code = '', wait_until = 0
			WHERE environment = $2 AND owner = $3 AND number = $4 AND item = $5 AND state = 'pending'`,
			millis(s.now()), s.env, i.Plan.Owner, i.Plan.Number, i.Item))
		if err == nil && (n == 0 || i.Plan.State != PlanRunning || i.Wave > i.Plan.Wave) {
			err = ErrPlanState
		}
		return err
	})
	return i, failed("begin item", err)
}

// PutBackItem notes that an attempt at an item did nothing, so that another is made: its code says why, and WaitUntil
// when. If the run has ended, the item is skipped.
func (s *Store) PutBackItem(ctx context.Context, i RunItem) error {
	return failed("put back item", s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.holdPlan(ctx, tx, i.Plan.Owner, i.Plan.Number); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE plan_items SET state = 'pending', attempts = attempts + 1, code = $1, wait_until = $2
			WHERE environment = $3 AND owner = $4 AND number = $5 AND item = $6 AND state = 'calling'`,
			i.Code, millis(i.WaitUntil), s.env, i.Plan.Owner, i.Plan.Number, i.Item)
		if err != nil {
			return err
		}
		return s.skipItems(ctx, tx, i.Plan.Owner, i.Plan.Number, PlanDone)
	}))
}

// skipItems skips what a run has not begun, if the run is in a state.
func (s *Store) skipItems(ctx context.Context, tx *sql.Tx, owner Owner, number int64, state string) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE plan_items SET state = 'skipped', code = '', wait_until = 0, ended_at = $1
		WHERE environment = $2 AND owner = $3 AND number = $4 AND state = 'pending' AND EXISTS (
			SELECT 1 FROM plans WHERE plans.environment = plan_items.environment AND plans.owner = plan_items.owner
			AND plans.number = plan_items.number AND plans.state = $5)`,
		millis(s.now()), s.env, owner, number, state)
	return err
}

// EndPlan ends a paused run: what it has not begun is skipped, and its shops are free again. It records activities, as
// done. A call that is under way is finished.
func (s *Store) EndPlan(ctx context.Context, owner Owner, number int64, done ...Activity) error {
	return failed("end plan", s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE plans SET state = 'done', why = $1, state_at = $2
			WHERE environment = $3 AND owner = $4 AND number = $5 AND state = 'paused'`,
			EndedByPerson, millis(s.now()), s.env, owner, number))
		if err == nil && n == 0 {
			err = ErrPlanState
		}
		if err != nil {
			return err
		}
		if err := s.skipItems(ctx, tx, owner, number, PlanDone); err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	}))
}

// EndItem stores how an item ended: its state, code, request ID and webhook. Then the run goes on to the next wave,
// pauses or ends, if it's time for that. Also is run with shops that are to be visited next. An item that ended before
// stays as it is.
func (s *Store) EndItem(ctx context.Context, i RunItem, also func(context.Context, *sql.Tx, []string) error) error {
	return failed("end item", s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.holdPlan(ctx, tx, i.Plan.Owner, i.Plan.Number); err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE plan_items SET state = $1, code = $2, request_id = $3, webhook = $4, ended_at = $5
			WHERE environment = $6 AND owner = $7 AND number = $8 AND item = $9 AND state = 'calling'`,
			i.State, i.Code, i.RequestID, i.Webhook, millis(s.now()), s.env, i.Plan.Owner, i.Plan.Number, i.Item))
		if err != nil || n == 0 {
			return err
		}
		return s.advance(ctx, tx, i.Plan.Owner, i.Plan.Number, also)
	}))
}

// advance moves a run on after an item has ended. The plan is locked.
func (s *Store) advance(
	ctx context.Context, tx *sql.Tx, owner Owner, number int64, also func(context.Context, *sql.Tx, []string) error,
) error {
	p, err := scanPlan(tx.QueryRowContext(ctx, selectPlans+` AND number = $3`, s.env, owner, number))
	if err != nil || p.State != PlanRunning {
		return err
	}
	items, err := itemsIn(tx.QueryContext(ctx, selectItems+` ORDER BY item`, s.env, owner, number))
	if err != nil {
		return err
	}
	next := nextStep(p, items)
	if next.State == p.State && next.Wave == p.Wave {
		return nil
	}
	if err := s.setPlan(ctx, tx, next); err != nil || next.State != PlanRunning {
		return err
	}
	return s.visitForPlan(ctx, tx, shopsOfWave(items, next.Wave), also)
}

func itemsIn(rows *sql.Rows, err error) (all []PlanItem, _ error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		i, err := scanItem(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, i)
	}
	return all, rows.Err()
}

func shopsOfWave(items []PlanItem, wave int) (shops []string) {
	for _, i := range items {
		if i.State == ItemPending && i.Wave <= wave {
			shops = append(shops, i.Shop)
		}
	}
	return shops
}

// nextStep returns a running plan as it goes on. Failures before the run went on last don't count.
func nextStep(p Plan, items []PlanItem) Plan {
	wave, open := 0, false
	var ended []PlanItem
	for _, i := range items {
		switch {
		case i.State == ItemPending || i.State == ItemCalling:
			open = open || i.Wave <= p.Wave
			if wave == 0 || i.Wave < wave {
				wave = i.Wave
			}
		case i.EndedAt.After(p.Since):
			ended = append(ended, i)
		}
	}
	switch {
	case wave == 0:
		p.State = PlanDone
	case failsTooOften(ended, len(items)):
		p.State, p.Why = PlanPaused, PausedFailures
	case open:
	case p.Wave == 1 && p.Shops > lookAfterFirst:
		p.State, p.Why, p.Wave = PlanPaused, PausedFirstWave, wave
	default:
		p.Wave = wave
	}
	return p
}

// failsTooOften reports whether a tenth of the items failed, or the last ones that ended, one after another. What was
// skipped says nothing.
func failsTooOften(ended []PlanItem, items int) bool {
	slices.SortStableFunc(ended, func(a, b PlanItem) int { return a.EndedAt.Compare(b.EndedAt) })
	all, row := 0, 0
	for _, i := range ended {
		switch i.State {
		case ItemSkipped:
			continue
		case ItemDone, ItemChanged:
			row = 0
			continue
		}
		all, row = all+1, row+1
		if row == failuresInRow {
			return true
		}
	}
	return all > 0 && all*failuresTenth >= items
}

// setPlan stores the state of a plan, why it is in it, and its wave.
func (s *Store) setPlan(ctx context.Context, tx *sql.Tx, p Plan) error {
	since := p.Since
	if p.State != PlanRunning {
		since = s.now()
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE plans SET state = $1, why = $2, wave = $3, state_at = $4
		WHERE environment = $5 AND owner = $6 AND number = $7`,
		p.State, p.Why, p.Wave, millis(since), s.env, p.Owner, p.Number)
	return err
}

// PausePlan stops a run before its next item, and records activities, as done.
func (s *Store) PausePlan(ctx context.Context, owner Owner, number int64, why string, done ...Activity) error {
	return failed("pause plan", s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE plans SET state = 'paused', why = $1, state_at = $2
			WHERE environment = $3 AND owner = $4 AND number = $5 AND state = 'running'`,
			why, millis(s.now()), s.env, owner, number))
		if err == nil && n == 0 {
			err = ErrPlanState
		}
		if err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	}))
}

// ResumePlan continues a paused run, and records activities, as done. With retry, the items that were rejected, failed
// or are unconfirmed are applied again, also of a run that is done. ErrShopsBusy means that another plan is at work in
// one of their shops by now.
func (s *Store) ResumePlan(
	ctx context.Context, owner Owner, number int64, digest string, retry bool,
	also func(context.Context, *sql.Tx, []string) error, done ...Activity,
) error {
	return failed("resume plan", s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockPresentOwner(ctx, tx, owner); err != nil { // as when a plan begins
			return err
		}
		p, _, err := s.lockPlan(ctx, tx, owner, number, digest)
		if err == nil && p.State != PlanPaused && (p.State != PlanDone || !retry) {
			err = ErrPlanState
		}
		if err == nil && retry {
			err = s.retryItems(ctx, tx, p)
		}
		if err != nil {
			return err
		}
		items, err := itemsIn(tx.QueryContext(ctx, selectItems+` ORDER BY item`, s.env, owner, number))
		if err != nil {
			return err
		}
		p.State, p.Why, p.Since = PlanRunning, "", s.now()
		next := nextStep(p, items)
		if next.State == PlanPaused { // a person has looked
			next.State, next.Why = PlanRunning, ""
		}
		if err := s.setPlan(ctx, tx, next); err != nil {
			return err
		}
		if err := s.addDone(ctx, tx, done); err != nil {
			return err
		}
		return s.visitForPlan(ctx, tx, shopsOfWave(items, next.Wave), also)
	}))
}

// retryItems makes the items of a plan that were rejected, failed or are unconfirmed pending again.
func (s *Store) retryItems(ctx context.Context, tx *sql.Tx, p Plan) error {
	const failed = `
		WHERE environment = $1 AND owner = $2 AND number = $3 AND state IN ('rejected', 'failed', 'unconfirmed')`
	items, err := itemsIn(tx.QueryContext(ctx, `SELECT `+itemColumns+` FROM plan_items`+failed, s.env, p.Owner, p.Number))
	if err != nil {
		return err
	}
	busy, err := busyIn(tx.QueryContext(ctx, selectBusyShops, s.env))
	if err != nil {
		return err
	}
	var shops []string
	for _, i := range items {
		if busy[i.Shop] != (BusyPlan{p.Owner, p.Number}) {
			shops = append(shops, i.Shop)
		}
	}
	if err := isBusy(busy, shops); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE plan_items SET state = 'pending', code = '', request_id = '', attempts = 0, retries = retries + 1,
			ended_at = 0, wait_until = 0`+failed, s.env, p.Owner, p.Number)
	return err
}

// BusyShops returns the shops in which a plan of any owner is at work, also one that is paused, and which plan.
func (s *Store) BusyShops(ctx context.Context) (map[string]BusyPlan, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectBusyShops, s.env)
	if err != nil {
		return nil, failed("list busy shops", err)
	}
	defer rows.Close()
	busy, err := busyOf(rows.Rows)
	return busy, failed("list busy shops", err)
}

func busyIn(rows *sql.Rows, err error) (map[string]BusyPlan, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return busyOf(rows)
}

func busyOf(rows *sql.Rows) (map[string]BusyPlan, error) {
	busy := map[string]BusyPlan{}
	for rows.Next() {
		var shop string
		var plan BusyPlan
		if err := rows.Scan(&shop, &plan.Owner, &plan.Number); err != nil {
			return nil, err
		}
		busy[shop] = plan
	}
	return busy, rows.Err()
}

// Key returns the idempotency key of an item. A retry is another operation.
func (i RunItem) Key() string {
	key := "plan/" + strconv.FormatInt(i.Plan.Number, 10) + "/" + strconv.Itoa(i.Item)
	if i.Retries > 0 {
		key += "/" + strconv.Itoa(i.Retries)
	}
	return key
}
