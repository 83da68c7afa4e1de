package handlers

import (
	"context"
	"net/http"

	"hookwall/views"
)

// keyAgain draws the connect page with the user name as it was sent.
func (s *server) keyAgain(w http.ResponseWriter, r *http.Request, status int, n views.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	typed := views.ConnectPage{Username: valid(r.PostForm.Get("username"))}
	n.Text += typePasswordAgain
	typed.Notices = append(typed.Notices, *withRequestID(n, r))
	return s.drawKeyForm(w, r, status, typed)
}

// mayTryKey returns the limit that keeps another API key from being tried; nil
// if one may be.
func (s *server) mayTryKey(r *http.Request) (hit *tooMany, err error) {
	c := s.badKeys(r)
	wait, err := s.Store.Wait(r.Context(), c.Limit, c.key)
	if err != nil || wait == 0 {
		return nil, err
	}
	return &tooMany{c, wait}, nil
}

// tooManyBadKeys draws the key form again and says how long to wait.
func (s *server) tooManyBadKeys(w http.ResponseWriter, r *http.Request, hit *tooMany, err error) error {
	if err != nil {
		return err
	}
	s.logLimit(r, hit)
	setRetryAfter(w, hit.wait)
	return s.keyAgain(w, r, http.StatusTooManyRequests, badKeysNotice(hit.wait))
}

// keyRefused counts an API key that Fourthwall does not accept. A person who
// hangs up before the answer has tried a key too.
func (s *server) keyRefused(r *http.Request) {
	c := s.badKeys(r)
	if err := s.Store.Spend(context.WithoutCancel(r.Context()), c.Limit, c.key); err != nil {
		stateOf(r).log.Warn("a refused key could not be counted", "error", err)
	}
}
