package deliver

import (
	"net"
	"net/netip"
	"testing"
)

// The dial hook is the last line of defense. It must refuse even if all checks before it are wrong.
func TestDialHook(t *testing.T) {
	const public, local = "93.184.215.14:80", "127.0.0.1:80"
	rows := []struct {
		name             string
		private, exempt  bool
		network          string
		checked, address string
		want             Reason
	}{
		{"the address that was checked", false, false, "tcp4", public, public, ""},
		{"the same for IPv6", false, false, "tcp6", "[2606:4700::1]:443", "[2606:4700::1]:443", ""},
		{"another public address", false, false, "tcp4", public, "93.184.215.15:80", ReasonNotPublic},
		{"another port", false, false, "tcp4", public, "93.184.215.14:443", ReasonNotPublic},
		{"a local address instead", false, false, "tcp4", public, local, ReasonNotPublic},
		{"a local address that was let through", false, false, "tcp4", local, local, ReasonNotPublic},
		{"metadata that was let through", false, false, "tcp4", "169.254.169.254:80", "169.254.169.254:80", ReasonNotPublic},
		{"Azure that was let through", false, false, "tcp4", "168.63.129.16:80", "168.63.129.16:80", ReasonNotPublic},
		{"mapped", false, false, "tcp6", "[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80", ReasonNotPublic},
		{"ISATAP that was let through", false, false, "tcp6", "[2a00::5efe:127.0.0.1]:80", "[2a00::5efe:127.0.0.1]:80", ReasonNotPublic},
		{"ISATAP in the intranet", true, false, "tcp6", "[fd00::5efe:10.0.0.1]:80", "[fd00::5efe:10.0.0.1]:80", ReasonNotPublic},
		{"a zone", false, false, "tcp6", "[fe80::1%eth0]:80", "[fe80::1%eth0]:80", ReasonNotPublic},
		{"a port that was let through", false, false, "tcp4", "93.184.215.14:22", "93.184.215.14:22", ReasonNotPublic},
		{"not TCP", false, false, "udp4", public, public, ReasonNotPublic},
		{"not an address", false, false, "tcp4", public, "hooks.example:80", ReasonNotPublic},
		{"the intranet, admitted", true, false, "tcp4", "10.0.0.1:8080", "10.0.0.1:8080", ""},
		{"metadata, though the intranet is admitted", true, false, "tcp6", "[fd00:ec2::254]:80", "[fd00:ec2::254]:80", ReasonNotPublic},
		{"another one in the intranet", true, false, "tcp4", "10.0.0.1:80", "10.0.0.2:80", ReasonNotPublic},
		{"the exception", false, true, "tcp4", "127.0.0.1:8081", "127.0.0.1:8081", ""},
		{"beside the exception", false, true, "tcp4", "127.0.0.1:8081", "127.0.0.1:8082", ReasonNotPublic},
	}
	for _, row := range rows {
		control := newGuard(row.private).control(netip.MustParseAddrPort(row.checked), row.exempt)
		err := control(row.network, row.address, nil)
		if reasonOf(err) != row.want || (err == nil) != (row.want == "") {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}

// The dialer runs the hook before it connects.
// Checklist 30.
func TestDialerRunsTheHook(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	to := netip.MustParseAddrPort(l.Addr().String())
	conn, err := dialTCP(t.Context(), to, newGuard(false).control(to, false))
	if conn != nil || reasonOf(err) != ReasonNotPublic {
		t.Errorf("dialed %v, %v", conn, err)
	}
	conn, err = dialTCP(t.Context(), to, newGuard(false).control(to, true))
	if err != nil || conn.RemoteAddr().String() != to.String() {
		t.Fatalf("dialed %v, %v", conn, err)
	}
	_ = conn.Close()
}

// An IPv4 address inside an IPv6 one leads wherever that IPv4 address leads.
func TestEmbeddedIPv4(t *testing.T) {
	embedded := []string{
		// ISATAP, whatever its universal and group bits, under prefixes of the internet and of an intranet
		"2a00::5efe:127.0.0.1", "2a00::200:5efe:127.0.0.1", "2a00::100:5efe:10.0.0.1", "2a00::300:5efe:10.0.0.1",
		"2606:4700:1:2:0:5efe:a9fe:a9fe", "2606:4700:1:2:200:5efe:c0a8:1", "2a00::5efe:8.8.8.8", "fd00::5efe:169.254.169.254",
		"fd00:1:2:3:200:5efe:a9fe:a9fe", "fe80::5efe:10.0.0.1", "2001:db8::5efe:127.0.0.1",
		// mapped, compatible, translated
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::10.0.0.1", "::ffff:0:127.0.0.1", "::ffff:0:192.168.0.1",
		// NAT64: well-known and local use; 6to4; Teredo, server and client
		"64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::192.168.0.1", "64:ff9b:1:7f00:0:100::", "2002:7f00:1::1",
		"2002:a00:1::", "2002:c0a8:101::5efe:127.0.0.1", "2001:0:7f00:1::", "2001:0:808:808:0:0:80ff:fffe",
	}
	for _, private := range []bool{false, true} {
		for _, ip := range addrs(embedded...) {
			if err := newGuard(private).check(netip.AddrPortFrom(ip, 443)); reasonOf(err) != ReasonNotPublic {
				t.Errorf("%v, private %v: %v", ip, private, err)
			}
			c, _ := wired(t, Options{AllowPrivate: private}, nil)
			if _, err := c.Check("https://[" + ip.String() + "]/"); reasonOf(err) != ReasonNotPublic {
				t.Errorf("checking %v, private %v: %v", ip, private, err)
			}
		}
	}
	// These have the digits of ISATAP elsewhere, or another group.
	for _, ip := range addrs(
		"2a00:0:5efe::1", "2a00::5efe", "2a00::400:5efe:8.8.8.8", "2a00::1:5efe:8.8.8.8", "2a00:5efe::1",
	) {
		if err := newGuard(false).check(netip.AddrPortFrom(ip, 443)); err != nil {
			t.Errorf("%v: %v", ip, err)
		}
	}
}

// Checklist 30.
func FuzzGuard(f *testing.F) {
	for _, ip := range addrs(
		"8.8.8.8", "127.0.0.1", "::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2606:4700::1", "fd00:ec2::254",
		"2a00::5efe:127.0.0.1",
	) {
		f.Add(ip.AsSlice(), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, private bool) {
		ip, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		g := newGuard(private)
		special := ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() ||
			ip.Is4In6() || isISATAP(ip)
		if special && g.public(ip) {
			t.Errorf("%v is public", ip)
		}
		passes := g.check(netip.AddrPortFrom(ip, 80)) == nil
		if passes != (g.public(ip) || g.admitted(ip)) || g.public(ip) && g.admitted(ip) || g.admitted(ip) && !private {
			t.Errorf("%v: passes %v, public %v, admitted %v", ip, passes, g.public(ip), g.admitted(ip))
		}
	})
}
