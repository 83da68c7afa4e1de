package handlers

import (
	"net/http"
	"strconv"

	"hookwall/internal/activity"
	"hookwall/views"
)

// handleSignOutForm asks before a sign-out that disconnects shops, and counts
// them.
func (s *server) handleSignOutForm(w http.ResponseWriter, r *http.Request) error {
	frame, err := s.frame(r, "Sign out")
	if err != nil {
		return err
	}
	if s.Team != nil && stateOf(r).person.ID == "" {
		return redirect(w, r, signInPath)
	}
	if s.Team == nil && !frame.SignedIn {
		return redirect(w, r, connectPath)
	}
	personal, err := s.personalCount(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.SignOut(views.SignOutPage{
		Frame: frame, OfTeam: s.Team != nil, Personal: personal, Action: signOutPath,
		StayHref: s.wayBack(r.URL.Query().Get("return")),
	}))
}

// handleSignOut ends the session everywhere and deletes all that the owner has.
// It asks first if other shops are connected than the form says.
func (s *server) handleSignOut(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	v := stateOf(r)
	if s.Team != nil {
		v.log.Info("signed out", "person", v.person.ID)
		if v.person.ID != "" {
			s.recordMember(r, activity.SignOut)
		}
		return s.endSession(w, r)
	}
	if v.owner != "" {
		_, connected, err := s.Store.RecentConnections(r.Context(), v.owner, nil)
		if err != nil {
			return err
		}
		if said, _ := strconv.Atoi(r.PostForm.Get("shops")); said != connected {
			q := filled(map[string]string{"return": s.returnPath(r.PostForm.Get("return"))})
			return redirect(w, r, withQuery(signOutPath, q.Encode()))
		}
		if err := s.Shops.DisconnectAll(r.Context(), s.actor(r)); err != nil {
			return err
		}
		v.log.Info("signed out")
	}
	return s.endSession(w, r)
}

func (s *server) endSession(w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	v.session.Options.MaxAge = -1
	if err := s.sessions.Save(r, w, v.session); err != nil {
		return err
	}
	http.SetCookie(w, s.browserCookie("", -1))
	http.SetCookie(w, s.cookie("shop", "", -1))
	if s.Team != nil {
		http.SetCookie(w, s.cookie("person", "", -1))
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	if s.Team != nil {
		return redirect(w, r, signedOutOfTeamHref)
	}
	return redirect(w, r, signedOutHref)
}
