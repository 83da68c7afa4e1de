package fleet

import (
	"context"
	"errors"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// Clone is a copy of shops in which a plan can be tried. No call leaves the process.
type Clone struct {
	API         *fourthwall.Client
	Credentials []fourthwall.Credential // of each shop
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
type Rehearsal struct{ State, Code string }

// Rehearse applies the items of a plan to a copy of the shops as they were seen last, and returns how each would end.
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
	copies, connected := make([]CloneShop, len(ids)), make([]bool, len(ids))
	for _, shop := range chosen {
		hooks, err := Webhooks(shop.Seen)
		if err != nil {
			return nil, err
		}
		copies[place[shop.ID]], connected[place[shop.ID]] = CloneShop{hooks, shop.Locked}, !shop.Seen.Expired
	}
	c, err := s.clone(copies)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	all = make([]Rehearsal, len(doc.Items))
	for i, item := range doc.Items {
		at := place[item.Shop]
		if !connected[at] {
			all[i] = Rehearsal{store.ItemFailed, codeEnded}
			continue
		}
		if all[i], err = tryItem(ctx, c.API, c.Credentials[at], item); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// tryItem applies one item as a run would, and returns how it ended.
func tryItem(ctx context.Context, api *fourthwall.Client, cred fourthwall.Credential, item Item) (Rehearsal, error) {
	if item.Action() == Create {
		list, err := api.Webhooks(ctx, cred)
		if err != nil {
			return Rehearsal{}, err
		}
		for _, hook := range list {
			if hook.Content().Equal(*item.After) {
				return Rehearsal{store.ItemChanged, codeDuplicate}, nil
			}
		}
		_, err = api.CreateWebhook(ctx, cred, *item.After)
		return tried(err)
	}
	hook, err := api.Webhook(ctx, cred, item.Webhook)
	switch now := hook.Content(); {
	case fourthwall.AsError(err).NotFound() && item.Action() == Delete:
		return Rehearsal{State: store.ItemDone}, nil
	case err != nil:
		return tried(err)
	case item.After != nil && now.Equal(*item.After):
		return Rehearsal{State: store.ItemDone}, nil
	case !now.Equal(*item.Before):
		return Rehearsal{State: store.ItemChanged}, nil
	}
	if item.Action() == Delete {
		return tried(api.DeleteWebhook(ctx, cred, item.Webhook))
	}
	_, err = api.UpdateWebhook(ctx, cred, item.Webhook, *item.After)
	return tried(err)
}

func tried(err error) (Rehearsal, error) {
	api := fourthwall.AsError(err)
	switch {
	case err == nil:
		return Rehearsal{State: store.ItemDone}, nil
	case api.NotFound():
		return Rehearsal{store.ItemChanged, codeGone}, nil
	case api != nil && api.Code != "":
		return Rehearsal{store.ItemRejected, api.Code}, nil
	}
	return Rehearsal{}, err
}
