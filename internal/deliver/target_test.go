package deliver

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// refusedHosts are hosts that must never be called, in every notation, with the reason.
var refusedHosts = map[Reason][]string{
	ReasonNotPublic: {
		// IPv4: this network, private, shared, loopback, link-local with the metadata services of clouds
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1",
		"192.168.255.255", "100.64.0.1", "100.127.255.254", "100.100.100.200", "127.0.0.1", "127.0.0.53",
		"127.255.255.255", "169.254.0.1", "169.254.169.254", "169.254.170.2", "168.63.129.16",
		// IPv4: protocol assignments, documentation, AS112, AMT, 6to4 relays, benchmarking, multicast, reserved, broadcast
		"192.0.0.1", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "192.31.196.1", "192.175.48.1",
		"192.52.193.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.255.255.250", "240.0.0.1",
		"255.255.255.255",
		// IPv4 with a final dot, and characters that are mapped to those of host names
		"127.0.0.1.", "１２７.0.0.1", "１６９．２５４．１６９．２５４", "①②⑦.⓪.⓪.①", "𝟣𝟤𝟩.𝟢.𝟢.𝟣", "127。0。0。1", "127｡0｡0｡1",
		"127.0.0.1\u00ad", "127.0.0\u200b.1", "%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1", "10.0.0.1。",
		// IPv6: unspecified, loopback, with IPv4 inside: mapped, compatible, translated, NAT64, 6to4, Teredo
		"[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::ffff:127.0.0.1]",
		"[::FFFF:7F00:1]", "[::ffff:169.254.169.254]", "[0:0:0:0:0:ffff:10.0.0.1]", "[::ffff:8.8.8.8]", "[::127.0.0.1]",
		"[::8.8.8.8]", "[::ffff:0:127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b::8.8.8.8]",
		"[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[2002:808:808::1]", "[2001::1]",
		"[2001:0:7f00:1::]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
		"[2a00::5efe:127.0.0.1]", "[2a00::200:5efe:10.0.0.1]", "[2a00:0:0:0:0:5EFE:7F00:1]",
		// IPv6: discard, benchmarking, ORCHID, documentation, AS112, segment routing, not assigned
		"[100::1]", "[100:0:0:1::1]", "[2001:2::1]", "[2001:10::1]", "[2001:20::1]", "[2001:db8::1]", "[3fff::1]",
		"[2620:4f:8000::1]", "[5f00::1]", "[4000::1]", "[8000::1]",
		// IPv6: unique local with metadata services, link-local, site-local, multicast, zones
		"[fc00::1]", "[fd00::1]", "[fdff:ffff::1]", "[fd00:ec2::254]", "[fd20:ce::254]", "[fe80::1]",
		"[fe80::a9fe:a9fe]", "[febf::1]", "[fec0::1]", "[FEFF::1]", "[ff02::1]", "[ff0e::1]", "[fe80::1%25eth0]",
		"[::1%25lo]", "[2606:4700:4700::1111%25eth0]",
		// names that exist only in our own network, or nowhere
		"localhost", "LOCALHOST", "localhost.", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "admin.localhost", "printer.local", "db.internal",
		"metadata.google.internal", "metadata", "intranet", "router.home.arpa", "home.arpa", "shop.test",
		"x.invalid", "x.alt", "x.onion", "kubernetes",
	},
	ReasonNotation: {
		"2130706433", "0x7f000001", "0X7F000001", "017700000001", "127.1", "127.0.1", "0x7f.0.0.1", "0x7f.1",
		"0177.0.0.1", "127.0.0.01", "127.00.0.1", "0127.0.0.1", "0", "0x0", "0x", "00", "3232235521", "4294967295",
		"4294967296", "0x1ffffffff", "127.0.0.0x1", "127.0.0.256", "256.256.256.256", "1.2.3.4.5", "1.2.3", "2852039166",
		"0xa9.254.0251.254", "２１３０７０６４３３", "０ｘ７ｆ.1", "2130706433.", "example.1", "example.0x1f", "10.example.255",
		"010.8.8.8", "134744072", "8.8.2056",
	},
	ReasonHost: {
		"a..example", "127.0.0.1..", ".example.com", "ex*mple.com", "example.com,localhost", "a／b.example",
		"xn--a.example", "xn--.example",
		"example.com%81",
		strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 126) + "example", "exam=ple.com", "a;b.example",
	},
	ReasonURL: {
		"%31%32%37.0.0.1", "127%2e0.0.1", "%6cocalhost", "[::1", "::1", "fe80::1", "[::1]evil.example", "[]", "",
		"[127.0.0.1]", "[v1.fe80]", "[::g]", "[localhost]", "[::1::]",
		"exa mple.com", "127.0.0.1 ", "example.com\\@127.0.0.1", "127.0.0.1\t", "127.0.0.1\x00", "127.0.0.1\r\n", "ex\xffample.com",
	},
	ReasonUserinfo: {
		"user@example.com", "user:secret@example.com", "@example.com", ":@example.com", "example.com@127.0.0.1",
		"example.com:80@127.0.0.1", "a@b@example.com", "user@localhost",
	},
	ReasonPort: {
		"example.com:8080", "example.com:22", "example.com:0", "example.com:65536", "example.com:65979", "example.com:4430", "example.com:81",
		"8.8.8.8:53", "[2606:4700:4700::1111]:8443", "example.com:99999999999999999999",
	},
}

