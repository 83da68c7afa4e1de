package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/store"
)

// Document is what a plan stores: all that is reviewed. Its digest covers every byte.
type Document struct {
	Edit Edit `json:"edit"`
	Proposal

	SeenFrom time.Time `json:"seenFrom"` // when the first of the shops was read
}

var (
	// ErrNothingToChange means that an edit would change nothing, so there is no plan.
	ErrNothingToChange = errors.New("nothing would change")
	// ErrNeedsApproval means that another person has to approve the plan before.
	ErrNeedsApproval = errors.New("another person has to approve the plan")
	// ErrOwnPlan means that the person who made a plan can't approve it.
	ErrOwnPlan = errors.New("the person who made a plan can't approve it")
)

// DefaultApproveFrom is the number of shops from which on another person has to approve a plan, where there are two who
// may, unless the settings say otherwise.
const DefaultApproveFrom = 20

// MakePlan computes what an edit changes in shops of the owner, as they were seen, and stores it as a draft. One form
// makes one plan. ErrNothingToChange comes with the proposal, which says why.
func (s *Service) MakePlan(
	ctx context.Context, actor activity.Actor, form string, e Edit, chosen []string,
) (store.Plan, Proposal, error) {
	shops, err := s.chosen(ctx, actor.Owner, chosen)
	if err == nil && e.Kind == FromTemplate {
		err = s.markContradictions(ctx, actor.Owner, *e.Template, shops)
	}
	if err != nil {
		return store.Plan{}, Proposal{}, err
	}
	return s.makePlan(ctx, actor, form, e, shops)
}

func (s *Service) makePlan(
	ctx context.Context, actor activity.Actor, form string, e Edit, shops []Shop,
) (store.Plan, Proposal, error) {
	proposal, err := Propose(e, shops)
	if err == nil {
		err = beside(proposal.Items, shops)
	}
	if err == nil && len(proposal.Items) == 0 {
		err = ErrNothingToChange
	}
	if err != nil {
		return store.Plan{}, proposal, err
	}
	p, err := planOf(actor, form, e, proposal, shops)
	if err != nil {
		return p, proposal, err
	}
	p, err = s.store.AddPlan(ctx, p, func(p store.Plan) ([]store.Activity, error) {
		done, err := planned(actor, activity.MakePlan, p)
		return []store.Activity{done}, err
	})
	return p, proposal, err
}

// planOf returns the plan of a proposal.
func planOf(actor activity.Actor, form string, e Edit, proposal Proposal, chosen []Shop) (store.Plan, error) {
	doc := Document{Edit: e, Proposal: proposal}
	in := map[string]bool{}
	p := store.Plan{
		Owner: actor.Owner, Form: form, Kind: string(e.Kind),
		Made: store.PlanPerson{ID: actor.Person.ID, Name: actor.Person.Name},
	}
	for _, item := range proposal.Items {
		in[item.Shop] = true
		switch item.Action() {
		case Create:
			p.Creates++
		case Update:
			p.Updates++
		case Delete:
			p.Deletes++
		}
	}
	p.Shops = len(in)
	for _, shop := range chosen {
		if in[shop.ID] && (doc.SeenFrom.IsZero() || shop.Seen.SeenAt.Before(doc.SeenFrom)) {
			doc.SeenFrom = shop.Seen.SeenAt
		}
	}
	var err error
	p.Document, err = json.Marshal(doc)
	return p, err
}

// chosen returns shops of an owner as they were seen.
func (s *Service) chosen(ctx context.Context, owner store.Owner, ids []string) ([]Shop, error) {
	seen, err := s.store.Observations(ctx, owner)
	if err != nil {
		return nil, err
	}
	hooks, err := s.store.ObservedWebhooks(ctx, owner, ids)
	if err != nil {
		return nil, err
	}
	labels, err := s.store.ShopLabels(ctx, owner)
	if err != nil {
		return nil, err
	}
	busy, err := s.store.BusyShops(ctx)
	if err != nil {
		return nil, err
	}
	locked, err := s.store.ImmutableOf(ctx, owner)
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	var all []Shop
	for _, o := range seen {
		if !wanted[o.ShopID] {
			continue
		}
		o.Webhooks = hooks[o.ShopID]
		shop := Shop{
			Place: placeIn(o, labels),
			Seen:  o, Stale: s.IsStale(o), Locked: locked[o.ShopID],
		}
		if plan, isBusy := busy[o.ShopID]; isBusy {
			shop.Busy = &Work{}
			if plan.Owner == owner {
				shop.Busy.Plan = plan.Number
			}
		}
		all = append(all, shop)
	}
	return all, nil
}

// ReadPlan returns a plan and what it changes.
func (s *Service) ReadPlan(ctx context.Context, owner store.Owner, number int64) (store.Plan, Document, error) {
	var doc Document
	p, err := s.store.Plan(ctx, owner, number)
	if err == nil {
		err = json.Unmarshal(p.Document, &doc)
	}
	return p, doc, err
}

// NeedsApproval reports whether another person has to approve a draft, where so many people may. A run that has begun
// without approval needed none, and continues without.
func (s *Service) NeedsApproval(p store.Plan, people int) bool {
	isOpen := p.State == store.PlanDraft && p.Approved.At.IsZero()
	return isOpen && s.approveFrom > 0 && p.Shops >= s.approveFrom && people > 1
}

