package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

// causesShown is how many causes that shops share have a line.
const causesShown = 2

// shopMarks are how the states of shops are drawn.
var shopMarks = map[fleet.State]ui.State{
	fleet.Failing: ui.Failing, fleet.Reconnect: ui.Look, fleet.Look: ui.Look, fleet.Stale: ui.NotKnown,
	fleet.Unseen: ui.NotKnown, fleet.Healthy: ui.OK,
}

// fleetOf returns what the page says of many shops, with rows for those on it.
func (s *server) fleetOf(r *http.Request, f foundShops, shown []store.Connection) (*views.Fleet, error) {
	now := s.Now()
	out := &views.Fleet{
		Now: now, Counts: f.counts(), State: f.filter.state, States: shopStateLabels.choices()[1:],
		Missing: f.filter.missing, Types: catalogBadges(), Sort: f.filter.sort, Sorts: shopSortLabels.choices(),
		CSVHref:       withQuery(shopsCSVPath, f.filter.values().Encode()),
		StreamHref:    f.shopsStreamHref(),
		RefreshAction: refreshPath, Filter: f.filter.fields(), Kept: f.kept(),
	}
	if len(f.seen.templates) > 0 {
		f.addTemplates(out, stateOf(r).may(operator))
	}
	if stateOf(r).may(operator) && len(f.found) > 0 {
		out.PlanHref = withQuery(newPlanPath, f.filter.values().Encode())
	}
	until, err := s.Fleet.Paused(r.Context())
	if err != nil {
		return nil, err
	}
	if !until.IsZero() {
		out.Paused = new(visitsPausedNotice(until))
	}
	out.Causes = s.causes(stateOf(r), f)
	if len(out.Causes) > causesShown && r.URL.Query().Get("causes") == "" {
		out.MoreCauses, out.Causes = len(out.Causes)-causesShown, out.Causes[:causesShown]
	}
	hours, err := s.hours(r, f, shown, now)
	if err != nil {
		return nil, err
	}
	twins := f.twins()
	for i, c := range shown {
		row := f.fleetRow(stateOf(r), c)
		row.Twin = twins[c.ShopID]
		row.OpenHref = f.filter.openHref(i, c.ShopID)
		row.Hours, row.Open = hours[c.ShopID], r.URL.Query().Get("open") == c.ShopID
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// counts returns how many shops are in each state. Each count leads to those shops.
func (f foundShops) counts() (all []views.ShopCount) {
	counts := map[fleet.State]int{}
	for _, state := range f.seen.states {
		counts[state]++
	}
	for _, state := range fleet.States() {
		all = append(all, views.ShopCount{
			State: shopMarks[state], Count: counts[state], Text: shopCountTexts[state],
			Href: shopFilter{state: string(state)}.href(1), Current: f.filter.state == string(state),
		})
	}
	return slices.DeleteFunc(all, func(c views.ShopCount) bool { return c.Count == 0 })
}

// addTemplates adds how the shops compare with the owner's templates, or with
// the one that the filter names.
func (f foundShops) addTemplates(out *views.Fleet, mayPlan bool) {
	out.Likeness = f.seen.likenessCounts(f.filter)
	out.Proposals = f.seen.proposals(mayPlan)
}

// kept says what of the filter has no field of its own.
func (f foundShops) kept() string {
	var all []string
	t, isKnown := f.seen.templateOf(f.filter.template)
	switch {
	case f.filter.host != "" && f.filter.reason == noReason:
		all = append(all, f.filter.host+": "+noReasonText)
	case f.filter.host != "" && f.filter.reason != "":
		all = append(all, f.filter.host+": "+f.filter.reason)
	case f.filter.pattern != "":
		all = append(all, samePatternText)
	case f.filter.host != "":
		all = append(all, f.filter.host)
	}
	if isKnown {
		all = append(all, templateName(t))
	}
	if f.filter.drift != "" {
		all = append(all, likenessLabels.text(f.filter.drift))
	}
	return joined(all)
}

// causes returns what makes deliveries of several shops fail.
func (s *server) causes(v *requestState, f foundShops) (all []views.ShopCause) {
	for _, c := range fleet.Causes(f.seen.failures) {
		one := views.ShopCause{
			Host: c.Host, Reason: cmp.Or(c.Reason, noReasonText), Shops: c.Shops, Count: c.Count, First: c.First,
			Href: shopFilter{host: c.Host, reason: cmp.Or(c.Reason, noReason)}.href(1),
		}
		if v.may(operator) && c.One.Webhook != "" {
			one.CheckHref = checkStartHref(c.One.Shop, "webhook", c.One.Webhook)
		}
		all = append(all, one)
	}
	return all
}

// hours returns the deliveries of the last 24 hours by shop. An hour that nobody
// has read is not known.
func (s *server) hours(
	r *http.Request, f foundShops, shown []store.Connection, now time.Time,
) (map[string]ui.Series, error) {
	all := map[string]ui.Series{}
	ids := []string{}
	for _, c := range shown {
		ids = append(ids, c.ShopID)
		all[c.ShopID] = knownHours(*f.seen.of[c.ShopID], now)
	}
	since := ui.Last24Hours(now, now)[0].Start
	buckets, err := s.Store.DeliveryBuckets(r.Context(), stateOf(r).owner,
		store.Buckets{Shops: ids, Since: since, Before: since.Add(chartHours * time.Hour), Width: time.Hour})
	for _, b := range buckets {
		for i, hour := range all[b.Shop] {
			if hour.Start.Equal(b.Start) {
				all[b.Shop][i].Failed, all[b.Shop][i].Accepted = b.Rate.Failed, b.Rate.Accepted
				all[b.Shop][i].Other = b.Rate.Pending + b.Rate.Unknown
			}
		}
	}
	return all, err
}

// knownHours returns 24 hours without deliveries.
func knownHours(o store.Observation, now time.Time) ui.Series {
	hours := ui.Last24Hours(now, time.Time{})
	for i, hour := range hours {
		hasRead := hour.Start.Before(o.DeliveriesAt)
		isLeft := o.Backlog.Page > 0 && !hour.Start.Before(o.Backlog.Until)
		hours[i].Known = hasRead && !isLeft
	}
	return hours
}

// fleetRow returns what the list says of a shop.
func (f foundShops) fleetRow(v *requestState, c store.Connection) views.FleetRow {
	o, state := *f.seen.of[c.ShopID], f.seen.states[c.ShopID]
	row := views.FleetRow{
		ConnectedShop: connectedShop(v, c, f), State: f.mark(c.ShopID), SeenAt: fleet.KnownUntil(o),
		Total: o.Total24h, Failed: o.Failed24h, AtLeast: o.Backlog.Page > 0,
		Problem: shopProblemTexts[fleet.Problem(o.Problem)], TriedAt: o.TriedAt,
	}
	if !o.SeenAt.IsZero() {
		row.Webhooks, row.Covered = ui.Count(o.WebhookCount, "webhook", "webhooks"), f.seen.covered(o)
	}
	row.HealthKnown = state != fleet.Reconnect && state != fleet.Stale && !o.SeenAt.IsZero() && !o.DeliveriesAt.IsZero()
	row.UnknownSince = o.DeliveriesAt
	row.TroubleText = f.attention(c.ShopID)
	row.Trouble = row.TroubleText
	if most := mostFailed(f.seen.failures[c.ShopID]); most.Count > 0 {
		// The host is above the list, or in the title.
		row.Trouble = strings.Replace(row.Trouble, failureText(most), cmp.Or(most.Reason, noReasonText), 1)
	}
	if state == fleet.Reconnect {
		row.TroubleHref = row.ReconnectHref
	}
	return row
}

// mark returns how a shop is drawn. A healthy one that differs from a template
// needs a look.
func (f foundShops) mark(shopID string) ui.State {
	state := f.seen.states[shopID]
	if state == fleet.Healthy && f.seen.likeness(shopID, f.filter.template) == fleet.Differs {
		return ui.Look
	}
	return shopMarks[state]
}

// covered returns how many event types of the catalog a shop covers.
func (s *seenShops) covered(o store.Observation) string {
	text := strconv.Itoa(fleet.Covered(o)) + "/" + strconv.Itoa(len(fourthwall.EventTypes()))
	if o.Cut {
		return "≥ " + text
	}
	return text
}

// attention says what is wrong with a shop, and how it differs from its
// templates.
func (f foundShops) attention(shopID string) string {
	trouble, drift := f.trouble(shopID), f.seen.driftText(shopID, f.filter.template, namedInList)
	if trouble == "" || drift == "" || trouble == noWebhooksText {
		return cmp.Or(trouble, drift)
	}
	return trouble + ", " + lowerFirst(drift)
}

// trouble says in a few words what is wrong with a shop, or "".
func (f foundShops) trouble(shopID string) string {
	o := *f.seen.of[shopID]
	problem := shopProblemTexts[fleet.Problem(o.Problem)]
	switch f.seen.states[shopID] {
	case fleet.Reconnect:
		return reconnectTrouble + lowerFirst(shopLink(o.Connection).WhyEnded)
	case fleet.Stale:
		return staleTrouble + lowerFirst(cmp.Or(problem, notVisitedText))
	case fleet.Unseen:
		return cmp.Or(problem, notKnownText(o))
	case fleet.Look, fleet.Failing:
		switch failures := f.seen.failures[shopID]; {
		case len(failures) > 0:
			return failureText(mostFailed(failures))
		case o.WebhookCount == 0:
			return noWebhooksText
		}
		return noEventTypesText
	}
	return problem
}

// notKnownText says what isn't known of a shop of which nothing else is wrong.
func notKnownText(o store.Observation) string {
	switch {
	case o.TriedAt.IsZero():
		return notVisitedYetText
	case o.Cut:
		return cutText
	}
	return backlogText
}

// mostFailed returns where most deliveries failed.
func mostFailed(all []fleet.Failure) (most fleet.Failure) {
	for _, f := range all {
		if f.Count > most.Count {
			most = f
		}
	}
	return most
}

// failureText says where deliveries failed, and how.
func failureText(f fleet.Failure) string {
	if f.Host == "" {
		return cmp.Or(f.Reason, noReasonText)
	}
	return f.Host + ": " + cmp.Or(f.Reason, noReasonText)
}

// lowerFirst returns a text for within a sentence. One that begins with an
// acronym stays.
func lowerFirst(text string) string {
	if len(text) < 2 || text[1] < 'a' || text[1] > 'z' {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}

// handleRefresh has shops visited soon: the one that is named, or all that the
// filter shows.
func (s *server) handleRefresh(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	owner := stateOf(r).owner
	if owner == "" || s.Fleet == nil {
		return &httpError{Status: http.StatusNotFound}
	}
	filter := readShopFilter(r.PostForm)
	found, err := s.findShops(r, filter)
	if err != nil {
		return err
	}
	back, of := filter.href(1), found.found
	if id := bounded(r.PostForm.Get("shop"), maxShopQuery); id != "" {
		back = withQuery(shopsPath, openValues(filter, id).Encode())
		of = slices.DeleteFunc(found.all, func(c store.Connection) bool { return c.ShopID != id })
	}
	var want []string
	ended := 0
	for _, c := range of {
		want = append(want, c.ShopID)
		ended += toReconnect(c)
	}
	if len(want) == len(found.all) {
		want = nil // all
	}
	asked := 0
	if len(of) > 0 {
		if asked, err = s.Fleet.Refresh(r.Context(), owner, want...); err != nil {
			return err
		}
	}
	stateOf(r).log.Info("visits asked for", "shops", asked)
	notice := refreshNotice(asked, ended)
	if err := s.tell(r, shopsPath, keptFlash{Notice: notice}); err != nil {
		return err
	}
	return redirect(w, r, back)
}

func openValues(f shopFilter, id string) url.Values {
	q := f.values()
	q.Set("open", id)
	return q
}

// handleShopsCSV sends the list as a file, filtered and sorted as on the page.
func (s *server) handleShopsCSV(w http.ResponseWriter, r *http.Request) error {
	if stateOf(r).owner == "" {
		return store.ErrNotFound // nothing is connected
	}
	filter := readShopFilter(r.URL.Query())
	filter.compares = true
	found, err := s.findShops(r, filter)
	if err != nil {
		return err
	}
	if found.seen == nil {
		return &httpError{Status: http.StatusNotFound} // one shop has no such list
	}
	rows := [][]string{{
		"shop id", "name", "domain", "labels", "state", "trouble", "webhooks", "covered event types",
		"event types not covered", "deliveries in 24 hours", "failed in 24 hours", "seen at", "tried at", "problem",
		"template", "drift",
	}}
	for _, c := range found.found {
		rows = append(rows, found.record(c))
	}
	return sendCSV(w, "shops.csv", rows)
}

func (f foundShops) record(c store.Connection) []string {
	o := *f.seen.of[c.ShopID]
	row := []string{
		c.ShopID, c.ShopName, c.ShopDomain, strings.Join(f.labels[c.ShopID], ", "), string(f.seen.states[c.ShopID]),
		f.trouble(c.ShopID), "", "", "", "", "", instantText(fleet.KnownUntil(o)), instantText(o.TriedAt), o.Problem,
		likenessLabels.text(string(f.seen.likeness(c.ShopID, ""))),
		f.seen.driftText(c.ShopID, "", len(fourthwall.EventTypes())),
	}
	if !o.SeenAt.IsZero() {
		row[6] = strconv.Itoa(o.WebhookCount)
	}
	if fleet.KnowsTypes(o) {
		row[7] = strconv.Itoa(fleet.Covered(o))
		var missing []string
		for _, info := range fourthwall.EventTypes() {
			if fleet.Lacks(o, info.Code) {
				missing = append(missing, string(info.Code))
			}
		}
		row[8] = strings.Join(missing, " ")
	}
	if !o.DeliveriesAt.IsZero() && o.Backlog.Page == 0 {
		row[9], row[10] = strconv.Itoa(o.Total24h), strconv.Itoa(o.Failed24h)
	}
	return row
}
