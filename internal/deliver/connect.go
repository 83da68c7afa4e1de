package deliver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// maxAttempts is how many of its addresses are tried. Each gets a fair part of the time.
const maxAttempts = 4

// dialFunc opens a connection to exactly this address, after control has agreed.
type dialFunc func(ctx context.Context, to netip.AddrPort, control controlFunc) (net.Conn, error)

func dialTCP(ctx context.Context, to netip.AddrPort, control controlFunc) (net.Conn, error) {
	d := net.Dialer{Control: control, KeepAlive: -1}
	return d.DialContext(ctx, "tcp", to.String())
}

func (v *Visit) connect(ctx context.Context) error {
	all := v.destinations()
	var first error
	for i, to := range all {
		err := v.attempt(ctx, to, len(all)-i)
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

func (v *Visit) destinations() []netip.AddrPort {
	if v.exempt.IsValid() {
		return []netip.AddrPort{v.exempt}
	}
	var all []netip.AddrPort
	for _, a := range v.result.Addresses[:min(len(v.result.Addresses), maxAttempts)] {
		all = append(all, netip.AddrPortFrom(a.IP, v.result.Target.Port))
	}
	return all
}

// attempt dials one address, of as many as are left to share the time.
func (v *Visit) attempt(ctx context.Context, to netip.AddrPort, left int) error {
	depart, err := v.client.places.take(ctx, v.waits, place{"address " + to.Addr().String(), v.client.o.MaxPerTarget})
	if err != nil {
		return err
	}
	deadline, _ := ctx.Deadline()
	share, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(left))
	defer cancel()
	start := time.Now()
	conn, err := v.client.dial(share, to, v.client.guard.control(to, v.exempt.IsValid()))
	a := Attempt{Addr: to, Took: time.Since(start)}
	if err != nil {
		depart()
		err = dialFailure(share, err)
		var failure *Error
		if errors.As(err, &failure) {
			a.Kind = failure.Kind
			v.result.Attempts = append(v.result.Attempts, a)
		}
		return err
	}
	v.result.Attempts = append(v.result.Attempts, a)
	v.result.RemoteAddr = to
	v.raw, v.conn, v.depart = conn, conn, depart
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