// ApproveFrom returns the number of shops from which on another person has to approve a plan; 0: nobody has to.
func (s *Service) ApproveFrom() int { return s.approveFrom }

// ApprovePlan approves a plan by its digest.
func (s *Service) ApprovePlan(ctx context.Context, actor activity.Actor, p store.Plan, digest string) error {
	if actor.Person.ID == p.Made.ID {
		return ErrOwnPlan
	}
	done, err := planned(actor, activity.ApprovePlan, p)
	if err != nil {
		return err
	}
	return s.store.ApprovePlan(ctx, p.Owner, p.Number, digest, personOf(actor), done)
}

// ApplyPlan begins the run of a plan by its digest. People is how many may approve it.
func (s *Service) ApplyPlan(ctx context.Context, actor activity.Actor, p store.Plan, digest string, people int) error {
	if s.NeedsApproval(p, people) {
		return ErrNeedsApproval
	}
	var doc Document
	if err := json.Unmarshal(p.Document, &doc); err != nil {
		return err
	}
	var shops []string
	for _, item := range doc.Items {
		shops = append(shops, item.Shop)
	}
	text, err := json.Marshal(runActor{
		Person: actor.Person.ID, Name: actor.Person.Name, Email: actor.Person.Email, Role: actor.Person.Role,
		Session: actor.Session, RequestID: actor.RequestID,
	})
	if err != nil {
		return err
	}
	done, err := planned(actor, activity.ApplyPlan, p)
	if err != nil {
		return err
	}
	return s.store.ApplyPlan(ctx, p.Owner, p.Number, digest, personOf(actor), text, shops, s.queue.EnqueueVisits, done)
}

// runActor is who acts in a run, as it is stored.
type runActor struct {
	Person    string `json:"person,omitempty"` // ID
	Name      string `json:"name,omitempty"`
	Email     string `json:"email,omitempty"`
	Role      string `json:"role,omitempty"`
	Session   string `json:"session,omitempty"`
	RequestID string `json:"requestID,omitempty"`
}

// StopPlan stops a run before its next item.
func (s *Service) StopPlan(ctx context.Context, actor activity.Actor, p store.Plan) error {
	done, err := planned(actor, activity.StopPlan, p)
	if err != nil {
		return err
	}
	return s.store.PausePlan(ctx, p.Owner, p.Number, store.PausedByPerson, done)
}

// EndPlan ends a stopped run. What it has not begun is skipped.
func (s *Service) EndPlan(ctx context.Context, actor activity.Actor, p store.Plan) error {
	done, err := planned(actor, activity.EndPlan, p)
	if err != nil {
		return err
	}
	return s.store.EndPlan(ctx, p.Owner, p.Number, done)
}

// ResumePlan continues a stopped run. With retry, what failed is applied again.
func (s *Service) ResumePlan(ctx context.Context, actor activity.Actor, p store.Plan, digest string, retry bool) error {
	action := activity.ResumePlan
	if retry {
		action = activity.RetryPlan
	}
	done, err := planned(actor, action, p)
	if err != nil {
		return err
	}
	return s.store.ResumePlan(ctx, p.Owner, p.Number, digest, retry, s.queue.EnqueueVisits, done)
}

// UndoPlan makes a plan that takes back what the run of another one did.
func (s *Service) UndoPlan(ctx context.Context, actor activity.Actor, form string, p store.Plan) (store.Plan, error) {
	var doc Document
	if err := json.Unmarshal(p.Document, &doc); err != nil {
		return store.Plan{}, err
	}
	items, err := s.store.PlanItems(ctx, p.Owner, p.Number)
	if err != nil {
		return store.Plan{}, err
	}
	var applied []Applied
	for _, i := range items {
		if i.State == store.ItemDone && i.Item < len(doc.Items) {
			applied = append(applied, Applied{doc.Items[i.Item], i.Webhook})
		}
	}
	back, err := Undo(applied)
	if err == nil && len(back) == 0 {
		err = ErrNothingToChange
	}
	if err != nil {
		return store.Plan{}, err
	}
	var ids []string
	for _, item := range back {
		ids = append(ids, item.Shop)
	}
	shops, err := s.chosen(ctx, p.Owner, ids)
	if err == nil {
		err = beside(back, shops)
	}
	if err != nil {
		return store.Plan{}, err
	}
	undo, err := planOf(actor, form, Edit{Kind: UndoOf, Plan: p.Number}, Proposal{Items: back}, nil)
	if err != nil {
		return undo, err
	}
	return s.store.AddPlan(ctx, undo, func(p store.Plan) ([]store.Activity, error) {
		done, err := planned(actor, activity.MakePlan, p)
		return []store.Activity{done}, err
	})
}

func personOf(actor activity.Actor) store.PlanPerson {
	return store.PlanPerson{ID: actor.Person.ID, Name: actor.Person.Name}
}

// planned returns an activity about a plan, for the list of the team.
func planned(actor activity.Actor, action string, p store.Plan) (store.Activity, error) {
	return activity.New(actor, store.Activity{Shop: activity.OfTeam, Action: action},
		activity.Detail{Plan: p.Number, Digest: p.Digest})
}
