package shops

import (
	"fmt"
	"slices"
	"strings"

	"hookwall/internal/store"
	"hookwall/oauth"
)

// Way returns words for how a shop was connected.
func Way(c store.Connection) string {
	switch c.Way {
	case oauth.WayAPIKey:
		return "API key ending in " + c.Hint
	case oauth.WayChannel:
		return "Channel " + c.Hint
	case oauth.WayImplicit:
		return "Older sign-in (implicit)"
	}
	return "Fourthwall sign-in"
}

// Permissions returns words for what the connection may do. Scopes that aren't
// the usual ones are listed.
func Permissions(c store.Connection) string {
	scopes := strings.Fields(c.Scopes)
	slices.Sort(scopes)
	switch {
	case c.Way == oauth.WayAPIKey:
		return "Full access"
	case c.Way == oauth.WayChannel:
		return "Set by Fourthwall"
	case slices.Equal(scopes, []string{"webhook_read", "webhook_write"}):
		return "View and manage webhooks"
	case slices.Equal(scopes, []string{"webhook_read"}):
		return "View webhooks"
	}
	return strings.Join(scopes, ", ")
}

const (
	labelMissing = "Type a label, such as a client’s name."
	labelControl = "A label contains a character that can’t be seen. Type it again instead of pasting it."
)

func labelTooLong(n int) string {
	return fmt.Sprintf("A label has %d characters. Use %d or fewer, or separate several labels with commas.", n, MaxLabel)
}

func tooManyLabels(n int) string {
	return fmt.Sprintf("These are %d labels. A shop can have %d.", n, store.MaxShopLabels)
}
