package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	shopsPerPage = 50
	shownCards   = 6 // more shops than this are a list
	consentShops = 8 // that the consent page offers at once
)

// A foundShop is a demo shop that fits the search, with those of its webhooks that do.
type foundShop struct {
	stateShop
	Found found
	Log   string // how many deliveries there are, in a list
}

// found are the webhooks of a shop that the front page shows.
type found struct {
	Webhooks []Webhook
	Words    string // says how many there are if not all are shown
}

// A shopList is a page of the shops that fit a search.
type shopList struct {
	Query    string
	Shops    []foundShop
	IsList   bool   // not cards with everything
	Words    string // says which of how many are shown, "" if all are
	Previous string // their addresses; "" without them
	Next     string
}

// findShops returns a page of the shops that have all words of a query, in what they are or in one of their webhooks.
func findShops(all []stateShop, query string, page int) shopList {
	out := shopList{Query: query}
	words := strings.Fields(strings.ToLower(query))
	var fits []foundShop
	for _, sh := range all {
		if one, ok := sh.search(words); ok {
			fits = append(fits, one)
		}
	}
	out.IsList = len(fits) > shownCards
	page = min(max(page, 1), max((len(fits)+shopsPerPage-1)/shopsPerPage, 1))
	from := (page - 1) * shopsPerPage
	to := min(from+shopsPerPage, len(fits))
	out.Shops = fits[from:to]
	if from > 0 {
		out.Previous = frontAddress(query, page-1)
	}
	if to < len(fits) {
		out.Next = frontAddress(query, page+1)
	}
	if len(fits) > shopsPerPage || len(words) > 0 && len(fits) > 0 {
		out.Words = shopsText(from+1, to, len(fits), len(all))
	}
	return out
}

// frontAddress is the address of a page of shops.
func frontAddress(query string, page int) string {
	v := url.Values{}
	if query != "" {
		v.Set("q", query)
	}
	if page > 1 {
		v.Set("page", strconv.Itoa(page))
	}
	if len(v) == 0 {
		return "/#shops"
	}
	return "/?" + v.Encode() + "#shops"
}

// search returns the shop with the newest webhooks that fit. If the words are all of the shop itself, all webhooks do.
func (sh stateShop) search(words []string) (foundShop, bool) {
	out := foundShop{stateShop: sh}
	own := strings.ToLower(sh.Name + " " + sh.Domain + " " + sh.ID + " " + strings.Join(sh.Oddities, " "))
	isShop := hasAll(own, words)
	for _, w := range slices.Backward(sh.Webhooks) {
		text := own + " " + strings.ToLower(w.URL+" "+w.ID+" "+strings.Join(w.AllowedTypes, " "))
		if isShop || hasAll(text, words) {
			out.Found.Webhooks = append(out.Found.Webhooks, w)
		}
	}
	n := len(out.Found.Webhooks)
	if n > shownWebhooks {
		out.Found.Webhooks, out.Found.Words = out.Found.Webhooks[:shownWebhooks], shownText(shownWebhooks, n)
	}
	return out, isShop || n > 0
}

func hasAll(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// An oddityLink leads to the shops with an oddity.
type oddityLink struct {
	Name, Address string
	Count         int
}

// oddityLinks returns the oddities that shops have.
func oddityLinks(all []stateShop) []oddityLink {
	count := map[string]int{}
	for _, sh := range all {
		for _, name := range sh.Oddities {
			count[name]++
		}
	}
	var out []oddityLink
	for _, name := range oddityNames {
		if count[name] > 0 {
			out = append(out, oddityLink{name, frontAddress(name, 1), count[name]})
		}
	}
	return out
}

// describeLogs says of each shop in a list how its deliveries went.
func (s *Server) describeLogs(shops []foundShop) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, one := range shops {
		if sh := s.shop(one.ID); sh != nil {
			shops[i].Log = deliveriesText(tally(sh.log()))
		}
	}
}

// findDemoShops returns the first shops that have all words of a query, and how many there are.
func findDemoShops(all []DemoShop, query string, n int) (shown []DemoShop, count int) {
	words := strings.Fields(strings.ToLower(query))
	for _, sh := range all {
		if hasAll(strings.ToLower(sh.Name+" "+sh.Domain+" "+sh.ID), words) {
			if count++; count <= n {
				shown = append(shown, sh)
			}
		}
	}
	return shown, count
}
