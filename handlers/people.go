package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"time"

	"hookwall/internal/team"
	"hookwall/views"
	"hookwall/views/ui"
)

// expiresSoon is how long before its end an invitation offers another one.
const expiresSoon = 24 * time.Hour

// handlePeople lists who has signed in, with what each may do. A control that
// would be refused isn't drawn.
func (s *server) handlePeople(w http.ResponseWriter, r *http.Request) error {
	all, err := s.Team.People(r.Context())
	if err != nil {
		return err
	}
	frame, err := s.frame(r, "People")
	if err != nil {
		return err
	}
	page := views.PeoplePage{Frame: frame, Now: s.Store.Now(), Roles: roleChoices()}
	counts := map[team.Role]int{}
	for _, p := range all {
		if !p.IsRemoved() {
			counts[p.Role]++
		}
	}
	page.Tally = roleTally(counts)
	for _, p := range all {
		page.People = append(page.People, personRow(p, stateOf(r).person.ID, counts[team.Admin] == 1))
	}
	page.InviteHref = inviteHref("")
	if page.Invitations, err = s.invitationRows(r); err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.People(page))
}

// invitationRows returns the open invitations, and those accepted recently.
func (s *server) invitationRows(r *http.Request) (rows []views.InvitationRow, err error) {
	all, err := s.Team.Invitations(r.Context())
	now, you := s.Store.Now(), stateOf(r).person.ID
	for _, in := range all {
		row := views.InvitationRow{
			Name: cmp.Or(in.ShopName, in.Domain, anyShop), Bound: in.Domain != "", By: in.By, ByYou: in.ByPerson == you,
			AcceptedAt: in.AcceptedAt, EndedAt: in.EndedAt,
		}
		switch left := in.ExpiresAt.Sub(now); {
		case in.AcceptedAt.IsZero():
			row.Left, row.LeftText = int(100*left/team.InvitationLife), leftText(left)
			row.RevokeAction = invitePath + "/" + url.PathEscape(in.ID) + "/revoke"
			if row.Soon = left < expiresSoon; row.Soon {
				row.AgainHref = inviteHref(in.Domain)
			}
		case in.EndedAt.IsZero():
			row.ShopHref = webhooksPath(in.ShopID)
		}
		rows = append(rows, row)
	}
	return rows, err
}

// personRow returns a person's row. The only admin can't be changed.
func personRow(p team.Person, you string, oneAdmin bool) views.PersonRow {
	row := views.PersonRow{
		Name: p.Called(), Email: p.Email, You: p.ID == you, Role: roleNames[p.Role], RoleValue: string(p.Role),
		Sessions: p.Sessions, Browser: p.Browser, SeenAt: p.SeenAt, Removed: p.IsRemoved(),
	}
	row.Source, row.SourceName = sourceOf(p)
	isLast := oneAdmin && p.Role == team.Admin
	if p.IsRemoved() {
		row.Role, row.ReadmitAction = removedRole, personPath(p.ID)+"/readmit"
		return row
	}
	if p.IsDecidedHere() && !isLast {
		row.RoleAction = personPath(p.ID) + "/role"
	}
	if p.MayBeRemoved() && !isLast {
		row.RemoveAction = personPath(p.ID) + "/remove"
	}
	others := p.Sessions
	if row.You {
		row.RemoveAction = ""
		others--
	}
	if others > 0 {
		row.EndAction, row.EndText = personPath(p.ID)+"/end", endSessionsText(others, row.You)
	}
	return row
}

// handlePersonRole sets a person’s role.
func (s *server) handlePersonRole(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	role := team.Role(r.PostForm.Get("role"))
	if _, isRole := roleNames[role]; !isRole || !r.PostForm.Has("role") {
		return badForm(errors.New("no such role"))
	}
	err := s.Team.SetRole(r.Context(), s.actor(r), r.PathValue("id"), role)
	return s.personChanged(w, r, err, roleChangedNotice)
}

// handlePersonRemove removes a person from the team.
func (s *server) handlePersonRemove(w http.ResponseWriter, r *http.Request) error {
	if r.PathValue("id") == stateOf(r).person.ID {
		return &httpError{Status: http.StatusConflict, Public: notYourselfText}
	}
	err := s.Team.Remove(r.Context(), s.actor(r), r.PathValue("id"))
	return s.personChanged(w, r, err, removedNotice)
}

// handlePersonReadmit lets a person who was removed sign in again.
func (s *server) handlePersonReadmit(w http.ResponseWriter, r *http.Request) error {
	return s.personChanged(w, r, s.Team.Readmit(r.Context(), s.actor(r), r.PathValue("id")), readmittedNotice)
}

// handlePersonEnd ends the sessions of a person, but not the one in use.
func (s *server) handlePersonEnd(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	sessions, err := s.Team.Sessions(r.Context(), id)
	for _, one := range sessions {
		if one.ID != stateOf(r).session.ID {
			err = errors.Join(err, s.Team.EndSession(r.Context(), s.actor(r), id, one.ID))
		}
	}
	return s.personChanged(w, r, err, sessionsEndedNotice)
}

// personChanged leads back to the list, which says what was done, or why it
// wasn't.
func (s *server) personChanged(
	w http.ResponseWriter, r *http.Request, err error, done func(team.Person) ui.Notice,
) error {
	v, id := stateOf(r), r.PathValue("id")
	changed, readErr := s.Team.Person(r.Context(), id)
	if errors.Is(readErr, team.ErrNotFound) {
		return &httpError{
			Status: http.StatusNotFound, Public: personUnknownText,
			Links: []ui.Link{{Href: peoplePath, Text: "See the people"}},
		}
	}
	var n ui.Notice
	switch {
	case readErr != nil:
		return readErr
	case errors.Is(err, team.ErrLastAdmin):
		n = lastAdminNotice()
	case errors.Is(err, team.ErrElsewhere):
		n = decidedElsewhereNotice(changed.Called())
	case errors.Is(err, team.ErrRemoved):
		n = readmitFirstNotice(changed.Called())
	case errors.Is(err, team.ErrUnchanged):
		n = doneBeforeNotice()
	case err != nil:
		return err
	default:
		n = done(changed)
		v.log.Info("a person was changed", "by", v.person.ID, "person", id, "role", changed.Role,
			"removed", changed.IsRemoved(), "change", v.pattern)
	}
	if err := s.flash(r, peoplePath, n); err != nil {
		return err
	}
	return redirect(w, r, peoplePath)
}
