package sandbox

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// A resource handles the methods that it lists, and HEAD like GET. It responds with 405 to all others.
type resource map[string]http.Handler

// controlRoutes is the part of the table that Fourthwall doesn't have.
func (s *Server) controlRoutes() map[string]resource {
	return map[string]resource{
		"/_sandbox/openapi.yaml":          {"GET": page(handleDescription)},
		"/_sandbox/state":                 {"GET": page(s.handleState)},
		"/_sandbox/failures":              {"POST": page(s.handleFailNext), "DELETE": page(s.handleForgetFailures)},
		"/_sandbox/failures/forget":       {"POST": page(s.handleForgetFailures)},
		"/_sandbox/clock":                 {"POST": page(s.handleAdvance)},
		"/_sandbox/channel":               {"POST": page(s.handleChannel)},
		"/_sandbox/channel/secret":        {"POST": page(s.handleChannelSecret)},
		"/_sandbox/reset":                 {"POST": page(s.handleReset)},
		"/_sandbox/shops/{shop}/switches": {"POST": page(s.handleConfigure)},
		"/_sandbox/shops/{shop}/webhooks": {"POST": page(s.handleAddWebhook)},
		"/_sandbox/shops/{shop}/install":  {"POST": page(s.handleInstall)},
		"/_sandbox/shops/{shop}/events":   {"POST": page(s.handleFire)},
	}
}

// routes is the one table of what the sandbox serves, and the layers around it.
func (s *Server) routes() (http.Handler, error) {
	mux := http.NewServeMux()
	all := s.controlRoutes()
	maps.Copy(all, map[string]resource{
		connectPath:                    {"GET": page(s.handleConsentPage), "POST": page(s.handleConsent)},
		authorizePath:                  {"GET": page(s.handleConsentPage), "POST": page(s.handleConsent)},
		authPath:                       {"GET": page(s.handleConsentPage), "POST": page(s.handleConsent)},
		serverMetadataPath:             {"GET": s.handleMetadata("")},
		serverMetadataPath + realmPath: {"GET": s.handleMetadata(realmPath)},
		realmMetadataPath:              {"GET": s.handleMetadata(realmPath)},
		keysPath:                       {"GET": page(s.handleKeys)},
		tokenPath:                      {"POST": s.described(operation{"POST", tokenPath}, s.handleToken)},
		webhooksPath: {
			"GET":  s.api("GET", webhooksPath, (*Server).listWebhooks),
			"POST": s.api("POST", webhooksPath, (*Server).createWebhook),
		},
		webhookPath: {
			"GET":    s.api("GET", webhookPath, (*Server).getWebhook),
			"PUT":    s.api("PUT", webhookPath, (*Server).replaceWebhook),
			"DELETE": s.api("DELETE", webhookPath, (*Server).removeWebhook),
		},
		eventsPath: {"GET": s.api("GET", eventsPath, (*Server).listEvents)},
		eventPath:  {"GET": s.api("GET", eventPath, (*Server).getEvent)},
		shopPath:   {"GET": s.api("GET", shopPath, (*Server).currentShop)},

		channelGrantPath: {
			"POST": s.described(operation{"POST", channelGrantPath}, s.handleChannelToken),
		},
		channelPath:      {"GET": s.channelAPI(channelPath, (*Server).currentChannel)},
		channelShopsPath: {"GET": s.channelAPI(channelShopsPath, (*Server).channelShops)},

		identityMetadataPath:  {"GET": page(s.handleIdentityMetadata)},
		identityAuthorizePath: {"GET": page(s.handlePeople), "POST": page(s.handlePerson)},
		identityTokenPath:     {"POST": page(s.handleIdentityToken)},
		identityKeysPath:      {"GET": page(s.handleIdentityKeys)},

		"/{$}":      {"GET": page(s.handleFront)},
		stylePath:   {"GET": page(handleStyle)},
		iconPath:    {"GET": page(handleIcon)},
		faviconPath: {"GET": page(handleIcon)},
	})
	for path, methods := range all {
		mux.Handle(path, s.only(methods))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if to := pageWithoutSlash(mux, r); to != "" {
			http.Redirect(w, r, to, http.StatusPermanentRedirect) //nolint:gosec // to a page of ours
			return
		}
		s.refuse(w, r, http.StatusNotFound, codeNoSuchAddress, nothingHere)
	})
	guarded, err := s.sameOrigin(s.withFailures(mux))
	if err != nil {
		return nil, err
	}
	return s.observed(s.withHeaders(s.expectedHost(guarded))), nil
}

// pageWithoutSlash returns the page that a URL with a slash at its end means; "" if there is none. Paths of the API are
// taken as they are.
func pageWithoutSlash(mux *http.ServeMux, r *http.Request) string {
	to := strings.TrimRight(r.URL.EscapedPath(), "/")
	isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
	u, err := url.Parse(to)
	if err != nil || !isRead || u.Host != "" || path.Clean(u.Path) != u.Path || isAPI(to) {
		return ""
	}
	if _, pattern := mux.Handler(&http.Request{Method: r.Method, URL: u}); pattern == "/" {
		return ""
	}
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	return to
}

// isAPI reports whether a path is one of the API, whose clients are programs.
func isAPI(path string) bool {
	return strings.HasPrefix(path, "/open-api/") || strings.HasPrefix(path, "/channel-api/") ||
		strings.HasPrefix(path, channelGrantPath)
}

