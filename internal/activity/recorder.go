// Package activity records each attempt to change something in a shop: the actor, the state before and after, and the
// outcome.
//
// An attempt that calls the API is recorded before the call. So a process that dies in between leaves a pending
// activity, which is reconciled later. A change in the database alone is recorded in the same transaction.
package activity

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// Actions that are recorded.
const (
	CreateWebhook  = "webhook.create"
	UpdateWebhook  = "webhook.update"
	DeleteWebhook  = "webhook.delete"
	ConnectShop    = "shop.connect"
	DisconnectShop = "shop.disconnect"
	MoveShop       = "shop.move" // from a session of before the team
	LabelShop      = "shop.label"
	CutOff         = "shop.cut_off" // by the shop's owner
	EndConnection  = "shop.end"     // seen by Hookwall, not done by a person
	CheckEndpoint  = "endpoint.check"
	TestEndpoint   = "endpoint.test"

	// Of the team.
	SignIn        = "team.sign_in"
	SignOut       = "team.sign_out"
	EndSession    = "team.end_session"
	ChangeRole    = "team.role"
	RemovePerson  = "team.remove"
	ReadmitPerson = "team.readmit"

	ConnectChannel    = "channel.connect"
	ReplaceSecret     = "channel.secret"
	DisconnectChannel = "channel.disconnect"

	InviteOwner      = "team.invite"
	RevokeInvitation = "team.revoke"
	AcceptInvitation = "team.accept"

	MakeToken   = "token.make"
	RevokeToken = "token.revoke"

	MakePlan    = "plan.make"
	ApprovePlan = "plan.approve"
	ApplyPlan   = "plan.apply"
	StopPlan    = "plan.stop"
	ResumePlan  = "plan.resume"
	RetryPlan   = "plan.retry"
	EndPlan     = "plan.end"

	MakeTemplate   = "template.make"
	ChangeTemplate = "template.change"
	DeleteTemplate = "template.delete"
)

// OutsideShop are actions that change nothing in the shop.
func OutsideShop() []string { return []string{CheckEndpoint, TestEndpoint, LabelShop} }

// ByShopOwner is the Actor of a shop's owner, who has no account.
const ByShopOwner = "Shop’s owner"

// OfTeam is the Shop of an activity that belongs to the team and to no shop. No shop at Fourthwall has such an ID.
const OfTeam = "(team)"

// Actor is the person on whose behalf something is attempted.
type Actor struct {
	Owner     store.Owner
	Name      string               // words for the connection that is used
	Person    store.ActivityPerson // of the team; zero without one
	Session   string               // short mark of the session, or the name of the access token; "" without one
	RequestID string               // of the person's request; "" without one
}

// Recorder records attempts.
type Recorder struct {
	store   *store.Store
	recheck time.Duration
	logger  *slog.Logger
}

// NewRecorder returns a Recorder that stores its records in st. An attempt whose end isn't recorded is due for a
// recheck after the given time.
func NewRecorder(st *store.Store, recheck time.Duration, logger *slog.Logger) *Recorder {
	return &Recorder{store: st, recheck: recheck, logger: logger}
}

// Begin records an attempt. Of a, it needs the Shop, the Action and, if known, the WebhookID.
func (r *Recorder) Begin(ctx context.Context, actor Actor, a store.Activity, d Detail) (store.Activity, error) {
	a, err := r.Attempt(actor, a, d)
	if err != nil {
		return store.Activity{}, err
	}
	return r.store.BeginActivity(ctx, a)
}

// Attempt returns the activity of an attempt that is about to begin.
func (r *Recorder) Attempt(actor Actor, a store.Activity, d Detail) (store.Activity, error) {
	a, err := New(actor, a, d)
	a.RecheckGap = r.recheck
	return a, err
}

// New returns the activity with its actor and detail filled in.
func New(actor Actor, a store.Activity, d Detail) (store.Activity, error) {
	encoded, err := json.Marshal(d)
	a.Owner, a.Actor, a.Session, a.RequestID = actor.Owner, actor.Name, actor.Session, actor.RequestID
	a.Person = actor.Person
	a.Detail = encoded
	return a, err
}

// RecordOutcome records how an attempt ended, unless that is already known. It returns no error. An attempt whose end
// could not be recorded is reconciled later.
func (r *Recorder) RecordOutcome(ctx context.Context, a store.Activity, end store.Ending) {
	if end.Status == 0 { // an unclear answer stays on record
		end.Status, end.Code, end.APIRequestID = a.Status, a.Code, a.APIRequestID
	}
	err := r.store.RecordOutcome(ctx, a.ID, end)
	if err != nil && !errors.Is(err, store.ErrFinished) {
		r.logger.ErrorContext(ctx, "the outcome of an attempt could not be recorded", "activity", a.ID, "error", err)
	}
}

// RecordFound records what the API had after an attempt, if it isn't what was wanted. Like RecordOutcome, it returns no
// error.
func (r *Recorder) RecordFound(ctx context.Context, a store.Activity, found fourthwall.Content) {
	d, _ := ReadDetail(a)
	if d.Found = &found; d.After != nil && found.Equal(*d.After) {
		d.Found = nil
	}
	encoded, err := json.Marshal(d)
	if err == nil {
		a.Detail = encoded
		err = r.store.ReplaceDetail(ctx, a)
	}
	if err != nil {
		r.logger.ErrorContext(ctx, "what was found after an attempt could not be recorded", "activity", a.ID, "error", err)
	}
}

// OutcomeOf returns the outcome of a call that ended with err, nil for success.
func OutcomeOf(err error) store.Ending {
	if err == nil {
		return store.Ending{Outcome: store.OutcomeDone, Status: http.StatusOK}
	}
	api := fourthwall.AsError(err)
	if api == nil {
		return store.Ending{Outcome: store.OutcomeFailed}
	}
	end := store.Ending{
		Outcome: store.OutcomeFailed, Status: api.Status, Code: api.Code, APIRequestID: api.RequestID,
	}
	switch {
	case api.Uncertain():
		end.Outcome = store.OutcomeUnclear
	case api.Rejected():
		end.Outcome = store.OutcomeRefused
	}
	return end
}