// Checklist 30.
func TestRefusedHosts(t *testing.T) {
	c, w := wired(t, Options{}, nil)
	n := 0
	for reason, hosts := range refusedHosts {
		for _, host := range hosts {
			for _, scheme := range []string{"http://", "https://", "HtTp://"} {
				n++
				address := scheme + host + "/hook"
				if _, err := c.Check(address); reasonOf(err) != reason {
					t.Errorf("%q: %v, want %s", address, err, reason)
				}
				if r, err := c.Do(t.Context(), Request{URL: address}); reasonOf(err) != reason || r.Addresses != nil {
					t.Errorf("%q was called: %v, %+v", address, err, r)
				}
			}
		}
	}
	if len(w.dials()) != 0 || n < 3*150 {
		t.Errorf("%d addresses, dialed %v", n, w.dials())
	}
}

func TestRefusedURLs(t *testing.T) {
	c := newClient(t, Options{})
	rows := []struct {
		address string
		want    Reason
	}{
		{"", ReasonScheme},
		{"example.com", ReasonScheme},
		{"//example.com/", ReasonScheme},
		{"example.com:443/hook", ReasonScheme},
		{"localhost:80", ReasonScheme},
		{"ftp://example.com/", ReasonScheme},
		{"file:///etc/passwd", ReasonScheme},
		{"gopher://127.0.0.1:25/", ReasonScheme},
		{"javascript:alert(1)", ReasonScheme},
		{"data:text/plain,x", ReasonScheme},
		{"ws://example.com/", ReasonScheme},
		{"unix:/var/run/docker.sock", ReasonScheme},
		{"http:example.com", ReasonURL},
		{"http:/example.com", ReasonURL},
		{"http://", ReasonURL},
		{"https:///hook", ReasonURL},
		{"https://:443/", ReasonURL},
		{"https://?q", ReasonURL},
		{" https://example.com/", ReasonURL},
		{"https://example.com/\n", ReasonURL},
		{"https://example.com/a b", ReasonURL},
		{"https://example.com/\u00a0", ReasonURL},
		{"https://example.com/\u0085", ReasonURL},
		{"https://example.com/%zz", ReasonURL},
		{"https://example.com/\r\nHost: localhost", ReasonURL},
		{"https://example.com\\.evil.example/", ReasonURL},
		{"https://example.com/a\\b", ReasonURL},
		{"https://example.com/#" + strings.Repeat("a", maxURL), ReasonURL},
		{"https://example.com/" + strings.Repeat("a", maxURL), ReasonURL},
		{"https://example.com/?" + strings.Repeat("é", 700), ReasonURL}, // too long once it is escaped
		{"://example.com", ReasonURL},
	}
	for _, row := range rows {
		if got, err := c.Check(row.address); reasonOf(err) != row.want || got != (Target{}) {
			t.Errorf("%.80q: %v %+v, want %s", row.address, err, got, row.want)
		}
	}
}

