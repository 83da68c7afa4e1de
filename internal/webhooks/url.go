package webhooks

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"hookwall/internal/lazyregexp"
)

// MaxURL is the maximum length of a URL in bytes, far more than servers accept. It bounds the record of each attempt.
const MaxURL = 8 << 10

// checkURL returns a sentence that says why no webhook can have this URL, or "" if one can. Whether a URL is allowed
// is for the API to decide.
func checkURL(address string) string {
	if address == "" {
		return urlMissing
	}
	if len(address) > MaxURL {
		return urlTooLong
	}
	u, err := url.Parse(address)
	if err != nil {
		u, err = url.Parse(withoutPlaceholders(address, "1"))
	}
	if m := authority().FindStringSubmatch(address); err != nil && m != nil {
		if _, err := netip.ParseAddr(m[1]); err == nil {
			return urlBareIPv6
		}
		if impossiblePort().MatchString(m[1]) {
			return urlPortImpossible
		}
	}
	if err != nil || strings.ContainsFunc(address, isControlOrBlank) {
		return urlMalformed
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return urlMalformed
	}
	if u.Hostname() == "" {
		return urlWithoutHost
	}
	if port, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || port < 1 || port > 65535) {
		return urlPortImpossible
	}
	return ""
}

var (
	authority      = lazyregexp.New(`^(?i)https?://(?:[^/?#]*@)?([^/?#\s@]+)`)
	impossiblePort = lazyregexp.New(`^(?:[^:\[\]]+|\[[^\[\]]+\]):.+$`)
)

func isControlOrBlank(r rune) bool { return r <= ' ' || r == 0x7f || unicode.IsSpace(r) }

// NormalURL returns a URL in one spelling, for comparison. It normalizes the case of scheme and host, international
// host names, the dot at a name's end, the default port and an empty path. It removes the fragment, which is never
// sent. What isn't an http URL is returned unchanged.
func NormalURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return address
	}
	port := u.Port()
	if n, err := strconv.Atoi(port); err == nil {
		port = strconv.Itoa(n) // 0443 is 443
	}
	host := withoutFinalDot(asciiHost(strings.ToLower(u.Hostname())))
	if port == "" || (u.Scheme == "https" && port == "443") || (u.Scheme == "http" && port == "80") {
		u.Host = bracketed(host)
	} else {
		u.Host = net.JoinHostPort(host, port)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String()
}

// withoutFinalDot removes the dot for the DNS root from the end of a host name.
func withoutFinalDot(host string) string {
	if name := strings.TrimSuffix(host, "."); name != "" && !strings.HasSuffix(name, ".") {
		return name
	}
	return host
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// asciiHost returns a host name as DNS spells it.
func asciiHost(host string) string {
	if ascii, err := idna.Lookup.ToASCII(host); err == nil && ascii != "" {
		return ascii
	}
	return host
}
