package webhooks

import (
	"html"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"hookwall/internal/lazyregexp"
	"hookwall/internal/unseen"
)

// urlHints returns warnings about what would not work, and the URL without what can be removed. They never prevent
// sending.
func urlHints(address string) (hints []string, better string) {
	for _, found := range placeholders(address) {
		hints = append(hints, hintPlaceholder(found))
	}
	if found := hidden().FindString(withoutPlaceholders(address, "")); found != "" {
		hints = append(hints, hintHidden(found))
	}
	if checkURL(address) != "" {
		return hints, address
	}
	if u, err := url.Parse(address); err == nil {
		if u.Scheme == "http" {
			hints = append(hints, hintPlain)
		}
		if u.User != nil && strings.Trim(u.User.String(), ":") != "" {
			hints = append(hints, hintLogin)
		}
	}
	better = entity().ReplaceAllStringFunc(address, html.UnescapeString)
	if better != address {
		hints = append(hints, hintEntity(entity().FindString(address)))
	}
	if m := secondURL().FindStringSubmatch(better); m != nil {
		better, hints = withoutEnd(m[1]), append(hints, hintSeveral)
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

// LikelyRejection is a reason for which Fourthwall would probably reject a URL.
type LikelyRejection struct {
	Code     string // the API's
	Text     string // what is likely, and the fix
	rejected string // the same once the API has rejected the URL with this code
}

// LikelyRejections returns the reasons for which Fourthwall would probably reject a URL.
func LikelyRejections(u *url.URL) []LikelyRejection {
	if len(placeholders(u.Host)) > 0 {
		return nil
	}
	var likely []LikelyRejection
	host := withoutFinalDot(asciiHost(strings.ToLower(u.Hostname())))
	switch {
	case !strings.Contains(host, ":") && !possibleHost(host):
		likely = append(likely, LikelyRejection{codeDomain, hintHost(u.Hostname()), rejectedHost(u.Hostname())})
	case isIPAddress(host):
		likely = append(likely, LikelyRejection{codeIP, hintIP, urlCodes[codeIP]})
	case isFourthwall(host):
		likely = append(likely, LikelyRejection{codeDomain, hintFourthwall(host), rejectedFourthwall(host)})
	case isLocalhost(host):
		likely = append(likely, LikelyRejection{codeDomain, hintLocalhost, hintLocalhost})
	case isLocalName(host):
		likely = append(likely, LikelyRejection{codeDomain, hintLocal, hintLocal})
	}
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		likely = append(likely, LikelyRejection{codePort, hintPort(port), rejectedPort(port)})
	}
	return likely
}

func isFourthwall(host string) bool {
	return host == "fourthwall.com" || strings.HasSuffix(host, ".fourthwall.com")
}

func isLocalhost(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// isIPAddress reports whether a host is an IP address in any notation. As in browsers, any name whose last label is a
// number is one.
func isIPAddress(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	last := host[strings.LastIndex(host, ".")+1:]
	return lastNumber().MatchString(last)
}

var lastNumber = lazyregexp.New(`^(?:0x[0-9a-f]*|[0-9]+)$`)

// possibleHost reports whether DNS can have this name, in the spelling of DNS.
func possibleHost(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if len(label) > 63 || !hostLabel().MatchString(label) {
			return false
		}
	}
	return len(host) <= 253
}

var hostLabel = lazyregexp.New(`^[\pL\pM\pN\pS_](?:[\pL\pM\pN\pS_-]*[\pL\pM\pN\pS_])?$`)

// isLocalName reports whether a host has a name that the public DNS never has.
func isLocalName(host string) bool {
	for _, suffix := range []string{
		".local", ".internal", ".test", ".lan", ".home", ".home.arpa", ".corp", ".private", ".intranet", ".localdomain",
		".invalid", ".onion",
	} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return host != "" && !strings.Contains(host, ".")
}

// secondURL matches where another URL begins right after one, without a space.
var secondURL = lazyregexp.New(`^(?i)(https?://[^/?#]+/[^?#]*?[^/?#=&:])https?:/`)

// entity matches a character as HTML writes it, of those that URLs have.
var entity = lazyregexp.New(`&(?:amp|AMP|quot|apos|lt|gt|#0*3[489]|#[xX]0*(?:22|26|27));`)

// withoutEnd returns a URL without the punctuation or the quotation marks that text around it left at its end.
func withoutEnd(address string) string {
	if hidden().MatchString(address) {
		return address
	}
	end := strings.TrimRight(address, ".,;:!*'"+quotes)
	for strings.HasSuffix(end, "%20") {
		end = strings.TrimSuffix(end, "%20")
	}
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
	better = encoded().ReplaceAllStringFunc(address, func(run string) string {
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

var encoded = lazyregexp.New(`(?:%[0-9A-Fa-f]{2})+`)

func isEncodedUnseen(r rune) bool { return r != ' ' && unseen.Is(r) }
