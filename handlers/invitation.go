package handlers

import (
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleInvitation shows an invitation to the owner of a shop. It spends nothing,
// however often it is read.
func (s *server) handleInvitation(w http.ResponseWriter, r *http.Request) error {
	token, in, err := s.invitation(w, r)
	if err != nil {
		return err
	}
	page := views.InvitationPage{}
	if n, ok := invitationNotice(r.URL.Query()); ok {
		page.Notices = []ui.Notice{n}
	}
	return s.drawInvitation(w, r, http.StatusOK, token, in, page)
}

// invitation returns the open invitation of a request, and its token.
func (s *server) invitation(w http.ResponseWriter, r *http.Request) (token string, in store.Invitation, err error) {
	s.hideToken(w)
	token = r.PathValue("token")
	in, err = s.openInvitation(r, token)
	return token, in, err
}

// handleInvitationStart begins the sign-in at Fourthwall. It is a link and not a
// form, because our policy allows forms only to our own origin. It doesn't spend
// the invitation.
func (s *server) handleInvitationStart(w http.ResponseWriter, r *http.Request) error {
	token, _, err := s.invitation(w, r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		return &httpError{Status: http.StatusMethodNotAllowed}
	}
	if !s.OAuth.Offers(oauth.WayCode) {
		return s.backToInvitation(w, r, token, "way_not_offered", "")
	}
	to, err := s.beginInvited(w, r, token)
	if err != nil {
		return err
	}
	return redirect(w, r, to)
}

// handleInvitationKey connects the shop with the API key of an Open API user.
func (s *server) handleInvitationKey(w http.ResponseWriter, r *http.Request) error {
	token, in, err := s.invitation(w, r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	key := readKey(r)
	page := views.InvitationPage{Username: key.username, UsernameErr: key.usernameErr, PasswordErr: key.passwordErr}
	draw := func(status int) error { return s.drawInvitation(w, r, status, token, in, page) }
	if key.invalid() {
		return draw(http.StatusUnprocessableEntity)
	}
	hit, err := s.mayTryKey(r)
	if err != nil {
		return err
	}
	if hit != nil {
		s.logLimit(r, hit)
		setRetryAfter(w, hit.wait)
		page.Notices = []ui.Notice{badKeysNotice(hit.wait)}
		return draw(http.StatusTooManyRequests)
	}
	shop, err := s.shopOf(r, key)
	if api := fourthwall.AsError(err); api != nil {
		return draw(s.invitedKeyRefused(w, r, &page, api))
	}
	if err != nil {
		return err
	}
	return s.accept(w, r, token, in, shop, key.credential)
}

// invitedKeyRefused adds why the API did not accept a key, and returns the status.
func (s *server) invitedKeyRefused(
	w http.ResponseWriter, r *http.Request, page *views.InvitationPage, api *fourthwall.Error,
) (status int) {
	if api.Unauthorized() || api.Forbidden() {
		logSignIn(r, oauth.WayAPIKey, "", api)
		s.keyRefused(r)
		page.PasswordErr = &ui.FieldError{Text: keyRejectedText, Code: api.Code, RequestID: api.RequestID}
		return http.StatusUnprocessableEntity
	}
	outcome := shopOutcome(api)
	logSignIn(r, oauth.WayAPIKey, outcome, api)
	n := invitedOutcome(connectOutcomes[outcome])
	n.Code, n.RequestID = api.Code, requestID(api, stateOf(r))
	page.Notices = []ui.Notice{n}
	setRetryAfter(w, api.RetryAfter)
	return apiError(api).Status
}

// invitationAgain draws the form as it was sent, with a notice that says why it
// could not be processed.
func (s *server) invitationAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	token, in, err := s.invitation(w, r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	n.Text += typePasswordAgain
	page := views.InvitationPage{Username: valid(r.PostForm.Get("username"))}
	page.Notices = []ui.Notice{*withRequestID(n, r)}
	return s.drawInvitation(w, r, status, token, in, page)
}
