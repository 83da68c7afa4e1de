package doctor

import (
	"context"
	"strings"
	"time"

	"hookwall/internal/deliver"
)

const (
	maxShown  = 8                   // addresses, names and certificates
	renewSoon = 14 * 24 * time.Hour // a certificate that expires sooner causes a warning
)

// resolve looks up the name. An address that isn't public ends the examination, unless this installation may call it.
func (e *examination) resolve(ctx context.Context) finding {
	call, err := e.doctor.Client.NewCall(e.address)
	if err != nil {
		return failed(err, nowhereToGo)
	}
	e.call = call
	err = call.Resolve(ctx)
	r := call.Result()
	seen, private := describeAddresses(r)
	if err != nil {
		f := failed(err, nowhereToGo, seen...)
		f.took = r.Timing.DNS
		return f
	}
	f := finding{result: Passed, seen: seen, took: r.Timing.DNS}
	switch {
	case private && r.Target.Host == e.doctor.Receiver:
		f.seen = append(f.seen, ownReceiver)
	case private:
		f.result, f.seen, f.do = Warned, append(f.seen, privateAllowed), doUsePublicNames
	}
	return f
}

// describeAddresses returns the first addresses, and whether any of all isn't public.
func describeAddresses(r deliver.Result) (seen []string, private bool) {
	if r.Target.Addr.IsValid() {
		seen = append(seen, hostIsIP)
	}
	for i, a := range r.Addresses {
		private = private || !a.Public
		if i >= maxShown {
			continue
		}
		seen = append(seen, lookedUp(a))
	}
	if more := len(r.Addresses) - maxShown; more > 0 {
		seen = append(seen, andMore(more))
	}
	return seen, private
}

func (e *examination) connect(ctx context.Context) finding {
	err := e.call.Connect(ctx)
	r := e.call.Result()
	var seen []string
	for _, d := range r.Dials {
		if d.Kind != "" {
			what, _ := explain(&deliver.Error{Step: deliver.StepConnect, Kind: d.Kind})
			seen = append(seen, notConnected(d.Addr, what))
		}
	}
	if err != nil {
		return connectFailed(err, seen, r.Timing.Connect)
	}
	f := finding{result: Passed, seen: seen, took: r.Timing.Connect}
	if len(seen) > 0 {
		f.result, f.do = Warned, doRemoveAddresses
	}
	f.seen = append(f.seen, connected(r.RemoteAddr, r.Timing.Connect))
	return f
}

// connectFailed is the finding if no address could be connected to. seen has the reasons already, unless nothing was
// dialed.
func connectFailed(err error, seen []string, took time.Duration) finding {
	f := failed(err, nobodyThere)
	if f.result == Failed && len(seen) > 0 {
		f.seen = seen
	}
	f.took = took
	return f
}

func (e *examination) handshake(ctx context.Context) finding {
	if e.call.Result().Target.Scheme == "http" {
		return finding{result: Warned, seen: []string{noEncryption, holdsBuyersData}, do: doUseHTTPS}
	}
	err := e.call.Handshake(ctx)
	r := e.call.Result()
	seen := e.describeTLS(r.TLS)
	if err != nil {
		return handshakeFailed(err, r, seen)
	}
	f := finding{result: Passed, seen: seen, took: r.Timing.TLS}
	if left := r.TLS.Chain[0].NotAfter.Sub(e.doctor.now()); left < renewSoon {
		f.result, f.seen, f.do = Warned, append(f.seen, certificateEnds(left)), doRenewByItself
	}
	return f
}

// handshakeFailed is the finding with everything that is wrong, not only what ended the handshake.
func handshakeFailed(err error, r deliver.Result, seen []string) finding {
	f := failed(err, notPrivate, seen...)
	f.took = r.Timing.TLS
	if r.TLS == nil || len(r.TLS.Problems) < 2 {
		return f
	}
	var todo []string
	f.seen = seen
	for _, kind := range r.TLS.Problems {
		what, do := explain(&deliver.Error{Step: deliver.StepTLS, Kind: kind})
		f.seen, todo = append(f.seen, what), append(todo, do)
	}
	f.do = strings.Join(todo, " ")
	return f
}

func (e *examination) describeTLS(t *deliver.TLS) []string {
	if t == nil {
		return nil
	}
	leaf, names, subjects := t.Chain[0], []string{}, []string{}
	for _, name := range leaf.Names {
		names = append(names, e.quote(name))
	}
	for _, c := range t.Chain {
		subjects = append(subjects, e.quote(c.Subject))
	}
	return []string{
		tlsVersion(t.Version), certificateFor(names), issuedBy(e.quote(leaf.Issuer)),
		validFromTo(leaf.NotBefore, leaf.NotAfter), sentCertificates(subjects),
	}
}
