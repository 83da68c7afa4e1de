package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
)

func activityPath(shop sandbox.DemoShop) string { return "/shops/" + shop.ID + "/activity" }

// entries are the rows of the activity.
func (v *visitor) entries() playwright.Locator { return v.CSS(".log li") }

// attempted waits until the activity shows this many attempts.
func (v *visitor) attempted(n int) {
	v.app.t.Helper()
	v.Must(v.Expect(v.entries()).ToHaveCount(n))
}

const refusedAddress = "https://203.0.113.7/fw"

// TestActivityOfRefused: a rejected attempt is listed beside those that worked,
// with what was wanted and the response.
func TestActivityOfRefused(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	v.compose(shop, refusedAddress, donation)
	v.status(v.create(), 422)
	v.Fill(v.address(), good)
	v.status(v.create(), 200)
	v.Submit(v.Role("banner", "").GetByRole("link", named("Activity")))
	v.at(activityPath(shop))
	v.heads("Activity")
	v.attempted(3)
	made := v.app.onlyOne(0, good)
	for i, texts := range [][]string{
		{"Webhook created", good, "Donation", made.ID, "API key"},
		{"Creation rejected", "IP address not allowed", refusedAddress, "Donation", "API key"},
		{"Shop connected", shop.Name},
	} {
		for _, text := range texts {
			v.SeeText(v.entries().Nth(i), text)
		}
	}
	v.Click(v.entries().Nth(1).Locator("summary"))
	v.reads("WEBHOOK_URI_IP_NOT_ALLOWED", "400")

	v.filter(map[string]string{"Outcome": store.OutcomeRefused})
	v.attempted(1)
	v.filesActivity(shop)
	v.filter(map[string]string{"Outcome": "", "Action": "webhook.create"})
	v.attempted(2)
	v.Fill(v.Role("textbox", "Webhook ID"), made.ID)
	v.filter(nil)
	v.attempted(1)
	v.at(activityPath(shop) + "?webhook=" + made.ID + "&action=webhook.create")
	v.Click(v.entries().Locator("summary"))
	v.Submit(v.entries().GetByRole("link", playwright.LocatorGetByRoleOptions{Name: made.ID}))
	v.at(webhookPath(made))
}

// filesActivity fails the test unless the file has only the rejected create.
func (v *visitor) filesActivity(shop sandbox.DemoShop) {
	v.app.t.Helper()
	rows := v.file("activity-" + shop.ID + ".csv")
	if len(rows) != 2 {
		v.app.t.Fatalf("the file has %d rows, want 2: %q", len(rows), rows)
	}
	got := map[string]string{}
	for i, name := range rows[0] {
		got[name] = rows[1][i]
	}
	for _, name := range []string{"time", "who", "session", "request id", "request id of the API"} {
		if got[name] == "" {
			v.app.t.Errorf("the file does not tell the %s", name)
		}
		delete(got, name)
	}
	want := map[string]string{
		"action": "webhook.create", "outcome": "refused", "webhook": "", "url before": "", "url after": refusedAddress,
		"event types before": "", "event types after": "DONATION", "status": "400", "code": "WEBHOOK_URI_IP_NOT_ALLOWED",
		"Fourthwall has instead": "", "person": "", "email": "", "role": "",
		"labels added": "", "labels removed": "", "reason": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		v.app.t.Errorf("the file has (-want +got):\n%s", diff)
	}
}

// TestActivityOfAChange: the content before and after is side by side, and a
// deleted webhook has no link.
func TestActivityOfAChange(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	hook := v.app.add(0, good, "ORDER_PLACED")
	shop := v.connectKey(0)
	v.startsChange(hook)
	v.Fill(v.address(), good+"/2")
	v.review()
	v.status(v.Submit(v.Role("button", saveButton)), 200)
	v.Open(deletePath(hook))
	v.status(v.Submit(v.Role("button", "Delete webhook")), 200)
	v.Open(activityPath(shop))
	v.attempted(3)
	for i, texts := range [][]string{
		{"Webhook deleted", good + "/2", "Create again", hook.ID},
		{"Webhook updated", good, good + "/2", "Donation", hook.ID},
	} {
		for _, text := range texts {
			v.SeeText(v.entries().Nth(i), text)
		}
	}
}

// TestActivityPages: many attempts are split into pages, which new attempts do
// not shift.
func TestActivityPages(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	for range 52 {
		v.app.attempt(shop, store.OutcomeUnclear)
	}
	v.Open(activityPath(shop))
	v.attempted(50)
	v.reads("53 entries")
	v.Gone(v.Role("link", "Newer"))
	v.app.attempt(shop, store.OutcomeFailed)
	v.Submit(v.Role("link", "Older"))
	v.attempted(3)
	v.SeeText(v.entries().Last(), "Shop connected")
	v.Gone(v.Role("link", "Older"))
	v.Submit(v.Role("link", "Newer"))
	v.attempted(50)
	v.filter(map[string]string{"Outcome": store.OutcomeUnclear})
	v.reads("52 entries match") // until the script has replaced the link
	v.Submit(v.Role("link", "Older"))
	v.attempted(2)
	v.Must(v.Expect(v.Label("Outcome")).ToHaveValue(store.OutcomeUnclear))
}

// attempt records an attempt to create a webhook in a shop.
func (a *app) attempt(shop sandbox.DemoShop, outcome string) {
	a.t.Helper()
	begun, err := a.store.BeginActivity(a.t.Context(), store.Activity{
		Shop: shop.ID, Action: "webhook.create", Actor: "API key", Session: "s-1",
		Detail: []byte(`{"after":{"url":"` + good + `","types":["DONATION"]}}`),
	})
	a.must(err)
	if outcome != store.OutcomePending {
		a.must(a.store.RecordOutcome(a.t.Context(), begun.ID, store.Ending{Outcome: outcome, Status: 500}))
	}
}
