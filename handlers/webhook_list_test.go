package handlers

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
)

// rows returns the texts of the rows of a list, in order.
func (pg *page) rows() (out []string) {
	walk(pg.doc, func(n *html.Node) {
		if n.DataAtom == atom.Li && strings.HasPrefix(attr(n, "class"), "row") {
			out = append(out, textOf(n))
		}
	})
	return out
}

// hooks returns the IDs of the webhooks of a list, in order.
func (pg *page) hooks() (out []string) {
	walk(pg.doc, func(n *html.Node) {
		if n.DataAtom == atom.H2 && n.FirstChild != nil && n.FirstChild.DataAtom == atom.A {
			out = append(out, path.Base(attr(n.FirstChild, "href")))
		}
	})
	return out
}

// row returns the only row of a list with this text, or of the webhook with this
// ID.
func (pg *page) row(text string) string {
	pg.p.t.Helper()
	if i := slices.Index(pg.hooks(), text); i >= 0 {
		return pg.rows()[i]
	}
	found := slices.DeleteFunc(pg.rows(), func(row string) bool { return !strings.Contains(row, text) })
	if len(found) != 1 {
		pg.p.t.Fatalf("%d rows with %q:\n%s", len(found), text, pg.text())
	}
	return found[0]
}

// records reads a file of a page.
func (pg *page) records() [][]string {
	pg.p.t.Helper()
	all, err := readCSV(pg.body)
	pg.p.must(err)
	return all
}

// readCSV reads a file with the byte order mark that Excel needs.
func readCSV(file string) ([][]string, error) {
	text, ok := strings.CutPrefix(file, "\ufeff")
	if !ok {
		return nil, errors.New("the byte order mark is missing")
	}
	return csv.NewReader(strings.NewReader(text)).ReadAll()
}

func TestListFilter(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	a := g.add(shop, "https://Beta.example.com/one", "DONATION")
	b := g.add(shop, "https://alpha.example.com/two", "ORDER_PLACED", "DONATION", "livestream & more")
	c := g.add(shop, "https://gamma.example.com/three?x=%ff", "ORDER_PLACED", "GIFT_PURCHASE")
	names := map[string]string{a.ID: "a", b.ID: "b", c.ID: "c"}
	tests := []struct {
		query string
		want  string // in order
	}{
		{"", "bac"},
		{"?sort=listed", "abc"},
		{"?q=ALPHA", "b"},
		{"?q=beta", "a"},
		{"?q=example.com", "bac"},
		{"?q=%20gamma%20", "c"},
		{"?q=donat", "ba"},
		{"?q=gift+purchase", "c"},
		{"?q=livestream", "b"},
		{"?q=" + a.ID, "a"},
		{"?q=nothing-like-it", ""},
		{"?type=ORDER_PLACED", "bc"},
		{"?type=livestream+%26+more", "b"},
		{"?type=order_placed", ""},
		{"?type=MADE_UP", ""},
		{"?type=ORDER_PLACED&q=three", "c"},
		{"?sort=url", "bac"},
		{"?sort=types", "bca"},
		{"?sort=made-up", "bac"},
		{"?sort=url&type=DONATION", "ba"},
		{"?q=%ff%fe", ""},
		{"?q=" + strings.Repeat("%c3%a4", 400), ""},
	}
	for _, test := range tests {
		t.Run(clip(test.query, 40), func(t *testing.T) {
			g.move(time.Minute)
			pg := p.get(webhooksPath(shop.ID)+test.query).want(http.StatusOK, "3 webhooks")
			if !utf8.ValidString(pg.body) {
				t.Error("the page is not UTF-8")
			}
			got := ""
			for _, id := range pg.hooks() {
				got += names[id]
			}
			if got != test.want {
				t.Errorf("shows %q, want %q", got, test.want)
			}
			q, _ := url.ParseQuery(strings.TrimPrefix(test.query, "?"))
			says := "No webhooks match"
			if test.want != "" {
				says = fmt.Sprintf("%d of 3 webhooks shown", len(test.want))
			}
			if filtered := q.Has("q") || q.Has("type"); filtered != strings.Contains(pg.text(), says) {
				t.Errorf("says %q: %v", says, !filtered)
			}
			if field := pg.node("q"); attr(field, "value") != strings.TrimSpace(bounded(q.Get("q"), 500)) {
				t.Errorf("the field holds %q", attr(field, "value"))
			}
			// The file has the same webhooks, in the same order.
			got = ""
			for _, record := range p.get(webhooksPath(shop.ID) + ".csv" + test.query).want(http.StatusOK).records()[1:] {
				got += names[record[0]]
			}
			if got != test.want {
				t.Errorf("the file has %q, want %q", got, test.want)
			}
		})
	}
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	g.add(shop, good, "DONATION", "ORDER_PLACED", "LIVESTREAM_STARTED")
	g.add(shop, good+"/2", "ORDER_PLACED", "ORDER_UPDATED")
	pg := p.get(webhooksPath(shop.ID)+"?q=nothing").want(http.StatusOK, "2 webhooks", "3 of 29 event types",
		"26 event types not covered")
	var missing string
	walk(pg.doc, func(n *html.Node) {
		if n.DataAtom == atom.Dl {
			missing += textOf(n)
		}
	})
	for _, info := range allTypes() {
		covered := slices.Contains([]string{"DONATION", "ORDER_PLACED", "ORDER_UPDATED"}, info)
		title := badge(fourthwall.EventType(info)).Title
		if regexp.MustCompile(`(^| )`+regexp.QuoteMeta(title)+`(,| [A-Z]|$)`).MatchString(missing) == covered {
			t.Errorf("%s is covered: %v; not covered are %s", title, covered, missing)
		}
	}
}

