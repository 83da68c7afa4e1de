package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// listFilter is the filter and the order of the list. It is in the URL, so it
// can be bookmarked.
type listFilter struct {
	query     string // text in the URL, ID or a code
	eventType string
	sort      string
}

func readListFilter(q url.Values) listFilter {
	return listFilter{
		query:     strings.TrimSpace(bounded(q.Get("q"), 500)),
		eventType: bounded(q.Get("type"), 100),
		sort:      oneOf(q.Get("sort"), sortLabels),
	}
}

func (f listFilter) values() url.Values {
	return filled(map[string]string{"q": f.query, "type": f.eventType, "sort": f.sort})
}

func (f listFilter) shows(hook fourthwall.Webhook) bool {
	if !f.hasType(hook.AllowedTypes) {
		return false
	}
	text := strings.ToLower(f.query)
	hasText := func(in string) bool { return strings.Contains(strings.ToLower(in), text) }
	if text == "" || hasText(hook.URL) || hasText(hook.ID) {
		return true
	}
	return slices.ContainsFunc(hook.AllowedTypes, func(t fourthwall.EventType) bool {
		info, _ := fourthwall.LookupEventType(t)
		return hasText(string(t)) || hasText(info.Title)
	})
}

func (f listFilter) hasType(types []fourthwall.EventType) bool {
	switch f.eventType {
	case "":
		return true
	case views.NoTypes:
		return len(types) == 0
	}
	return slices.Contains(types, fourthwall.EventType(f.eventType))
}

// apply filters and sorts the list. Equal webhooks stay in the API's order.
func (f listFilter) apply(list []fourthwall.Webhook, health map[string]*views.Health) []fourthwall.Webhook {
	out := slices.DeleteFunc(slices.Clone(list), func(hook fourthwall.Webhook) bool { return !f.shows(hook) })
	slices.SortStableFunc(out, func(a, b fourthwall.Webhook) int {
		switch f.sort {
		case sortURL:
			return cmp.Compare(strings.ToLower(a.URL), strings.ToLower(b.URL))
		case sortTypes:
			return cmp.Compare(len(b.AllowedTypes), len(a.AllowedTypes))
		case sortFailed:
			return cmp.Compare(failedOf(health[b.ID]), failedOf(health[a.ID]))
		}
		return 0
	})
	return out
}

func failedOf(h *views.Health) int {
	if h == nil {
		return 0
	}
	return h.Failed
}

// handleWebhookList shows the webhooks of a shop, with the results of their
// recent deliveries.
func (s *server) handleWebhookList(w http.ResponseWriter, r *http.Request) error {
	conn, filter := stateOf(r).conn, readListFilter(r.URL.Query())
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	var events webhooks.Deliveries
	var unknown string
	var beside sync.WaitGroup
	beside.Go(func() { events, unknown = s.health(ctx, r) })
	read, err := s.client(r).Webhooks(r.Context())
	beside.Wait()
	events.AddTypes(ctx, s.client(r), read)
	page := listPage(conn.ShopID, filter)
	page.HealthUnknown, page.TypeChoices = unknown, typeChoices(read.Webhooks)
	status := http.StatusOK
	if api := (*fourthwall.Error)(nil); errors.As(err, &api) {
		page.Unreadable, status = s.unreadable(w, r, api, "webhooks", webhooksPath(conn.ShopID))
	} else if err != nil {
		return err
	}
	if page.Frame, err = s.frame(r, "Webhooks"); err != nil {
		return err
	}
	page.Notices = s.compareDeleted(r, page.Notices, read.Webhooks)
	switch {
	case !read.Incomplete:
	case len(read.Webhooks) > 0:
		page.Notices = append(page.Notices, missingNotice(read))
	default: // it can't be said that there are none
		page.Unreadable = new(missingNotice(read))
	}
	if err := s.fillList(r, &page, read, filter, events); err != nil {
		return err
	}
	return s.render(w, r, status, views.WebhookList(page))
}

// compareDeleted replaces the notices that say that a webhook is deleted if it is
// still in the list, and records that.
func (s *server) compareDeleted(r *http.Request, notices []ui.Notice, list []fourthwall.Webhook) []ui.Notice {
	v := stateOf(r)
	for _, hook := range list {
		if v.claimOf(activity.DeleteWebhook, hook.ID) == nil {
			continue
		}
		s.Webhooks.RecordFound(context.WithoutCancel(r.Context()), v.conn.ShopID, activity.DeleteWebhook, hook)
		for i, n := range notices {
			if n.Title == deletedTitle(hook.ID) {
				notices[i] = stillListedNotice(hook)
			}
		}
	}
	return notices
}

