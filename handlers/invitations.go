package handlers

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

// wayInvited marks a sign-in at Fourthwall that accepts an invitation, so that its
// state connects a shop to nothing else.
const wayInvited = "invited"

// invitedSecrets are what such a sign-in keeps, encrypted.
type invitedSecrets struct {
	Verifier string `json:"verifier"`
	Token    string `json:"token"` // of the invitation
}

// beginInvited starts a sign-in that belongs to this browser and to an
// invitation, and returns where it leads.
func (s *server) beginInvited(w http.ResponseWriter, r *http.Request, token string) (to string, err error) {
	attempt, to, err := s.OAuth.Begin(oauth.WayCode, s.ensureBrowser(w, r))
	if err != nil {
		return "", err
	}
	kept, err := json.Marshal(invitedSecrets{attempt.Verifier, token})
	if err != nil {
		return "", err
	}
	attempt.Way, attempt.Verifier = wayInvited, string(kept)
	return to, s.Store.PutSignIn(r.Context(), store.SignIn(attempt))
}

// finishInvited ends such a sign-in, and connects the shop.
func (s *server) finishInvited(w http.ResponseWriter, r *http.Request, q url.Values, attempt store.SignIn) error {
	var kept invitedSecrets
	if err := json.Unmarshal([]byte(attempt.Verifier), &kept); err != nil {
		return err
	}
	if q.Get("error") != "" {
		outcome, code := refusal(r, q, wayInvited)
		return s.backToInvitation(w, r, kept.Token, outcome, code)
	}
	if q.Get("code") == "" {
		return s.backToInvitation(w, r, kept.Token, "refused", "")
	}
	in, err := s.openInvitation(r, kept.Token)
	if err != nil {
		return err
	}
	credential, err := s.OAuth.Exchange(r.Context(), q.Get("code"), kept.Verifier)
	if err != nil {
		outcome, code := tokenOutcome(err)
		logSignIn(r, wayInvited, outcome, err)
		return s.backToInvitation(w, r, kept.Token, outcome, code)
	}
	shop, err := s.API.CurrentShop(r.Context(), credential.API())
	if err != nil {
		api := fourthwall.AsError(err)
		if api == nil {
			return err
		}
		logSignIn(r, wayInvited, shopOutcome(api), err)
		return s.backToInvitation(w, r, kept.Token, shopOutcome(api), api.Code)
	}
	return s.accept(w, r, kept.Token, in, shop, credential)
}

// backToInvitation shows what went wrong on the invitation's page, under a URL
// without a code.
func (s *server) backToInvitation(w http.ResponseWriter, r *http.Request, token, outcome, code string) error {
	q := filled(map[string]string{"outcome": outcome, "request": stateOf(r).requestID, "problem": code})
	return redirect(w, r, withQuery(invitationPath(token), q.Encode()))
}

// openInvitation returns an invitation with which a shop can be connected now. Its
// error says what became of it.
func (s *server) openInvitation(r *http.Request, token string) (store.Invitation, error) {
	in, err := s.Team.Invitation(r.Context(), token)
	switch {
	case errors.Is(err, team.ErrNotFound):
		return in, &httpError{Status: http.StatusNotFound, Heading: invitationUnknownTitle, Public: invitationUnknownText}
	case err != nil:
		return in, err
	case !in.AcceptedAt.IsZero():
		return in, &httpError{Status: http.StatusGone, Heading: invitationUsedTitle, Public: invitationUsedText}
	case !in.IsOpen(s.Store.Now()):
		return in, &httpError{Status: http.StatusGone, Heading: invitationOverTitle, Public: invitationOverText}
	}
	return in, nil
}

// accept connects a shop by its owner's consent, and spends the invitation. The
// owner gets no session, and the receipt instead.
func (s *server) accept(
	w http.ResponseWriter, r *http.Request, token string, in store.Invitation, shop fourthwall.Shop, c oauth.Credential,
) error {
	v := stateOf(r)
	if !team.IsForShop(in, shop.Domain, shop.PublicDomain) {
		v.log.Warn("an invitation is for another shop", "invitation", in.ID, "shop", clip(shop.ID, maxLoggedShop))
		page := views.InvitationPage{}
		page.Notices = []ui.Notice{wrongShopNotice(in.Domain, shop)}
		return s.drawInvitation(w, r, http.StatusUnprocessableEntity, token, in, page)
	}
	actor := s.Team.OwnerActor()
	actor.RequestID = v.requestID
	acceptance := team.Accept(token)
	conn, err := s.Shops.Accept(r.Context(), actor, acceptance, shop, c)
	if errors.Is(err, shops.ErrNotInvited) { // since it was looked up
		if _, err := s.openInvitation(r, token); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	v.log.Info("shop connected by its owner", "invitation", in.ID, "way", c.Way, "shop", clip(conn.ShopID, maxLoggedShop))
	return redirect(w, r, receiptPath(acceptance.Receipt))
}

// drawInvitation draws the page of an open invitation. Of typed, the fields of
// the form and the notices count.
func (s *server) drawInvitation(
	w http.ResponseWriter, r *http.Request, status int, token string, in store.Invitation, typed views.InvitationPage,
) error {
	s.hideToken(w)
	page := typed
	page.Frame = s.guestFrame(r, invitationTitle(s.Team.Name()))
	page.Notices = typed.Notices
	page.Team, page.Host, page.Domain, page.ExpiresAt = s.Team.Name(), s.PublicURL.Host, in.Domain, in.ExpiresAt
	page.Permissions, page.ForDevelopersURL = permissions(s.Scopes, teamPermissionTexts), s.forDevelopers()
	if s.OAuth.Offers(oauth.WayCode) {
		page.StartHref = invitationPath(token) + "/start"
	}
	page.KeyAction = invitationPath(token) + "/key"
	return s.render(w, r, status, views.Invitation(page))
}

// invitationNotice returns the notice for the outcome in the URL of an invitation.
func invitationNotice(q url.Values) (ui.Notice, bool) {
	n, ok := connectNotice(q)
	if n.Kind == ui.Success {
		return n, false
	}
	return invitedOutcome(n), ok
}
