package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

// found is what is searched for, and what was found.
type found struct {
	q     searchQuery
	owner store.Owner
	most  int  // hits of a kind that are shown
	asks  bool // Fourthwall may be asked

	shops  []store.Observation // of the owner
	groups []views.SearchGroup
	open   string // the page of what a whole ID names; "" for none
	unread int    // shops whose webhooks aren't known
	cut    int    // shops with more webhooks than are known
	isOld  bool   // Fourthwall was asked and gave no answer
}

// hasMany reports whether there is more than one shop. An owner of one sees
// neither shops nor their labels among what was found.
func (f *found) hasMany() bool { return len(f.shops) > 1 }

// add adds a group if something was found. more leads to all of it.
func (f *found) add(title string, hits []views.SearchHit, more *ui.Link) {
	if len(hits) == 0 {
		return
	}
	g := views.SearchGroup{Title: title, Found: len(hits), Hits: hits[:min(f.most, len(hits))]}
	if len(hits) > f.most {
		g.More = more
	}
	f.groups = append(f.groups, g)
}

// total is how much was found.
func (f *found) total() (n int) {
	for _, g := range f.groups {
		n += g.Found
	}
	return n
}

// onShopsPage leads to the shops that match.
func (f *found) onShopsPage(text string) *ui.Link {
	if !f.hasMany() {
		return nil
	}
	return &ui.Link{Href: shopFilter{query: f.q.text}.href(1), Text: text}
}

// notes say what wasn't searched.
func (f *found) notes() (all []string) {
	if f.isOld {
		all = append(all, searchIsOldText)
	}
	if f.unread > 0 {
		all = append(all, unreadShopsText(f.unread, len(f.shops)))
	}
	if f.cut > 0 {
		all = append(all, cutShopsText(f.cut, len(f.shops)))
	}
	return all
}

// search finds what the person may see.
func (s *server) search(r *http.Request, f *found) (err error) {
	if f.shops, err = s.Store.Observations(r.Context(), f.owner); err != nil {
		return err
	}
	s.searchShops(f)
	err = cmp.Or(s.searchWebhooks(r, f), s.searchDeliveries(r.Context(), f))
	if err == nil && f.hasMany() {
		err = s.searchLabels(r.Context(), f)
	}
	if err == nil && s.seesPeople(r) {
		err = s.searchPeople(r.Context(), f)
	}
	return err
}

// searchShops finds shops by name, domain and ID. Those whose name begins with
// the text are first.
func (s *server) searchShops(f *found) {
	var hits, others []views.SearchHit
	for _, o := range f.shops {
		if o.ShopID == f.q.text {
			f.open = webhooksPath(o.ShopID)
		}
		switch {
		case !f.q.isIn(o.ShopName, o.ShopDomain, f.q.id(o.ShopID)):
		case strings.HasPrefix(strings.ToLower(o.ShopName), strings.ToLower(f.q.text)):
			hits = append(hits, s.shopHit(o))
		default:
			others = append(others, s.shopHit(o))
		}
	}
	if f.hasMany() {
		f.add(shopsGroup, slices.Concat(hits, others), f.onShopsPage(moreShopsText))
	}
}

func (s *server) shopHit(o store.Observation) views.SearchHit {
	link := shopLink(o.Connection)
	hit := views.SearchHit{Href: link.Href, Name: link.Name, Sub: link.Domain}
	if s.Fleet == nil {
		return hit
	}
	state := s.Fleet.StateOf(o)
	hit.Mark = shopMarks[state]
	switch {
	case state == fleet.Healthy:
	case o.Failed24h > 0 && (state == fleet.Failing || state == fleet.Look):
		hit.More = ui.Number(o.Failed24h) + " of " + ui.Number(o.Total24h) + " failed"
	default:
		hit.More = shopStateLabels.text(string(state))
	}
	return hit
}

// searchWebhooks finds webhooks by URL, label and ID.
func (s *server) searchWebhooks(r *http.Request, f *found) error {
	called, err := s.Store.LabelsOf(r.Context(), f.owner)
	if err != nil {
		return err
	}
	seen, err := s.seenWebhooks(r, f)
	if err != nil {
		return err
	}
	var hits []views.SearchHit
	for _, o := range f.shops {
		of := ui.When(f.hasMany(), o.ShopName)
		for _, hook := range seen[o.ShopID] {
			label, id := called[o.ShopID][hook.ID], f.q.id(hook.ID)
			if hook.ID == f.q.text {
				f.open = webhookPath(o.ShopID, hook.ID)
			}
			if !f.q.touches(hook.URL, label, id) || !f.q.isIn(hook.URL, label, id, of) {
				continue
			}
			hit := views.SearchHit{Href: webhookPath(o.ShopID, hook.ID), Name: ui.HostAndPath(hook.URL), Sub: of}
			if label != "" {
				hit.Name, hit.More = label, hit.Name
			}
			hits = append(hits, hit)
		}
	}
	f.add(webhooksGroup, hits, f.onShopsPage(moreWebhooksText))
	return nil
}

// seenWebhooks returns the webhooks by shop, as visits saw them. Of an only shop,
// it asks Fourthwall, which knows more recent ones.
func (s *server) seenWebhooks(r *http.Request, f *found) (seen map[string][]fleet.Webhook, err error) {
	if s.Fleet != nil {
		if seen, err = s.Fleet.Seen(r.Context(), f.owner); err != nil {
			return nil, err
		}
	}
	if f.asks && len(f.shops) == 1 {
		only := &f.shops[0]
		hooks, isCut, err := s.listNow(r, only.ShopID)
		if f.isOld = err != nil; f.isOld {
			stateOf(r).log.Warn("a search could not list webhooks", "shop", clip(only.ShopID, maxLoggedShop), "error", err)
		} else {
			only.Cut, seen = isCut, map[string][]fleet.Webhook{only.ShopID: hooks}
		}
	}
	for _, o := range f.shops {
		if _, known := seen[o.ShopID]; !known {
			f.unread++
		} else if o.Cut {
			f.cut++
		}
	}
	return seen, nil
}

