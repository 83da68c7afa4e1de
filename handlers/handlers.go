// Package handlers answers HTTP: the table of routes, what every request
// passes through, and one file for each resource.
package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"hookwall/internal/deliver"
	"hookwall/internal/doctor"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
)

const (
	maxBodySize = 1 << 20         // bytes of one request's body
	largeBody   = 64 << 10        // bytes; a usual form has far less
	largeAtOnce = 64              // large bodies that are read at the same time
	busyPause   = 5 * time.Second // after which it is worth a try
)

// Config is what the pages are served from.
type Config struct {
	PublicURL      *url.URL // scheme and host that people open
	SandboxURL     string   // "" when Fourthwall is real
	TrustedProxies []netip.Prefix
	Scopes         []string // that a sign-in asks for
	Store          *store.Store
	API            *fourthwall.Client
	Shops          *shops.Service
	Webhooks       *webhooks.Service
	OAuth          *oauth.Provider
	Targets        *deliver.Client // calls the endpoints that people ask to have tested
	Receiver       string          // host of the sandbox's receiver; "" when Fourthwall is real
	Sample         func(SampleOf) (string, error)
	Limits         Limits // on sign-ins and writes; none unless set
	Logger         *slog.Logger
	Now            func() time.Time // nil for time.Now
}

// SampleOf says what the sample of an event is to be about. A sample is the
// body of a delivery: JSON, with testMode set.
type SampleOf struct {
	Type      string
	WebhookID string // "" before there is one
	ShopID    string
	ShopName  string
	Domain    string // of the shop
	At        time.Time
}

// server holds what the handlers share. It keeps no state of its own.
type server struct {
	Config
	sessions        *store.SessionStore
	mux             *http.ServeMux
	resumable       map[string]bool // mux patterns that a sign-in may return to
	secure          bool            // the public URL is https
	doctor          doctor.Doctor
	sends           turnstile     // of test deliveries
	large           slots         // of requests with large bodies
	signatureChecks slots         // of signatures that are checked
	patience        time.Duration // with which a signature waits for its turn
	looking         turnstile     // of pages and streams that wait for a check
	errands         errands
	waiting         atomic.Int64 // pages that wait for somebody else's work on the same
}

// Dashboard answers every request.
type Dashboard struct {
	http.Handler
	server *server
}

// New builds the dashboard. Close it when no request is under way any more.
func New(c Config) *Dashboard {
	s := build(c)
	return &Dashboard{s.handler(), s}
}

// Drain lets pages that wait for something be answered at once, so that the
// server can shut down.
func (d *Dashboard) Drain() { d.server.errands.drain() }

// Close ends what goes on in the background and waits for it. The store must
// still be open.
func (d *Dashboard) Close() {
	d.Drain()
	d.server.errands.end()
}

// errands are what goes on when its request is answered.
type errands struct {
	life     context.Context //nolint:containedctx // of the program, not of a request
	work     *sync.WaitGroup
	end      func()
	draining <-chan struct{}
	drain    func()
}

func newErrands() errands {
	life, cancel := context.WithCancel(context.Background())
	draining := make(chan struct{})
	work := &sync.WaitGroup{}
	return errands{
		life: life, work: work, end: func() { cancel(); work.Wait() },
		draining: draining, drain: sync.OnceFunc(func() { close(draining) }),
	}
}

func (e errands) start(do func(context.Context)) { e.work.Go(func() { do(e.life) }) }

func build(c Config) *server {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &server{
		Config: c, secure: c.PublicURL.Scheme == "https", resumable: map[string]bool{},
		doctor: doctor.Doctor{Client: c.Targets, Receiver: c.Receiver}, sends: turnstile{most: sendsAtOnce}, large: make(slots, largeAtOnce), signatureChecks: make(slots, max(1, runtime.GOMAXPROCS(0)/2)), patience: busyPause, looking: turnstile{most: looksAtOnce}, errands: newErrands(),
	}
	s.sessions = c.Store.Sessions(store.CookieOptions{Name: s.cookieName("session"), Secure: s.secure})
	s.mux = http.NewServeMux()
	for _, rt := range s.routes() {
		s.mux.HandleFunc(rt.method+" "+rt.path, s.adapt(rt))
		if rt.resumable {
			s.resumable[rt.method+" "+rt.path] = true
		}
	}
	return s
}

// handler puts around the routes what every request passes through, outermost
// first.
func (s *server) handler() http.Handler {
	protection := http.NewCrossOriginProtection()
	// A reverse proxy may rewrite Host, so our own origin is named.
	if err := protection.AddTrustedOrigin(s.PublicURL.String()); err != nil {
		panic("handlers: the public URL is not an origin: " + err.Error())
	}
	protection.SetDenyHandler(http.HandlerFunc(s.denyCrossOrigin))
	layers := []func(http.Handler) http.Handler{
		s.identify, s.recoverPanic, s.securityHeaders, s.checkHost, compress,
		protection.Handler, s.checkReferer, s.limitBody, s.loadSession,
	}
	h := http.Handler(http.HandlerFunc(s.dispatch))
	for _, layer := range slices.Backward(layers) {
		h = layer(h)
	}
	return h
}

// limitBody bounds what is read of a request, and how many large ones are read
// at once, since each stays in memory. The signature page takes files.
func (s *server) limitBody(h http.Handler) http.Handler {
	form, files := http.MaxBytesHandler(h, maxBodySize), http.MaxBytesHandler(h, maxSignatureForm)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > largeBody || r.ContentLength < 0 {
			if !s.large.enter(r.Context(), 0) {
				s.showError(w, r, &httpError{
					Status: http.StatusTooManyRequests, RetryAfter: busyPause,
					Public: "Many large forms are on their way at this moment, so this one was not read and nothing was done. Go back, and send it again in a few seconds.",
				})
				return
			}
			defer s.large.leave()
		}
		if r.URL.Path == signaturePath {
			files.ServeHTTP(w, r)
			return
		}
		form.ServeHTTP(w, r)
	})
}

// compress leaves out what marks itself as not to be compressed: answers that
// show a secret.
func compress(h http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.RandomJitter(32, 0, false), gzhttp.ContentTypes([]string{"text/html"}))
	if err != nil {
		panic(err)
	}
	return wrap(h)
}

// dispatch gives the request to its route, and draws a page where no route
// matches: ServeMux's own answers are plain text.
func (s *server) dispatch(w http.ResponseWriter, r *http.Request) {
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		stateOf(r).pattern = pattern
		s.mux.ServeHTTP(w, r)
		return
	}
	probe := &statusProbe{header: http.Header{}}
	h.ServeHTTP(probe, r)
	if allow := probe.header.Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
		s.showError(w, r, &httpError{Status: http.StatusMethodNotAllowed})
		return
	}
	s.showError(w, r, &httpError{Status: http.StatusNotFound})
}

// statusProbe hears what ServeMux would have answered.
type statusProbe struct{ header http.Header }

func (p *statusProbe) Header() http.Header         { return p.header }
func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }
func (p *statusProbe) WriteHeader(int)             {}

func (s *server) cookieName(what string) string {
	if s.secure {
		return "__Host-hookwall_" + what
	}
	return "hookwall_" + what
}