var allowed = []struct{ address, want string }{
	{"https://example.com", "https://example.com/"},
	{"HTTPS://Example.COM:443/Hook?A=B#part", "https://example.com/Hook?A=B"},
	{"http://example.com:80", "http://example.com/"},
	{"http://example.com:080/", "http://example.com/"},
	{"http://example.com:/", "http://example.com/"},
	{"http://example.com:443/", "http://example.com:443/"},
	{"https://example.com:80/x", "https://example.com:80/x"},
	{"https://example.com./", "https://example.com/"},
	{"https://bücher.example/ü?ü=\"<é>", "https://xn--bcher-kva.example/%C3%BC?%C3%BC=%22%3C%C3%A9%3E"},
	{"https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"},
	{"https://ｅxample。com/", "https://example.com/"},
	{"https://a_b.example.com/a%2Fb/../c//d?x=%41&y", "https://a_b.example.com/a%2Fb/../c//d?x=%41&y"},
	{"https://example.com/?", "https://example.com/?"},
	{"https://example.com//evil.example/", "https://example.com//evil.example/"},
	{"https://example.com/@127.0.0.1", "https://example.com/@127.0.0.1"},
	{"https://example.com/?u=http://127.0.0.1", "https://example.com/?u=http://127.0.0.1"},
	{"https://127.0.0.1.nip.example/", "https://127.0.0.1.nip.example/"},
	{"https://localhost.example.com/", "https://localhost.example.com/"},
	{"https://example.attest/", "https://example.attest/"},
	{"http://8.8.8.8", "http://8.8.8.8/"},
	{"http://8.8.8.8./", "http://8.8.8.8/"},
	{"http://８.８.８.８/", "http://8.8.8.8/"},
	{"https://1.1.1.1:443/", "https://1.1.1.1/"},
	{"https://9.255.255.255/", "https://9.255.255.255/"},
	{"https://11.0.0.1/", "https://11.0.0.1/"},
	{"https://100.63.255.255/", "https://100.63.255.255/"},
	{"https://100.128.0.1/", "https://100.128.0.1/"},
	{"https://126.255.255.255/", "https://126.255.255.255/"},
	{"https://128.0.0.1/", "https://128.0.0.1/"},
	{"https://168.63.129.17/", "https://168.63.129.17/"},
	{"https://172.15.255.255/", "https://172.15.255.255/"},
	{"https://172.32.0.1/", "https://172.32.0.1/"},
	{"https://192.167.255.255/", "https://192.167.255.255/"},
	{"https://192.169.0.1/", "https://192.169.0.1/"},
	{"https://198.20.0.1/", "https://198.20.0.1/"},
	{"https://223.255.255.255/", "https://223.255.255.255/"},
	{"https://[2606:4700:4700:0:0:0:0:1111]:443/", "https://[2606:4700:4700::1111]/"},
	{"http://[2A00:1450:4001:81B::200E]:443/", "http://[2a00:1450:4001:81b::200e]:443/"},
	{"https://[2001:4860:4860::8888]", "https://[2001:4860:4860::8888]/"},
}

func TestAllowed(t *testing.T) {
	c := newClient(t, Options{})
	for _, row := range allowed {
		if got, err := c.Check(row.address); got.URL != row.want || err != nil {
			t.Errorf("%q: %q, %v; want %q", row.address, got.URL, err, row.want)
		}
	}
}

func TestTarget(t *testing.T) {
	c := newClient(t, Options{})
	rows := []struct {
		address string
		want    Target
	}{
		{"HTTPS://Example.com?x", Target{URL: "https://example.com/?x", Scheme: "https", Host: "example.com", Port: 443}},
		{"http://[2606:4700::1]:443", Target{
			URL: "http://[2606:4700::1]:443/", Scheme: "http", Host: "2606:4700::1", Port: 443,
			Addr: netip.MustParseAddr("2606:4700::1"),
		}},
	}
	for _, row := range rows {
		got, err := c.Check(row.address)
		if diff := cmp.Diff(row.want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", row.address, err, diff)
		}
	}
}

// A public IP address is dialed as it is, and nothing else is.
func TestPublicAddressesAreDialed(t *testing.T) {
	rows := []struct{ address, want string }{
		{"http://8.8.8.8/", "8.8.8.8:80"},
		{"https://１.1.1.1./", "1.1.1.1:443"},
		{"https://[2606:4700:4700:0::1111]:80/", "[2606:4700:4700::1111]:80"},
		{"http://hooks.example:443/", "93.184.215.14:443"},
	}
	for _, row := range rows {
		c, w := wired(t, Options{}, nil)
		r, err := c.Do(t.Context(), Request{URL: row.address})
		if failureOf(err) != "connect failed" || fmt.Sprint(w.dials()) != "["+row.want+"]" {
			t.Errorf("%s: %v, dialed %v", row.address, err, w.dials())
		}
		if len(r.Dials) != 1 || r.Dials[0].Addr.String() != row.want || r.Dials[0].Kind != KindFailed {
			t.Errorf("%s: dials %+v", row.address, r.Dials)
		}
	}
}

