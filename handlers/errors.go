package handlers

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
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
		if isShopGone(api) {
			answer.Public = shopGoneText + " Connect the shop again, or disconnect it under Shops."
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

// isShopGone tells whether the API says that the shop itself is not there,
// which says nothing about one of its webhooks.
func isShopGone(api *fourthwall.Error) bool {
	return api.Status == http.StatusNotFound && strings.Contains(api.Code, "SHOP")
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func setRetryAfter(w http.ResponseWriter, d time.Duration) {
	if d > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(d)))
	}
}

// unreadable says why something of the shop's cannot be read. what is its
// plural; back is where to return to after connecting again.
func (s *server) unreadable(w http.ResponseWriter, r *http.Request, api *fourthwall.Error, what, back string) (*views.Notice, int) {
	v := stateOf(r)
	v.log.Warn(what+" could not be read", "error", api)
	answer := apiError(api)
	setRetryAfter(w, api.RetryAfter)
	text := errorTexts[answer.Status]
	n := &views.Notice{Kind: views.Warning, Title: text.heading, Text: text.text, Code: api.Code, RequestID: requestID(api, v)}
	if api.TooLarge {
		n.Title, n.Text = "Fourthwall’s answer is too large", answer.Public
		return n, answer.Status
	}
	n.Link = &views.Link{Href: back, Text: "Try again"}
	switch answer.Status {
	case http.StatusForbidden:
		link := connectLink(back, v.conn.ShopID)
		n.Title = "This connection may not read " + what
		n.Text = "It lacks the permission webhook_read. You can still create webhooks; to see your " + what + ", connect the shop again and allow it."
		n.Link = &link
		return n, http.StatusOK
	case http.StatusServiceUnavailable:
		n.Text = "Fourthwall asks us to wait. Load this page again " + inText(*failureOf(api)) + "."
	case http.StatusNotFound:
		if isShopGone(api) {
			link := connectLink(back, v.conn.ShopID)
			n.Title, n.Text, n.Link = "This shop is gone", answer.Public, &link
			return n, http.StatusNotFound
		}
		n.Title, n.Text = "Fourthwall has no list of "+what+" here", "It answered that there is nothing at this address. Whoever runs this Hookwall should check FOURTHWALL_API_URL."
		return n, http.StatusBadGateway
	}
	return n, answer.Status
}

// requestID prefers the API's own, which Fourthwall can look up.
func requestID(api *fourthwall.Error, v *requestState) string {
	if api != nil && api.RequestID != "" {
		return api.RequestID
	}
	return v.requestID
}

// databaseError is the page for a database that cannot be used.
func databaseError(err error) *httpError {
	return &httpError{
		Status: http.StatusServiceUnavailable, Heading: unavailableTitle, Err: err, RetryAfter: databasePause,
		Public: "Your webhooks are at Fourthwall and go on as they are, and you are still signed in. " + unavailableCure,
	}
}
