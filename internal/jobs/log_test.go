package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fleet"
	"hookwall/internal/logs"
)

// TestLinesOfJobs: what a job logs has its ID, its shop, and the request and the trace that enqueued it. A job that
// another one enqueued has those of the first.
func TestLinesOfJobs(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	st := s.open()
	logger := slog.New(logs.To(slog.NewJSONHandler(&s.logs, nil)))
	c := New(st, logger)
	var v visits
	v.do = func(ctx context.Context, shop string, next fleet.Next) (time.Duration, error) {
		logger.InfoContext(ctx, "visited "+shop)
		if v.of(shop) == 1 {
			return 0, inTx(st, next, 0)(ctx) // another one follows
		}
		return 0, inTx(st, next, time.Hour)(ctx)
	}
	s.run(c, v.work())
	s.eventually("starting", func() bool { return c.river.Load() != nil })
	request := logs.With(t.Context(), slog.String(logs.Request, "r1"))
	traced := logs.With(request, slog.String(logs.Trace, "t1"))
	for shop, ctx := range map[string]context.Context{"a": t.Context(), "b": request, "c": traced} {
		s.must(st.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return c.EnqueueVisits(ctx, tx, []string{shop}) }))
	}
	s.eventually("all visits", func() bool { return strings.Count(s.logs.String(), `"visited `) == 6 })
	ids := map[any]bool{}
	for text := range strings.Lines(s.logs.String()) {
		var line map[string]any
		s.must(json.Unmarshal([]byte(text), &line))
		said, _ := line["msg"].(string)
		shop, isVisit := strings.CutPrefix(said, "visited ")
		if !isVisit {
			continue
		}
		ids[line["job"]] = true
		want := map[string][]any{
			"a": {"visit_shop", "a", nil, nil}, "b": {"visit_shop", "b", "r1", nil}, "c": {"visit_shop", "c", "r1", "t1"},
		}[shop]
		got := []any{line["kind"], line["shop"], line["request"], line["trace"]}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	if len(ids) != 6 {
		t.Errorf("the jobs are %v", ids)
	}
}
