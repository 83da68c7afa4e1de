package store

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"
)

// CountedActivities is up to how many activities a list counts. Counting more would take the longer, the more there
// are.
const CountedActivities = 1000

// ActivityQuery selects activities. "" as Shop, Action, Outcome, WebhookID or Who selects all, so a list
// for a person must name a shop. Who is the key of a Who.
type ActivityQuery struct {
	Shop, Action, Outcome, WebhookID, Who string

	Since, Until time.Time // of the start, both included; zero selects all
	Changes      bool      // leaves out what changed nothing: refused and failed attempts
	Without      []string  // actions that are left out

	// Before and After are cursors of an ActivityList, for the page of older or of newer rows. A
	// malformed one counts as absent, and After counts only without Before.
	Before, After string

	Limit int // rows of a page, at most 10,000; 0: 50
}

// ActivityList is a page of activities.
type ActivityList struct {
	Rows         []Activity // newest first
	Total        int        // of all pages, at most CountedActivities
	Uncounted    bool       // there are more than Total
	Newer, Older string     // cursors for After and Before of the next query; "" if there is no such page
}

// Activities returns a page of the activities that q selects. How many others there are costs nothing. If a detail does
// not open, the log has the reason.
func (s *Store) Activities(ctx context.Context, q ActivityQuery) (ActivityList, error) {
	lower, upper, order := q.bounds()
	limit := rowLimit(q.Limit)
	query, args := s.activityPage(q, lower, upper, order, limit+1)
	rows, err := s.listActivities(ctx, query, args...)
	if err != nil {
		return ActivityList{}, failed("list activities", err)
	}
	more := len(rows) > limit
	rows = rows[:min(limit, len(rows))]
	if order == oldestFirst {
		slices.Reverse(rows)
	}
	// A page without rows is just inside its cursor, so that there is a way back from it.
	newest, oldest := position{upper.started, upper.seq - 1}, position{lower.started, lower.seq + 1}
	list := ActivityList{Rows: withoutPositions(rows)}
	if len(rows) > 0 {
		newest, oldest = rows[0].position, rows[len(rows)-1].position
	}
	var back bool // there are others on the other side of the cursor
	query, args = s.activityCount(q, newest, oldest, order)
	if err := s.engine.read.QueryRowContext(ctx, query, args...).Scan(&list.Total, &back); err != nil {
		return ActivityList{}, failed("count activities", err)
	}
	if list.Total > CountedActivities {
		list.Total, list.Uncounted = CountedActivities, true
	}
	newer, older := back, more
	if order == oldestFirst {
		newer, older = more, back
	}
	if newer {
		list.Newer = newest.cursor()
	}
	if older {
		list.Older = oldest.cursor()
	}
	return list, nil
}

// way is how activities are found: by an index, in which those with a value of a column are in the order of the list.
type way struct {
	index, column, value string

	isNamed bool // the query names the index
}

// way returns the way by the filter that likely selects the fewest.
func (s *Store) way(q ActivityQuery) way {
	w := q.way(s.env)
	w.isNamed = s.engine.namesIndexes
	return w
}

func (q ActivityQuery) way(env string) way {
	switch {
	case q.Shop == "":
		return way{index: "", column: "environment", value: env}
	case q.WebhookID != "":
		return way{index: byWebhook, column: "webhook_id", value: q.WebhookID}
	case q.Outcome != "" && q.Outcome != OutcomeDone:
		return way{index: byOutcome, column: "outcome", value: q.Outcome}
	case q.Who != "":
		return way{index: byWho, column: whoKey, value: q.Who}
	case q.Action != "":
		return way{index: byAction, column: "action", value: q.Action}
	case q.Outcome != "":
		return way{index: byOutcome, column: "outcome", value: q.Outcome}
	}
	return way{index: byShop, column: "shop", value: q.Shop}
}

// The orders of a list.
const (
	newestFirst = " DESC"
	oldestFirst = ""
)

// sorted returns the order in which the index has the activities. It begins with the column, although all have the same
// value there. So Postgres has one index for it, whatever it believes of the value. A named index needs no such help.
func (w way) sorted(order string) string {
	if w.isNamed {
		return " ORDER BY started_at" + order + ", seq" + order
	}
	return " ORDER BY " + w.column + order + ", started_at" + order + ", seq" + order
}

// condition is the condition of a query with its arguments.
type condition struct {
	text string
	args []any
}

