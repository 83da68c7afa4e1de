package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

const (
	callsOfItem  = 8                // at most, so an item isn't begun with fewer left
	timeOfItem   = 2 * time.Second  // left in the visit; one that was begun is finished anyway
	betweenLooks = 10 * time.Second // while the outcome of a call isn't known, or nothing could be sent
	unknownAfter = 5 * time.Minute  // then the item is unconfirmed; rechecks may still find out
)

// Codes of items, beside those of the API and the reasons of package webhooks.
const (
	codeGone      = "gone"      // the webhook doesn't exist any longer
	codeDuplicate = "duplicate" // the shop has such a webhook by now
	codeEnded     = "ended"     // the connection has ended
	codeKey       = "key"       // another change was sent under the same key
	codeNoAnswer  = "no_answer" // Fourthwall didn't respond

	// CodeLimit means that the shop's rate limit was reached.
	CodeLimit = "limit"
	// CodeEarlier means that an earlier create of the same may still take effect.
	CodeEarlier = string(webhooks.EarlierAttempt)
)

// mostAttempts is how many attempts may do nothing, by the code that says why, before an item counts as failed.
var mostAttempts = map[string]int{codeNoAnswer: 5, CodeLimit: 30, CodeEarlier: 30}

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
		return true, l.pauseAltered(ctx, item)
	case err != nil:
		return false, err
	}
	change, actor, err := l.changeOf(begun)
	if errors.Is(err, store.ErrPlanAltered) {
		return true, errors.Join(l.pauseAltered(ctx, item), l.store.PutBackItem(ctx, begun))
	}
	if err != nil {
		return false, err
	}
	// What was begun before is sent again if it had no effect, unless a person has stopped the run since.
	again = item.State == store.ItemCalling || item.Attempts > 0
	req := webhooks.Request{
		Shop: l.shops.Client(l.known.Connection), Actor: actor, Key: begun.Key(),
		Again: again && begun.Plan.State == store.PlanRunning,
	}
	result, err := l.change(ctx, begun, req, change)
	o := outcomeOf(result, err)
	if o.end.Code == codeEnded && item.State == store.ItemCalling { // what an earlier call did can't be seen
		o.end.State = store.ItemUnconfirmed
	}
	return l.record(ctx, begun, o)
}

// pauseAltered stops the run of a plan that isn't what was reviewed. What its last call did can't be found out.
func (l *look) pauseAltered(ctx context.Context, item store.RunItem) error {
	l.logger.ErrorContext(ctx, "a stored plan isn't what was reviewed", "plan", item.Plan.Number)
	err := l.store.PausePlan(ctx, item.Plan.Owner, item.Plan.Number, store.PausedAltered)
	if err != nil && !errors.Is(err, store.ErrPlanState) || item.State != store.ItemCalling {
		return ignoring(err, store.ErrPlanState)
	}
	item.State, item.Code = store.ItemUnconfirmed, codeNoAnswer
	return l.endItem(ctx, item)
}

