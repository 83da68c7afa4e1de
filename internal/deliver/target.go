package deliver

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxURL is the length limit of a URL in bytes, as typed and normalized.
const maxURL = 2048

// Target is a normalized URL that may be called: in lower case, with the host name in ASCII and a path, and without the
// default port, the host's final dot and a fragment.
type Target struct {
	URL    string
	Scheme string     // http or https
	Host   string     // name or IP address, without brackets
	Port   uint16     // the scheme's default if the URL has none
	Addr   netip.Addr // the host if it is an IP address, or else the zero Addr
}

// Check parses and normalizes a URL. It returns a *Refusal for a URL that must not be called: with a scheme other than
// http and https, user information, an IP address that isn't public or in an unusual notation, a name that is never
// public, or a port other than 80 and 443. It looks nothing up, so the name may still resolve to a forbidden address.
//
// Checking the URL that Check returned returns the same URL.
func (c *Client) Check(rawURL string) (Target, error) {
	u, err := parseURL(rawURL)
	if err != nil {
		return Target{}, err
	}
	t, err := readTarget(u)
	if err != nil {
		return Target{}, err
	}
	if _, ok := c.exceptions[t.hostPort()]; ok {
		return t, nil
	}
	if err := c.admit(t); err != nil {
		return Target{}, err
	}
	return t, nil
}

func parseURL(raw string) (*url.URL, error) {
	if len(raw) > maxURL || !utf8.ValidString(raw) || strings.ContainsFunc(raw, forbiddenInURL) {
		return nil, refuse(ReasonURL)
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, refuse(ReasonURL)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, refuse(ReasonScheme)
	case u.User != nil:
		return nil, refuse(ReasonUserinfo)
	case u.Opaque != "" || u.Hostname() == "":
		return nil, refuse(ReasonURL)
	}
	return u, nil
}

func forbiddenInURL(r rune) bool {
	return r == '\\' || unicode.IsSpace(r) || unicode.IsControl(r)
}

func readTarget(u *url.URL) (Target, error) {
	h, ok := parseHost(u.Hostname())
	if !ok {
		return Target{}, refuse(ReasonHost)
	}
	if h.numeric && !h.addr.IsValid() {
		return Target{}, refuse(ReasonNotation)
	}
	port, ok := parsePort(u.Port(), u.Scheme)
	if !ok {
		return Target{}, refuse(ReasonPort)
	}
	t := Target{Scheme: u.Scheme, Host: h.name, Port: port, Addr: h.addr}
	t.URL = normalURL(u, t)
	if len(t.URL) > maxURL {
		return Target{}, refuse(ReasonURL)
	}
	return t, nil
}

// admit returns a *Refusal for a target that the guard forbids.
func (c *Client) admit(t Target) error {
	switch {
	case t.Addr.IsValid():
		return c.guard.check(netip.AddrPortFrom(t.Addr, t.Port))
	case c.guard.private:
		return nil // decided by what the name resolves to, even for the port
	case !publicName(t.Host):
		return refuse(ReasonNotPublic)
	case !webPort(t.Port):
		return refuse(ReasonPort)
	}
	return nil
}

// host is the host of a URL as the network sees it.
type host struct {
	name    string
	addr    netip.Addr // if it is an IP address in the notation that all programs parse alike
	numeric bool       // an IP address in any notation: as in browsers, any name whose last label is a number
}

// parseHost normalizes what can disguise a host: letter case, compatibility characters such as full-width digits, and
// the final dot. It returns false for an invalid host.
func parseHost(s string) (host, bool) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return host{name: addr.String(), addr: addr, numeric: true}, true
	}
	name, err := hostProfile.ToASCII(s)
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if err != nil || !utf8.ValidString(s) || !isHostName(name) {
		return host{}, false
	}
	addr, _ := netip.ParseAddr(name)
	return host{name: name, addr: addr, numeric: addr.IsValid() || endsInNumber(name)}, true
}

// hostProfile allows underscores, as resolvers do.
var hostProfile = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))

func isHostName(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// endsInNumber reports whether the last label of a name is a number, decimal or hexadecimal.
func endsInNumber(name string) bool {
	last := name[strings.LastIndex(name, ".")+1:]
	if hex, found := strings.CutPrefix(last, "0x"); found {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// publicName returns false for names that exist in our own network only. They are not looked up, since the result alone
// would reveal what exists there.
func publicName(name string) bool {
	if !strings.Contains(name, ".") {
		return false
	}
	for _, zone := range []string{"localhost", "local", "internal", "home.arpa", "test", "invalid", "alt", "onion"} {
		if strings.HasSuffix(name, "."+zone) {
			return false
		}
	}
	return name != "home.arpa"
}

// parsePort parses a port, or returns the scheme's default for "".
func parsePort(port, scheme string) (uint16, bool) {
	if port == "" {
		return ownPort(scheme), scheme != ""
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return uint16(n), err == nil && n != 0
}

// ownPort returns the default port of a scheme.
func ownPort(scheme string) uint16 {
	if scheme == "http" {
		return 80
	}
	return 443
}

func hostPort(host string, port uint16) string {
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}

func (t Target) hostPort() string { return hostPort(t.Host, t.Port) }

func normalURL(u *url.URL, t Target) string {
	normal := url.URL{
		Scheme: t.Scheme, Host: t.Host,
		Path: u.Path, RawPath: u.RawPath,
		RawQuery: escapeQuery(u.RawQuery), ForceQuery: u.ForceQuery,
	}
	if t.Port != ownPort(t.Scheme) {
		normal.Host = t.hostPort()
	} else if t.Addr.Is6() {
		normal.Host = "[" + t.Host + "]"
	}
	if normal.Path == "" {
		normal.Path = "/"
	}
	return normal.String()
}

// escapeQuery escapes characters that are invalid in a request line. It leaves escape sequences as they are.
func escapeQuery(query string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
