// Package sandbox emulates the parts of Fourthwall that Hookwall talks to: sign-in with consent,
// the token endpoint, the platform API for webhooks, and the delivery of events. It serves the
// dashboard in process, tests, and anybody who wants to try an integration of their own without a
// shop.
//
// Beside that, it signs people in: /identity is the issuer of an identity provider with three people,
// for apps that a team shares. It's no part of Fourthwall, and [Config.SignInClients] says who may use it.
//
// Everything in it is simulated: it knows three demo shops, or as many as [Config.Shops] says, and keeps its state in
// memory or in one file. openapi.yaml describes its requests and responses, and every one of the API is checked
// against that.
//
// Events are fired on its front page or with [Server.Fire], and delivered in the background: signed,
// up to 5 times with the same id, 5 s each; only status 200 within 2 s counts. Pauses of 1, 2, 4 and
// 8 s by its clock between the attempts are its own choice: the platform's are not documented. What
// a restart interrupts is tried again. A webhook that is deleted gets nothing more. Queued
// failures do not touch deliveries.
//
// It calls nobody but webhooks, and those only through [Config.Transport]. The host
// receiver.sandbox.example is a receiver of its own, at any port, by http and https, which no
// request leaves the process for. The path says what it does:
//
//	/slow      200, but after 3 s by the sandbox's clock, which is too late
//	/fail      500
//	/created   201
//	/redirect  302
//	/flaky     503 twice for each event, then 200
//	/verify    200 where the signature fits the shop's secret, else 401
//	/ok        200, and so does any other path
//
// Faults can be queued and its clock can be moved, from Go, by hand on its front page, or over HTTP:
//
//	GET    /_sandbox/state                   with ?settled=true, once no attempt to deliver is running or due
//	POST   /_sandbox/failures                {"method":"POST","path":"/open-api/*","status":503,"code":"BUSY","body":"",
//	                                          "header":{"Retry-After":"2"},"delay":"1s","cut":"","effect":false,
//	                                          "times":1}
//	DELETE /_sandbox/failures
//	POST   /_sandbox/clock                   {"advance":"6m"}
//	POST   /_sandbox/shops/{shop}/switches   {"secretInCreate":true,"futureTypes":false,"bareList":false,
//	                                          "longTokens":false,"lenient":false,"pageSize":0,"refuseAccess":false,
//	                                          "limitRate":false,"slow":false,"requireScopes":[]}
//	POST   /_sandbox/shops/{shop}/webhooks   {"url":"https://hooks.example.com/","allowedTypes":["ORDER_PLACED"]}
//	POST   /_sandbox/shops/{shop}/events     {"type":"ORDER_PLACED","testMode":false}
//	POST   /_sandbox/shops/{shop}/install    {"clientId":"my-app"}
//	POST   /_sandbox/channel                 {"noWebhooks":true,"left":["sh_…"]}
//	POST   /_sandbox/channel/secret
//	POST   /_sandbox/reset
//
// Each returns the state. Events return {"eventIds":["weve_…"]}, one for each webhook that
// listens, and install with the redirect of a browser whose creator installs the app in Fourthwall's
// dashboard. Fields that are left out keep their value (switches) or are zero. [Failure], [Switches],
// [Webhook], [Delivery] and [Receipt] say what they mean.
package sandbox

