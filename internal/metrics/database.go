package metrics

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// countsAge is how long what was read from the database is used again, so that frequent scrapes cost nothing.
	countsAge = 10 * time.Second
	// countsTime is how long reading may take. It is less than a scrape may.
	countsTime = 3 * time.Second
)

// Jobs are how many jobs of a kind are in a state.
type Jobs struct {
	Kind, State string
	Count       int
}

// Counts are what the database says. Instances that share it say the same.
type Counts struct {
	Jobs            []Jobs // nil if they can't be counted
	Sessions        int
	ActiveSessions  int
	ActivePeople    int
	VisitOverdue    time.Duration // 0 if no visit is due
	RechecksOverdue time.Duration // 0 if no recheck of an attempt is due
}

// Sources are read at a scrape.
type Sources struct {
	Counts     func(context.Context) (Counts, error)
	Pools      func() map[string]sql.DBStats // by name
	Background func() bool                   // whether background work runs
	Logger     *slog.Logger
}

// jobKinds and jobStates are those of this version. An instance of another version may enqueue others.
var (
	jobKinds  = []string{"visit_shop", "reconcile", "sweep", "keep_alive"}
	jobStates = []string{
		"available", "cancelled", "completed", "discarded", "pending", "retryable", "running", "scheduled",
	}
)

// Read adds metrics that are read at a scrape.
func (m *Metrics) Read(from Sources) {
	if m != nil {
		m.registry.MustRegister(&database{from: from}, &pools{from.Pools}, gaugeOf(
			"hookwall_background_up", "Whether this instance does background work: 1 or 0.", from.Background))
	}
}

func gaugeOf(name, help string, is func() bool) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
		if is() {
			return 1
		}
		return 0
	})
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("hookwall_"+name, help, labels, nil)
}

var (
	upDesc       = desc("database_up", "Whether the database can be read: 1 or 0.")
	jobsDesc     = desc("jobs", "Jobs in the database, by kind and state.", "kind", "state")
	sessionsDesc = desc("sessions", "Sessions that have not ended.")
	activeDesc   = desc("active_sessions", "Sessions that were used in the last 15 minutes.")
	peopleDesc   = desc("active_people", "Members of the team who used a session in the last 15 minutes.")
	visitDesc    = desc("visit_overdue_seconds",
		"For how long the oldest visit has been due without having begun; 0 if none is.")
	recheckDesc = desc("recheck_overdue_seconds",
		"For how long the oldest recheck of an interrupted attempt has been due; 0 if none is.")
)

// database collects Counts. If they can't be read, it says so and leaves them out.
type database struct {
	from Sources

	mu   sync.Mutex
	at   time.Time
	last Counts
	err  error
}

// Describe sends what Collect may send.
func (d *database) Describe(to chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{
		upDesc, jobsDesc, sessionsDesc, activeDesc, peopleDesc, visitDesc, recheckDesc,
	} {
		to <- one
	}
}

// Collect sends the counts.
func (d *database) Collect(to chan<- prometheus.Metric) {
	counts, err := d.read()
	if err != nil {
		to <- prometheus.MustNewConstMetric(upDesc, prometheus.GaugeValue, 0)
		return
	}
	for of, value := range map[*prometheus.Desc]float64{
		upDesc: 1, sessionsDesc: float64(counts.Sessions), activeDesc: float64(counts.ActiveSessions),
		peopleDesc: float64(counts.ActivePeople), visitDesc: counts.VisitOverdue.Seconds(),
		recheckDesc: counts.RechecksOverdue.Seconds(),
	} {
		to <- prometheus.MustNewConstMetric(of, prometheus.GaugeValue, value)
	}
	for labels, count := range byKindAndState(counts.Jobs) {
		to <- prometheus.MustNewConstMetric(jobsDesc, prometheus.GaugeValue, float64(count), labels[0], labels[1])
	}
}

// read returns the counts of the last read if it's recent, and reads them otherwise. It logs the first error of a row.
func (d *database) read() (Counts, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Since(d.at) < countsAge {
		return d.last, d.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), countsTime)
	defer cancel()
	failed := d.err != nil
	d.last, d.err = d.from.Counts(ctx)
	d.at = time.Now()
	if d.err != nil && !failed {
		d.from.Logger.WarnContext(ctx, "metrics of the database could not be read", "error", d.err)
	}
	return d.last, d.err
}

// byKindAndState sums jobs by the values of their labels. States without a job are 0 instead of absent.
func byKindAndState(jobs []Jobs) map[[2]string]int {
	sums := map[[2]string]int{}
	if jobs == nil {
		return sums
	}
	for _, kind := range jobKinds {
		for _, state := range jobStates {
			sums[[2]string{kind, state}] = 0
		}
	}
	for _, j := range jobs {
		sums[[2]string{known(j.Kind, jobKinds), known(j.State, jobStates)}] += j.Count
	}
	return sums
}

var (
	connectionsDesc = desc("database_connections", "Open connections to the database, by pool and state.",
		"pool", "state")
	maxDesc   = desc("database_max_connections", "Connections to the database that a pool may open.", "pool")
	waitsDesc = desc("database_waits_total", "Statements that waited for a connection, by pool.", "pool")
	waitDesc  = desc("database_wait_seconds_total", "Time that statements waited for a connection, by pool.", "pool")
)

// pools collects the state of pools of connections.
type pools struct{ read func() map[string]sql.DBStats }

// Describe sends what Collect may send.
func (p *pools) Describe(to chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{connectionsDesc, maxDesc, waitsDesc, waitDesc} {
		to <- one
	}
}

// Collect sends the state of each pool.
func (p *pools) Collect(to chan<- prometheus.Metric) {
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	for pool, s := range p.read() {
		to <- prometheus.MustNewConstMetric(connectionsDesc, gauge, float64(s.InUse), pool, "in_use")
		to <- prometheus.MustNewConstMetric(connectionsDesc, gauge, float64(s.Idle), pool, "idle")
		to <- prometheus.MustNewConstMetric(maxDesc, gauge, float64(s.MaxOpenConnections), pool)
		to <- prometheus.MustNewConstMetric(waitsDesc, counter, float64(s.WaitCount), pool)
		to <- prometheus.MustNewConstMetric(waitDesc, counter, s.WaitDuration.Seconds(), pool)
	}
}
