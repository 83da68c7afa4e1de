package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

// kept is what the store keeps of an operation's result. The zero value is an operation that was given up before
// anything was sent, which anyone may begin again.
type kept struct {
	Webhook    *keptWebhook        `json:"webhook,omitempty"`
	Rejection  *Rejection          `json:"rejection,omitempty"`
	Duplicates []Duplicate         `json:"duplicates,omitempty"`
	Conflict   *fourthwall.Content `json:"conflict,omitempty"`
	Activity   string              `json:"activity,omitempty"` // ID of the recorded attempt
	Secret     string              `json:"secret,omitempty"`   // of a new webhook whose owner no longer exists
}

// keptWebhook is a webhook without its secret.
type keptWebhook struct {
	ID         string             `json:"id"`
	Content    fourthwall.Content `json:"content"`
	APIVersion string             `json:"apiVersion"`
}

func keep(hook fourthwall.Webhook) *keptWebhook {
	return &keptWebhook{hook.ID, hook.Content(), hook.APIVersion}
}

func (k *keptWebhook) webhook() fourthwall.Webhook {
	if k == nil {
		return fourthwall.Webhook{}
	}
	return fourthwall.Webhook{
		ID: k.ID, URL: k.Content.URL, AllowedTypes: k.Content.AllowedTypes, APIVersion: k.APIVersion,
	}
}

func (k kept) encode() ([]byte, error) {
	return json.Marshal(k) //nolint:gosec // the store seals it
}

// isGivenUp reports whether the operation ended without a result, before anything was sent.
func (k kept) isGivenUp() bool {
	return k.Webhook == nil && k.Rejection == nil && k.Duplicates == nil && k.Conflict == nil
}

func readKept(row store.Operation) (kept, error) {
	var k kept
	if len(row.Result) == 0 {
		return k, nil
	}
	err := json.Unmarshal(row.Result, &k)
	return k, err
}

// resultOf returns the stored state of an operation.
func resultOf(row store.Operation) (Result, kept, error) {
	k, err := readKept(row)
	result := k.result(row.Kind, row.State)
	result.CanConfirm = row.BeforeKnown && row.State != store.StateRejected
	return result, k, err
}

// otherContent returns the result if the key of an operation was used for something else.
func otherContent(row store.Operation) (Result, error) {
	result, _, err := resultOf(row)
	result.State, result.Of = OtherContent, result.State
	return result, err
}

// result returns the stored result of an operation of this kind and state, as the store names them.
func (k kept) result(kind, state string) Result {
	result := Result{Webhook: k.Webhook.webhook(), Rejection: k.Rejection, Duplicates: k.Duplicates, Conflict: k.Conflict}
	result.Webhook.Secret = fourthwall.Secret(k.Secret)
	if k.Rejection != nil {
		result.RetryAfter, result.Certain = k.Rejection.RetryAfter, k.Rejection.Certain
	}
	switch state {
	case store.StateDone:
		result.State = doneStates[kind]
	case store.StateRejected:
		result.State = Rejected
		switch {
		case k.Conflict != nil:
			result.State = Conflicting
		case k.Rejection != nil && k.Rejection.Reason == EarlierAbsent:
			result.State = Absent
		}
	case store.StateUnconfirmed:
		result.State = Unconfirmed
	}
	return result
}

var doneStates = map[string]State{store.KindCreate: Created, store.KindUpdate: Updated, store.KindDelete: Deleted}

// CreatedBy returns the webhook with this ID as the API returned it when the owner created it. It returns
// store.ErrNotFound if that was not in the last hour.
func (s *Service) CreatedBy(ctx context.Context, shop *shops.Client, id string) (fourthwall.Webhook, error) {
	row, err := s.store.CreatedOperation(ctx, shop.Owner(), shop.Shop(), id)
	if err != nil {
		return fourthwall.Webhook{}, err
	}
	k, err := readKept(row)
	return k.Webhook.webhook(), err
}

// RecordFound records in the newest activity of an action on a webhook that the API has something else now than it
// said. For a delete, that is the webhook.
func (s *Service) RecordFound(ctx context.Context, shop, action string, hook fourthwall.Webhook) {
	done, err := s.store.DoneActivities(ctx, shop, action, hook.ID)
	if err != nil {
		s.logger.WarnContext(ctx, "what was found after a change could not be recorded", "error", err)
	}
	if len(done) > 0 {
		s.activity.RecordFound(ctx, done[0], hook.Content())
	}
}

// Find returns the current result of the operation of a key, or store.ErrNotFound.
func (s *Service) Find(ctx context.Context, shop *shops.Client, key string) (Result, error) {
	row, err := s.store.Operation(ctx, shop.Owner(), key)
	if err != nil {
		return Result{}, err
	}
	result, _, err := resultOf(row)
	return result, err
}

// outcomeOf returns the outcome of a call for a connected shop.
func outcomeOf(err error) store.Ending {
	if errors.Is(err, shops.ErrReconnect) {
		return store.Ending{Outcome: store.OutcomeRefused, Status: http.StatusUnauthorized}
	}
	return activity.OutcomeOf(err)
}
