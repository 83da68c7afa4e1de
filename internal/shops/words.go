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

// endTexts are the reasons for which a connection ends: in a few words, and in sentences.
var endTexts = map[store.EndReason][2]string{
	store.EndNotRenewed: {
		"Access ended", "Fourthwall no longer renews Hookwall’s access. Someone may have removed it in Fourthwall.",
	},
	store.EndRejected: {
		"Access rejected", "Fourthwall rejects Hookwall’s access. Someone may have removed it in Fourthwall.",
	},
	store.EndKeyRejected: {
		"API key rejected", "Fourthwall rejects the API key. Its API user may be deleted, or have a new password.",
	},
	store.EndChannelRejected: {
		"Channel rejected", "Fourthwall rejects the channel’s secret. Someone may have replaced it in Fourthwall.",
	},
	store.EndTimeUp: {"Access expired", "The older sign-in’s access has expired. It lasts a few minutes."},
	store.EndDisconnected: {
		"App disconnected", "The app was disconnected in Fourthwall, which ended Hookwall’s access.",
	},
	store.EndUnreadable: {
		"Access unreadable", "Hookwall can’t read the stored access. Its encryption key may have changed.",
	},
	store.EndUnknown: {"Reason not known", "Fourthwall no longer accepts the old connection. We don’t know why."},
}

// WhyEnded returns in a few words why a connection ended.
func WhyEnded(why store.EndReason) string { return textsOf(why)[0] }

// EndText returns in sentences why a connection ended, and since when Hookwall knows.
func EndText(end store.End) string {
	text := textsOf(end.Why)[1]
	if end.At.IsZero() {
		return text + " We don’t know since when."
	}
	return text + " We noticed on " + end.At.UTC().Format("Jan 2, 2006, 15:04") + " UTC."
}

// textsOf returns the texts of a reason. One that a later version kept is unknown.
func textsOf(why store.EndReason) [2]string {
	if texts, ok := endTexts[why]; ok {
		return texts
	}
	return endTexts[store.EndUnknown]
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
