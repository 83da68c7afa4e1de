package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

// readTemplate returns the versions of the template that the path names, the
// newest first.
func (s *server) readTemplate(r *http.Request) ([]fleet.TemplateVersion, error) {
	owner := stateOf(r).owner
	if s.Fleet == nil || owner == "" {
		return nil, templatePageError(store.ErrNotFound)
	}
	all, err := s.Fleet.TemplateVersions(r.Context(), owner, r.PathValue("id"))
	return all, templatePageError(err)
}

// templatePageError returns the page for a template that can't be read.
func templatePageError(err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return &httpError{
		Status: http.StatusNotFound, Err: err, Public: templateUnknownText,
		Links: []ui.Link{{Href: templatesPath, Text: "See the templates"}},
	}
}

// readTemplates adds the owner's templates, unless the shops were compared with
// them.
func (s *server) readTemplates(r *http.Request, seen *seenShops) error {
	if seen.compared != nil {
		return nil
	}
	stored, err := s.Fleet.Templates(r.Context(), stateOf(r).owner)
	seen.templates = fleet.Readable(stored)
	return err
}

// templates returns the owner's templates, if they were read.
func (f foundShops) templates() []fleet.Template {
	if f.seen == nil {
		return nil
	}
	return f.seen.templates
}

// templateOf returns a template by its ID.
func (s *seenShops) templateOf(id string) (fleet.Template, bool) {
	i := slices.IndexFunc(s.templates, func(t fleet.Template) bool { return t.ID == id })
	if i < 0 {
		return fleet.Template{}, false
	}
	return s.templates[i], true
}

// likenesses counts the shops by how they compare with one template, or with
// all.
func (s *seenShops) likenesses(template string) map[fleet.Likeness]int {
	counts := map[fleet.Likeness]int{}
	for id := range s.compared {
		if l := s.likeness(id, template); l != "" {
			counts[l]++
		}
	}
	return counts
}

// likenessCounts counts the shops by how they compare with the template that a
// filter names, or with all. Each count leads to those shops.
func (s *seenShops) likenessCounts(f shopFilter) (all []views.ShopCount) {
	counts := s.likenesses(f.template)
	for _, l := range likenessStates {
		if counts[l] > 0 {
			all = append(all, views.ShopCount{
				State: likenessMarks[l], Count: counts[l], Text: likenessTexts[l], Current: f.drift == string(l),
				Href: shopFilter{template: f.template, drift: string(l)}.href(1),
			})
		}
	}
	return all
}

// driftText says in a few words how a shop differs from one template, or from
// all if it's "". Up to most event types are named.
func (s *seenShops) driftText(shopID, template string, most int) string {
	var all []string
	for _, d := range s.compared[shopID].Drifts {
		if template == "" || d.Template == template {
			all = append(all, driftTexts(d.Drift, s.of[shopID].WebhookCount == 0, most)...)
		}
	}
	return joined(all)
}

// proposals returns a line for each template that shops differ from, those that
// most shops do first. A shop is never changed by itself.
func (s *seenShops) proposals(mayPlan bool) (all []ui.Proposal) {
	for _, t := range s.templates {
		n := s.likenesses(t.ID)[fleet.Differs]
		if n == 0 {
			continue
		}
		f := shopFilter{template: t.ID, drift: string(fleet.Differs)}
		one := ui.Proposal{Count: n, Name: t.Name, Href: f.href(1)}
		if mayPlan {
			one.PlanHref = planTemplateHref(f)
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b ui.Proposal) int { return b.Count - a.Count })
	return all
}

// templateName is what a version of a template is called.
func templateName(t fleet.Template) string { return t.Name + " v" + strconv.Itoa(t.Version) }

// planTemplateHref returns a link to plan a template for the shops of a filter
// that names it.
func planTemplateHref(f shopFilter) string {
	q := f.values()
	q.Set(kindField, string(fleet.FromTemplate))
	return withQuery(newPlanPath, q.Encode())
}
