package handlers

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

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

// subjectOf returns what was changed: a webhook by its name, or a shop.
func subjectOf(a store.Activity, d activity.Detail, called names) string {
	switch {
	case called[a.WebhookID] != "":
		return called[a.WebhookID]
	case d.After != nil && d.After.URL != "":
		return ui.HostAndPath(d.After.URL)
	case d.Before != nil && d.Before.URL != "":
		return ui.HostAndPath(d.Before.URL)
	}
	if d.Plan > 0 {
		return planName(d.Plan)
	}
	if d.Template != "" {
		return d.Template + " v" + strconv.Itoa(d.Version)
	}
	return cmp.Or(d.Shop, d.Member, d.Channel, d.Token, a.WebhookID)
}

// activityText returns in a few words what was changed, or why nothing was.
func activityText(a store.Activity, d activity.Detail) string {
	switch {
	case a.Action == activity.CheckEndpoint || a.Action == activity.TestEndpoint:
		return cmp.Or(callReason(a), typesOfCall(d))
	case a.Action == activity.EndConnection:
		return shops.WhyEnded(store.EndReason(d.Why))
	case d.Member != "":
		return roleChangeText(d)
	case d.Token != "":
		return scopeLabels.text(d.Scope)
	case a.Action == activity.LabelShop:
		return labelChangeText(d)
	case a.Outcome != store.OutcomeDone:
		return reasonOf(a)
	case d.Before != nil && d.After != nil:
		return changeText(d.Before.URL != d.After.URL, without(d.After.AllowedTypes, d.Before.AllowedTypes),
			without(d.Before.AllowedTypes, d.After.AllowedTypes))
	case d.After != nil:
		return typesText(badges(d.After.AllowedTypes))
	case d.Before != nil:
		return typesText(badges(d.Before.AllowedTypes))
	}
	return ""
}

// typesOfCall returns the event type that was sent, "" if it can no longer be
// read.
func typesOfCall(d activity.Detail) string {
	if d.After == nil {
		return ""
	}
	return typesText(badges(d.After.AllowedTypes))
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
