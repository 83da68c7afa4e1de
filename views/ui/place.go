package ui

import (
	"net/url"
	"slices"
	"strings"
)

// placeLength is the number of characters that HostAndPath keeps.
const placeLength = 40

// HostAndPath returns the name of a webhook: the host and path of its URL,
// without the middle if that is long. The end of the host is always there, so
// that the name doesn't mislead. What is no https URL stays as it is.
func HostAndPath(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return middle("", address)
	}
	path := u.EscapedPath()
	if path == "/" {
		path = ""
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	host := u.Host
	if u.Scheme != "https" {
		host = u.Scheme + "://" + host
	}
	return middle(path, host)
}

// middle shortens a host, then the path after it.
func middle(path, host string) string {
	if len(host)+len(path) <= placeLength {
		return host + path // as bytes, so as characters too
	}
	const most = placeLength * 3 / 4
	h, p := []rune(host), []rune(path)
	if len(h)+len(p) <= placeLength {
		return host + path
	}
	if len(h) > most {
		h = append([]rune{'…'}, h[len(h)-most:]...)
	}
	if room := placeLength - len(h); len(p) > room {
		p = p[len(p)-(room-2):]
		if i := slices.Index(p, '/'); i > 0 {
			p = p[i:]
		}
		p = append([]rune("/…"), p...)
	}
	return string(h) + string(p)
}
