package fleet

import (
	"context"
	"encoding/json"
	"slices"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// MaxTemplateWebhooks is how many webhooks a template can have.
const MaxTemplateWebhooks = 10

// TemplateVersion is a stored version of a template.
type TemplateVersion struct {
	Template

	Made   store.PlanPerson
	Locked bool // it can't be decrypted, so only its name is known
}

// templateDocument is what the database keeps of a version, sealed.
type templateDocument struct {
	Webhooks    []fourthwall.Content `json:"webhooks"`
	Labels      []string             `json:"labels,omitempty"`
	ReportExtra bool                 `json:"reportExtra,omitempty"`
}

func versionsOf(stored []store.Template) (all []TemplateVersion, err error) {
	for _, t := range stored {
		v := TemplateVersion{
			Template: Template{ID: t.ID, Name: t.Name, Version: t.Version}, Made: t.Made, Locked: t.Document == nil,
		}
		if !v.Locked {
			var doc templateDocument
			if err := json.Unmarshal(t.Document, &doc); err != nil {
				return nil, err
			}
			v.Webhooks, v.Labels, v.ReportExtra = doc.Webhooks, doc.Labels, doc.ReportExtra
		}
		all = append(all, v)
	}
	return all, nil
}

// Templates returns the newest version of each template of an owner, by name.
func (s *Service) Templates(ctx context.Context, owner store.Owner) ([]TemplateVersion, error) {
	stored, err := s.store.Templates(ctx, owner)
	if err != nil {
		return nil, err
	}
	return versionsOf(stored)
}

// versionsKept is how many versions of a template can be read.
const versionsKept = 50

// TemplateVersions returns the newest versions of a template, the newest first, or store.ErrNotFound.
func (s *Service) TemplateVersions(ctx context.Context, owner store.Owner, id string) ([]TemplateVersion, error) {
	stored, err := s.store.TemplateVersions(ctx, owner, id, versionsKept)
	if err == nil && len(stored) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return versionsOf(stored)
}

// AddTemplate stores a new template under its ID, which is that of the form, and returns what is stored under it.
func (s *Service) AddTemplate(ctx context.Context, actor activity.Actor, t Template) (TemplateVersion, error) {
	t.Version = 1
	return s.putTemplate(ctx, actor, activity.MakeTemplate, t, t.Version, s.store.AddTemplate)
}

// ChangeTemplate stores a new version of a template, whose newest one has to be t's, unless nothing is different.
func (s *Service) ChangeTemplate(ctx context.Context, actor activity.Actor, t Template) (TemplateVersion, error) {
	return s.putTemplate(ctx, actor, activity.ChangeTemplate, t, t.Version+1, s.store.ChangeTemplate)
}

func (s *Service) putTemplate(
	ctx context.Context, actor activity.Actor, action string, t Template, becomes int,
	put func(context.Context, store.Template, ...store.Activity) (store.Template, error),
) (TemplateVersion, error) {
	text, err := json.Marshal(templateDocument{t.Webhooks, t.Labels, t.ReportExtra})
	if err != nil {
		return TemplateVersion{}, err
	}
	done, err := templated(actor, action, t.Name, becomes)
	if err != nil {
		return TemplateVersion{}, err
	}
	stored, err := put(ctx, store.Template{
		Owner: actor.Owner, ID: t.ID, Version: t.Version, Name: t.Name, Document: text, Made: personOf(actor),
	}, done)
	if err != nil {
		return TemplateVersion{}, err
	}
	all, err := versionsOf([]store.Template{stored})
	if err != nil {
		return TemplateVersion{}, err
	}
	return all[0], nil
}

// DeleteTemplate deletes a template. No shop changes.
func (s *Service) DeleteTemplate(ctx context.Context, actor activity.Actor, t Template) error {
	done, err := templated(actor, activity.DeleteTemplate, t.Name, t.Version)
	if err != nil {
		return err
	}
	return s.store.DeleteTemplate(ctx, actor.Owner, t.ID, done)
}

// templated returns an activity about a template, for the list of the team.
func templated(actor activity.Actor, action, name string, version int) (store.Activity, error) {
	return activity.New(actor, store.Activity{Shop: activity.OfTeam, Action: action},
		activity.Detail{Template: name, Version: version})
}

// Comparisons compares shops of an owner, as they were seen, with templates. It makes no call. A shop that no template
// is for isn't among them.
func (s *Service) Comparisons(
	ctx context.Context, owner store.Owner, seen []store.Observation, labels map[string][]string, templates []Template,
) (map[string]Comparison, error) {
	all := map[string]Comparison{}
	var read []Place
	ids := []string{}
	for _, o := range seen {
		place := placeIn(o, labels)
		c := unknown(templates, place)
		if c.Likeness == "" {
			continue
		}
		all[place.ID] = c
		if shop := (Shop{Place: place, Seen: o, Stale: s.IsStale(o)}); shop.unfit() == "" {
			read, ids = append(read, place), append(ids, place.ID)
		}
	}
	if len(ids) == len(seen) {
		ids = nil // all, which is cheaper to ask for
	}
	texts, err := s.store.ObservedWebhooks(ctx, owner, ids)
	if err != nil {
		return nil, err
	}
	for _, place := range read {
		hooks, err := Webhooks(store.Observation{Webhooks: texts[place.ID]})
		if err == nil && texts[place.ID] != nil {
			all[place.ID] = Compare(templates, place, hooks)
		}
	}
	return all, nil
}

func placeIn(o store.Observation, labels map[string][]string) Place {
	return Place{ID: o.ShopID, Domain: o.ShopDomain, Name: o.ShopName, Labels: labels[o.ShopID]}
}

// markContradictions marks the shops for which a template contradicts another one of the owner's.
func (s *Service) markContradictions(ctx context.Context, owner store.Owner, t Template, shops []Shop) error {
	stored, err := s.Templates(ctx, owner)
	if err != nil {
		return err
	}
	others := Readable(stored)
	for i, shop := range shops {
		wanted, _ := t.wanted(shop.Place)
		shops[i].Contrary = ofShop{Template: t, wanted: wanted}.contradicts(thatApply(others, shop.Place))
	}
	return nil
}

// Readable returns the templates that can be decrypted.
func Readable(stored []TemplateVersion) (all []Template) {
	for _, v := range stored {
		if !v.Locked {
			all = append(all, v.Template)
		}
	}
	return slices.Clip(all)
}
