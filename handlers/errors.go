package handlers

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hookwall/handlers/middleware"
	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// When to try again.
const (
	busyPause     = 5 * time.Second
	databasePause = 10 * time.Second
)

// httpError is an error that becomes a page. Public is for the person, Err for
// the log.
type httpError struct {
	Status     int
	Public     string
	Err        error
	Code       string // of the API, where it gave one
	RetryAfter time.Duration
	Links      []ui.Link
	Heading    string // "" for the usual one of the status
	AdminName  string // what would make the reader an admin
	Problem    string // names the type of a problem of the API; "" if the status says it all
	Faults     []fleet.FileProblem
	again      *views.Resend
}

func (e *httpError) Error() string {
	return fmt.Sprintf("%d %s: %v", e.Status, e.Public, e.Err)
}

func (e *httpError) Unwrap() error { return e.Err }

// showError draws the page of an error. Anything but an httpError or an error
// of the API is a 500 with a fixed text.
func (s *server) showError(w http.ResponseWriter, r *http.Request, err error) {
	v := stateOf(r)
	answer := asHTTPError(err)
	if answer.Status >= http.StatusInternalServerError && hasLeft(r) {
		v.log.Info("the client left before the response", "error", err)
		w.WriteHeader(statusLeft)
		return
	}
	if answer.Status >= http.StatusInternalServerError {
		v.log.Error("request failed", "status", answer.Status, "error", err)
	} else if answer.Err != nil {
		v.log.Info("request refused", "status", answer.Status, "error", err)
	}
	setRetryAfter(w, answer.RetryAfter)
	if isAPI(r.URL.Path) {
		if err := writeJSON(w, answer.Status, problemJSON, problemOf(answer, v.requestID)); err != nil {
			v.log.Error("the problem could not be sent", "error", err)
		}
		return
	}
	if err := s.render(w, r, answer.Status, views.Error(s.errorPage(r, answer))); err != nil {
		v.log.Error("the error page could not be drawn", "error", err)
		http.Error(w, "Internal error. Request "+v.requestID, http.StatusInternalServerError)
	}
}

// problemOf returns the problem of the API that an error is.
func problemOf(answer *httpError, requestID string) problem {
	p := problem{
		Type: plainProblem, Title: http.StatusText(answer.Status), Status: answer.Status, RequestID: requestID,
		Detail: cmp.Or(answer.Public, apiTexts[answer.Status], apiTexts[http.StatusInternalServerError]),
	}
	if answer.Problem != "" {
		p.Type, p.Title = problemPrefix+answer.Problem, answer.Heading
	}
	for _, f := range answer.Faults {
		p.Errors = append(p.Errors, faultOfFile{f.Line, f.Column, f.Text})
	}
	return p
}

func (s *server) errorPage(r *http.Request, answer *httpError) views.ErrorPage {
	v, text := stateOf(r), errorTexts[answer.Status]
	heading := cmp.Or(answer.Heading, text.heading)
	page := views.ErrorPage{
		Frame: s.errorFrame(r, heading), Status: answer.Status, Heading: heading, Text: cmp.Or(answer.Public, text.text),
		Code: answer.Code, RequestID: v.requestID, Links: answer.Links, RetryAfter: answer.RetryAfter, Again: answer.again,
		AdminName: answer.AdminName,
	}
	switch {
	case len(page.Links) > 0:
	case answer.Status == http.StatusForbidden && v.conn.Channel != "" && fourthwall.AsError(answer.Err).Forbidden():
		page.Heading, page.Text = channelMayNotTitle, channelMayNotText
		page.Links = s.waysOn(r, answer.Status, page.Frame)
		if v.may(admin) {
			page.Links = []ui.Link{*channelLink(v.conn)}
		}
	case answer.Status == http.StatusForbidden && v.conn.ShopID != "" && v.may(admin):
		page.Links = []ui.Link{connectLink(s.returnPath(r.URL.EscapedPath()), v.conn.ShopID)}
	default:
		page.Links = s.waysOn(r, answer.Status, page.Frame)
	}
	return page
}

// waysOn returns the links of an error page that has none of its own. If a GET
// failed on the server's side, the first link tries again. If something of a
// shop in the bar isn't there, the link leads to the shop's webhooks.
func (s *server) waysOn(r *http.Request, status int, frame views.Frame) []ui.Link {
	if frame.Guest {
		return guestWaysOn(r, status)
	}
	start := ui.Link{Href: homePath, Text: "Go to the start"}
	isGone := status == http.StatusNotFound || status == http.StatusGone
	if isGone && frame.Shop != nil && strings.HasPrefix(r.URL.EscapedPath(), shopPath(frame.Shop.ID)+"/") {
		return []ui.Link{{Href: frame.Shop.Href, Text: "See all webhooks"}}
	}
	again := s.returnPath(r.URL.EscapedPath())
	if r.Method != http.MethodGet || status < http.StatusInternalServerError || again == "" {
		return []ui.Link{start}
	}
	return []ui.Link{{Href: withQuery(again, r.URL.RawQuery), Text: "Try again"}, start}
}

