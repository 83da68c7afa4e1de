package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"hookwall/internal/store"
	"hookwall/views"
)

// Rate is how often something is taken: Burst at once, and one more each time
// Every has passed. The zero Rate is no limit.
type Rate struct {
	Burst int
	Every time.Duration
}

// Limits are how often people may do what costs something. They are counted
// in the store, by all that share it.
type Limits struct {
	SignIns       Rate // steps of sign-ins from one address
	BadKeys       Rate // API keys that Fourthwall refused, from one address
	Writes        Rate // forms of one session about its shops
	AddressWrites Rate // the same, of all sessions at one address
	Calls         Rate // checks and test deliveries of one session
}

// keyDebt bounds how long guesses that were made at the same time keep an
// address from trying again.
const keyDebt = time.Hour

// limitKind says what a route is counted under.
type limitKind int

const (
	byMethod limitKind = iota // the forms of a shop's pages as writes, the rest not at all
	signIn                    // a step of a sign-in
	outCall                   // a write that also calls an endpoint
)

// counter is one limit and whom it counts.
type counter struct {
	store.Limit
	by  string // "address" or "session"
	key string
}

func (r Rate) by(what, whom, key string) counter {
	return counter{store.Limit{Name: what + " by " + whom, Burst: r.Burst, Every: r.Every}, whom, key}
}

// counters are the limits that a request to a route meets.
func (s *server) counters(rt route, r *http.Request) []counter {
	var all []counter
	address, exempt := s.clientNetwork(r)
	fromAddress := func(rate Rate, what string) {
		if !exempt {
			all = append(all, rate.by(what, "address", address))
		}
	}
	if rt.limit == signIn {
		fromAddress(s.Limits.SignIns, "sign-in")
		return all
	}
	if !rt.writes() {
		return nil
	}
	fromAddress(s.Limits.AddressWrites, "write")
	owner := string(stateOf(r).owner)
	if owner == "" {
		return all
	}
	all = append(all, s.Limits.Writes.by("write", "session", owner))
	if rt.limit == outCall {
		all = append(all, s.Limits.Calls.by("call", "session", owner))
	}
	return all
}

func (rt route) writes() bool { return rt.access == shopOnly && rt.method != http.MethodGet }

// clientNetwork is what counts as one address: an IPv4 address, or the /64
// network that one customer of a provider has of IPv6. Exempt is who uses a
// Hookwall on the own machine; where people come through a proxy, even one
// that nobody declared, the public URL is not on this machine.
func (s *server) clientNetwork(r *http.Request) (network string, exempt bool) {
	ip, err := netip.ParseAddr(s.clientIP(r))
	if err != nil {
		return "", false
	}
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String(), ip.IsLoopback() && isLoopback(s.PublicURL.Hostname())
	}
	return ip.String(), ip.IsLoopback() && isLoopback(s.PublicURL.Hostname())
}

// tooMany says that a limit was reached, and for how long.
type tooMany struct {
	counter
	wait time.Duration
}

// admit counts a request under its limits. It gives what stands against it,
// nil for nothing.
func (s *server) admit(rt route, r *http.Request) (*tooMany, error) {
	for _, c := range s.counters(rt, r) {
		ok, wait, err := s.Store.Allow(r.Context(), c.Limit, c.key)
		switch {
		case err != nil && (rt.limit == signIn || errors.Is(err, store.ErrUnavailable)):
			// Nothing would slow down who guesses, and a write would fail as well.
			return nil, err
		case err != nil:
			// What is changed is somebody's own: without the count it is still
			// bounded by what Fourthwall takes of a shop.
			stateOf(r).log.Warn("a limit could not be counted", "limit", c.Name, "error", err)
		case !ok:
			return &tooMany{c, wait}, nil
		}
	}
	return nil, nil
}

// limited answers a request that is one too many: with its form as it was
// sent, where it came from a page that the session may see.
func (s *server) limited(rt route, w http.ResponseWriter, r *http.Request, hit *tooMany) error {
	s.logLimit(r, hit)
	setRetryAfter(w, hit.wait)
	answer := &httpError{Status: http.StatusTooManyRequests, Public: hit.why() + " Nothing was done.", RetryAfter: hit.wait}
	switch {
	case rt.again != nil && s.mayRedraw(rt, r):
		return rt.again(w, r, http.StatusTooManyRequests, hit.notice())
	case rt.path == "/oauth/start":
		w.Header().Set("Referrer-Policy", "strict-origin") // its address goes nowhere else
		answer.Links = []views.Link{{Href: withQuery(r.URL.EscapedPath(), r.URL.RawQuery), Text: "Try again"}}
	case rt.limit == signIn:
		scrub(w) // the address of a callback
		answer.Links = []views.Link{{Href: "/connect", Text: "Connect a shop"}}
	default:
		answer.Links = []views.Link{{Href: resumePath(rt, r), Text: "Go back"}}
	}
	return answer
}

func (s *server) logLimit(r *http.Request, hit *tooMany) {
	stateOf(r).log.Warn("limit reached", "limit", hit.Name, "retryAfter", seconds(hit.wait), "client", s.clientIP(r))
}

