package deliver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Result is what a call has seen so far.
type Result struct {
	Target     Target
	Addresses  []Address      // all that the name has; also when some of them forbid the call
	Attempts   []Attempt      // to connect, in order; at most 4
	RemoteAddr netip.AddrPort // of the attempt that succeeded
	TLS        *TLS           // nil for http, and before the handshake; also when it failed over the certificate
	Answer
	Timing Timing
}

// Address is one of the addresses of a name.
type Address struct {
	IP     netip.Addr
	Public bool
}

// Attempt is one attempt to connect.
type Attempt struct {
	Addr netip.AddrPort
	Kind Kind // "" when it succeeded
	Took time.Duration
}

// Answer is what the endpoint answered. Everything in it is the endpoint's own text.
type Answer struct {
	Status        int    // 0 when there was none
	Proto         string // HTTP/1.0 or HTTP/1.1
	Header        http.Header
	Body          []byte // as it came, not decompressed; at most Options.MaxBody bytes
	BodyTruncated bool   // there was more
}

// Timing says how long the steps took. A step that did not happen took 0.
type Timing struct {
	DNS       time.Duration
	Connect   time.Duration
	TLS       time.Duration
	FirstByte time.Duration // from beginning to send the request to the first byte of the answer
	Exchange  time.Duration // from beginning to send the request to the end of what was read
	Total     time.Duration // all steps, without what the caller did between them
}

// Visit is a call that is made step by step. Each step makes those before it that have not been made yet, so
// Exchange alone is a whole call. All steps of one call together have Options.Timeout, time between them not counted.
//
// After a failed step, or after Exchange, the next step begins another call with a connection of its own, at the
// addresses that were found and checked before. A Visit is not safe for concurrent use, and must be closed.
type Visit struct {
	client  *Client
	waits   bool // for a place, instead of being refused
	leave   func()
	exempt  netip.AddrPort // where an exception is
	result  Result
	over    bool // the next step begins another call
	raw     net.Conn
	conn    net.Conn // raw, or TLS over it
	depart  func()   // gives back the place at the address
	secured bool
}

// Visit checks an address and prepares a call to it. It fails with a *Refusal when the address may not be called or
// too many calls are under way.
func (c *Client) Visit(rawURL string) (*Visit, error) {
	return c.visit(context.Background(), rawURL, false)
}

func (c *Client) visit(ctx context.Context, rawURL string, waits bool) (*Visit, error) {
	t, err := c.Check(rawURL)
	if err != nil {
		return nil, err
	}
	leave, err := c.places.take(ctx, waits, place{"all", c.o.MaxConcurrent}, place{"host " + t.Host, c.o.MaxPerTarget})
	if err != nil {
		return nil, err
	}
	return &Visit{
		client: c, waits: waits, leave: leave,
		exempt: c.exceptions[t.hostPort()], result: Result{Target: t},
	}, nil
}

// Close ends the visit and its connection.
func (v *Visit) Close() {
	v.hangUp()
	v.leave()
}

// Result returns what the call under way, or the last one, has seen.
func (v *Visit) Result() Result { return v.result }

// Resolve finds the addresses of the target and checks them all. It fails with a *Refusal when any of them is not
// public, and with an *Error when there is none.
func (v *Visit) Resolve(ctx context.Context) error {
	v.begin()
	if v.result.Addresses != nil {
		return v.checkAddresses()
	}
	return v.step(ctx, &v.result.Timing.DNS, func(ctx context.Context) error {
		ips, err := v.lookUp(ctx)
		if err != nil {
			return err
		}
		for _, ip := range ips {
			v.result.Addresses = append(v.result.Addresses, Address{IP: ip, Public: v.client.guard.public(ip)})
		}
		return v.checkAddresses()
	})
}

// Connect opens a connection to one of the addresses that Resolve found.
func (v *Visit) Connect(ctx context.Context) error {
	if err := v.Resolve(ctx); err != nil || v.conn != nil {
		return err
	}
	return v.step(ctx, &v.result.Timing.Connect, v.connect)
}

// Handshake sets up TLS for an https target and verifies its certificate; for http it does nothing.
func (v *Visit) Handshake(ctx context.Context) error {
	if err := v.Connect(ctx); err != nil || v.secured || v.result.Target.Scheme == "http" {
		return err
	}
	return v.step(ctx, &v.result.Timing.TLS, v.handshake)
}

// Exchange sends the message and reads the answer. An answer with any status is a success; one whose body fails is
// an *Error for StepBody, with status, header and what was read of the body in the Result.
func (v *Visit) Exchange(ctx context.Context, m Message) error {
	req, err := v.client.request(v.result.Target, m)
	if err != nil {
		return err
	}
	if err := v.Handshake(ctx); err != nil {
		return err
	}
	defer v.end()
	return v.step(ctx, &v.result.Timing.Exchange, func(ctx context.Context) error {
		x, err := v.send(ctx, req)
		if err != nil {
			return err
		}
		defer x.close()
		v.result.Answer = x.answer()
		return v.readBody(x)
	})
}

func (v *Visit) readBody(x *exchange) error {
	limit := v.client.o.MaxBody
	body, err := io.ReadAll(io.LimitReader(x, limit+1))
	if v.result.BodyTruncated = int64(len(body)) > limit; v.result.BodyTruncated {
		body, err = body[:limit], nil
	}
	v.result.Body = body
	return err
}

// send leaves the connection to the exchange.
func (v *Visit) send(ctx context.Context, req *http.Request) (*exchange, error) {
	x := &exchange{raw: v.raw, meter: meter{conn: v.conn, left: v.client.o.MaxHeader}}
	err := x.run(ctx, req)
	v.result.Timing.FirstByte = x.firstByte
	if err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

// step runs one step within what is left of the time for the call.
func (v *Visit) step(ctx context.Context, took *time.Duration, run func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, v.left())
	defer cancel()
	start := time.Now()
	err := run(ctx)
	*took = time.Since(start)
	v.result.Timing.Total += *took
	if err != nil {
		v.end()
	}
	return err
}

func (v *Visit) left() time.Duration { return v.client.o.Timeout - v.result.Timing.Total }

// begin forgets the last call, except its addresses.
func (v *Visit) begin() {
	if v.over {
		v.result = Result{Target: v.result.Target, Addresses: v.result.Addresses}
		v.over = false
	}
}

func (v *Visit) end() {
	v.hangUp()
	v.over = true
}

func (v *Visit) hangUp() {
	if v.raw != nil {
		_ = v.raw.Close()
		v.depart()
	}
	v.raw, v.conn, v.secured = nil, nil, false
}

func (v *Visit) lookUp(ctx context.Context) ([]netip.Addr, error) {
	switch t := v.result.Target; {
	case v.exempt.IsValid():
		return []netip.Addr{v.exempt.Addr()}, nil
	case t.Addr.IsValid():
		return []netip.Addr{t.Addr}, nil
	default:
		return v.client.lookUp(ctx, t.Host)
	}
}

// lookUp unmaps what it finds: a resolver may give an IPv4 address inside an IPv6 one, and so may a hostile answer.
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

// checkAddresses refuses the whole target for a single forbidden address, since nobody knows which of them a later
// delivery would take.
func (v *Visit) checkAddresses() error {
	if v.exempt.IsValid() {
		return nil
	}
	for _, a := range v.result.Addresses {
		if err := v.client.guard.check(netip.AddrPortFrom(a.IP, v.result.Target.Port)); err != nil {
			return err
		}
	}
	return nil
}
