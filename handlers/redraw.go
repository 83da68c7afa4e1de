package handlers

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hookwall/internal/store"
	"hookwall/views"
)

// secretFields are never kept in a draft.
var secretFields = []string{"username", "password", "secret", "access_token"}

// editingField names, in a draft, the webhook that it is a change of; it is
// empty in one that creates.
const editingField = "editing"

// maxDraft is what a form that is kept may have, in bytes: the longest address
// and many event types.
const maxDraft = 128 << 10

// strangersDrafts limits the forms that are kept for one address without a
// session.
var strangersDrafts = store.Limit{Name: "draft by address", Burst: 100, Every: 10 * time.Second}

// keepDraft keeps what was posted and gives the path that shows it again.
func (s *server) keepDraft(w http.ResponseWriter, r *http.Request, rt route) (string, error) {
	if err := r.ParseForm(); err != nil {
		return "", badForm(err)
	}
	form := url.Values{}
	for name, values := range r.PostForm {
		form[name] = values
	}
	for _, name := range secretFields {
		form.Del(name)
	}
	form.Set(editingField, r.PathValue("id"))
	draft, err := s.putForm(r, store.Draft{
		Browser: s.ensureBrowser(w, r), Page: rt.path, Shop: r.PathValue("shop"), Form: form,
	})
	if err != nil {
		return "", err
	}
	return resumePath(rt, r) + "?draft=" + url.QueryEscape(draft.ID), nil
}

// putForm keeps a form, when it is no larger than any of ours. Who has no
// session keeps only so many: the disk is everybody's.
func (s *server) putForm(r *http.Request, d store.Draft) (store.Draft, error) {
	if len(d.Form.Encode()) > maxDraft {
		return d, &httpError{
			Status: http.StatusRequestEntityTooLarge,
			Public: "This form is too large to be kept until you are back, so nothing was done. Go back, shorten what you entered and send it again.",
		}
	}
	address, exempt := s.clientNetwork(r)
	if stateOf(r).owner != "" || exempt {
		return s.Store.PutDraft(r.Context(), d)
	}
	ok, wait, err := s.Store.Allow(r.Context(), strangersDrafts, address)
	if err == nil && !ok {
		err = &httpError{
			Status: http.StatusTooManyRequests, RetryAfter: wait,
			Public: "Too many forms were sent from your network without a session, so this one was not kept and nothing was done. Go back, connect your shop in another tab, and send it again.",
			Links:  []views.Link{{Href: "/connect", Text: "Connect a shop"}},
		}
	}
	if err != nil {
		return d, err
	}
	return s.Store.PutDraft(r.Context(), d)
}

// draftGone tells whether a draft is over, or was encrypted with a key that
// is not there any more.
func draftGone(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrWrongKey)
}

// databasePause is after how long it is worth another try when the database
// cannot be used.
const databasePause = 10 * time.Second

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

func withRequestID(n views.Notice, r *http.Request) *views.Notice {
	n.RequestID = stateOf(r).requestID
	return &n
}
