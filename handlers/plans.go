package handlers

import (
	"net/http"
	"strconv"

	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

const plansOnPage = 50

// handlePlans lists the plans, the newest first.
func (s *server) handlePlans(w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	if v.owner == "" {
		return redirect(w, r, connectPath)
	}
	if s.Fleet == nil {
		return redirect(w, r, shopsPath)
	}
	at := max(1, pageNumber(r.URL.Query()))
	all, err := s.Store.Plans(r.Context(), v.owner, (at-1)*plansOnPage, plansOnPage+1)
	if err != nil {
		return err
	}
	if at > 1 && len(all) == 0 {
		return redirect(w, r, plansPath)
	}
	frame, err := s.frame(r, plansTitle)
	if err != nil {
		return err
	}
	if frame.ShopCount < 2 && len(all) == 0 { // one shop has its own pages
		return redirect(w, r, shopsPath)
	}
	page := views.PlansPage{Frame: frame, Now: s.Now()}
	if v.may(operator) && frame.ShopCount > 1 {
		page.NewHref = newPlanPath
	}
	if frame.ShopCount > 1 {
		page.YAMLHref, page.JSONHref = shopsYAMLPath, shopsJSONPath
	}
	for _, p := range all[:min(plansOnPage, len(all))] {
		page.Rows = append(page.Rows, planRow(v, p))
	}
	if at > 1 {
		page.Pager.BackHref, page.Pager.BackText = plansHref(at-1), newerPlansText
	}
	if len(all) > plansOnPage {
		page.Pager.OnHref, page.Pager.OnText = plansHref(at+1), olderPlansText
	}
	return s.render(w, r, http.StatusOK, views.Plans(page))
}

func plansHref(page int) string {
	if page == 1 {
		return plansPath
	}
	return withQuery(plansPath, "page="+strconv.Itoa(page))
}

func planRow(v *requestState, p store.Plan) views.PlanRow {
	row := views.PlanRow{
		Number: int(p.Number), Href: planPath(p.Number), Kind: planListKinds.text(p.Kind),
		Shops: ui.Count(p.Shops, "shop", "shops"), State: runMarks[p.State], StateText: planStates.text(p.State),
		Who: p.Made.Name, At: p.Made.At,
	}
	switch {
	case p.State == store.PlanPaused && p.Why == store.PausedFailures:
		row.State = ui.Failing
	case p.State == store.PlanDone && p.Why == store.EndedByPerson:
		row.State, row.StateText = ui.Look, endedPlanText
	}
	if p.Made.ID != "" && p.Made.ID == v.person.ID {
		row.Who = youText
	}
	return row
}
