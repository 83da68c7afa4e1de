package deliver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/net/dns/dnsmessage"
)

// nameServer is a name server on a loopback port. It replies to the n-th query for a name and type with the n-th of its
// answers, or with the last.
type nameServer struct {
	conn net.PacketConn
	done sync.WaitGroup

	mu      sync.Mutex
	answers map[string][][]netip.Addr // by "name A" or "name AAAA"
	asked   map[string]int
	clients []net.Conn
	silent  bool
	code    dnsmessage.RCode // for every question, if it is not success
}

func newNameServer(t *testing.T, answers map[string][][]netip.Addr) *nameServer {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &nameServer{conn: conn, answers: answers, asked: map[string]int{}}
	s.done.Go(s.serve)
	t.Cleanup(func() {
		_ = conn.Close()
		s.done.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, client := range s.clients { // a question that was given up waits for its answer all the same
			_ = client.Close()
		}
	})
	return s
}

func (s *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "udp", s.conn.LocalAddr().String())
		s.mu.Lock()
		defer s.mu.Unlock()
		if err == nil {
			s.clients = append(s.clients, conn)
		}
		return conn, err
	}}
}

func (s *nameServer) serve() {
	buf := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		if reply, ok := s.reply(m); ok {
			_, _ = s.conn.WriteTo(reply, from)
		}
	}
}

func (s *nameServer) reply(m dnsmessage.Message) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := m.Questions[0]
	key := q.Name.String() + " " + strings.TrimPrefix(q.Type.String(), "Type")
	list := s.answers[key]
	n := min(s.asked[key], len(list)-1)
	s.asked[key]++
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	m.RCode = s.code
	if n >= 0 {
		for _, ip := range list[n] {
			m.Answers = append(m.Answers, record(q.Name, ip))
		}
	}
	packed, err := m.Pack()
	return packed, err == nil && !s.silent
}

func record(name dnsmessage.Name, ip netip.Addr) dnsmessage.Resource {
	r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET}}
	if ip.Is4() {
		r.Header.Type, r.Body = dnsmessage.TypeA, &dnsmessage.AResource{A: ip.As4()}
	} else {
		r.Header.Type, r.Body = dnsmessage.TypeAAAA, &dnsmessage.AAAAResource{AAAA: ip.As16()}
	}
	return r
}

func (s *nameServer) count(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[key]
}

// The name resolves to a public address when it is checked, and to this machine when it is called.
// Checklist 30.
func TestRebinding(t *testing.T) {
	s := newNameServer(t, map[string][][]netip.Addr{
		"hooks.example. A": {addrs("93.184.215.14"), addrs("127.0.0.1")},
	})
	c, w := wired(t, Options{Resolver: s.resolver()}, nil)
	v, err := c.NewCall(hook)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := v.Exchange(t.Context(), Message{}); failureOf(err) != "connect failed" {
			t.Errorf("exchange: %v", err)
		}
	}
	v.Close()
	if n := s.count("hooks.example. A"); n != 1 ||
		fmt.Sprint(w.dials()) != "[93.184.215.14:80 93.184.215.14:80 93.184.215.14:80]" {
		t.Errorf("asked %d times, dialed %v", n, w.dials())
	}

	r, err := c.Do(t.Context(), Request{URL: hook})
	want := []Address{{IP: netip.MustParseAddr("127.0.0.1")}}
	if diff := cmp.Diff(want, r.Addresses, cmpopts.EquateComparable(netip.Addr{})); reasonOf(err) != ReasonNotPublic ||
		diff != "" {
		t.Errorf("second call: %v\n%s", err, diff)
	}
	if n := s.count("hooks.example. A"); n != 2 || len(w.dials()) != 3 {
		t.Errorf("asked %d times, dialed %v", n, w.dials())
	}
}

