package handlers

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"hookwall/handlers/middleware"
	"hookwall/internal/deliver"
	"hookwall/internal/doctor"
	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/jobs"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
)

// Config is what the pages are served from.
type Config struct {
	PublicURL      *url.URL // scheme and host that people open
	SandboxURL     string   // "" when Fourthwall is real
	TrustedProxies []netip.Prefix
	Scopes         []string // that a sign-in asks for
	// SecurityContacts are the URIs of security.txt; nil for the usual mailbox.
	SecurityContacts []string
	Store            *store.Store
	Team             *team.Team   // who shares the shops; nil if each session has its own
	OIDC             *team.OIDC   // signs people in to the team; nil if Header does
	Header           *team.Header // of the reverse proxy; nil if OIDC does
	API              *fourthwall.Client
	Shops            *shops.Service
	Webhooks         *webhooks.Service
	Jobs             *jobs.Client   // nil where nothing is done in the background
	Fleet            *fleet.Service // nil where shops aren't visited
	OAuth            *oauth.Provider
	Targets          *deliver.Client // calls the endpoints that people ask to have tested
	Receiver         string          // host of the sandbox's receiver; "" when Fourthwall is real
	Sample           func(SampleOf) (string, error)
	Limits           Limits // on sign-ins and writes; none unless set
	Logger           *slog.Logger
	Version          string           // of Hookwall, for the footer; "" shows none
	Now              func() time.Time // nil for time.Now

	// OnRequest gets how each request ended, or is nil. The route is a row of the table, or "".
	OnRequest func(route string, status int, took time.Duration)
}

// SampleOf says what the sample of an event is about. A sample is the body of a
// delivery: JSON, with testMode set.
type SampleOf struct {
	Type      string
	WebhookID string // "" before there is one
	ShopID    string
	ShopName  string
	Domain    string // of the shop
	At        time.Time
}

// Rate is how often something is allowed: a burst of Burst, then one more each
// time Every has passed. The zero Rate is no limit.
type Rate struct {
	Burst int
	Every time.Duration
}

// Limits are limits on what people do at the cost of others. They are counted
// in the store, by all instances that share it.
type Limits struct {
	SignIns       Rate // steps of sign-ins from one address
	BadKeys       Rate // API keys that Fourthwall refused, from one address
	Writes        Rate // forms of one session about its shops
	AddressWrites Rate // the same, of all sessions at one address
	Calls         Rate // checks and test deliveries of one session
}

// server has what the pages share: the configuration, and what this process
// counts and runs. What must outlive the process is in the store.
type server struct {
	Config
	sessions        *store.SessionStore
	mux             *http.ServeMux
	resumable       map[string]bool // mux patterns that a sign-in may return to
	clients         *middleware.Clients
	secure          bool // the public URL is https
	doctor          doctor.Doctor
	imports         *shops.Imports
	testDeliveries  perSession // under way
	checkWaits      perSession // pages and streams that wait for a check
	signatureChecks *semaphore.Weighted
	signatureWait   time.Duration // for signatureChecks
	rehearsals      *semaphore.Weighted
	rehearsalWait   time.Duration // for rehearsals
	background      background
	visits          *visitWatch
	waiting         atomic.Int64 // pages that wait for another's work on the same
}

// jobsErr returns why background work can't be done, or nil.
func (s *server) jobsErr() error {
	if s.Jobs == nil {
		return nil
	}
	return s.Jobs.Err()
}
