package views

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// triState is what the buttons "All" say, by the part they are for.
func triState(d doc) map[string][2]string {
	out := map[string][2]string{}
	for _, b := range d.all(func(n *html.Node) bool { return hasClass(n, "tri") }) {
		out[text(b)] = [2]string{attr(b, "aria-pressed"), attr(b, "value")}
	}
	return out
}

func TestAllSaysHowManyAreTicked(t *testing.T) {
	rows := []struct {
		ticked             []string
		every, orders, app [2]string
	}{
		{nil, [2]string{"false", "all"}, [2]string{"false", "group:orders:all"}, [2]string{"false", "group:app:all"}},
		{[]string{"DONATION"}, [2]string{"mixed", "all"}, [2]string{"mixed", "group:orders:all"}, [2]string{"false", "group:app:all"}},
		{[]string{"DONATION", "ORDER_PLACED"}, [2]string{"mixed", "all"}, [2]string{"true", "group:orders:off"}, [2]string{"false", "group:app:all"}},
		{[]string{"DONATION", "ORDER_PLACED", "PLATFORM_APP_DISCONNECTED", "OF THE \"FUTURE\""}, [2]string{"true", "off"}, [2]string{"true", "group:orders:off"}, [2]string{"true", "group:app:off"}},
	}
	for _, row := range rows {
		got := triState(render(t, WebhookForm(formPage(row.ticked...))))
		for part, want := range map[string][2]string{"All of the event types": row.every, "All of Orders and tips": row.orders, "All of App": row.app} {
			if got[part] != want {
				t.Errorf("%q ticked, %s: got %q, want %q", row.ticked, part, got[part], want)
			}
		}
	}
}

// TestAllKeepsTheFocus: what the button sends changes with its state, and the
// focus comes back to it all the same.
func TestAllKeepsTheFocus(t *testing.T) {
	rows := []struct {
		pressed string
		ticked  []string
		want    string // value of the focused button
	}{
		{"group:app:all", []string{"PLATFORM_APP_DISCONNECTED"}, "group:app:off"},
		{"group:app:off", nil, "group:app:all"},
		{"group:app:none", nil, "group:app:none"},
		{"all", []string{"DONATION", "ORDER_PLACED", "PLATFORM_APP_DISCONNECTED", "OF THE \"FUTURE\""}, "off"},
		{"off", nil, "all"},
	}
	for _, row := range rows {
		p := formPage(row.ticked...)
		p.Focus, p.Picker.CanUndo = "do:"+row.pressed, true
		focused := render(t, WebhookForm(p)).all(func(n *html.Node) bool { return has(n, "autofocus") })
		if len(focused) != 1 || attr(focused[0], "value") != row.want {
			t.Errorf("%s: %d elements want the focus, the first sends %q", row.pressed, len(focused), attr(focused[0], "value"))
		}
	}
}

// TestSampleBesideTheForm: each type that has a sample leads to it, in a new
// tab, past the label that ticks the box.
func TestSampleBesideTheForm(t *testing.T) {
	p := formPage()
	for i := range p.Picker.Groups[:2] {
		for j := range p.Picker.Groups[i].Types {
			p.Picker.Groups[i].Types[j].SampleHref = "/samples/" + p.Picker.Groups[i].Types[j].Code
		}
	}
	d := render(t, WebhookForm(p))
	d.check()
	inLabel := []*html.Node{}
	for _, l := range d.tags("label") {
		inLabel = append(inLabel, within(l, func(n *html.Node) bool { return n.Data == "a" })...)
	}
	if len(inLabel) > 0 {
		t.Errorf("%d links stand in a label", len(inLabel))
	}
	got := map[string]string{}
	for _, a := range d.all(func(n *html.Node) bool { return hasClass(n, "sample") }) {
		got[text(a)] = attr(a, "href")
		if attr(a, "target") != "_blank" || attr(a, "rel") != "noopener" {
			t.Errorf("%s: target %q, rel %q", text(a), attr(a, "target"), attr(a, "rel"))
		}
	}
	want := map[string]string{"Order placed": "ORDER_PLACED", "Donation": "DONATION", "App disconnected": "PLATFORM_APP_DISCONNECTED"}
	for title, code := range want {
		if name := "Sample of " + title + ", opens in a new tab"; got[name] != "/samples/"+code {
			t.Errorf("%s leads to %q", name, got[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d samples, want %d", len(got), len(want))
	}
}

func TestSamplePage(t *testing.T) {
	f := frame()
	f.Shop = nil
	d := render(t, Sample(SamplePage{
		Frame: f, Type: EventBadge{Code: "DONATION", Title: "Donation"}, Description: "Someone sent a tip.", Body: "{\n  \"type\": \"DONATION\"\n}", SignHref: "/tools/signature#snippets",
		Others: []SampleGroup{{Title: "Orders", Types: []SampleLink{{EventBadge{Code: "DONATION", Title: "Donation"}, "/samples/DONATION"}, {EventBadge{Code: "ORDER_PLACED", Title: "Order placed"}, "/samples/ORDER_PLACED"}}}},
	}))
	d.check()
	if got := d.tags("pre"); len(got) != 1 || strings.TrimSpace(text(got[0])) != `{ "type": "DONATION" }` {
		t.Errorf("the page shows %d texts", len(got))
	}
	current := d.all(func(n *html.Node) bool {
		return attr(n, "aria-current") == "page" && strings.HasPrefix(attr(n, "href"), "/samples/")
	})
	if len(current) != 1 || attr(current[0], "href") != "/samples/DONATION" {
		t.Errorf("%d links are current", len(current))
	}
}

func TestGuide(t *testing.T) {
	rows := []struct {
		created, delivered bool
		heading            string
		done               []string
	}{
		{false, false, "First steps in the sandbox", []string{"Connect a shop (done)"}},
		{true, false, "First steps in the sandbox", []string{"Connect a shop (done)", "Create a webhook (done)"}},
		{false, true, "First steps in the sandbox", []string{"Connect a shop (done)", "Let something happen (done)"}},
		{true, true, "You have seen all of it work", []string{"Connect a shop (done)", "Create a webhook (done)", "Let something happen (done)"}},
	}
	for _, row := range rows {
		d := render(t, Webhooks(WebhooksPage{Frame: frame(), CreateHref: "/new", Guide: &Guide{
			Created: row.created, Delivered: row.delivered, Example: "https://receiver.example/ok", FireHref: "http://127.0.0.1:8081/#sh_1", HideAction: "/guide/hide", Return: "/shops/sh_1/webhooks",
		}}))
		d.check()
		if got := text(d.byID("guide")); got != row.heading {
			t.Errorf("%+v: heading %q", row, got)
		}
		var done []string
		for _, li := range d.all(func(n *html.Node) bool { return n.Data == "li" && hasClass(n, "done") }) {
			done = append(done, text(within(li, func(n *html.Node) bool { return n.Data == "h3" })[0]))
		}
		if !slices.Equal(done, row.done) {
			t.Errorf("done are %q, want %q", done, row.done)
		}
		hide := d.all(func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/guide/hide" })
		if len(hide) != 1 || posted(hide[0]).Get("return") != "/shops/sh_1/webhooks" {
			t.Errorf("%d ways to hide it", len(hide))
		}
	}
	if render(t, Webhooks(WebhooksPage{Frame: frame()})).byID("guide") != nil {
		t.Error("the steps show where there are none")
	}
}
