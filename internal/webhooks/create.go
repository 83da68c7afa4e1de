package webhooks

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

const maxRecent = 20 // creates whose list may replace one that can't be read

// CreateOptions are the options of a create.
type CreateOptions struct {
	// AllowDuplicates permits a second webhook with the same URL and event types, although an earlier attempt may
	// still take effect.
	AllowDuplicates bool

	// AfterAbsence permits another call although an earlier one got no response and may still take effect. A person
	// who was shown that the webhook isn't there has decided so. The webhooks are listed again right before the call.
	AfterAbsence bool

	// AllowUnlisted permits the webhook although not all of the shop's webhooks can be read, so that it may already
	// exist. AllowDuplicates includes it.
	AllowUnlisted bool
}

// creation is one attempt to create a webhook.
type creation struct {
	operation
	want     fourthwall.Content
	options  CreateOptions
	confirm  bool           // nothing is to be created
	recorded store.Activity // without ID until the call is begun
}

// Create creates a webhook unless the operation of this key already did. It continues when ctx is canceled, because
// every call to the API must be recorded.
//
// It never calls the API again by itself after a call that got no response.
//
// The result is Created, Rejected, Unconfirmed, Absent, InProgress or OtherContent. The content of a created webhook
// is what the API has, which may differ from what was wanted. The error is shops.ErrReconnect, or one of the store's.
func (s *Service) Create(ctx context.Context, req Request, want fourthwall.Content, o CreateOptions) (Result, error) {
	ctx, cancel := s.work(ctx)
	defer cancel()
	c := s.creation(req, want)
	c.options = o
	start, err := c.begin(ctx)
	if err != nil {
		return Result{}, err
	}
	return c.resume(ctx, start)
}

func (s *Service) creation(req Request, want fourthwall.Content) *creation {
	url := NormalURL(want.URL)
	hash := contentHash(req.Shop.Shop()+"\n"+want.URL, want.AllowedTypes)
	return &creation{operation: s.operation(req, store.KindCreate, store.URLResource(url), hash), want: want}
}

// work returns a context for one attempt, which outlives the request that began it.
func (s *Service) work(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), s.timing.Work)
}

// resume creates the webhook if this attempt has the lease, or returns the state of the operation if it doesn't.
func (c *creation) resume(ctx context.Context, start store.Start) (Result, error) {
	if start.Started {
		return c.begun(ctx)
	}
	row := start.Operation
	if row.Key == "" {
		return waiting(start), nil // another key for the same URL
	}
	result, known, err := resultOf(row)
	switch {
	case err != nil:
		return result, err
	case !c.isOf(row):
		return otherContent(row)
	case row.State == store.StateRejected && !c.confirm && (c.req.Again || known.isGivenUp()):
		// A rejection made nothing, so the same key may be used again, for other content too.
		return c.restart(ctx, row, store.OutcomeFailed)
	case row.State == store.StatePending && start.RetryAfter > 0:
		return waiting(start), nil
	case !c.wants(row):
		return otherContent(row)
	case row.State == store.StateDone, row.State == store.StateRejected:
		return result, nil
	}
	result, _, err = c.resolve(ctx, row)
	return result, err
}

// restart begins again, unless another attempt already did. Earlier attempts without an outcome get the given one.
func (c *creation) restart(ctx context.Context, seen store.Operation, outcome string) (Result, error) {
	start, err := c.takeOver(ctx, seen)
	switch {
	case err != nil:
		return Result{}, err
	case !start.Started: // by now it may have changed: the next time shows
		return waiting(start), nil
	}
	c.recorded = store.Activity{} // of the earlier attempt
	if err := c.closeEarlier(ctx, seen, store.Ending{Outcome: outcome}); err != nil {
		return Result{}, err
	}
	return c.begun(ctx)
}

