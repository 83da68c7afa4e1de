package handlers

import (
	"cmp"
	"net/http"

	"hookwall/views"
)

// handleYou lists the reader's own sessions.
func (s *server) handleYou(w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	sessions, err := s.Team.Sessions(r.Context(), v.person.ID)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, "Your sessions")
	if err != nil {
		return err
	}
	page := views.YouPage{Frame: frame, Now: s.Store.Now(), Email: v.person.Email, EndAction: youEndPath}
	for _, one := range sessions {
		page.Sessions = append(page.Sessions, views.SessionRow{
			ID: one.ID, Mark: one.Mark, Browser: cmp.Or(one.Browser, unknownBrowser),
			CreatedAt: one.CreatedAt, SeenAt: one.SeenAt, Current: one.ID == v.session.ID,
		})
	}
	return s.render(w, r, http.StatusOK, views.You(page))
}

// handleYouEnd ends another session of the reader.
func (s *server) handleYouEnd(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if err := s.Team.EndSession(r.Context(), s.actor(r), stateOf(r).person.ID, r.PostForm.Get("session")); err != nil {
		return err
	}
	if err := s.flash(r, youPath, sessionEndedNotice()); err != nil {
		return err
	}
	return redirect(w, r, youPath)
}
