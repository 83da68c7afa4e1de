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

// Change is what an update is to make of a webhook.
type Change struct {
	Base fourthwall.Content // what the change began with
	Want fourthwall.Content

	// Seen is the Mark of a content that may be replaced as well, since both were shown and this one was chosen; ""
	// for none.
	Seen string
}

// update is one attempt to replace the content of a webhook.
type update struct {
	operation
	id     string
	change Change
}

// Update replaces the content of a webhook, unless it's neither what the change began with nor what is wanted. It
// continues when ctx is canceled.
//
// The result is Updated, Conflicting, Rejected, Unconfirmed, InProgress or OtherContent. An error of the API means
// that the webhook could not be read, so nothing was sent; others are shops.ErrReconnect and those of the store.
func (s *Service) Update(ctx context.Context, req Request, id string, change Change) (Result, error) {
	ctx, cancel := s.work(ctx)
	defer cancel()
	hash := contentHash(change.Want.URL, change.Want.AllowedTypes)
	u := update{s.operation(req, store.KindUpdate, store.WebhookResource(id), hash), id, change}
	return u.do(ctx, u.run, u.again)
}

// again answers for an update that took effect and is asked for again: by what the webhook is now. Nothing is sent.
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

// run reads the webhook, compares and replaces.
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

// replace calls the API, and reads the webhook again when the response is unclear or says something else than was
// asked.
func (u update) replace(ctx context.Context, before, want fourthwall.Content) (Result, error) {
	recorded, err := u.activity.Begin(ctx, u.req.Actor,
		store.Activity{Shop: u.req.Shop.Shop(), Action: activity.UpdateWebhook, WebhookID: u.id},
		activity.Detail{Before: &before, After: &want})
	if err != nil {
		return Result{}, err
	}
	hook, err := proven(ctx, u.operation, func(ctx context.Context) (fourthwall.Webhook, error) {
		return u.req.Shop.UpdateWebhook(ctx, u.id, want)
	})
	if fourthwall.AsError(err).MayHaveWorked() || err == nil && !Same(hook.Content(), want) {
		hook, err = u.readAgain(ctx, want, err)
	}
	return u.record(ctx, recorded, hook, err)
}

// readAgain reads what an unclear response, or one that says something else than was asked, has come to. What can't
// be read isn't what was asked.
func (u update) readAgain(ctx context.Context, want fourthwall.Content, err error) (fourthwall.Webhook, error) {
	hook, readErr := u.req.Shop.Webhook(ctx, u.id)
	api := fourthwall.AsError(err)
	switch {
	case readErr != nil && api != nil:
		err = api.AsUnverified()
	case Same(hook.Content(), want):
		err = nil
	}
	return hook, err
}

// asIn returns the change in the spelling of the webhook as it is now: event types that differ in line breaks only,
// which forms and files change, are those of the webhook; those that stay keep their order, and come before new ones;
// and so does a URL keep blanks around it.
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

// inOrder returns the event types of want: those of now in their order and as often, then the others.
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