// and adds a condition, with a parameter for each %s.
func (c *condition) and(text string, values ...any) {
	places := make([]any, len(values))
	for i, value := range values {
		c.args = append(c.args, value)
		places[i] = fmt.Sprintf("$%d", len(c.args))
	}
	c.text += " AND " + fmt.Sprintf(text, places...)
}

// between adds that an activity is found in this way, between two positions.
func (c *condition) between(w way, lower, upper position) {
	if w.isNamed {
		c.and(w.column+" = %s AND (started_at, seq) > (%s, %s)", w.value, lower.started, lower.seq)
		c.and("(started_at, seq) < (%s, %s)", upper.started, upper.seq)
		return
	}
	columns := "(" + w.column + ", started_at, seq)"
	c.and(columns+" > (%s, %s, %s)", w.value, lower.started, lower.seq)
	c.and(columns+" < (%s, %s, %s)", w.value, upper.started, upper.seq)
}

// selects returns the condition on the activities of all pages, but for the column by which they are found. It names
// only what is chosen, so that the database can use an index.
func (q ActivityQuery) selects(env string, w way) condition {
	c := condition{" WHERE environment = $1", []any{env}}
	for _, filter := range []struct{ column, value string }{
		{"shop", q.Shop}, {"webhook_id", q.WebhookID}, {whoKey, q.Who}, {"action", q.Action}, {"outcome", q.Outcome},
	} {
		if filter.value != "" && filter.column != w.column {
			c.and(filter.column+" = %s", filter.value)
		}
	}
	if !q.Since.IsZero() {
		c.and("started_at >= %s", millis(q.Since))
	}
	if !q.Until.IsZero() {
		c.and("started_at <= %s", millis(q.Until))
	}
	if q.Changes {
		c.and("outcome IN ('pending', 'done', 'unclear')")
	}
	for _, action := range q.Without {
		c.and("action <> %s", action)
	}
	return c
}

// activityPage returns the query for the first rows between two positions.
func (s *Store) activityPage(q ActivityQuery, lower, upper position, order string, rows int) (string, []any) {
	w := s.way(q)
	c := q.selects(s.env, w)
	c.between(w, lower, upper)
	return s.activities(w.index) + c.text + w.sorted(order) + fmt.Sprintf(" LIMIT %d", rows), c.args
}

// activityCount returns the query for how many activities there are, and whether there are some on the other side of
// the cursor of a page.
func (s *Store) activityCount(q ActivityQuery, newest, oldest position, order string) (string, []any) {
	w := s.way(q)
	all := q.selects(s.env, w)
	beside := condition{all.text, all.args}
	all.between(w, position{}, farthest)
	beside.args = all.args
	back := oldestFirst // it begins at the cursor: Postgres would read on beyond the other end
	if order == oldestFirst {
		back = newestFirst
		beside.between(w, position{}, oldest)
	} else {
		beside.between(w, newest, farthest)
	}
	from := "SELECT 1 FROM activities" + s.engine.by(w.index)
	return fmt.Sprintf(`SELECT (SELECT COUNT(*) FROM (%s LIMIT %d) AS counted),
		EXISTS (SELECT 1 FROM (%s LIMIT 1) AS other)`,
		from+all.text+w.sorted(order), CountedActivities+1, from+beside.text+w.sorted(back)), beside.args
}

// bounds returns the positions between which a page is, and the order that begins at its cursor.
func (q ActivityQuery) bounds() (lower, upper position, order string) {
	if at, ok := parseCursor(q.Before); ok {
		return lower, at, newestFirst
	}
	if at, ok := parseCursor(q.After); ok {
		return at, farthest, oldestFirst
	}
	return lower, farthest, newestFirst
}

// farthest is newer than every activity.
var farthest = position{math.MaxInt64, math.MaxInt64}

// position is where an activity is in the list. The list grows at its newer end, so nothing comes between two pages.
type position struct{ started, seq int64 }

func (p position) cursor() string {
	b := binary.AppendVarint(binary.AppendVarint(nil, p.started), p.seq)
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor is the inverse of cursor.
func parseCursor(s string) (p position, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return position{}, false
	}
	started, n := binary.Varint(b)
	if n <= 0 {
		return position{}, false
	}
	seq, m := binary.Varint(b[n:])
	return position{started, seq}, m > 0 && n+m == len(b)
}
