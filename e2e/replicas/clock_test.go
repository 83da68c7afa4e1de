package replicas

import (
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/e2e/process"
)

// movableClock makes the clock of the stage's database one that move moves. All
// connections are ended then, as at a failover.
func (s *stage) movableClock() (move func(interval string)) {
	s.t.Helper()
	db, err := sql.Open("pgx", s.database)
	check(s.t, err)
	s.t.Cleanup(func() { db.Close() })
	execute := func(statement string, args ...any) {
		s.t.Helper()
		_, err := db.ExecContext(s.t.Context(), statement, args...)
		check(s.t, err)
	}
	execute(`CREATE TABLE moved (by_how_much INTERVAL)`)
	execute(`INSERT INTO moved VALUES ('0')`)
	execute(`CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql
		AS $$ SELECT pg_catalog.clock_timestamp() + by_how_much FROM moved $$`)
	u, err := url.Parse(s.database)
	check(s.t, err)
	q := u.Query()
	name := q.Get("search_path")
	// With this search path, the function above comes before the server's own.
	q.Set("search_path", name+",pg_catalog")
	q.Set("application_name", name)
	u.RawQuery = q.Encode()
	s.database = u.String()
	return func(interval string) {
		s.t.Helper()
		execute(`UPDATE moved SET by_how_much = $1::TEXT::INTERVAL`, interval)
		execute(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1`, name)
	}
}

// TestClockOfTheDatabaseJumps: the clock jumps while a create is under way. The
// same form is sent to another dashboard, and to one that has started since.
func TestClockOfTheDatabaseJumps(t *testing.T) {
	if !process.OnPostgres() {
		t.Skip("the clock of a SQLite file is the machine's")
	}
	for _, jump := range []string{"10 minutes", "2 hours", "-10 minutes"} {
		t.Run(jump, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 0)
			move := s.movableClock()
			start := func() {
				s.walls = append(s.walls, process.Dashboard(t, s.box, s.database,
					"HOOKWALL_PUBLIC_URL="+s.front.url, "FOURTHWALL_API_URL="+s.wire.url))
			}
			start()
			start()
			s.front.serve(s.walls[0])
			c := s.byKey()
			form := s.newForm(c, shared)
			var calls atomic.Int64
			arrived, doubled, opened := make(chan struct{}), make(chan struct{}), make(chan struct{})
			s.wire.watched(func(m moment) bool {
				if m.method == http.MethodPost && !m.answered {
					switch calls.Add(1) {
					case 1:
						close(arrived)
						<-opened
					case 2:
						close(doubled)
					}
				}
				return true
			})
			pages := make([]process.Page, 3)
			waits := []func(){s.sends(0, c, form, &pages[0])}
			<-arrived
			move(jump)
			start()
			for i := 1; i < 3; i++ {
				waits = append(waits, s.sends(i, c, form, &pages[i]))
			}
			select {
			case <-doubled:
			case <-time.After(roundTrip):
			}
			close(opened)
			for _, wait := range waits {
				wait()
			}
			for i, page := range pages {
				if page.Status != http.StatusOK || !strings.Contains(page.URL.Path, "/webhooks/wcon_") {
					t.Errorf("at dashboard %d it ends at %s with status %d:\n%s", i, page.URL, page.Status, words(page))
				}
			}
			if n := calls.Load(); n != 1 || s.urls()[shared] != 1 {
				t.Errorf("%d calls, and then there is %v", n, s.urls())
			}
		})
	}
}
