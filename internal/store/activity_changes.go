package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

const (
	selectActivity = `SELECT ` + activityColumns + ` FROM activities` + inShop + ` AND id = $3`

	// It jumps from one key to the next in the index, so how many activities each has costs nothing. The name is
	// that of the newest.
	selectActors = `
		WITH RECURSIVE actors (who, n) AS (
			SELECT (SELECT ` + whoKey + ` FROM activities` + inShop + ` ORDER BY ` + whoKey + ` LIMIT 1), 1
			UNION ALL
			SELECT (SELECT ` + whoKey + ` FROM activities` + inShop + ` AND ` + whoKey + ` > actors.who
				ORDER BY ` + whoKey + ` LIMIT 1), n + 1
			FROM actors WHERE who IS NOT NULL AND n < 1000
		)
		SELECT a.who, newest.person_name FROM actors AS a JOIN activities AS newest ON newest.id = (
			SELECT id FROM activities` + inShop + ` AND ` + whoKey + ` >= a.who AND ` + whoKey + ` <= a.who
			ORDER BY ` + whoKey + ` DESC, started_at DESC, seq DESC LIMIT 1)
		WHERE a.who IS NOT NULL ORDER BY newest.started_at DESC LIMIT 100`

	selectLastDone = `SELECT webhook_id, id, started_at, seq FROM activities`
	whereLastDone  = inShop + ` AND outcome = 'done'`
)

// Activity returns an activity of a shop, or ErrNotFound.
func (s *Store) Activity(ctx context.Context, shop, id string) (Activity, error) {
	found, err := s.findActivities(ctx, selectActivity, s.env, shop, id)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Activity{}, failed("find activity", err)
	}
	return found[0], nil
}

// Who is somebody to whom activities are attributed: a person of the team, or a connection.
type Who struct {
	Key  string // the ID of the person, or the actor
	Name string // of the person most recently, or the actor
}

// Actors returns those to whom a shop's activities are attributed, by name, at most 100 of them, and those most recent.
func (s *Store) Actors(ctx context.Context, shop string) ([]Who, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectActors, s.env, shop)
	if err != nil {
		return nil, failed("list actors", err)
	}
	defer rows.Close()
	var all []Who
	for rows.Next() {
		var one Who
		if err := rows.Scan(&one.Key, &one.Name); err != nil {
			return nil, failed("list actors", err)
		}
		one.Name = cmp.Or(one.Name, one.Key)
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b Who) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key)) })
	return all, failed("list actors", rows.Err())
}

// LastDone returns the ID of the newest activity of each webhook that is done and has one of the actions. A webhook
// without one is missing in the result.
func (s *Store) LastDone(ctx context.Context, shop string, actions, webhooks []string) (map[string]string, error) {
	last := map[string]string{}
	if len(actions) == 0 || len(webhooks) == 0 {
		return last, nil
	}
	query, args := s.lastDoneQuery(shop, actions, webhooks)
	rows, err := s.engine.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, failed("list last activities", err)
	}
	defer rows.Close()
	newest := map[string]position{}
	for rows.Next() {
		var webhook, id string
		var at position
		if err := rows.Scan(&webhook, &id, &at.started, &at.seq); err != nil {
			return nil, failed("list last activities", err)
		}
		if newest[webhook].isBefore(at) {
			last[webhook], newest[webhook] = id, at
		}
	}
	return last, failed("list last activities", rows.Err())
}

func (s *Store) lastDoneQuery(shop string, actions, webhooks []string) (query string, args []any) {
	args = []any{s.env, shop}
	list := func(values []string) string {
		var places []string
		for _, value := range values {
			args = append(args, value)
			places = append(places, fmt.Sprintf("$%d", len(args)))
		}
		return strings.Join(places, ", ")
	}
	query = selectLastDone + s.engine.by(byDone) + whereLastDone +
		` AND action IN (` + list(actions) + `) AND webhook_id IN (` + list(webhooks) + `)`
	return query, args
}

func (p position) isBefore(other position) bool {
	return p.started < other.started || p.started == other.started && p.seq < other.seq
}
