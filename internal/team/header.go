package team

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"
)

// ProxySecretHeader is the header in which the reverse proxy proves itself with the shared secret.
const ProxySecretHeader = "X-Hookwall-Proxy-Secret" //nolint:gosec // the name of a header

// HeaderConfig says which reverse proxy signs people in, and in which header it names them. All is required.
type HeaderConfig struct {
	UserHeader string
	Secret     string
	Proxies    []netip.Prefix // addresses from which the proxy connects
}

// Header signs people in by a header of a reverse proxy.
type Header struct {
	user    string // canonical name
	secret  [sha256.Size]byte
	proxies []netip.Prefix
}

// NewHeader returns a Header, or an error if a part of it is missing.
func NewHeader(c HeaderConfig) (*Header, error) {
	if c.UserHeader == "" || c.Secret == "" || len(c.Proxies) == 0 {
		return nil, errors.New("team: a proxy's header needs a name, a secret and the proxy's addresses")
	}
	return &Header{
		user: textproto.CanonicalMIMEHeaderKey(c.UserHeader), secret: sha256.Sum256([]byte(c.Secret)), proxies: c.Proxies,
	}, nil
}

// Vouch returns nil if a request came through the proxy, whoever sent it. Otherwise its error is that of Identify.
func (h *Header) Vouch(r *http.Request) error {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	ip := peer.Addr().Unmap().WithZone("")
	if err != nil || !slices.ContainsFunc(h.proxies, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return problem(ProblemHeader, "the peer is not in HOOKWALL_TRUSTED_PROXIES")
	}
	secret, err := onlyValue(r.Header, ProxySecretHeader)
	if err != nil {
		return err
	}
	given := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(given[:], h.secret[:]) != 1 {
		return problem(ProblemHeader, ProxySecretHeader+" differs from HOOKWALL_PROXY_SECRET")
	}
	return nil
}

// NamesNobody reports whether a request has no header that names a person, nor one that looks like it.
func (h *Header) NamesNobody(r *http.Request) bool {
	for name := range r.Header {
		if strings.EqualFold(strings.ReplaceAll(name, "_", "-"), h.user) {
			return false
		}
	}
	return true
}

// Identify returns who sent a request, by the proxy's headers. Its error is a *SignInError with ProblemHeader: the
// request didn't come through the proxy, or the proxy passed on what the client had sent.
func (h *Header) Identify(r *http.Request) (Identity, error) {
	if err := h.Vouch(r); err != nil {
		return Identity{}, err
	}
	user, err := onlyValue(r.Header, h.user)
	if err != nil {
		return Identity{}, err
	}
	if !isUserName(user) {
		return Identity{}, problem(ProblemHeader, h.user+" isn't one name in printable ASCII without commas")
	}
	if isPlaceholder(user) {
		return Identity{}, problem(ProblemHeader, h.user+" is what the proxy writes if it doesn't know who sent a request")
	}
	id := Identity{Issuer: HeaderIssuer, Subject: user}
	if domainOf(user) != "" {
		id.Email, id.EmailVerified = user, true // the proxy is trusted to name people
	}
	return id, nil
}

// onlyValue returns the value of a header that was sent exactly once. Some servers take X_Name for X-Name, so a proxy
// that removes only X-Name lets a client send the other: such a twin is an error too.
func onlyValue(header http.Header, name string) (string, error) {
	for other := range header {
		if other != name && strings.EqualFold(strings.ReplaceAll(other, "_", "-"), name) {
			return "", problem(ProblemHeader, fmt.Sprintf("%q looks like %s", other, name))
		}
	}
	values := header[name]
	if len(values) != 1 || values[0] == "" {
		return "", problem(ProblemHeader, fmt.Sprintf("%s was sent %d times, or empty", name, len(values)))
	}
	return values[0], nil
}

// isPlaceholder reports whether a value is what some proxies send in place of a name that they don't have. Caddy sends
// its own {placeholder}, Apache (null), Envoy a hyphen. Everyone without a name would be one person.
func isPlaceholder(value string) bool {
	return strings.ContainsAny(value, "{}") || value == "(null)" || value == "-"
}

// isUserName reports whether a value can be the name of one person.
func isUserName(value string) bool {
	isOther := func(r rune) bool { return r < ' ' || r > '~' || r == ',' }
	return value != "" && len(value) <= maxSubject && strings.TrimSpace(value) == value &&
		!strings.ContainsFunc(value, isOther)
}
