package handlers

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
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

const browserCookieLife = 24 * 60 * 60 // seconds

// browserToken tells one browser from another before it has a session and
// across the renewal of one: sign-in attempts and drafts are found by it.
func (s *server) browserToken(r *http.Request) string {
	all := r.CookiesNamed(s.cookieName("browser"))
	if len(all) != 1 || !randomID.MatchString(all[0].Value) {
		return "" // of several, another host of the same site may have put one there
	}
	return all[0].Value
}

// ensureBrowser gives the browser a token when it has none.
func (s *server) ensureBrowser(w http.ResponseWriter, r *http.Request) string {
	token := s.browserToken(r)
	if token == "" {
		token = rand.Text()
		http.SetCookie(w, s.browserCookie(token, browserCookieLife))
	}
	return token
}

func (s *server) browserCookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure exactly when the public URL is https
		Name: s.cookieName("browser"), Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
}

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

// resumePath is the page a guarded request comes back to.
func resumePath(rt route, r *http.Request) string {
	if rt.method == http.MethodGet {
		return withQuery(r.URL.EscapedPath(), r.URL.RawQuery)
	}
	rest := strings.ReplaceAll(rt.resume, "{id}", url.PathEscape(r.PathValue("id")))
	return shopPath(r.PathValue("shop")) + rest
}

// sendToConnect sends a person who may not see a page yet to connect, and
// keeps what they posted. shopID names the connection that ran out.
func (s *server) sendToConnect(w http.ResponseWriter, r *http.Request, rt route, shopID string) error {
	back := resumePath(rt, r)
	if rt.keepsID {
		back += "?draft=" + url.QueryEscape(r.PostFormValue("draft"))
	}
	if rt.keeps {
		var err error
		if back, err = s.keepDraft(w, r, rt); err != nil {
			return err
		}
	}
	return redirect(w, r, connectLink(s.returnPath(back), shopID).Href)
}

func connectLink(back, shopID string) views.Link {
	query := url.Values{}
	if back != "" {
		query.Set("return", back)
	}
	if shopID != "" {
		query.Set("shop", shopID)
	}
	return views.Link{Href: withQuery("/connect", query.Encode()), Text: "Connect the shop again"}
}
