package deliver

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Result is what a call has found out so far.
type Result struct {
	Target     Target
	Addresses  []Address      // all addresses of the name, even if some of them forbid the call
	Dials      []Dial         // in order; at most 4
	RemoteAddr netip.AddrPort // of the dial that succeeded
	TLS        *TLS           // nil for http and before the handshake; set if the certificate is invalid
	Response
	Timing Timing
}

// Address is an IP address of a name.
type Address struct {
	IP     netip.Addr
	Public bool
}

// Dial is a try to connect to one address.
type Dial struct {
	Addr netip.AddrPort
	Kind Kind // "" if it succeeded
	Took time.Duration
}

// Response is the endpoint's response. Everything in it is the endpoint's own text.
type Response struct {
	Status        int    // 0 for no response
	Proto         string // HTTP/1.0 or HTTP/1.1
	Header        http.Header
	Body          []byte // not decompressed; at most Options.MaxBody bytes
	BodyTruncated bool   // the body is longer
}

// Timing has the durations of the steps, 0 for one that was not made.
type Timing struct {
	DNS       time.Duration
	Connect   time.Duration
	TLS       time.Duration
	FirstByte time.Duration // from the start of sending to the first byte of the response
	Exchange  time.Duration // from the start of sending to the end of what was read
	Total     time.Duration // all steps, without the time between them
}

// Call is a call that is made step by step. Each step first makes the steps before it that are missing, so Exchange
// alone is a whole call. All steps together may take Options.Timeout, not counting the time between them.
//
// After a failed step, or after Exchange, the next step starts over with a new connection, at the addresses that were
// resolved and checked before. A Call is not safe for concurrent use, and must be closed.
type Call struct {
	client         *Client
	waits          bool // for slots, instead of returning a refusal
	release        func()
	exempt         netip.AddrPort // address of an exception
	rootCAs        *x509.CertPool // nil for those of the system
	result         Result
	over           bool // the next step starts over
	raw            net.Conn
	conn           net.Conn // raw, or TLS over it
	releaseAddress func()   // releases the slot of the address
	secured        bool
}

// NewCall checks a URL and prepares a call to it. It returns a *Refusal if the URL must not be called, or if there are
// too many calls.
func (c *Client) NewCall(rawURL string) (*Call, error) {
	return c.newCall(context.Background(), rawURL, false)
}

func (c *Client) newCall(ctx context.Context, rawURL string, waits bool) (*Call, error) {
	t, err := c.Check(rawURL)
	if err != nil {
		return nil, err
	}
	release, err := c.slots.acquire(ctx, waits, slot{"all", c.o.MaxConcurrent}, slot{"host " + t.Host, c.o.MaxPerTarget})
	if err != nil {
		return nil, err
	}
	exception := c.exceptions[t.hostPort()]
	return &Call{
		client: c, waits: waits, release: release, result: Result{Target: t},
		exempt: exception.Addr, rootCAs: cmp.Or(exception.RootCAs, c.o.RootCAs),
	}, nil
}

// Close closes the connection and releases the slots.
func (c *Call) Close() {
	c.hangUp()
	c.release()
}

// Result returns what the current or the last call has found out.
func (c *Call) Result() Result { return c.result }

// Resolve looks up the addresses of the target and checks them all. It returns a *Refusal if any of them isn't public,
// and an *Error if there is none.
func (c *Call) Resolve(ctx context.Context) error {
	c.begin()
	if c.result.Addresses != nil {
		return c.checkAddresses()
	}
	return c.step(ctx, &c.result.Timing.DNS, func(ctx context.Context) error {
		ips, err := c.lookUp(ctx)
		if err != nil {
			return err
		}
		for _, ip := range ips {
			c.result.Addresses = append(c.result.Addresses, Address{IP: ip, Public: c.client.guard.public(ip)})
		}
		return c.checkAddresses()
	})
}

// Connect connects to one of the addresses that Resolve found.
func (c *Call) Connect(ctx context.Context) error {
	if err := c.Resolve(ctx); err != nil || c.conn != nil {
		return err
	}
	return c.step(ctx, &c.result.Timing.Connect, c.connect)
}

