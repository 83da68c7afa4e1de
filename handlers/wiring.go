// Package handlers serves the pages over HTTP. routes.go lists every path,
// wiring.go puts the layers around them, and each page is in the file named
// after it.
package handlers

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"hookwall/handlers/middleware"
	"hookwall/internal/doctor"
	"hookwall/internal/fleet"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

const (
	maxBodySize = 1 << 20  // bytes of one request's body
	largeBody   = 64 << 10 // bytes; a usual form has far fewer
	largeAtOnce = 64       // large bodies that are read at the same time
	largeOfOne  = 16       // of these, from one address: slow ones keep their place for as long as a body may take
)

// Dashboard handles every request.
type Dashboard struct {
	http.Handler
	server *server
}

// New builds the dashboard. Close it when all requests have ended.
func New(c Config) *Dashboard {
	s := build(c)
	return &Dashboard{s.handler(), s}
}

// Drain makes pages that wait for something respond immediately, so that the
// server can shut down.
func (d *Dashboard) Drain() { d.server.background.drain() }

// ContinueImports tries the API keys of imports whose process died.
func (d *Dashboard) ContinueImports(ctx context.Context) error {
	if d.server.Team == nil {
		return nil
	}
	return d.server.imports.Continue(ctx)
}

// Close ends the background tasks and waits for them. The store must still be
// open.
func (d *Dashboard) Close() {
	d.Drain()
	d.server.background.end()
}

func build(c Config) *server {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &server{
		Config:          c,
		secure:          c.PublicURL.Scheme == "https",
		clients:         middleware.NewClients(c.TrustedProxies, c.Logger),
		doctor:          doctor.Doctor{Client: c.Targets, Receiver: c.Receiver},
		testDeliveries:  perSession{most: testDeliveriesAtOnce},
		checkWaits:      perSession{most: checkWaitsAtOnce},
		signatureChecks: semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)/2))),
		signatureWait:   signatureWait,
		rehearsals:      semaphore.NewWeighted(1),
		rehearsalWait:   rehearsalWait,
		background:      newBackground(),
		visits:          &visitWatch{every: watchEvery, read: c.Store.NewestVisits},
	}
	s.imports = shops.NewImports(shops.ImportConfig{
		Store: c.Store, API: c.API, Shops: c.Shops, Logger: c.Logger, MayConnect: s.mayConnect, CountRefused: s.countRefused,
	})
	s.sessions = c.Store.Sessions(store.CookieOptions{Name: s.cookieName("session"), Secure: s.secure})
	s.mount(s.routes())
	return s
}

// mount registers the routes behind the guard.
func (s *server) mount(routes []route) {
	s.mux, s.resumable = http.NewServeMux(), map[string]bool{}
	for _, rt := range routes {
		adapt := s.adapt
		if isAPI(rt.path) {
			adapt = s.adaptAPI
		}
		s.mux.HandleFunc(rt.pattern(), adapt(rt))
		s.resumable[rt.pattern()] = rt.resumable
	}
}

// handler returns the routes with the layers that every request passes, in this
// order.
func (s *server) handler() http.Handler {
	layers := []func(http.Handler) http.Handler{
		middleware.RequestID,
		s.keepState,
		middleware.Log(s.Logger, []string{invitationsPath, accessPath}, s.ofRequest, s.observe),
		middleware.Recover(s.Logger, s.fail),
		middleware.Headers(s.secure),
		middleware.Host(s.PublicURL, s.fail, sessionless...),
		middleware.Compress(freshHTML),
		middleware.CrossOrigin(s.PublicURL, s.Logger, s.fail),
		middleware.Body(bodyLimits(), s.clientNetworkName, s.fail),
		s.loadSession,
	}
	h := http.Handler(http.HandlerFunc(s.dispatch))
	for _, layer := range slices.Backward(layers) {
		h = layer(h)
	}
	return h
}

// observe passes on how a request ended.
func (s *server) observe(r *http.Request, status int, took time.Duration) {
	if s.OnRequest != nil {
		s.OnRequest(stateOf(r).pattern, status, took)
	}
}

// bodyLimits allows the pages that take files more than others. Nobody needs to
// sign in for notes on a URL, so they are for one URL only.
func bodyLimits() middleware.BodyLimits {
	return middleware.BodyLimits{
		Max: maxBodySize,
		MaxOf: map[string]int64{
			signaturePath: maxSignatureForm, urlNotesPath: maxURLNotes, keysPath: maxKeysForm, planFilePath: maxFileForm,
			apiPlansPath: fleet.MaxFile,
		},
		Large:  largeBody,
		AtOnce: largeAtOnce,
		Each:   largeOfOne,
	}
}

// dispatch hands the request to its route, and draws a page where no route
// matches: ServeMux's own responses are plain text.
func (s *server) dispatch(w http.ResponseWriter, r *http.Request) {
	h, pattern := s.mux.Handler(r)
	if pattern != "" {
		stateOf(r).pattern = pattern
		s.mux.ServeHTTP(w, r)
		return
	}
	if to := s.withoutSlash(r); to != "" && !isAPI(r.URL.Path) {
		http.Redirect(w, r, to, http.StatusPermanentRedirect) //nolint:gosec // to a page of ours
		return
	}
	probe := &statusProbe{header: http.Header{}}
	h.ServeHTTP(probe, r)
	status := http.StatusNotFound
	if allow := probe.header.Get("Allow"); allow != "" {
		w.Header().Set("Allow", allow)
		status = http.StatusMethodNotAllowed
	}
	answer := &httpError{Status: status}
	if s.Team == nil && isAPI(r.URL.Path) {
		answer.Public = noTeamAPIText
	}
	s.showError(w, r, answer)
}

// withoutSlash returns the page that a URL with trailing slashes means, or ""
// if there is none. A path that begins with two slashes would name another
// host.
func (s *server) withoutSlash(r *http.Request) string {
	whole := r.URL.EscapedPath()
	trimmed := strings.TrimRight(whole, "/")
	if trimmed == whole || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		return ""
	}
	u, err := url.Parse(trimmed)
	if err != nil || u.Host != "" || path.Clean(u.Path) != u.Path || strings.HasPrefix(u.Path, "//") {
		return ""
	}
	if _, pattern := s.mux.Handler(&http.Request{Method: r.Method, URL: u}); pattern == "" {
		return ""
	}
	return withQuery(trimmed, r.URL.RawQuery)
}

// statusProbe receives what ServeMux would have responded.
type statusProbe struct{ header http.Header }

func (p *statusProbe) Header() http.Header         { return p.header }
func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }
func (p *statusProbe) WriteHeader(int)             {}
