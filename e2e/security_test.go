package e2e

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
	"hookwall/views/ui"
)

// lure serves a page of somebody else's and returns its address under a host
// name: 127.0.0.1 is another site to the dashboard, localhost the same site and
// another origin. To the sandbox it is the other way round.
func lure(t *testing.T, host, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><title>Win a prize</title><h1>Win a prize</h1>%s", body)
	}))
	t.Cleanup(server.Close)
	return "http://" + host + ":" + portOf(server)
}

// sendingForm returns a form that sends itself once its page is loaded: one that
// is sent before would end the wait for that page.
func sendingForm(action string, fields url.Values) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<form id="f" method="post" action="%s">`, html.EscapeString(action))
	for name, values := range fields {
		for _, value := range values {
			fmt.Fprintf(&b, `<input type="hidden" name="%s" value="%s">`, html.EscapeString(name), html.EscapeString(value))
		}
	}
	b.WriteString(`</form><script>addEventListener('load', () => setTimeout(() => f.submit()))</script>`)
	return b.String()
}

// TestFormsOfOtherSites: a form that another page sends changes nothing, with
// the cookies of the same site or without them.
// Checklist 19.
func TestFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "localhost"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{})
			hook := v.app.add(0, accepts, "DONATION")
			shop, other := v.connectKey(0), v.app.shop(1)
			confirm := v.keepsChange(hook)
			forms := map[string]url.Values{
				listPath(shop):                      {"url": {good}, "allowedTypes": {"DONATION"}, "do": {"create"}},
				editPath(hook) + "/confirm":         {"draft": {confirm}, "do": {"save"}},
				deletePath(hook):                    {"do": {"delete"}},
				"/shops/" + shop.ID + "/checks":     {"url": {accepts}, "type": {"DONATION"}},
				testPath(hook):                      {"type": {"DONATION"}, "body": {"{}"}},
				signaturePath:                       {"body": {"{}"}, "signature": {"x"}, "secret": {"x"}},
				"/shops/" + shop.ID + "/disconnect": {},

				"/shops/" + shop.ID + "/disconnect/webhooks": {},
				"/sign-out":       {},
				"/connect/key":    {"username": {other.APIUser}, "password": {other.APIPassword}},
				"/oauth/implicit": {"access_token": {"theirs"}, "state": {"theirs"}},
			}
			for path, fields := range forms {
				v.Open(lure(t, host, sendingForm(v.app.url+path, fields)))
				v.WaitPath("^" + path + "$")
				v.heads("This isn’t allowed")
				v.reads("came from another site")
			}
			v.app.none(0, good)
			v.app.hasContent(hook, accepts, "DONATION")
			v.app.received(0)
			v.Open("/")
			v.at(listPath(shop))
		})
	}
}

// keepsChange brings a change of a webhook up to its review, and returns the ID
// of the draft.
func (v *visitor) keepsChange(w sandbox.Webhook) string {
	v.app.t.Helper()
	v.Open(editPath(w))
	v.Check(v.box(promotion))
	v.review()
	v.asksAbout(w)
	return v.Value(v.CSS("input[name=draft]"))
}

// TestConsentOfOtherSites: no page can click Allow for a person.
// Checklist 14.
func TestConsentOfOtherSites(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "localhost"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{})
			showConsent(v)
			at, err := url.Parse(v.PW.URL())
			v.Must(err)
			fields := at.Query()
			fields.Set("shop", v.app.shop(0).ID)
			fields.Set("decision", "allow")
			fields["grant"] = []string{"webhook_read", "webhook_write"}
			v.Open(lure(t, host, sendingForm(v.app.boxURL+at.Path, fields)))
			v.WaitPath("^" + at.Path + "$")
			v.heads("Rejected")
			v.Open("/")
			v.at("/connect")
		})
	}
}

// TestFrames: neither the dashboard nor the consent page can be shown in a
// frame of another page, where a person would not know what they click.
// Checklist 14.
func TestFrames(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	showConsent(v)
	v.ExpectProblem("frame|status of 404")
	for _, address := range []string{
		v.PW.URL(), v.app.boxURL, v.app.url + listPath(shop), v.app.url + "/connect",
		v.app.url + "/nowhere",
	} {
		v.Open(lure(t, "localhost", `<iframe src="`+html.EscapeString(address)+`"></iframe>`))
		frames := v.PW.Frames()
		if len(frames) != 2 {
			t.Fatalf("the page has %d frames, want 2", len(frames))
		}
		shown, err := frames[1].Content()
		v.Must(err)
		if strings.Contains(shown, "Hookwall") || strings.Contains(shown, shop.Name) {
			t.Errorf("%s is shown in a frame", address)
		}
	}
}

// hostile are texts that would do something if a page took them for more than
// text. The browser's own checks are the judge: a script that runs opens a
// dialog, one that the policy stops is reported.
var hostile = []string{
	`https://example.com/"><img src=x onerror=alert(1)>`,
	`https://example.com/</code></a></title><script>alert(1)</script>`,
	`javascript:alert(document.domain)`,
	`data:text/html,<script>alert(1)</script>`,
	`https://example.com/' onfocus='alert(1)' autofocus='`,
}

// hasNoTrap fails the test when the page has an element that only injected text
// can have made.
func (v *visitor) hasNoTrap() {
	v.app.t.Helper()
	traps := v.CSS(`img, iframe, object, embed, base, svg[onload], [onerror], [onfocus],
		script:not([src]), a[href^="javascript" i], a[href^="data" i]`)
	if n := v.Count(traps); n > 0 {
		v.app.t.Errorf("%s has %d elements that are not Hookwall's", v.Path(), n)
	}
}