// mayRedraw finds the connection that a form of a shop's is about.
func (s *server) mayRedraw(rt route, r *http.Request) bool {
	if rt.access != shopOnly {
		return true
	}
	v := stateOf(r)
	conn, err := s.Store.Connection(r.Context(), v.owner, r.PathValue("shop"))
	if err != nil || conn.Expired {
		return false
	}
	v.conn = conn
	return true
}

// why says which limit it was, for a person.
func (t *tooMany) why() string {
	if t.by == "address" {
		return "Hookwall takes only so many of these at a time from one network, and others in yours count as well."
	}
	return "Hookwall takes only so many of these at a time from one person."
}

// notice stands in a form that is drawn as it was sent.
func (t *tooMany) notice() views.Notice {
	return views.Notice{
		Kind: views.Warning, Title: "Too many requests",
		Text: t.why() + " Nothing was done, and what you entered is kept. Wait " + views.Duration(t.wait) + ", then press the button again.",
	}
}

// createAgain draws the create form as it was sent.
func (s *server) createAgain(w http.ResponseWriter, r *http.Request, status int, n views.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readWebhookForm(stateOf(r).conn.ShopID, r.PostForm)
	f.banner = withRequestID(n, r)
	return s.drawWebhookForm(w, r, status, f)
}

// editAgain draws the edit form as it was sent.
func (s *server) editAgain(w http.ResponseWriter, r *http.Request, status int, n views.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readEditForm(stateOf(r).conn.ShopID, r.PathValue("id"), r.PostForm)
	f.banner = withRequestID(n, r)
	return s.drawWebhookForm(w, r, status, f)
}

// saveAgain draws the edit form of a change that was to be saved.
func (s *server) saveAgain(w http.ResponseWriter, r *http.Request, status int, n views.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f, _, err := s.draftOfEdit(r, bounded(r.PostForm.Get("draft"), 100))
	if err != nil {
		return err
	}
	if f == nil {
		return &httpError{Status: status, Public: n.Text}
	}
	f.banner = withRequestID(n, r)
	return s.drawWebhookForm(w, r, status, f)
}

// testAgain draws the test delivery as it was sent, without the secret. Where
// the webhook cannot be read, its id is enough.
func (s *server) testAgain(w http.ResponseWriter, r *http.Request, status int, n views.Notice) error {
	f, err := readTestForm(r)
	if err != nil {
		return err
	}
	if conn := stateOf(r).conn; conn.ID != "" { // of a shop that was not looked up there is no credential
		if hook, err := s.fetchWebhook(r.Context(), conn, f.hook.ID); err == nil {
			f.hook = hook
		}
	}
	f.banner = withRequestID(n, r)
	return s.drawTest(w, r, status, f)
}

// checkAgain draws the question before a check as it was answered, without
// the secret.
func (s *server) checkAgain(w http.ResponseWriter, r *http.Request, status int, n views.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readCheckForm(r.PostForm)
	f.banner = withRequestID(n, r)
	return s.drawCheckStart(w, r, status, f)
}

// keyAgain draws the connect page with the user name as it was sent.
func (s *server) keyAgain(w http.ResponseWriter, r *http.Request, status int, n views.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	typed := views.ConnectPage{Username: valid(r.PostForm.Get("username"))}
	n.Text += " The password has to be typed again."
	typed.Notices = append(typed.Notices, *withRequestID(n, r))
	return s.drawKeyForm(w, r, status, typed)
}

func withRequestID(n views.Notice, r *http.Request) *views.Notice {
	n.RequestID = stateOf(r).requestID
	return &n
}

// badKeys counts API keys that were refused, from everywhere: nobody has many.
func (s *server) badKeys(r *http.Request) counter {
	address, _ := s.clientNetwork(r)
	c := s.Limits.BadKeys.by("refused key", "address", address)
	c.Debt = keyDebt
	return c
}

// mayTryKey tells whether another API key may be tried; hit is nil when it may.
func (s *server) mayTryKey(r *http.Request) (hit *tooMany, err error) {
	c := s.badKeys(r)
	wait, err := s.Store.Wait(r.Context(), c.Limit, c.key)
	if err != nil || wait == 0 {
		return nil, err
	}
	return &tooMany{c, wait}, nil
}

// tooManyBadKeys draws the key form again for who has to wait.
func (s *server) tooManyBadKeys(w http.ResponseWriter, r *http.Request, hit *tooMany, err error) error {
	if err != nil {
		return err
	}
	s.logLimit(r, hit)
	setRetryAfter(w, hit.wait)
	return s.keyAgain(w, r, http.StatusTooManyRequests, views.Notice{
		Kind: views.Warning, Title: "Too many keys were refused",
		Text: "Fourthwall refused the last API keys from your network, and nobody should find one by trying. This one was not tried. Wait " +
			views.Duration(hit.wait) + ", then try again, or connect in another way.",
	})
}

// keyRefused counts an API key that Fourthwall does not accept.
func (s *server) keyRefused(r *http.Request) {
	c := s.badKeys(r)
	// Who hangs up before the answer has tried a key all the same.
	if err := s.Store.Spend(context.WithoutCancel(r.Context()), c.Limit, c.key); err != nil {
		stateOf(r).log.Warn("a refused key could not be counted", "error", err)
	}
}
