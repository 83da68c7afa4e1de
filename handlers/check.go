package handlers

import (
	"net/http"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// checkWait is how long the page waits for the result if no script follows the
// check.
const checkWait = 25 * time.Second

// handleCheckPage shows a check. If no script follows it, the page waits for
// the result.
func (s *server) handleCheckPage(w http.ResponseWriter, r *http.Request) error {
	check, kept, err := s.readCheck(r, r.PathValue("id"))
	if r.URL.Query().Get("follow") == "" && err == nil {
		check, kept, err = s.awaitCheck(r, check, kept)
	}
	if err != nil {
		return err
	}
	return s.drawCheck(w, r, check, kept)
}

// awaitCheck returns the check when it is over. It returns the unfinished check
// if that takes long, or if too many pages are waiting already.
func (s *server) awaitCheck(r *http.Request, check store.Check, kept keptCheck) (store.Check, keptCheck, error) {
	release, ok := s.checkWaits.acquire(stateOf(r).self)
	if !ok {
		return check, kept, nil
	}
	defer release()
	var err error
	for range s.poll(r.Context(), checkPoll, checkWait) {
		if err != nil || s.isOver(check) {
			break
		}
		check, kept, err = s.readCheck(r, check.ID)
	}
	return check, kept, err
}

func (s *server) drawCheck(w http.ResponseWriter, r *http.Request, check store.Check, kept keptCheck) error {
	frame, err := s.frame(r, "Endpoint check")
	if err != nil {
		return err
	}
	page := views.CheckPage{
		Frame: frame, URL: kept.Subject.URL, Type: badge(fourthwall.EventType(kept.Subject.Type)),
		StartedAt: check.StartedAt, Report: s.reportView(check, kept.Report),
		AgainHref: checkStartHref(check.Shop, "again", check.ID),
	}
	page.BackHref, page.BackText = kept.Subject.back(check.Shop)
	if !s.isOver(check) {
		page.SelfHref = checkPath(check.Shop, check.ID)
		page.FollowHref = checkStreamPath(check.Shop, check.ID)
	}
	return s.render(w, r, http.StatusOK, views.Check(page))
}
