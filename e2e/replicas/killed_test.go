package replicas

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookwall/e2e/process"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually polls until the condition holds.
func eventually(t testing.TB, what string, yes func() bool) {
	t.Helper()
	tick, limit := time.NewTicker(200*time.Millisecond), time.NewTimer(4*time.Minute)
	defer tick.Stop()
	defer limit.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("%s did not happen", what)
		}
	}
}

// TestKilledBetweenCallAndAnswer: the process dies after Fourthwall has
// created, changed or deleted a webhook and before it can know. The attempt is
// pending in the activity, and its outcome is found automatically. Nothing is
// done twice.
func TestKilledBetweenCallAndAnswer(t *testing.T) {
	t.Parallel()
	database := process.Database(t)
	box := process.Sandbox(t, t.TempDir())
	wall := process.Dashboard(t, box, database)
	c := process.NewClient(t)
	shop := func() process.Shop { return box.State().Shops[0] }
	was := shop()
	at := "/shops/" + was.ID
	c.ConnectKey(wall, was)

	const endpoint = "https://hooks.example.com/killed"
	create := url.Values{
		"do": {"create"}, "submission": {strings.Repeat("k", 43)}, "url": {endpoint}, "allowedTypes": {"DONATION"},
	}
	dieDuring := func(method, path string, form url.Values, tookEffect func(process.Shop) bool) {
		t.Helper()
		box.FailNext(process.Failure{Method: method, Path: "/open-api/v1.0/webhooks*", Delay: "1h"})
		hung := make(chan error, 1)
		go func() {
			_, err := c.Send(t.Context(), http.MethodPost, wall.URL+path, form)
			hung <- err
		}()
		eventually(t, method+" at the API", func() bool { return tookEffect(shop()) })
		wall.Kill()
		if err := <-hung; err == nil {
			t.Errorf("%s was answered, so nothing was killed in the middle", method)
		}
		// Until the failures are cleared, the outcome cannot be found.
		box.FailNext(process.Failure{Method: http.MethodGet, Path: "/open-api/v1.0/webhooks*", Status: 503, Times: 1000})
		wall.Restart()
	}
	csv := func(outcome string) string {
		t.Helper()
		return strings.ReplaceAll(c.Get(wall.URL+at+"/activity.csv?outcome="+outcome).Body, `"`, "")
	}
	outcomeIsFound := func(action string) {
		t.Helper()
		activity := wall.URL + at + "/activity"
		if page := c.Get(activity); !strings.Contains(page.Body, " pending</b>") {
			t.Errorf("%s does not show as pending", action)
		}
		if kept := csv("pending"); !strings.Contains(kept, action+",pending") {
			t.Errorf("%s is not kept as pending:\n%s", action, kept)
		}
		box.ForgetFailures()
		eventually(t, "finding the outcome of "+action, func() bool {
			return strings.Contains(csv("done"), action+",done")
		})
	}

	dieDuring(http.MethodPost, at+"/webhooks", create, func(s process.Shop) bool { return len(s.Webhooks) == 1 })
	outcomeIsFound("webhook.create")
	made := shop().Webhooks
	if page := c.Post(wall.URL+at+"/webhooks", create); len(made) != 1 || !strings.Contains(page.Body, made[0].ID) {
		t.Fatalf("the form that was sent again does not lead to the webhook: %v", made)
	}

	dieDuring(http.MethodDelete, at+"/webhooks/"+made[0].ID+"/delete", url.Values{"do": {"delete"}},
		func(s process.Shop) bool { return len(s.Webhooks) == 0 })
	outcomeIsFound("webhook.delete")
	done := csv("done")
	for _, want := range []string{"webhook.create,done", "webhook.delete,done", made[0].ID, endpoint} {
		if !strings.Contains(done, want) {
			t.Errorf("the activity lacks %q:\n%s", want, done)
		}
	}
	wall.Kill()
	nothingSecret(t, database, wall.Logs(), was.APIPassword, was.WebhookSecret)
}

// nothingSecret looks for secrets in the logs, and in the database's files
// where it has some.
func nothingSecret(t *testing.T, database, logs string, secrets ...string) {
	t.Helper()
	texts := map[string]string{"the logs": logs}
	if !process.OnPostgres() {
		files, err := filepath.Glob(database + "*")
		check(t, err)
		for _, name := range files {
			b, err := os.ReadFile(name)
			check(t, err)
			texts[filepath.Base(name)] = string(b)
		}
	}
	if (len(texts) < 2 && !process.OnPostgres()) || logs == "" {
		t.Errorf("nothing to look at: %d files, %d bytes of logs", len(texts)-1, len(logs))
	}
	for where, text := range texts {
		for i, secret := range secrets {
			if secret == "" || strings.Contains(text, secret) {
				t.Errorf("secret %d stands in %s", i, where)
			}
		}
	}
}
