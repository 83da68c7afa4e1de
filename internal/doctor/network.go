package doctor

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"hookwall/internal/deliver"
)

const (
	nowhereToGo = "There is no address to call."
	nobodyThere = "No connection could be made."
	notPrivate  = "No encrypted connection could be made, so nothing is sent."

	maxShown  = 8                   // of addresses, names and certificates
	renewSoon = 14 * 24 * time.Hour // a certificate that ends sooner is warned of
)

// resolve looks up the name. Addresses that are not public end the examination, unless this installation may call them.
func (e *examination) resolve(ctx context.Context) finding {
	visit, err := e.doctor.Client.Visit(e.address)
	if err != nil {
		return failed(err, nowhereToGo)
	}
	e.visit = visit
	err = visit.Resolve(ctx)
	r := visit.Result()
	seen, private := describeAddresses(r)
	if err != nil {
		f := failed(err, nowhereToGo, seen...)
		f.took = r.Timing.DNS
		return f
	}
	f := finding{result: Passed, seen: seen, took: r.Timing.DNS}
	switch {
	case private && r.Target.Host == e.doctor.Receiver:
		f.seen = append(f.seen, "This is the sandbox’s own receiver, on this machine. An endpoint of yours needs a public address.")
	case private:
		f.result = Warned
		f.seen = append(f.seen, "This installation may call it. Fourthwall delivers over the internet and cannot reach it.")
		f.do = "Use a name that leads to public addresses only before you rely on deliveries."
	}
	return f
}

func describeAddresses(r deliver.Result) (seen []string, private bool) {
	if r.Target.Addr.IsValid() {
		seen = append(seen, "The host is an IP number: there is no name to look up.")
	}
	for i, a := range r.Addresses {
		private = private || !a.Public
		if i >= maxShown {
			continue
		}
		text := a.IP.String()
		if !a.Public {
			text += " (not public)"
		}
		seen = append(seen, text)
	}
	if more := len(r.Addresses) - maxShown; more > 0 {
		seen = append(seen, fmt.Sprintf("and %d more", more))
	}
	return seen, private
}

func (e *examination) connect(ctx context.Context) finding {
	err := e.visit.Connect(ctx)
	r := e.visit.Result()
	var seen []string
	for _, a := range r.Attempts {
		if a.Kind != "" {
			what, _ := explain(&deliver.Error{Step: deliver.StepConnect, Kind: a.Kind})
			seen = append(seen, fmt.Sprintf("%s, port %d: %s", a.Addr.Addr(), a.Addr.Port(), what))
		}
	}
	if err != nil {
		return e.notConnected(err, seen, r.Timing.Connect)
	}
	f := finding{result: Passed, seen: seen, took: r.Timing.Connect}
	if len(seen) > 0 {
		f.result = Warned
		f.do = "Take the addresses that do not answer out of the DNS settings, or start the server there: deliveries may go to any of them."
	}
	f.seen = append(f.seen, fmt.Sprintf("Connected to %s, port %d, in %s.", r.RemoteAddr.Addr(), r.RemoteAddr.Port(), length(r.Timing.Connect)))
	return f
}

// notConnected does not say twice why, when all attempts were noted.
func (e *examination) notConnected(err error, seen []string, took time.Duration) finding {
	f := failed(err, nobodyThere)
	if f.result == Failed && len(seen) > 0 {
		f.seen = seen
	}
	f.took = took
	return f
}

func (e *examination) handshake(ctx context.Context) finding {
	if e.visit.Result().Target.Scheme == "http" {
		return finding{
			result: Warned,
			seen: []string{
				"The address begins with http://, so deliveries travel in the open.",
				"Deliveries hold buyers’ names, e-mail and postal addresses. Everybody on the way can read and change them.",
			},
			do: "Set up https for this host and use the https address.",
		}
	}
	err := e.visit.Handshake(ctx)
	r := e.visit.Result()
	seen := e.describeTLS(r.TLS)
	if err != nil {
		return brokenTLS(err, r, seen)
	}
	f := finding{result: Passed, seen: seen, took: r.Timing.TLS}
	if left := r.TLS.Chain[0].NotAfter.Sub(e.doctor.now()); left < renewSoon {
		f.result = Warned
		f.seen = append(f.seen, "The certificate ends in "+days(left)+". Deliveries fail from then on.")
		f.do = "Renew the certificate, and see to it that this happens by itself."
	}
	return f
}

// brokenTLS names everything that is wrong, not only what ended the handshake.
func brokenTLS(err error, r deliver.Result, seen []string) finding {
	f := failed(err, notPrivate, seen...)
	f.took = r.Timing.TLS
	if r.TLS == nil || len(r.TLS.Problems) < 2 {
		return f
	}
	var cures []string
	f.seen = seen
	for _, kind := range r.TLS.Problems {
		what, do := explain(&deliver.Error{Step: deliver.StepTLS, Kind: kind})
		f.seen, cures = append(f.seen, what), append(cures, do)
	}
	f.do = strings.Join(cures, " ")
	return f
}

func (e *examination) describeTLS(t *deliver.TLS) []string {
	if t == nil {
		return nil
	}
	leaf, names, chain := t.Chain[0], []string{}, []string{}
	for _, name := range leaf.Names {
		names = append(names, e.foreign(name))
	}
	for _, c := range t.Chain {
		chain = append(chain, e.foreign(c.Subject))
	}
	seen := []string{
		"Version: " + tls.VersionName(t.Version),
		"Certificate for: " + list(names, maxShown),
		"Issued by: " + e.foreign(leaf.Issuer),
		"Valid from " + day(leaf.NotBefore) + " to " + day(leaf.NotAfter) + ".",
	}
	return append(seen, "Sent "+count(len(chain), "certificate", "certificates")+": "+list(chain, maxShown))
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func days(d time.Duration) string {
	if d < 24*time.Hour {
		return "less than a day"
	}
	return count(int(d/(24*time.Hour)), "day", "days")
}
