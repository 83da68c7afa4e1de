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
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// listPageSize is how many webhooks a page lists.
const listPageSize = 50

// listFilter is the filter and the order of the list. It is in the URL, so it
// can be bookmarked.
type listFilter struct {
	query     string // text in the URL, the label, the ID or a code
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

// pageHref returns a link to a page of the list.
func (f listFilter) pageHref(shopID string, page int) string {
	q := f.values()
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return withQuery(webhooksPath(shopID), q.Encode())
}

// openHref returns a link to the page of the list that has a webhook, with its
// actions.
func (f listFilter) openHref(row int, id string) string {
	q := f.values()
	q.Set("open", id)
	return "?" + q.Encode() + "#row-" + strconv.Itoa(row)
}

func (f listFilter) shows(one listedWebhook) bool {
	types := one.hook.AllowedTypes
	switch {
	case f.eventType == views.NoTypes && len(types) > 0:
		return false
	case f.eventType != "" && f.eventType != views.NoTypes && !slices.Contains(types, fourthwall.EventType(f.eventType)):
		return false
	}
	text := strings.ToLower(f.query)
	hasText := func(in string) bool { return strings.Contains(strings.ToLower(in), text) }
	return hasText(one.hook.URL) || hasText(one.label) || hasText(one.hook.ID) ||
		slices.ContainsFunc(types, func(t fourthwall.EventType) bool { return hasText(string(t)) || hasText(badge(t).Title) })
}

// trouble orders the states of webhooks.
var trouble = []ui.State{ui.Failing, ui.Look, ui.NotKnown, ui.OK}

// apply filters and sorts the list. Equal webhooks stay in the API's order.
func (f listFilter) apply(list []listedWebhook) []listedWebhook {
	out := list
	if f.query != "" || f.eventType != "" {
		out = slices.DeleteFunc(slices.Clone(list), func(one listedWebhook) bool { return !f.shows(one) })
	}
	if f.sort == sortListed {
		return out
	}
	type place struct {
		state, at int
		name      string
	}
	places := make([]place, len(out))
	for i, one := range out {
		places[i] = place{slices.Index(trouble, one.state), i, strings.ToLower(one.name())}
	}
	slices.SortFunc(places, func(a, b place) int {
		switch f.sort {
		case sortName:
			return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.at, b.at))
		case sortTypes:
			return cmp.Or(
				cmp.Compare(len(out[b.at].hook.AllowedTypes), len(out[a.at].hook.AllowedTypes)), cmp.Compare(a.at, b.at))
		}
		return cmp.Or(cmp.Compare(a.state, b.state), cmp.Compare(a.name, b.name), cmp.Compare(a.at, b.at))
	})
	sorted := make([]listedWebhook, len(out))
	for i, p := range places {
		sorted[i] = out[p.at]
	}
	return sorted
}

// foundWebhooks is what was read for the list.
type foundWebhooks struct {
	now     time.Time
	read    fourthwall.WebhookList
	seen    webhooks.Seen
	unknown string // why no deliveries could be read now
	names   names
	locked  []string
}

// findWebhooks reads the webhooks of the shop, and beside them the deliveries.
// The error is that of the webhooks.
func (s *server) findWebhooks(r *http.Request) (found foundWebhooks, err error) {
	found.now = s.Now()
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	var beside sync.WaitGroup
	var events webhooks.Deliveries
	var unread error
	isLate := false
	beside.Go(func() {
		events, unread = s.readDeliveries(ctx, r)
		isLate = ctx.Err() != nil
	})
	found.read, err = s.client(r).Webhooks(r.Context())
	beside.Wait()
	if err != nil {
		return found, err
	}
	if err := s.askIfDisconnected(r, events.Events...); err != nil {
		return found, err
	}
	if found.seen, err = s.seen(r, events, unread != nil, found.read, fleet.PastQuery{}); err != nil {
		return found, err
	}
	if unread != nil {
		found.unknown = healthUnknownText(unread, isLate, found.seen.Past.Until)
	} else if found.seen.Past.Until.IsZero() {
		found.seen.Found.AddTypes(ctx, s.client(r), found.read)
	}
	if found.names, err = s.names(r); err != nil {
		return found, err
	}
	found.locked, err = s.Store.ImmutableWebhooks(r.Context(), stateOf(r).conn.ShopID)
	return found, err
}

// listedWebhook is a webhook with what the list is filtered and sorted by.
type listedWebhook struct {
	hook   fourthwall.Webhook
	label  string
	state  ui.State
	health *webhooks.Health // nil if nothing could be read, neither now nor before
}

// name returns what the webhook is called, as its row does.
func (l listedWebhook) name() string { return cmp.Or(l.label, ui.HostAndPath(l.hook.URL), l.hook.ID) }

// all returns all webhooks, in the API's order.
func (found foundWebhooks) all() []listedWebhook {
	health := map[string]*webhooks.Health{}
	if !found.seen.Unread || !found.seen.Past.Until.IsZero() {
		health = found.seen.Health()
	}
	out := make([]listedWebhook, 0, len(found.read.Webhooks))
	for _, hook := range found.read.Webhooks {
		one := listedWebhook{hook, found.names[hook.ID], ui.NotKnown, health[hook.ID]}
		if one.health != nil {
			one.state = healthMarks[one.health.State()]
		}
		if len(hook.AllowedTypes) == 0 && one.state != ui.Failing {
			one.state = ui.Look
		}
		out = append(out, one)
	}
	return out
}

