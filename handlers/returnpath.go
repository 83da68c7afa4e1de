package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"path"
	"strings"
)

const maxReturnPath = 1024 // bytes

// returnQuery has the parameters that a return path may keep: drafts and
// checks, checked boxes and filters. Parameters that show buyers' data are not
// among them.
var returnQuery = []string{
	"draft", "form", "again", "base", "preset", "types", "add",
	"q", "type", "label", "sort", "webhook", "page", "action", "outcome",
	"return", "shop",
	"state", "missing", "host", "reason", "pattern", "causes", "by", "against", "open", "failed", "from", "to", "chart",
	"who", "kind", "drift", "template", "version",
}

// returnPath validates the path to go to after signing in, or a question.
// It returns a path of
// one of our pages, or "" for anything else. The value comes from the URL, and
// must never lead to another host.
func (s *server) returnPath(raw string) string {
	if len(raw) > maxReturnPath || !strings.HasPrefix(raw, "/") || strings.HasPrefix(raw, "//") {
		return ""
	}
	if strings.ContainsFunc(raw, func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f || c > '~' }) {
		return ""
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Fragment != "" {
		return ""
	}
	if path.Clean(u.Path) != u.Path || strings.ContainsAny(u.Path, "\\\x00") {
		return ""
	}
	_, pattern := s.mux.Handler(&http.Request{Method: http.MethodGet, URL: u})
	if !s.resumable[pattern] {
		return ""
	}
	given, kept := u.Query(), url.Values{}
	for _, name := range returnQuery {
		value := given.Get(name)
		if name == "return" {
			value = s.returnPath(value) // of the connect page
		}
		if name == "q" && holdsSecret(value) {
			value = ""
		}
		switch {
		case value == "":
		case name == "type":
			kept[name] = given[name] // coverage compares several
		default:
			kept.Set(name, value)
		}
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: kept.Encode()}).String()
}

// wayBack is returnPath, or the start.
func (s *server) wayBack(raw string) string { return cmp.Or(s.returnPath(raw), homePath) }

// forShop returns a validated return path for the shop that was connected,
// which may not be the one that the person came from. A page that only the
// other shop has becomes the list of webhooks.
func forShop(to, shopID string) string {
	if to == "" || to == homePath {
		return webhooksPath(shopID)
	}
	u, err := url.Parse(to)
	if err != nil {
		return webhooksPath(shopID)
	}
	parts := strings.Split(u.EscapedPath(), "/")
	if len(parts) < 3 || parts[1] != "shops" || parts[2] == url.PathEscape(shopID) {
		return to
	}
	if len(parts) == 5 && parts[3] == "webhooks" && parts[4] == "new" {
		return withQuery(newWebhookPath(shopID), u.RawQuery)
	}
	return webhooksPath(shopID)
}
