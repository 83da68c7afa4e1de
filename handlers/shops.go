package handlers

import (
	"net/http"
	"strings"

	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

// shopsFound is how many shops the switcher shows.
const shopsFound = 5

// handleShops lists the connected shops, those to connect again first. After a
// new sign-in, it shows the labels that were typed before.
func (s *server) handleShops(w http.ResponseWriter, r *http.Request) error {
	if stateOf(r).owner == "" {
		return redirect(w, r, connectPath)
	}
	if query, had := withoutEmpty(r); had {
		return redirect(w, r, withQuery(shopsPath, query))
	}
	filter, bulk := readShopFilter(r.URL.Query()), bulkForm{}
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), r.URL.Query().Get("draft"))
	switch {
	case err == nil && draft.Page == labelShopsPath:
		filter = readShopFilter(draft.Form)
		bulk = bulkForm{typed: bounded(draft.Form.Get("labels"), maxTypedLabel), open: true}
	case err != nil && !draftGone(err):
		return err
	}
	filter.compares = true
	found, err := s.findShops(r, filter)
	if err != nil {
		return err
	}
	return s.drawShops(w, r, http.StatusOK, found, bulk)
}

// drawShops draws the list with the form that labels all found shops.
func (s *server) drawShops(w http.ResponseWriter, r *http.Request, status int, f foundShops, bulk bulkForm) error {
	frame, err := s.frame(r, "Shops")
	if err != nil {
		return err
	}
	frame.Path = shopsPath // also after its form
	first, pager := f.page(r)
	shown := f.found[first:min(first+shopsOnPage, len(f.found))]
	page := views.ShopsPage{
		Frame: frame, ConnectHref: connectPath, ListHref: shopsPath, Query: f.filter.query, Label: f.filter.label,
		Filtered:     f.filter.narrows(),
		LabelChoices: f.labelChoices(), Found: len(f.found), Pager: pager, Banner: bulk.banner,
	}
	if page.Personal, err = s.personalNotice(r); err != nil {
		return err
	}
	for _, c := range f.all {
		page.Expired += toReconnect(c)
	}
	if page.Expired > 0 && !stateOf(r).may(admin) {
		admins, err := s.Team.Admins(r.Context())
		if err != nil {
			return err
		}
		page.WhoCanHelp = reconnectHelpText + whoCanHelp(admins)
	}
	if f.seen != nil {
		if page.Fleet, err = s.fleetOf(r, f, shown); err != nil {
			return err
		}
	}
	for _, c := range shown {
		if c.End.Why == store.EndUnreadable {
			s.noteUnreadable(r, &c)
		}
		page.Connected = append(page.Connected, connectedShop(stateOf(r), c, f))
	}
	if stateOf(r).may(operator) && len(f.all) > 1 && len(f.found) > 0 {
		page.Bulk = &views.BulkLabels{
			Action: labelShopsPath, Count: len(f.found), Seen: f.identity(), Open: bulk.open || bulk.err != nil,
			Filter: f.filter.fields(),
			Form:   views.LabelsForm{Typed: bulk.typed, Err: bulk.err, Known: knownLabels(f.labels)},
		}
	}
	return s.render(w, r, status, views.Shops(page))
}

// handleFindShop draws what the switcher shows while someone types.
func (s *server) handleFindShop(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	part := views.FoundShopsPart{Query: bounded(strings.TrimSpace(r.PostForm.Get("q")), maxShopQuery)}
	if owner := stateOf(r).owner; owner != "" && part.Query != "" {
		f, err := s.findShops(r, shopFilter{query: part.Query})
		if err != nil {
			return err
		}
		part.Found, part.Total, part.AllHref = len(f.found), len(f.all), f.filter.href(1)
		for _, c := range f.found[:min(shopsFound, len(f.found))] {
			part.Shops = append(part.Shops, shopLink(c))
		}
	}
	return s.render(w, r, http.StatusOK, views.FoundShops(part))
}

func connectedShop(v *requestState, c store.Connection, f foundShops) views.ConnectedShop {
	row := views.ConnectedShop{
		ShopLink: shopLink(c), Way: shops.Way(c), Permissions: shops.Permissions(c), ConnectedAt: c.CreatedAt,
	}
	for _, label := range f.labels[c.ShopID] {
		row.Labels = append(row.Labels, ui.Link{Href: shopFilter{label: label}.href(1), Text: label})
	}
	if v.may(operator) {
		row.LabelsHref = shopLabelsPath(c.ShopID)
	}
	if !v.may(admin) {
		return row
	}
	row.DisconnectHref = disconnectPath(c.ShopID)
	if c.Expired {
		row.ReconnectHref = connectLink("", c.ShopID).Href
	}
	if link := channelLink(c); link != nil {
		row.WayHref = link.Href
	}
	return row
}

// bulkForm is the form that labels all found shops, as it was sent.
type bulkForm struct {
	typed  string
	open   bool
	err    *ui.FieldError
	banner *ui.Notice
}

// handleLabelShops adds labels to all shops that a filter shows. It asks again
// if they aren't those that the form was drawn with.
func (s *server) handleLabelShops(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if stateOf(r).owner == "" {
		return store.ErrNotFound // nothing is connected
	}
	found, err := s.findShops(r, readShopFilter(r.PostForm))
	if err != nil {
		return err
	}
	bulk := bulkForm{typed: bounded(r.PostForm.Get("labels"), maxTypedLabel), open: true}
	labels, problem := shops.ReadLabels(bulk.typed)
	if problem != "" {
		bulk.err = &ui.FieldError{Text: problem}
		return s.drawShops(w, r, http.StatusUnprocessableEntity, found, bulk)
	}
	if r.PostForm.Get("seen") != found.identity() {
		bulk.banner = &ui.Notice{Kind: ui.Warning, Title: otherShopsTitle, Text: otherShopsText}
		return s.drawShops(w, r, http.StatusConflict, found, bulk)
	}
	done, err := s.Shops.AddLabels(r.Context(), s.actor(r), found.found, labels)
	if err != nil {
		return err
	}
	var added, had, full int
	for _, one := range done {
		switch {
		case one.Full:
			full++
		case len(one.Added) == 0:
			had++
		default:
			added++
		}
	}
	stateOf(r).log.Info("shops labeled", "shops", added)
	if err := s.tell(r, shopsPath, keptFlash{Notice: shopsLabeledNotice(labels, added, had, full)}); err != nil {
		return err
	}
	return redirect(w, r, found.filter.href(1))
}

// labelShopsAgain draws the list with the form as it was sent.
func (s *server) labelShopsAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	found, err := s.findShops(r, readShopFilter(r.PostForm))
	if err != nil {
		return err
	}
	typed := bounded(r.PostForm.Get("labels"), maxTypedLabel)
	return s.drawShops(w, r, status, found, bulkForm{typed: typed, open: true, banner: withRequestID(n, r)})
}
