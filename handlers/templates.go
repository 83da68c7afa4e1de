package handlers

import (
	"net/http"

	"hookwall/internal/fleet"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleTemplates lists the templates, and how many shops are as each of them.
func (s *server) handleTemplates(w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	if v.owner == "" {
		return redirect(w, r, connectPath)
	}
	if s.Fleet == nil {
		return redirect(w, r, shopsPath)
	}
	all, err := s.Fleet.Templates(r.Context(), v.owner)
	if err != nil {
		return err
	}
	found, err := s.findShops(r, shopFilter{compares: len(all) > 0})
	if err != nil {
		return err
	}
	if found.seen == nil && len(all) == 0 { // one shop has its own pages
		return redirect(w, r, shopsPath)
	}
	page := views.TemplatesPage{Now: s.Now()}
	if page.Frame, err = s.frame(r, templatesTitle); err != nil {
		return err
	}
	if v.may(operator) {
		page.NewHref = newTemplatePath
	}
	if found.seen != nil {
		page.Proposals = found.seen.proposals(v.may(operator))
	}
	for _, t := range all {
		page.Rows = append(page.Rows, templateRow(v, t, found.seen))
	}
	return s.render(w, r, http.StatusOK, views.Templates(page))
}

func templateRow(v *requestState, t fleet.TemplateVersion, seen *seenShops) views.TemplateRow {
	row := views.TemplateRow{
		Name: t.Name, Version: t.Version, Href: templatePath(t.ID), Labels: t.Labels, Locked: t.Locked,
		Webhooks: ui.Count(len(t.Webhooks), "webhook", "webhooks"), Who: t.Made.Name, At: t.Made.At, State: ui.NotKnown,
	}
	if t.Made.ID != "" && t.Made.ID == v.person.ID {
		row.Who = youText
	}
	if seen == nil || t.Locked {
		return row
	}
	n := seen.likenesses(t.ID)
	row.StateText, row.State = likenessCounts(n)
	return row
}
