package handlers

import (
	"net/http"

	"hookwall/views"
)

// handleDisplayForm asks how to show pages in this browser.
func (s *server) handleDisplayForm(w http.ResponseWriter, r *http.Request) error {
	frame, err := s.frame(r, "Display")
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, views.Display(views.DisplayPage{
		Frame: frame, Action: displayPath, Back: s.wayBack(r.URL.Query().Get("return")),
	}))
}

// handleDisplay keeps in a cookie how this browser shows pages, and returns to
// the page that the person came from.
func (s *server) handleDisplay(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	chosen := s.display(r)
	for name := range displayChoices {
		if value := r.PostForm.Get(name); value != "" {
			chosen.Set(name, value)
		}
	}
	http.SetCookie(w, s.cookie("display", displayOf(chosen).Encode(), longCookieLife))
	return redirect(w, r, s.wayBack(r.PostForm.Get("return")))
}
