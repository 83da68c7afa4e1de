package webhooks

import (
	"html"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"hookwall/internal/unseen"
)

// urlHints returns warnings about what Fourthwall may reject, or what would not work, and the URL without what can be
// removed. They never prevent sending.
func urlHints(address string) (hints []string, better string) {
	if found := placeholder.FindString(address); found != "" {
		hints = append(hints, hintPlaceholder(found))
	}
	if checkURL(address) != "" {
		return hints, address
	}
	if u, err := url.Parse(address); err == nil {
		hints = append(hints, RejectionHints(u)...)
		if u.Scheme == "http" {
			hints = append(hints, hintPlain)
		}
		if u.User != nil {
			hints = append(hints, hintLogin)
		}
	}
	better = entity.ReplaceAllStringFunc(address, html.UnescapeString)
	if better != address {
		hints = append(hints, hintEntity(entity.FindString(address)))
	}
	if strings.Contains(better, "#") {
		hints = append(hints, hintFragment)
	}
	if end := withoutEnd(better); end != better {
		better, hints = end, append(hints, hintEnd(better[len(end):]))
	}
	if plain, names := withoutEncodedUnseen(better); len(names) > 0 {
		better, hints = plain, append(hints, hintEncodedUnseen(names))
	}
	return hints, better
}

// RejectionHints returns sentences for what Fourthwall would probably reject.
func RejectionHints(u *url.URL) []string {
	if placeholder.MatchString(u.Host) {
		return nil
	}
	var hints []string
	host := withoutFinalDot(asciiHost(strings.ToLower(u.Hostname())))
	switch {
	case isIPAddress(host):
		hints = append(hints, hintIP)
	case host == "fourthwall.com", strings.HasSuffix(host, ".fourthwall.com"):
		hints = append(hints, hintFourthwall(host))
	case host == "localhost", strings.HasSuffix(host, ".localhost"):
		hints = append(hints, hintLocalhost)
	case isLocalName(host):
		hints = append(hints, hintLocal)
	}
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		hints = append(hints, hintPort(port))
	}
	return hints
}

// isIPAddress reports whether a host is an IP address in any notation. As in browsers, any name whose last label is a
// number is one.
func isIPAddress(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	last := host[strings.LastIndex(host, ".")+1:]
	return lastNumber.MatchString(last)
}

var lastNumber = regexp.MustCompile(`^(?:0x[0-9a-f]*|[0-9]+)$`)

func isLocalName(host string) bool {
	for _, suffix := range []string{".local", ".internal", ".test"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return host != "" && !strings.Contains(host, ".")
}

// placeholder matches what a person was meant to replace. Parts of real URLs rarely look like this.
var placeholder = regexp.MustCompile(`\$?\{\{?[^{}/?#]*\}\}?|<[^<>/?#]+>|(?i:%7b[\w%. -]*?%7d|%3c[\w%. -]*?%3e)|` +
	`\[(?i:your|my|insert|enter)\b[^\[\]/]*\]|\bYOUR[_-][A-Z0-9_-]+|` +
	`\b(?i:your[_-]?(?:domain|server|host|site|shop|store|app|api|token|key|secret|id|url|webhook)s?)\b|XXXX+`)

// entity matches a character as HTML writes it, of those that URLs have.
var entity = regexp.MustCompile(`&(?:amp|AMP|quot|apos|lt|gt|#0*3[489]|#[xX]0*(?:22|26|27));`)

// withoutEnd returns a URL without the punctuation or the quotation marks that text around it left at its end.
func withoutEnd(address string) string {
	end := strings.TrimRight(address, ".,;:!*'"+quotes)
	for _, pair := range []string{"()", "[]", "{}", "<>"} {
		if strings.HasSuffix(end, pair[1:]) && strings.Count(end, pair[:1]) < strings.Count(end, pair[1:]) {
			return withoutEnd(strings.TrimSuffix(end, pair[1:]))
		}
	}
	if u, err := url.Parse(end); err != nil || u.Hostname() == "" {
		return address
	}
	return end
}

// withoutEncodedUnseen returns a URL without the percent-encoded characters that can't be seen, and their names.
func withoutEncodedUnseen(address string) (better string, names []string) {
	better = encoded.ReplaceAllStringFunc(address, func(run string) string {
		plain, err := url.PathUnescape(run)
		if err != nil || !utf8.ValidString(plain) || !strings.ContainsFunc(plain, isEncodedUnseen) {
			return run
		}
		return url.PathEscape(strings.Map(func(r rune) rune {
			if !isEncodedUnseen(r) {
				return r
			}
			names = append(names, unseen.Name(r))
			return -1
		}, plain))
	})
	return better, names
}

var encoded = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2})+`)

func isEncodedUnseen(r rune) bool { return r != ' ' && unseen.Is(r) }
