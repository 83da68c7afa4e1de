package replicas

import (
	"context"
	"database/sql"
	"flag"
	"slices"
	"sync"
	"testing"
	"time"

	"hookwall/e2e/process"
)

var renewals = flag.Int("renewals", 200, "how many tokens are renewed while a dashboard is killed again and again")

const (
	callTime  = 20 * time.Millisecond
	lostOne   = 100 // of so many renewals, one loses its response
	killAfter = 60  // calls at least
	killShare = 50  // or as many as one in so many of all renewals
)

// visiting is a fleet that two dashboards visit, one of which is killed repeatedly.
type visiting struct {
	*fleet
	walls []*process.Process
	db    *sql.DB
	over  chan struct{} // closed when nothing is killed or lost any longer
	kills int
}

// TestVisitsOfKilledReplicas: tokens are renewed all the time, and some renewals lose their response after they took
// effect. Every shop is visited, none by two at once, and no connection has ended that works.
func TestVisitsOfKilledReplicas(t *testing.T) {
	if !process.OnPostgres() {
		t.Skip("several dashboards need Postgres: make replicas starts it")
	}
	t.Parallel()
	v := &visiting{fleet: newFleet(t, *fleetShops, process.Database(t)), over: make(chan struct{})}
	v.latency, v.cut, v.short = callTime, lostOne, true
	var err error
	v.db, err = sql.Open("pgx", v.database)
	check(t, err)
	defer v.db.Close()
	for range 2 {
		v.walls = append(v.walls, v.dashboard())
	}
	start := time.Now()
	var others sync.WaitGroup
	others.Go(v.killer)
	others.Go(v.keepDue)
	v.wait("renewing tokens", func() bool { return v.renewed() >= *renewals })
	v.wait("visiting every shop", func() bool { return len(v.missing(time.Time{})) == 0 })
	close(v.over)
	others.Wait()
	v.setCut(0)
	calm := time.Now()
	t.Logf("%d renewals in %v, %d of which lost their response; %d kills", v.renewed(),
		calm.Sub(start).Round(time.Second), v.lost, v.kills)
	v.wait("visiting every shop again", func() bool { v.makeDue(); return len(v.missing(calm)) == 0 })
	t.Logf("after the last kill, every shop is visited again in %v", time.Since(calm).Round(time.Second))
	for _, wall := range v.walls {
		wall.Stop()
	}
	v.check()
}

// killer kills the first dashboard whenever there were some calls, more of them if the test is long.
func (v *visiting) killer() {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	few := max(killAfter, *renewals/killShare)
	for last := v.called(); ; {
		if now := v.called(); now > last+few+7*(v.kills%9) {
			v.walls[0].Kill()
			v.walls[0].Restart()
			v.kills++
			last = v.called()
		}
		select {
		case <-v.over:
			return
		case <-tick.C:
		}
	}
}

// keepDue makes all shops due again and again.
func (v *visiting) keepDue() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-v.over:
			return
		case <-tick.C:
			v.makeDue()
		}
	}
}

// makeDue makes all shops due.
func (v *visiting) makeDue() {
	// A row that a dashboard changes now is left out.
	_, err := v.db.ExecContext(context.Background(), `UPDATE visits SET due_at = 1
		WHERE shop IN (SELECT shop FROM visits ORDER BY shop FOR UPDATE SKIP LOCKED)`)
	if err != nil {
		v.t.Error(err)
	}
}

// ended returns the shops whose connection has ended.
func (v *visiting) ended() (shops []string) {
	v.t.Helper()
	rows, err := v.db.QueryContext(v.t.Context(), `SELECT shop_id FROM connections WHERE expired`)
	check(v.t, err)
	defer rows.Close()
	for rows.Next() {
		var shop string
		check(v.t, rows.Scan(&shop))
		shops = append(shops, shop)
	}
	check(v.t, rows.Err())
	return shops
}

// missing returns the shops that were not visited since a time, though their connection has not ended.
func (v *visiting) missing(since time.Time) (shops []string) {
	v.t.Helper()
	ended := v.ended()
	for id, s := range v.counts() {
		if !s.at.After(since) && !slices.Contains(ended, id) {
			shops = append(shops, id)
		}
	}
	return shops
}

// wait polls until the condition holds. A fleet of many shops takes its time.
func (v *visiting) wait(what string, yes func() bool) {
	v.t.Helper()
	tick, limit := time.NewTicker(time.Second), time.NewTimer(time.Hour)
	defer tick.Stop()
	defer limit.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-limit.C:
			v.t.Fatalf("%s did not happen", what)
		}
	}
}

// check compares what the database says with what the sandbox accepts.
func (v *visiting) check() {
	v.t.Helper()
	ended := v.ended()
	st := v.open()
	defer st.Close()
	team, err := st.Team(v.t.Context())
	check(v.t, err)
	for id, s := range v.counts() {
		conn, err := st.Connection(v.t.Context(), team, id)
		check(v.t, err)
		if works := v.works(conn.Credential); works == conn.Expired {
			v.t.Errorf("%s works: %v, has ended: %v, because of %q", id, works, conn.Expired, conn.End.Code)
		}
		if s.most > 1 {
			v.t.Errorf("%s got %d calls at once", id, s.most)
		}
	}
	v.t.Logf("%d of %d connections have ended", len(ended), *fleetShops)
	// A renewal whose response is lost costs the connection, and so may each that a process was killed in.
	if most := v.lost + v.kills*fleetWorkers; len(ended) > most || v.kills == 0 || v.lost == 0 {
		v.t.Errorf("%d connections have ended, %d kills, %d responses were lost", len(ended), v.kills, v.lost)
	}
}
