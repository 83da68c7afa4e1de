package handlers

import (
	"crypto/rand"
	"errors"
	"net/http"

	"hookwall/internal/team"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleInvite makes an invitation, and shows its link, once.
func (s *server) handleInvite(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	typed := r.PostForm.Get("domain")
	domain, err := team.ParseDomain(typed)
	if err != nil {
		page, err := s.connectPage(r, r.PostForm)
		if err != nil {
			return err
		}
		page.Invite.Domain = valid(typed)
		page.Invite.Err = &ui.FieldError{Text: noDomainText}
		return s.render(w, r, http.StatusUnprocessableEntity, views.Connect(page))
	}
	id := r.PostForm.Get("form")
	if !randomID.MatchString(id) {
		id = rand.Text()
	}
	in, token, err := s.Team.Invite(r.Context(), s.actor(r), id, domain)
	if errors.Is(err, team.ErrInvited) {
		if err := s.flash(r, peoplePath, linkShownNotice()); err != nil {
			return err
		}
		return redirect(w, r, peoplePath)
	}
	if err != nil {
		return err
	}
	stateOf(r).log.Info("an owner was invited", "invitation", in.ID, "by", stateOf(r).person.ID)
	frame, err := s.frame(r, "Invitation")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.Invited(views.InvitedPage{
		Frame: frame, Link: s.PublicURL.String() + invitationPath(token), Domain: domain, ExpiresAt: in.ExpiresAt,
	}))
}

// handleRevoke ends an invitation that is open.
func (s *server) handleRevoke(w http.ResponseWriter, r *http.Request) error {
	err := s.Team.Revoke(r.Context(), s.actor(r), r.PathValue("id"))
	n := revokedNotice()
	if errors.Is(err, team.ErrNotFound) {
		n, err = notOpenNotice(), nil
	}
	if err != nil {
		return err
	}
	stateOf(r).log.Info("an invitation was revoked", "invitation", r.PathValue("id"), "by", stateOf(r).person.ID)
	if err := s.flash(r, peoplePath, n); err != nil {
		return err
	}
	return redirect(w, r, peoplePath)
}
