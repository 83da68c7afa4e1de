package webhooks

import (
	"slices"

	"hookwall/internal/fourthwall"
)

// Duplicate is another webhook of the shop with the same URL and some of the same event types.
type Duplicate struct {
	ID     string                 `json:"id"`
	Has    fourthwall.Content     `json:"has"`
	Shared []fourthwall.EventType `json:"shared"`
}

// Duplicates returns the shop's webhooks that would get some of the same events at the same URL as the wanted one. It
// leaves out the webhook with the ID except, which is being edited.
func Duplicates(list []fourthwall.Webhook, want fourthwall.Content, except string) []Duplicate {
	var out []Duplicate
	for _, hook := range list {
		if has := hook.Content(); hook.ID != except && Overlap(has, want) {
			out = append(out, Duplicate{hook.ID, has, sharedTypes(has, want)})
		}
	}
	return out
}

// Overlap reports whether two webhooks get some of the same events at one URL.
func Overlap(a, b fourthwall.Content) bool {
	return NormalURL(a.URL) == NormalURL(b.URL) && len(sharedTypes(a, b)) > 0
}

func sharedTypes(a, b fourthwall.Content) []fourthwall.EventType {
	return slices.DeleteFunc(slices.Clone(a.AllowedTypes), func(t fourthwall.EventType) bool {
		return !slices.Contains(b.AllowedTypes, t)
	})
}
