package handlers

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// shopsOnPage is how many shops a page lists.
const shopsOnPage = 50

// shopFilter is the filter and the order of the list of shops. It is in the URL,
// so it can be bookmarked. All but the first two fields need visits.
type shopFilter struct {
	query   string // text in the name, the domain, the ID, a label, or the URL of a webhook
	label   string
	state   string // a fleet.State
	missing string // event type that no webhook has
	host    string // to which deliveries failed
	reason  string // for which they did; noReason for none
	pattern string // as in coverage
	drift   string // a fleet.Likeness
	sort    string

	template string // ID of the one that drift is about, and that is for the shop; "" for all
	compares bool   // with templates, even if that leaves no shop out
}

func readShopFilter(q url.Values) shopFilter {
	read := func(name string) string { return bounded(q.Get(name), maxShopQuery) }
	return shopFilter{
		query: read("q"), label: read("label"), state: oneOf(q.Get("state"), shopStateLabels), missing: read("missing"),
		host: bounded(q.Get("host"), maxReason), reason: bounded(q.Get("reason"), maxReason), pattern: read("pattern"),
		drift: oneOf(q.Get("drift"), likenessLabels), template: read("template"),
		sort: oneOf(q.Get("sort"), shopSortLabels),
	}
}

// maxReason is how many bytes of a reason count. Visits store fewer. A host has fewer too.
const maxReason = 400

// noReason is no reason in an address, where an empty value is no filter.
const noReason = "-"

// isOf reports whether a shop's deliveries failed as the filter says.
func (f shopFilter) isOf(one fleet.Failure) bool {
	return one.Host == f.host && (f.reason == "" || cmp.Or(one.Reason, noReason) == f.reason)
}

func (f shopFilter) values() url.Values {
	v := f.chosen()
	if f.sort != "" {
		v.Set("sort", f.sort)
	}
	return v
}

// chosen are the values that leave shops out.
func (f shopFilter) chosen() url.Values {
	return filled(map[string]string{
		"q": f.query, "label": f.label, "state": f.state, "missing": f.missing, "host": f.host, "reason": f.reason,
		"pattern": f.pattern, "drift": f.drift, "template": f.template,
	})
}

// narrows reports whether the filter may leave shops out.
func (f shopFilter) narrows() bool { return len(f.chosen()) > 0 }

// shopFilterFields are the names of the filter's fields.
var shopFilterFields = []string{
	"q", "label", "state", "missing", "host", "reason", "pattern", "drift", "template", "sort",
}

// fields are the values for a form, in a fixed order.
func (f shopFilter) fields() (all []ui.Choice) {
	v := f.values()
	for _, name := range shopFilterFields {
		if v.Get(name) != "" {
			all = append(all, ui.Choice{Value: v.Get(name), Text: name})
		}
	}
	return all
}

// href returns a link to a page of the list.
func (f shopFilter) href(page int) string {
	q := f.values()
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return withQuery(shopsPath, q.Encode())
}

// openHref returns a link to the page of the list that has a shop, with its
// details.
func (f shopFilter) openHref(row int, shopID string) string {
	q := f.values()
	q.Set("open", shopID)
	return "?" + q.Encode() + "#row-" + strconv.Itoa(row)
}

// foundShops are the shops of an owner, and those that a filter shows.
type foundShops struct {
	filter     shopFilter
	all, found []store.Connection // the most troubled first, unless sorted otherwise
	labels     map[string][]string
	seen       *seenShops // nil if the shops aren't visited, or there is only one
}

// seenShops is what visits saw of an owner's shops, by shop.
type seenShops struct {
	of       map[string]*store.Observation
	states   map[string]fleet.State
	failures map[string][]fleet.Failure
	webhooks map[string][]fleet.Webhook // if something was searched

	templates []fleet.Template            // if they were compared
	compared  map[string]fleet.Comparison // nil if they weren't
}

func (s *server) findShops(r *http.Request, f shopFilter) (foundShops, error) {
	out := foundShops{filter: f}
	owner := stateOf(r).owner
	var err error
	if out.labels, err = s.Store.ShopLabels(r.Context(), owner); err != nil {
		return out, err
	}
	if s.Fleet == nil {
		out.all, err = s.Store.Connections(r.Context(), owner)
	} else {
		err = s.see(r.Context(), owner, &out)
	}
	if err != nil {
		return out, err
	}
	if f.compares || f.drift != "" || f.template != "" {
		if err := s.compareTemplates(r.Context(), owner, &out); err != nil {
			return out, err
		}
	}
	out.sort()
	if !f.narrows() {
		out.found = slices.Clone(out.all)
		return out, nil
	}
	for _, c := range out.all {
		if out.shows(c) {
			out.found = append(out.found, c)
		}
	}
	return out, nil
}