// begun runs the attempt under its lease.
func (c *creation) begun(ctx context.Context) (Result, error) {
	stop := c.heartbeat(ctx)
	defer stop()
	var result Result
	var err error
	if c.confirm {
		result, err = c.reject(ctx, Rejection{Reason: NotCreated})
	} else {
		result, err = c.run(ctx)
	}
	if errors.Is(err, store.ErrLeaseLost) {
		return c.lost(ctx), nil
	}
	return result, err
}

// lost returns the result of an attempt whose lease another attempt took, before this one called the API or long
// after. The other attempt does the work.
func (c *creation) lost(ctx context.Context) Result {
	c.logger.WarnContext(ctx, "another attempt took over")
	if c.recorded.ID != "" {
		c.activity.RecordOutcome(ctx, c.recorded, store.Ending{Outcome: store.OutcomeFailed})
	}
	return elsewhere(0)
}

// run lists the webhooks, calls the API and records the outcome.
func (c *creation) run(ctx context.Context) (Result, error) {
	earlier, err := c.earlier(ctx)
	if err != nil {
		return Result{}, err
	}
	list, before, err := c.listBefore(ctx)
	if err != nil {
		return c.fail(ctx, err)
	}
	if found := Duplicates(list.Webhooks, c.want, ""); len(found) > 0 && !c.options.AllowDuplicates {
		return c.end(ctx, store.StateRejected, kept{Duplicates: found})
	}
	if len(earlier) > 0 && !c.options.AllowDuplicates {
		wait := c.timing.waitFor(earlier, list.Incomplete)
		switch {
		case wait > 0:
			return c.reject(ctx, Rejection{Reason: EarlierAttempt, RetryAfter: wait})
		case !c.options.AfterAbsence:
			certain := slices.Min(earlier) > c.timing.Certain
			return c.reject(ctx, Rejection{Reason: EarlierAbsent, Certain: certain})
		}
	}
	if list.Incomplete && !mayNotRead(list.Err) && !c.options.AllowUnlisted && !c.options.AllowDuplicates {
		return c.reject(ctx, unlisted(list))
	}
	hook, err := c.call(ctx, before)
	switch {
	case err != nil:
		return c.fail(ctx, err)
	case slices.Contains(before.ids, hook.ID):
		return c.notThere(ctx, hook, ReturnedOld)
	}
	if hook, err = c.readBack(ctx, hook); err != nil {
		return c.notThere(ctx, hook, ReturnedUnknown)
	}
	return c.created(ctx, hook)
}

// errMayExist holds a repeated create back.
var errMayExist = errors.New("the webhook exists, or may exist")

// call calls the API. Right before the first request, it records the attempt. It looks for the webhook before a request
// is repeated: the API asks to repeat one when it's busy, or when the token has expired, and the first may have had an
// effect all the same.
func (c *creation) call(ctx context.Context, before webhooksBefore) (fourthwall.Webhook, error) {
	var made fourthwall.Webhook
	hook, err := proven(ctx, c.operation, func(ctx context.Context) (fourthwall.Webhook, error) {
		return c.req.Shop.CreateWebhook(ctx, c.want)
	}, proof{
		begin:     func(ctx context.Context) error { return c.beginCall(ctx, before) },
		mayRepeat: func(ctx context.Context) (err error) { made, err = c.mayRepeat(ctx); return err },
	})
	switch {
	case made.ID != "":
		return made, nil
	case errors.Is(err, errMayExist): // with a renewed token
		return hook, fourthwall.AsError(err).AsUnverified()
	}
	return hook, err
}

// beginCall records the attempt, and which webhooks there were before it.
func (c *creation) beginCall(ctx context.Context, before webhooksBefore) error {
	attempt, err := c.activity.Attempt(c.req.Actor,
		store.Activity{Shop: c.req.Shop.Shop(), Action: activity.CreateWebhook},
		activity.Detail{After: &c.want, Known: before.ids, KnownAll: before.all, Operation: keyMark(c.req.Key)})
	if err != nil {
		return err
	}
	row := c.row()
	row.Before, row.BeforeKnown = before.ids, before.all
	c.recorded, err = c.store.CallOperation(ctx, row, c.timing.Lease, attempt)
	return err
}