// TestCSV: cells that a spreadsheet would evaluate are text.
func TestCSV(t *testing.T) {
	t.Parallel()
	tests := []struct{ cell, want string }{
		{"plain", "plain"},
		{"", ""},
		{"=1+1", "'=1+1"},
		{"+1", "'+1"},
		{"-1", "'-1"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"\tx", "'\tx"},
		{"\rx", "'\rx"},
		{" =1", "' =1"},
		{"\u00a0=1", "'\u00a0=1"},
		{"\n=1", "'\n=1"},
		{"a\tb", "'a\tb"},
		{"|cmd", "'|cmd"},
		{"%00", "'%00"},
		{"a=b", "a=b"},
		{`say "hi", you`, `say "hi", you`},
		{"ä;ö", "ä;ö"},
		{"x;=1+1;y", "x;'=1+1;y"},
		{"=1;;\u3000@x", "'=1;;'\u3000@x"},
		{"\ufeff=1", "'\ufeff=1"},
		{"\u200b\v+1", "'\u200b\v+1"},
		{"＝1", "'＝1"},
		{`"=1`, `'"=1`},
	}
	for _, test := range tests {
		if got := formulaSafe(test.cell); got != test.want {
			t.Errorf("%q became %q, want %q", test.cell, got, test.want)
		}
	}
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, `=HYPERLINK("https://evil.example","x, y")`, "-2+3", "DONATION", `@a"b`)
	pg := p.get(webhooksPath(shop.ID) + ".csv").want(http.StatusOK)
	want := [][]string{
		{"id", "url", "event types", "number of event types", "api version", "name"},
		{hook.ID, `'=HYPERLINK("https://evil.example","x, y")`, `'-2+3 DONATION @a"b`, "3", "V1", ""},
	}
	if diff := cmp.Diff(want, pg.records()); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/csv; charset=utf-8; header=present", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Disposition": "attachment; filename=webhooks-" + shop.ID + ".csv",
	} {
		if got := pg.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestListUnread: what the list says if the API does not return it.
func TestListUnread(t *testing.T) {
	t.Parallel()
	after := http.Header{"Retry-After": {"60"}}
	tests := []struct {
		name   string
		fail   sandbox.Failure
		status int
		texts  []string
		csv    int
		retry  string
	}{
		{"not allowed", sandbox.Failure{Status: 403, Code: "OPEN_API_FORBIDDEN"}, 200, []string{"webhook_read", "Connect the shop again", "Create webhook"}, 403, ""},
		{"busy", sandbox.Failure{Status: 429, Header: after}, 503, []string{"busy"}, 503, "60"},
		{"a fault", sandbox.Failure{Status: 500}, 502, []string{"didn’t respond as expected"}, 502, ""},
		{"not found", sandbox.Failure{Status: 404, Code: "WEBHOOK_CONFIGURATION_NOT_FOUND"}, 502, []string{"FOURTHWALL_API_URL"}, 404, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			g.add(shop, good, "DONATION")
			test.fail.Path, test.fail.Times = apiWebhooks, 2
			g.box.FailNext(test.fail)
			pg := p.get(webhooksPath(shop.ID)).want(test.status, test.texts...)
			if strings.Contains(pg.text(), good) || pg.header.Get("Retry-After") != test.retry {
				t.Errorf("Retry-After %q:\n%s", pg.header.Get("Retry-After"), pg.text())
			}
			file := p.get(webhooksPath(shop.ID) + ".csv").want(test.csv)
			if strings.Contains(file.header.Get("Content-Type"), "csv") ||
				(test.csv == 403) != strings.Contains(file.text(), "Connect the shop again") {
				t.Errorf("%v\n%s", file.header, file.text())
			}
		})
	}
}

