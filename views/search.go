package views

import (
	"slices"
	"time"

	"hookwall/views/ui"
)

// SearchPage shows what was found, by kind.
type SearchPage struct {
	Frame
	Notice *ui.Notice // what is wrong with the search, or what became of it
	Many   bool       // the person has several shops
	People bool       // the person may see people

	Matches string // how much was found; "" for nothing
	Groups  []SearchGroup
	// What is said if nothing was found.
	NoneTitle, NoneText string
	Notes               []string // what wasn't searched
	Now                 time.Time
}

// SearchGroup is what was found of one kind.
type SearchGroup struct {
	Title string
	Found int
	Hits  []SearchHit // the first of them
	More  *ui.Link    // to all of them; nil if all are shown, or no page has them
}

// SearchHit is one thing that was found.
type SearchHit struct {
	Href string
	Name string
	Mark ui.State  // "" for none
	Sub  string    // what else identifies it; "" for nothing
	More string    // where it is, or how; "" for nothing
	At   time.Time // zero for none
}

// SearchPart is what is shown below the field while someone types.
type SearchPart struct {
	Text    string // how much was found, or what is wrong; "" if nothing was typed
	Groups  []SearchGroup
	AllHref string // the page with everything that was found
}

// Refused reports whether something is wrong with the search.
func (p SearchPage) Refused() bool { return isFailure(p.Notice) }

// isPlain reports whether no hit has a mark.
func (g SearchGroup) isPlain() bool {
	return !slices.ContainsFunc(g.Hits, func(h SearchHit) bool { return h.Mark != "" })
}

// words joins what a hit says below its name.
func (h SearchHit) words() string {
	if h.Sub != "" && h.More != "" {
		return h.Sub + " · " + h.More
	}
	return h.Sub + h.More
}