// Checklist 30.
func TestAnswersOfNameServers(t *testing.T) {
	rows := []struct {
		name    string
		private bool
		a, aaaa []netip.Addr
		want    Reason
		dialed  string
	}{
		{"public", false, addrs("8.8.8.8"), nil, "", "[8.8.8.8:80]"},
		{"public IPv6", false, nil, addrs("2606:4700::1"), "", "[[2606:4700::1]:80]"},
		{"public, mapped into IPv6", false, nil, addrs("::ffff:8.8.8.8"), "", "[8.8.8.8:80]"},
		{"local", false, addrs("127.0.0.1"), nil, ReasonNotPublic, "[]"},
		{"metadata", false, addrs("169.254.169.254"), nil, ReasonNotPublic, "[]"},
		{"Azure", false, addrs("168.63.129.16"), nil, ReasonNotPublic, "[]"},
		{"one of several", false, addrs("8.8.8.8", "1.1.1.1", "10.0.0.1", "9.9.9.9"), nil, ReasonNotPublic, "[]"},
		{"the IPv6 one", false, addrs("8.8.8.8"), addrs("::1"), ReasonNotPublic, "[]"},
		{"the IPv4 one", false, addrs("192.168.1.1"), addrs("2606:4700::1"), ReasonNotPublic, "[]"},
		{"mapped into IPv6", false, nil, addrs("::ffff:127.0.0.1"), ReasonNotPublic, "[]"},
		{"compatible", false, nil, addrs("::7f00:1"), ReasonNotPublic, "[]"},
		{"NAT64", false, nil, addrs("64:ff9b::7f00:1"), ReasonNotPublic, "[]"},
		{"ISATAP", false, nil, addrs("2a00::5efe:127.0.0.1"), ReasonNotPublic, "[]"},
		{"ISATAP, universal", false, nil, addrs("2a00::200:5efe:10.0.0.1"), ReasonNotPublic, "[]"},
		{"ISATAP beside a public one", false, addrs("8.8.8.8"), addrs("2a00::5efe:10.0.0.1"), ReasonNotPublic, "[]"},
		{"ISATAP, the intranet admitted", true, nil, addrs("fd00::5efe:169.254.169.254"), ReasonNotPublic, "[]"},
		{"Teredo", false, nil, addrs("2001:0:7f00:1::"), ReasonNotPublic, "[]"},
		{"6to4", false, nil, addrs("2002:7f00:1::"), ReasonNotPublic, "[]"},
		{"unspecified", false, addrs("0.0.0.0"), nil, ReasonNotPublic, "[]"},
		{"admitted", true, addrs("10.0.0.1"), addrs("fd12::1"), "", ""},
		{"admitted and mapped", true, nil, addrs("::ffff:10.0.0.1"), "", "[10.0.0.1:80]"},
		{"admitted beside metadata", true, addrs("10.0.0.1", "169.254.169.254"), nil, ReasonNotPublic, "[]"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newNameServer(t, map[string][][]netip.Addr{"hooks.example. A": {row.a}, "hooks.example. AAAA": {row.aaaa}})
			c, w := wired(t, Options{Resolver: s.resolver(), AllowPrivate: row.private}, nil)
			r, err := c.Do(t.Context(), Request{URL: hook})
			if reasonOf(err) != row.want || row.want == "" && failureOf(err) != "connect failed" {
				t.Errorf("%v, want %q", err, row.want)
			}
			if row.dialed != "" && fmt.Sprint(w.dials()) != row.dialed {
				t.Errorf("dialed %v", w.dials())
			}
			if len(r.Addresses) != len(row.a)+len(row.aaaa) {
				t.Errorf("addresses %v", r.Addresses)
			}
			for _, a := range r.Addresses {
				if a.Public != c.guard.public(a.IP) {
					t.Errorf("address %+v", a)
				}
			}
		})
	}
}

// With AllowPrivate, other ports than 80 and 443 are allowed for the intranet only.
func TestPortsInPrivateMode(t *testing.T) {
	c, w := wired(t, Options{AllowPrivate: true, Resolver: names{
		"public.example.": addrs("8.8.8.8"), "inside.example.": addrs("10.0.0.1"), "mixed.example.": addrs("10.0.0.1", "8.8.8.8"), "hooks": addrs("10.0.0.2"),
	}}, nil)
	for host, want := range map[string]Reason{
		"public.example": ReasonPort, "inside.example": "", "mixed.example": ReasonPort, "hooks": "",
	} {
		_, err := c.Do(t.Context(), Request{URL: "http://" + host + ":8080/"})
		if reasonOf(err) != want || want == "" && failureOf(err) != "connect failed" {
			t.Errorf("%s: %v, want %q", host, err, want)
		}
	}
	for _, to := range w.dials() {
		if to.Port() != 8080 || !to.Addr().IsPrivate() {
			t.Errorf("dialed %v", to)
		}
	}
	if len(w.dials()) != 2 {
		t.Errorf("dialed %v", w.dials())
	}
}

