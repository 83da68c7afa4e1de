package webhooks

import (
	"context"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// deletion is one attempt to delete a webhook.
type deletion struct {
	operation
	id   string
	base *fourthwall.Content // what it must be; nil for anything
}

// Delete deletes a webhook. One that no longer exists counts as deleted. It continues when ctx is canceled.
//
// The result is Deleted, Rejected, Unconfirmed, InProgress or OtherContent. An error of the API means that the
// webhook could not be read, so nothing was sent. Other errors are shops.ErrReconnect and those of the store.
func (s *Service) Delete(ctx context.Context, req Request, id string) (Result, error) {
	ctx, cancel := s.work(ctx)
	defer cancel()
	d := deletion{s.operation(req, store.KindDelete, store.WebhookResource(id), ""), id, nil}
	return d.do(ctx, d.run, d.again)
}

// DeleteUnchanged deletes a webhook as Delete does, if its content is still the base. Otherwise the result is
// Conflicting.
func (s *Service) DeleteUnchanged(
	ctx context.Context, req Request, id string, base fourthwall.Content,
) (Result, error) {
	ctx, cancel := s.work(ctx)
	defer cancel()
	d := deletion{s.operation(req, store.KindDelete, store.WebhookResource(id), ""), id, &base}
	return d.do(ctx, d.run, d.again)
}

// again returns the result of a delete that took effect before. If the webhook exists after all, because the API was
// wrong about it, it's deleted under another key.
func (d deletion) again(ctx context.Context) (Result, error) {
	_, err := d.req.Shop.Webhook(ctx, d.id)
	switch {
	case fourthwall.AsError(err).NotFound():
		return d.stored(ctx)
	case err != nil:
		return Result{}, err
	}
	d.req.Key += " " + d.holder
	return d.do(ctx, d.run, d.stored)
}

// run reads the webhook for the record, and deletes it.
func (d deletion) run(ctx context.Context) (Result, error) {
	hook, err := d.req.Shop.Webhook(ctx, d.id)
	if gone := fourthwall.AsError(err).NotFound(); err != nil && !gone {
		return d.giveUp(ctx, err)
	}
	detail := activity.Detail{}
	if err == nil {
		before := hook.Content()
		if d.base != nil && !before.Equal(*d.base) {
			return d.end(ctx, store.StateRejected, "", kept{Conflict: &before})
		}
		detail.Before = &before
	}
	recorded, beginErr := d.activity.Begin(ctx, d.req.Actor,
		store.Activity{Shop: d.req.Shop.Shop(), Action: activity.DeleteWebhook, WebhookID: d.id}, detail)
	if beginErr != nil {
		return Result{}, beginErr
	}
	if err == nil {
		err = d.remove(ctx)
	}
	hook.ID = d.id
	return d.record(ctx, recorded, hook, err)
}

// remove calls the API, and reads the webhook again if the response is unclear.
func (d deletion) remove(ctx context.Context) error {
	_, err := proven(ctx, d.operation, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, d.req.Shop.DeleteWebhook(ctx, d.id)
	}, proof{})
	api := fourthwall.AsError(err)
	if !api.MayHaveWorked() {
		return err
	}
	_, readErr := d.req.Shop.Webhook(ctx, d.id)
	switch {
	case fourthwall.AsError(readErr).NotFound():
		return nil
	case readErr != nil && !api.DidNothing():
		return api.AsUnverified()
	}
	return err
}
