package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

const (
	callsOfItem   = 8                // at most, so an item isn't begun with fewer left
	timeOfItem    = 2 * time.Second  // left in the visit; one that was begun is finished anyway
	mostAttempts  = 5                // that say nothing about an item, before it counts as failed
	betweenLooks  = 10 * time.Second // while the outcome of a call isn't known
	unknownAfter  = 5 * time.Minute  // then the item is unconfirmed; rechecks may still find out
	codeGone      = "gone"           // the webhook doesn't exist any longer
	codeDuplicate = "duplicate"      // the shop has such a webhook by now
	codeEnded     = "ended"          // the connection has ended
	codeNoAnswer  = "no_answer"      // Fourthwall didn't respond
)

// applyPlans applies, in order, what running plans have to do in the shop. Its error says nothing about the shop.
func (l *look) applyPlans(ctx context.Context, items []store.RunItem) error {
	for _, item := range items {
		if item.Plan.Owner != l.known.Owner {
			continue
		}
		if left, limited := ctx.Deadline(); l.pace.calls+callsOfItem > mostCalls || limited && time.Until(left) < timeOfItem {
			l.comeBack(0)
			return nil
		}
		again, err := l.applyItem(l.pace.in(ctx), item)
		if err != nil {
			return err
		}
		if again {
			return nil // the next item waits for this one
		}
	}
	return nil
}

// comeBack asks for another visit after a time.
func (l *look) comeBack(after time.Duration) {
	l.returns = true
	l.retryAfter = max(l.retryAfter, after)
}

// applyItem applies one item, and stores how it ended. Again means that nothing is known of it yet.
func (l *look) applyItem(ctx context.Context, item store.RunItem) (again bool, err error) {
	begun, err := l.store.BeginItem(ctx, item)
	switch {
	case errors.Is(err, store.ErrPlanState): // stopped a moment ago
		return false, nil
	case errors.Is(err, store.ErrPlanAltered), errors.Is(err, store.ErrWrongKey):
		l.logger.ErrorContext(ctx, "a stored plan isn't what was reviewed", "plan", item.Plan.Number)
		err = l.store.PausePlan(ctx, item.Plan.Owner, item.Plan.Number, store.PausedAltered)
		if errors.Is(err, store.ErrPlanState) {
			err = nil
		}
		return true, err
	case err != nil:
		return false, err
	}
	change, actor, err := l.changeOf(begun)
	if err != nil {
		return false, err
	}
	req := webhooks.Request{Shop: l.shops.Client(l.known.Connection), Actor: actor, Key: begun.Key()}
	result, err := l.change(ctx, req, change)
	end, wait, known := outcomeOf(result, err)
	if !known {
		return l.notYet(ctx, begun, wait, err)
	}
	begun.State, begun.Code, begun.RequestID, begun.Webhook = end.State, end.Code, end.RequestID, end.Webhook
	return false, l.store.EndItem(ctx, begun, l.queue.EnqueueVisits)
}

// changeOf returns the change of an item as it was reviewed, and who makes it.
func (l *look) changeOf(item store.RunItem) (Item, activity.Actor, error) {
	var doc Document
	var by runActor
	if err := errors.Join(json.Unmarshal(item.Plan.Document, &doc), json.Unmarshal(item.Actor, &by)); err != nil {
		return Item{}, activity.Actor{}, err
	}
	actor := activity.Actor{
		Owner: l.known.Owner, Name: shops.Way(l.known.Connection), Session: by.Session, RequestID: by.RequestID,
		Person: store.ActivityPerson{ID: by.Person, Name: by.Name, Email: by.Email, Role: by.Role},
	}
	if item.Item >= len(doc.Items) || doc.Items[item.Item].Shop != item.Shop {
		return Item{}, actor, store.ErrPlanAltered
	}
	return doc.Items[item.Item], actor, nil
}

// change makes the change of an item.
func (l *look) change(ctx context.Context, req webhooks.Request, i Item) (webhooks.Result, error) {
	switch i.Action() {
	case Update:
		return l.webhooks.Update(ctx, req, i.Webhook, webhooks.Change{Base: *i.Before, Want: *i.After})
	case Delete:
		return l.webhooks.DeleteUnchanged(ctx, req, i.Webhook, *i.Before)
	case Create:
	}
	result, err := l.webhooks.Create(ctx, req, *i.After, webhooks.CreateOptions{})
	if err == nil && result.State == webhooks.Absent && result.Certain {
		// It is long enough ago that nothing can appear any more.
		return l.webhooks.Create(ctx, req, *i.After, webhooks.CreateOptions{AfterAbsence: true})
	}
	return result, err
}

// notYet stores that nothing is known of an item yet, and asks for another visit.
func (l *look) notYet(ctx context.Context, item store.RunItem, wait time.Duration, err error) (bool, error) {
	l.comeBack(max(wait, time.Second))
	if err == nil { // a call was made, or may have been
		if l.at.Sub(item.StartedAt) < unknownAfter || item.StartedAt.IsZero() {
			return true, nil
		}
		item.State, item.Code = store.ItemUnconfirmed, codeNoAnswer
		return false, l.store.EndItem(ctx, item, l.queue.EnqueueVisits)
	}
	if item.Attempts+1 < mostAttempts {
		return true, l.store.PutBackItem(ctx, item)
	}
	item.State, item.Code = store.ItemFailed, codeNoAnswer
	return false, l.store.EndItem(ctx, item, l.queue.EnqueueVisits)
}

// outcomeOf returns how an item ended. If that isn't known, it returns after which time to look again.
func outcomeOf(result webhooks.Result, err error) (end store.PlanItem, wait time.Duration, known bool) {
	api := fourthwall.AsError(err)
	switch {
	case errors.Is(err, shops.ErrReconnect):
		return store.PlanItem{State: store.ItemFailed, Code: codeEnded}, 0, true
	case api.NotFound() && !api.ShopGone():
		return store.PlanItem{State: store.ItemChanged, Code: codeGone}, 0, true
	case api.Forbidden():
		return store.PlanItem{State: store.ItemFailed, Code: api.Code, RequestID: api.RequestID}, 0, true
	case err != nil && api != nil:
		return end, max(api.RetryAfter, betweenLooks), false
	case err != nil:
		return end, betweenLooks, false
	}
	switch result.State {
	case webhooks.Created, webhooks.Updated, webhooks.Deleted:
		return store.PlanItem{State: store.ItemDone, Webhook: result.Webhook.ID}, 0, true
	case webhooks.Conflicting:
		return store.PlanItem{State: store.ItemChanged}, 0, true
	case webhooks.Rejected:
		return rejected(result)
	case webhooks.OtherContent:
		return store.PlanItem{State: store.ItemFailed, Code: "key"}, 0, true
	case webhooks.InProgress, webhooks.Unconfirmed, webhooks.Absent:
	}
	return end, max(result.RetryAfter, betweenLooks), false
}

// rejected returns how an item ended that was rejected.
func rejected(result webhooks.Result) (end store.PlanItem, wait time.Duration, known bool) {
	if len(result.Duplicates) > 0 {
		return store.PlanItem{State: store.ItemChanged, Code: codeDuplicate}, 0, true
	}
	r := result.Rejection
	if r == nil {
		return store.PlanItem{State: store.ItemRejected}, 0, true
	}
	if r.Reason == "" {
		return store.PlanItem{State: store.ItemRejected, Code: r.Code, RequestID: r.RequestID}, 0, true
	}
	return store.PlanItem{State: store.ItemFailed, Code: string(r.Reason)}, 0, true
}
