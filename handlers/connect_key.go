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
	n.Text += " The password has to be typed again."
	typed.Notices = append(typed.Notices, *withRequestID(n, r))
	return s.drawKeyForm(w, r, status, typed)
}

// badKeys counts API keys that were refused, from everywhere: nobody has many.
func (s *server) badKeys(r *http.Request) counter {
	address, _ := s.clientNetwork(r)
	c := s.Limits.BadKeys.by("refused key", "address", address)
	c.Debt = keyDebt
	return c
}

// mayTryKey tells whether another API key may be tried; hit is nil when it may.
func (s *server) mayTryKey(r *http.Request) (hit *tooMany, err error) {
	c := s.badKeys(r)
	wait, err := s.Store.Wait(r.Context(), c.Limit, c.key)
	if err != nil || wait == 0 {
		return nil, err
	}
	return &tooMany{c, wait}, nil
}

// tooManyBadKeys draws the key form again for who has to wait.
func (s *server) tooManyBadKeys(w http.ResponseWriter, r *http.Request, hit *tooMany, err error) error {
	if err != nil {
		return err
	}
	s.logLimit(r, hit)
	setRetryAfter(w, hit.wait)
	return s.keyAgain(w, r, http.StatusTooManyRequests, views.Notice{
		Kind: views.Warning, Title: "Too many keys were refused",
		Text: "Fourthwall refused the last API keys from your network, and nobody should find one by trying. This one was not tried. Wait " +
			views.Duration(hit.wait) + ", then try again, or connect in another way.",
	})
}

// keyRefused counts an API key that Fourthwall does not accept.
func (s *server) keyRefused(r *http.Request) {
	c := s.badKeys(r)
	// Who hangs up before the answer has tried a key all the same.
	if err := s.Store.Spend(context.WithoutCancel(r.Context()), c.Limit, c.key); err != nil {
		stateOf(r).log.Warn("a refused key could not be counted", "error", err)
	}
}
