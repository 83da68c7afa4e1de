package handlers

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hookwall/internal/doctor"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

const (
	verifies = "http://receiver.sandbox.example/verify"
	accepts  = "http://receiver.sandbox.example/ok"
)

// results are the results of a check's steps, by their first letters, in the
// order of the check. A finished one shows what failed first.
func (pg *page) results() string {
	byNumber := map[int]string{}
	walk(pg.doc, func(n *html.Node) {
		if n.Parent != nil && attr(n.Parent, "class") == "check-result" && strings.HasPrefix(attr(n, "class"), "mark") {
			number, err := strconv.Atoi(attr(n.Parent.Parent, "value"))
			if err != nil {
				number = len(byNumber) + 1
			}
			byNumber[number] = textOf(n)[:1]
		}
	})
	var out strings.Builder
	for _, number := range slices.Sorted(maps.Keys(byNumber)) {
		out.WriteString(byNumber[number])
	}
	return out.String()
}

// TestCheckFromAForm: nothing is sent before the person says so; the result
// comes with the page; the form waits as it was.
func TestCheckFromAForm(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, accepts, "ORDER_PLACED", "ORDER_UPDATED")
	edit := p.get(editPath(shop.ID, hook.ID)).form("/edit").set("url", verifies).set("allowedTypes", "ORDER_PLACED",
		"DONATION")
	for _, test := range []struct {
		name   string
		form   *form
		secret string
		types  []string
		want   string
		posts  int
	}{
		{"creating, with the secret", p.newForm(shop.ID, verifies, "DONATION", "ORDER_PLACED"), shop.WebhookSecret, []string{"DONATION", "ORDER_PLACED"}, "PPPPNPPPPP", 3},
		{"editing, without it", edit, "", []string{"ORDER_PLACED", "DONATION"}, "PPPPNPNPSS", 1},
		{"a wrong secret", p.newForm(shop.ID, verifies, "DONATION"), "not the shop's secret", []string{"DONATION"}, "PPPPNPFPSS", 1},
		{"an endpoint that does not verify", p.newForm(shop.ID, accepts, "DONATION"), shop.WebhookSecret, []string{"DONATION"}, "PPPPNPPPPN", 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(g.box.Receipts())
			start := test.form.press("do=examine").want(http.StatusOK, "Send up to 3 test deliveries")
			f := start.form(checksPath(shop.ID))
			if f.values.Get("url") != test.form.values.Get("url") || !slices.Equal(f.values["types"], test.types) ||
				f.values.Get("type") != test.types[0] {
				t.Errorf("the page asks about %v", f.values)
			}
			if n := len(g.box.Receipts()) - before; n != 0 {
				t.Fatalf("%d deliveries before the button was pressed", n)
			}
			pg := f.set("secret", test.secret).submit().want(http.StatusOK)
			if got := pg.results(); got != test.want {
				t.Errorf("the steps are %s, want %s: %s", got, test.want, pg.text())
			}
			received := g.box.Receipts()
			if n := len(received) - before; n != test.posts || received[0].Type != test.types[0] || !received[0].TestMode ||
				received[0].ShopID != shop.ID {
				t.Errorf("%d deliveries, want %d; the last: %+v", n, test.posts, received[0])
			}
			back := pg.link("Back to the form").want(http.StatusOK).form(strings.TrimPrefix(test.form.action, g.url))
			for _, name := range []string{"url", "allowedTypes"} {
				if !slices.Equal(slices.Sorted(slices.Values(back.values[name])),
					slices.Sorted(slices.Values(test.form.values[name]))) {
					t.Errorf("%s came back as %q", name, back.values[name])
				}
			}
			again := pg.link("Check again").want(http.StatusOK).form(checksPath(shop.ID))
			if again.values.Get("url") != f.values.Get("url") || again.values.Get("secret") != "" {
				t.Errorf("checking again asks about %v", again.values)
			}
		})
	}
	if logs := g.logs.String(); strings.Contains(logs, shop.WebhookSecret) ||
		strings.Contains(logs, "not the shop's secret") {
		t.Error("a secret is in the log")
	}
}

