package handlers

import (
	"net/http"

	"hookwall/internal/store"
	"hookwall/views/ui"
)

// personalCount returns how many shops this browser connected before there was
// a team: a sign-in to the team keeps the session's own owner.
func (s *server) personalCount(r *http.Request) (int, error) {
	v := stateOf(r)
	if s.Team == nil || v.self == "" || v.offline {
		return 0, nil
	}
	_, n, err := s.Store.RecentConnections(r.Context(), v.self, nil)
	return n, err
}

// personalNotice returns the notice about shops of before the team, or nil if
// there are none. It leads an admin to move them, and tells others who can help.
func (s *server) personalNotice(r *http.Request) (*ui.Notice, error) {
	n, err := s.personalCount(r)
	if err != nil || n == 0 {
		return nil, err
	}
	if stateOf(r).may(admin) {
		notice := personalShopsNotice(n, moveHelpText)
		notice.Link = &ui.Link{Href: movePath, Text: "Choose shops to move"}
		return &notice, nil
	}
	admins, err := s.Team.Admins(r.Context())
	notice := personalShopsNotice(n, noMoveHelpText+whoCanHelp(admins)+" "+s.personalEnd())
	return &notice, err
}

// personalEnd says how long shops of before the team are kept.
func (s *server) personalEnd() string {
	idle, life := s.Store.SessionTimes()
	return personalEndText(idle, min(store.MemberLife, life))
}
