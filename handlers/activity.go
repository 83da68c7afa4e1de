package handlers

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

const activityPage = 50 // rows

// activityQuery reads the filter from the URL.
func activityQuery(shopID string, q url.Values) store.ActivityQuery {
	return store.ActivityQuery{
		Shop: shopID, Action: oneOf(q.Get("action"), actionLabels), Outcome: oneOf(q.Get("outcome"), outcomeLabels),
		WebhookID: bounded(q.Get("webhook"), 200), Before: bounded(q.Get("before"), 100),
		After: bounded(q.Get("after"), 100), Limit: activityPage,
	}
}

// handleActivity lists the attempts in a shop.
func (s *server) handleActivity(w http.ResponseWriter, r *http.Request) error {
	conn := stateOf(r).conn
	query := activityQuery(conn.ShopID, r.URL.Query())
	found, err := s.Store.Activities(r.Context(), query)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, "Activity")
	if err != nil {
		return err
	}
	at := activityPath(conn.ShopID)
	page := views.ActivityPage{
		Frame: frame, Action: at, ActionFilter: query.Action, OutcomeFilter: query.Outcome, WebhookFilter: query.WebhookID,
		ActionChoices: actionLabels.choices(), OutcomeChoices: outcomeLabels.choices(), Total: found.Total,
		CSVHref: withQuery(at+".csv", filterOf(query).Encode()),
	}
	for _, a := range found.Rows {
		page.Rows = append(page.Rows, s.activityRow(a))
	}
	page.NewerHref, page.OlderHref = pageLinks(at, filterOf(query), found)
	return s.render(w, r, http.StatusOK, views.Activity(page))
}

func filterOf(q store.ActivityQuery) url.Values {
	return filled(map[string]string{"action": q.Action, "outcome": q.Outcome, "webhook": q.WebhookID})
}

func pageLinks(at string, filter url.Values, found store.ActivityList) (newer, older string) {
	link := func(name, cursor string) string {
		if cursor == "" {
			return ""
		}
		q := maps.Clone(filter)
		q.Set(name, cursor)
		return withQuery(at, q.Encode())
	}
	return link("after", found.Newer), link("before", found.Older)
}

func (s *server) activityRow(a store.Activity) views.ActivityRow {
	d, _ := activity.ReadDetail(a)
	row := views.ActivityRow{
		At: a.StartedAt, Action: actionLabels.text(a.Action), Outcome: outcomeLabels.text(a.Outcome),
		OutcomeKind: outcomeKind(a.Outcome),
		Who:         a.Actor, Session: a.Session, WebhookID: a.WebhookID, Status: a.Status, Code: a.Code,
		RequestID: a.RequestID, APIRequestID: a.APIRequestID,
		Changes: changes(d),
	}
	if a.WebhookID != "" && a.Outcome == store.OutcomeDone && a.Action != activity.DeleteWebhook {
		row.WebhookHref = webhookPath(a.Shop, a.WebhookID)
	}
	return row
}

func outcomeKind(outcome string) string {
	switch outcome {
	case store.OutcomeDone:
		return ui.Success
	case store.OutcomeRefused, store.OutcomeFailed:
		return ui.Failure
	}
	return ui.Warning
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
	if d.Scopes != "" {
		out = append(out, views.Change{Field: "Permissions", After: d.Scopes})
	}
	return out
}

// without returns the badges of codes that others lack.
func without(codes, others []fourthwall.EventType) []ui.EventBadge {
	var out []ui.EventBadge
	for _, code := range codes {
		if !slices.Contains(others, code) {
			out = append(out, badge(code))
		}
	}
	return out
}