// mayRepeat returns an error if the webhook exists, or may exist, and the webhook if it's found.
func (c *creation) mayRepeat(ctx context.Context) (made fourthwall.Webhook, err error) {
	row, err := c.store.Operation(ctx, c.req.Actor.Owner, c.req.Key)
	if err != nil {
		return made, err
	}
	found, finding := c.look(ctx, row, []time.Duration{0})
	switch finding {
	case NotFound:
		return made, nil
	case Found:
		made = found
	}
	return made, errMayExist
}

// earlier returns the ages of creates with the same content, by any owner and under any key, that got no response.
// Fourthwall may still be processing them. While this attempt holds the lease on the URL, no other process is working
// on a pending create for it.
//
// It must be called before the webhooks are listed. Then creates that have ended are in the list, and the ages are at
// most those at the time of the list, however long that took.
func (c *creation) earlier(ctx context.Context) (ages []time.Duration, err error) {
	open, err := c.openCreates(ctx, candidate{shop: c.req.Shop.Shop()}, c.now().Add(-c.timing.Blind))
	for _, a := range open {
		age := a.Age()
		if d, ok := activity.ReadDetail(a); ok && age < c.timing.Blind && d.After != nil && Overlap(*d.After, c.want) {
			ages = append(ages, age)
		}
	}
	return ages, err
}

// waitFor returns how long to wait for earlier creates of these ages. If blind, the list couldn't be read, and they
// may have made what is asked for now.
func (t Timing) waitFor(earlier []time.Duration, blind bool) (wait time.Duration) {
	for _, age := range earlier {
		switch {
		case age < t.Late:
			wait = max(wait, t.Late-age)
		case blind:
			wait = max(wait, t.Late)
		}
	}
	return wait
}

// webhooksBefore has the webhooks that existed before a create.
type webhooksBefore struct {
	ids []string
	all bool
}

// listBefore finds out which webhooks exist, so that a new one can be told from an old one of the same content. If they
// can't be listed, the list is incomplete, and its Err says why. It returns an error if nothing can be created either:
// the credential is refused, the API can't be reached or no longer knows the shop, or the database is unavailable.
func (c *creation) listBefore(ctx context.Context) (list fourthwall.WebhookList, before webhooksBefore, err error) {
	list, err = c.req.Shop.Webhooks(ctx) // all of them decide, so it may take as long as any call
	if api := fourthwall.AsError(err); api != nil && api.Status == http.StatusInternalServerError {
		list, err = c.req.Shop.Webhooks(ctx) // without it an unclear response may stay so for good
	}
	if api := fourthwall.AsError(err); err != nil && (api == nil || api.NotSent || api.ShopGone()) {
		return list, before, err
	}
	if err != nil {
		list = fourthwall.WebhookList{Incomplete: true, Err: err}
	}
	before = webhooksBefore{ids: make([]string, 0, len(list.Webhooks)), all: !list.Incomplete}
	for _, hook := range list.Webhooks {
		before.ids = append(before.ids, hook.ID)
	}
	if !before.all {
		c.logger.InfoContext(ctx, "webhooks could not all be listed before a create", "error", list.Err)
		if before, err = c.recentList(ctx, before); err != nil {
			return list, before, err
		}
	}
	// Without the list, an unclear response stays unconfirmed, and the result says so.
	return list, before, nil
}

// mayNotRead reports whether the connection may not read webhooks at all. Such a shop can never be listed, so its
// creates continue without a question, which would be the same each time.
func mayNotRead(err error) bool { return fourthwall.AsError(err).Forbidden() }

