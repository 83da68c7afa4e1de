package fleet

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
)

// Template says which webhooks a shop should have. A change makes a new version.
type Template struct {
	ID          string               `json:"id"`
	Name        string               `json:"name"`
	Version     int                  `json:"version"`
	Webhooks    []fourthwall.Content `json:"webhooks"`              // their URLs may have placeholders
	Labels      []string             `json:"labels,omitempty"`      // of the shops that it is for; none: of every shop
	ReportExtra bool                 `json:"reportExtra,omitempty"` // other webhooks make a shop differ
}

// Place is what a template may say of a shop.
type Place struct {
	ID, Domain, Name string
	Labels           []string
}

// AppliesTo reports whether a template is for a shop.
func (t Template) AppliesTo(shop Place) bool {
	return len(t.Labels) == 0 || slices.ContainsFunc(t.Labels, func(label string) bool {
		return slices.ContainsFunc(shop.Labels, func(has string) bool { return strings.EqualFold(has, label) })
	})
}

// placeholder is a word in braces in the URL of a template.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// Placeholders are the words that the URL of a template may have.
func Placeholders() []string { return []string{"{shop.id}", "{shop.domain}", "{shop.name}"} }

// UnknownPlaceholders returns the words in braces of a URL that no shop has a value for, and those that stand where
// they can't be replaced: before the path.
func UnknownPlaceholders(text string) (unknown, misplaced []string) {
	start := pathOf(text)
	for _, at := range placeholder.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		switch {
		case !slices.Contains(Placeholders(), word):
			unknown = append(unknown, word)
		case at[0] < start:
			misplaced = append(misplaced, word)
		}
	}
	return unknown, misplaced
}

// pathOf returns where the path of a URL, or what is in its place, begins.
func pathOf(text string) int {
	start := strings.Index(text, "://")
	if start < 0 {
		return len(text)
	}
	start += len("://")
	if end := strings.IndexAny(text[start:], "/?#"); end >= 0 {
		return start + end
	}
	return len(text)
}

// urlFor returns the URL of a template for one shop. The values are escaped, so none of them can change another part of
// the URL. missing names the first placeholder for which the shop has no value.
func urlFor(text string, shop Place) (address, missing string) {
	query := strings.IndexByte(text, '?')
	var b strings.Builder
	last := 0
	for _, at := range placeholder.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		value := map[string]string{"{shop.id}": shop.ID, "{shop.domain}": shop.Domain, "{shop.name}": shop.Name}[word]
		if value == "" {
			missing = cmp.Or(missing, word)
		}
		if query >= 0 && at[0] > query {
			value = url.QueryEscape(value)
		} else {
			value = pathSegment(value)
		}
		b.WriteString(text[last:at[0]])
		b.WriteString(value)
		last = at[1]
	}
	b.WriteString(text[last:])
	return b.String(), missing
}

// pathSegment escapes a value for the path of a URL. Dots alone would mean a directory.
func pathSegment(value string) string {
	if value == "." || value == ".." {
		return strings.ReplaceAll(value, ".", "%2E")
	}
	return url.PathEscape(value)
}

// wanted returns the webhooks that a shop should have.
func (t Template) wanted(shop Place) (all []fourthwall.Content, missing string) {
	for _, hook := range t.Webhooks {
		address, lacks := urlFor(hook.URL, shop)
		missing = cmp.Or(missing, lacks)
		all = append(all, fourthwall.Content{URL: address, AllowedTypes: hook.AllowedTypes})
	}
	return all, missing
}

// drift returns the items that make a shop as the template says. Other webhooks stay.
func (t Template) drift(shop Place, hooks []Webhook) ([]Item, Reason) {
	all, missing := t.wanted(shop)
	if missing != "" {
		return nil, NoValue
	}
	var items []Item
	rest := slices.Clone(hooks)
	for _, want := range all {
		if hook, found := closest(rest, want); found {
			rest = slices.DeleteFunc(rest, func(other Webhook) bool { return other.ID == hook.ID })
			items = append(items, copied(shop, []Webhook{hook}, want)...)
			continue
		}
		items = append(items, Item{Shop: shop.ID, After: &want})
	}
	return items, ""
}

// Drift is how a shop differs from its template.
type Drift struct {
	Items []Item    // that would end it
	Extra []Webhook // that the template doesn't name, if it reports them
	Why   Reason    // it can't be compared; "" if it can
}

// IsNone reports whether a shop is as its template says.
func (d Drift) IsNone() bool { return len(d.Items) == 0 && len(d.Extra) == 0 && d.Why == "" }

// Drift compares a shop with the template.
func (t Template) Drift(shop Place, hooks []Webhook) Drift {
	items, why := t.drift(shop, hooks)
	d := Drift{Items: items, Why: why}
	if !t.ReportExtra || why != "" {
		return d
	}
	all, _ := t.wanted(shop)
	rest := slices.Clone(hooks)
	for _, want := range all {
		if hook, found := closest(rest, want); found {
			rest = slices.DeleteFunc(rest, func(other Webhook) bool { return other.ID == hook.ID })
		}
	}
	d.Extra = rest
	return d
}
