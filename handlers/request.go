package handlers

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gorilla/sessions"

	"hookwall/internal/store"
)

// requestState is what is known of one request while it is answered.
type requestState struct {
	requestID string
	log       *slog.Logger
	pattern   string // of the route
	session   *sessions.Session
	owner     store.Owner      // "" without a session
	conn      store.Connection // of the shop in the path, past the guard
	broken    error            // why nobody can say whose request it is
	offline   bool             // the database could not be used, and is not asked again
}

type stateKey struct{}

func stateOf(r *http.Request) *requestState {
	v, ok := r.Context().Value(stateKey{}).(*requestState)
	if !ok {
		panic("handlers: a request came past identify")
	}
	return v
}

// clientIP is the peer's address or, when the peer is a trusted proxy, the
// last address in X-Forwarded-For that is not one.
func (s *server) clientIP(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := peer.Addr().Unmap()
	if !s.trusts(ip) {
		return ip.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		forwarded, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if ip = forwarded.Unmap(); !s.trusts(ip) {
			break
		}
	}
	return ip.String()
}

// bounded is what of a parameter is used: at most limit bytes, of whole
// characters, so that the page that shows it again is UTF-8.
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

// badForm answers for a body that is not a form.
func badForm(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return &httpError{Status: http.StatusBadRequest, Public: "The form could not be read, so nothing was done. Open the page again and send it from there.", Err: err}
}

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
