package handlers

import (
	"crypto/rand"
	"net/http"
	"strconv"

	"hookwall/internal/fleet"
	"hookwall/views"
	"hookwall/views/ui"
)

// shopsOfTemplate is how many of the shops that differ a page names.
const shopsOfTemplate = 50

// handleTemplate shows a version of a template, and the shops that differ from
// the newest.
func (s *server) handleTemplate(w http.ResponseWriter, r *http.Request) error {
	versions, err := s.readTemplate(r)
	if err != nil {
		return err
	}
	return s.drawTemplate(w, r, versions)
}

func (s *server) drawTemplate(w http.ResponseWriter, r *http.Request, versions []fleet.TemplateVersion) error {
	v, t := stateOf(r), versions[0]
	shown := t
	for _, one := range versions {
		if strconv.Itoa(one.Version) == r.URL.Query().Get("version") {
			shown = one
		}
	}
	page := views.TemplatePage{
		ListHref: templatesPath, Href: templatePath(t.ID), Name: shown.Name, Version: shown.Version, Newest: t.Version,
		Made: planStep(r, shown.Made), Locked: shown.Locked, Report: shown.ReportExtra, Labels: labelLinks(shown.Labels),
	}
	var err error
	if page.Frame, err = s.frame(r, templateName(shown.Template)); err != nil {
		return err
	}
	for _, hook := range shown.Webhooks {
		page.Webhooks = append(page.Webhooks, views.TemplateWebhook{URL: hook.URL, Types: badges(hook.AllowedTypes)})
	}
	for _, one := range versions {
		page.Versions = append(page.Versions, views.TemplateVersion{
			Version: one.Version, Name: one.Name, Made: planStep(r, one.Made), Current: one.Version == shown.Version,
			Href: page.Href + "?version=" + strconv.Itoa(one.Version),
		})
	}
	if v.may(operator) {
		page.DeleteAction = page.Href + "/delete"
		if !t.Locked {
			page.EditHref = page.Href + "/edit"
		}
	}
	if shown.Version == t.Version && !t.Locked {
		if err := s.addShops(r, &page, t.Template); err != nil {
			return err
		}
	}
	return s.render(w, r, http.StatusOK, views.TemplateShow(page))
}

// addShops adds how the shops compare with the template, and the form that
// plans what makes them equal.
func (s *server) addShops(r *http.Request, page *views.TemplatePage, t fleet.Template) error {
	filter := shopFilter{template: t.ID, drift: string(fleet.Differs)}
	found, err := s.findShops(r, filter)
	if err != nil || found.seen == nil {
		return err
	}
	page.Counts = found.seen.likenessCounts(shopFilter{template: t.ID})
	for _, c := range found.found[:min(shopsOfTemplate, len(found.found))] {
		page.Differ = append(page.Differ, views.TemplateShop{
			ShopLink: shopLink(c), Text: found.seen.driftText(c.ShopID, t.ID, namedOnPage),
		})
	}
	page.CoverageHref = coverageAgainstHref(t.ID)
	page.DifferCount, page.DifferHref = len(found.found), filter.href(1)
	if stateOf(r).may(operator) && len(found.found) > 0 {
		page.PlanAction, page.PlanFields = plansPath, append(filter.fields(),
			ui.Choice{Text: kindField, Value: string(fleet.FromTemplate)},
			ui.Choice{Text: seenField, Value: found.identity()}, ui.Choice{Text: keyField, Value: rand.Text()})
	}
	return nil
}

// labelLinks returns labels, each with a link to the shops that have it.
func labelLinks(labels []string) (all []ui.Link) {
	for _, label := range labels {
		all = append(all, ui.Link{Href: shopFilter{label: label}.href(1), Text: label})
	}
	return all
}

// handleTemplateDelete deletes a template. No shop changes.
func (s *server) handleTemplateDelete(w http.ResponseWriter, r *http.Request) error {
	versions, err := s.readTemplate(r)
	if err != nil {
		return err
	}
	t := versions[0].Template
	if err := s.Fleet.DeleteTemplate(r.Context(), s.actor(r), t); err != nil {
		return err
	}
	stateOf(r).log.Info("a template was deleted", "template", t.ID)
	if err := s.tell(r, templatesPath, keptFlash{Notice: templateDeletedNotice(t.Name)}); err != nil {
		return err
	}
	return redirect(w, r, templatesPath)
}