// recentList adds the webhooks that the shop's last create listed, if that was recent. Those that Hookwall created
// since are in its own records.
func (c *creation) recentList(ctx context.Context, before webhooksBefore) (webhooksBefore, error) {
	since := c.now().Add(-c.timing.RecentList)
	recent, err := c.store.RecentActivities(ctx, c.req.Shop.Shop(), activity.CreateWebhook, since, maxRecent)
	for _, a := range recent {
		if d, ok := activity.ReadDetail(a); ok && d.KnownAll && a.StartedAt.After(since) {
			return webhooksBefore{ids: append(before.ids, d.Known...), all: true}, err
		}
	}
	return before, err
}

func (c *creation) list(ctx context.Context) (fourthwall.WebhookList, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timing.List)
	defer cancel()
	return c.req.Shop.Webhooks(ctx)
}

// notThere looks for the new webhook if the response to the create names one that existed before, or that the API
// doesn't know. If there is none, the outcome isn't known.
func (c *creation) notThere(ctx context.Context, hook fourthwall.Webhook, why Reason) (Result, error) {
	c.logger.WarnContext(ctx, "a create returned another webhook than a new one", "webhook", hook.ID, "reason", why)
	row, err := c.store.Operation(ctx, c.req.Actor.Owner, c.req.Key)
	if err != nil {
		return Result{}, err
	}
	if found, finding := c.look(ctx, row, c.timing.ReLists); finding == Found {
		found.Secret = hook.Secret
		return c.created(ctx, found)
	}
	if why == ReturnedUnknown {
		c.keepSecret(ctx, hook) // the API may only be late, and nobody sends it again
	}
	rejection := Rejection{Reason: why, Status: http.StatusOK}
	return c.end(ctx, store.StateUnconfirmed, kept{Rejection: &rejection, Webhook: keep(hook)})
}

func (c *creation) isAsAsked(hook fourthwall.Webhook) bool {
	return AsAsked(hook.Content(), fourthwall.Content{}, c.want)
}

// readBack reads a new webhook, since a response alone doesn't show that it exists. It returns an error if the API
// doesn't know it. If it can't be read, the response counts.
func (c *creation) readBack(ctx context.Context, hook fourthwall.Webhook) (fourthwall.Webhook, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timing.List)
	defer cancel()
	now, err := c.req.Shop.Webhook(ctx, hook.ID)
	switch {
	case fourthwall.AsError(err).NotFound():
		return hook, err
	case err != nil:
		c.logger.WarnContext(ctx, "a new webhook could not be read", "webhook", hook.ID, "error", err)
		return hook, nil
	}
	now.Secret = hook.Secret
	return now, nil
}

// created records the new webhook, and its secret if the response has one. The result has the secret too, since it may
// not be kept, or not for long: it's deleted with its owner.
func (c *creation) created(ctx context.Context, hook fourthwall.Webhook) (Result, error) {
	if c.recorded.ID != "" && !c.isAsAsked(hook) {
		c.activity.RecordFound(ctx, c.recorded, hook.Content())
	}
	result, err := c.settle(ctx, store.StateDone, hook.ID, kept{Webhook: keep(hook)}, hook.Secret)
	if err == nil && result.Webhook.ID == hook.ID {
		result.Webhook.Secret = hook.Secret
	}
	return result, err
}

// keepSecret keeps the secret of a new webhook for a while. It returns false if the owner no longer exists.
func (c *creation) keepSecret(ctx context.Context, hook fourthwall.Webhook) bool {
	if hook.Secret == "" {
		return true
	}
	until := c.now().Add(c.timing.Secret)
	err := c.store.PutSecret(ctx, c.req.Actor.Owner, c.req.Shop.Shop(), hook.ID, hook.Secret.Reveal(), until)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		c.logger.ErrorContext(ctx, "the secret of a new webhook could not be kept", "error", err)
	}
	return !errors.Is(err, store.ErrNotFound)
}

