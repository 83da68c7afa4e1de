package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
)

// tryEvents reads deliveries. They have buyers' data, of which nothing goes on.
func (p *prober) tryEvents(ctx context.Context) {
	r, err := p.call(ctx, http.MethodGet, eventsPath+"?page=0&size=50", nil)
	if err != nil {
		p.notKnown(readsEvents, cause(err))
		return
	}
	p.judge(readsEvents, r.status == http.StatusOK && r.object != nil && r.object["results"] != nil, shape(r))
	all := r.results()
	if !r.isList() {
		p.notKnown(knownStates, shape(r))
		p.notKnown(bodyNamesHook, shape(r))
		return
	}
	if len(all) == 0 {
		p.notKnown(knownStates, "there was no delivery")
		p.notKnown(bodyNamesHook, "there was no delivery")
		return
	}
	states := map[string]bool{}
	unknown, named := 0, 0
	for _, event := range all {
		state, _ := event["state"].(string)
		if webhooks.StateOf(fourthwall.Event{State: state}) == webhooks.UnknownState {
			unknown++
		}
		if !isCode(state) {
			state = "another word"
		}
		states[state] = true
		var envelope struct {
			WebhookID string `json:"webhookId"`
		}
		body, _ := event["body"].(string)
		if json.Unmarshal([]byte(body), &envelope) == nil && envelope.WebhookID != "" {
			named++
		}
	}
	p.judge(knownStates, unknown == 0, strings.Join(slices.Sorted(maps.Keys(states)), ", "))
	p.judge(bodyNamesHook, named == len(all), fmt.Sprintf("in %d of %d", named, len(all)))
}

// shape says what form a list has.
func shape(r response) string {
	switch {
	case r.status != http.StatusOK:
		return r.summary()
	case r.array != nil:
		return "an array"
	case r.object != nil:
		return "an object" + fieldsOf(r.object)
	}
	return r.summary()
}

// fieldsOf lists the names of fields, as far as they look like names.
func fieldsOf(object map[string]any) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if len(name) <= 30 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" {
			names = append(names, name)
		}
	}
	if names == nil {
		return ""
	}
	return " with " + strings.Join(names, ", ")
}

func has(object map[string]any, fields ...string) bool {
	return !slices.ContainsFunc(fields, func(field string) bool { return object[field] == nil })
}

// cause says why a call has no response, without addresses.
func cause(err error) string {
	var failed failure
	switch {
	case errors.As(err, &failed):
		return failed.summary()
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, context.DeadlineExceeded):
		return "no response in time"
	}
	return "no response, or not a whole one"
}