func TestUnresolvedNames(t *testing.T) {
	rows := []struct {
		name   string
		silent bool
		code   dnsmessage.RCode
		want   string
	}{
		{"unknown", false, dnsmessage.RCodeNameError, "resolve name-not-found"},
		{"no addresses", false, dnsmessage.RCodeSuccess, "resolve name-not-found"},
		{"server failure", false, dnsmessage.RCodeServerFailure, "resolve name-failed"},
		{"silence", true, dnsmessage.RCodeSuccess, "resolve timeout"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newNameServer(t, nil)
			s.silent, s.code = row.silent, row.code
			timeout := 10 * time.Second
			if row.silent {
				timeout = 50 * time.Millisecond
			}
			c, w := wired(t, Options{Resolver: s.resolver(), Timeout: timeout}, nil)
			r, err := c.Do(t.Context(), Request{URL: hook})
			if failureOf(err) != row.want || len(w.dials()) != 0 || r.Addresses != nil || r.Timing.DNS == 0 ||
				r.Timing.Total != r.Timing.DNS {
				t.Errorf("%v, want %s; dialed %v; %+v", err, row.want, w.dials(), r)
			}
			if strings.Contains(err.Error(), "127.0.0.1") {
				t.Errorf("%v names the name server", err)
			}
		})
	}
}

type resolverFunc func(ctx context.Context, host string) ([]netip.Addr, error)

func (f resolverFunc) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	return f(ctx, host)
}

func TestErrorsOfResolvers(t *testing.T) {
	rows := []struct {
		name string
		err  error
		want string
	}{
		{"no addresses, no error", nil, "resolve name-not-found"},
		{"temporary", &net.DNSError{Err: "server misbehaving", IsTemporary: true}, "resolve name-failed"},
		{"time", &net.DNSError{Err: "i/o timeout", IsTimeout: true}, "resolve timeout"},
		{"something else", errors.New("broken"), "resolve name-failed"},
	}
	for _, row := range rows {
		fails := func(context.Context, string) ([]netip.Addr, error) { return nil, row.err }
		c := newClient(t, Options{Resolver: resolverFunc(fails)})
		_, err := c.Do(t.Context(), Request{URL: hook})
		if failureOf(err) != row.want || row.err != nil && !errors.Is(err, row.err) {
			t.Errorf("%s: %v, want %s", row.name, err, row.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	c := newClient(t, Options{Resolver: resolverFunc(func(ctx context.Context, _ string) ([]netip.Addr, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	})})
	if _, err := c.Do(ctx, Request{URL: hook}); failureOf(err) != "resolve canceled" || !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// No search domain is tried: it could have a name of our own network.
func TestNamesAreAbsolute(t *testing.T) {
	var asked []string
	c := newClient(
		t,
		Options{AllowPrivate: true, Resolver: resolverFunc(func(_ context.Context, host string) ([]netip.Addr, error) {
			asked = append(asked, host)
			return nil, errors.New("not now")
		})},
	)
	for _, host := range []string{"hooks.example", "hooks.example.", "bücher.example", "hooks"} {
		_, _ = c.Do(t.Context(), Request{URL: "http://" + host + "/"})
	}
	if got := fmt.Sprint(asked); got != "[hooks.example. hooks.example. xn--bcher-kva.example. hooks]" {
		t.Errorf("asked for %s", got)
	}
}

// Closed, filtered and blocked addresses of our own network can't be distinguished, because none of them is called. The
// error is the same text, and it comes immediately.
// Checklist 32.
func TestLocalAddressesLookAlike(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c := newClient(t, Options{Resolver: names{
		"open.example.":     addrs("127.0.0.1"),
		"filtered.example.": addrs("10.255.255.1"),
	}})
	seen := map[string]bool{}
	for _, address := range []string{
		"http://open.example/", "http://filtered.example/", "http://localhost/", "http://127.0.0.1/", "http://10.255.255.1:443/",
		"http://" + l.Addr().String() + "/", "http://127.0.0.1:1/", "http://169.254.169.254/", "http://[fe80::1]/", "http://db.internal/",
	} {
		r, err := c.Do(t.Context(), Request{URL: address})
		var refusal *Refusal
		if !errors.As(err, &refusal) {
			t.Fatalf("%s: %v", address, err)
		}
		seen[refusal.Error()+refusal.Public()] = true
		if len(r.Dials) != 0 || r.Timing.Connect != 0 {
			t.Errorf("%s was called: %+v", address, r)
		}
	}
	if len(seen) != 1 {
		t.Errorf("errors differ: %v", seen)
	}
}
