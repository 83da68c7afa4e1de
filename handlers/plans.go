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
	at := min(pageNumber(r.URL.Query()), maxPlansPage)
	all, err := s.Store.Plans(r.Context(), v.owner, at*plansOnPage+1)
	if err != nil {
		return err
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
	part, pager := pageOf(all, at, plansOnPage, func(page int) string {
		return withQuery(plansPath, "page="+strconv.Itoa(page))
	})
	pager.Where, page.Pager = "", pager
	for _, p := range part {
		page.Rows = append(page.Rows, planRow(v, p))
	}
	return s.render(w, r, http.StatusOK, views.Plans(page))
}

// maxPlansPage bounds how many plans are read.
const maxPlansPage = 200

func planRow(v *requestState, p store.Plan) views.PlanRow {
	row := views.PlanRow{
		Number: int(p.Number), Href: planPath(p.Number), Kind: planListKinds.text(p.Kind),
		Shops: ui.Count(p.Shops, "shop", "shops"), State: runMarks[p.State], StateText: planStates.text(p.State),
		Who: p.Made.Name, At: p.Made.At,
	}
	if p.State == store.PlanPaused && p.Why == store.PausedFailures {
		row.State = ui.Failing
	}
	if p.Made.ID != "" && p.Made.ID == v.person.ID {
		row.Who = youText
	}
	return row
}
