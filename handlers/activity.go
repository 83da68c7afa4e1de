package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/views"
	"hookwall/views/ui"
)

const activityPage = 50 // rows

// activityQuery reads the filter from the URL.
func activityQuery(shopID string, actions labels, q url.Values) store.ActivityQuery {
	return store.ActivityQuery{
		Shop: shopID, Action: oneOf(q.Get("action"), actions), Outcome: oneOf(q.Get("outcome"), outcomeLabels),
		WebhookID: bounded(strings.TrimSpace(q.Get("webhook")), 200), Who: bounded(q.Get("who"), 200),
		Before: bounded(q.Get("before"), 100), After: bounded(q.Get("after"), 100), Limit: activityPage,
	}
}

// handleActivity lists the attempts in a shop.
func (s *server) handleActivity(w http.ResponseWriter, r *http.Request) error {
	shop := stateOf(r).conn.ShopID
	return s.listActivity(w, r, activityList{shop, activityPath(shop), actionLabels})
}

// handleTeamActivity lists what was done to the team: to its people, their
// sessions and its shops.
func (s *server) handleTeamActivity(w http.ResponseWriter, r *http.Request) error {
	return s.listActivity(w, r, teamActivity)
}

// activityList is a list of activity: of a shop, or of the team.
type activityList struct {
	shop, path string
	actions    labels
}

var teamActivity = activityList{activity.OfTeam, teamActivityPath, teamActionLabels}

func (s *server) listActivity(w http.ResponseWriter, r *http.Request, list activityList) error {
	shop, at, actions := list.shop, list.path, list.actions
	if query, had := withoutEmpty(r); had {
		return redirect(w, r, withQuery(at, query))
	}
	query := activityQuery(shop, actions, r.URL.Query())
	found, err := s.Store.Activities(r.Context(), query)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, "Activity")
	if err != nil {
		return err
	}
	page := views.ActivityPage{
		Frame: frame, OfTeam: shop == activity.OfTeam, Action: at,
		ActionFilter: query.Action, OutcomeFilter: query.Outcome, WebhookFilter: query.WebhookID,
		WhoFilter: query.Who, ActionChoices: actions.choices(), OutcomeChoices: outcomeLabels.choices(),
		Total: found.Total, TotalIsLeast: found.Uncounted,
		CSVHref: withQuery(at+".csv", filterOf(query).Encode()),
	}
	if page.WhoChoices, err = s.actorChoices(r, shop); err != nil {
		return err
	}
	if page.Days, err = s.activityDays(r, found.Rows); err != nil {
		return err
	}
	page.NewerHref, page.OlderHref = pageLinks(at, filterOf(query), found)
	return s.render(w, r, http.StatusOK, views.Activity(page))
}

func (s *server) actorChoices(r *http.Request, shopID string) ([]ui.Choice, error) {
	actors, err := s.Store.Actors(r.Context(), shopID)
	var out []ui.Choice
	for _, actor := range actors {
		out = append(out, ui.Choice{Value: actor.Key, Text: actor.Name})
	}
	return out, err
}

