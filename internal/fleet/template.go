package fleet

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
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
		return slices.ContainsFunc(shop.Labels, func(has string) bool { return isSameLabel(has, label) })
	})
}

// isSameLabel does what store.ShopLabelKey says. Most labels are ASCII, for which a key would cost too much.
func isSameLabel(a, b string) bool {
	if isASCII(a) && isASCII(b) {
		return strings.EqualFold(a, b)
	}
	return store.ShopLabelKey(a) == store.ShopLabelKey(b)
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(c rune) bool { return c > unicode.MaxASCII }) < 0
}

// placeholder is a word in braces in the URL of a template, or a brace without a word.
var placeholder = regexp.MustCompile(`\{[^{}]*\}|[{}]`)

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
	start := strings.Index(text, "://") + len("://")
	if start < len("://") {
		start = 0 // https:// is added
	}
	if end := strings.IndexAny(text[start:], "/?#"); end >= 0 {
		return start + end
	}
	return len(text)
}

// urlFor returns the URL of a template for one shop. The values are escaped, so none of them can change another part of
// the URL. missing names the first placeholder for which the shop has no value.
func urlFor(text string, shop Place) (address, missing string) {
	if !strings.ContainsRune(text, '{') {
		return text, ""
	}
	query := strings.IndexByte(text, '?')
	var b strings.Builder
	last := 0
	for _, at := range placeholder.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		value := shop.value(word)
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

// value returns what replaces a placeholder.
func (p Place) value(word string) string {
	switch word {
	case "{shop.id}":
		return p.ID
	case "{shop.domain}":
		return p.Domain
	case "{shop.name}":
		return p.Name
	}
	return ""
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

// Drift is how a shop differs from a template.
type Drift struct {
	Items []Item    // that would end it
	Extra []Webhook // that the template doesn't name, if it reports them
	Why   Reason    // it can't be compared; "" if it can
}

// IsNone reports whether a shop is as its template says.
func (d Drift) IsNone() bool { return len(d.Items) == 0 && len(d.Extra) == 0 && d.Why == "" }

// Drift compares a shop with the template. Its items don't change other webhooks.
func (t Template) Drift(shop Place, hooks []Webhook) Drift {
	wanted, missing := t.wanted(shop)
	if missing != "" {
		return Drift{Why: NoValue}
	}
	return t.driftFrom(wanted, shop, hooks)
}

func (t Template) driftFrom(wanted []fourthwall.Content, shop Place, hooks []Webhook) (d Drift) {
	rest := slices.Clone(hooks)
	for _, want := range wanted {
		hook, found := closest(rest, want)
		switch {
		case !found:
			d.Items = append(d.Items, Item{Shop: shop.ID, After: &want})
			continue
		case !hook.Equal(want):
			d.Items = append(d.Items, Item{Shop: shop.ID, Webhook: hook.ID, Before: &hook.Content, After: &want})
		}
		rest = slices.DeleteFunc(rest, func(other Webhook) bool { return other.ID == hook.ID })
	}
	if t.ReportExtra {
		d.Extra = rest
	}
	return d
}

// Likeness is how a shop compares with the templates that are for it.
type Likeness string

// Likenesses. What wasn't seen, or too long ago, is never claimed.
const (
	AsTemplate Likeness = "same"
	Differs    Likeness = "differs"
	NotKnown   Likeness = "unknown"
)

// Comparison is how a shop compares with all templates that are for it.
type Comparison struct {
	Likeness Likeness // "" if no template is for the shop
	Drifts   []TemplateDrift
}

// TemplateDrift is how a shop compares with one template. If that isn't known, its Drift is empty.
type TemplateDrift struct {
	Template string // its ID
	Likeness Likeness
	Drift
}

// With returns how the shop compares with one of the templates, or with none, and reports whether it's for the shop.
func (c Comparison) With(template string) (TemplateDrift, bool) {
	for _, d := range c.Drifts {
		if d.Template == template {
			return d, true
		}
	}
	return TemplateDrift{}, false
}

// ofShop is a template as it is for one shop.
type ofShop struct {
	Template

	wanted  []fourthwall.Content
	missing string // placeholder for which the shop has no value
}

// thatApply returns the templates that are for a shop.
func thatApply(templates []Template, shop Place) (all []ofShop) {
	for _, t := range templates {
		if t.AppliesTo(shop) {
			wanted, missing := t.wanted(shop)
			all = append(all, ofShop{t, wanted, missing})
		}
	}
	return all
}

// Compare compares a shop with the templates that are for it. A webhook that one of them names is extra to none.
func Compare(templates []Template, shop Place, hooks []Webhook) (c Comparison) {
	own := thatApply(templates, shop)
	for _, t := range own {
		d := TemplateDrift{Template: t.ID, Likeness: NotKnown}
		switch {
		case t.missing != "":
			d.Why = NoValue
		case t.contradicts(own):
			d.Why, d.Likeness = Contradicts, Differs
		default:
			d.Drift = t.driftFrom(t.wanted, shop, hooks)
			d.Extra = slices.DeleteFunc(d.Extra, func(hook Webhook) bool {
				return slices.ContainsFunc(own, func(other ofShop) bool { return other.names(hook.URL) })
			})
			d.Likeness = Differs
			if d.IsNone() {
				d.Likeness = AsTemplate
			}
		}
		c.Drifts = append(c.Drifts, d)
		c.Likeness = worse(c.Likeness, d.Likeness)
	}
	return c
}

// unknown returns the comparison of a shop whose webhooks aren't known.
func unknown(templates []Template, shop Place) (c Comparison) {
	for _, t := range templates {
		if t.AppliesTo(shop) {
			c.Likeness = NotKnown
			c.Drifts = append(c.Drifts, TemplateDrift{Template: t.ID, Likeness: NotKnown})
		}
	}
	return c
}

// worse returns which of two likenesses a shop has as a whole.
func worse(a, b Likeness) Likeness {
	for _, l := range []Likeness{Differs, NotKnown, AsTemplate} {
		if a == l || b == l {
			return l
		}
	}
	return ""
}

// names reports whether a template has a webhook with a URL.
func (t ofShop) names(address string) bool {
	return slices.ContainsFunc(t.wanted, func(c fourthwall.Content) bool { return c.URL == address })
}

// contradicts reports whether another template of the shop wants other event types for a URL of this one. No shop can
// be as both say.
func (t ofShop) contradicts(all []ofShop) bool {
	return slices.ContainsFunc(all, func(other ofShop) bool {
		return other.ID != t.ID && slices.ContainsFunc(t.wanted, func(own fourthwall.Content) bool {
			return other.names(own.URL) &&
				!slices.ContainsFunc(other.wanted, func(c fourthwall.Content) bool { return c.Equal(own) })
		})
	})
}
