package deliver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hook is the URL that the tests call, and publicIP is what its name resolves to in most of them. Nothing is sent
// there: the tests replace the dialer.
const hook = "http://hooks.example/fourthwall"

var publicIP = netip.MustParseAddr("93.184.215.14")

func newClient(t testing.TB, o Options) *Client {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// names is a resolver with fixed addresses. Other names don't exist.
type names map[string][]netip.Addr

func (n names) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	if ips, ok := n[host]; ok && network == "ip" {
		return ips, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func addrs(list ...string) []netip.Addr {
	var all []netip.Addr
	for _, s := range list {
		all = append(all, netip.MustParseAddr(s))
	}
	return all
}

// wire replaces the network. It runs the dial hook, as a socket does, and connects to serve by a pipe.
type wire struct {
	serve  func(net.Conn) // nil: every connection fails
	served sync.WaitGroup

	mu     sync.Mutex
	dialed []netip.AddrPort
}

var errNobodyThere = errors.New("nobody there")

func (w *wire) dial(_ context.Context, to netip.AddrPort, control controlFunc) (net.Conn, error) {
	network := "tcp4"
	if to.Addr().Is6() {
		network = "tcp6"
	}
	if err := control(network, to.String(), nil); err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
	w.mu.Lock()
	w.dialed = append(w.dialed, to)
	w.mu.Unlock()
	if w.serve == nil {
		return nil, errNobodyThere
	}
	ours, theirs := net.Pipe()
	w.served.Go(func() {
		defer func() { _ = theirs.Close() }()
		w.serve(theirs)
	})
	return ours, nil
}

func (w *wire) dials() []netip.AddrPort {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dialed
}

// wired returns a client whose connections are served by serve.
func wired(t testing.TB, o Options, serve func(net.Conn)) (*Client, *wire) {
	t.Helper()
	if o.Resolver == nil {
		o.Resolver = names{"hooks.example.": {publicIP}}
	}
	w := &wire{serve: serve}
	c := newClient(t, o)
	c.dial = w.dial
	t.Cleanup(w.served.Wait)
	return c, w
}

// pause sleeps by the clock of the test's bubble.
func pause(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // takes no time: only used with synctest
}

// resetOnClose makes a connection end with a reset.
func resetOnClose(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

// afterRequest reads one request and then sends text.
func afterRequest(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) == nil {
			_, _ = conn.Write([]byte(text))
		}
	}
}

func readRequest(conn net.Conn) error {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err
}

// slotsTaken returns the number of keys with slots in use.
func slotsTaken(c *Client) int {
	c.slots.mu.Lock()
	defer c.slots.mu.Unlock()
	return len(c.slots.used)
}

// reasonOf returns the reason of a *Refusal, or "" for another error.
func reasonOf(err error) Reason {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

// failureOf returns the step and the kind of an *Error, or "" for another error.
func failureOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return string(e.Step) + " " + string(e.Kind)
	}
	return ""
}

// listen serves connections on a loopback port. It returns options in which hooks.example is that port.
func listen(t testing.TB, port string, serve func(net.Conn)) Options {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = conn.Close() }()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return Options{
		Timeout:    10 * time.Second,
		Resolver:   names{},
		Exceptions: []Exception{{Host: "hooks.example:" + port, Addr: netip.MustParseAddrPort(l.Addr().String())}},
	}
}
