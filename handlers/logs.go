package handlers

import (
	"log/slog"
	"net/http"

	"hookwall/handlers/middleware"
)

// How much an unknown client can write into the log, in bytes.
const (
	maxLoggedShop = 80
	maxLoggedHost = 100
)

// clip returns at most limit bytes of a client's text, for the log.
func clip(text string, limit int) string { return middleware.Clip(text, limit) }

// statusLeft is the status in the log of a response that nobody waited for, as
// nginx has it.
const statusLeft = middleware.StatusClientLeft

// hasLeft reports whether the client closed the connection before the response.
func hasLeft(r *http.Request) bool { return middleware.HasLeft(r) }

// logFailure logs what failed beside a page. If the client has left, that may be
// the cause, so it is no error.
func logFailure(r *http.Request, message string, err error) {
	if hasLeft(r) {
		stateOf(r).log.Info(message, "error", err)
		return
	}
	stateOf(r).log.Error(message, "error", err)
}

// ofRequest returns what is known of a request for its line in the log. IDs of people and shops are ours and
// Fourthwall's, so the line has no names or email addresses.
func (s *server) ofRequest(r *http.Request) []slog.Attr {
	v := stateOf(r)
	all := []slog.Attr{slog.String("route", v.pattern), slog.String("client", s.clientAddress(r))}
	if v.person.ID != "" {
		all = append(all, slog.String("person", v.person.ID))
	}
	if v.conn.ID != "" { // otherwise the shop's ID may be whatever the path has
		all = append(all, slog.String("shop", clip(v.conn.ShopID, maxLoggedShop)))
	}
	return all
}
