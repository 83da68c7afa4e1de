package handlers

import (
	"context"
	"iter"
	"net/http"
	"time"

	"hookwall/internal/doctor"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// handleCheckPage shows an examination. Where no script follows it, the page
// waits for the result.
func (s *server) handleCheckPage(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	check, kept, err := s.readCheck(r, id)
	if r.URL.Query().Get("follow") == "" && err == nil {
		check, kept, err = s.awaitCheck(r, check, kept)
	}
	if err != nil {
		return err
	}
	return s.drawCheck(w, r, check, kept)
}

// awaitCheck gives the check when it is over, or as it is when that takes long
// or too many pages wait already.
func (s *server) awaitCheck(r *http.Request, check store.Check, kept keptCheck) (store.Check, keptCheck, error) {
	leave, ok := s.looking.enter(stateOf(r).owner)
	if !ok {
		return check, kept, nil
	}
	defer leave()
	var err error
	for range s.looksAt(r.Context(), checkWait) {
		if err != nil || s.isOver(check) {
			break
		}
		check, kept, err = s.readCheck(r, check.ID)
	}
	return check, kept, err
}

// looksAt yields at once and then again and again, until the time is over, ctx
// ends, or the program is about to.
func (s *server) looksAt(ctx context.Context, limit time.Duration) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		tick, end := time.NewTicker(checkPoll), time.NewTimer(limit)
		defer tick.Stop()
		defer end.Stop()
		for yield(struct{}{}) {
			select {
			case <-ctx.Done():
				return
			case <-s.errands.draining:
				return
			case <-end.C:
				return
			case <-tick.C:
			}
		}
	}
}

func (s *server) drawCheck(w http.ResponseWriter, r *http.Request, check store.Check, kept keptCheck) error {
	frame, err := s.frame(r, "Endpoint check")
	if err != nil {
		return err
	}
	at := checkPath(check.Shop, check.ID)
	page := views.CheckPage{
		Frame: frame, URL: kept.Subject.URL, Type: badge(fourthwall.EventType(kept.Subject.Type)), StartedAt: check.StartedAt,
		Report: s.reportView(check, kept.Report), AgainHref: checkStartHref(check.Shop, "again", check.ID),
	}
	page.BackHref, page.BackText = kept.Subject.back(check.Shop)
	if !s.isOver(check) {
		page.SelfHref, page.FollowHref = at, at+"/stream"
	}
	return s.render(w, r, http.StatusOK, views.Check(page))
}

func (s *server) reportView(check store.Check, report doctor.Report) views.CheckReport {
	out := views.CheckReport{Done: check.Done, Interrupted: s.isInterrupted(check)}
	for _, step := range report.Steps {
		out.Steps = append(out.Steps, stepView(step))
	}
	if check.Done {
		out.Kind, out.Summary, out.Text = resultKind(report.Result), report.Summary, report.Text()
	}
	return out
}

func resultKind(r doctor.Result) string {
	switch r {
	case doctor.Passed:
		return views.Success
	case doctor.Failed:
		return views.Failure
	}
	return views.Warning
}