// see adds what visits saw.
func (s *server) see(ctx context.Context, owner store.Owner, out *foundShops) error {
	all, err := s.Store.Observations(ctx, owner)
	if err != nil {
		return err
	}
	out.all = slices.Grow(out.all, len(all))
	for i := range all {
		out.all = append(out.all, all[i].Connection)
	}
	if len(all) < 2 {
		return nil
	}
	seen := &seenShops{
		of: make(map[string]*store.Observation, len(all)), states: make(map[string]fleet.State, len(all)),
	}
	for i := range all {
		o := &all[i]
		seen.of[o.ShopID], seen.states[o.ShopID] = o, s.Fleet.StateOf(*o)
	}
	if seen.failures, err = s.Fleet.Failures(ctx, owner); err != nil {
		return err
	}
	if strings.TrimSpace(out.filter.query) != "" {
		seen.webhooks, err = s.Fleet.Seen(ctx, owner)
	}
	out.seen = seen
	return err
}

// shopPlace is what a shop is sorted by: what is less comes first.
type shopPlace struct {
	state, likeness int
	part            float64 // of the deliveries of 24 hours that failed, less than 0
	failed          int     // of them, less than 0
	until           time.Time
	at              int
}

// sort sorts the shops. Those that compare equal stay in the order of names.
func (f foundShops) sort() {
	places := make([]shopPlace, len(f.all))
	for i, c := range f.all {
		places[i] = f.place(c)
		places[i].at = i
	}
	slices.SortFunc(places, func(a, b shopPlace) int {
		return cmp.Or(a.state-b.state, a.likeness-b.likeness, cmp.Compare(a.part, b.part), cmp.Compare(a.failed, b.failed),
			a.until.Compare(b.until), a.at-b.at)
	})
	unsorted := slices.Clone(f.all)
	for i, p := range places {
		f.all[i] = unsorted[p.at]
	}
}

func (f foundShops) place(c store.Connection) shopPlace {
	if f.seen == nil {
		return shopPlace{state: -toReconnect(c)}
	}
	o := f.seen.of[c.ShopID]
	switch f.filter.sort {
	case sortShopName:
		return shopPlace{}
	case sortShopSeen:
		return shopPlace{until: fleet.KnownUntil(*o)}
	}
	return shopPlace{
		state: slices.Index(fleet.States(), f.seen.states[c.ShopID]), likeness: -f.seen.differs(c.ShopID),
		part: -failedPart(o), failed: -o.Failed24h,
	}
}

// failedPart returns which part of the deliveries of 24 hours failed.
func failedPart(o *store.Observation) float64 {
	return float64(o.Failed24h) / float64(max(o.Total24h, 1))
}

// compareTemplates adds how the shops compare with the owner's templates.
func (s *server) compareTemplates(ctx context.Context, owner store.Owner, out *foundShops) error {
	if out.seen == nil {
		return nil
	}
	stored, err := s.Fleet.Templates(ctx, owner)
	if err != nil {
		return err
	}
	out.seen.templates = fleet.Readable(stored)
	if len(out.seen.templates) == 0 {
		return nil
	}
	var seen []store.Observation
	for _, c := range out.all {
		seen = append(seen, *out.seen.of[c.ShopID])
	}
	out.seen.compared, err = s.Fleet.Comparisons(ctx, owner, seen, out.labels, out.seen.templates)
	return err
}

// likeness returns how a shop compares with one template, or with all if it's "".
func (s *seenShops) likeness(shopID, template string) fleet.Likeness {
	c := s.compared[shopID]
	if template == "" {
		return c.Likeness
	}
	d, _ := c.With(template)
	return d.Likeness
}

// differs returns 1 if a shop differs from a template.
func (s *seenShops) differs(shopID string) int {
	if s.compared[shopID].Likeness == fleet.Differs {
		return 1
	}
	return 0
}

// shows reports whether the filter shows a shop. One of which something isn't
// known isn't shown for that.
func (f foundShops) shows(c store.Connection) bool {
	key := store.ShopLabelKey(f.filter.label)
	isSame := func(label string) bool { return store.ShopLabelKey(label) == key }
	if f.filter.label != "" && !slices.ContainsFunc(f.labels[c.ShopID], isSame) || !f.hasWords(c) {
		return false
	}
	if f.seen == nil {
		return true
	}
	return f.seen.shows(f.filter, c.ShopID)
}