// Checklist 24.
func TestHostileWebhooks(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.app.shop(1)
	types := []string{"DONATION", `"><svg onload=alert(1)>`, `<script>alert(2)</script>`}
	for _, address := range hostile {
		_, err := v.app.box.AddWebhook(shop.ID, address, types)
		v.app.must(err)
	}
	v.connectKey(1)
	v.reads(types[1:]...)
	for _, address := range hostile {
		v.reads(ui.HostAndPath(address))
	}
	v.hasNoTrap()
	for _, hook := range v.app.box.Webhooks(shop.ID) {
		v.status(v.Open(webhookPath(hook)), 200)
		v.reads(hook.URL)
		v.reads(hook.AllowedTypes...)
		v.hasNoTrap()
		v.status(v.Open(editPath(hook)), 200)
		v.Must(v.Expect(v.address()).ToHaveValue(hook.URL))
		v.hasNoTrap()
		v.status(v.Open(deletePath(hook)), 200)
		v.reads(hook.URL)
		v.hasNoTrap()
	}
	v.Open(v.app.boxURL)
	v.reads(hostile...)
	v.hasNoTrap()
}

// Checklist 25.
func TestHostileDeliveries(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	for i, text := range hostile {
		e := event(map[string]any{
			"id": text, "type": text, "state": text, "error": text, "url": text, "apiVersion": text,
			"body": text,
		})
		if i == 0 {
			body, err := json.Marshal(map[string]any{"id": text, "webhookId": text, "shopId": text})
			v.Must(err)
			e["body"] = string(body)
		}
		v.fileEvents(e)
		v.status(v.Open(eventsPath(shop)), 200)
		v.delivered(1)
		v.reads(text)
		v.hasNoTrap()
		body, err := json.Marshal(e)
		v.Must(err)
		v.app.box.FailNext(sandbox.Failure{Path: apiEvents + "/*", Status: 200, Body: string(body)})
		v.status(v.Open(eventsPath(shop)+"/"+url.PathEscape(text)+"?show=body"), 200)
		v.reads(text)
		v.hasNoTrap()
	}
}

func TestHostileInput(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	for _, text := range hostile {
		v.compose(shop, text, donation)
		v.app.failCreate(sandbox.Failure{Status: 400, Code: text})
		v.status(v.create(), 422)
		v.kept(text, donation)
		v.hasNoTrap()
		v.app.box.ForgetFailures()

		v.Open("/connect")
		v.Fill(v.Label("API username"), text)
		v.status(v.Submit(v.Role("button", "Connect with this key")), 422)
		v.Must(v.Expect(v.Label("API username")).ToHaveValue(text))
		v.hasNoTrap()
	}
}

func TestHostileAddresses(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	for _, text := range hostile {
		q := url.QueryEscape(text)
		for _, address := range []string{
			newPath(shop) + "?types=" + q + "&preset=" + q + "&draft=",
			newPath(shop) + "?draft=" + q,
			"/connect?return=" + q + "&shop=" + q + "&outcome=" + q + "&request=" + q,
			"/oauth/start?way=" + q + "&return=" + q,
			"/oauth/callback?error=" + q + "&error_description=" + q + "&state=" + q,
			"/oauth/callback?code=code" + q + "&state=" + q,
			"/oauth/implicit?error=" + q,
			"/oauth/implicit#error=" + q + "&state=" + q,
			"/" + url.PathEscape(text),
			listPath(shop) + "/" + url.PathEscape(text),
		} {
			v.Open(address)
			v.See(v.main())
			v.hasNoTrap()
			if strings.Contains(v.text(), "alert(") {
				t.Errorf("%s repeats what stands in its address", address)
			}
		}
	}
}

// TestHostileFilters: what an address asks a list for is only ever text.
func TestHostileFilters(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(2)
	for _, text := range hostile {
		q := url.QueryEscape(text)
		for _, address := range []string{
			listPath(shop) + "?q=" + q + "&type=" + q + "&sort=" + q,
			eventsPath(shop) + "?type=" + q + "&webhook=" + q + "&page=" + q,
			activityPath(shop) + "?webhook=" + q + "&action=" + q + "&outcome=" + q + "&before=" + q + "&after=" + q,
		} {
			v.Open(address)
			v.See(v.main())
			v.hasNoTrap()
		}
	}
}

// TestNoTokenInAddresses walks by all ways of signing in through the product.
// When a test ends, all that its browser asked for is searched for tokens and
// keys; this one makes sure that there was something to find.
// Checklist 4, 36.
func TestNoTokenInAddresses(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open("/connect")
	v.compose(v.signIn(0), good, donation)
	v.create()
	v.app.box.Advance(6 * time.Minute) // the token is renewed
	v.Open(listPath(v.app.shop(0)))
	v.reads(ui.HostAndPath(good))
	byCode := len(v.app.wire.tokens())
	v.openImplicit()
	v.Check(v.named("radio", "^"+v.app.shop(1).Name))
	v.Click(v.Role("button", "Allow"))
	v.connected(v.app.shop(1))
	v.Open("/shops")
	if all := len(v.app.wire.tokens()); byCode < 4 || all != byCode+1 {
		t.Errorf("%d tokens were seen of the code flow and %d in all, want 4 and 5", byCode, all)
	}
	if len(v.asks.list()) < 20 {
		t.Errorf("the browser asked for %d addresses only", len(v.asks.list()))
	}
	if len(v.asks.referers) == 0 || !strings.Contains(v.app.logs.String(), v.app.shop(0).ID) {
		t.Error("referers or log do not tell of the journey")
	}
}
