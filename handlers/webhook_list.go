package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
)

// listFilter is what the address says of the list: it can be bookmarked.
type listFilter struct {
	query     string // text in the address, id or a code
	eventType string
	sort      string
}

const sortFailed = "failed" // the only order that needs the deliveries

var sortWords = words{
	{"", "As Fourthwall lists them"},
	{"url", "By address"},
	{"types", "Most event types first"},
	{sortFailed, "Failures first"},
}

func readListFilter(q url.Values) listFilter {
	return listFilter{strings.TrimSpace(bounded(q.Get("q"), 500)), bounded(q.Get("type"), 100), oneOf(q.Get("sort"), sortWords)}
}

func (f listFilter) values() url.Values {
	return filled(map[string]string{"q": f.query, "type": f.eventType, "sort": f.sort})
}

func (f listFilter) shows(hook fourthwall.Webhook) bool {
	if f.eventType != "" && !slices.Contains(hook.AllowedTypes, fourthwall.EventType(f.eventType)) {
		return false
	}
	text := strings.ToLower(f.query)
	if text == "" || strings.Contains(strings.ToLower(hook.URL), text) || strings.Contains(strings.ToLower(hook.ID), text) {
		return true
	}
	return slices.ContainsFunc(hook.AllowedTypes, func(t fourthwall.EventType) bool {
		info, _ := fourthwall.LookupEventType(t)
		return strings.Contains(strings.ToLower(string(t)), text) || strings.Contains(strings.ToLower(info.Title), text)
	})
}

// apply filters and sorts; the order of equals is the API's.
func (f listFilter) apply(list []fourthwall.Webhook, health map[string]*views.Health) []fourthwall.Webhook {
	out := slices.DeleteFunc(slices.Clone(list), func(hook fourthwall.Webhook) bool { return !f.shows(hook) })
	slices.SortStableFunc(out, func(a, b fourthwall.Webhook) int {
		switch f.sort {
		case "url":
			return cmp.Compare(strings.ToLower(a.URL), strings.ToLower(b.URL))
		case "types":
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

// handleWebhookList shows the webhooks of a shop, with what the last
// deliveries say of each.
func (s *server) handleWebhookList(w http.ResponseWriter, r *http.Request) error {
	conn := stateOf(r).conn
	var events fourthwall.EventPage
	var unknown string
	var beside sync.WaitGroup
	beside.Go(func() { events, unknown = s.health(r) })
	read, err := s.client(r).Webhooks(r.Context())
	beside.Wait()
	filter := readListFilter(r.URL.Query())
	page := views.WebhooksPage{
		CreateHref: newWebhookPath(conn.ShopID), Presets: presetLinks(conn.ShopID), CatalogueSize: len(fourthwall.EventTypes()), HealthUnknown: unknown,
		ListHref: webhooksPath(conn.ShopID), CSVHref: withQuery(webhooksPath(conn.ShopID)+".csv", filter.values().Encode()),
		Query: filter.query, Type: filter.eventType, Sort: filter.sort, SortChoices: sortWords.choices(), TypeChoices: typeChoices(read.Webhooks),
	}
	status := http.StatusOK
	var api *fourthwall.Error
	switch {
	case errors.As(err, &api):
		page.Unreadable, status = s.unreadable(w, r, api, "webhooks", webhooksPath(conn.ShopID))
	case err != nil:
		return err
	}
	if page.Frame, err = s.frame(r, "Webhooks"); err != nil {
		return err
	}
	if err := s.fillList(r, &page, read, filter, events); err != nil {
		return err
	}
	if read.Incomplete {
		page.Notices = append(page.Notices, views.Notice{Kind: views.Warning, Title: "Not all webhooks are listed", Text: missingText(read)})
	}
	return s.render(w, r, status, views.Webhooks(page))
}

func (s *server) fillList(r *http.Request, page *views.WebhooksPage, read fourthwall.WebhookList, filter listFilter, events fourthwall.EventPage) error {
	conn, list := stateOf(r).conn, read.Webhooks
	locked, err := s.Store.ImmutableWebhooks(r.Context(), conn.ShopID)
	if err != nil {
		return err
	}
	health := healthOf(conn.ShopID, events, read)
	for _, hook := range filter.apply(list, health) {
		row := views.WebhookRow{ID: hook.ID, URL: hook.URL, Href: webhookPath(conn.ShopID, hook.ID), Types: badges(hook.AllowedTypes), Locked: slices.Contains(locked, hook.ID)}
		if page.HealthUnknown == "" {
			row.Health = health[hook.ID]
		}
		page.Webhooks = append(page.Webhooks, row)
	}
	page.Total = len(list)
	if page.Unreadable == nil {
		page.Guide = s.guide(r, list, events)
	}
	page.Covered, page.NotCovered = coverage(list)
	if read.Incomplete {
		page.NotCovered = nil // what is missing may receive them
	}
	return nil
}

// typeChoices are the catalogue and what else the webhooks receive.
func typeChoices(list []fourthwall.Webhook) []views.EventBadge {
	out, seen := catalogueBadges(), map[fourthwall.EventType]bool{}
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

// coverage counts the event types that some webhook receives, and names the
// others by group.
func coverage(list []fourthwall.Webhook) (covered int, missing []views.EventGroup) {
	reached := webhooks.Covered(list)
	for _, g := range fourthwall.Groups() {
		group := views.EventGroup{Title: g.Title}
		for _, info := range g.Types {
			if reached[info.Code] {
				covered++
				continue
			}
			group.Types = append(group.Types, views.EventLine{EventBadge: badge(info.Code), Description: info.Description})
		}
		if len(group.Types) > 0 {
			missing = append(missing, group)
		}
	}
	return covered, missing
}

// missingText says that a list has gaps.
func missingText(read fourthwall.WebhookList) string {
	if read.Total > len(read.Webhooks) {
		return "Fourthwall says that there are " + strconv.Itoa(read.Total) + " webhooks, and listed " + strconv.Itoa(len(read.Webhooks)) + " of them. The others are neither shown nor counted here."
	}
	return "Fourthwall did not list all of them: there are more than the " + strconv.Itoa(len(read.Webhooks)) + " that are shown and counted here."
}

// handleWebhookCSV gives the list, filtered and sorted alike, as a file.
func (s *server) handleWebhookCSV(w http.ResponseWriter, r *http.Request) error {
	conn := stateOf(r).conn
	read, err := s.client(r).Webhooks(r.Context())
	if err != nil {
		return err
	}
	filter := readListFilter(r.URL.Query())
	var health map[string]*views.Health
	if filter.sort == sortFailed {
		events, _ := s.health(r)
		health = healthOf(conn.ShopID, events, read)
	}
	rows := [][]string{{"id", "url", "event types", "number of event types", "api version"}}
	for _, hook := range filter.apply(read.Webhooks, health) {
		types := codesOf(hook.AllowedTypes)
		rows = append(rows, []string{hook.ID, hook.URL, strings.Join(types, " "), strconv.Itoa(len(types)), hook.APIVersion})
	}
	if read.Incomplete {
		rows = append(rows, []string{missingText(read)})
	}
	return sendCSV(w, "webhooks-"+conn.ShopID+".csv", rows)
}
