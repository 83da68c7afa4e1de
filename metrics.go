package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"hookwall/internal/fourthwall"
	"hookwall/internal/jobs"
	"hookwall/internal/metrics"
	"hookwall/internal/store"
	"hookwall/oauth"
)

// newMetrics returns the metrics of the settings, or nil if they name no address for them.
func newMetrics(c Config) *metrics.Metrics {
	if c.MetricsAddr == "" {
		return nil
	}
	database := "sqlite"
	if store.IsPostgres(c.DatabaseURL) {
		database = "postgres"
	}
	return metrics.New(version, database)
}

// serveMetrics serves metrics on a listener of their own, unless m is nil.
func serveMetrics(
	ctx context.Context, c Config, m *metrics.Metrics, st *store.Store, background *jobs.Client,
	servers *errgroup.Group, logger *slog.Logger,
) error {
	if m == nil {
		return nil
	}
	listener, err := listen(ctx, "HOOKWALL_METRICS_ADDR", c.MetricsAddr)
	if err != nil {
		return err
	}
	m.Read(metrics.Sources{
		Counts: func(ctx context.Context) (metrics.Counts, error) { return c.Visits.counts(ctx, st) },
		Pools:  st.Pools, Background: background.Running, Logger: logger,
	})
	logger.Info("serving metrics", "address", listener.Addr().String(), "path", metrics.Path)
	servers.Go(func() error { return serveHTTP(ctx, listener, m.Handler(logger), logger) })
	return nil
}

// counts reads what the database says. The tables of jobs are made after the start, so the rest counts without them.
func (v Visits) counts(ctx context.Context, st *store.Store) (c metrics.Counts, err error) {
	sessions, err := st.CountSessions(ctx)
	if err != nil {
		return c, err
	}
	visit, recheck, err := st.NextDue(ctx)
	if err != nil {
		return c, err
	}
	if v.Off {
		visit = time.Time{}
	}
	now := st.Now()
	c = metrics.Counts{
		Sessions: sessions.All, ActiveSessions: sessions.Active, ActivePeople: sessions.People,
		VisitOverdue: overdue(now, visit), RechecksOverdue: overdue(now, recheck),
	}
	waiting, err := st.JobWaitsSince(ctx, jobs.VisitKind)
	if err != nil {
		return c, nil //nolint:nilerr // background work logs and counts what is wrong with its tables
	}
	c.VisitOverdue = max(c.VisitOverdue, overdue(now, waiting)) // what is enqueued isn't due in the store's rows
	jobs, err := st.CountJobs(ctx)
	if err != nil {
		return c, nil //nolint:nilerr // as above
	}
	c.Jobs = make([]metrics.Jobs, len(jobs))
	for i, j := range jobs {
		c.Jobs[i] = metrics.Jobs(j)
	}
	return c, nil
}

// overdue returns for how long something has been due; 0 if it isn't, or if at is the zero time.
func overdue(now, at time.Time) time.Duration {
	if at.IsZero() {
		return 0
	}
	return max(0, now.Sub(at))
}

// observeTry passes on a request to the API.
func observeTry(m *metrics.Metrics) func(fourthwall.Try) {
	return func(t fourthwall.Try) { m.Call(t.Op, t.Status, t.Code, t.Took) }
}

// observeRefresh passes on the result of a refresh.
func observeRefresh(m *metrics.Metrics) func(error) {
	return func(err error) {
		switch {
		case err == nil:
			m.Refresh("renewed")
		case errors.Is(err, oauth.ErrRefused):
			m.Refresh("refused")
		default:
			m.Refresh("failed")
		}
	}
}