// fail records a rejection, or finds out whether the webhook was created after all.
func (c *creation) fail(ctx context.Context, err error) (Result, error) {
	if errors.Is(err, shops.ErrReconnect) {
		c.logger.WarnContext(ctx, "create was not accepted", "error", err)
		return c.reject(ctx, Rejection{Status: http.StatusUnauthorized})
	}
	api := fourthwall.AsError(err)
	if api == nil {
		return Result{}, err
	}
	c.logger.WarnContext(ctx, "create was not accepted", "error", api)
	if !api.MayHaveWorked() {
		return c.reject(ctx, RejectionOf(api))
	}
	row, err := c.store.Operation(ctx, c.req.Actor.Owner, c.req.Key)
	if err != nil {
		return Result{}, err
	}
	hook, finding := c.look(ctx, row, c.reLists(row, api))
	switch {
	case finding == Found:
		return c.created(ctx, hook)
	case finding != NotFound && !api.DidNothing():
		api = api.AsUnverified()
	}
	rejection := RejectionOf(api)
	if !api.Uncertain() {
		return c.reject(ctx, rejection)
	}
	return c.end(ctx, store.StateUnconfirmed, kept{Rejection: &rejection})
}

// reLists returns the waits before each list that may show the new webhook.
func (c *creation) reLists(row store.Operation, api *fourthwall.Error) []time.Duration {
	switch {
	case !row.BeforeKnown:
		return nil // what is there tells nothing yet
	case !api.Uncertain():
		return []time.Duration{0}
	}
	return c.timing.ReLists
}

func (c *creation) reject(ctx context.Context, r Rejection) (Result, error) {
	return c.end(ctx, store.StateRejected, kept{Rejection: &r})
}

// end records an outcome other than a new webhook.
func (c *creation) end(ctx context.Context, state string, k kept) (Result, error) {
	return c.settle(ctx, state, "", k, "")
}

// settle records the outcome in the activity and in the operation, and the secret of a new webhook. If another attempt
// has recorded an outcome, that one counts.
func (c *creation) settle(
	ctx context.Context, state, webhookID string, k kept, secret fourthwall.Secret,
) (Result, error) {
	k.Activity = c.recorded.ID
	err := c.operation.settle(ctx, store.Settlement{
		Activity: c.recorded.ID, Ending: outcomeOfCreate(state, webhookID, k.Rejection), Secret: secret.Reveal(),
	}, state, webhookID, k)
	c.recorded = store.Activity{}
	switch {
	case errors.Is(err, store.ErrLeaseLost):
		return Result{}, err
	case err == nil && state == store.StateDone:
		return k.result(c.kind, state), nil
	}
	if final, err := c.stored(ctx); err == nil {
		return final, nil
	}
	return k.result(c.kind, state), nil
}

func outcomeOfCreate(state, webhookID string, r *Rejection) store.Ending {
	end := store.Ending{Outcome: store.OutcomeUnclear, WebhookID: webhookID}
	if r != nil {
		end.Status, end.Code, end.APIRequestID = r.Status, r.Code, r.RequestID
	}
	switch {
	case state == store.StateDone:
		end.Outcome, end.Status = store.OutcomeDone, http.StatusOK
	case state == store.StateRejected && r != nil && r.apiError().Rejected():
		end.Outcome = store.OutcomeRefused
	case state == store.StateRejected:
		end.Outcome = store.OutcomeFailed
	}
	return end
}

// closeEarlier records the outcomes of an operation's earlier attempts that were still unknown.
func (c *creation) closeEarlier(ctx context.Context, seen store.Operation, end store.Ending) error {
	open, err := c.openCreates(ctx, candidate{shop: seen.Shop}, seen.StartedAt)
	for _, a := range open {
		if d, _ := activity.ReadDetail(a); d.Operation == keyMark(c.req.Key) {
			c.activity.RecordOutcome(ctx, a, end)
		}
	}
	return err
}
