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

// maxURL is the longest address, in bytes, as typed and normalised.
const maxURL = 2048

// Target is an address that may be called, normalised: lower case, host name in ASCII, without default port, final
// dot of the host, and fragment, and with a path.
type Target struct {
	URL    string
	Scheme string     // http or https
	Host   string     // name or IP address, without brackets
	Port   uint16     // the scheme's own when the URL names none
	Addr   netip.Addr // the host when it is an IP address, else the zero Addr
}

// Check parses and normalises an address, and refuses with a *Refusal what cannot be called: anything but http and
// https, user information, IP addresses that are not public or written in an unusual notation, names that are never
// public, ports other than 80 and 443. Nothing is looked up: a name may still turn out to lead to a forbidden address.
//
// A URL that Check returned is returned unchanged when it is checked again.
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

func (c *Client) admit(t Target) error {
	switch {
	case t.Addr.IsValid():
		return c.guard.check(netip.AddrPortFrom(t.Addr, t.Port))
	case c.guard.private:
		return nil // what the name leads to decides, about the port too
	case !publicName(t.Host):
		return refuse(ReasonNotPublic)
	case !webPort(t.Port):
		return refuse(ReasonPort)
	}
	return nil
}

// host is a host as the network will see it.
type host struct {
	name    string
	addr    netip.Addr // when it is an IP address in the notation everybody reads alike
	numeric bool       // an address in some notation: like a browser, every name whose last label is a number
}

// parseHost undoes what hides a host: letter case, compatibility characters such as full-width digits, the dot at the
// end. It returns false for what cannot be a host.
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

// hostProfile admits underscores: resolvers do.
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

func endsInNumber(name string) bool {
	last := name[strings.LastIndex(name, ".")+1:]
	if hex, found := strings.CutPrefix(last, "0x"); found {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// publicName refuses names that mean something only in our own network, without looking them up: the answer alone
// would tell what exists there.
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

// parsePort reads a port, or takes the scheme's own when there is none.
func parsePort(port, scheme string) (uint16, bool) {
	if port == "" {
		return ownPort(scheme), scheme != ""
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return uint16(n), err == nil && n != 0
}

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

// escapeQuery escapes what may not stand in a request line. What is escaped already stays as it is.
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
