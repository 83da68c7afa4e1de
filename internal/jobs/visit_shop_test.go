package jobs

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
)

// visits counts visits of shops, and how many of one shop run at once.
type visits struct {
	mu      sync.Mutex
	count   map[string]int
	running map[string]int
	twice   atomic.Bool
	do      func(ctx context.Context, shop string, next fleet.Next) (time.Duration, error)
}

func (v *visits) visit(ctx context.Context, shop string, next fleet.Next) (time.Duration, error) {
	v.mu.Lock()
	if v.count == nil {
		v.count, v.running = map[string]int{}, map[string]int{}
	}
	v.count[shop]++
	v.running[shop]++
	if v.running[shop] > 1 {
		v.twice.Store(true)
	}
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		v.running[shop]--
		v.mu.Unlock()
	}()
	return v.do(ctx, shop, next)
}

func (v *visits) of(shop string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.count[shop]
}

func (v *visits) work() Work {
	return Work{Sweep: nothing, Reconcile: nothing, KeepAlive: nothing, Visit: v.visit}
}

func enqueue(t *testing.T, c *Client, shops ...string) {
	t.Helper()
	err := c.store.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return c.EnqueueVisits(ctx, tx, shops)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inTx ends a visit whose next one is due after a time.
func inTx(st *store.Store, next fleet.Next, after time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		return st.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return next(ctx, tx, st.Now().Add(after)) })
	}
}

func TestVisitsOfAShopFollowEachOther(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	c := s.client(st)
	var v visits
	v.do = func(ctx context.Context, shop string, next fleet.Next) (time.Duration, error) {
		after := time.Hour
		switch n := v.of(shop); {
		case shop == "more" && n < 3:
			after = 0 // there is more to read
		case shop == "limited" && n == 1:
			return time.Second, nil // the API's limit is reached
		case shop == "broken" && n == 1:
			return 0, errors.New("no")
		case shop == "gone":
			return 0, store.ErrNotFound
		case shop == "asked":
			// Somebody asks for it while it's visited.
			if err := st.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				return c.EnqueueVisits(ctx, tx, []string{shop})
			}); err != nil {
				return 0, err
			}
		}
		return 0, inTx(st, next, after)(ctx)
	}
	s.run(c, v.work())
	s.eventually("starting", func() bool { return c.river.Load() != nil })
	enqueue(t, c, "more", "limited", "broken", "gone", "asked")
	enqueue(t, c, "more", "limited", "broken", "gone", "asked")
	want := map[string]int{"more": 3, "limited": 2, "broken": 2, "gone": 1, "asked": 1}
	s.eventually("all visits", func() bool {
		for shop, n := range want {
			if v.of(shop) < n {
				return false
			}
		}
		return s.jobs(st, "kind = 'visit_shop' AND state <> 'completed'") == 0
	})
	for shop, n := range want {
		if got := v.of(shop); got != n {
			t.Errorf("%s: %d visits, want %d", shop, got, n)
		}
	}
	if v.twice.Load() {
		t.Error("a shop was visited by two at once")
	}
}

func TestDueVisitsAreEnqueuedAtTheStart(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	s.must(st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO visits (environment, shop, due_at) VALUES ('test', 'sh_1', 1)")
		return err
	}))
	c := s.client(st)
	var v visits
	v.do = func(ctx context.Context, _ string, next fleet.Next) (time.Duration, error) {
		return 0, inTx(st, next, time.Hour)(ctx)
	}
	work := v.work()
	work.EnqueueDue = func(ctx context.Context) error {
		return st.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return c.EnqueueVisits(ctx, tx, []string{"sh_1"}) })
	}
	s.run(c, work)
	s.eventually("the visit", func() bool { return v.of("sh_1") >= 1 })
}

// TestVisitThatCannotBeStored: the job stays, and is done again.
func TestVisitThatCannotBeStored(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	c := s.client(st)
	var v visits
	v.do = func(ctx context.Context, shop string, next fleet.Next) (time.Duration, error) {
		first := v.of(shop) == 1
		return 0, st.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := next(ctx, tx, st.Now().Add(time.Hour)); err != nil || !first {
				return err
			}
			return errNo
		})
	}
	s.run(c, v.work())
	s.eventually("starting", func() bool { return c.river.Load() != nil })
	enqueue(t, c, "sh_1")
	s.eventually("the second try", func() bool {
		return v.of("sh_1") == 2 && s.jobs(st, "kind = 'visit_shop' AND state = 'completed'") == 1
	})
}
