package e2e

import (
	"net/http"
	"regexp"
	"testing"

	"hookwall/e2e/browser"
	"hookwall/internal/sandbox"
)

// hasFocus fails the test unless the document's active element has this id.
func (v *visitor) hasFocus(id string) {
	v.app.t.Helper()
	v.HasFocus(v.CSS("#" + id))
	if got := v.Eval("() => document.activeElement.id"); got != id {
		v.app.t.Errorf("the focus is on %q, want %q", got, id)
	}
}

// TestRefusals: each rejection by the API is shown beside the URL field, which has
// the focus; everything typed and ticked is kept, and a corrected form works.
func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, address, code, cure string }{
		{
			"an IP number", "https://203.0.113.7/fw",
			"WEBHOOK_URI_IP_NOT_ALLOWED", "Use a domain name that points to this server",
		},
		{"a port", "https://hooks.example.com:8443/fw", "WEBHOOK_URI_PORT_NOT_ALLOWED", "standard HTTPS port (443)"},
		{"a domain", "https://shop.fourthwall.com/fw", "WEBHOOK_URI_UNALLOWED_DOMAIN", "Use your tool’s webhook URL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{})
			v.compose(v.connectKey(0), test.address, donation, promotion)
			v.status(v.create(), 422)
			v.hasFocus("url")
			v.Must(v.Expect(v.address()).ToHaveAttribute("aria-invalid", "true"))
			v.Must(v.Expect(v.address()).ToHaveAccessibleDescription(regexp.MustCompile(regexp.QuoteMeta(test.cure))))
			v.reads(test.cure, test.code)
			v.kept(test.address, donation, promotion)
			v.counts(donation, promotion)
			v.app.none(0, test.address)

			v.Fill(v.address(), good)
			v.status(v.create(), 200)
			v.app.hasTypes(v.app.onlyOne(0, good), "DONATION", "PROMOTION_CREATED")
		})
	}
}

// TestEnterSendsTheForm: Enter in the URL field triggers the main action, not
// the first button that is drawn.
func TestEnterSendsTheForm(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.compose(v.connectKey(0), "https://203.0.113.7/fw", donation)
	v.Must(v.address().Focus())
	v.status(v.Navigate(func() { v.Press("Enter") }), 422)
	v.reads("WEBHOOK_URI_IP_NOT_ALLOWED")
	v.kept("https://203.0.113.7/fw", donation)
}

func TestSeveralErrors(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.Open(newPath(v.connectKey(0)))
	v.status(v.create(), 422)
	v.heads("Create webhook")
	summary := v.Role("group", "2 things to fix")
	v.HasFocus(summary)
	v.hasFocus("summary")
	url := "Enter the URL that Fourthwall should send events to"
	types := "Select at least one event type"
	v.SeeText(summary, url)
	v.SeeText(summary, types)
	v.Must(v.Expect(v.address()).ToHaveAccessibleDescription(regexp.MustCompile(url)))
	v.Must(v.Expect(v.Role("group", "Event types")).ToHaveAccessibleDescription(regexp.MustCompile(types)))
	v.Click(v.named("link", "^"+url))
	v.hasFocus("url")
	v.Click(v.named("link", "^"+types))
	v.hasFocus("types")
	if asked := v.app.box.Requests(); len(asked) > 0 && asked[len(asked)-1].Method == http.MethodPost {
		t.Errorf("Fourthwall was asked: %v", asked[len(asked)-1])
	}
}

func TestOneLocalError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, address string
		ticks         []string
		text, focus   string
	}{
		{"no address", "", []string{donation}, "Enter the URL", "url"},
		{"another scheme", "ftp://hooks.example.com/", []string{donation}, "the URL of a file server", "url"},
		{"no host", "https:///fw", []string{donation}, "has no host name", "url"},
		{"stray characters", "https://hooks example.com/", []string{donation}, "has a space inside", "url"},
		{"no event type", good, nil, "Select at least one event type", "types"},
	}
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	for _, test := range tests {
		v.compose(shop, test.address, test.ticks...)
		if status := v.create(); status != 422 {
			t.Errorf("%s: status %d, want 422", test.name, status)
		}
		v.hasFocus(test.focus)
		v.reads(test.text)
		v.kept(test.address, test.ticks...)
	}
}