// TestThousandWebhooks: a large shop is listed in full, within a few calls.
func TestThousandWebhooks(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	var last sandbox.Webhook
	for i := range 1000 {
		last = g.add(shop, fmt.Sprintf("https://hooks.example.com/%04d", i), "DONATION", "ORDER_PLACED")
	}
	for _, test := range []struct {
		name   string
		of     sandbox.Switches
		atMost int
	}{
		{"as asked for", sandbox.Switches{}, 10},
		{"20 on a page, whatever is asked for", sandbox.Switches{IgnoreSize: true}, 50},
		{"no size may be asked for", sandbox.Switches{RefuseSize: true, PageSize: 100}, 11},
	} {
		t.Run(test.name, func(*testing.T) {
			g.must(g.box.Configure(shop.ID, test.of))
			g.move(time.Minute) // another quota
			g.calls.forget()
			pg := p.get(webhooksPath(shop.ID)+"?page=20").want(http.StatusOK, "1,000 webhooks", "951–1,000 of 1,000")
			rows := pg.rows()
			if len(rows) != listPageSize || !strings.Contains(rows[0], "/0950") || !strings.Contains(rows[49], "/0999") {
				t.Errorf("%d rows", len(rows))
			}
			lists := slices.DeleteFunc(g.calls.of(http.MethodGet), func(c apiCall) bool { return c.path != apiWebhooks })
			if len(lists) > test.atMost {
				t.Errorf("%d calls", len(lists))
			}
		})
	}
	g.must(g.box.Configure(shop.ID, sandbox.Switches{}))
	g.move(time.Minute)
	p.get(webhooksPath(shop.ID)+"?q=/0999").want(http.StatusOK, "1 of 1,000 webhooks shown")
	for _, id := range []string{last.ID, "wcon_of_nobody"} { // whose actions are open
		shows := map[bool]string{true: "951–1,000 of 1,000", false: "1–50 of 1,000"}[id == last.ID]
		pg := p.get(webhooksPath(shop.ID)+"?open="+id).want(http.StatusOK, shows)
		if pg.byID("row-49") == "" == (id == last.ID) {
			t.Errorf("the last row is open: %t", id != last.ID)
		}
	}
	if records := p.get(webhooksPath(shop.ID) + ".csv").records(); len(records) != 1001 {
		t.Errorf("%d records", len(records))
	}
}

// fire triggers one event of each type, one after the other, and waits for
// their first attempts.
func (g *rig) fire(shop sandbox.DemoShop, test bool, types ...string) {
	g.t.Helper()
	for _, kind := range types {
		_, err := g.box.Fire(shop.ID, kind, test)
		g.must(err)
	}
	g.must(g.box.AwaitDeliveries(g.t.Context()))
}

const (
	receives = "https://receiver.sandbox.example/ok"
	refuses  = "https://receiver.sandbox.example/fail"
)

// TestHealth: the list shows the results of the last deliveries, and no more.
func TestHealth(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	well := g.add(shop, receives+"?well", "DONATION")
	ill := g.add(shop, refuses, "DONATION", "ORDER_PLACED")
	idle := g.add(shop, receives+"?idle", "GIFT_PURCHASE")
	g.fire(shop, false, "DONATION", "DONATION", "ORDER_PLACED")
	g.fire(shop, true, "DONATION")
	pg := p.get(webhooksPath(shop.ID)).want(http.StatusOK)
	tests := []struct {
		id    string
		texts []string
		not   []string
	}{
		{well.ID, []string{"OK", "2 accepted"}, []string{"failed", "RETRYING"}},
		{ill.ID, []string{"Failing", "3 of 3 failed", "Only 200 counts"}, []string{"accepted"}},
		{idle.ID, []string{"No deliveries yet"}, []string{"failed", "DELIVERED"}},
	}
	for _, test := range tests {
		row := pg.row(test.id)
		for _, text := range test.texts {
			if !strings.Contains(row, text) {
				t.Errorf("lacks %q: %s", text, row)
			}
		}
		for _, text := range append(test.not, "received") {
			if strings.Contains(row, text) {
				t.Errorf("has %q: %s", text, row)
			}
		}
	}
	if order := pg.hooks(); !slices.Equal(order, []string{ill.ID, idle.ID, well.ID}) {
		t.Errorf("trouble isn't first: %q", order)
	}
	if records := p.get(webhooksPath(shop.ID) + ".csv").records(); records[1][0] != ill.ID {
		t.Errorf("first of the file is %v", records[1])
	}
	log := p.get(eventsHref(shop.ID, ill.ID)).want(http.StatusOK, "4 of 7 deliveries match.")
	if strings.Contains(log.text(), "DELIVERED") {
		t.Error("deliveries of another webhook are shown")
	}
}

