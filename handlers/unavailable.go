package handlers

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"hookwall/internal/store"
	"hookwall/views"
)

// databasePause is after how long it is worth another try when the database
// cannot be used.
const databasePause = 10 * time.Second

const (
	unavailableTitle = "Hookwall cannot use its own database"
	unavailableCure  = "If it stays like this, give the request id to whoever runs this Hookwall: the log says why."
)

// unavailable answers where the database could not be used: with the form as
// it was sent, or with a button that sends it again. What was begun is found
// when it is sent again, so it is done once.
func (s *server) unavailable(rt route, w http.ResponseWriter, r *http.Request, err error) error {
	v := stateOf(r)
	v.offline = true
	if rt.again != nil && r.ParseForm() == nil {
		v.log.Error("the database cannot be used", "error", err)
		if v.conn.ShopID == "" {
			v.conn.ShopID = r.PathValue("shop") // for addresses only: nothing was looked up
		}
		setRetryAfter(w, databasePause)
		drawn := rt.again(w, r, http.StatusServiceUnavailable, views.Notice{
			Kind: views.Warning, Title: unavailableTitle,
			Text: "What you entered is kept below. Press the button again in a moment: whatever was done already is not done twice. " + unavailableCure,
		})
		if drawn == nil || !errors.Is(drawn, store.ErrUnavailable) {
			return drawn
		}
	}
	answer := databaseError(err)
	answer.again = sendAgain(rt, r)
	if answer.again != nil {
		answer.Public = "Send it again in a moment: whatever was done already is not done twice. " + unavailableCure
	}
	return answer
}

// databaseError is the page for a database that cannot be used.
func databaseError(err error) *httpError {
	return &httpError{
		Status: http.StatusServiceUnavailable, Heading: unavailableTitle, Err: err, RetryAfter: databasePause,
		Public: "Your webhooks are at Fourthwall and go on as they are, and you are still signed in. " + unavailableCure,
	}
}

// sendAgain is the form of the request as it was sent, without what is secret;
// nil for one that is not a form.
func sendAgain(rt route, r *http.Request) *views.Resend {
	kind := r.Header.Get("Content-Type")
	if rt.method != http.MethodPost || !strings.HasPrefix(kind, "application/x-www-form-urlencoded") || r.ParseForm() != nil {
		return nil
	}
	again := &views.Resend{Action: r.URL.EscapedPath()}
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if slices.Contains(secretFields, name) {
			return nil // it has to be typed again
		}
		for _, value := range r.PostForm[name] {
			again.Fields = append(again.Fields, views.HiddenField{Name: valid(name), Value: valid(value)})
		}
	}
	return again
}

// tell leaves a notice for the next visit to page. What it tells of is done,
// and shows there, so a database that cannot be written only costs the notice.
func (s *server) tell(r *http.Request, owner store.Owner, page string, n views.Notice) error {
	err := s.flash(r, owner, page, n)
	if errors.Is(err, store.ErrUnavailable) {
		stateOf(r).log.Error("a notice could not be kept", "title", n.Title, "error", err)
		return nil
	}
	return err
}
