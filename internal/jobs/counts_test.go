package jobs

import (
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
)

// TestCounts counts sessions that are active, idle and ended, and jobs, on a database where a client runs.
func TestCounts(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	keys, err := store.ParseKeys(strings.Repeat("A", 42) + "E=")
	s.must(err)
	now := time.Now()
	st, err := store.Open(t.Context(), s.database, store.Options{
		Keys: keys, Environment: "test", Now: func() time.Time { return now }, SessionIdle: time.Hour,
	})
	s.must(err)
	t.Cleanup(func() { s.must(st.Close()) })
	if _, err := st.CountJobs(t.Context()); err == nil {
		t.Error("jobs are counted before there are tables for them")
	}
	_, err = st.Team(t.Context()) // which has a row beside those of sessions
	s.must(err)
	ann, err := st.SignInPerson(t.Context(), store.Person{Issuer: "https://id.example", Subject: "ann"})
	s.must(err)
	for _, ago := range []time.Duration{2 * time.Hour, 30 * time.Minute, time.Minute} { // ended, idle, active
		now = time.Now().Add(-ago)
		s.signIn(st, "")
		s.signIn(st, ann.ID)
	}
	now = time.Now()
	c := s.client(st)
	var v visits
	v.do = func(ctx context.Context, _ string, next fleet.Next) (time.Duration, error) {
		return 0, inTx(st, next, time.Hour)(ctx)
	}
	s.run(c, v.work())
	s.eventually("starting", func() bool { return c.river.Load() != nil })
	s.must(st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return c.EnqueueVisits(ctx, tx, []string{"a", "b"})
	}))
	sorted := cmpopts.SortSlices(func(a, b store.JobCount) bool { return a.Kind < b.Kind })
	want := []store.JobCount{
		{Kind: "keep_alive", State: "completed", Count: 1},
		{Kind: "sweep", State: "completed", Count: 1},
		{Kind: "visit_shop", State: "completed", Count: 2},
	}
	s.eventually("the jobs", func() bool {
		got, err := st.CountJobs(t.Context())
		s.must(err)
		return cmp.Equal(want, got, sorted)
	})
	got, err := st.CountSessions(t.Context())
	if want := (store.SessionCounts{All: 4, Active: 2, People: 1}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

// TestJobWaitsSince: if all workers are busy, it's known since when another visit waits for one.
func TestJobWaitsSince(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	release := make(chan struct{})
	var v visits
	v.do = func(ctx context.Context, _ string, next fleet.Next) (time.Duration, error) {
		<-release
		return 0, inTx(st, next, time.Hour)(ctx)
	}
	c := s.client(st)
	s.run(c, v.work())
	s.eventually("starting", func() bool { return c.river.Load() != nil })
	waits := func() bool {
		at, err := st.JobWaitsSince(t.Context(), VisitKind)
		s.must(err)
		if !at.IsZero() && time.Since(at).Abs() > time.Minute {
			t.Errorf("waits since %v", at)
		}
		return !at.IsZero()
	}
	if waits() {
		t.Error("a job waits before there is one")
	}
	var shops []string
	for i := range workers + 1 {
		shops = append(shops, strconv.Itoa(i))
	}
	s.must(st.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { return c.EnqueueVisits(ctx, tx, shops) }))
	s.eventually("all workers are busy", func() bool {
		begun := 0
		for _, shop := range shops {
			begun += v.of(shop)
		}
		return begun == workers
	})
	if !waits() {
		t.Error("no job waits, though all workers are busy")
	}
	close(release)
	s.eventually("the last begins", func() bool { return !waits() })
}

// signIn makes a session, of a person if there is one.
func (s *stage) signIn(st *store.Store, person string) {
	s.t.Helper()
	all := st.Sessions(store.CookieOptions{Name: "s"})
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	session, err := all.New(r, "s")
	s.must(err)
	if person != "" {
		session.Values["person"] = person
	}
	s.must(all.Save(r, httptest.NewRecorder(), session))
}