func listPage(shopID string, filter listFilter) views.WebhookListPage {
	return views.WebhookListPage{
		CreateHref: newWebhookPath(shopID), Presets: presetLinks(shopID), CatalogSize: len(fourthwall.EventTypes()),
		ListHref: webhooksPath(shopID), CSVHref: withQuery(webhooksCSVPath(shopID), filter.values().Encode()),
		Query: filter.query, Type: filter.eventType, Sort: filter.sort, SortChoices: sortLabels.choices(),
	}
}

func (s *server) fillList(
	r *http.Request, page *views.WebhookListPage, read fourthwall.WebhookList, filter listFilter,
	events webhooks.Deliveries,
) error {
	conn, list := stateOf(r).conn, read.Webhooks
	locked, err := s.Store.ImmutableWebhooks(r.Context(), conn.ShopID)
	if err != nil {
		return err
	}
	health := healthOf(conn.ShopID, events, read)
	for _, hook := range filter.apply(list, health) {
		row := views.WebhookRow{
			ID: hook.ID, URL: hook.URL, Href: webhookPath(conn.ShopID, hook.ID),
			Edit: editPath(conn.ShopID, hook.ID), Types: badges(hook.AllowedTypes), Locked: slices.Contains(locked, hook.ID),
		}
		if page.HealthUnknown == "" {
			row.Health = health[hook.ID]
		}
		page.Webhooks = append(page.Webhooks, row)
	}
	page.Total = len(list)
	page.WithoutTypesHref = withQuery(page.ListHref, listFilter{eventType: views.NoTypes}.values().Encode())
	for _, hook := range list {
		if len(hook.AllowedTypes) == 0 {
			page.WithoutTypes++
		}
	}
	if page.Unreadable == nil {
		page.Guide = s.guide(r, list, events)
	}
	page.Covered, page.NotCovered = coverage(list)
	if read.Incomplete {
		page.NotCovered = nil // a webhook that is missing may receive them
	}
	return nil
}

// typeChoices returns the catalog and the unknown types that the webhooks
// receive.
func typeChoices(list []fourthwall.Webhook) []ui.EventBadge {
	out, seen := catalogBadges(), map[fourthwall.EventType]bool{}
	for _, hook := range list {
		for _, t := range hook.AllowedTypes {
			if b := badge(t); b.Unknown && !seen[t] {
				seen[t] = true
				out = append(out, b)
			}
		}
	}
	return out
}

// coverage returns how many event types are covered, and the others by group.
func coverage(list []fourthwall.Webhook) (covered int, missing []ui.EventGroup) {
	isCovered := webhooks.Covered(list)
	for _, info := range fourthwall.EventTypes() {
		if isCovered[info.Code] {
			covered++
		}
	}
	return covered, groupsWhere(func(t fourthwall.EventType) bool { return !isCovered[t] })
}

// handleWebhookCSV sends the list as a file, filtered and sorted as on the page.
func (s *server) handleWebhookCSV(w http.ResponseWriter, r *http.Request) error {
	conn, filter := stateOf(r).conn, readListFilter(r.URL.Query())
	read, err := s.client(r).Webhooks(r.Context())
	if err != nil {
		return err
	}
	var health map[string]*views.Health
	if filter.sort == sortFailed {
		ctx, cancel := context.WithTimeout(r.Context(), healthTime)
		defer cancel()
		events, _ := s.health(ctx, r)
		events.AddTypes(ctx, s.client(r), read)
		health = healthOf(conn.ShopID, events, read)
	}
	rows := [][]string{{"id", "url", "event types", "number of event types", "api version"}}
	for _, hook := range filter.apply(read.Webhooks, health) {
		types := codesOf(hook.AllowedTypes)
		count := strconv.Itoa(len(types))
		rows = append(rows, []string{hook.ID, hook.URL, strings.Join(types, " "), count, hook.APIVersion})
	}
	if read.Incomplete {
		rows = append(rows, []string{missingText(read)})
	}
	return sendCSV(w, "webhooks-"+conn.ShopID+".csv", rows)
}
