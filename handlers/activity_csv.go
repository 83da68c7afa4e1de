package handlers

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

const maxCSVRows = 10000

// handleActivityCSV sends the same list as a file.
func (s *server) handleActivityCSV(w http.ResponseWriter, r *http.Request) error {
	conn := stateOf(r).conn
	query := activityQuery(conn.ShopID, actionLabels, r.URL.Query())
	query.Limit = maxCSVRows
	found, err := s.Store.Activities(r.Context(), query)
	if err != nil {
		return err
	}
	rows := [][]string{{
		"time", "action", "outcome", "who", "session", "webhook", "url before", "url after",
		"event types before", "event types after", "status", "code", "request id", "request id of the API",
		"Fourthwall has instead", "person", "email", "role", "labels added", "labels removed", "reason",
	}}
	for _, a := range found.Rows {
		d, _ := activity.ReadDetail(a)
		rows = append(rows, activityRecord(a, d))
	}
	return sendCSV(w, "activity-"+conn.ShopID+".csv", rows)
}

// handleTeamActivityCSV sends the list of the team as a file.
func (s *server) handleTeamActivityCSV(w http.ResponseWriter, r *http.Request) error {
	query := activityQuery(activity.OfTeam, teamActionLabels, r.URL.Query())
	query.Limit = maxCSVRows
	found, err := s.Store.Activities(r.Context(), query)
	if err != nil {
		return err
	}
	rows := [][]string{{
		"time", "action", "person", "email", "role", "about", "role before", "role after", "session", "ended session",
		"request id", "reason", "code", "who", "digest",
	}}
	for _, a := range found.Rows {
		d, _ := activity.ReadDetail(a)
		rows = append(rows, []string{
			a.StartedAt.UTC().Format(time.RFC3339), a.Action, a.Person.Name, a.Person.Email, a.Person.Role,
			subjectOf(a, d, nil), d.RoleBefore, d.RoleAfter, a.Session, d.Ended, a.RequestID, d.Why, d.Code,
			a.Actor, d.Digest,
		})
	}
	return sendCSV(w, "activity-team.csv", rows)
}

func activityRecord(a store.Activity, d activity.Detail) []string {
	var urls, types [2]string
	for i, c := range []*fourthwall.Content{d.Before, d.After} {
		if c != nil {
			urls[i], types[i] = c.URL, strings.Join(codesOf(c.AllowedTypes), " ")
		}
	}
	found := ""
	if d.Found != nil {
		found = contentText(*d.Found)
	}
	status := ""
	if a.Status > 0 {
		status = strconv.Itoa(a.Status)
	}
	return []string{
		a.StartedAt.UTC().Format(time.RFC3339), a.Action, a.Outcome, a.Actor, a.Session, a.WebhookID, urls[0],
		urls[1], types[0], types[1],
		status, cmp.Or(a.Code, d.Code), a.RequestID, a.APIRequestID, found,
		a.Person.Name, a.Person.Email, a.Person.Role,
		strings.Join(d.LabelsAdded, ", "), strings.Join(d.LabelsRemoved, ", "), d.Why,
	}
}