// listNow returns the webhooks of a shop as Fourthwall lists them.
func (s *server) listNow(r *http.Request, shopID string) (hooks []fleet.Webhook, isCut bool, err error) {
	conn, err := s.liveConnection(r, shopID)
	if err != nil {
		return nil, false, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Webhooks.Timing().List)
	defer cancel()
	list, err := s.Shops.Client(conn).Webhooks(ctx)
	for _, hook := range list.Webhooks {
		hooks = append(hooks, fleet.Webhook{ID: hook.ID, Content: hook.Content()})
	}
	return hooks, list.Incomplete, err
}

// liveConnection returns the connection to a shop, or an error if it can't be used.
func (s *server) liveConnection(r *http.Request, shopID string) (store.Connection, error) {
	conn, err := s.Store.Connection(r.Context(), stateOf(r).owner, shopID)
	if err == nil && conn.Expired {
		err = oauth.ErrReconnect
	}
	return conn, err
}

// searchDeliveries finds deliveries by their whole ID, as visits saw them.
func (s *server) searchDeliveries(ctx context.Context, f *found) error {
	if len(f.q.words) != 1 {
		return nil
	}
	all, err := s.Store.FindDelivery(ctx, f.owner, f.q.text)
	var hits []views.SearchHit
	for _, d := range all {
		f.open = eventPath(d.Shop, d.Event)
		hit := views.SearchHit{
			Href: f.open, Name: d.Event, Sub: typeName(d.Type), Mark: outcomeMarks[d.Outcome], At: d.CreatedAt,
		}
		i := slices.IndexFunc(f.shops, func(o store.Observation) bool { return o.ShopID == d.Shop })
		if i >= 0 && f.hasMany() {
			hit.More = f.shops[i].ShopName
		}
		hits = append(hits, hit)
	}
	f.add(deliveriesGroup, hits, nil)
	return err
}

// searchLabels finds labels of connected shops.
func (s *server) searchLabels(ctx context.Context, f *found) error {
	labels, err := s.Store.ShopLabels(ctx, f.owner)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for _, o := range f.shops {
		for _, label := range labels[o.ShopID] {
			if f.q.isIn(label) {
				counts[label]++
			}
		}
	}
	var hits []views.SearchHit
	for _, label := range mostUsed(counts) {
		hits = append(hits, views.SearchHit{
			Href: shopFilter{label: label}.href(1), Name: label, More: ui.Count(counts[label], "shop", "shops"),
		})
	}
	f.add(labelsGroup, hits, f.onShopsPage(moreShopsText))
	return nil
}

var outcomeMarks = map[store.DeliveryOutcome]ui.State{
	store.DeliveryAccepted: ui.OK, store.DeliveryFailed: ui.Failing, store.DeliveryPending: ui.NotKnown,
	store.DeliveryUnknown: ui.NotKnown,
}

func typeName(code string) string {
	if info, known := fourthwall.LookupEventType(fourthwall.EventType(code)); known {
		return info.Title
	}
	return code
}

// seesPeople reports whether the page about people is the person's.
func (s *server) seesPeople(r *http.Request) bool { return s.Team != nil && stateOf(r).may(admin) }

// searchPeople finds people by name and e-mail.
func (s *server) searchPeople(ctx context.Context, f *found) error {
	all, err := s.Team.People(ctx)
	var hits []views.SearchHit
	for _, p := range all {
		if !f.q.isIn(p.Called(), p.Email) {
			continue
		}
		hit := views.SearchHit{Href: peoplePath, Name: p.Called(), More: roleNames[p.Role]}
		if p.IsRemoved() {
			hit.More = removedRole
		}
		if p.Email != hit.Name {
			hit.Sub = p.Email
		}
		hits = append(hits, hit)
	}
	f.add(peopleGroup, hits, &ui.Link{Href: peoplePath, Text: morePeopleText})
	return err
}

// answer is what Fourthwall says about an ID in the shop in the bar.
type answer struct {
	shop   string // its name; "" if there is none
	open   string // the page of what the ID names; "" if it wasn't found
	failed bool   // there was no answer
}

// askAbout looks for a delivery or a webhook in the shop in the bar at
// Fourthwall, since visits may not have read it yet.
func (s *server) askAbout(r *http.Request, q searchQuery, shop *views.ShopLink) answer {
	if shop == nil {
		return answer{}
	}
	out := answer{shop: shop.Name}
	conn, err := s.liveConnection(r, shop.ID)
	if err == nil {
		ctx, cancel := context.WithTimeout(r.Context(), s.Webhooks.Timing().List)
		defer cancel()
		out.open = webhookPath(shop.ID, q.text)
		if q.namesDelivery() {
			out.open = eventPath(shop.ID, q.text)
			_, err = s.Shops.Client(conn).Event(ctx, q.text)
		} else {
			_, err = s.fetchWebhook(ctx, conn, q.text)
		}
	}
	if err == nil {
		return out
	}
	var api *fourthwall.Error
	out.open = ""
	out.failed = !errors.As(err, &api) || api.Status != http.StatusNotFound || !api.Rejected() || api.ShopGone()
	if out.failed {
		stateOf(r).log.Warn("a search could not ask Fourthwall", "shop", clip(shop.ID, maxLoggedShop), "error", err)
	}
	return out
}
