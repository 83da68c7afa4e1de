// Package deliver calls URLs that a person typed. It is the only code that does.
//
// A URL is checked before anything happens (see [Client.Check]). Its name is resolved once, every IP address of it must
// be a public unicast address, and exactly one of these is dialed, so that the name can't point elsewhere a moment
// later. The dial hook checks that address again. No proxy is used, no redirect is followed, no cookie and no
// credential is sent, nothing is decompressed, and TLS is always verified. Time, header, body and the number of
// concurrent calls are limited.
//
// Each call has its own connection and speaks HTTP/1.1, which every endpoint understands.
//
// [Client.Do] makes one call. A [Call] makes the same call step by step, so that progress can be shown, and can repeat
// the request at the addresses that were checked. [Client.Transport] is for code that needs a round tripper.
//
// A call that isn't allowed returns a *[Refusal], one that fails an *[Error]. Both have a text for the person, without
// text of the endpoint and without names of machines in our own network.
package deliver

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/net/http/httpguts"
)

const (
	defaultTimeout       = 5 * time.Second
	defaultMaxHeader     = 64 << 10
	defaultMaxBody       = 16 << 10
	defaultMaxConcurrent = 32
	defaultMaxPerTarget  = 4
)

// Resolver looks up the IP addresses of a name, as *net.Resolver does. It is called once for each call, with network
// "ip" and a name that ends in a dot, so that no search domain is tried.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Exception is a host that may be called though the rules forbid it, or that isn't in the DNS.
type Exception struct {
	Host    string         // host and port as in a URL: "receiver.example:80"
	Addr    netip.AddrPort // where it is; nothing is looked up
	RootCAs *x509.CertPool // the authorities of this host alone; default Options.RootCAs
}

// Options are the parts of a Client that have defaults.
type Options struct {
	// AllowPrivate also admits names that are never public, and the addresses of an intranet and of this machine with
	// any port: private use (RFC 1918, RFC 4193), shared (RFC 6598) and loopback. Addresses that are link-local, of
	// cloud metadata services or special otherwise stay forbidden.
	AllowPrivate bool
	Exceptions   []Exception

	Resolver  Resolver       // default net.DefaultResolver
	RootCAs   *x509.CertPool // default: those of the system
	UserAgent string         // default "hookwall"

	Timeout       time.Duration // of a call with its lookup and connection; default 5 s
	MaxHeader     int64         // bytes of a response's header; default 64 KiB
	MaxBody       int64         // bytes of a response's body that are read; default 16 KiB
	MaxConcurrent int           // concurrent calls; default 32
	MaxPerTarget  int           // concurrent calls for one host, and for one IP address; default 4
}

// Client calls URLs. It is safe for concurrent use.
type Client struct {
	o          Options
	exceptions map[string]Exception // by normalized host:port
	guard      guard
	slots      *limiter
	dial       dialFunc
}

// New returns a Client. It returns an error for invalid options.
func New(o Options) (*Client, error) {
	if o.Timeout < 0 || o.MaxHeader < 0 || o.MaxBody < 0 || o.MaxConcurrent < 0 || o.MaxPerTarget < 0 {
		return nil, errors.New("deliver: a limit is negative")
	}
	if !httpguts.ValidHeaderFieldValue(o.UserAgent) {
		return nil, errors.New("deliver: the user agent holds characters that cannot be sent")
	}
	exceptions, err := exceptionTable(o.Exceptions)
	if err != nil {
		return nil, err
	}
	return &Client{
		o:          o.withDefaults(),
		exceptions: exceptions,
		guard:      newGuard(o.AllowPrivate),
		slots:      newLimiter(),
		dial:       dialTCP,
	}, nil
}

func (o Options) withDefaults() Options {
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.UserAgent == "" {
		o.UserAgent = "hookwall"
	}
	setDefault(&o.Timeout, defaultTimeout)
	setDefault(&o.MaxHeader, defaultMaxHeader)
	setDefault(&o.MaxBody, defaultMaxBody)
	setDefault(&o.MaxConcurrent, defaultMaxConcurrent)
	setDefault(&o.MaxPerTarget, defaultMaxPerTarget)
	return o
}

func setDefault[T int | int64 | time.Duration](v *T, otherwise T) {
	if *v == 0 {
		*v = otherwise
	}
}

// exceptionTable returns the exceptions by normalized host:port.
func exceptionTable(list []Exception) (map[string]Exception, error) {
	table := make(map[string]Exception, len(list))
	for _, e := range list {
		host, port, err := net.SplitHostPort(e.Host)
		if err != nil {
			return nil, fmt.Errorf("deliver: the exception %q is not a host and a port", e.Host)
		}
		h, hostOK := parseHost(host)
		p, portOK := parsePort(port, "")
		if !hostOK || !portOK || !e.Addr.IsValid() || e.Addr.Port() == 0 {
			return nil, fmt.Errorf("deliver: the exception %q cannot be called", e.Host)
		}
		table[hostPort(h.name, p)] = e
	}
	return table, nil
}

// Message is the content of a request.
type Message struct {
	Method string      // default POST
	Header http.Header // must not frame the request, set its host or have a credential; see ReasonRequest
	Body   []byte      // at most 1 MiB
}

// Request is a Message and the URL to send it to.
type Request struct {
	URL string
	Message
}

// Do makes one call. It returns what was found out so far even if it fails. A response with any status is a success.
// The error is a *Refusal or an *Error.
func (c *Client) Do(ctx context.Context, r Request) (Result, error) {
	call, err := c.NewCall(r.URL)
	if err != nil {
		return Result{}, err
	}
	defer call.Close()
	err = call.Exchange(ctx, r.Message)
	return call.Result(), err
}
