package handlers

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
	"hookwall/views"
)

// httpError is an answer that is not the page that was asked for. Public is
// for the person, Err for the log.
type httpError struct {
	Status     int
	Public     string
	Err        error
	Code       string // of the API, where it gave one
	RetryAfter time.Duration
	Links      []views.Link
	Heading    string // "" for the usual one of the status
	again      *views.Resend
}

func (e *httpError) Error() string {
	return fmt.Sprintf("%d %s: %v", e.Status, e.Public, e.Err)
}

func (e *httpError) Unwrap() error { return e.Err }

// adapt runs a route behind its guard and turns an error into a page.
func (s *server) adapt(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := stateOf(r).broken
		if err == nil {
			err = s.answer(rt, w, r)
		}
		if errors.Is(err, oauth.ErrReconnect) {
			stateOf(r).log.Warn("the shop must be connected again", "error", err)
			err = s.sendToConnect(w, r, rt, stateOf(r).conn.ShopID)
		}
		if errors.Is(err, store.ErrUnavailable) {
			err = s.unavailable(rt, w, r, err)
		}
		if err != nil {
			s.showError(w, r, err)
		}
	}
}

// answer counts the request under its limits and lets it through the guard.
func (s *server) answer(rt route, w http.ResponseWriter, r *http.Request) error {
	hit, err := s.admit(rt, r)
	switch {
	case err != nil:
		return err
	case hit != nil:
		return s.limited(rt, w, r, hit)
	case rt.access == shopOnly:
		return s.guard(rt, w, r)
	}
	return rt.handle(w, r)
}

// showError draws the page of an error. What is not a httpError or an answer
// of the API is a 500 with a fixed text.
func (s *server) showError(w http.ResponseWriter, r *http.Request, err error) {
	v := stateOf(r)
	answer := asHTTPError(err)
	if answer.Status >= 500 {
		v.log.Error("request failed", "status", answer.Status, "error", err)
	} else if answer.Err != nil {
		v.log.Info("request refused", "status", answer.Status, "error", err)
	}
	setRetryAfter(w, answer.RetryAfter)
	text := errorTexts[answer.Status]
	heading := cmp.Or(answer.Heading, text.heading)
	page := views.ErrorPage{
		Frame:  s.errorFrame(r, heading),
		Status: answer.Status, Heading: heading, Text: answer.Public,
		Code: answer.Code, RequestID: v.requestID, Links: answer.Links, RetryAfter: answer.RetryAfter, Again: answer.again,
	}
	if page.Text == "" {
		page.Text = text.text
	}
	if len(page.Links) == 0 && answer.Status == http.StatusForbidden && v.conn.ShopID != "" {
		page.Links = []views.Link{connectLink(s.returnPath(r.URL.EscapedPath()), v.conn.ShopID)}
	}
	if len(page.Links) == 0 {
		page.Links = s.waysOn(r, answer.Status)
	}
	if err := s.render(w, r, answer.Status, views.Error(page)); err != nil {
		v.log.Error("the error page could not be drawn", "error", err)
		http.Error(w, "Internal error. Request "+v.requestID, http.StatusInternalServerError)
	}
}

// waysOn are the links of an error page that has none of its own. What failed
// for a reason that passes can be asked for again.
func (s *server) waysOn(r *http.Request, status int) []views.Link {
	start := views.Link{Href: "/", Text: "Go to the start"}
	again := s.returnPath(r.URL.EscapedPath())
	if r.Method != http.MethodGet || status < http.StatusInternalServerError || again == "" {
		return []views.Link{start}
	}
	return []views.Link{{Href: withQuery(again, r.URL.RawQuery), Text: "Try again"}, start}
}

var errorTexts = map[int]struct{ heading, text string }{
	http.StatusBadRequest:            {"This request could not be understood", "Part of it was missing or broken, so nothing was done. Go back and try again."},
	http.StatusForbidden:             {"This is not allowed", "Nothing was done. Go back to the page that you came from, and try from there."},
	http.StatusNotFound:              {"This page does not exist", "The address may be mistyped, or what it showed is gone. Go to the start and find your way from there."},
	http.StatusConflict:              {"This cannot be done now", "Something has changed meanwhile, so nothing was done. Open the page again and look how things stand."},
	http.StatusGone:                  {"What this page was about is over", "It was kept for a while only, and nothing was done now. Start again from the list of webhooks."},
	http.StatusMethodNotAllowed:      {"This address does not take that kind of request", "Open it as a page, or use the form that leads to it."},
	http.StatusRequestEntityTooLarge: {"This is too large", "A form may have at most 1 MiB, so nothing was done. Make it shorter and send it again."},
	http.StatusMisdirectedRequest:    {"This is not Hookwall’s address", "Open Hookwall under the address that it was set up with."},
	http.StatusTooManyRequests:       {"Too many requests", "Nothing was done. Wait a little, then try again."},
	http.StatusInternalServerError:   {"Something went wrong on our side", "It is not your fault, and the details are in the log under this request id. Try again in a moment."},
	http.StatusBadGateway:            {"Fourthwall did not answer as expected", "Fourthwall could not be reached or sent something that could not be read. Try again in a moment."},
	http.StatusServiceUnavailable:    {"Fourthwall is busy", "Fourthwall asks us to wait. Try again in a moment."},
}

// asHTTPError finds what to tell the person.
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

// apiError is the page for an answer of the API that no form deals with.
func apiError(api *fourthwall.Error) *httpError {
	answer := &httpError{Status: http.StatusBadGateway, Err: api, Code: api.Code, RetryAfter: api.RetryAfter}
	if api.TooLarge {
		answer.Public = "Fourthwall’s answer is larger than Hookwall reads, so it is not shown. Nothing is wrong with the connection: try again later, or look in Fourthwall’s own settings."
		return answer
	}
	switch api.Status {
	case http.StatusNotFound:
		answer.Status = http.StatusNotFound
		if api.ShopGone() {
			answer.Public = webhooks.ShopGone + " Connect the shop again, or disconnect it under Shops."
			answer.Links = []views.Link{{Href: "/shops", Text: "See the shops"}}
			return answer
		}
		answer.Public = "Fourthwall does not know this webhook. It may have been deleted: look in the list of webhooks."
	case http.StatusForbidden:
		answer.Status = http.StatusForbidden
		answer.Public = "This connection may not read webhooks: it lacks the permission webhook_read. Connect the shop again and allow it."
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		answer.Status = http.StatusServiceUnavailable
	}
	return answer
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// badForm answers for a body that is not a form.
func badForm(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return &httpError{Status: http.StatusBadRequest, Public: "The form could not be read, so nothing was done. Open the page again and send it from there.", Err: err}
}

func setRetryAfter(w http.ResponseWriter, d time.Duration) {
	if d > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(d)))
	}
}