// TestBanner: a rejection that belongs to no field is shown above the form,
// with the code and the request ID. Everything typed is kept.
func TestBanner(t *testing.T) {
	t.Parallel()
	id := http.Header{"X-Request-Id": {"req-from-fourthwall"}}
	wait := http.Header{"X-Request-Id": {"req-from-fourthwall"}, "Retry-After": {"60"}}
	tests := []struct {
		name    string
		failure sandbox.Failure
		status  int
		texts   []string
	}{
		{
			"an unknown code",
			sandbox.Failure{Status: 400, Code: "WEBHOOK_MOON_PHASE", Header: id},
			422,
			[]string{"refused to create this webhook", "WEBHOOK_MOON_PHASE"},
		},
		{"busy", sandbox.Failure{Status: 503, Header: wait}, 503, []string{"Fourthwall is busy", "60 seconds"}},
		{
			"too many requests",
			sandbox.Failure{Status: 429, Code: "OPEN_API_TOO_MANY_REQUESTS", Header: wait},
			503,
			[]string{"Fourthwall is busy", "OPEN_API_TOO_MANY_REQUESTS"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := meet(t, browser.Options{})
			v.compose(v.connectKey(0), good, donation, promotion)
			v.app.failCreate(test.failure)
			v.status(v.create(), test.status)
			v.reads(append(test.texts, "req-from-fourthwall", "Nothing was created")...)
			v.hasFocus("banner")
			v.kept(good, donation, promotion)
			v.app.none(0, good)
			v.status(v.create(), 200)
			v.app.onlyOne(0, good)
		})
	}
}

func TestFourthwallIsDown(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.connectKey(0)
	v.compose(shop, good, donation)
	v.app.fall()
	v.status(v.create(), 502)
	v.reads("We couldn’t reach Fourthwall", "Nothing was created")
	v.hasFocus("banner")
	v.kept(good, donation)
	list := v.tab()
	list.status(list.Open(listPath(shop)), 502)
	list.reads("Fourthwall didn’t respond as expected")
	list.See(list.Role("link", "Create webhook"))

	v.app.rise()
	v.status(v.create(), 200)
	v.app.onlyOne(0, good)
}

// TestMissingPermission: a person who did not allow something is told what is
// missing, can allow it, and comes back to the form.
func TestMissingPermission(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	shop := v.app.shop(0)
	v.connectWithout("webhook_write")
	v.compose(shop, good, donation, promotion)
	v.status(v.create(), 403)
	v.reads("can’t create webhooks", "webhook_write")
	v.hasFocus("banner")
	v.kept(good, donation, promotion)

	v.Submit(v.Role("link", "Connect the shop again"))
	v.reads("We kept your form")
	v.signIn(0)
	v.kept(good, donation, promotion)
	v.status(v.create(), 200)
	v.app.onlyOne(0, good)
}

// connectWithout connects the first demo shop without one permission.
func (v *visitor) connectWithout(scope string) {
	v.app.t.Helper()
	v.Open("/connect")
	v.Submit(v.Role("link", codeLink))
	v.Click(v.Text("Change the permissions"))
	v.Uncheck(v.named("checkbox", scope))
	v.allow(0)
}

func TestCreatingWithoutReading(t *testing.T) {
	t.Parallel()
	v := meet(t, browser.Options{})
	v.connectWithout("webhook_read")
	v.reads("can’t read webhooks", "webhook_read")
	v.Submit(v.Role("link", "Create webhook"))
	v.Fill(v.address(), good)
	v.Check(v.box(donation))
	v.status(v.create(), 200)
	v.reads("Webhook created.")
	v.reads(v.app.onlyOne(0, good).ID, good, donation, "permission webhook_read is missing")
}
