package middleware

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

const maxLoggedHops = 200 // bytes

// Clients finds out which address a request came from.
type Clients struct {
	trusted    []netip.Prefix
	logger     *slog.Logger
	unreadable sync.Once
}

// NewClients returns Clients that believe X-Forwarded-For of trusted proxies alone. They log the first value that
// can't be read, and a proxy that says the address only in Forwarded, which they don't read.
func NewClients(trusted []netip.Prefix, logger *slog.Logger) *Clients {
	return &Clients{trusted: trusted, logger: logger}
}

// Address returns the peer's IP address or, when the peer is a trusted proxy, the last address in X-Forwarded-For that
// isn't one; "" if the peer's address can't be read.
func (c *Clients) Address(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := plain(peer.Addr())
	if !contains(c.trusted, ip) {
		return ip.String()
	}
	all := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	if forwarded := r.Header.Get("Forwarded"); all == "" && forwarded != "" {
		c.logUnreadable(r, "Forwarded", forwarded)
	}
	for _, hop := range slices.Backward(strings.Split(all, ",")) {
		if hop = strings.TrimSpace(hop); hop == "" {
			continue
		}
		forwarded, ok := hopAddress(hop)
		if !ok {
			c.logUnreadable(r, "X-Forwarded-For", all)
			break
		}
		if ip = forwarded; !contains(c.trusted, ip) {
			break
		}
	}
	return ip.String()
}

// IsTrusted reports whether the peer is a trusted proxy.
func (c *Clients) IsTrusted(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && contains(c.trusted, plain(peer.Addr()))
}

// logUnreadable logs once: a proxy writes all its headers in the same way.
func (c *Clients) logUnreadable(r *http.Request, header, all string) {
	c.unreadable.Do(func() {
		c.logger.WarnContext(r.Context(), "the client's address from a trusted proxy can't be read in X-Forwarded-For, "+
			"so everyone behind it counts as one address for the limits; this is logged once",
			"proxy", r.RemoteAddr, "header", header, "value", Clip(all, maxLoggedHops))
	})
}

// hopAddress reads one entry of X-Forwarded-For. Proxies write it with or without quotes, brackets and a port.
func hopAddress(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(strings.Trim(hop, `"'`))
	host, isBracketed := strings.CutPrefix(hop, "[")
	if isBracketed {
		var rest string
		if host, rest, isBracketed = strings.Cut(host, "]"); !isBracketed || (rest != "" && rest[0] != ':') {
			return netip.Addr{}, false
		}
	} else if strings.Count(hop, ":") == 1 {
		host, _, _ = strings.Cut(hop, ":")
	}
	ip, err := netip.ParseAddr(strings.TrimSpace(host))
	return plain(ip), err == nil
}

// plain returns an address in the form in which it is compared.
func plain(ip netip.Addr) netip.Addr { return ip.Unmap().WithZone("") }

func contains(prefixes []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip) })
}
