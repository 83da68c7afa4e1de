package handlers

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"hookwall/internal/activity"
	"hookwall/internal/deliver"
	"hookwall/internal/doctor"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

const testDeliveriesAtOnce = 2 // of one session

// testForm is a test delivery as it was typed.
type testForm struct {
	hook fourthwall.Webhook
	kind string
	body string

	bodyError *ui.FieldError
	banner    *ui.Notice
	result    *views.TestResult
}

// offered returns the event types to choose from: the webhook's, or all if it
// has none.
func (f testForm) offered() []fourthwall.EventType {
	if len(f.hook.AllowedTypes) > 0 {
		return f.hook.AllowedTypes
	}
	return typesOf(allTypes())
}

// secretToSign returns the secret that was entered or, without one, the one that
// came with the webhook, as long as that is kept.
func (s *server) secretToSign(
	r *http.Request, id string, entered fourthwall.Secret,
) (secret fourthwall.Secret, isKept bool, err error) {
	if entered != "" || id == "" {
		return entered, false, nil
	}
	conn := stateOf(r).conn
	kept, _, err := s.Store.Secret(r.Context(), conn.Owner, conn.ShopID, id)
	if errors.Is(err, store.ErrNotFound) {
		return "", false, nil
	}
	return fourthwall.Secret(kept), err == nil, err
}

// sendTest sends a test delivery, once. The result is nil if nothing was sent,
// because too many calls are under way.
func (s *server) sendTest(r *http.Request, f testForm, entered fourthwall.Secret) (*views.TestResult, error) {
	v := stateOf(r)
	secret, isKept, err := s.secretToSign(r, f.hook.ID, entered)
	if err != nil {
		return nil, err
	}
	release, ok := s.testDeliveries.acquire(v.self)
	if !ok {
		return nil, nil
	}
	defer release()
	request := doctor.Request{URL: f.hook.URL, Hints: targetHints(f.hook.URL), Body: []byte(f.body), Secret: secret}
	result, report := s.doctor.Deliver(r.Context(), request)
	logRefused(v, request, report)
	if report.Result == doctor.Skipped && result.Status == 0 {
		return nil, nil
	}
	s.recordCall(r.Context(), v, store.Activity{
		Action: activity.TestEndpoint, WebhookID: f.hook.ID, Outcome: outcomeOf(report.Result), Status: result.Status,
	}, calledWith(f.hook.URL, f.kind))
	out := testResult(f, result, report)
	out.Signed, out.Kept = secret != "", isKept
	return out, nil
}

// testResult compares a response with what Fourthwall expects.
func testResult(f testForm, result deliver.Result, report doctor.Report) *views.TestResult {
	out := &views.TestResult{
		At: report.Started, SentBytes: len(f.body), Took: result.Timing.Exchange,
		Status: result.Status, StatusText: http.StatusText(result.Status),
		Body: valid(string(result.Body)), Truncated: result.BodyTruncated,
	}
	if result.Status == 0 {
		out.Problem = report.Summary
	}
	for _, step := range report.Steps {
		out.Verdicts = append(out.Verdicts, stepView(step))
	}
	for _, name := range slices.Sorted(maps.Keys(result.Header)) {
		for _, value := range result.Header[name] {
			out.Headers = append(out.Headers, views.HeaderLine{Name: name, Value: valid(value)})
		}
	}
	return out
}
