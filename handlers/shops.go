package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	shopsOnPage  = 50
	shopsFound   = 5 // that the switcher shows
	maxShopQuery = 200
)

// handleShops lists the connected shops, those to connect again first.
func (s *server) handleShops(w http.ResponseWriter, r *http.Request) error {
	owner := stateOf(r).owner
	if owner == "" {
		return redirect(w, r, connectPath)
	}
	frame, err := s.frame(r, "Shops")
	if err != nil {
		return err
	}
	all, err := s.Store.Connections(r.Context(), owner)
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b store.Connection) int { return toReconnect(b) - toReconnect(a) })
	query := bounded(r.URL.Query().Get("q"), maxShopQuery)
	found := matchingShops(all, query)
	first, pager := shopsPage(r, len(found))
	page := views.ShopsPage{
		Frame: frame, ConnectHref: connectPath, ListHref: shopsPath, Query: query, Found: len(found), Pager: pager,
	}
	for _, c := range all {
		page.Expired += toReconnect(c)
	}
	if page.Expired > 0 && !stateOf(r).may(admin) {
		admins, err := s.Team.Admins(r.Context())
		if err != nil {
			return err
		}
		page.WhoCanHelp = reconnectHelpText + whoCanHelp(admins)
	}
	for _, c := range found[first:min(first+shopsOnPage, len(found))] {
		if c.End.Why == store.EndUnreadable {
			s.noteUnreadable(r, &c)
		}
		page.Connected = append(page.Connected, connectedShop(stateOf(r), c))
	}
	return s.render(w, r, http.StatusOK, views.Shops(page))
}

// toReconnect returns 1 if the shop must be connected again.
func toReconnect(c store.Connection) int {
	if c.Expired {
		return 1
	}
	return 0
}

// shopsPage returns the index of the first shop of the page that the request
// names, and the links to its neighbors. A page that doesn't exist is the last.
func shopsPage(r *http.Request, found int) (first int, p ui.Pager) {
	last := max(1, (found+shopsOnPage-1)/shopsOnPage)
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	n = min(max(n, 1), last)
	if last == 1 {
		return 0, p
	}
	href := func(n int) string {
		q := filled(map[string]string{"q": bounded(r.URL.Query().Get("q"), maxShopQuery)})
		if n > 1 {
			q.Set("page", strconv.Itoa(n))
		}
		return withQuery(shopsPath, q.Encode())
	}
	first = (n - 1) * shopsOnPage
	p.Where = ui.Number(first+1) + "–" + ui.Number(min(first+shopsOnPage, found)) + " of " + ui.Number(found)
	if n > 1 {
		p.BackHref, p.BackText = href(n-1), "Previous"
	}
	if n < last {
		p.OnHref, p.OnText = href(n+1), "Next"
	}
	return first, p
}

// matchingShops returns the shops with every word of the query in their name,
// domain or ID.
func matchingShops(all []store.Connection, query string) (found []store.Connection) {
	words := strings.Fields(strings.ToLower(query))
	for _, c := range all {
		text := strings.ToLower(c.ShopName + "\n" + c.ShopDomain + "\n" + c.ShopID)
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) }) {
			found = append(found, c)
		}
	}
	return found
}

// handleFindShop draws what the switcher shows while someone types.
func (s *server) handleFindShop(w http.ResponseWriter, r *http.Request) error {
	part := views.FoundShopsPart{Query: bounded(strings.TrimSpace(r.URL.Query().Get("q")), maxShopQuery)}
	if owner := stateOf(r).owner; owner != "" && part.Query != "" {
		all, err := s.Store.Connections(r.Context(), owner)
		if err != nil {
			return err
		}
		found := matchingShops(all, part.Query)
		part.Found, part.Total = len(found), len(all)
		part.AllHref = withQuery(shopsPath, url.Values{"q": {part.Query}}.Encode())
		for _, c := range found[:min(shopsFound, len(found))] {
			part.Shops = append(part.Shops, shopLink(c))
		}
	}
	return s.render(w, r, http.StatusOK, views.FoundShops(part))
}

func connectedShop(v *requestState, c store.Connection) views.ConnectedShop {
	row := views.ConnectedShop{
		ShopLink: shopLink(c), Way: shops.Way(c), Permissions: shops.Permissions(c), ConnectedAt: c.CreatedAt,
	}
	if !v.may(admin) {
		return row
	}
	row.DisconnectHref = disconnectPath(c.ShopID)
	if c.Expired {
		row.ReconnectHref = connectLink("", c.ShopID).Href
	}
	return row
}