func (s *seenShops) shows(f shopFilter, shopID string) bool {
	o := s.of[shopID]
	switch {
	case f.state != "" && s.states[shopID] != fleet.State(f.state),
		f.missing != "" && !fleet.Lacks(*o, fourthwall.EventType(f.missing)),
		f.host != "" && !slices.ContainsFunc(s.failures[shopID], f.isOf),
		f.pattern != "" && !fleet.HasPattern(*o, f.pattern),
		f.drift != "" && s.likeness(shopID, f.template) != fleet.Likeness(f.drift),
		f.template != "" && s.likeness(shopID, f.template) == "":
		return false
	}
	return true
}

// twins returns, by shop, what tells shops with the same name apart: their domains, or their IDs if those are the same
// too.
func (f foundShops) twins() map[string]string {
	names, named := make([]string, len(f.all)), make(map[string]int, len(f.all))
	for i, c := range f.all {
		names[i] = strings.ToLower(c.ShopName)
		named[names[i]]++
	}
	full := func(i int) string { return names[i] + "\n" + strings.ToLower(f.all[i].ShopDomain) }
	isTwin := func(i int) bool { return named[names[i]] > 1 && names[i] != "" } // one without a name is called by its ID
	same := map[string]int{}
	for i := range f.all {
		if isTwin(i) {
			same[full(i)]++
		}
	}
	all := map[string]string{}
	for i, c := range f.all {
		switch {
		case !isTwin(i):
		case same[full(i)] < 2 && c.ShopDomain != "":
			all[c.ShopID] = c.ShopDomain
		default:
			all[c.ShopID] = c.ShopID
		}
	}
	return all
}

// identity identifies the shops that were found, in any order.
func (f foundShops) identity() string {
	hash := sha256.New()
	for _, id := range slices.Sorted(slices.Values(f.ids())) {
		_, _ = io.WriteString(hash, id+"\n")
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// ids returns the IDs of the shops that were found.
func (f foundShops) ids() (all []string) {
	for _, c := range f.found {
		all = append(all, c.ShopID)
	}
	return all
}

// labelChoices returns the labels of connected shops with their number, those
// that most shops have.
func (f foundShops) labelChoices() (out []ui.Choice) {
	counts, chosen := map[string]int{}, false
	for _, c := range f.all {
		for _, label := range f.labels[c.ShopID] {
			counts[label]++
		}
	}
	for _, label := range mostUsed(counts) {
		isChosen := store.ShopLabelKey(label) == store.ShopLabelKey(f.filter.label)
		chosen = chosen || isChosen
		value := label
		if isChosen {
			value = f.filter.label // as in the address
		}
		out = append(out, ui.Choice{Value: value, Text: label + " (" + ui.Number(counts[label]) + ")"})
	}
	if f.filter.label != "" && !chosen {
		out = append(out, ui.Choice{Value: f.filter.label, Text: f.filter.label})
	}
	return out
}

// toReconnect returns 1 if the shop must be connected again.
func toReconnect(c store.Connection) int {
	if c.Expired {
		return 1
	}
	return 0
}

// page returns the index of the first shop of the page that the request names,
// and the links to its neighbors. A page that doesn't exist is the last. A shop
// whose details are open brings its own page.
func (f foundShops) page(r *http.Request) (first int, p ui.Pager) {
	found := len(f.found)
	last := max(1, (found+shopsOnPage-1)/shopsOnPage)
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	isOpen := func(c store.Connection) bool { return c.ShopID == r.URL.Query().Get("open") }
	if i := slices.IndexFunc(f.found, isOpen); i >= 0 {
		n = i/shopsOnPage + 1
	}
	n = min(max(n, 1), last)
	if last == 1 {
		return 0, p
	}
	first = (n - 1) * shopsOnPage
	p.Where = ui.Number(first+1) + "–" + ui.Number(min(first+shopsOnPage, found)) + " of " + ui.Number(found)
	if n > 1 {
		p.BackHref, p.BackText = f.filter.href(n-1), "Previous"
	}
	if n < last {
		p.OnHref, p.OnText = f.filter.href(n+1), "Next"
	}
	return first, p
}

// hasWords reports whether every word of the query is in the shop's name,
// domain, ID or labels, or in the URL of a webhook.
func (f foundShops) hasWords(c store.Connection) bool {
	if strings.TrimSpace(f.filter.query) == "" {
		return true
	}
	text := append([]string{c.ShopName, c.ShopDomain, c.ShopID}, f.labels[c.ShopID]...)
	if f.seen != nil {
		for _, hook := range f.seen.webhooks[c.ShopID] {
			text = append(text, hook.URL)
		}
	}
	all := strings.ToLower(strings.Join(text, "\n"))
	for word := range strings.FieldsSeq(strings.ToLower(f.filter.query)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}