import (
	"context"
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

// Config says where a sandbox is reached and which clients may connect to it.
type Config struct {
	// PublicURL is the origin under which clients reach the sandbox, such as
	// "http://127.0.0.1:8081". When its host is loopback, a request for any other host or port is
	// rejected with 421, so that no web page can reach the sandbox by rebinding a name of its own. When
	// empty, any loopback name at any port will do, which suits tests.
	PublicURL string
	// Shops is how many demo shops there are, up to MaxShops. Nil: DefaultShops. With another number, the shops are
	// the same, only fewer or more. What the data file has of one that is left out stays there.
	Shops *int
	// Clients are the apps that may ask for consent.
	Clients []Client
	// SignInClients are the apps whose people sign in with the sandbox's identity provider, at
	// PublicURL and IssuerPath. It has three people to choose from, and is no part of Fourthwall.
	SignInClients []Client
	// DataFile is the path of the file that holds the state; it is made with mode 0600, in a
	// directory made with 0700. One sandbox at a time may use it. Empty: memory only.
	DataFile string
	// AppKey signs the deliveries of every shop, beside the shop's own secret. Empty: one that is
	// made when the sandbox first starts, and kept in DataFile.
	AppKey string
	// Now is the clock under the sandbox's own, which Advance moves. Nil: time.Now.
	Now func() time.Time
	// Logger gets a line for each request and each attempt to deliver, without queries, tokens,
	// passwords or bodies. Nil: none.
	Logger *slog.Logger
	// Transport calls the addresses of webhooks, except those of the built-in receiver. The sandbox
	// follows no redirects, reads 64 KiB of a response at most, and ends the request's context after
	// 5 s; which addresses may be called at all is the transport's business. When its error has a
	// method Public() string, that sentence is shown as the cause. Nil: deliveries to other
	// addresses fail.
	Transport http.RoundTripper
	// AnyHost disables the check of the host.
	AnyHost bool
}

// Client is an app that shops can admit.
type Client struct {
	ID, Name string
	// Secret authenticates the client. Empty: a public client, which must use PKCE.
	Secret string
	// RedirectURIs are compared character by character with the one in a request.
	RedirectURIs []string
}

// Server is a sandbox. All its methods may be called at once from many goroutines.
type Server struct {
	publicURL *url.URL // nil: any loopback host
	anyHost   bool
	clients   []client
	people    *identityProvider
	clock     func() time.Time
	offset    atomic.Int64 // nanoseconds that the sandbox's clock is ahead
	log       *slog.Logger
	files     *documents
	handler   http.Handler
	transport http.RoundTripper
	appKey    string // signs the deliveries of every shop
	done      chan struct{}
	work      sync.WaitGroup // what runs in the background
	close     func() error

	mu       sync.Mutex // guards what follows; values reached through it are replaced, never changed
	shops    []*shop
	channel  channel
	grants   map[string]*grant
	seq      int64 // of the newest webhook or event
	failures []Failure
	requests []RequestRecord
	receipts []Receipt
	stirred  chan struct{} // closed and replaced when there may be something to do
}

// New starts a sandbox and reads DataFile where there is one. Errors name the setting at fault.
func New(c Config) (*Server, error) {
	s := &Server{
		anyHost: c.AnyHost, clock: c.Now, log: c.Logger, transport: c.Transport, appKey: c.AppKey,
		grants: map[string]*grant{}, done: make(chan struct{}), stirred: make(chan struct{}),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.transport == nil {
		s.transport = nowhere
	}
	err := s.open(c)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.work.Go(func() { s.dispatch(ctx) })
	s.close = sync.OnceValue(func() error {
		close(s.done)
		stop()
		s.work.Wait()
		return s.files.Close()
	})
	return s, nil
}

func (s *Server) open(c Config) (err error) {
	count := DefaultShops
	if c.Shops != nil {
		count = *c.Shops
	}
	if count < 0 || count > MaxShops {
		return fmt.Errorf("%d demo shops are not between 0 and %d", count, MaxShops)
	}
	if s.publicURL, err = parsePublicURL(c.PublicURL); err != nil {
		return err
	}
	if s.clients, err = newClients(c.Clients); err != nil {
		return err
	}
	if s.people, err = newIdentityProvider(c.SignInClients); err != nil {
		return err
	}
	if s.handler, err = s.routes(); err != nil {
		return err
	}
	if s.files, err = openDocuments(c.DataFile); err != nil {
		return fmt.Errorf("data file %s: %w", c.DataFile, err)
	}
	if err = s.load(count); err != nil {
		return errors.Join(fmt.Errorf("data file %s: %w", c.DataFile, err), s.files.Close())
	}
	return nil
}

// ServeHTTP responds as Fourthwall would, and with the sandbox's own pages and controls.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close ends delays and deliveries that are running and closes the data file. The server must not be
// asked anything afterwards. Deliveries that it interrupts are tried again by the next sandbox on the
// file.
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

// clientIn returns the client with an ID.
func clientIn(clients []client, id string) (client, bool) {
	i := slices.IndexFunc(clients, func(c client) bool { return c.id == id })
	if i < 0 {
		return client{}, false
	}
	return clients[i], true
}

func loopback(host string) bool {
	host = strings.ToLower(host)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.Unmap().IsLoopback()
}