func TestAllowPrivateTargets(t *testing.T) {
	c := newClient(t, Options{AllowPrivate: true})
	rows := []struct {
		host string
		want Reason
	}{
		{"10.1.2.3", ""},
		{"172.16.0.1:8080", ""},
		{"192.168.1.1:3000", ""},
		{"100.64.0.1", ""},
		{"127.0.0.1:9000", ""},
		{"[::1]:9000", ""},
		{"[fd12:3456::1]:81", ""},
		{"localhost:3000", ""},
		{"hooks:8080", ""},
		{"hooks.internal", ""},
		{"example.com:8080", ""}, // what it leads to decides
		{"8.8.8.8", ""},
		{"8.8.8.8:8080", ReasonPort},
		{"[2606:4700::1]:8080", ReasonPort},
		{"127.0.0.1:0", ReasonPort},
		{"0.0.0.0", ReasonNotPublic},
		{"[::]", ReasonNotPublic},
		{"169.254.169.254", ReasonNotPublic},
		{"168.63.129.16", ReasonNotPublic},
		{"168.63.129.16:32526", ReasonNotPublic},
		{"100.100.100.200", ReasonNotPublic},
		{"[fd00:ec2::254]", ReasonNotPublic},
		{"[fd20:ce::254]", ReasonNotPublic},
		{"[fd00:c1::a9fe:a9fe]", ReasonNotPublic},
		{"[fd00:42::42]", ReasonNotPublic},
		{"[fe80::1]", ReasonNotPublic},
		{"[fe80::1%25eth0]", ReasonNotPublic},
		{"[fd12::1%25eth0]", ReasonNotPublic},
		{"[::ffff:10.0.0.1]", ReasonNotPublic},
		{"[64:ff9b::10.0.0.1]", ReasonNotPublic},
		{"224.0.0.1", ReasonNotPublic},
		{"203.0.113.1", ReasonNotPublic},
		{"255.255.255.255", ReasonNotPublic},
		{"2130706433", ReasonNotation},
		{"127.1", ReasonNotation},
		{"user@10.0.0.1", ReasonUserinfo},
	}
	for _, row := range rows {
		if _, err := c.Check("http://" + row.host + "/"); reasonOf(err) != row.want || (err == nil) != (row.want == "") {
			t.Errorf("%s: %v, want %q", row.host, err, row.want)
		}
	}
}

func TestExceptions(t *testing.T) {
	there := netip.MustParseAddrPort("127.0.0.1:8081")
	c := newClient(t, Options{Exceptions: []Exception{
		{Host: "Receiver.Sandbox.Example:80", Addr: there},
		{Host: "127.0.0.1:8081", Addr: there},
	}})
	rows := []struct {
		address string
		want    Reason
	}{
		{"http://receiver.sandbox.example/inbox", ""},
		{"http://RECEIVER.sandbox.example.:80/inbox", ""},
		{"https://receiver.sandbox.example:80/", ""}, // the same place by another scheme
		{"http://127.0.0.1:8081/", ""},
		{"http://127.0.0.1/", ReasonNotPublic},
		{"http://127.0.0.1:8082/", ReasonNotPublic},
		{"http://localhost:8081/", ReasonNotPublic},
		{"http://2130706433:8081/", ReasonNotation},
		{"http://user@receiver.sandbox.example/", ReasonUserinfo},
		{"http://receiver.sandbox.example:8081/", ReasonPort},
	}
	for _, row := range rows {
		if _, err := c.Check(row.address); reasonOf(err) != row.want || (err == nil) != (row.want == "") {
			t.Errorf("%s: %v, want %q", row.address, err, row.want)
		}
	}
}

