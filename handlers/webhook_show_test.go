package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
)

// TestHealthOfAWebhook: the page says only what was read, and what to do only
// where the last delivery failed.
func TestHealthOfAWebhook(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	one, two := g.add(shop, good, "DONATION"), g.add(shop, good+"/two", "DONATION")
	delivery := func(ago time.Duration, hook, state, reason string) map[string]any {
		body := `{"id":"weve_x","type":"DONATION","webhookId":"` + hook + `"}`
		fields := map[string]any{
			"id": fmt.Sprintf("weve_%s_%d", hook, ago/time.Second), "type": "DONATION", "state": state, "url": good,
			"createdAt": time.Now().UTC().Add(-ago).Format(time.RFC3339), "body": body,
		}
		if reason != "" {
			fields["error"] = reason
		}
		return fields
	}
	const minute, day = time.Minute, 24 * time.Hour
	for name, test := range map[string]struct {
		failure  sandbox.Failure
		events   []map[string]any
		wanted   []string
		unwanted []string
	}{
		"none": {wanted: []string{"No deliveries yet.", "No deliveries to show"}, unwanted: []string{"What happened", "Last 24 hours"}},
		"of another webhook": {
			events: []map[string]any{delivery(minute, two.ID, "DELIVERED", "")}, wanted: []string{"No deliveries yet."},
		},
		"accepted": {
			events: []map[string]any{
				delivery(minute, one.ID, "DELIVERED", ""), delivery(2*minute, two.ID, "FAILED", "x"),
				delivery(2*day, one.ID, "DELIVERED", ""),
			},
			wanted:   []string{"1 min ago was accepted. 1 in the last 24 hours, none failed.", "Last 2 deliveries", "Donation 1"},
			unwanted: []string{"What happened"},
		},
		"failed before": {
			events: []map[string]any{
				delivery(minute, one.ID, "DELIVERED", ""), delivery(2*minute, one.ID, "FAILED", "500 Internal Server Error"),
			},
			wanted: []string{"was accepted. 2 in the last 24 hours, 1 failed.", "1 accepted, 1 failed"}, unwanted: []string{"What happened"},
		},
		"failing": {
			events: []map[string]any{
				delivery(minute, one.ID, "FAILED", "404 Not Found"), delivery(2*minute, one.ID, "FAILED", "404 Not Found"),
				delivery(3*minute, one.ID, "DELIVERED", ""),
			},
			wanted: []string{
				"Failing since", "The last 2 deliveries failed. The one before was accepted.", "Fourthwall reports: 404 Not Found",
				"404 means that your server has nothing at this path.", "Compare the URL with the one in your tool.",
			},
			unwanted: []string{"failed for other reasons"},
		},
		"failing, without details": {
			events: []map[string]any{delivery(minute, one.ID, "RETRYING", "")},
			wanted: []string{"The last delivery failed.", "an error without details", "no reason that we know"},
		},
		"a state that isn't known": {
			events: []map[string]any{delivery(minute, one.ID, "TELEPORTED", "")},
			wanted: []string{"Not known Last delivery", "in the state TELEPORTED"}, unwanted: []string{"accepted."},
		},
		"not readable": {
			failure: sandbox.Failure{Method: http.MethodGet, Path: apiEvents, Status: 403, Code: "FORBIDDEN", Times: 9},
			wanted:  []string{"Not known"}, unwanted: []string{"No deliveries yet", "accepted"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.failure.Status == 0 {
				body, err := json.Marshal(map[string]any{"results": test.events, "total": len(test.events)})
				g.must(err)
				test.failure = sandbox.Failure{Method: http.MethodGet, Path: apiEvents, Status: 200, Body: string(body)}
			}
			g.box.FailNext(test.failure)
			pg := p.get(webhookPath(shop.ID, one.ID)).want(http.StatusOK, test.wanted...)
			g.box.ForgetFailures()
			for _, text := range test.unwanted {
				if strings.Contains(pg.text(), text) {
					t.Errorf("it says %q: %s", text, pg.text())
				}
			}
		})
	}
}

// TestKeptSecretSigns: as long as the secret of a new webhook is kept, the test
// of its page, the other test form and the check sign with it.
func TestKeptSecretSigns(t *testing.T) {
	t.Parallel()
	signed := make(chan bool, 9)
	var secret string
	g := newRig(t, options{endpoint: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		signed <- r.Header.Get("X-Fourthwall-Hmac-SHA256") == base64.StdEncoding.EncodeToString(mac.Sum(nil))
	})})
	p := g.person()
	shop := p.connect(0)
	g.must(g.box.Configure(shop.ID, sandbox.Switches{SecretInCreate: true}))
	made := p.newForm(shop.ID, accepts, "DONATION").submit().want(http.StatusOK, "Copy the signing secret into your tool")
	secret = shop.WebhookSecret
	at := made.url.Path
	result := made.form("/secret/test").submit().want(http.StatusOK, "The endpoint returned 200 OK", "Send another",
		"Signed with the webhook’s secret.", "I’ve saved it")
	if strings.Contains(result.body, secret) {
		t.Error("the page has the secret, which was not shown before")
	}
	shown := p.post(at+"/secret", nil).want(http.StatusOK, secret)
	shown.form("/secret/test").submit().want(http.StatusOK, secret, "The endpoint returned 200 OK")
	other := p.get(at+"/test").want(http.StatusOK, "we still keep the secret")
	other.postForm("/test").submit().want(http.StatusOK, "Signed with the webhook’s secret.")
	other.postForm("/test").set("secret", "of another shop").submit().
		want(http.StatusOK, "Signed with the secret that you entered.")
	p.get(at).form("/secret/stored").submit().want(http.StatusOK, "No deliveries yet.")
	made.form("/secret/test").submit().want(http.StatusOK, "The endpoint returned 200 OK")
	for i, want := range []bool{true, true, true, false, false} {
		if got := <-signed; got != want {
			t.Errorf("test %d is signed with the webhook's secret: %v", i, got)
		}
	}
}

// TestCreatorOfAWebhook: the page says who created a webhook here, and claims
// nothing of one that was created elsewhere.
func TestCreatorOfAWebhook(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	elsewhere := g.add(shop, good, "DONATION")
	p.get(webhookPath(shop.ID, elsewhere.ID)).want(http.StatusOK, "Created by Not created here, or over 400 days ago.")
	made := p.newForm(shop.ID, accepts, "DONATION").submit().want(http.StatusOK)
	who := g.recorded(shop, activity.CreateWebhook)[0].Actor
	made.want(http.StatusOK, "Created by "+who)
	made.link(who).want(http.StatusOK, "Activity", "Webhook created")
}
