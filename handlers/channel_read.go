package handlers

import (
	"errors"
	"net/http"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views/ui"
)

// channelTime is how long a page may wait for Fourthwall to respond about a channel.
const channelTime = 20 * time.Second

// channelFault says why Fourthwall's answer about a channel is none. ok is false
// for other errors.
func channelFault(r *http.Request, err error) (status int, n ui.Notice, ok bool) {
	var outcome, code string
	request := stateOf(r).requestID
	api := fourthwall.AsError(err)
	_, isToken := errors.AsType[*oauth.TokenError](err)
	switch {
	case api != nil && api.Fault == fourthwall.NothingIssued:
		outcome, code = "no_token", api.Code
	case api != nil:
		outcome, code, request = channelOutcome(api), api.Code, requestID(api, stateOf(r))
	case isToken:
		outcome, code = tokenOutcome(err)
	case errors.Is(err, store.ErrUnavailable):
		return 0, n, false
	default:
		outcome = "unreachable"
	}
	n, known := channelOutcomes[outcome]
	if !known {
		n = channelOutcomes["no_token"]
	}
	n.Code, n.RequestID = code, request
	if n.Kind == ui.Failure || outcome == "unreachable" {
		return http.StatusBadGateway, n, true
	}
	return http.StatusServiceUnavailable, n, true
}

func channelOutcome(api *fourthwall.Error) string {
	if api.Unauthorized() || api.Forbidden() {
		return "not_allowed"
	}
	if outcome := shopOutcome(api); outcome != "unfamiliar" && outcome != "shop_unknown" {
		return outcome
	}
	return "in_front"
}

// channelOf returns the channel in the path.
func (s *server) channelOf(r *http.Request) (store.Channel, error) {
	channel, err := s.Store.Channel(r.Context(), stateOf(r).owner, r.PathValue("id"))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return channel, &httpError{
			Status: http.StatusNotFound, Public: channelUnknownText,
			Links: []ui.Link{{Href: shopsPath, Text: "See the shops"}},
		}
	case errors.Is(err, store.ErrWrongKey):
		channel.Expired = true
		return channel, nil
	}
	return channel, err
}
