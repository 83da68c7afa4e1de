package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gorilla/sessions"

	"hookwall/handlers/middleware"
	"hookwall/internal/logs"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// requestState is what is known about a request while it is handled.
type requestState struct {
	requestID string
	log       *slog.Logger
	pattern   string // of the route
	session   *sessions.Session
	owner     store.Owner       // of the connections that the person may use; "" for none
	self      store.Owner       // of the session, whom notices are for; "" without one
	person    team.Person       // who has signed in to the team; zero without one
	role      team.Role         // of the person
	token     store.AccessToken // of a request to the API
	noToken   error             // why a request to the API has none that counts
	conn      store.Connection  // of the shop in the path, past the guard
	broken    error             // why the session could not be read
	offline   bool              // the database could not be used, and is not asked again
	flashes   []keptFlash       // that the page took
}

// may reports whether the person may use rows of the table with this access.
func (v *requestState) may(a access) bool {
	switch a {
	case public:
		return true
	case signedIn:
		return v.person.ID != ""
	}
	needed := roleFor[a]
	return needed != team.NoRole && v.role.Includes(needed)
}

type stateKey struct{}

// keepState is the layer that adds the state that stateOf returns, what the log
// lines of the request have in common, and the time that the request may spend
// with the database.
func (s *server) keepState(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := middleware.RequestIDOf(r.Context())
		v := &requestState{requestID: id, log: s.Logger.With(logs.Request, id)}
		ctx := logs.With(r.Context(), slog.String(logs.Request, id))
		if trace := logs.TraceID(r.Header["Traceparent"]); trace != "" {
			v.log = v.log.With(logs.Trace, trace)
			ctx = logs.With(ctx, slog.String(logs.Trace, trace))
		}
		ctx = store.WithBudget(context.WithValue(ctx, stateKey{}, v))
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}

// stateOf returns the state of a request. All layers and the page share one
// value, and may change it.
func stateOf(r *http.Request) *requestState {
	v, ok := r.Context().Value(stateKey{}).(*requestState)
	if !ok {
		panic("handlers: a request did not pass keepState")
	}
	return v
}

func (s *server) clientAddress(r *http.Request) string {
	return s.clients.Address(r)
}

const networkBits = 64 // of an IPv6 address, that a provider assigns to one customer

// clientNetwork returns what counts as one address: an IPv4 address, or an IPv6
// network. Clients on Hookwall's own machine are exempt if the public URL is on
// that machine. It isn't if clients come through a proxy, even an undeclared
// one.
func (s *server) clientNetwork(r *http.Request) (network string, exempt bool) {
	ip, err := netip.ParseAddr(s.clientAddress(r))
	if err != nil {
		return "", false
	}
	exempt = ip.IsLoopback() && middleware.IsLoopback(s.PublicURL.Hostname())
	if ip.Is6() {
		return netip.PrefixFrom(ip, networkBits).Masked().String(), exempt
	}
	return ip.String(), exempt
}

func (s *server) clientNetworkName(r *http.Request) string {
	network, _ := s.clientNetwork(r)
	return network
}

// maxShopQuery is how many bytes of a search for shops count.
const maxShopQuery = 200

// maxTypedLabel is how many bytes of a label are drawn again.
const maxTypedLabel = 2000

// bounded returns at most limit bytes of a parameter, cut between characters,
// so that a page that shows it is UTF-8.
func bounded(text string, limit int) string {
	text = valid(text)
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// valid replaces what is not UTF-8, so that a page that shows the text is
// UTF-8.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// withoutEmpty returns the query without the empty fields that a filter's form
// sends, and whether there were some.
func withoutEmpty(r *http.Request) (string, bool) {
	q, out := r.URL.Query(), url.Values{}
	for name, values := range q {
		if values[0] != "" {
			out[name] = values
		}
	}
	return out.Encode(), len(out) < len(q)
}

// randomID matches an ID that rand.Text made. It also matches the 43 base64url
// characters of earlier versions, which open forms and cookies hold for a day.
var randomID = regexp.MustCompile(`^([A-Z2-7]{26}|[A-Za-z0-9_-]{43})$`)

// requestIDForm matches our own request IDs.
var requestIDForm = regexp.MustCompile(`^[A-Z2-7]{16}$`)

// pageNumber returns the number of the page, from 1.
func pageNumber(q url.Values) int {
	const most = 1_000_000
	number, err := strconv.Atoi(q.Get("page"))
	if err != nil || number < 1 || number > most {
		return 1
	}
	return number
}
