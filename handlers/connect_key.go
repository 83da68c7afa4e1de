package handlers

import (
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

// keyAgain draws the connect page with the user name as it was sent.
func (s *server) keyAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	typed := views.ConnectPage{Username: valid(r.PostForm.Get("username"))}
	n.Text += typePasswordAgain
	typed.Notices = append(typed.Notices, *withRequestID(n, r))
	return s.drawKeyForm(w, r, status, typed)
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

// handleConnectKey connects a shop with the API key of an Open API user.
func (s *server) handleConnectKey(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	key := readKey(r)
	page := views.ConnectPage{Username: key.username, UsernameErr: key.usernameErr, PasswordErr: key.passwordErr}
	if key.invalid() {
		return s.drawKeyForm(w, r, http.StatusUnprocessableEntity, page)
	}
	if hit, err := s.mayTryKey(r); err != nil || hit != nil {
		return s.tooManyBadKeys(w, r, hit, err)
	}
	shop, err := s.shopOf(r, key)
	if err != nil {
		return s.refuseKey(w, r, page, err)
	}
	return s.connect(w, r, key.credential, shop, r.PostForm.Get("return"))
}

// refuseKey says why the API did not accept a key. The password must be typed
// again.
func (s *server) refuseKey(w http.ResponseWriter, r *http.Request, page views.ConnectPage, err error) error {
	api := fourthwall.AsError(err)
	if api == nil {
		return err
	}
	if api.Unauthorized() || api.Forbidden() {
		logSignIn(r, oauth.WayAPIKey, "", err)
		s.keyRefused(r)
		page.PasswordErr = &ui.FieldError{Text: keyRejectedText, Code: api.Code, RequestID: api.RequestID}
		return s.drawKeyForm(w, r, http.StatusUnprocessableEntity, page)
	}
	outcome, status := shopOutcome(api), apiError(api).Status
	logSignIn(r, oauth.WayAPIKey, outcome, err)
	switch outcome {
	case "shop_unknown":
		status = http.StatusUnprocessableEntity
	case "wrong_api":
		status = http.StatusBadGateway
	}
	n := connectOutcomes[outcome]
	if api.Fault == fourthwall.Unfamiliar {
		n.Text += keyUnfamiliarText
	}
	n.Code, n.RequestID = api.Code, requestID(api, stateOf(r))
	page.Notices = append(page.Notices, n)
	setRetryAfter(w, api.RetryAfter)
	return s.drawKeyForm(w, r, status, page)
}

func (s *server) drawKeyForm(w http.ResponseWriter, r *http.Request, status int, typed views.ConnectPage) error {
	page, err := s.connectPage(r, r.PostForm)
	if err != nil {
		return err
	}
	page.Username, page.UsernameErr, page.PasswordErr = typed.Username, typed.UsernameErr, typed.PasswordErr
	page.Notices = append(page.Notices, typed.Notices...)
	return s.render(w, r, status, views.Connect(page))
}
