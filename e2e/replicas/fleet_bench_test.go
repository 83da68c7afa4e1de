package replicas

import (
	"flag"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hookwall/internal/sandbox"
	"hookwall/internal/store/storetest"
)

var fleetShops = flag.Int("shops", 100, "how many shops are visited")

const (
	fleetLatency = 150 * time.Millisecond
	fleetWorkers = 8 // of a process, as package jobs has it
)

// BenchmarkFleet visits shops that were connected by sign-in, each with a token that must be renewed. A call takes
// 150 ms. It reports the time as a multiple of the time that the calls take if all workers are always busy. Then it
// does so again with one shop that is limited and one that gives no answer, and reports how much slower the others are.
func BenchmarkFleet(b *testing.B) {
	for engine, fresh := range engines {
		b.Run(engine, func(b *testing.B) {
			for range b.N {
				alone := visitFleet(b, fresh(b), false)
				beside := visitFleet(b, fresh(b), true)
				ideal := float64(alone.calls) * fleetLatency.Seconds() / fleetWorkers
				b.ReportMetric(alone.took.Seconds()/ideal, "times-ideal")
				b.ReportMetric(float64(beside.visit)/float64(alone.visit), "times-p99-visit")
				b.ReportMetric(float64(beside.end)/float64(alone.end), "times-p99-end")
			}
		})
	}
}

// engines make fresh databases.
var engines = map[string]func(*testing.B) string{
	"SQLite":   func(b *testing.B) string { return filepath.Join(b.TempDir(), "x.db") },
	"Postgres": func(b *testing.B) string { return storetest.Postgres(b) },
}

// run is how a fleet was visited.
type run struct {
	calls int
	took  time.Duration // until the last shop was visited
	visit time.Duration // p99 of how long a visit took
	end   time.Duration // p99 of when a visit ended, since the start
}

// visitFleet visits each shop once. Those in trouble don't count.
func visitFleet(b *testing.B, database string, trouble bool) run {
	b.Helper()
	f := newFleet(b, *fleetShops, database)
	f.latency = fleetLatency
	all := f.box.Shops()
	if trouble {
		limited, dead := all[1].ID, all[2].ID
		check(b, f.box.Configure(limited, sandbox.Switches{LimitRate: true}))
		f.dead[dead] = true
	}
	f.dashboard()
	start := time.Now()
	expected := 0
	if trouble {
		expected = 2
	}
	eventually(b, "visiting every shop", func() bool { return len(f.unvisited()) <= expected })
	var r run
	var visits, ends []time.Duration
	last := start
	for _, s := range f.counts() {
		if s.visits == 0 {
			continue
		}
		r.calls += s.calls
		visits, ends = append(visits, s.took), append(ends, s.at.Sub(start))
		if s.at.After(last) {
			last = s.at
		}
		if s.most > 1 || s.renewed != 1 {
			b.Errorf("a shop had %d calls at once, and %d renewals", s.most, s.renewed)
		}
	}
	r.took, r.visit, r.end = last.Sub(start), percentile(visits, .99), percentile(ends, .99)
	b.Logf("trouble %v: %d shops, %d calls in %v; %s; %s", trouble, len(ends), r.calls, r.took.Round(time.Millisecond),
		report("visits take", slices.Clone(visits)), report("they end after", slices.Clone(ends)))
	return r
}
