package fleet

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

// Item is what a plan does to one webhook of one shop.
type Item struct {
	Shop    string              `json:"shop"`
	Webhook string              `json:"webhook,omitempty"` // its ID; "" for a new one
	Before  *fourthwall.Content `json:"before,omitempty"`  // nil for a new one
	After   *fourthwall.Content `json:"after,omitempty"`   // nil for one that is deleted

	// Beside are the IDs of webhooks that the shop had at the review and that get some of the same events at the URL of
	// a new one. Another such webhook means that the shop has changed since.
	Beside []string `json:"beside,omitempty"`
}

// Action is what an item does: Create, Update or Delete.
func (i Item) Action() Action {
	switch {
	case i.Before == nil:
		return Create
	case i.After == nil:
		return Delete
	}
	return Update
}

// Action is what an item does.
type Action string

// Actions.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
)

// Reason says why a shop is left out of a plan.
type Reason string

// Reasons.
const (
	IsEnded     Reason = "ended"         // its connection has ended
	IsUnseen    Reason = "unseen"        // its webhooks were never read
	IsStale     Reason = "stale"         // they were read too long ago
	IsCut       Reason = "cut"           // it has more webhooks than were read
	IsBusy      Reason = "busy"          // another plan is at work in it
	IsLocked    Reason = "locked"        // the API doesn't change the webhook
	NoTypesLeft Reason = "no_types_left" // a webhook would be left without event types
	NoWebhooks  Reason = "no_webhooks"   // it has none to which event types could be added
	NoValue     Reason = "no_value"      // the URL needs what isn't known of the shop
	Contradicts Reason = "contradicts"   // two templates of the shop want different event types for one URL
)

// LeftOut is a shop, or one webhook of it, that a plan doesn't change although it was chosen.
type LeftOut struct {
	Shop    string `json:"shop"`
	Webhook string `json:"webhook,omitempty"` // "" for all of the shop
	Why     Reason `json:"why"`
	Plan    int64  `json:"plan,omitempty"` // of an IsBusy: the plan's number, unless another owner has it
}

// Proposal is what an edit would change.
type Proposal struct {
	Items   []Item    `json:"items"` // by shop, then in the order in which they are applied
	LeftOut []LeftOut `json:"leftOut,omitempty"`
	Same    int       `json:"same"` // shops that need no change
}

// Shop is a chosen shop, as it was seen.
type Shop struct {
	Place

	Seen   store.Observation
	Stale  bool
	Locked []string // IDs of webhooks that the API doesn't change
	Busy   *Work    // another plan is at work in it; nil if none is

	Contrary bool // its templates contradict each other
}

// Work is a plan that is at work in a shop.
type Work struct {
	Plan int64 // its number; 0 if another owner has it
}

// Propose computes what an edit changes in the chosen shops. It makes no call.
func Propose(e Edit, chosen []Shop) (Proposal, error) {
	var p Proposal
	for _, shop := range slices.SortedFunc(slices.Values(chosen), func(a, b Shop) int { return cmp.Compare(a.ID, b.ID) }) {
		why := shop.unfit()
		if why == "" && shop.Contrary {
			why = Contradicts
		}
		if why != "" {
			left := LeftOut{Shop: shop.ID, Why: why}
			if why == IsBusy {
				left.Plan = shop.Busy.Plan
			}
			p.LeftOut = append(p.LeftOut, left)
			continue
		}
		hooks, err := Webhooks(shop.Seen)
		if err != nil {
			return p, err
		}
		p.add(e, shop, hooks)
	}
	return p, nil
}

// unfit says why nothing can be proposed for a shop.
func (s Shop) unfit() Reason {
	switch {
	case s.Seen.Expired:
		return IsEnded
	case s.Seen.SeenAt.IsZero():
		return IsUnseen
	case s.Stale:
		return IsStale
	case s.Seen.Cut:
		return IsCut
	case s.Busy != nil:
		return IsBusy
	}
	return ""
}

// add adds what an edit changes in one shop.
func (p *Proposal) add(e Edit, shop Shop, hooks []Webhook) {
	items, left := e.apply(shop.Place, hooks)
	p.LeftOut = append(p.LeftOut, left...)
	for _, item := range items {
		if item.Webhook != "" && slices.Contains(shop.Locked, item.Webhook) {
			p.LeftOut = append(p.LeftOut, LeftOut{Shop: shop.ID, Webhook: item.Webhook, Why: IsLocked})
			continue
		}
		p.Items = append(p.Items, item)
	}
	if len(items) == 0 && len(left) == 0 {
		p.Same++
	}
}

// beside adds to items that create webhooks which others the shop has.
func beside(items []Item, shops []Shop) error {
	of := map[string][]Webhook{}
	for _, shop := range shops {
		hooks, err := Webhooks(shop.Seen)
		if err != nil {
			return err
		}
		of[shop.ID] = hooks
	}
	for i, item := range items {
		if item.Action() != Create {
			continue
		}
		for _, hook := range of[item.Shop] {
			if webhooks.Overlap(hook.Content, *item.After) {
				items[i].Beside = append(items[i].Beside, hook.ID)
			}
		}
	}
	return nil
}

