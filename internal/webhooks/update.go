package webhooks

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// Change is the change that an update makes to a webhook.
type Change struct {
	Base fourthwall.Content // what the change began with
	Want fourthwall.Content

	// Seen is the Mark of another content that may be replaced, because the person saw both and chose this one. It is
	// "" for none.
	Seen string
}

// update is one attempt to replace the content of a webhook.
type update struct {
	operation
	id     string
	change Change
}

// Update replaces the content of a webhook. It doesn't if the current content is neither the base of the change nor
// what is wanted. It continues when ctx is canceled.
//
// The result is Updated, Conflicting, Rejected, Unconfirmed, InProgress or OtherContent. The content of an updated
// webhook is what the API has, which may differ from what was wanted. An error of the API means that the webhook could
// not be read, so nothing was sent. Other errors are shops.ErrReconnect and those of the store.
func (s *Service) Update(ctx context.Context, req Request, id string, change Change) (Result, error) {
	ctx, cancel := s.work(ctx)
	defer cancel()
	hash := contentHash(change.Want.URL, change.Want.AllowedTypes)
	u := update{s.operation(req, store.KindUpdate, store.WebhookResource(id), hash), id, change}
	return u.do(ctx, u.run, u.again)
}

// again returns the result of an update that took effect and is requested again. The result depends on the webhook as
// it is now. Nothing is sent.
func (u update) again(ctx context.Context) (Result, error) {
	hook, err := u.req.Shop.Webhook(ctx, u.id)
	if err != nil {
		return Result{}, err
	}
	now := hook.Content()
	if change := u.change.asIn(now); !IsSaved(now, change.Base, change.Want) {
		return Result{State: Conflicting, Conflict: &now}, nil
	}
	return Result{State: Updated, Webhook: hook}, nil
}

// run reads the webhook, compares it with the change, and replaces it.
func (u update) run(ctx context.Context) (Result, error) {
	hook, err := u.req.Shop.Webhook(ctx, u.id)
	if err != nil {
		return u.giveUp(ctx, err)
	}
	now := hook.Content()
	change := u.change.asIn(now)
	switch {
	case IsSaved(now, change.Base, change.Want):
		return u.end(ctx, store.StateDone, u.id, kept{Webhook: keep(hook)})
	case !now.Equal(change.Base) && Mark(now) != change.Seen:
		return u.end(ctx, store.StateRejected, u.id, kept{Conflict: &now})
	}
	return u.replace(ctx, now, change.Want)
}

// replace calls the API. It reads the webhook again if the response is unclear or differs from what was asked.
func (u update) replace(ctx context.Context, before, want fourthwall.Content) (Result, error) {
	recorded, err := u.activity.Begin(ctx, u.req.Actor,
		store.Activity{Shop: u.req.Shop.Shop(), Action: activity.UpdateWebhook, WebhookID: u.id},
		activity.Detail{Before: &before, After: &want})
	if err != nil {
		return Result{}, err
	}
	hook, err := proven(ctx, u.operation, func(ctx context.Context) (fourthwall.Webhook, error) {
		return u.req.Shop.UpdateWebhook(ctx, u.id, want)
	}, proof{})
	if fourthwall.AsError(err).MayHaveWorked() || err == nil && !AsAsked(hook.Content(), before, want) {
		hook, err = u.readAgain(ctx, want, hook, err)
	}
	if now := hook.Content(); err == nil && !AsAsked(now, before, want) {
		u.activity.RecordFound(ctx, recorded, now)
	}
	return u.record(ctx, recorded, hook, err)
}

// readAgain reads the webhook after a response that was unclear or differed from what was asked. It returns no error
// if the webhook is as asked. If the webhook can't be read, the response counts, and without one the write is
// unverified.
func (u update) readAgain(
	ctx context.Context, want fourthwall.Content, response fourthwall.Webhook, err error,
) (fourthwall.Webhook, error) {
	hook, readErr := u.req.Shop.Webhook(ctx, u.id)
	api := fourthwall.AsError(err)
	switch {
	case readErr != nil && api.DidNothing():
		return hook, err
	case readErr != nil && api != nil:
		return hook, api.AsUnverified()
	case readErr != nil:
		return response, err
	case Same(hook.Content(), want):
		return hook, nil
	}
	return hook, err
}

// asIn returns the change in the spelling of the current webhook. Event types that differ only in line breaks, which
// forms and files change, are spelled as in the webhook. Those that stay keep their order and come before new ones.
// The URL keeps any blanks around it.
func (c Change) asIn(now fourthwall.Content) Change {
	exact := map[fourthwall.EventType]fourthwall.EventType{}
	for _, t := range now.AllowedTypes {
		exact[oneLineBreak(t)] = t
	}
	restored := func(types []fourthwall.EventType) (out []fourthwall.EventType) {
		for _, t := range types {
			out = append(out, cmp.Or(exact[oneLineBreak(t)], t))
		}
		return out
	}
	c.Base.AllowedTypes = restored(c.Base.AllowedTypes)
	c.Want.AllowedTypes = inOrder(now.AllowedTypes, restored(c.Want.AllowedTypes))
	if c.Want.URL == strings.TrimSpace(now.URL) {
		c.Want.URL = now.URL
	}
	return c
}

// inOrder returns the event types of want. Those of now come first, in their order and as often, then the others.
func inOrder(now, want []fourthwall.EventType) (out []fourthwall.EventType) {
	for _, t := range now {
		if slices.Contains(want, t) {
			out = append(out, t)
		}
	}
	for _, t := range want {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

func oneLineBreak(t fourthwall.EventType) fourthwall.EventType {
	return fourthwall.EventType(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(t)))
}