// TestCheckOfAWebhook starts on the webhook's page and returns there.
func TestCheckOfAWebhook(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, verifies, "ORDER_UPDATED", "OF_THE_FUTURE")
	f := p.get(webhookPath(shop.ID, hook.ID)).link("Check").want(http.StatusOK).form(checksPath(shop.ID))
	pg := f.set("type", "OF_THE_FUTURE").set("secret", " "+shop.WebhookSecret+"\n").submit().want(http.StatusOK)
	got := g.box.Receipts()
	if len(got) != 3 || got[2].Type != "OF_THE_FUTURE" || !got[2].Verified || !got[1].Verified || got[0].Verified ||
		got[2].EventID != got[1].EventID || !strings.Contains(got[2].Body, hook.ID) {
		t.Errorf("received %+v", got)
	}
	if back := pg.link("Back to the webhook"); back.url.Path != webhookPath(shop.ID, hook.ID) {
		t.Errorf("back to %s", back.url)
	}
}

// TestCheckRefuses shows each error at its field, with everything kept.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	for _, test := range []struct{ name, url, want string }{
		{"nothing", "", "Enter the URL"},
		{"another scheme", "wss://hooks.example.com", "This is a WebSocket URL"},
		{"hostile", `https://"><script>alert(1) </script>`, "no host name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			pg := p.post(checksPath(shop.ID),
				url.Values{
					"url": {test.url}, "type": {"DONATION"}, "types": {"DONATION", "ORDER_PLACED"},
					"secret": {"canary-secret"},
				}).want(http.StatusUnprocessableEntity, test.want)
			f := pg.form(checksPath(shop.ID))
			if f.values.Get("url") != test.url || f.values.Get("type") != "DONATION" || len(f.values["types"]) != 2 ||
				strings.Contains(pg.body, "canary-secret") {
				t.Errorf("the form is %v", f.values)
			}
		})
	}
	pg := p.post(checksPath(shop.ID), url.Values{"url": {"http://127.0.0.1:1/"}}).want(http.StatusOK)
	if got := pg.results(); got != "PFSSSSSSSS" {
		t.Errorf("an address that is never called: %s, %s", got, pg.text())
	}
}

// TestCheckContinues: the page responds immediately if a script follows the
// check, and only a few checks run at the same time.
func TestCheckContinues(t *testing.T) {
	t.Parallel()
	hold, arrived := make(chan struct{}), make(chan struct{}, 10)
	g := newRig(t, options{endpoint: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})})
	p := g.person()
	shop := p.connect(0)
	sent := url.Values{"url": {accepts}, "type": {"DONATION"}, "follow": {"1"}, "types": {"DONATION"}}
	first := p.post(checksPath(shop.ID), sent).want(http.StatusOK)
	<-arrived
	running := p.get(first.url.String()).want(http.StatusOK, "Refresh the progress")
	if got := running.results(); got != "PPPPNRWWWW" {
		t.Errorf("while it runs: %s", got)
	}
	p.post(checksPath(shop.ID), sent).want(http.StatusOK)
	busy := p.post(checksPath(shop.ID), sent).want(http.StatusTooManyRequests, "Two checks are running")
	if busy.header.Get("Retry-After") == "" || busy.form(checksPath(shop.ID)).values.Get("url") != accepts {
		t.Errorf("the form was not kept, or it is not said when to try again: %v", busy.header)
	}
	// Another session has its own checks, and sees none of these.
	other := g.person()
	other.connect(0)
	other.get(first.url.Path).want(http.StatusNotFound, "for one hour")
	other.get(first.url.Path + "/stream").want(http.StatusNotFound)

	stream, err := p.client.Do(p.request(http.MethodGet, first.url.Path+"/stream", nil))
	g.must(err)
	defer stream.Body.Close()
	close(hold)
	var events []string
	text := ""
	for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			events = append(events, name)
		}
		text += lines.Text() + "\n"
	}
	if stream.Header.Get("Content-Type") != "text/event-stream" || stream.Header.Get("Cache-Control") != "no-store" ||
		stream.Header.Get("X-Accel-Buffering") != "no" || len(events) < 2 || events[0] != "report" ||
		events[len(events)-1] != "done" {
		t.Errorf("%v, events %q", stream.Header, events)
	}
	if !strings.Contains(text, "doesn’t verify") || strings.Contains(text, "<html") {
		t.Errorf("the stream ends with %.300s", text)
	}
	p.get(first.url.Path).want(http.StatusOK, "Check again")
}

