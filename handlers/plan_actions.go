package handlers

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// planAct does something to a plan, by the digest that the person saw.
type planAct func(r *http.Request, p store.Plan, digest string, rights planRights) error

// act does something to the plan in the path, and leads back to it. If that
// can't be done, the plan's page says why.
func (s *server) act(w http.ResponseWriter, r *http.Request, do planAct, done ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	p, _, err := s.readPlan(r)
	if err != nil {
		return err
	}
	rights, err := s.rightsTo(r, p)
	if err == nil {
		err = do(r, p, r.PostForm.Get("digest"), rights)
	}
	if errors.Is(err, store.ErrNotFound) {
		return planPageError(err)
	}
	if n := s.planNotice(r, err); n != nil {
		stateOf(r).log.Warn("a plan was not changed", "plan", p.Number, "error", err)
		note := planNote{banner: n}
		status := http.StatusConflict
		if errors.Is(err, errPlanRights) {
			status, n.Text = http.StatusForbidden, planHelp(p, rights)
		}
		now, doc, err := s.readPlan(r)
		if err != nil {
			return err
		}
		return s.drawPlan(w, r, status, now, doc, note)
	}
	if err != nil {
		return err
	}
	stateOf(r).log.Info("a plan was changed", "plan", p.Number, "change", stateOf(r).pattern)
	if err := s.tell(r, planPath(p.Number), keptFlash{Notice: done}); err != nil {
		return err
	}
	return redirect(w, r, planPath(p.Number))
}

// planNotice returns what to say if something could not be done to a plan, or
// nil. A plan that is at work in the same shops is named, unless somebody else
// has it.
func (s *server) planNotice(r *http.Request, err error) *ui.Notice {
	if busy, ok := errors.AsType[*store.ShopsBusyError](err); ok && busy.Owner == stateOf(r).owner {
		return new(overlapNotice(busy.Number, busy.Shops))
	}
	return planNotices(err)
}

// handlePlanApprove approves a plan.
func (s *server) handlePlanApprove(w http.ResponseWriter, r *http.Request) error {
	return s.act(w, r, func(r *http.Request, p store.Plan, digest string, rights planRights) error {
		switch {
		case rights.isAuthor:
			return fleet.ErrOwnPlan
		case rights.lost != "":
			return errPlanRights
		}
		return s.Fleet.ApprovePlan(r.Context(), s.actor(r), p, digest)
	}, planApprovedNotice())
}

// handlePlanApply begins the run of a plan. One that deletes webhooks needs their
// number.
func (s *server) handlePlanApply(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	p, doc, err := s.readPlan(r)
	if err != nil {
		return err
	}
	typed := bounded(strings.TrimSpace(r.PostForm.Get("deletes")), maxShopQuery)
	isDraft := p.State == store.PlanDraft && stateOf(r).may(admin)
	if isDraft && p.Deletes > 0 && typed != strconv.Itoa(p.Deletes) {
		note := planNote{typed: typed, err: &ui.FieldError{Text: deletesText(p.Deletes)}}
		return s.drawPlan(w, r, http.StatusUnprocessableEntity, p, doc, note)
	}
	return s.act(w, r, func(r *http.Request, p store.Plan, digest string, rights planRights) error {
		if !rights.mayRun(p) && !rights.needsApproval {
			return errPlanRights
		}
		return s.Fleet.ApplyPlan(r.Context(), s.actor(r), p, digest, rights.people)
	}, planAppliedNotice(p.Shops))
}

// handlePlanStop stops a run before its next item.
func (s *server) handlePlanStop(w http.ResponseWriter, r *http.Request) error {
	return s.act(w, r, func(r *http.Request, p store.Plan, _ string, _ planRights) error {
		return s.Fleet.StopPlan(r.Context(), s.actor(r), p)
	}, planStoppedNotice())
}

// handlePlanEnd ends a run that was stopped. What is left is skipped.
func (s *server) handlePlanEnd(w http.ResponseWriter, r *http.Request) error {
	return s.act(w, r, func(r *http.Request, p store.Plan, _ string, _ planRights) error {
		return s.Fleet.EndPlan(r.Context(), s.actor(r), p)
	}, planEndedNotice())
}

// handlePlanRehearse tries a draft on a copy of its shops. Nothing is sent to
// Fourthwall.
func (s *server) handlePlanRehearse(w http.ResponseWriter, r *http.Request) error {
	p, doc, err := s.readPlan(r)
	if err != nil {
		return err
	}
	if p.State != store.PlanDraft {
		n := planNotices(store.ErrPlanState)
		return s.drawPlan(w, r, http.StatusConflict, p, doc, planNote{banner: n})
	}
	wait, cancel := context.WithTimeout(r.Context(), s.rehearsalWait)
	defer cancel()
	if err := s.rehearsals.Acquire(wait, 1); err != nil {
		setRetryAfter(w, busyPause)
		n := rehearsalBusyNotice()
		return s.drawPlan(w, r, http.StatusTooManyRequests, p, doc, planNote{banner: &n})
	}
	defer s.rehearsals.Release(1)
	err = s.Fleet.RehearsePlan(r.Context(), p, doc)
	if errors.Is(err, fleet.ErrNoClone) {
		return planPageError(store.ErrNotFound)
	}
	if err != nil {
		return err
	}
	stateOf(r).log.Info("a plan was rehearsed", "plan", p.Number)
	return redirect(w, r, planPath(p.Number)+"#rehearsal")
}

// rehearsalWait is how long a rehearsal waits for another one.
const rehearsalWait = 10 * time.Second

// handlePlanResume continues a run that was stopped.
func (s *server) handlePlanResume(w http.ResponseWriter, r *http.Request) error {
	return s.act(w, r, s.continues(false), planResumedNotice())
}

// handlePlanRetry applies again what failed.
func (s *server) handlePlanRetry(w http.ResponseWriter, r *http.Request) error {
	return s.act(w, r, s.continues(true), planResumedNotice())
}

func (s *server) continues(retry bool) planAct {
	return func(r *http.Request, p store.Plan, digest string, rights planRights) error {
		switch {
		case !rights.mayRun(p):
			return errPlanRights
		case p.Why == store.PausedAltered:
			return store.ErrPlanAltered
		}
		return s.Fleet.ResumePlan(r.Context(), s.actor(r), p, digest, retry)
	}
}

// handlePlanUndo makes a plan that takes back what a run did.
func (s *server) handlePlanUndo(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	p, doc, err := s.readPlan(r)
	if err != nil {
		return err
	}
	form := r.PostForm.Get(keyField)
	if !randomID.MatchString(form) {
		return badForm(errors.New("the form has no ID"))
	}
	undo, err := s.Fleet.UndoPlan(r.Context(), s.actor(r), form, p)
	if errors.Is(err, fleet.ErrNothingToChange) {
		n := nothingToUndoNotice()
		return s.drawPlan(w, r, http.StatusConflict, p, doc, planNote{banner: &n})
	}
	if err != nil {
		return err
	}
	return redirect(w, r, planPath(undo.Number))
}
