package deliver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// maxDials is how many addresses of a name are tried. They share the time that is left.
const maxDials = 4

// dialFunc connects to exactly this address, unless control returns an error.
type dialFunc func(ctx context.Context, to netip.AddrPort, control controlFunc) (net.Conn, error)

func dialTCP(ctx context.Context, to netip.AddrPort, control controlFunc) (net.Conn, error) {
	d := net.Dialer{Control: control, KeepAlive: -1}
	return d.DialContext(ctx, "tcp", to.String())
}

// connect dials one address after the other until one connects. It returns the error of the first.
func (c *Call) connect(ctx context.Context) error {
	addresses := c.destinations()
	var first error
	for i, to := range addresses {
		err := c.dial(ctx, to, len(addresses)-i)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
		var refusal *Refusal
		if errors.As(err, &refusal) || ctx.Err() != nil {
			break
		}
	}
	return first
}

// destinations returns the addresses to dial.
func (c *Call) destinations() []netip.AddrPort {
	if c.exempt.IsValid() {
		return []netip.AddrPort{c.exempt}
	}
	var all []netip.AddrPort
	for _, a := range c.result.Addresses[:min(len(c.result.Addresses), maxDials)] {
		all = append(all, netip.AddrPortFrom(a.IP, c.result.Target.Port))
	}
	return all
}

// dial connects to one address. left addresses share the time, this one included.
func (c *Call) dial(ctx context.Context, to netip.AddrPort, left int) error {
	address := slot{"address " + to.Addr().String(), c.client.o.MaxPerTarget}
	releaseAddress, err := c.client.slots.acquire(ctx, c.waits, address)
	if err != nil {
		return err
	}
	deadline, _ := ctx.Deadline()
	share, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
	defer cancel()
	start := time.Now()
	conn, err := c.client.dial(share, to, c.client.guard.control(to, c.exempt.IsValid()))
	d := Dial{Addr: to, Took: time.Since(start)}
	if err != nil {
		releaseAddress()
		err = dialFailure(share, err)
		var failure *Error
		if errors.As(err, &failure) {
			d.Kind = failure.Kind
			c.result.Dials = append(c.result.Dials, d)
		}
		return err
	}
	c.result.Dials = append(c.result.Dials, d)
	c.result.RemoteAddr = to
	c.raw, c.conn, c.releaseAddress = conn, conn, releaseAddress
	return nil
}

func dialFailure(ctx context.Context, err error) error {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	kind := contextKind(ctx)
	if kind == "" {
		kind = connectionKind(err, false)
	}
	return &Error{Step: StepConnect, Kind: kind, Err: err}
}
