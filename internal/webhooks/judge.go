package webhooks

import (
	"context"
	"errors"
	"slices"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

// isUnconnected reports whether a shop can't be read because it is no longer connected.
func isUnconnected(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrWrongKey) || errors.Is(err, shops.ErrReconnect)
}

// judgeCreate looks for the webhook that an attempt wanted among those that weren't there before. It must be the only
// one, and not another create's. If the earlier list is unknown, only the absence of any such webhook is conclusive.
func (s *Service) judgeCreate(
	ctx context.Context, a store.Activity, d activity.Detail, list fourthwall.WebhookList,
) (store.Ending, error) {
	out := store.Ending{Outcome: store.OutcomeUnclear}
	if d.After == nil {
		return out, nil
	}
	c := candidate{
		shop: a.Shop, id: a.ID, started: a.StartedAt, want: *d.After,
		competing: []string{store.OutcomePending, store.OutcomeUnclear},
	}
	free, ambiguous, err := s.unattributed(ctx, c, newOnes(list.Webhooks, d.Known, *d.After))
	switch {
	case err != nil || ambiguous || len(free) == 0 && list.Incomplete:
	case len(free) == 0:
		out.Outcome = store.OutcomeFailed
	case len(free) == 1 && d.KnownAll:
		out.Outcome, out.WebhookID = store.OutcomeDone, free[0].ID
	}
	return out, err
}

// judge returns how a change or a delete ended, according to the list of webhooks.
func judge(a store.Activity, d activity.Detail, list fourthwall.WebhookList) store.Ending {
	out := store.Ending{Outcome: store.OutcomeUnclear, WebhookID: a.WebhookID}
	at := slices.IndexFunc(list.Webhooks, func(hook fourthwall.Webhook) bool { return hook.ID == a.WebhookID })
	switch {
	case at < 0 && list.Incomplete: // it may be in the part that is missing
	case at < 0 && a.Action == activity.DeleteWebhook:
		out.Outcome = store.OutcomeDone
	case at >= 0 && a.Action == activity.DeleteWebhook:
		out.Outcome = store.OutcomeFailed
	case at >= 0 && a.Action == activity.UpdateWebhook:
		out.Outcome = judgeUpdate(d, list.Webhooks[at].Content())
	}
	return out
}

func judgeUpdate(d activity.Detail, now fourthwall.Content) string {
	switch {
	case d.After != nil && now.Equal(*d.After):
		return store.OutcomeDone
	case d.Before != nil && now.Equal(*d.Before):
		return store.OutcomeFailed
	case d.After != nil && Same(now, *d.After):
		return store.OutcomeDone // the API wrote the URL in its own way
	}
	return store.OutcomeUnclear
}
