// Package sandbox emulates the parts of Fourthwall that Hookwall talks to: sign-in with consent,
// the token endpoint, and the platform API for webhooks. It serves the dashboard in process, tests,
// and anybody who wants to try an integration of their own without a shop.
//
// Everything in it is simulated: it calls nobody, knows three demo shops, and keeps its state in
// memory or in one file. What it takes and answers stands in openapi.yaml, and every request and
// answer of the API is held against that.
//
// Faults can be queued and its clock can be moved, from Go, by hand on its front page, or over HTTP:
//
//	GET    /_sandbox/state
//	POST   /_sandbox/failures                {"method":"POST","path":"/open-api/*","status":503,"code":"BUSY","body":"",
//	                                          "header":{"Retry-After":"2"},"delay":"1s","cut":"","effect":false,"times":1}
//	DELETE /_sandbox/failures
//	POST   /_sandbox/clock                   {"advance":"6m"}
//	POST   /_sandbox/shops/{shop}/switches   {"secretInCreate":true,"futureTypes":false,"bareList":false,
//	                                          "longTokens":false,"pageSize":0,"requireScopes":[]}
//	POST   /_sandbox/shops/{shop}/webhooks   {"url":"https://hooks.example.com/","allowedTypes":["ORDER_PLACED"]}
//	POST   /_sandbox/reset
//
// Each answers with the state. Fields that are left out keep their value (switches) or are zero.
// [Failure], [Switches] and [Webhook] say what they mean.
package sandbox

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config says where a sandbox is reached and who may connect to it.
type Config struct {
	// PublicURL is the origin under which clients reach the sandbox, such as
	// "http://127.0.0.1:8081". When its host is loopback, a request for any other host or port is
	// answered 421, so that no web page can reach the sandbox by rebinding a name of its own. When
	// empty, any loopback name at any port will do, which suits tests.
	PublicURL string
	// Clients are the apps that may ask for consent.
	Clients []Client
	// DataFile is the path of the file that holds the state; it is made with mode 0600, in a
	// directory made with 0700. One sandbox at a time may use it. Empty: memory only.
	DataFile string
	// Now is the clock under the sandbox's own, which Advance moves. Nil: time.Now.
	Now func() time.Time
	// Logger gets a line for each request, without queries, tokens or passwords. Nil: none.
	Logger *slog.Logger
	// AnyHost turns the check of the host off.
	AnyHost bool
}

// Client is an app that shops can admit.
type Client struct {
	ID, Name string
	// Secret proves who the client is. Empty: a public client, which must use PKCE.
	Secret string
	// RedirectURIs are compared character by character with the one in a request.
	RedirectURIs []string
}

// Server is a sandbox. All its methods may be called at once from many goroutines.
type Server struct {
	publicURL *url.URL // nil: any loopback host
	anyHost   bool
	clients   []client
	clock     func() time.Time
	offset    atomic.Int64 // nanoseconds that the sandbox's clock is ahead
	log       *slog.Logger
	files     *documents
	handler   http.Handler
	spec      *description
	done      chan struct{}
	close     func() error

	mu       sync.Mutex // guards what follows; values reached through it are replaced, never changed
	shops    []*shop
	grants   map[string]*grant
	seq      int64 // of the newest webhook
	failures []Failure
	requests []RequestRecord
}

// New starts a sandbox and reads DataFile where there is one. Errors name the setting at fault.
func New(c Config) (*Server, error) {
	s := &Server{
		anyHost: c.AnyHost, clock: c.Now, log: c.Logger,
		grants: map[string]*grant{}, done: make(chan struct{}),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	err := s.open(c)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	s.close = sync.OnceValue(func() error {
		close(s.done)
		return s.files.Close()
	})
	return s, nil
}

func (s *Server) open(c Config) (err error) {
	if s.publicURL, err = parsePublicURL(c.PublicURL); err != nil {
		return err
	}
	if s.clients, err = newClients(c.Clients); err != nil {
		return err
	}
	if s.spec, err = loadDescription(); err != nil {
		return err
	}
	if s.handler, err = s.routes(); err != nil {
		return err
	}
	if s.files, err = openDocuments(c.DataFile); err != nil {
		return fmt.Errorf("data file %s: %w", c.DataFile, err)
	}
	if err = s.load(); err != nil {
		return errors.Join(fmt.Errorf("data file %s: %w", c.DataFile, err), s.files.Close())
	}
	return nil
}

// ServeHTTP answers as Fourthwall would, and with the sandbox's own pages and controls.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close ends delays that are running and closes the data file. The server must not be asked
// anything afterwards.
func (s *Server) Close() error { return s.close() }

// now is the sandbox's time.
func (s *Server) now() time.Time {
	return s.clock().Add(time.Duration(s.offset.Load())).UTC()
}

func parsePublicURL(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, nil
	}
	u, err := url.Parse(strings.TrimSuffix(raw, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		*u != (url.URL{Scheme: u.Scheme, Host: u.Host}) {
		return nil, fmt.Errorf("public URL %q is not an http(s) origin such as http://127.0.0.1:8081", raw)
	}
	return u, nil
}

// client is a Client whose secret is kept as a hash only.
type client struct {
	id, name     string
	secret       string // hash; "" for a public client
	redirectURIs []string
}

func newClients(in []Client) ([]client, error) {
	var out []client
	for _, c := range in {
		if c.ID == "" || slices.ContainsFunc(out, func(o client) bool { return o.id == c.ID }) {
			return nil, fmt.Errorf("client id %q is empty or given twice", c.ID)
		}
		for _, u := range c.RedirectURIs {
			if !redirectable(u) {
				return nil, fmt.Errorf("redirect URI %q of client %q is not an http(s) URL without user and fragment", u, c.ID)
			}
		}
		made := client{id: c.ID, name: c.Name, redirectURIs: slices.Clone(c.RedirectURIs)}
		if made.name == "" {
			made.name = c.ID
		}
		if c.Secret != "" {
			made.secret = hash(c.Secret)
		}
		out = append(out, made)
	}
	return out, nil
}

func redirectable(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" &&
		u.User == nil && !strings.Contains(raw, "#")
}

func (s *Server) client(id string) (client, bool) {
	i := slices.IndexFunc(s.clients, func(c client) bool { return c.id == id })
	if i < 0 {
		return client{}, false
	}
	return s.clients[i], true
}

func loopback(host string) bool {
	host = strings.ToLower(host)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.Unmap().IsLoopback()
}