// Digest identifies the items of a plan: whatever is altered in one of them, or in their order, alters the digest.
func Digest(e Edit, items []Item) (string, error) {
	text, err := json.Marshal(struct {
		Edit  Edit   `json:"edit"`
		Items []Item `json:"items"`
	}{e, items})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Group are items that make the same change, in one or more shops.
type Group struct {
	Action    Action
	URL       string // before the change, or of the new webhook
	NewURL    string // "" if it stays
	Added     []fourthwall.EventType
	Removed   []fourthwall.EventType
	TypeCount int  // of the event types before; of a new webhook, after
	Various   bool // the webhooks have different URLs: those above end with AnyPath
	Items     []Item
	At        []int // position of each in the document
}

// Groups puts identical changes together, the most shops first.
func Groups(items []Item) []Group {
	var all []Group
	at := map[string]int{}
	for position, item := range items {
		g := groupOf(item)
		key := fmt.Sprintf("%s %q %q %q %q %d", g.Action, g.URL, g.NewURL, g.Added, g.Removed, g.TypeCount)
		i, found := at[key]
		if !found {
			i = len(all)
			at[key] = i
			all = append(all, g)
		}
		all[i].Items, all[i].At = append(all[i].Items, item), append(all[i].At, position)
	}
	slices.SortStableFunc(all, func(a, b Group) int { return cmp.Compare(len(b.Items), len(a.Items)) })
	return all
}

// AnyPath is the end of the URLs of a group whose webhooks have different ones at one host.
const AnyPath = "/…"

// GroupsByHost returns Groups in which those of a single shop are one if only their URLs differ, behind the host.
func GroupsByHost(items []Item) []Group {
	var all []Group
	at := map[string]int{}
	for _, g := range Groups(items) {
		if !g.isOfOneShop() {
			all = append(all, g)
			continue
		}
		old, changed := anyPath(g.URL), anyPath(g.NewURL)
		key := fmt.Sprintf("%s %q %q %q %q %d", g.Action, old, changed, g.Added, g.Removed, g.TypeCount)
		i, found := at[key]
		if !found {
			at[key] = len(all)
			all = append(all, g)
			continue
		}
		first := &all[i]
		first.URL, first.NewURL, first.Various = old, changed, true
		first.At = append(first.At, g.At...)
	}
	for i, g := range all {
		slices.Sort(g.At)
		all[i].Items = make([]Item, len(g.At))
		for n, position := range g.At {
			all[i].Items[n] = items[position]
		}
	}
	slices.SortStableFunc(all, func(a, b Group) int { return cmp.Compare(len(b.Items), len(a.Items)) })
	return all
}

// isOfOneShop reports whether all items of a group are in the same shop.
func (g Group) isOfOneShop() bool {
	return !slices.ContainsFunc(g.Items, func(i Item) bool { return i.Shop != g.Items[0].Shop })
}

// anyPath returns the scheme and host of a URL with AnyPath behind them, or the URL if it has no host.
func anyPath(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return text
	}
	return u.Scheme + "://" + u.Host + AnyPath
}

// groupOf describes the change of one item.
func groupOf(item Item) Group {
	g := Group{Action: item.Action()}
	switch g.Action {
	case Create:
		g.URL, g.Added = item.After.URL, fourthwall.TypeSet(item.After.AllowedTypes)
		g.TypeCount = len(g.Added)
		return g
	case Delete:
		g.URL, g.TypeCount = item.Before.URL, len(fourthwall.TypeSet(item.Before.AllowedTypes))
		return g
	}
	before, after := fourthwall.TypeSet(item.Before.AllowedTypes), fourthwall.TypeSet(item.After.AllowedTypes)
	g.URL, g.TypeCount = item.Before.URL, len(before)
	if item.After.URL != item.Before.URL {
		g.NewURL = item.After.URL
	}
	g.Added, g.Removed = without(after, before), without(before, after)
	return g
}

func without(types, other []fourthwall.EventType) (rest []fourthwall.EventType) {
	for _, t := range types {
		if !slices.Contains(other, t) {
			rest = append(rest, t)
		}
	}
	return rest
}

// errNoID means that a webhook that was created has no ID, so that it can't be deleted again.
var errNoID = errors.New("the ID of a created webhook is not known")

// Applied is an item of a run that took effect, with the ID of the webhook that it made, if it made one.
type Applied struct {
	Item

	Created string
}

// Undo returns the items that take applied items back, the last one first.
func Undo(applied []Applied) ([]Item, error) {
	var items []Item
	for _, a := range slices.Backward(applied) {
		back := Item{Shop: a.Shop, Webhook: a.Webhook, Before: a.After, After: a.Before}
		switch a.Action() {
		case Create:
			if a.Created == "" {
				return nil, errNoID
			}
			back.Webhook = a.Created
		case Delete:
			back.Webhook = ""
		case Update:
		}
		items = append(items, back)
	}
	return items, nil
}
