package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// Webhook is a webhook as a visit saw it. Its JSON is what the database keeps, sealed.
type Webhook struct {
	ID string `json:"id"`
	fourthwall.Content
}

// Change is what a visit found different in one webhook. Before is nil for a new one, After for one that is gone.
type Change struct {
	ID     string              `json:"id"`
	Before *fourthwall.Content `json:"before,omitempty"`
	After  *fourthwall.Content `json:"after,omitempty"`
}

// Webhooks returns the webhooks of an observation, in the API's order.
func Webhooks(o store.Observation) ([]Webhook, error) {
	if o.Webhooks == nil {
		return nil, nil
	}
	var hooks []Webhook
	err := json.Unmarshal(o.Webhooks, &hooks)
	return hooks, err
}

// Changes returns what a stored change says.
func Changes(c store.ObservationChange) ([]Change, error) {
	if c.Detail == nil {
		return nil, nil
	}
	var all []Change
	err := json.Unmarshal(c.Detail, &all)
	return all, err
}

// listed returns what to store of a shop's webhooks. If they are as they were, that is only that they were seen.
func (s *Service) listed(ctx context.Context, known store.Visited, list fourthwall.WebhookList) (*store.Listed, error) {
	hooks := make([]Webhook, len(list.Webhooks))
	var types []fourthwall.EventType
	for i, hook := range list.Webhooks {
		hooks[i] = Webhook{hook.ID, hook.Content()}
		types = append(types, hook.AllowedTypes...)
	}
	text, err := json.Marshal(normal(hooks, list.Incomplete))
	if err != nil {
		return nil, err
	}
	hash := s.store.Fingerprint(known.Owner, known.ID, text)
	if hash == known.Hash {
		return &store.Listed{Hash: hash}, nil
	}
	l := &store.Listed{
		Hash: hash, Count: max(len(hooks), list.Total), Cut: list.Incomplete, TypeCounts: typeCounts(list.Webhooks),
	}
	l.Types, l.UnknownTypes = Mask(types)
	if l.Webhooks, err = json.Marshal(hooks); err != nil {
		return nil, err
	}
	l.Change, err = s.change(ctx, known, hooks, list.Incomplete)
	return l, err
}

// normal returns webhooks so that those that mean the same are equal.
func normal(hooks []Webhook, cut bool) any {
	out := slices.Clone(hooks)
	for i := range out {
		out[i].AllowedTypes = fourthwall.TypeSet(out[i].AllowedTypes)
	}
	slices.SortFunc(out, func(a, b Webhook) int { return cmp.Compare(a.ID, b.ID) })
	return struct {
		Webhooks []Webhook
		Cut      bool
	}{out, cut}
}

// change returns what is different from the last time, nil if nothing is or nothing is known of it. Webhooks that are
// missing in a list that was cut aren't known to be gone.
func (s *Service) change(ctx context.Context, known store.Visited, now []Webhook, cut bool) ([]byte, error) {
	if known.Hash == "" {
		return nil, nil
	}
	last, err := s.store.Observation(ctx, known.Owner, known.ShopID)
	if errors.Is(err, store.ErrWrongKey) {
		return nil, nil // sealed with another key, or for another owner before the connection moved
	}
	if err != nil {
		return nil, err
	}
	before, err := Webhooks(last)
	if err != nil {
		return nil, err
	}
	all := compare(before, now, cut || last.Cut)
	if len(all) == 0 {
		return nil, nil
	}
	return json.Marshal(all)
}

// compare returns what is different. If a list was cut, a webhook that is in one of them alone says nothing.
func compare(before, after []Webhook, cut bool) (all []Change) {
	had := map[string]fourthwall.Content{}
	for _, hook := range before {
		had[hook.ID] = hook.Content
	}
	for _, hook := range after {
		was, known := had[hook.ID]
		delete(had, hook.ID)
		switch {
		case known && !was.Equal(hook.Content):
			all = append(all, Change{hook.ID, &was, &hook.Content})
		case !known && !cut:
			all = append(all, Change{hook.ID, nil, &hook.Content})
		}
	}
	for _, hook := range before {
		if was, gone := had[hook.ID]; gone && !cut {
			all = append(all, Change{hook.ID, &was, nil})
		}
	}
	return all
}
