package deliver

import (
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// neverCalled has addresses at which cloud platforms give their machines credentials and settings. They are in ranges
// that are public or that AllowPrivate admits. Other such addresses are link-local, which is never admitted.
var neverCalled = prefixes(
	"168.63.129.16/32",   // Azure
	"100.100.100.200/32", // Alibaba Cloud
	"fd00:ec2::/32",      // AWS
	"fd20:ce::/32",       // Google Cloud
	"fd00:c1::/32",       // Oracle Cloud
	"fd00:42::/32",       // Scaleway
)

// intranet has the addresses that AllowPrivate admits.
var intranet = prefixes(
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
	"fc00::/7",      // RFC 4193
	"100.64.0.0/10", // RFC 6598
	"127.0.0.0/8", "::1/128",
)

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, s := range list {
		all[i] = netip.MustParsePrefix(s)
	}
	return all
}

func within(list []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// isISATAP reports whether an IPv6 address has an IPv4 address in its last four bytes by RFC 5214,
// under any prefix.
// A router or host that speaks ISATAP sends its packets to that IPv4 address, which may be in our own network. The
// universal and the group bit of the interface identifier don't matter.
func isISATAP(ip netip.Addr) bool {
	b := ip.As16()
	return ip.Is6() && b[8]&^3 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

// guard decides which IP addresses may be called: public unicast ones with port 80 or 443, and the intranet if private
// is set. An address with a zone, or an IPv4 address inside an IPv6 one, is never public. ISATAP addresses are never
// called.
type guard struct {
	guardian *ssrf.Guardian
	private  bool
}

func newGuard(private bool) guard {
	return guard{guardian: ssrf.New(), private: private}
}

func (g guard) public(ip netip.Addr) bool {
	return ip.IsValid() && !within(neverCalled, ip) && !isISATAP(ip) && g.guardian.SafeAddr(ip) == nil
}

func (g guard) admitted(ip netip.Addr) bool {
	return g.private && !within(neverCalled, ip) && !isISATAP(ip) && within(intranet, ip)
}

func webPort(port uint16) bool { return port == 80 || port == 443 }

// check returns a *Refusal if the address must not be called.
func (g guard) check(to netip.AddrPort) error {
	switch {
	case g.admitted(to.Addr()):
		return nil
	case !g.public(to.Addr()):
		return refuse(ReasonNotPublic)
	case !webPort(to.Port()):
		return refuse(ReasonPort)
	}
	return nil
}

type controlFunc func(network, address string, conn syscall.RawConn) error

// control returns the hook that runs between the creation of a socket and its connecting. The hook refuses any address
// but the checked one, and checks that one again.
func (g guard) control(checked netip.AddrPort, exempt bool) controlFunc {
	return func(network, address string, conn syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || to != checked {
			return refuse(ReasonNotPublic)
		}
		if exempt || g.admitted(to.Addr()) {
			return nil
		}
		if err := g.guardian.Safe(network, address, conn); err != nil {
			return refuse(ReasonNotPublic)
		}
		return g.check(to)
	}
}