func TestInvalidOptions(t *testing.T) {
	there := netip.MustParseAddrPort("127.0.0.1:80")
	for name, o := range map[string]Options{
		"negative time":          {Timeout: -1},
		"negative header":        {MaxHeader: -1},
		"negative body":          {MaxBody: -1},
		"negative calls":         {MaxConcurrent: -1},
		"negative per target":    {MaxPerTarget: -1},
		"user agent":             {UserAgent: "a\nb"},
		"exception without port": {Exceptions: []Exception{{Host: "receiver.example", Addr: there}}},
		"exception with port 0":  {Exceptions: []Exception{{Host: "receiver.example:0", Addr: there}}},
		"exception port empty":   {Exceptions: []Exception{{Host: "receiver.example:", Addr: there}}},
		"exception without host": {Exceptions: []Exception{{Host: ":80", Addr: there}}},
		"exception to nowhere":   {Exceptions: []Exception{{Host: "receiver.example:80", Addr: netip.AddrPort{}}}},
		"exception to port 0":    {Exceptions: []Exception{{Host: "receiver.example:80", Addr: netip.AddrPortFrom(there.Addr(), 0)}}},
	} {
		if c, err := New(o); err == nil || c != nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// spelling returns an IPv4 address in a notation that some programs parse as this address.
func spelling(t *rapid.T, ip [4]byte) string {
	number := func(n uint32) string {
		return fmt.Sprintf(rapid.SampledFrom([]string{"%d", "0x%x", "0X%X", "0%o", "00%o", "0x0%x"}).Draw(t, "notation"), n)
	}
	parts := rapid.IntRange(1, 4).Draw(t, "parts")
	var s []string
	for i := range parts - 1 {
		s = append(s, number(uint32(ip[i])))
	}
	var rest uint32
	for _, b := range ip[parts-1:] {
		rest = rest<<8 | uint32(b)
	}
	return strings.Join(append(s, number(rest)), ".") + rapid.SampledFrom([]string{"", "."}).Draw(t, "end")
}

func TestNoSpellingOfALocalAddressPasses(t *testing.T) {
	c := newClient(t, Options{})
	rapid.Check(t, func(t *rapid.T) {
		net := rapid.SampledFrom([][2]byte{{127, 0}, {10, 0}, {192, 168}, {169, 254}, {172, 16}}).Draw(t, "net")
		ip := [4]byte{net[0], net[1], rapid.Byte().Draw(t, "c"), rapid.Byte().Draw(t, "d")}
		host := spelling(t, ip)
		if rapid.Bool().Draw(t, "wide") {
			host = strings.Map(func(r rune) rune {
				if r >= '!' && r <= '~' {
					r += '！' - '!'
				}
				return r
			}, host)
		}
		if got, err := c.Check("http://" + host + "/"); err == nil {
			t.Fatalf("%q passes as %q", host, got.URL)
		}
	})
}

// checkNormal checks what is true of every URL that Check returns.
func checkNormal(t interface{ Fatalf(string, ...any) }, c *Client, address string) {
	got, err := c.Check(address)
	if err != nil {
		if reasonOf(err) == "" || got != (Target{}) {
			t.Fatalf("%q: %+v with %v", address, got, err)
		}
		return
	}
	if again, err := c.Check(got.URL); err != nil || again != got {
		t.Fatalf("%q became %q and then %q, %v", address, got.URL, again.URL, err)
	}
	u, err := url.ParseRequestURI(got.URL)
	if err != nil || u.Hostname() != got.Host || u.Scheme != got.Scheme || u.User != nil || u.Fragment != "" ||
		u.Path == "" {
		t.Fatalf("%q became %q: %v", address, got.URL, err)
	}
	for _, b := range []byte(got.URL) {
		if b <= ' ' || b >= 0x7f {
			t.Fatalf("%q became %q", address, got.URL)
		}
	}
	if !webPort(got.Port) || got.Addr.IsValid() && !c.guard.public(got.Addr) ||
		!got.Addr.IsValid() && endsInNumber(got.Host) {
		t.Fatalf("%q passes as %+v", address, got)
	}
}

func FuzzCheck(f *testing.F) {
	for _, hosts := range refusedHosts {
		for _, host := range hosts {
			f.Add("http://" + host + "/")
		}
	}
	for _, row := range allowed {
		f.Add(row.address)
	}
	c := newClient(f, Options{})
	f.Fuzz(func(t *testing.T, address string) { checkNormal(t, c, address) })
}

func TestNormalizingIsIdempotent(t *testing.T) {
	c := newClient(t, Options{})
	part := rapid.StringOfN(rapid.RuneFrom([]rune("aZ9-_.~%/?#:@é漢ß１。\u00adİſ ")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		scheme := rapid.SampledFrom([]string{"http", "https", "HTTP"}).Draw(t, "scheme")
		checkNormal(
			t,
			c,
			scheme+"://"+part.Draw(t, "host")+".example"+part.Draw(t, "port")+"/"+part.Draw(t, "path")+"?"+part.Draw(t, "query"),
		)
	})
}