// rows returns the rows of some of the webhooks.
func (found foundWebhooks) rows(shopID string, of []listedWebhook) []views.WebhookRow {
	var known []fourthwall.Webhook
	health := map[string]*webhooks.Health{}
	for _, one := range of {
		if one.health != nil {
			known, health[one.hook.ID] = append(known, one.hook), one.health
		}
	}
	hours := hoursByWebhook(found.seen, known, health)
	out := make([]views.WebhookRow, 0, len(of))
	for _, one := range of {
		row := linkedRow(shopID, one.hook.ID)
		row.Label, row.URL, row.Types = one.label, one.hook.URL, badges(one.hook.AllowedTypes)
		row.Locked, row.State = slices.Contains(found.locked, one.hook.ID), one.state
		if one.health != nil {
			h := viewHealth(*one.health, found.seen)
			h.Href, h.Hours = row.DeliveriesHref, hours[one.hook.ID]
			row.Health = &h
		}
		out = append(out, row)
	}
	return out
}

// linkedRow returns a row with its links. They are relative to the list, since
// there are many of them.
func linkedRow(shopID, id string) views.WebhookRow {
	short := func(path string) string { return strings.TrimPrefix(path, shopPath(shopID)+"/") }
	return views.WebhookRow{
		ID: id, Href: short(webhookPath(shopID, id)), EditHref: short(editPath(shopID, id)),
		LabelHref:      short(labelPath(shopID, id)),
		CheckHref:      short(checkStartHref(shopID, "webhook", id)),
		DeliveriesHref: short(eventsHref(shopID, id)), DeleteHref: short(deletePath(shopID, id)),
	}
}

// handleWebhookList shows the webhooks of a shop, with the results of their
// recent deliveries.
func (s *server) handleWebhookList(w http.ResponseWriter, r *http.Request) error {
	conn, filter := stateOf(r).conn, readListFilter(r.URL.Query())
	found, err := s.findWebhooks(r)
	page := listPage(conn.ShopID, filter)
	page.Now, page.HealthUnknown, page.TypeChoices = found.now, found.unknown, typeChoices(found.read.Webhooks)
	page.Since = notableSince(found.seen)
	status := http.StatusOK
	if api := (*fourthwall.Error)(nil); errors.As(err, &api) {
		page.Unreadable, status = s.unreadable(w, r, api, "webhooks", webhooksPath(conn.ShopID))
	} else if err != nil {
		return err
	}
	if page.Frame, err = s.frame(r, "Webhooks"); err != nil {
		return err
	}
	page.Notices = s.compareDeleted(r, page.Notices, found.read.Webhooks)
	switch {
	case !found.read.Incomplete:
	case len(found.read.Webhooks) > 0:
		page.Notices = append(page.Notices, missingNotice(found.read))
	default: // it can't be said that there are none
		page.Unreadable = new(missingNotice(found.read))
	}
	fillList(&page, conn.ShopID, found, filter, r.URL.Query())
	if page.Unreadable == nil && !page.ReadOnly {
		page.Guide, page.Notices = s.guide(w, r, found, page.Notices)
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
		for i, f := range v.flashes {
			if f.Claim != nil && f.Claim.Action == activity.DeleteWebhook && f.Claim.ID == hook.ID {
				notices[i] = stillListedNotice(hook, names{}.of(hook.ID, hook.URL))
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

// fillList fills the page with the webhooks that the filter shows on the page
// whose number is in the URL, or on the last one. A webhook whose actions are
// open brings its own page.
func fillList(page *views.WebhookListPage, shopID string, found foundWebhooks, filter listFilter, q url.Values) {
	all := found.all()
	count := map[ui.State]int{}
	for _, one := range all {
		count[one.state]++
		page.WithoutTypes = page.WithoutTypes || len(one.hook.AllowedTypes) == 0
	}
	page.Total = len(all)
	page.Failing, page.ToLookAt, page.NotKnown = count[ui.Failing], count[ui.Look], count[ui.NotKnown]
	shown := filter.apply(all)
	page.Found = len(shown)
	number := min(pageNumber(q), max(1, (len(shown)+listPageSize-1)/listPageSize))
	open := q.Get("open")
	isOpen := func(one listedWebhook) bool { return one.hook.ID == open }
	if i := slices.IndexFunc(shown, isOpen); i >= 0 {
		number = i/listPageSize + 1
	}
	first := (number - 1) * listPageSize
	last := min(first+listPageSize, len(shown))
	page.Webhooks = found.rows(shopID, shown[first:last])
	for i, row := range page.Webhooks {
		page.Webhooks[i].Open = row.ID == open
		page.Webhooks[i].OpenHref = filter.openHref(i, row.ID)
	}
	page.First = first + 1
	if number > 1 {
		page.PrevHref = filter.pageHref(shopID, number-1)
	}
	if last < len(shown) {
		page.NextHref = filter.pageHref(shopID, number+1)
	}
	page.Covered, page.NotCovered = coverage(found.read.Webhooks)
	if found.read.Incomplete {
		page.NotCovered = nil // a webhook that is missing may receive them
	}
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
	found, err := s.findWebhooks(r)
	if err != nil {
		return err
	}
	rows := [][]string{{"id", "url", "event types", "number of event types", "api version", "name"}}
	for _, one := range filter.apply(found.all()) {
		var types []string
		for _, t := range one.hook.AllowedTypes {
			types = append(types, badge(t).Code)
		}
		count := strconv.Itoa(len(types))
		rows = append(rows, []string{
			one.hook.ID, one.hook.URL, strings.Join(types, " "), count, one.hook.APIVersion, one.label,
		})
	}
	if found.read.Incomplete {
		rows = append(rows, []string{missingText(found.read)})
	}
	return sendCSV(w, "webhooks-"+conn.ShopID+".csv", rows)
}
