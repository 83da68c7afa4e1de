package webhooks

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
)

// Same reports whether two contents can be those of one webhook, even if the API changed the spelling of the URL.
func Same(a, b fourthwall.Content) bool {
	a.URL, b.URL = NormalURL(a.URL), NormalURL(b.URL)
	return a.Equal(b)
}

// AsAsked reports whether the API has what it was asked for, when it had the content before. If that changed, it may
// have changed the spelling of the URL too, including a slash at the end of its path.
func AsAsked(has, before, asked fourthwall.Content) bool {
	if has.Equal(asked) || has.Equal(before) {
		return has.Equal(asked)
	}
	has.URL, asked.URL = withoutFinalSlash(has.URL), withoutFinalSlash(asked.URL)
	return has.Equal(asked)
}

func withoutFinalSlash(address string) string {
	u, err := url.Parse(NormalURL(address))
	if err != nil {
		return address
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u.String()
}

// IsSaved reports whether a webhook is as a change from base to want would make it. The API may have changed the
// spelling of the URL, if the webhook is no longer exactly as base.
func IsSaved(now, base, want fourthwall.Content) bool {
	return now.Equal(want) || !now.Equal(base) && Same(now, want)
}

// Mark returns a text that identifies a content in a form field.
func Mark(c fourthwall.Content) string { return contentHash(c.URL, c.AllowedTypes) }

// contentHash returns a hash of a URL and a set of event types.
func contentHash(url string, types []fourthwall.EventType) string {
	hash := sha256.New()
	hash.Write([]byte(url))
	for _, t := range fourthwall.TypeSet(types) {
		hash.Write([]byte("\n" + t))
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Covered returns the event types that some webhook of the list subscribes to.
func Covered(list []fourthwall.Webhook) map[fourthwall.EventType]bool {
	covered := map[fourthwall.EventType]bool{}
	for _, hook := range list {
		for _, t := range hook.AllowedTypes {
			covered[t] = true
		}
	}
	return covered
}

// newOnes returns the webhooks that weren't known before and match what was wanted.
func newOnes(list []fourthwall.Webhook, known []string, want fourthwall.Content) []fourthwall.Webhook {
	return slices.DeleteFunc(slices.Clone(list), func(hook fourthwall.Webhook) bool {
		return slices.Contains(known, hook.ID) || !Same(hook.Content(), want)
	})
}