// TestCheckIsNotFollowedWithoutRights: a stream ends with the role, the session
// or the person that it was opened for, though the check continues.
// Checklist 47.
func TestCheckIsNotFollowedWithoutRights(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	defer close(hold)
	g := newRig(t, options{team: &team.Config{Groups: roleGroups}, endpoint: http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hold:
			case <-r.Context().Done():
			}
		})})
	admin := g.member(team.Admin)
	admin.connectKey(0)
	boss, err := g.server.Team.Person(t.Context(), admin.id())
	g.must(err)
	at := g.member(team.Operator).post(checksPath(g.box.Shops()[0].ID),
		url.Values{"url": {accepts}, "type": {"DONATION"}, "follow": {"1"}}).want(http.StatusOK).url.Path
	for name, end := range map[string]func(id string) error{
		"demoted": func(id string) error { return g.server.Team.SetRole(t.Context(), boss.Actor(), id, team.NoRole) },
		"removed": func(id string) error { return g.server.Team.Remove(t.Context(), boss.Actor(), id) },
		"the session ended": func(id string) error {
			return g.server.Team.EndSession(t.Context(), boss.Actor(), id, sessionsOf(g, id)[0])
		},
	} {
		p := g.known(name)
		g.must(g.server.Team.SetRole(t.Context(), boss.Actor(), p.id(), team.Viewer))
		stream, err := p.client.Do(p.request(http.MethodGet, at+"/stream", nil))
		g.must(err)
		if stream.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d", name, stream.StatusCode)
		}
		g.must(end(p.id()))
		text, err := io.ReadAll(stream.Body)
		g.must(err)
		_ = stream.Body.Close()
		if strings.Contains(string(text), "event: done") {
			t.Errorf("%s, but the check is followed to its end", name)
		}
	}
}

// TestCheckThatDied: a check whose process died is shown as interrupted, and
// blocks nobody.
func TestCheckThatDied(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	report, err := json.Marshal(keptCheck{
		Subject: checkForm{URL: accepts, Type: "DONATION"}, Report: doctor.Report{Steps: doctor.Plan()},
	})
	g.must(err)
	by := owner(p)
	check, err := g.store.BeginCheck(t.Context(), store.Check{Owner: by, Shop: shop.ID, Report: report}, 1)
	g.must(err)
	g.move(checkDead + 1)
	p.get(checkPath(shop.ID, check.ID)).want(http.StatusOK, "interrupted", "Check again")
	p.get(checkPath(shop.ID, "nothing")).want(http.StatusNotFound, "for one hour")
}

// TestTestDelivery sends exactly what is in the form, once.
func TestTestDelivery(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, verifies, "ORDER_UPDATED", "DONATION", "OF_THE_FUTURE")
	at := testPath(shop.ID, hook.ID)
	for _, test := range []struct {
		name, kind, body, secret string
		status                   int
		wants                    []string
		received                 *sandbox.Receipt
	}{
		{"a sample", "DONATION", "", shop.WebhookSecret, 200, []string{"The endpoint returned 200 OK", "Content-Length"}, &sandbox.Receipt{Type: "DONATION", TestMode: true, Verified: true, Status: 200}},
		{"of a type of the future", "OF_THE_FUTURE", "", shop.WebhookSecret, 200, []string{"200"}, &sandbox.Receipt{Type: "OF_THE_FUTURE", TestMode: true, Verified: true, Status: 200}},
		{"changed", "DONATION", "{\r\n  \"type\": \"DONATION\",\r\n  \"id\": \"ü\", \"shopId\": \"" + shop.ID + "\"\r\n}", shop.WebhookSecret, 200, []string{"200"}, &sandbox.Receipt{Type: "DONATION", EventID: "ü", Verified: true, Status: 200}},
		{"without a secret", "DONATION", "", "", 200, []string{"401", "probably verifies"}, &sandbox.Receipt{Type: "DONATION", TestMode: true, Status: 401}},
		{"no JSON", "DONATION", "{\n\n\"a\": }", shop.WebhookSecret, 422, []string{"no longer valid JSON", "line 3"}, nil},
		{"nothing", "DONATION", " \r\n", "", 422, []string{"The body is empty"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(g.box.Receipts())
			f := p.get(at + "?type=" + test.kind).want(http.StatusOK).postForm(at)
			if test.body != "" {
				f.set("body", test.body)
			}
			pg := f.set("secret", test.secret).submit().want(test.status, test.wants...)
			received := g.box.Receipts()
			if test.received == nil {
				if len(received) != before {
					t.Error("it was sent all the same")
				}
				return
			}
			if len(received) != before+1 {
				t.Fatalf("%d deliveries", len(received)-before)
			}
			got, want := received[0], *test.received
			if want.EventID == "" {
				want.EventID = got.EventID
			}
			sent := strings.ReplaceAll(f.values.Get("body"), "\r\n", "\n")
			if got.Type != want.Type || got.TestMode != want.TestMode || got.Verified != want.Verified ||
				got.Status != want.Status || got.EventID != want.EventID || got.Body != sent {
				t.Errorf("received %+v, want %+v", got, want)
			}
			if kept := pg.postForm(at); kept.values.Get("secret") != "" ||
				strings.ReplaceAll(kept.values.Get("body"), "\r\n", "\n") != sent || kept.values.Get("type") != test.kind {
				t.Errorf("the form is %v", kept.values)
			}
		})
	}
	if strings.Contains(g.logs.String(), shop.WebhookSecret) {
		t.Error("the secret is in the log")
	}
	p.get(testPath(shop.ID, "wcon_x")).want(http.StatusNotFound)
}

