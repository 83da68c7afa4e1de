package replicas

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookwall/e2e/process"
	"hookwall/internal/store"
)

// newKey is another key than process.Key.
const newKey = "HyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4="

// TestRotateKeyIsKilled follows docs/operate.md with two replicas. The rotation is killed in the middle, while people
// go on working, and then run again.
func TestRotateKeyIsKilled(t *testing.T) {
	s := newStage(t, 2)
	both := s.withKeys(newKey + "," + process.Key)
	const labels = 1200
	shop := s.shop().ID
	before := s.labels(t, process.Key)
	for i := range labels {
		check(t, before.PutLabel(t.Context(), shop, fmt.Sprintf("wcon_%04d", i), "a name"))
	}
	c := s.byKey()
	f := s.newForm(c, endpoint)
	created := c.Post(f.Action, f.Values)
	s.restart(both...)
	db, err := sql.Open("pgx", s.database)
	check(t, err)
	defer db.Close()
	db.SetMaxOpenConns(2)
	tx, err := db.BeginTx(t.Context(), nil)
	check(t, err)
	_, err = tx.ExecContext(t.Context(), `SELECT 1 FROM webhook_labels WHERE webhook_id = 'wcon_0700' FOR UPDATE`)
	check(t, err)

	rotate := process.Command(t, []string{"rotate-key"}, both...)
	check(t, rotate.Start())
	eventually(t, "waiting for a row", func() bool {
		var waits bool
		check(t, db.QueryRowContext(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE webhook_labels%')`).Scan(&waits))
		return waits
	})
	check(t, rotate.Process.Kill())
	_ = rotate.Wait()
	check(t, tx.Rollback())
	kinds := func() (n int) {
		check(t, db.QueryRowContext(t.Context(), `SELECT COUNT(DISTINCT substr(label, 1, 1)) FROM webhook_labels`).Scan(&n))
		return n
	}
	if n := kinds(); n != 2 {
		t.Errorf("labels under %d keys, want 2: it wasn't killed in the middle", n)
	}
	if page := c.Get(created.URL.String()); page.Status != http.StatusOK {
		t.Errorf("status %d in the middle of the rotation", page.Status)
	}
	f = s.newForm(c, endpoint+"/2")
	if page := c.Post(f.Action, f.Values); !strings.Contains(page.URL.Path, "wcon_") {
		t.Errorf("a create in the middle of the rotation ends at %s", page.URL)
	}

	var out bytes.Buffer
	rotate = process.Command(t, []string{"rotate-key"}, both...)
	rotate.Stdout, rotate.Stderr = &out, &out
	if err := rotate.Run(); err != nil || !strings.Contains(out.String(), "The older keys aren't needed") {
		t.Fatalf("%v\n%s", err, &out)
	}
	if strings.Contains(out.String(), newKey) || strings.Contains(out.String(), process.Key) {
		t.Error("it prints a key")
	}
	if n := kinds(); n != 1 {
		t.Errorf("labels under %d keys, want 1", n)
	}
	s.restart(s.withKeys(newKey)...)
	if page := c.Get(created.URL.String()); page.Status != http.StatusOK {
		t.Errorf("status %d without the old key", page.Status)
	}
	all, err := s.labels(t, newKey).Labels(t.Context(), s.shop().ID)
	if err != nil || len(all) != labels {
		t.Errorf("%d labels, error %v", len(all), err)
	}
	if activity := c.Get(s.at("/activity.csv")).Body; strings.Count(activity, endpoint) != 2 {
		t.Errorf("the activity is\n%s", activity)
	}
}

// withKeys returns the settings of the stage's dashboards with other keys.
func (s *stage) withKeys(keys string) []string {
	return []string{
		"HOOKWALL_PUBLIC_URL=" + s.front.url, "FOURTHWALL_API_URL=" + s.wire.url, "HOOKWALL_SECRET_KEY=" + keys,
		"HOOKWALL_DATABASE_URL=" + s.database, "FOURTHWALL_CLIENT_ID=" + process.ClientID,
	}
}

// restart replaces the dashboards, one after another.
func (s *stage) restart(environment ...string) {
	s.t.Helper()
	for i, wall := range s.walls {
		wall.Stop()
		s.walls[i] = process.Dashboard(s.t, s.box, s.database, environment...)
		s.front.serve(s.walls...)
	}
}

// labels opens the database, to write and read names of webhooks.
func (s *stage) labels(t *testing.T, keys string) *store.Store {
	t.Helper()
	parsed, err := store.ParseKeys(keys)
	check(t, err)
	st, err := store.Open(t.Context(), s.database, store.Options{Keys: parsed, Environment: s.wire.url})
	check(t, err)
	t.Cleanup(func() { st.Close() })
	return st
}
