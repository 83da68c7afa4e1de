package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

// Clone is a copy of shops in which a plan can be tried. No call leaves the process.
type Clone struct {
	API         *fourthwall.Client
	Credentials []fourthwall.Credential // of each shop
	IDs         []map[string]string     // of each shop: the IDs that its webhooks have in the copy
	Close       func() error
}

// CloneShop is what a Clone is made of: the webhooks of a shop, and the IDs of those that the API doesn't change.
type CloneShop struct {
	Webhooks []Webhook
	Locked   []string
}

// ErrNoClone means that plans can't be rehearsed in this deployment.
var ErrNoClone = errors.New("plans can't be rehearsed")

// Rehearsal is how an item would end: a state and a code, as of store.PlanItem.
type Rehearsal struct {
	State string `json:"state"`
	Code  string `json:"code,omitempty"`
}

// RehearsePlan rehearses a plan, and stores what that predicts.
func (s *Service) RehearsePlan(ctx context.Context, p store.Plan, doc Document) error {
	predicted, err := s.Rehearse(ctx, p.Owner, doc)
	if err != nil {
		return err
	}
	text, err := json.Marshal(predicted)
	if err != nil {
		return err
	}
	return s.store.PutRehearsal(ctx, p, text)
}

// Rehearsal returns what the last rehearsal of a plan predicts for each item, and when it was made; nil if there was
// none, or its key is missing.
func (s *Service) Rehearsal(ctx context.Context, p store.Plan) (all []Rehearsal, at time.Time, err error) {
	text, at, err := s.store.Rehearsal(ctx, p)
	if errors.Is(err, store.ErrWrongKey) {
		s.logger.WarnContext(ctx, "a rehearsal does not open", "plan", p.Number, "error", err)
		return nil, at, nil
	}
	if err == nil && text != nil {
		err = json.Unmarshal(text, &all)
	}
	return all, at, err
}

// CodeNoCopy means that a change can't be predicted, since the webhook can't be copied.
const CodeNoCopy = "no_copy"

// CanRehearse reports whether plans can be rehearsed in this deployment.
func (s *Service) CanRehearse() bool { return s.clone != nil }

// Rehearse applies the items of a plan to a copy of the shops as they were seen last, and returns how each would end.
// No call leaves the process.
func (s *Service) Rehearse(ctx context.Context, owner store.Owner, doc Document) (all []Rehearsal, err error) {
	if s.clone == nil {
		return nil, ErrNoClone
	}
	place := map[string]int{}
	var ids []string
	for _, item := range doc.Items {
		if _, known := place[item.Shop]; !known {
			place[item.Shop] = len(ids)
			ids = append(ids, item.Shop)
		}
	}
	chosen, err := s.chosen(ctx, owner, ids)
	if err != nil {
		return nil, err
	}
	copies, stage := make([]CloneShop, len(ids)), make([]tryout, len(ids))
	for i := range stage {
		stage[i].fails = Rehearsal{store.ItemFailed, codeEnded} // unless it's connected
	}
	for _, shop := range chosen {
		hooks, err := Webhooks(shop.Seen)
		if err != nil {
			return nil, err
		}
		at := place[shop.ID]
		copies[at], stage[at].fails = CloneShop{hooks, shop.Locked}, foreseen(shop.Seen)
	}
	c, err := s.clone(copies)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for i := range stage {
		stage[i].api, stage[i].cred, stage[i].ids = c.API, c.Credentials[i], c.IDs[i]
	}
	for _, item := range doc.Items {
		predicted, err := stage[place[item.Shop]].try(ctx, item)
		if err != nil {
			return nil, err
		}
		all = append(all, predicted)
	}
	return all, nil
}

// foreseen returns how each item of a shop ends by what is known of its connection, or a Rehearsal without a state.
func foreseen(seen store.Observation) Rehearsal {
	switch {
	case seen.Expired:
		return Rehearsal{store.ItemFailed, codeEnded}
	case seen.Scopes != "" && !slices.Contains(strings.Fields(seen.Scopes), mayWrite):
		return Rehearsal{store.ItemRejected, "FORBIDDEN"}
	}
	return Rehearsal{}
}

// mayWrite is the scope that changes webhooks.
const mayWrite = "webhook_write"

// tryout is one shop of a clone.
type tryout struct {
	api   *fourthwall.Client
	cred  fourthwall.Credential
	fails Rehearsal         // how each item ends; without a state if that isn't known before
	ids   map[string]string // of its webhooks in the copy
	made  []string          // IDs of webhooks that the plan created so far
}

// try applies one item as a run would, and returns how it ended.
func (t *tryout) try(ctx context.Context, item Item) (Rehearsal, error) {
	switch {
	case t.fails.State != "":
		return t.fails, nil
	case item.Action() == Create:
		return t.create(ctx, item)
	}
	id, exists := t.ids[item.Webhook]
	switch {
	case !exists && item.Action() == Delete:
		return Rehearsal{State: store.ItemDone}, nil
	case !exists:
		return Rehearsal{store.ItemChanged, codeGone}, nil
	}
	hook, err := t.api.Webhook(ctx, t.cred, id)
	switch now := hook.Content(); {
	case fourthwall.AsError(err).NotFound() && item.Action() == Delete: // by an item before
		return Rehearsal{State: store.ItemDone}, nil
	case err != nil:
		return tried(err)
	case item.After != nil && webhooks.IsSaved(now, *item.Before, *item.After):
		return Rehearsal{State: store.ItemDone}, nil
	case !now.Equal(*item.Before):
		return Rehearsal{State: store.ItemChanged}, nil
	}
	if item.Action() == Delete {
		return tried(t.api.DeleteWebhook(ctx, t.cred, id))
	}
	_, err = t.api.UpdateWebhook(ctx, t.cred, id, *item.After)
	return tried(err)
}

func (t *tryout) create(ctx context.Context, item Item) (Rehearsal, error) {
	list, err := t.api.Webhooks(ctx, t.cred)
	if err != nil {
		return Rehearsal{}, err
	}
	known := slices.Clone(t.made)
	for _, id := range item.Beside {
		known = append(known, t.ids[id])
	}
	for _, other := range webhooks.Duplicates(list, *item.After, "") {
		if !slices.Contains(known, other.ID) {
			return Rehearsal{store.ItemChanged, codeDuplicate}, nil
		}
	}
	hook, err := t.api.CreateWebhook(ctx, t.cred, *item.After)
	if err == nil {
		t.made = append(t.made, hook.ID)
	}
	return tried(err)
}

func tried(err error) (Rehearsal, error) {
	api := fourthwall.AsError(err)
	switch {
	case err == nil:
		return Rehearsal{State: store.ItemDone}, nil
	case api.NotFound():
		return Rehearsal{store.ItemChanged, codeGone}, nil
	case api != nil && api.Status >= http.StatusInternalServerError: // which the copy can't have
		return Rehearsal{store.ItemUnconfirmed, CodeNoCopy}, nil
	case api != nil && api.Code != "":
		return Rehearsal{store.ItemRejected, api.Code}, nil
	}
	return Rehearsal{}, err
}
