// Package metrics counts what an instance does, for Prometheus. It knows nothing of the rest of Hookwall: main passes
// its methods to the packages that have something to report, and passes it what to read at a scrape.
//
// The number of time series is bounded. Labels are routes, names of operations, status codes and codes of known lists.
// They are never paths, URLs, shops or people. docs/metrics.md lists all metrics.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Path is where the metrics are. Nothing else is served beside them.
const Path = "/metrics"

const (
	scrapesAtOnce = 4
	scrapeTime    = 10 * time.Second // Prometheus gives up after this, unless told otherwise
)

// The values of labels that are known beforehand. Each has a time series from the start, so that a rate sees the first.
var (
	refreshResults = []string{"renewed", "refused", "failed"}
	visitResults   = []string{
		"ok", "busy", "no_answer", "in_front", "ended", "forbidden", "gone", "app", "unreadable", "unclear", "failed",
	}
	itemResults = []string{"done", "rejected", "failed", "changed", "unconfirmed"}
)

// apiCodes are the error codes that Fourthwall documents, and those of RFC 6750.
var apiCodes = []string{
	"OPEN_API_BAD_REQUEST", "OPEN_API_FORBIDDEN", "OPEN_API_INTERNAL_ERROR", "OPEN_API_METHOD_NOT_ALLOWED",
	"OPEN_API_NOT_FOUND", "OPEN_API_PAYLOAD_TOO_LARGE", "OPEN_API_SHOP_FORBIDDEN", "OPEN_API_SHOP_ID_MISSING",
	"OPEN_API_TOO_MANY_REQUESTS", "OPEN_API_UNAUTHORIZED", "OPEN_API_UNSUPPORTED_MEDIA_TYPE",
	"SHOP_TEAM_MEMBER_SHOP_NOT_FOUND_ERROR", "WEBHOOK_CONFIGURATION_NOT_FOUND",
	"WEBHOOK_CONFIGURATION_NOT_UPDATABLE_OR_DELETABLE", "WEBHOOK_EVENT_NOT_FOUND", "WEBHOOK_URI_IP_NOT_ALLOWED",
	"WEBHOOK_URI_PORT_NOT_ALLOWED", "WEBHOOK_URI_UNALLOWED_DOMAIN", "insufficient_scope", "invalid_token",
}

// Metrics counts. Its methods do nothing if it is nil, which means that nobody asked for metrics.
type Metrics struct {
	registry *prometheus.Registry

	requests    *prometheus.CounterVec
	requestTime *prometheus.HistogramVec
	calls       *prometheus.CounterVec
	callTime    *prometheus.HistogramVec
	refreshes   *prometheus.CounterVec
	visits      *prometheus.CounterVec
	visitTime   prometheus.Histogram
	items       *prometheus.CounterVec
}

// New returns Metrics of a version of Hookwall that uses a kind of database.
func New(version, database string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: counter("http_requests_total", "Requests handled, by route and status.", "route", "status"),
		requestTime: histogram("http_request_duration_seconds", "Time until a response was complete, by route.",
			prometheus.DefBuckets, "route"),
		calls: counter("fourthwall_requests_total",
			"Requests to Fourthwall's API, each try counted, by operation, status and error code.",
			"operation", "status", "code"),
		callTime: histogram("fourthwall_request_duration_seconds",
			"Time of each try of a request to Fourthwall's API, by operation.", prometheus.DefBuckets, "operation"),
		refreshes: counter("token_refreshes_total", "Renewals of access tokens, by result.", "result"),
		visits:    counter("visits_total", "Visits of shops in the background, by result.", "result"),
		visitTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "hookwall_visit_duration_seconds", Help: "Time of a visit of a shop.", Buckets: prometheus.DefBuckets,
		}),
		items: counter("plan_items_total", "Changes of plans that have ended, by result.", "result"),
	}
	start(m.refreshes, refreshResults)
	start(m.visits, visitResults)
	start(m.items, itemResults)
	m.registry.MustRegister(
		m.requests, m.requestTime, m.calls, m.callTime, m.refreshes, m.visits, m.visitTime, m.items,
		buildInfo(version, database), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "hookwall_" + name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(
		prometheus.HistogramOpts{Name: "hookwall_" + name, Help: help, Buckets: buckets}, labels)
}

// start makes the time series of a counter.
func start(c *prometheus.CounterVec, values []string) {
	for _, value := range values {
		c.WithLabelValues(value)
	}
}

func buildInfo(version, database string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hookwall_build_info", Help: "Always 1. Its labels say which version runs on which kind of database.",
		ConstLabels: prometheus.Labels{"version": version, "database": database},
	}, func() float64 { return 1 })
}

// Handler serves the metrics at Path, and nothing else. What can't be read is left out and logged. A scraper that
// doesn't wait for the rest knows that itself.
func (m *Metrics) Handler(logger *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: scrapeLog{logger}, ErrorHandling: promhttp.ContinueOnError,
		MaxRequestsInFlight: scrapesAtOnce, Timeout: scrapeTime,
	}))
	return mux
}

// scrapeLog logs errors of scrapes. There is one for each metric that can't be sent.
type scrapeLog struct{ logger *slog.Logger }

// Println logs an error, unless the scraper has left or its time is over.
func (l scrapeLog) Println(v ...any) {
	for _, value := range v {
		err, _ := value.(error)
		if errors.Is(err, context.Canceled) || errors.Is(err, http.ErrHandlerTimeout) {
			return
		}
	}
	l.logger.Warn(strings.TrimSpace(fmt.Sprintln(v...)))
}

// Request counts a request to a route of ours. The route is "" if no route matched. The status is 0 if there was no
// response.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	if m == nil {
		return
	}
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, statusLabel(status)).Inc()
	m.requestTime.WithLabelValues(route).Observe(took.Seconds())
}

// Call counts one try of a request to Fourthwall's API. The status is 0 if there was no response. The code is the API's
// for an error, or "".
func (m *Metrics) Call(operation string, status int, code string, took time.Duration) {
	if m == nil {
		return
	}
	if code != "" {
		code = known(code, apiCodes)
	}
	m.calls.WithLabelValues(operation, statusLabel(status), code).Inc()
	m.callTime.WithLabelValues(operation).Observe(took.Seconds())
}

// Refresh counts a renewal of an access token.
func (m *Metrics) Refresh(result string) {
	if m != nil {
		m.refreshes.WithLabelValues(known(result, refreshResults)).Inc()
	}
}

// Visit counts a visit of a shop.
func (m *Metrics) Visit(result string, took time.Duration) {
	if m == nil {
		return
	}
	m.visits.WithLabelValues(known(result, visitResults)).Inc()
	m.visitTime.Observe(took.Seconds())
}

// Item counts a change of a plan that has ended.
func (m *Metrics) Item(result string) {
	if m != nil {
		m.items.WithLabelValues(known(result, itemResults)).Inc()
	}
}

// other is the value of a label that isn't known beforehand.
const other = "other"

// statusClientLeft is the status of a response that nobody waited for, as nginx has it.
const statusClientLeft = 499

// statusLabel returns a status for a label. A server may respond with any number, so only known ones are kept.
func statusLabel(status int) string {
	switch {
	case status == 0:
		return "none"
	case http.StatusText(status) == "" && status != statusClientLeft:
		return other
	}
	return strconv.Itoa(status)
}

// known returns a value if it is in the list.
func known(value string, list []string) string {
	if slices.Contains(list, value) {
		return value
	}
	return other
}
