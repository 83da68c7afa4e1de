package handlers

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

// secretFields are never kept in a draft.
var secretFields = []string{"username", "password", "secret", "access_token", keysField}

// keysField has API keys, with their passwords.
const keysField = "keys"

// editingField is the field of a draft that has the ID of the webhook being
// changed. It is empty in a draft that creates one.
const editingField = "editing"

// maxDraft is the size in bytes of the largest form that is kept. It fits the
// longest URL and many event types.
const maxDraft = 128 << 10

// anonymousDrafts limits the forms that are kept for one address without a
// session.
var anonymousDrafts = store.Limit{Name: "draft by address", Burst: 100, Every: 10 * time.Second}

// maxFileForm is the size of the largest form, in bytes: a file and a text.
const maxFileForm = 2*fleet.MaxFile + 64<<10

// keepDraft keeps what was posted and returns the path that shows it again.
func (s *server) keepDraft(w http.ResponseWriter, r *http.Request, rt route) (string, error) {
	//nolint:gosec // bodyLimits bounds every body, all of which fits into memory
	if err := r.ParseMultipartForm(maxFileForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return "", badForm(err)
	}
	form := maps.Clone(r.PostForm) // files aren't kept
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
	return withDraft(resumePath(rt, r), draft.ID), nil
}

// putForm keeps a form that is no larger than any of ours. Without a session,
// the number of forms is limited, because the disk is shared.
func (s *server) putForm(r *http.Request, d store.Draft) (store.Draft, error) {
	if len(d.Form.Encode()) > maxDraft {
		return d, &httpError{Status: http.StatusRequestEntityTooLarge, Public: draftTooLargeText}
	}
	address, exempt := s.clientNetwork(r)
	if stateOf(r).self != "" || exempt {
		return s.Store.PutDraft(r.Context(), d)
	}
	ok, wait, err := s.Store.Allow(r.Context(), anonymousDrafts, address)
	if err == nil && !ok {
		err = &httpError{
			Status: http.StatusTooManyRequests, RetryAfter: wait, Public: tooManyDraftsText,
			Links: []ui.Link{{Href: connectPath, Text: "Connect a shop"}},
		}
	}
	if err != nil {
		return d, err
	}
	return s.Store.PutDraft(r.Context(), d)
}

// hasDraft reports whether a path leads to a form that is kept.
func (s *server) hasDraft(r *http.Request, back string) (bool, error) {
	_, query, _ := strings.Cut(back, "?")
	q, err := url.ParseQuery(query)
	if err != nil || q.Get("draft") == "" {
		return false, err
	}
	if stateOf(r).offline {
		return false, nil
	}
	_, err = s.Store.Draft(r.Context(), s.browserToken(r), q.Get("draft"))
	if draftGone(err) {
		return false, nil
	}
	return err == nil, err
}

// draftGone reports whether a draft has expired, or was encrypted with a key
// that is no longer available.
func draftGone(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrWrongKey)
}

// unavailable responds if the database can't be used. The page has the form as
// it was sent, or a button that sends it again. An operation that began is
// found when the form is sent again, so it happens only once.
func (s *server) unavailable(rt route, w http.ResponseWriter, r *http.Request, err error) error {
	v := stateOf(r)
	v.offline = true
	if rt.again != nil && r.ParseForm() == nil {
		logFailure(r, "the database cannot be used", err)
		if v.conn.ShopID == "" {
			v.conn.ShopID = r.PathValue("shop") // for links only: nothing was looked up
		}
		setRetryAfter(w, databasePause)
		drawn := rt.again(w, r, http.StatusServiceUnavailable, unavailableNotice())
		if drawn == nil || !errors.Is(drawn, store.ErrUnavailable) {
			return drawn
		}
	}
	answer := databaseError(err)
	if answer.again = sendAgain(rt, r); answer.again != nil {
		answer.Public = sendAgainText + unavailableFix
	}
	return answer
}

// sendAgain returns the form of the request as it was sent. It returns nil if
// the request is not a form, or has a secret, which must be typed again.
func sendAgain(rt route, r *http.Request) *views.Resend {
	isForm := strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
	if rt.method != http.MethodPost || !isForm || r.ParseForm() != nil {
		return nil
	}
	again := &views.Resend{Action: r.URL.EscapedPath()}
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if slices.Contains(secretFields, name) {
			return nil
		}
		for _, value := range r.PostForm[name] {
			again.Fields = append(again.Fields, ui.HiddenField{Name: valid(name), Value: valid(value)})
		}
	}
	return again
}

func withRequestID(n ui.Notice, r *http.Request) *ui.Notice {
	n.RequestID = stateOf(r).requestID
	return &n
}