type page = http.HandlerFunc

func (s *Server) only(methods resource) http.Handler {
	var names []string
	for name := range methods {
		names = append(names, name)
	}
	if methods["GET"] != nil {
		methods["HEAD"] = methods["GET"]
		names = append(names, "HEAD")
	}
	slices.Sort(names)
	allow := strings.Join(names, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := methods[r.Method]; h != nil {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", allow)
		s.refuse(w, r, http.StatusMethodNotAllowed, codeMethodNotAllowed,
			otherMethod(r.Method))
	})
}

// sameOrigin refuses what other pages make a browser send. Clients that are no browsers pass.
func (s *Server) sameOrigin(next http.Handler) (http.Handler, error) {
	p := http.NewCrossOriginProtection()
	if s.publicURL != nil {
		if err := p.AddTrustedOrigin(s.publicURL.String()); err != nil {
			return nil, err
		}
	}
	p.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.log.WarnContext(r.Context(), "cross-origin request refused", "path", bounded(r.URL.Path, 200), "request_id",
			requestID(r))
		s.refuse(w, r, http.StatusForbidden, codeCrossOrigin, fromElsewhere)
	}))
	return p.Handler(next), nil
}

// expectedHost refuses requests for other names, which a web page could have pointed here.
func (s *Server) expectedHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.anyHost && !s.hostExpected(r.Host) {
			s.refuse(w, r, http.StatusMisdirectedRequest, codeHost, unknownHost)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) hostExpected(host string) bool {
	host = strings.ToLower(host)
	if s.publicURL == nil {
		return loopback(hostname(host))
	}
	if !loopback(s.publicURL.Hostname()) {
		return true
	}
	return withPort(host, s.publicURL.Scheme) == withPort(strings.ToLower(s.publicURL.Host), s.publicURL.Scheme)
}

// withHeaders adds to every response what keeps browsers strict.
func (s *Server) withHeaders(next http.Handler) http.Handler {
	fixed := map[string]string{
		"Content-Security-Policy":      contentPolicy(),
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "strict-origin-when-cross-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=()",
		"Cache-Control":                "no-store",
	}
	if s.publicURL != nil && s.publicURL.Scheme == "https" {
		fixed["Strict-Transport-Security"] = "max-age=31536000"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range fixed {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}

// contentPolicy allows no script at all. A form may also lead to more sources, since browsers check
// the redirect that follows a form against form-action.
func contentPolicy(formTargets ...string) string {
	return "default-src 'none'; style-src 'self'; img-src 'self'; form-action " +
		strings.Join(append([]string{"'self'"}, formTargets...), " ") + "; base-uri 'none'; frame-ancestors 'none'"
}

// RequestRecord is a request that a client made to the simulated service: no bodies, no queries, no
// credentials.
type RequestRecord struct {
	At        time.Time `json:"at"` // by the sandbox's clock
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Status    int       `json:"status"` // 0: the connection was closed without a response
	Shop      string    `json:"shop"`   // id; "" where none was established
	RequestID string    `json:"requestId"`
}

// keptRequests is how many records are remembered.
const keptRequests = 1000

// Requests returns the last 1000 requests that clients made, the oldest first. Requests of the front
// page and of the controls do not count.
func (s *Server) Requests() []RequestRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

type recordKey struct{}

// record is what will be remembered of a request that came through observed.
func record(r *http.Request) *RequestRecord {
	if rec, ok := r.Context().Value(recordKey{}).(*RequestRecord); ok {
		return rec
	}
	return &RequestRecord{}
}

func requestID(r *http.Request) string { return record(r).RequestID }

// observed sets an ID for each request, and logs and remembers the request when it ends, even by a panic.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		rec := &RequestRecord{
			At: s.now(), Method: bounded(r.Method, 20), Path: bounded(r.URL.Path, 200), RequestID: random(12),
		}
		w.Header().Set("X-Request-Id", rec.RequestID)
		counted := &statusWriter{ResponseWriter: w}
		defer func() {
			rec.Status = counted.status
			s.remember(*rec, simulated(r.URL.Path))
			s.log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", rec.Method),
				slog.String("path", rec.Path), slog.Int("status", rec.Status), slog.String("shop", rec.Shop),
				slog.Duration("took", time.Since(started)), slog.String("request_id", rec.RequestID))
		}()
		next.ServeHTTP(counted, r.WithContext(context.WithValue(r.Context(), recordKey{}, rec)))
	})
}

func (s *Server) remember(rec RequestRecord, wanted bool) {
	if !wanted {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, rec)
	if over := len(s.requests) - keptRequests; over > 0 {
		s.requests = slices.Delete(s.requests, 0, over)
	}
}

// simulated reports whether an address is Fourthwall's rather than the sandbox's own.
func simulated(path string) bool {
	return path != "/" && path != faviconPath && !strings.HasPrefix(path, "/_sandbox/") &&
		!strings.HasPrefix(path, IssuerPath+"/")
}

// statusWriter remembers the status that was sent.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status of the final response.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write remembers the status that a body implies.
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// bounded cuts text that came from outside and takes characters out that could forge a log line.
func bounded(text string, n int) string {
	if len(text) > n {
		text = text[:n] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