// ignoring returns err unless it is the other error.
func ignoring(err, other error) error {
	if errors.Is(err, other) {
		return nil
	}
	return err
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
func (l *look) change(
	ctx context.Context, item store.RunItem, req webhooks.Request, i Item,
) (webhooks.Result, error) {
	switch i.Action() {
	case Update:
		return l.webhooks.Update(ctx, req, i.Webhook, webhooks.Change{Base: *i.Before, Want: *i.After})
	case Delete:
		return l.webhooks.DeleteUnchanged(ctx, req, i.Webhook, *i.Before)
	case Create:
	}
	result, err := l.webhooks.Create(ctx, req, *i.After, webhooks.CreateOptions{})
	var o webhooks.CreateOptions
	switch {
	case err != nil:
	case isAbsent(result): // it is long enough ago that nothing can appear
		o.AfterAbsence = true
	case len(result.Duplicates) > 0:
		o.AllowDuplicates, err = l.areKnown(ctx, item, i, result.Duplicates)
	}
	if err != nil || o == (webhooks.CreateOptions{}) {
		return result, err
	}
	req.Again = true
	return l.webhooks.Create(ctx, req, *i.After, o)
}

// areKnown reports whether the review knew all of these webhooks, or the run itself created them.
func (l *look) areKnown(
	ctx context.Context, item store.RunItem, i Item, found []webhooks.Duplicate,
) (bool, error) {
	items, err := l.store.PlanItems(ctx, item.Plan.Owner, item.Plan.Number)
	if err != nil {
		return false, err
	}
	known := slices.Clone(i.Beside)
	for _, other := range items {
		if other.Shop == item.Shop && other.Webhook != "" {
			known = append(known, other.Webhook)
		}
	}
	return !slices.ContainsFunc(found, func(d webhooks.Duplicate) bool { return !slices.Contains(known, d.ID) }), nil
}

// isAbsent reports whether an earlier create of the same got no response and is as good as certain to have made
// nothing.
func isAbsent(result webhooks.Result) bool {
	r := result.Rejection
	return result.State == webhooks.Absent && result.Certain ||
		result.State == webhooks.Rejected && r != nil && r.Reason == webhooks.EarlierAbsent && r.Certain
}

// outcome is what came of one attempt at an item.
type outcome struct {
	end  store.PlanItem // how the item ended; without a state if that isn't known
	not  string         // why nothing was done; "" if something may have been
	wait time.Duration  // until the next attempt
}

// record stores what came of an attempt at an item. Again means that nothing is known of it yet: another visit follows.
func (l *look) record(ctx context.Context, item store.RunItem, o outcome) (again bool, err error) {
	switch {
	case o.end.State != "":
	case o.not == "" && (item.StartedAt.IsZero() || l.at.Sub(item.StartedAt) < unknownAfter):
		l.comeBack(max(o.wait, time.Second))
		return true, nil
	case o.not == "":
		o.end = store.PlanItem{State: store.ItemUnconfirmed, Code: codeNoAnswer}
	case item.Attempts+1 < mostAttempts[o.not]:
		l.comeBack(max(o.wait, time.Second))
		item.Code, item.WaitUntil = o.not, l.store.Now().Add(o.wait)
		return true, l.store.PutBackItem(ctx, item)
	default:
		o.end = store.PlanItem{State: store.ItemFailed, Code: o.not}
	}
	item.State, item.Code, item.RequestID, item.Webhook = o.end.State, o.end.Code, o.end.RequestID, o.end.Webhook
	return false, l.endItem(ctx, item)
}

// outcomeOf returns what a result or an error says about an item.
func outcomeOf(result webhooks.Result, err error) outcome {
	api := fourthwall.AsError(err)
	switch {
	case errors.Is(err, shops.ErrReconnect):
		return ended(store.ItemFailed, codeEnded)
	case api.NotFound():
		return ended(store.ItemChanged, codeGone)
	case api.Forbidden():
		return outcome{end: store.PlanItem{State: store.ItemFailed, Code: api.Code, RequestID: api.RequestID}}
	case err != nil && api != nil:
		return unsent(api.Status, api.RetryAfter)
	case err != nil:
		return unsent(0, 0)
	}
	switch result.State {
	case webhooks.Created:
		return outcome{end: store.PlanItem{State: store.ItemDone, Webhook: result.Webhook.ID}}
	case webhooks.Updated, webhooks.Deleted:
		return ended(store.ItemDone, "")
	case webhooks.Conflicting:
		return ended(store.ItemChanged, "")
	case webhooks.Rejected:
		return rejected(result)
	case webhooks.OtherContent:
		return ended(store.ItemFailed, codeKey)
	case webhooks.InProgress, webhooks.Unconfirmed, webhooks.Absent:
	}
	return outcome{wait: max(result.RetryAfter, betweenLooks)}
}

func ended(state, code string) outcome { return outcome{end: store.PlanItem{State: state, Code: code}} }

// unsent returns what an error says that came before anything was sent, or that the API says did nothing.
func unsent(status int, wait time.Duration) outcome {
	o := outcome{not: codeNoAnswer, wait: max(wait, betweenLooks)}
	if status == http.StatusTooManyRequests {
		o.not = CodeLimit
	}
	return o
}

// rejected returns what a rejection says about an item. The shop's limit and what is in front of Fourthwall say nothing
// about it.
func rejected(result webhooks.Result) outcome {
	if len(result.Duplicates) > 0 {
		return ended(store.ItemChanged, codeDuplicate)
	}
	r := result.Rejection
	switch {
	case r == nil:
		return ended(store.ItemRejected, "")
	case r.IsTemporary(), r.Fault != "", r.NotSent:
		return unsent(r.Status, r.RetryAfter)
	case r.Reason == webhooks.EarlierAttempt, r.Reason == webhooks.EarlierAbsent:
		return outcome{not: CodeEarlier, wait: max(r.RetryAfter, betweenLooks)}
	case r.Reason != "":
		return ended(store.ItemFailed, string(r.Reason))
	case r.Status == http.StatusUnauthorized:
		return ended(store.ItemFailed, codeEnded)
	}
	return outcome{end: store.PlanItem{State: store.ItemRejected, Code: r.Code, RequestID: r.RequestID}}
}

// endItem stores how an item ended, and asks for the visits that follow.
func (s *Service) endItem(ctx context.Context, item store.RunItem) error {
	err := s.store.EndItem(ctx, item, s.queue.EnqueueVisits)
	if err == nil {
		s.onItem(item.State)
	}
	return err
}

// endWithout ends the items of a shop whose owner has no connection to it that can be used. What an earlier call did
// can't be seen.
func (s *Service) endWithout(ctx context.Context, known []store.Visited, items []store.RunItem) error {
	for _, item := range items {
		if slices.ContainsFunc(known, func(v store.Visited) bool { return v.Owner == item.Plan.Owner }) {
			continue
		}
		begun, err := s.store.BeginItem(ctx, item)
		isAltered := errors.Is(err, store.ErrPlanAltered) || errors.Is(err, store.ErrWrongKey)
		if errors.Is(err, store.ErrPlanState) || isAltered && item.State != store.ItemCalling {
			continue
		}
		if err != nil && !isAltered {
			return err
		}
		begun.State, begun.Code = store.ItemFailed, codeEnded
		if item.State == store.ItemCalling {
			begun.State = store.ItemUnconfirmed
		}
		if err := s.endItem(ctx, begun); err != nil {
			return err
		}
	}
	return nil
}