// guestWaysOn returns the same for a shop's owner, to whom the rest is closed.
func guestWaysOn(r *http.Request, status int) []ui.Link {
	if r.Method != http.MethodGet || status < http.StatusInternalServerError || !isOfGuests(r.URL.Path) {
		return nil
	}
	return []ui.Link{{Href: r.URL.EscapedPath(), Text: "Try again"}}
}

// fail draws the page for a request that a layer refused.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	answer := &httpError{Status: http.StatusInternalServerError, Err: err}
	switch {
	case errors.Is(err, middleware.ErrHost):
		answer = &httpError{Status: http.StatusMisdirectedRequest, Public: wrongHostText(s.PublicURL)}
	case errors.Is(err, middleware.ErrCrossOrigin):
		answer = &httpError{Status: http.StatusForbidden, Public: crossOriginText}
	case errors.Is(err, middleware.ErrBusy):
		answer = &httpError{Status: http.StatusTooManyRequests, Public: busyText, RetryAfter: busyPause}
	}
	s.showError(w, r, answer)
}

// asHTTPError returns what to tell the person.
func asHTTPError(err error) *httpError {
	var answer *httpError
	if errors.As(err, &answer) {
		return answer
	}
	if errors.Is(err, store.ErrUnavailable) {
		return databaseError(err)
	}
	var api *fourthwall.Error
	if errors.As(err, &api) {
		return apiError(api)
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &httpError{Status: http.StatusRequestEntityTooLarge, Err: err}
	}
	return &httpError{Status: http.StatusInternalServerError, Err: err}
}

// badForm returns the error for a body that is not a form.
func badForm(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return &httpError{Status: http.StatusBadRequest, Public: unreadableFormText, Err: err}
}

// databaseError returns the page for a database that cannot be used.
func databaseError(err error) *httpError {
	return &httpError{
		Status: http.StatusServiceUnavailable, Heading: unavailableTitle, Err: err, RetryAfter: databasePause,
		Public: unavailableText + unavailableFix,
	}
}

// apiError returns the page for an error of the API that no form deals with.
func apiError(api *fourthwall.Error) *httpError {
	answer := &httpError{Status: http.StatusBadGateway, Err: api, Code: api.Code, RetryAfter: api.RetryAfter}
	switch {
	case api.TooLarge:
		answer.Public = tooLargeText
	case api.Fault != "":
		e := webhooks.ExplainFault(api.Fault, api.Status)
		answer.Status, answer.Heading, answer.Public = http.StatusServiceUnavailable, e.Title, e.Text+" "+e.Fix
	case api.ShopGone():
		answer.Status, answer.Public = http.StatusNotFound, webhooks.ShopGone+reconnectText
		answer.Links = []ui.Link{{Href: shopsPath, Text: "See the shops"}}
	case api.Status == http.StatusNotFound:
		answer.Status, answer.Public = http.StatusNotFound, webhookUnknownText
	case api.Status == http.StatusForbidden:
		answer.Status, answer.Public = http.StatusForbidden, mayNotReadText
	case api.Status == http.StatusTooManyRequests, api.Status == http.StatusServiceUnavailable:
		answer.Status = http.StatusServiceUnavailable
	}
	return answer
}

// unreadable returns the notice and the status for a part of the shop that
// can't be read. what is its plural; back is where to return after connecting
// again.
func (s *server) unreadable(
	w http.ResponseWriter, r *http.Request, api *fourthwall.Error, what, back string,
) (*ui.Notice, int) {
	v := stateOf(r)
	v.log.Warn(what+" could not be read", "error", api)
	answer := apiError(api)
	setRetryAfter(w, api.RetryAfter)
	text := errorTexts[answer.Status]
	n := &ui.Notice{
		Kind: ui.Warning, Title: text.heading, Text: text.text,
		Code: api.Code, RequestID: requestID(api, v), Link: &ui.Link{Href: back, Text: "Try again"},
	}
	reconnect := v.reconnectLink(back, v.conn.ShopID)
	switch {
	case api.TooLarge:
		n.Title, n.Text, n.Link = tooLargeTitle, tooLargeText, nil
	case api.Fault != "":
		n.Title, n.Text = answer.Heading, answer.Public
	case api.ShopGone():
		n.Title, n.Text, n.Link = shopGoneTitle, answer.Public, reconnect
	case answer.Status == http.StatusNotFound:
		n.Title, n.Text = noList(what)
		return n, http.StatusBadGateway
	case answer.Status == http.StatusForbidden:
		n.Title, n.Text = mayNotRead(what)
		v.lacksPermission(n, back)
		return n, http.StatusOK
	case answer.Status == http.StatusServiceUnavailable:
		n.Text = loadAgainText(inText(api.RetryAfter))
	}
	return n, answer.Status
}

// requestID returns the API's request ID, which Fourthwall can look up, or ours
// if the API sent none.
func requestID(api *fourthwall.Error, v *requestState) string {
	if api != nil && api.RequestID != "" {
		return api.RequestID
	}
	return v.requestID
}

// seconds returns d in whole seconds, rounded up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func setRetryAfter(w http.ResponseWriter, d time.Duration) {
	if d > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(d)))
	}
}