// Handshake sets up TLS for an https target and verifies its certificate. It does nothing for http.
func (c *Call) Handshake(ctx context.Context) error {
	if err := c.Connect(ctx); err != nil || c.secured || c.result.Target.Scheme == "http" {
		return err
	}
	return c.step(ctx, &c.result.Timing.TLS, c.handshake)
}

// Exchange sends the message and reads the response. A response with any status is a success. If its body fails, the
// error is an *Error for StepBody, and the Result has the status, the header and the part of the body that was read.
func (c *Call) Exchange(ctx context.Context, m Message) error {
	req, err := c.client.request(c.result.Target, m)
	if err != nil {
		return err
	}
	if err := c.Handshake(ctx); err != nil {
		return err
	}
	defer c.end()
	return c.step(ctx, &c.result.Timing.Exchange, func(ctx context.Context) error {
		x, err := c.send(ctx, req)
		if err != nil {
			return err
		}
		defer x.close()
		c.result.Response = x.response()
		return c.readBody(x)
	})
}

func (c *Call) readBody(x *exchange) error {
	limit := c.client.o.MaxBody
	body, err := io.ReadAll(io.LimitReader(x, limit+1))
	if c.result.BodyTruncated = int64(len(body)) > limit; c.result.BodyTruncated {
		body, err = body[:limit], nil
	}
	c.result.Body = body
	return err
}

// send sends the request over the connection, which the exchange owns from then on.
func (c *Call) send(ctx context.Context, req *http.Request) (*exchange, error) {
	x := &exchange{raw: c.raw, meter: meter{conn: c.conn, left: c.client.o.MaxHeader}}
	err := x.run(ctx, req)
	c.result.Timing.FirstByte = x.firstByte
	if err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

// step runs a step within the time that is left for the call.
func (c *Call) step(ctx context.Context, took *time.Duration, run func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.left())
	defer cancel()
	start := time.Now()
	err := run(ctx)
	*took = time.Since(start)
	c.result.Timing.Total += *took
	if err != nil {
		c.end()
	}
	return err
}

func (c *Call) left() time.Duration { return c.client.o.Timeout - c.result.Timing.Total }

// begin resets the result after the last call, except for the addresses.
func (c *Call) begin() {
	if c.over {
		c.result = Result{Target: c.result.Target, Addresses: c.result.Addresses}
		c.over = false
	}
}

func (c *Call) end() {
	c.hangUp()
	c.over = true
}

func (c *Call) hangUp() {
	if c.raw != nil {
		_ = c.raw.Close()
		c.releaseAddress()
	}
	c.raw, c.conn, c.secured = nil, nil, false
}

func (c *Call) lookUp(ctx context.Context) ([]netip.Addr, error) {
	switch t := c.result.Target; {
	case c.exempt.IsValid():
		return []netip.Addr{c.exempt.Addr()}, nil
	case t.Addr.IsValid():
		return []netip.Addr{t.Addr}, nil
	default:
		return c.client.lookUp(ctx, t.Host)
	}
}

// lookUp looks up the addresses of a name. It unmaps IPv4 addresses inside IPv6 ones, which resolvers and hostile name
// servers may return.
func (c *Client) lookUp(ctx context.Context, name string) ([]netip.Addr, error) {
	if strings.Contains(name, ".") {
		name += "."
	}
	ips, err := c.o.Resolver.LookupNetIP(ctx, "ip", name)
	if kind := contextKind(ctx); err != nil && kind != "" {
		return nil, &Error{Step: StepResolve, Kind: kind, Err: err}
	}
	if err != nil {
		return nil, &Error{Step: StepResolve, Kind: resolveKind(err), Err: err}
	}
	if len(ips) == 0 {
		return nil, &Error{Step: StepResolve, Kind: KindNameNotFound, Err: errors.New("no addresses")}
	}
	for i, ip := range ips {
		ips[i] = ip.Unmap()
	}
	return ips, nil
}

// checkAddresses returns a *Refusal if any address is forbidden, since a later delivery may be sent to any of them.
func (c *Call) checkAddresses() error {
	if c.exempt.IsValid() {
		return nil
	}
	for _, a := range c.result.Addresses {
		if err := c.client.guard.check(netip.AddrPortFrom(a.IP, c.result.Target.Port)); err != nil {
			return err
		}
	}
	return nil
}