// activityDays returns the rows by day in UTC, which the page's script changes
// to the reader's days.
func (s *server) activityDays(r *http.Request, all []store.Activity) ([]views.ActivityDay, error) {
	last, err := s.lastChanges(r, all)
	if err != nil {
		return nil, err
	}
	called, err := s.names(r)
	if err != nil {
		return nil, err
	}
	dayOf := func(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
	var days []views.ActivityDay
	for i, a := range all {
		if i == 0 || !dayOf(a.StartedAt).Equal(dayOf(all[i-1].StartedAt)) {
			days = append(days, views.ActivityDay{Name: dayText(dayOf(a.StartedAt), dayOf(s.Now()))})
		}
		day := &days[len(days)-1]
		day.Rows = append(day.Rows, activityRow(a, called, last[a.WebhookID] == a.ID && stateOf(r).may(operator)))
	}
	return days, nil
}

func filterOf(q store.ActivityQuery) url.Values {
	return filled(map[string]string{"action": q.Action, "outcome": q.Outcome, "webhook": q.WebhookID, "who": q.Who})
}

// activityRow returns the line of an attempt. mayUndo is set if it is the last
// change of its webhook, and the person may change that.
func activityRow(a store.Activity, called names, mayUndo bool) views.ActivityRow {
	d, readable := activity.ReadDetail(a)
	row := views.ActivityRow{
		At: a.StartedAt, Title: activityTitles[a.Action].text(a.Outcome), State: stateOfOutcome(a.Outcome),
		Subject: subjectOf(a, d, called), Text: activityText(a, d),
		Who: cmp.Or(a.Person.Name, a.Actor), Email: a.Person.Email,
		Session: a.Session, WebhookID: a.WebhookID, Status: a.Status, Code: a.Code,
		RequestID: a.RequestID, APIRequestID: a.APIRequestID, Changes: changes(d),
	}
	if a.Person.ID != "" {
		row.Role, row.Way = roleNames[team.Role(a.Person.Role)], a.Actor
	}
	if a.Action == activity.EndConnection {
		row.State, row.Code = ui.Look, d.Code
	}
	if a.WebhookID != "" {
		row.OfWebhookHref = withQuery(activityPath(a.Shop), url.Values{"webhook": {a.WebhookID}}.Encode())
	}
	if a.WebhookID != "" && a.Outcome == store.OutcomeDone && a.Action != activity.DeleteWebhook {
		row.WebhookHref = webhookPath(a.Shop, a.WebhookID)
	}
	if mayUndo && readable && canUndo(a, d) {
		row.UndoAction, row.UndoText = undoPath(a.Shop, a.ID), undoText
		if a.Action == activity.DeleteWebhook {
			row.UndoText = createAgainText
		}
	}
	return row
}

func stateOfOutcome(outcome string) ui.State {
	switch outcome {
	case store.OutcomeDone:
		return ui.OK
	case store.OutcomeRefused, store.OutcomeFailed:
		return ui.Failing
	}
	return ui.NotKnown
}

func changes(d activity.Detail) []views.Change {
	var out []views.Change
	before, after := d.Before, d.After
	if before == nil {
		before = &fourthwall.Content{}
	}
	if after == nil {
		after = &fourthwall.Content{}
	}
	if before.URL != after.URL {
		out = append(out, views.Change{Field: "Endpoint URL", Before: before.URL, After: after.URL})
	}
	if !slices.Equal(fourthwall.TypeSet(before.AllowedTypes), fourthwall.TypeSet(after.AllowedTypes)) {
		out = append(out, views.Change{
			Field: "Event types", Before: strings.Join(codesOf(before.AllowedTypes), ", "),
			After: strings.Join(codesOf(after.AllowedTypes), ", "),
			Added: without(after.AllowedTypes, before.AllowedTypes), Removed: without(before.AllowedTypes, after.AllowedTypes),
		})
	}
	if d.Found != nil {
		out = append(out, views.Change{Field: "Fourthwall has instead", After: contentText(*d.Found)})
	}
	if d.Shop != "" {
		out = append(out, views.Change{Field: "Shop", After: d.Shop})
	}
	if d.Channel != "" {
		out = append(out, views.Change{Field: "Channel", After: d.Channel})
	}
	if d.Connection != "" {
		out = append(out, views.Change{Field: "Connection", After: d.Connection})
	}
	if text := roleChangeText(d); text != "" {
		out = append(out, views.Change{
			Field: "Their role", Before: roleNames[team.Role(d.RoleBefore)], After: roleNames[team.Role(d.RoleAfter)],
		})
	}
	if d.Ended != "" {
		out = append(out, views.Change{Field: "Ended session", After: d.Ended})
	}
	if len(d.LabelsAdded) > 0 {
		out = append(out, views.Change{Field: "Labels added", After: strings.Join(d.LabelsAdded, ", ")})
	}
	if len(d.LabelsRemoved) > 0 {
		out = append(out, views.Change{Field: "Labels removed", After: strings.Join(d.LabelsRemoved, ", ")})
	}
	if d.Digest != "" {
		out = append(out, views.Change{Field: "Digest", After: d.Digest})
	}
	if d.Scopes != "" {
		out = append(out, views.Change{Field: "Permissions", After: d.Scopes})
	}
	return out
}