// TestEverySampleIsDelivered: all 29 event types have one.
func TestEverySampleIsDelivered(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	var all []string
	for _, kind := range catalogBadges() {
		all = append(all, kind.Code)
	}
	hook := g.add(shop, verifies, all...)
	for _, kind := range all {
		f := p.get(testPath(shop.ID, hook.ID) + "?type=" + kind).want(http.StatusOK).postForm("/test")
		f.set("secret", shop.WebhookSecret).submit().want(http.StatusOK)
		if got := g.box.Receipts()[0]; got.Type != kind || !got.Verified || !strings.Contains(got.Body, hook.ID) ||
			!strings.Contains(got.Body, shop.ID) {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

// TestHostileAnswer: a hostile response is shown as text, cut, and never as a
// page.
func TestHostileAnswer(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{endpoint: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Hostile", `<script>alert("header")</script>`)
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte("<script>alert('body')</script>\u202e" + strings.Repeat("x", 20<<10)))
	})})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, accepts, "DONATION")
	pg := p.get(testPath(shop.ID, hook.ID)).postForm("/test").submit().want(http.StatusOK, "418",
		`<script>alert('body')</script>`, `<script>alert("header")</script>`)
	if strings.Contains(pg.body, "<script>alert") || strings.Contains(pg.text(), "\u202e") ||
		strings.Count(pg.text(), "x") > 17<<10 {
		t.Errorf("the answer is drawn as it came")
	}
}

// TestCheckOfAFormAfterTheSession: a form is kept if its sender must sign in
// again before the check.
func TestCheckOfAFormAfterTheSession(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	at := p.newForm(shop.ID, accepts, "DONATION").press("do=examine").want(http.StatusOK, "Check an endpoint").url
	g.box.FailNext(sandbox.Failure{Path: tokenPath, Status: 400, Body: `{"error":"invalid_grant"}`})
	g.move(10 * time.Minute) // the token is over, the form is still kept
	p.get(webhooksPath(shop.ID)).want(http.StatusOK, "must be connected again")
	back := p.consent(p.get(at.String()).link("Connect with Fourthwall"), shop.ID, "allow").want(http.StatusOK,
		"Check an endpoint")
	if got := back.form(checksPath(shop.ID)).values.Get("url"); got != accepts {
		t.Errorf("the address is %q", got)
	}
	back.link("Back to the form").kept(accepts, "DONATION")
}

// TestTestDeliveryUnread: nothing is sent if the webhook cannot be read, and
// the form comes back as it was sent, without the secret.
func TestTestDeliveryUnread(t *testing.T) {
	const typed = "{\n\"typed\": true\n}"
	tests := []struct {
		name   string
		fail   sandbox.Failure
		status int
		retry  string
		texts  []string
	}{
		{"a fault", sandbox.Failure{Status: 500}, 502, "", []string{"Nothing was sent", "in a moment"}},
		{"no answer", sandbox.Failure{Cut: sandbox.CutBefore}, 502, "", []string{"Nothing was sent"}},
		{"busy", sandbox.Failure{Status: 429, Header: http.Header{"Retry-After": {"60"}}}, 503, "60", []string{"Nothing was sent", "in 60 seconds"}},
		{"no permission", sandbox.Failure{Status: 403, Code: "FORBIDDEN"}, 403, "", []string{"webhook_read", "Nothing was sent", "FORBIDDEN"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{budget: time.Second})
			p := g.person()
			shop := p.connect(0)
			hook := g.add(shop, accepts, "ORDER_PLACED", "DONATION")
			f := p.get(testPath(shop.ID, hook.ID)+"?type=DONATION").postForm("/test").set("body", typed).set("secret",
				"canary-secret")
			test.fail.Method, test.fail.Path, test.fail.Times = http.MethodGet, apiWebhooks+"/"+hook.ID, 9
			g.box.FailNext(test.fail)
			pg := f.submit().want(test.status, test.texts...)
			kept := pg.postForm("/test")
			if got := crlf.Replace(kept.values.Get("body")); got != crlf.Replace(typed) ||
				kept.values.Get("type") != "DONATION" || strings.Contains(pg.body, "canary-secret") {
				t.Errorf("the form came back as %v", kept.values)
			}
			if got := pg.header.Get("Retry-After"); got != test.retry || !has(pg.node("banner"), "autofocus") {
				t.Errorf("Retry-After is %q, or the notice has no focus", got)
			}
			if len(g.box.Receipts()) != 0 {
				t.Error("something was sent")
			}
		})
	}
}

