package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/doctor"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	checksAtOnce = 2 // of one session
	checkTime    = 30 * time.Second
	// checkDead is longer than any step takes. If nothing was written for so
	// long, the process died.
	checkDead = 30 * time.Second
	checkPoll = 200 * time.Millisecond
	// checkWaitsAtOnce is how many pages and streams of one session may wait
	// for checks at the same time. Each polls the database.
	checkWaitsAtOnce = 10
)

// checkForm is a request for a check: what to examine, and which page it came
// from.
type checkForm struct {
	URL     string   `json:"url"`
	AsTyped string   `json:"asTyped,omitempty"` // a URL that is checked as it is
	Type    string   `json:"type"`
	Types   []string `json:"types,omitempty"`   // to choose from; none: the catalog
	Form    string   `json:"form,omitempty"`    // draft of the form that waits
	Editing string   `json:"editing,omitempty"` // the webhook that this form edits
	Webhook string   `json:"webhook,omitempty"` // the webhook whose endpoint it is

	urlError *ui.FieldError
	banner   *ui.Notice
}

// back returns a link to the page that the check was started from.
func (f checkForm) back(shopID string) (href, text string) {
	switch {
	case f.Form != "" && f.Editing != "":
		return withDraft(editPath(shopID, f.Editing), f.Form), "Back to the form"
	case f.Form != "":
		return withDraft(newWebhookPath(shopID), f.Form), "Back to the form"
	case f.Webhook != "":
		return webhookPath(shopID, f.Webhook), "Back to the webhook"
	}
	return webhooksPath(shopID), "Back to the webhooks"
}

// keptCheck is the report of a check as it is stored.
type keptCheck struct {
	Subject checkForm     `json:"subject"`
	Report  doctor.Report `json:"report"`
}

// examine runs in the background and stores the report after each step.
func (s *server) examine(
	ctx context.Context, v *requestState, check store.Check, kept keptCheck, request doctor.Request,
) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	keep := func(report doctor.Report) {
		kept.Report = report
		encoded, err := json.Marshal(kept)
		if err == nil {
			err = s.Store.UpdateCheck(context.WithoutCancel(ctx), check.Owner, check.ID, encoded, report.Done)
		}
		if err != nil {
			v.log.Warn("the report of a check could not be kept", "error", err)
		}
	}
	report := s.doctor.Examine(ctx, request, func(report doctor.Report) {
		if !report.Done {
			keep(report)
		}
	})
	keep(report)
	logRefused(v, request, report)
	a := store.Activity{Action: activity.CheckEndpoint, Outcome: outcomeOf(report.Result)}
	s.recordCall(ctx, v, a, calledWith(request.URL, kept.Subject.Type))
}

// outcomeOf returns how an examination ended, for the activity.
func outcomeOf(result doctor.Result) string {
	switch result {
	case doctor.Failed:
		return store.OutcomeFailed
	case doctor.Skipped:
		return store.OutcomeUnclear
	}
	return store.OutcomeDone
}

func calledWith(address, kind string) fourthwall.Content {
	return fourthwall.Content{URL: address, AllowedTypes: []fourthwall.EventType{fourthwall.EventType(kind)}}
}

// logRefused logs a request to check a URL that Hookwall never calls.
func logRefused(v *requestState, request doctor.Request, report doctor.Report) {
	if report.Refused == "" {
		return
	}
	host := ""
	if u, err := url.Parse(request.URL); err == nil {
		host = u.Hostname()
	}
	v.log.Warn("address refused",
		"reason", report.Refused, "host", clip(host, maxLoggedHost), "shop", clip(v.conn.ShopID, maxLoggedShop))
}

// targetHints says what Fourthwall would probably reject in a URL.
func targetHints(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	var hints []string
	for _, likely := range webhooks.LikelyRejections(u) {
		hints = append(hints, likely.Text)
	}
	return hints
}

func (s *server) readCheck(r *http.Request, id string) (store.Check, keptCheck, error) {
	v := stateOf(r)
	var kept keptCheck
	check, err := s.Store.Check(r.Context(), v.owner, v.conn.ShopID, id)
	if errors.Is(err, store.ErrNotFound) {
		err = &httpError{
			Status: http.StatusNotFound, Public: checkGoneText, Err: err,
			Links: []ui.Link{{Href: webhooksPath(v.conn.ShopID), Text: "See the webhooks"}},
		}
	}
	if err == nil {
		err = json.Unmarshal(check.Report, &kept)
	}
	return check, kept, err
}

func (s *server) isOver(check store.Check) bool {
	return check.Done || s.isInterrupted(check)
}

func (s *server) isInterrupted(check store.Check) bool {
	return !check.Done && s.Now().Sub(check.UpdatedAt) > checkDead
}

func (s *server) reportView(check store.Check, report doctor.Report) views.CheckReport {
	out := views.CheckReport{Done: check.Done, Interrupted: s.isInterrupted(check)}
	for _, step := range report.Steps {
		out.Steps = append(out.Steps, stepView(step))
	}
	if check.Done {
		out.Kind, out.Summary, out.Text = resultKind(report.Result), report.Summary, report.Text()
	}
	return out
}

func resultKind(r doctor.Result) string {
	switch r {
	case doctor.Passed:
		return ui.Success
	case doctor.Failed:
		return ui.Failure
	case doctor.Skipped:
		return ui.Info
	}
	return ui.Warning
}

func stepView(step doctor.Step) ui.CheckStep {
	return ui.CheckStep{
		ID: step.ID, Title: step.Title, Result: string(step.Result), Seen: step.Seen, Do: step.Do, Took: step.Took,
	}
}
