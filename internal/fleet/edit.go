package fleet

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
)

// EditKind is a way to change many shops at once.
type EditKind string

// Kinds of edits.
const (
	AddTypes     EditKind = "add_types"
	RemoveTypes  EditKind = "remove_types"
	ReplaceURL   EditKind = "replace_url"
	ReplaceHost  EditKind = "replace_host"
	DeleteHooks  EditKind = "delete"
	CopyHook     EditKind = "copy"
	FromTemplate EditKind = "template"
	FromFile     EditKind = "file"
	UndoOf       EditKind = "undo"
)

// Edit is what a plan is made from: one wish for the webhooks of many shops.
type Edit struct {
	Kind     EditKind               `json:"kind"`
	URL      string                 `json:"url,omitempty"`      // only webhooks with this URL; "" for all
	Types    []fourthwall.EventType `json:"types,omitempty"`    // to add or remove
	From     string                 `json:"from,omitempty"`     // URL or host to replace
	To       string                 `json:"to,omitempty"`       // what replaces it
	Content  *fourthwall.Content    `json:"content,omitempty"`  // of the webhook to copy
	Template *Template              `json:"template,omitempty"` // as it was when the plan was made
	Plan     int64                  `json:"plan,omitempty"`     // that is undone
	Source   string                 `json:"source,omitempty"`   // identifies the bytes of the file

	file map[string]FileShop // what a file wants of each shop, by ID; the items say what comes of it
}

// apply returns the items for the webhooks of one shop.
func (e Edit) apply(shop Place, hooks []Webhook) (items []Item, left []LeftOut) {
	switch e.Kind {
	case CopyHook:
		return copied(shop, hooks, *e.Content), nil
	case FromFile:
		return e.file[shop.ID].changes(shop, hooks), nil
	case FromTemplate:
		d := e.Template.Drift(shop, hooks)
		if d.Why != "" {
			return nil, []LeftOut{{Shop: shop.ID, Why: d.Why}}
		}
		return d.Items, nil
	case AddTypes:
		if len(hooks) == 0 {
			return nil, []LeftOut{{Shop: shop.ID, Why: NoWebhooks}}
		}
	}
	for _, hook := range hooks {
		if e.URL != "" && hook.URL != e.URL {
			continue
		}
		after, changes := e.edited(hook.Content)
		if !changes {
			continue
		}
		if after != nil && len(after.AllowedTypes) == 0 {
			left = append(left, LeftOut{Shop: shop.ID, Webhook: hook.ID, Why: NoTypesLeft})
			continue
		}
		items = append(items, Item{Shop: shop.ID, Webhook: hook.ID, Before: &hook.Content, After: after})
	}
	return items, left
}

// edited returns the content of a webhook after the edit, nil if the webhook is deleted.
func (e Edit) edited(was fourthwall.Content) (after *fourthwall.Content, changes bool) {
	now := fourthwall.Content{URL: was.URL, AllowedTypes: slices.Clone(was.AllowedTypes)}
	switch e.Kind {
	case AddTypes:
		now.AllowedTypes = fourthwall.TypeSet(append(now.AllowedTypes, e.Types...))
	case RemoveTypes:
		now.AllowedTypes = slices.DeleteFunc(now.AllowedTypes, func(t fourthwall.EventType) bool {
			return slices.Contains(e.Types, t)
		})
	case ReplaceURL:
		if was.URL == e.From {
			now.URL = e.To
		}
	case ReplaceHost:
		now.URL = withHost(was.URL, e.From, e.To)
	case DeleteHooks:
		return nil, true
	}
	return &now, !now.Equal(was)
}

// withHost replaces the host of a URL, with its port, and leaves every other byte as it is. A URL with another host
// stays.
func withHost(text, from, to string) string {
	u, err := url.Parse(text)
	if err != nil || !strings.EqualFold(u.Host, from) {
		return text
	}
	scheme, rest, _ := strings.Cut(text, "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	user := strings.LastIndexByte(rest[:end], '@') + 1
	return scheme + "://" + rest[:user] + to + rest[end:]
}

// copied returns the item that adds a webhook to a shop, unless it has one that is equal. A webhook with the same URL
// and other event types is edited, so that no event is sent twice.
func copied(shop Place, hooks []Webhook, want fourthwall.Content) []Item {
	hook, found := closest(hooks, want)
	switch {
	case !found:
		return []Item{{Shop: shop.ID, After: &want}}
	case hook.Equal(want):
		return nil
	}
	return []Item{{Shop: shop.ID, Webhook: hook.ID, Before: &hook.Content, After: &want}}
}

// closest returns the webhook with the URL of want, however it's spelled, that is equal, or else has the most event
// types in common with it.
func closest(hooks []Webhook, want fourthwall.Content) (best Webhook, found bool) {
	var all []Webhook
	normal := webhooks.NormalURL(want.URL)
	for _, hook := range hooks {
		if hook.URL == want.URL || webhooks.NormalURL(hook.URL) == normal {
			all = append(all, hook)
		}
	}
	if len(all) < 2 {
		return append(all, Webhook{})[0], len(all) > 0
	}
	most := -1
	for _, hook := range all {
		if hook.Equal(want) {
			return hook, true
		}
		common := 0
		for _, t := range fourthwall.TypeSet(hook.AllowedTypes) {
			if slices.Contains(want.AllowedTypes, t) {
				common++
			}
		}
		if common > most || common == most && cmp.Less(hook.ID, best.ID) {
			best, most = hook, common
		}
	}
	return best, true
}
