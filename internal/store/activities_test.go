package store

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRowLimit(t *testing.T) {
	for given, want := range map[int]int{
		math.MinInt: 50, -1: 50, 0: 50, 1: 1, 50: 50, 10_000: 10_000, 10_001: 10_000, math.MaxInt: 10_000,
	} {
		if got := rowLimit(given); got != want {
			t.Errorf("%d: %d rows, want %d", given, got, want)
		}
	}
}

func TestCursors(t *testing.T) {
	for _, p := range []position{{}, {1, 2}, {1 << 41, 1}, {math.MaxInt64, math.MaxInt64}, {math.MinInt64, -1}} {
		if got, ok := parseCursor(p.cursor()); !ok || got != p {
			t.Errorf("%v: read as %v, %v", p, got, ok)
		}
		if len(p.cursor()) > 40 {
			t.Errorf("%v: the cursor is %d bytes long", p, len(p.cursor()))
		}
	}
}

// A query must stay fast in a table of many shops and years.
func TestActivitiesAreFoundByAnIndex(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), Options{Keys: parse(t, b64(1)), Environment: "e"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	page := func(q ActivityQuery) (string, []any) {
		lower, upper, order := q.bounds()
		return s.activityPage(q, lower, upper, order, 51)
	}
	for name, c := range map[string]struct {
		query func() (string, []any)
		want  string
		sorts bool
	}{
		"a shop's": {func() (string, []any) { return page(ActivityQuery{Shop: "sh_1"}) }, "activities_shop", false},
		"a shop's older": {func() (string, []any) {
			return page(ActivityQuery{Shop: "sh_1", Before: position{1, 1}.cursor()})
		}, "activities_shop", false},
		"a shop's newer": {func() (string, []any) {
			return page(ActivityQuery{Shop: "sh_1", After: position{1, 1}.cursor()})
		}, "activities_shop", false},
		"a shop's number": {func() (string, []any) {
			return s.activityCount(ActivityQuery{Shop: "sh_1"}, position{1, 1}, position{1, 1}, newestFirst)
		}, "activities_shop", false},
		"by action": {func() (string, []any) {
			return page(ActivityQuery{Shop: "sh_1", Action: "create"})
		}, "activities_action", false},
		"by outcome": {func() (string, []any) {
			return page(ActivityQuery{Shop: "sh_1", Outcome: "done"})
		}, "activities_outcome", false},
		"by webhook, of several filters": {func() (string, []any) {
			return page(ActivityQuery{Shop: "sh_1", WebhookID: "wcon_1", Action: "create", Outcome: "failed", Who: "somebody"})
		}, "activities_webhook", false},
		"by actor": {func() (string, []any) {
			return page(ActivityQuery{Shop: "sh_1", Who: "somebody"})
		}, "activities_who", false},
		"by actor, newer": {func() (string, []any) {
			return page(ActivityQuery{Shop: "sh_1", Who: "somebody", After: position{1, 1}.cursor()})
		}, "activities_who", false},
		"actors": {func() (string, []any) { return selectActors, []any{s.env, "sh_1"} }, "activities_who", true},
		"open in a shop": {func() (string, []any) {
			return s.activities(byOpen) + whereOpen, []any{s.env, "sh_1", "create", 0, 0, 50}
		}, "activities_open", false},
		"done to a webhook": {func() (string, []any) {
			return s.activities(byDone) + whereDone, []any{s.env, "sh_1", "create", "wcon_1", 50}
		}, "activities_done", false},
		"last done to webhooks": {func() (string, []any) {
			return s.lastDoneQuery("sh_1", []string{"create", "update"}, []string{"wcon_1", "wcon_2"})
		}, "activities_done", false},
		"recent in a shop": {func() (string, []any) {
			return s.activities(byAction) + whereRecent, []any{s.env, "sh_1", "create", millis(time.Now()), 50}
		}, "activities_action", false},
		"due": {func() (string, []any) {
			return s.activities(byDue) + whereDue, []any{s.env, millis(time.Now()), 50}
		}, "activities_due", false},
		"of a living connection": {func() (string, []any) {
			return selectLiveConnections, []any{s.env, "sh_1", 0, 0, ""}
		}, "connections_shop", true},
		"failures": {func() (string, []any) {
			return selectFailures, []any{s.env, "team", 0}
		}, "delivery_hours_failed", true},
	} {
		t.Run(name, func(t *testing.T) {
			plan := explain(t, s, c.query)
			found := strings.Contains(strings.ReplaceAll(plan, "COVERING ", ""), "USING INDEX "+c.want)
			if !found || strings.Contains(plan, "FOR ORDER BY") != c.sorts {
				t.Errorf("want the index %s, sorted afterwards: %v; the plan is\n%s", c.want, c.sorts, plan)
			}
		})
	}
}

func explain(t *testing.T, s *Store, query func() (string, []any)) string {
	t.Helper()
	text, args := query()
	rows, err := s.engine.read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(step + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
