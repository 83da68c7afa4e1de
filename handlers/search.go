package handlers

import (
	"net/http"
	"time"

	"hookwall/views"
)

const (
	hitsOnPage = 50 // of each kind
	hitsBelow  = 4  // of each kind, below the field while someone types

	outcomeRefused = "refused"
	outcomeCut     = "cut"
)

// handleSearch shows everything that matches, by kind. A whole ID leads straight
// to what it names. What looks like a secret leaves the URL immediately.
func (s *server) handleSearch(w http.ResponseWriter, r *http.Request) error {
	if stateOf(r).owner == "" {
		return redirect(w, r, connectPath)
	}
	typed := r.URL.Query().Get("q")
	switch shown := withoutURLSecrets(typed); {
	case holdsSecret(typed):
		scrub(w)
		return redirect(w, r, searchHref("", outcomeRefused))
	case shown != typed:
		scrub(w)
		return redirect(w, r, searchHref(shown, outcomeCut))
	}
	if query, had := withoutEmpty(r); had {
		return redirect(w, r, withQuery(searchPath, query))
	}
	frame, err := s.frame(r, "Search")
	if err != nil {
		return err
	}
	q, status := newSearchQuery(typed), http.StatusOK
	frame.Searched = bounded(q.text, maxTypedLabel)
	page := views.SearchPage{Frame: frame, Many: frame.ShopCount > 1, People: s.seesPeople(r)}
	page.Notice = searchNotice(r.URL.Query().Get("outcome"), q.isTooLong())
	if page.Refused() {
		status = http.StatusUnprocessableEntity
	} else if to, err := s.fillSearch(r, q, &page); err != nil {
		return err
	} else if to != "" {
		return redirect(w, r, to)
	}
	return s.render(w, r, status, views.Search(page))
}

// fillSearch adds what was found, or returns the page of what a whole ID names.
func (s *server) fillSearch(r *http.Request, q searchQuery, page *views.SearchPage) (to string, err error) {
	if q.text == "" {
		return "", nil
	}
	f := &found{q: q, owner: stateOf(r).owner, most: hitsOnPage, asks: true}
	if err := s.search(r, f); err != nil || f.open != "" {
		return f.open, err
	}
	page.Groups, page.Notes, page.Now = f.groups, f.notes(), s.Now()
	if len(f.groups) > 0 {
		page.Matches = matchesText(f.total())
		return "", nil
	}
	page.NoneTitle, page.NoneText = nothingMatches, searchAgainText
	if q.namesDelivery() || q.namesWebhook() {
		asked := s.askAbout(r, q, page.Shop)
		to = asked.open
		page.NoneTitle = noWebhookTitle
		var keep time.Duration
		if q.namesDelivery() {
			page.NoneTitle, keep = noDeliveryTitle, s.keepsDeliveries()
		}
		page.NoneText = notFoundText(keep, asked.shop, asked.failed, page.Many)
	}
	return to, nil
}

// keepsDeliveries returns how long deliveries are kept, 0 if visits read none.
func (s *server) keepsDeliveries() time.Duration {
	if s.Fleet == nil {
		return 0
	}
	return s.Fleet.Keep()
}

// handleSearchFound draws the first matches, for below the field.
func (s *server) handleSearchFound(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	typed := r.PostForm.Get("q")
	f := &found{q: newSearchQuery(withoutURLSecrets(typed)), owner: stateOf(r).owner, most: hitsBelow}
	part := views.SearchPart{}
	switch {
	case f.owner == "" || f.q.text == "":
	case holdsSecret(typed):
		part.Text = secretSearchTitle
	case f.q.isTooLong():
		part.Text = searchTooLongText
	default:
		if err := s.search(r, f); err != nil {
			return err
		}
		part.Groups, part.AllHref = f.groups, searchHref(f.q.text, "")
		part.Text = matchesText(f.total())
	}
	return s.render(w, r, http.StatusOK, views.SearchFound(part))
}
