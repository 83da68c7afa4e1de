package handlers

import (
	"net/http"

	"hookwall/internal/store"
	"hookwall/views"
)

// handlePlan shows a plan.
func (s *server) handlePlan(w http.ResponseWriter, r *http.Request) error {
	p, doc, err := s.readPlan(r)
	if err != nil {
		return err
	}
	return s.drawPlan(w, r, http.StatusOK, p, doc, planNote{})
}

// handlePlanStream sends how far a run is, as server-sent events.
func (s *server) handlePlanStream(w http.ResponseWriter, r *http.Request) error {
	_, doc, err := s.readPlan(r)
	if err != nil {
		return err
	}
	of, err := s.connectionsOf(r)
	if err != nil {
		return err
	}
	return s.stream(w, r, viewer, runPoll, func() (progress, error) {
		p, _, err := s.readPlan(r)
		if err != nil {
			return progress{}, err
		}
		run, _, err := s.planRun(r, p, doc, of)
		return progress{views.PlanSoFar(run), p.State != store.PlanRunning}, err
	})
}
