// Package deliver calls addresses that a person typed. It is the only code that does.
//
// An address is checked before anything happens (see [Client.Check]), its name is resolved once, every answer has to
// be a public unicast address, and exactly one of those addresses is dialled: a name cannot point elsewhere a moment
// later. The dial hook looks at the address once more. There is no proxy, no redirect is followed, no cookie and no
// credential is sent, nothing is decompressed, TLS is always verified. Time, header, body and the number of calls at
// once are bounded.
//
// Each call makes a connection of its own and speaks HTTP/1.1 over it, which every endpoint understands.
//
// [Client.Do] makes one call. A [Visit] makes the same call step by step, so that progress can be shown, and may
// repeat its request at the address that was checked. [Client.Transport] is for code that wants a round tripper.
//
// What may not be called fails with a *[Refusal], what went wrong on the way with an *[Error]. Both have a sentence
// for the person; neither repeats text of the endpoint or names a machine behind our own network.
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

// Resolver finds the addresses of a name. *net.Resolver is one. It is asked once for each call, for network "ip" and a
// name that ends in a dot, so that no search domain is tried.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Exception is an address that may be called although the rules forbid it, or that exists in no name server.
type Exception struct {
	Host string         // host and port as a URL has them: "receiver.example:80"
	Addr netip.AddrPort // where it really is; nothing is looked up
}

// Options are the parts of a Client that have defaults.
type Options struct {
	// AllowPrivate also admits the addresses of an intranet and of this machine: private use (RFC 1918, RFC 4193),
	// shared (RFC 6598) and loopback, there with any port, and names that are never public. Link-local addresses,
	// those of cloud metadata services and all other special ones stay forbidden.
	AllowPrivate bool
	Exceptions   []Exception

	Resolver  Resolver       // default net.DefaultResolver
	RootCAs   *x509.CertPool // default the system's
	UserAgent string         // default "hookwall"

	Timeout       time.Duration // of one call, its lookup and connection included; default 5 s
	MaxHeader     int64         // bytes of an answer's header; default 64 KiB
	MaxBody       int64         // bytes of an answer's body that are read and kept; default 16 KiB
	MaxConcurrent int           // calls at once; default 32
	MaxPerTarget  int           // calls at once for one host, and for one address; default 4
}

// Client calls addresses. It is safe for concurrent use.
type Client struct {
	o          Options
	exceptions map[string]netip.AddrPort // by normalised host:port
	guard      guard
	places     *limiter
	dial       dialFunc
}

// New makes a client. It fails for options that cannot work.
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
		places:     newLimiter(),
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

func exceptionTable(list []Exception) (map[string]netip.AddrPort, error) {
	table := make(map[string]netip.AddrPort, len(list))
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
		table[hostPort(h.name, p)] = e.Addr
	}
	return table, nil
}

// Message is what is sent in one request.
type Message struct {
	Method string      // default POST
	Header http.Header // must not frame the request, choose its host or hold a credential; see ReasonRequest
	Body   []byte      // at most 1 MiB
}

// Request is a Message with the address it is for.
type Request struct {
	URL string
	Message
}

// Do makes one call and returns what was seen, as far as it got, also when it fails. An answer with any status is a
// success. An error is a *Refusal or an *Error.
func (c *Client) Do(ctx context.Context, r Request) (Result, error) {
	v, err := c.Visit(r.URL)
	if err != nil {
		return Result{}, err
	}
	defer v.Close()
	err = v.Exchange(ctx, r.Message)
	return v.Result(), err
}
