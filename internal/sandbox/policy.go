package sandbox

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The platform's codes for a webhook address that it refuses.
const (
	codeIPNotAllowed      = "WEBHOOK_URI_IP_NOT_ALLOWED"
	codePortNotAllowed    = "WEBHOOK_URI_PORT_NOT_ALLOWED"
	codeUnallowedDomain   = "WEBHOOK_URI_UNALLOWED_DOMAIN"
	codeWebhookURIInvalid = "SANDBOX_WEBHOOK_URI_INVALID" // the sandbox's own
)

// maxURL is the longest webhook address, in bytes.
const maxURL = 2048

// checkURL applies the sandbox's policy for webhook addresses and returns the code of the refusal,
// or "". The platform's real lists are not published, so this policy is the sandbox's own. The
// first rule that applies decides:
//
//  1. not an http(s) URL with a host, longer than 2048 bytes, with control characters, spaces,
//     backslashes or user information: SANDBOX_WEBHOOK_URI_INVALID;
//  2. a host that is an IP address in any notation: WEBHOOK_URI_IP_NOT_ALLOWED. Like a browser, it
//     takes every host whose last label is a number for an address. Names are not looked up;
//  3. a host that no resolver would take, or escapes in the host: SANDBOX_WEBHOOK_URI_INVALID;
//  4. a port other than 80 and 443: WEBHOOK_URI_PORT_NOT_ALLOWED;
//  5. a name that is never public, or the platform's own: WEBHOOK_URI_UNALLOWED_DOMAIN.
func checkURL(raw string) string {
	host, port, ok := splitURL(raw)
	if !ok {
		return codeWebhookURIInvalid
	}
	name, ok := mapHost(host)
	switch {
	case ok && isAddress(name):
		return codeIPNotAllowed
	case !ok || !isHostName(name) || !parses(raw):
		return codeWebhookURIInvalid
	case !portAllowed(port):
		return codePortNotAllowed
	case !domainAllowed(name):
		return codeUnallowedDomain
	}
	return ""
}

// splitURL takes host and port out of a URL as they were typed. It does not use net/url, which
// refuses escapes in hosts, so that an escaped address can be named for what it is.
func splitURL(raw string) (host, port string, ok bool) {
	if len(raw) > maxURL || !utf8.ValidString(raw) || strings.ContainsFunc(raw, forbiddenInURL) {
		return "", "", false
	}
	scheme, rest, found := strings.Cut(raw, "://")
	if scheme = strings.ToLower(scheme); !found || scheme != "http" && scheme != "https" {
		return "", "", false
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if strings.Contains(rest, "@") {
		return "", "", false
	}
	host, port, ok = splitPort(rest)
	return host, port, ok && host != ""
}

func forbiddenInURL(r rune) bool {
	return r == '\\' || unicode.IsSpace(r) || unicode.IsControl(r)
}

func splitPort(authority string) (host, port string, ok bool) {
	if _, err := netip.ParseAddr(authority); err == nil {
		return authority, "", true // IPv6 whose brackets were forgotten
	}
	end := strings.LastIndex(authority, "]") + 1
	rest := authority[end:]
	host, port, _ = strings.Cut(rest, ":")
	if end > 0 && host != "" {
		return "", "", false
	}
	return authority[:end] + host, port, strings.Trim(port, "0123456789") == ""
}

// mapHost undoes what hides a host: escapes, letter case, compatibility characters such as
// full-width digits, the dot at the end, the brackets of IPv6.
func mapHost(host string) (string, bool) {
	host, err := url.PathUnescape(host)
	if err != nil || !utf8.ValidString(host) {
		return "", false
	}
	if inner, found := strings.CutPrefix(host, "["); found {
		host, found = strings.CutSuffix(inner, "]")
		_, err := netip.ParseAddr(host)
		return host, found && err == nil
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host, true
	}
	host, err = hostProfile.ToASCII(host)
	return strings.TrimSuffix(strings.ToLower(host), "."), err == nil
}

// hostProfile admits underscores: resolvers do.
var hostProfile = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))

func isAddress(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	last := host[strings.LastIndex(host, ".")+1:]
	if hex, found := strings.CutPrefix(last, "0x"); found {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

func isHostName(host string) bool {
	if len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

func parses(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && u.User == nil
}

func portAllowed(port string) bool {
	if port == "" {
		return true
	}
	port = strings.TrimLeft(port, "0")
	return port == "80" || port == "443"
}

// domainAllowed refuses names without a dot, names that are never public, and the platform's own.
func domainAllowed(host string) bool {
	if !strings.Contains(host, ".") {
		return false
	}
	for _, zone := range []string{"localhost", "local", "internal", "test", "fourthwall.com"} {
		if host == zone || strings.HasSuffix(host, "."+zone) {
			return false
		}
	}
	return true
}
