package shops

import (
	"hookwall/internal/store"
	"hookwall/oauth"
)

// Way returns words for how a shop was connected.
func Way(c store.Connection) string {
	switch c.Way {
	case oauth.WayAPIKey:
		return "API key ending in " + c.Hint
	case oauth.WayImplicit:
		return "Older sign-in (implicit)"
	}
	return "Fourthwall sign-in"
}