// event is an event as the API returns it.
func event(id, kind, state, body, address, more string) string {
	return fmt.Sprintf(`{"id":%q,"type":%q,"apiVersion":"V1","createdAt":"2026-11-01T10:00:00Z",`+
		`"updatedAt":"2026-11-01T10:00:05Z","body":%q,"testMode":false,"state":%q,"url":%q%s}`,
		id, kind, body, state, address, more)
}

// eventsAPI responds in place of the sandbox's deliveries.
func eventsAPI(answer string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /open-api/v1.0/webhook-events", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(answer))
	})
	return mux
}

// TestHealthOfSharedAddress: a delivery that could belong to several webhooks
// counts for none of them.
func TestHealthOfSharedAddress(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	one := g.add(shop, good, "DONATION")
	two := g.add(shop, "HTTPS://hooks.example.com:443/fourthwall", "DONATION")
	alone := g.add(shop, good+"/alone", "DONATION")
	named := fmt.Sprintf(`{"type":"DONATION","webhookId":%q}`, one.ID)
	g.calls.set(nil, eventsAPI("["+strings.Join([]string{
		event("weve_1", "DONATION", "SOME_STATE", `{}`, good, `,"error":"Timeout"`),
		event("weve_2", "DONATION", "SOME_STATE", `not json`, good, ``),
		event("weve_3", "DONATION", "odd state <b>", named, good, `,"error":""`),
		event("weve_4", "DONATION", "ANOTHER", `{}`, good+"/alone", `,"error":null`),
		event("weve_5", "DONATION", "ANOTHER", `{}`, good+"/unknown", `,"error":"x"`),
		event("weve_6", "DONATION", "ANOTHER", `{"webhookId":"wcon_gone"}`, good+"/alone", `,"error":"x"`),
	}, ",")+"]"))
	pg := p.get(webhooksPath(shop.ID)).want(http.StatusOK)
	for id, texts := range map[string][]string{
		one.ID:   {"1 of 1 failed", "Shares its URL with another webhook"},
		two.ID:   {"Shares its URL with another webhook"},
		alone.ID: {"1 delivery", "1 ANOTHER"},
	} {
		for _, text := range texts {
			if row := pg.row(id); !strings.Contains(row, text) || strings.Contains(row, "SOME_STATE") ||
				strings.Contains(row, "None of the shop") {
				t.Errorf("lacks %q: %s", text, row)
			}
		}
	}
	log := p.get(eventsHref(shop.ID, two.ID)).want(http.StatusOK,
		"shared URL", "2 of 6 deliveries match.")
	if strings.Contains(log.text(), "odd state") {
		t.Error("a delivery that names another webhook is shown")
	}
}

// TestListWithoutHealth: the list does not wait for the deliveries.
func TestListWithoutHealth(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		fail sandbox.Failure
		text string
	}{
		{"not allowed", sandbox.Failure{Status: 403, Code: "OPEN_API_FORBIDDEN"}, "permission webhook_read is missing"},
		{"a fault", sandbox.Failure{Status: 500}, "didn’t return any deliveries"},
		{"nonsense", sandbox.Failure{Status: 200, Body: "<html>"}, "didn’t return any deliveries"},
		{"too slow", sandbox.Failure{Delay: time.Minute}, "took too long to respond"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, options{})
			p := g.person()
			shop := p.connect(0)
			hook := g.add(shop, good, "DONATION")
			test.fail.Path = "/open-api/v1.0/webhook-events"
			g.box.FailNext(test.fail)
			start := time.Now()
			pg := p.get(webhooksPath(shop.ID)).want(http.StatusOK, "hooks.example.com/fourthwall", test.text)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if row := pg.row(hook.ID); strings.Contains(row, "deliver") || strings.Contains(row, "failed") {
				t.Errorf("says %s", row)
			}
		})
	}
}

// TestFilterSurvivesSignIn: a bookmarked filter is kept across a sign-in.
func TestFilterSurvivesSignIn(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := g.box.Shops()[2]
	for _, to := range []string{
		webhooksPath(shop.ID) + "?q=orders&sort=url&type=ORDER_PLACED",
		eventsPath(shop.ID) + "?page=2&type=DONATION&webhook=wcon_x",
		activityPath(shop.ID) + "?action=shop.connect&outcome=done&webhook=wcon_x",
	} {
		p.signOut()
		pg := p.get(to).want(http.StatusOK, "Connect")
		back := p.consent(pg.link("Connect with Fourthwall"), shop.ID, "allow").want(http.StatusOK)
		if got := back.url.RequestURI(); got != to {
			t.Errorf("at %s, want %s", got, to)
		}
	}
	if got, want := g.server.returnPath(eventPath(shop.ID, "weve_x")+"?show=body"),
		eventPath(shop.ID, "weve_x"); got != want {
		t.Errorf("after signing in, a body is shown: %s", got)
	}
}