// TestTestDeliveryAfterConnectingAgain: the form is still filled in after the
// person grants a permission.
func TestTestDeliveryAfterConnectingAgain(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, accepts, "DONATION")
	f := p.get(testPath(shop.ID, hook.ID)).postForm("/test").set("body", `{"typed":true}`).set("secret", "canary-secret")
	g.box.FailNext(sandbox.Failure{
		Method: http.MethodGet, Path: apiWebhooks + "/" + hook.ID, Status: 403, Code: "OPEN_API_FORBIDDEN",
	})
	back := p.consent(f.submit().link("Connect the shop again").link("Connect with Fourthwall"), shop.ID,
		"allow").want(http.StatusOK)
	if got := back.postForm("/test").values; got.Get("body") != `{"typed":true}` || got.Get("secret") != "" {
		t.Errorf("the form came back as %v", got)
	}
}

// TestTestDeliveryWithoutDatabase: the form comes back as it was sent, although
// it is unknown where the webhook's deliveries go.
func TestTestDeliveryWithoutDatabase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "h.db")
	g := newRig(t, options{file: file, limits: Limits{Writes: Rate{Burst: 9, Every: time.Second}}})
	p := g.person()
	shop := p.connect(0)
	f := p.get(testPath(shop.ID, g.add(shop, accepts, "DONATION").ID)).postForm("/test").set("body", `{"typed":true}`)
	g.must(os.Rename(file, file+".away"))
	pg := f.submit().want(http.StatusServiceUnavailable, unavailableTitle, "Your input is kept",
		"to this webhook’s URL")
	if got := pg.postForm("/test").values.Get("body"); got != `{"typed":true}` {
		t.Errorf("the body came back as %s", got)
	}
	g.must(os.Rename(file+".away", file))
	pg.postForm("/test").submit().want(http.StatusOK, "Response", "Send another")
}

// TestTestDeliveryWithoutASlot: if no slot is free for a test delivery, the
// page does not blame the endpoint, and everything typed is kept.
func TestTestDeliveryWithoutASlot(t *testing.T) {
	t.Parallel()
	hold, arrived := make(chan struct{}), make(chan struct{}, 9)
	g := newRig(t, options{endpoint: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})})
	var presses sync.WaitGroup
	for range 2 { // sessions, each with as many as it may have
		p := g.person()
		shop := p.connect(0)
		f := p.get(testPath(shop.ID, g.add(shop, accepts, "DONATION").ID)).postForm("/test")
		for range testDeliveriesAtOnce {
			presses.Go(func() { f.submit() })
			<-arrived
		}
	}
	p := g.person()
	shop := p.connect(0)
	f := p.get(testPath(shop.ID, g.add(shop, accepts, "DONATION").ID)).postForm("/test")
	pg := f.submit().want(http.StatusTooManyRequests, "Nothing was sent")
	if kept := pg.postForm("/test"); strings.ReplaceAll(kept.values.Get("body"), "\r\n",
		"\n") != strings.ReplaceAll(f.values.Get("body"), "\r\n", "\n") {
		t.Errorf("the body came back as %s", kept.values.Get("body"))
	}
	check := p.post(checksPath(shop.ID), url.Values{"url": {accepts}}).want(http.StatusOK, "The check is incomplete")
	if strings.Contains(check.text(), "Deliveries should work") {
		t.Error("a check that was not made judges the endpoint")
	}
	close(hold)
	presses.Wait()
}
