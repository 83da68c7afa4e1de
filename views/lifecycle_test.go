package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

var (
	donation = EventBadge{Code: "DONATION", Title: "Donation"}
	placed   = EventBadge{Code: "ORDER_PLACED", Title: "Order placed"}
	future   = EventBadge{Code: "SHIPMENT_LOST", Unknown: true}
	noon     = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

const longURL = "https://a.example/"

// shopFrame is frame with the pages that a shop has besides its webhooks.
func shopFrame(path string) Frame {
	f := frame()
	f.Path, f.EventsHref, f.ActivityHref = path, "/shops/sh_1/events", "/shops/sh_1/activity"
	return f
}

// formTo is the form that goes to action.
func (d doc) formTo(action string) *html.Node {
	d.t.Helper()
	found := d.all(func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == action })
	if len(found) != 1 {
		d.t.Fatalf("%d forms to %s", len(found), action)
	}
	return found[0]
}

// choice is what a select would send.
func (d doc) choice(id string) string {
	d.t.Helper()
	options := within(d.byID(id), func(n *html.Node) bool { return n.Data == "option" })
	chosen := slices.DeleteFunc(slices.Clone(options), func(n *html.Node) bool { return !has(n, "selected") })
	if len(chosen) != 1 {
		d.t.Fatalf("%d of the options of %s are chosen", len(chosen), id)
	}
	return attr(chosen[0], "value")
}

func (d doc) linksTo(href string) []*html.Node {
	return d.all(func(n *html.Node) bool { return n.Data == "a" && attr(n, "href") == href })
}

// says wants each of some texts on the page, and none of others.
func (d doc) says(wanted, unwanted []string) {
	d.t.Helper()
	for _, w := range wanted {
		if !strings.Contains(d.text(), w) {
			d.t.Errorf("page lacks %q", w)
		}
	}
	for _, u := range unwanted {
		if strings.Contains(d.text(), u) {
			d.t.Errorf("page has %q", u)
		}
	}
}

func values(nodes []*html.Node) (all []string) {
	for _, n := range nodes {
		all = append(all, attr(n, "value"))
	}
	return all
}

func TestNavigationOfAShop(t *testing.T) {
	rows := []struct{ path, current, kind string }{
		{"/shops/sh_1/webhooks", "Webhooks", "page"},
		{"/shops/sh_1/webhooks/w/edit", "Webhooks", "true"},
		{"/shops/sh_1/checks/new", "Webhooks", "true"},
		{"/shops/sh_1/events", "Deliveries", "page"},
		{"/shops/sh_1/events/e", "Deliveries", "true"},
		{"/shops/sh_1/activity", "Activity", "page"},
		{"/shops", "Shops", "page"},
	}
	for _, row := range rows {
		d := render(t, Error(ErrorPage{Frame: shopFrame(row.path)}))
		for _, nav := range d.all(func(n *html.Node) bool { return n.Data == "nav" && attr(n, "aria-label") == "Main" }) {
			links := within(nav, func(n *html.Node) bool { return n.Data == "a" })
			var names []string
			for _, a := range links {
				names = append(names, text(a))
				if current := attr(a, "aria-current"); (text(a) == row.current) != (current != "") || current != "" && current != row.kind {
					t.Errorf("%s: link %q has aria-current %q", row.path, text(a), current)
				}
			}
			if want := []string{"Webhooks", "Deliveries", "Activity", "Shops"}; !slices.Equal(names, want) {
				t.Errorf("%s: links %q, want %q", row.path, names, want)
			}
		}
	}
}

func listPage(change func(*WebhooksPage)) WebhooksPage {
	p := WebhooksPage{
		Frame: shopFrame("/shops/sh_1/webhooks"), CreateHref: "/new", ListHref: "/list", CSVHref: "/list.csv?q=x",
		Total: 3, Covered: 1, CatalogueSize: 2, NotCovered: []EventGroup{{Title: "Orders", Types: []EventLine{{EventBadge: placed}}}},
		TypeChoices: []EventBadge{donation, placed}, SortChoices: []Choice{{"", "As listed"}, {"url", "By address"}},
		Webhooks: []WebhookRow{{ID: "w1", URL: "https://a.example", Href: "/w1", Types: []EventBadge{donation}}},
	}
	change(&p)
	return p
}

func TestListStates(t *testing.T) {
	const nothing, noneFits = "No webhooks yet", "No webhook fits"
	rows := []struct {
		name     string
		change   func(*WebhooksPage)
		filter   bool
		csv      int
		wanted   []string
		unwanted []string
	}{
		{"all", func(*WebhooksPage) {}, true, 1, []string{"3 webhooks · 1 of 2 event types reach someone", "1 event type reaches nobody Orders Order placed"}, []string{"shown", "Show all", nothing}},
		{"filtered", func(p *WebhooksPage) { p.Query = "a" }, true, 1, []string{"1 of 3 webhooks shown", "Show all"}, []string{nothing, noneFits}},
		{"nothing found", func(p *WebhooksPage) { p.Type, p.Webhooks = "DONATION", nil }, true, 0, []string{noneFits, "Show all webhooks", "3 webhooks ·"}, []string{nothing, "shown"}},
		{"one", func(p *WebhooksPage) { p.Total = 1 }, false, 1, []string{"1 webhook ·"}, []string{"Apply"}},
		{"one, filtered away", func(p *WebhooksPage) { p.Total, p.Query, p.Webhooks = 1, "b", nil }, true, 0, []string{noneFits}, nil},
		{"all covered", func(p *WebhooksPage) { p.Covered, p.NotCovered = 2, nil }, true, 1, []string{"2 of 2 event types reach"}, []string{"nobody"}},
		{"none", func(p *WebhooksPage) { p.Total, p.Webhooks = 0, nil }, false, 0, []string{nothing}, []string{"Apply", "reach someone"}},
		{"none, filtered", func(p *WebhooksPage) { p.Total, p.Webhooks, p.Query = 0, nil, "a" }, false, 0, []string{nothing}, []string{"Apply", noneFits}},
		{"unreadable", func(p *WebhooksPage) {
			p.Total, p.Webhooks, p.Unreadable = 0, nil, &Notice{Kind: Failure, Title: "No right"}
		}, false, 0, []string{"No right", "Create webhook"}, []string{nothing, "Apply"}},
		{"no health", func(p *WebhooksPage) { p.HealthUnknown = "Too slow." }, true, 1, []string{"Too slow."}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, Webhooks(listPage(row.change)))
			d.check()
			d.says(row.wanted, row.unwanted)
			if got := d.byID("q") != nil; got != row.filter {
				t.Errorf("filter %v, want %v", got, row.filter)
			}
			if got := len(d.linksTo("/list.csv?q=x")); got != row.csv {
				t.Errorf("%d links to the file, want %d", got, row.csv)
			}
		})
	}
}

// TestListFilterIsKept holds that the filter is an address, and says what was
// asked for, even for a type that is not offered.
func TestListFilterIsKept(t *testing.T) {
	rows := []struct{ query, eventType, sort string }{
		{"", "", ""},
		{"a \"b\" \u202e", "DONATION", "url"},
		{"", "OF THE FUTURE", "nonsense"},
	}
	for _, row := range rows {
		d := render(t, Webhooks(listPage(func(p *WebhooksPage) { p.Query, p.Type, p.Sort = row.query, row.eventType, row.sort })))
		form := d.formTo("/list")
		if attr(form, "method") != "get" {
			t.Error("the filter is no address")
		}
		if got := posted(form); got.Get("q") != row.query || len(got) != 1 {
			t.Errorf("%+v: sends %v", row, got)
		}
		if d.choice("type") != row.eventType || d.choice("sort") != row.sort {
			t.Errorf("%+v: type %q, sort %q", row, d.choice("type"), d.choice("sort"))
		}
		if got, want := len(d.linksTo("/list")) > 0, row.query+row.eventType != ""; got != want {
			t.Errorf("%+v: a way to show all: %v", row, got)
		}
	}
}

func TestHealth(t *testing.T) {
	rows := []struct {
		name   string
		health *Health
		want   string // what stands before the id
		href   string
		marked bool
	}{
		{"unknown", nil, "", "", false},
		{"nothing", &Health{Href: "/e"}, "None of the shop’s last 50 deliveries went here", "", false},
		{"no error", &Health{Href: "/e", Deliveries: 18, States: []StateCount{{"QUEUED", 18}}}, "No error in its last 18 deliveries In Fourthwall’s words: QUEUED 18", "/e", false},
		{"failed", &Health{Href: "/e", Deliveries: 18, Failed: 2, LastFailed: noon, States: []StateCount{{"SENT", 16}, {"<b>", 2}}}, "2 of 18 failed · 22 November 2026, 12:00:00 UTC In Fourthwall’s words: SENT 16 · <b> 2", "/e", true},
		{"failed, no time", &Health{Href: "/e", Deliveries: 1, Failed: 1}, "1 of 1 failed", "/e", true},
		{"all ambiguous", &Health{Href: "/e", Ambiguous: true}, "Shares its address with another webhook: some deliveries cannot be told apart", "", false},
		{"ambiguous", &Health{Href: "/e", Ambiguous: true, Deliveries: 1}, "No error in its last delivery Shares its address with another webhook: some deliveries cannot be told apart", "/e", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, Webhooks(listPage(func(p *WebhooksPage) { p.Webhooks[0].Health = row.health })))
			d.check()
			side := d.all(func(n *html.Node) bool { return hasClass(n, "row-side") })[0]
			if got, _, _ := strings.Cut(text(side), "Id: "); strings.TrimSpace(got) != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			var href string
			var marked bool
			for _, a := range within(side, func(n *html.Node) bool { return n.Data == "a" }) {
				href, marked = attr(a, "href"), hasClass(a, "failure")
			}
			if href != row.href || marked != row.marked {
				t.Errorf("link to %q, marked %v", href, marked)
			}
		})
	}
}

func TestLockedWebhooks(t *testing.T) {
	const reason = "An app made it."
	list := render(t, Webhooks(listPage(func(p *WebhooksPage) {
		p.Webhooks = append(p.Webhooks, WebhookRow{ID: "w2", URL: "https://b.example", Href: "/w2", Locked: true})
	})))
	for i, row := range list.all(func(n *html.Node) bool { return hasClass(n, "row") }) {
		if got, want := strings.Contains(text(row), "Locked"), i == 1; got != want {
			t.Errorf("row %d: locked %v", i, got)
		}
	}

	p := WebhookPage{Frame: shopFrame("/w"), ID: "w", ListHref: "/l", EditHref: "/edit", DeleteHref: "/delete", EventsHref: "/events"}
	for _, locked := range []string{"", reason} {
		p.Locked = locked
		d := render(t, Webhook(p))
		d.check()
		for href, want := range map[string]bool{"/edit": locked == "", "/delete": locked == "", "/events": true} {
			if got := len(d.linksTo(href)) == 1; got != want {
				t.Errorf("locked %q: link to %s: %v", locked, href, got)
			}
		}
		if strings.Contains(d.text(), reason) != (locked != "") {
			t.Errorf("locked %q: the reason is wrong", locked)
		}
	}

	asked := DeletePage{Frame: shopFrame("/w/delete"), ID: "w", URL: "https://a.example", Action: "/delete", WebhookHref: "/w", Locked: reason}
	d := render(t, Delete(asked))
	d.check()
	d.says([]string{reason, "Back to the webhook"}, []string{"Delete webhook w Cancel", "no longer calls"})
	if len(submits(d.tags("main")[0])) != 0 {
		t.Error("a locked webhook can be deleted")
	}
}

func TestEditForm(t *testing.T) {
	p := formPage("DONATION", "OF THE \"FUTURE\"")
	p.Frame = shopFrame("/shops/sh_1/webhooks/w/edit")
	p.CancelHref = "/w"
	p.Edit = &EditPart{ID: "w", Href: "/w", BaseURL: " https://old.example/\u202e", BaseTypes: []string{"OF THE \"FUTURE\"", "ORDER_PLACED"}}
	p.Picker.Groups[2].Types[0].Held = true
	d := render(t, WebhookForm(p))
	d.check()
	d.says([]string{"Edit webhook", "Newer than this version of Hookwall; kept as it is.", "Your webhook"}, []string{"Create", "Fourthwall may refuse it"})
	form := formOf(d)
	got := posted(form)
	for name, want := range map[string][]string{
		"base_url": {p.Edit.BaseURL}, "base_types": p.Edit.BaseTypes, "url": {p.URL}, "allowedTypes": {"DONATION", "OF THE \"FUTURE\""}, "submission": {"once-1"},
	} {
		if !slices.Equal(got[name], want) {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	buttons := submits(form)
	for _, b := range []*html.Node{buttons[0], buttons[len(buttons)-1]} {
		if attr(b, "name") != "do" || attr(b, "value") != "review" || text(b) != "Review changes" {
			t.Errorf("main button %q sends %q", text(b), attr(b, "value"))
		}
	}
	if len(d.linksTo("/w")) != 2 { // in the breadcrumb, and to cancel
		t.Errorf("%d links back", len(d.linksTo("/w")))
	}
}

func TestEditConfirm(t *testing.T) {
	twins := []DuplicateOf{{ID: "w2", URL: "https://b.example", Href: "/w2", Shared: []EventBadge{donation}, ExtendHref: "/x", Missing: 1}}
	const was, will = "https://old.example/\u202e", "https://new.example/"
	rows := []struct {
		name     string
		page     EditConfirmPage
		button   string
		wanted   []string
		unwanted []string
	}{
		{
			"address",
			EditConfirmPage{OldURL: was, NewURL: will, Kept: []EventBadge{donation, future}},
			"Save changes",
			[]string{"Now https://old.example/U+202E Warning: This address has characters that cannot be seen or that turn text around: U+202E. Do not trust it unless you put them there. Then https://new.example/", "2 event types stay"},
			[]string{"added", "removed", "stays"},
		},
		{
			"types",
			EditConfirmPage{OldURL: will, NewURL: will, Added: []EventBadge{placed, future}, Removed: []EventBadge{donation}},
			"Save changes",
			[]string{"https://new.example/ stays", "2 event types added", "Order placed ORDER_PLACED", "SHIPMENT_LOST", "1 event type removed", "Donation DONATION"},
			[]string{"Then", "event types stay"},
		},
		{
			"twins",
			EditConfirmPage{OldURL: was, NewURL: will, Duplicates: twins},
			"Save anyway",
			[]string{"This address already has a webhook", "w2 already receives 1 of these event types: Donation", "Add the missing event type to it instead"},
			nil,
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := row.page
			p.Frame, p.ID, p.WebhookHref, p.Action, p.Draft, p.EditHref = shopFrame("/w/edit/confirm"), "w", "/w", "/save", "draft-1", "/w/edit?draft=1"
			d := render(t, EditConfirm(p))
			d.check()
			d.says(row.wanted, row.unwanted)
			form := d.formTo("/save")
			if got := posted(form); got.Get("draft") != "draft-1" || len(got) != 1 {
				t.Errorf("posted %v", got)
			}
			if buttons := submits(form); len(buttons) != 1 || attr(buttons[0], "value") != "save" || text(buttons[0]) != row.button {
				t.Errorf("buttons %q", values(buttons))
			}
			if len(d.linksTo("/w/edit?draft=1")) != 1 || len(d.linksTo("/w")) != 2 {
				t.Error("no way back")
			}
		})
	}
}

func TestConflict(t *testing.T) {
	p := ConflictPage{
		Frame: shopFrame("/w/edit/confirm"), ID: "w", WebhookHref: "/w", UseAction: "/save", Draft: "draft-1", Seen: "seen-1", EditHref: "/w/edit?draft=1",
		Yours:  Version{URL: "https://a.example/\u202e", URLDiffers: true, Types: []VersionType{{placed, false}, {donation, true}}},
		Theirs: Version{URL: "https://b.example/", URLDiffers: true, Types: []VersionType{{placed, false}}},
	}
	d := render(t, Conflict(p))
	d.check()
	sections := map[string]string{}
	for _, n := range d.tags("section") {
		sections[attr(n, "aria-labelledby")] = text(n)
	}
	want := map[string]string{
		"yours":  "Your version Endpoint URL differs https://a.example/U+202E Warning: This address has characters that cannot be seen or that turn text around: U+202E. Do not trust it unless you put them there. 1 event type only here Donation DONATION 1 event type in both Order placed",
		"theirs": "At Fourthwall now Endpoint URL differs https://b.example/ Event types None that the other version lacks. 1 event type in both Order placed",
	}
	for id, text := range want {
		if sections[id] != text {
			t.Errorf("%s: got  %q\nwant %q", id, sections[id], text)
		}
	}
	form := d.formTo("/save")
	if got := posted(form); got.Get("draft") != "draft-1" || got.Get("seen") != "seen-1" || len(got) != 2 {
		t.Errorf("posted %v", got)
	}
	if got := values(submits(form)); !slices.Equal(got, []string{"overwrite"}) {
		t.Errorf("buttons %q", got)
	}
	for href, name := range map[string]string{"/w/edit?draft=1": "Edit my version", "/w": "Keep Fourthwall’s version"} {
		links := d.linksTo(href)
		if len(links) == 0 || text(links[len(links)-1]) != name {
			t.Errorf("no link %q", name)
		}
	}

	p.Yours.URLDiffers, p.Theirs.URLDiffers = false, false
	render(t, Conflict(p)).says(nil, []string{"differs"})
}

func TestDelete(t *testing.T) {
	const unknown, elsewhere, nobody = "could not be found out", "goes to another webhook", "No other webhook of this shop receives them."
	rows := []struct {
		name     string
		page     DeletePage
		wanted   []string
		unwanted []string
	}{
		{"stops", DeletePage{StopsKnown: true, Stops: []EventBadge{donation, future}}, []string{"2 event types then reach nobody", nobody, "Donation SHIPMENT_LOST"}, []string{unknown, elsewhere}},
		{"stops one", DeletePage{StopsKnown: true, Stops: []EventBadge{donation}}, []string{"1 event type then reaches nobody"}, []string{unknown, elsewhere}},
		{"stops nothing", DeletePage{StopsKnown: true}, []string{elsewhere}, []string{unknown, nobody}},
		{"unknown", DeletePage{}, []string{unknown}, []string{elsewhere, nobody}},
		{"failed", DeletePage{Notice: &Notice{Kind: Failure, Title: "Refused", Code: "CODE_1"}}, []string{"Refused", "CODE_1"}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := row.page
			p.Frame, p.ID, p.URL, p.Action, p.WebhookHref = shopFrame("/w/delete"), "wcon_\u202e1", "https://a.example/\u202e", "/delete", "/w"
			p.Types, p.TypeCount = []EventGroup{{Title: "Orders", Types: []EventLine{{EventBadge: placed, Description: "Paid."}}}}, 1
			d := render(t, Delete(p))
			d.check()
			d.says(append(row.wanted, "Delete webhook wcon_U+202E1", "https://a.example/U+202E", "1 event type Orders Order placed ORDER_PLACED Paid.", "a new id, and perhaps a new secret"), row.unwanted)
			form := d.formTo("/delete")
			if got := submits(form); len(got) != 1 || attr(got[0], "value") != "delete" || !hasClass(got[0], "danger") {
				t.Errorf("buttons %q", values(got))
			}
			if len(posted(form)) != 0 || len(d.linksTo("/w")) != 2 {
				t.Error("something is posted, or there is no way to cancel")
			}
		})
	}
}

func TestDuplicate(t *testing.T) {
	p := DuplicatePage{
		Frame: shopFrame("/new/duplicate"), Action: "/create", EditHref: "/new?draft=1", ListHref: "/l", Submission: "once-1", URL: "https://a.example/ \u202e",
		Types: []EventBadge{donation, placed, future},
		Duplicates: []DuplicateOf{
			{ID: "w2", URL: "https://A.example/", Href: "/w2", Shared: []EventBadge{donation}, ExtendHref: "/w2/edit?draft=2", Missing: 2},
			{ID: "w3", URL: "https://a.example:443/", Href: "/w3", Shared: []EventBadge{donation, placed, future}},
		},
	}
	d := render(t, Duplicate(p))
	d.check()
	form := d.formTo("/create")
	got := posted(form)
	for name, want := range map[string][]string{"submission": {"once-1"}, "url": {p.URL}, "allowedTypes": {"DONATION", "ORDER_PLACED", "SHIPMENT_LOST"}, "duplicate": {"accepted"}} {
		if !slices.Equal(got[name], want) {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	if buttons := submits(form); !slices.Equal(values(buttons), []string{"create"}) || text(buttons[0]) != "Create a second webhook" || hasClass(buttons[0], "main") {
		t.Errorf("buttons %q", values(buttons))
	}
	rows := d.all(func(n *html.Node) bool { return hasClass(n, "row") })
	for i, want := range []string{
		"https://A.example/ Webhook w2 already receives 1 of these event types: Donation Add the 2 missing event types to it instead",
		"https://a.example:443/ Webhook w3 already receives 3 of these event types: Donation Order placed SHIPMENT_LOST (not in Hookwall’s list)",
	} {
		if got := text(rows[i]); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	for _, href := range []string{"/w2", "/w3", "/w2/edit?draft=2", "/new?draft=1", "/l"} {
		if len(d.linksTo(href)) == 0 {
			t.Errorf("no link to %s", href)
		}
	}

	p.Duplicates = p.Duplicates[1:]
	if !hasClass(submits(render(t, Duplicate(p)).formTo("/create"))[0], "main") {
		t.Error("nothing is the main action")
	}
}

func TestDeliveryRows(t *testing.T) {
	at := DeliveryRow{Href: "/e/1", Type: donation, At: noon, State: "SENT", URL: "https://a.example/\u202e", WebhookID: "w", WebhookHref: "/w"}
	with := func(change func(*DeliveryRow)) DeliveryRow {
		row := at
		change(&row)
		return row
	}
	rows := []struct {
		name string
		row  DeliveryRow
		want string
	}{
		{"sent", at, "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E"},
		{"failed", with(func(r *DeliveryRow) { r.Failed, r.Error = true, "Timed \u202eout" }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT Error Timed U+202Eout https://a.example/U+202E"},
		{"test", with(func(r *DeliveryRow) { r.Test = true }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT Test https://a.example/U+202E"},
		{"bare", with(func(r *DeliveryRow) { r.At, r.State, r.Type = time.Time{}, "", future }), "no time given SHIPMENT_LOST no state given https://a.example/U+202E"},
		{"ambiguous", with(func(r *DeliveryRow) { r.WebhookID, r.WebhookHref, r.Ambiguous = "", "", true }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E Ambiguous: several webhooks have this address."},
		{"gone", with(func(r *DeliveryRow) { r.WebhookHref = "" }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E The webhook is not there any more."},
		{"nobody's", with(func(r *DeliveryRow) { r.WebhookID, r.WebhookHref = "", "" }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E No webhook of this shop has this address now."},
		{"webhooks unknown", with(func(r *DeliveryRow) { r.WebhookID, r.WebhookHref, r.WebhooksUnknown = "", "", true }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E Not known which webhook: the list of webhooks could not be read."},
		{"webhooks unknown but this", with(func(r *DeliveryRow) { r.WebhookHref, r.WebhooksUnknown = "", true }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT https://a.example/U+202E"},
		{"long", with(func(r *DeliveryRow) { r.URL = longURL + strings.Repeat("a", 3000) }), "22 November 2026, 12:00:00 UTC Donation DONATION SENT " + longURL + strings.Repeat("a", 160-len(longURL)) + "…"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, Events(EventsPage{Frame: shopFrame("/e"), Action: "/e", Rows: []DeliveryRow{row.row}}))
			d.check()
			line := d.tags("tr")[1]
			if got := text(line); got != row.want {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
			if len(d.linksTo("/e/1")) != 1 || (len(d.linksTo("/w")) == 1) != (row.row.WebhookHref != "") {
				t.Error("the links are wrong")
			}
			for _, cell := range within(line, func(n *html.Node) bool { return n.Data == "td" || n.Data == "th" }) {
				if attr(cell, "role") == "" {
					t.Error("a cell would lose its role on a phone")
				}
			}
		})
	}
}

func TestEventsStates(t *testing.T) {
	one := []DeliveryRow{{Href: "/e/1", Type: donation, At: noon, State: "SENT", URL: "https://a.example"}}
	choices := []Choice{{"w", "https://a.example/\u202e"}}
	rows := []struct {
		name     string
		page     EventsPage
		filter   bool
		wanted   []string
		unwanted []string
	}{
		{"nothing", EventsPage{Page: 1}, false, []string{"Nothing delivered yet"}, []string{"Page 1"}},
		{"one page", EventsPage{Page: 1, Pages: 1, OnPage: 1, Rows: one}, true, []string{"SENT"}, []string{"Page 1", "on this page"}},
		{"pages", EventsPage{Page: 2, Pages: 3, OnPage: 1, Rows: one, PrevHref: "/p", NextHref: "/n"}, true, []string{"Previous page Next page Page 2 of 3"}, nil},
		{"pages not counted", EventsPage{Page: 2, OnPage: 1, Rows: one, PrevHref: "/p"}, true, []string{"Previous page Page 2"}, []string{"Page 2 of", "Next page"}},
		{"beyond the end", EventsPage{Page: 9, PrevHref: "/p"}, false, []string{"This page is empty", "Previous page"}, nil},
		{"no such type", EventsPage{Page: 1, Type: "DONATION"}, true, []string{"No such delivery", "Show all deliveries"}, []string{"Nothing delivered yet"}},
		{"webhook", EventsPage{Page: 1, Webhook: "w", OnPage: 50, Rows: one}, true, []string{"1 of the 50 deliveries on this page. The choice of a webhook works within each page."}, nil},
		{"not this webhook", EventsPage{Page: 1, Webhook: "gone", OnPage: 50, NextHref: "/n"}, true, []string{"0 of the 50", "None for this webhook on this page", "Next page"}, nil},
		{"unreadable", EventsPage{Page: 1, Type: "DONATION", Unreadable: &Notice{Kind: Failure, Title: "No right", Link: &Link{"/c", "Connect again"}}}, false, []string{"No right", "Connect again"}, []string{"No such delivery"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := row.page
			p.Frame, p.Action, p.TypeChoices, p.WebhookChoices = shopFrame("/e"), "/e", []EventBadge{donation}, choices
			d := render(t, Events(p))
			d.check()
			d.says(row.wanted, row.unwanted)
			if got := d.byID("type") != nil; got != row.filter {
				t.Fatalf("filter %v, want %v", got, row.filter)
			}
			if row.filter && (d.choice("type") != p.Type || d.choice("webhook") != p.Webhook) {
				t.Errorf("filter has type %q, webhook %q", d.choice("type"), d.choice("webhook"))
			}
		})
	}
}

func TestPages(t *testing.T) {
	rows := []struct {
		page templ.Component
		want map[string]string // text by href
	}{
		{Events(EventsPage{Action: "/e", PrevHref: "/p", NextHref: "/n"}), map[string]string{"/p": "Previous page", "/n": "Next page"}},
		{Activity(ActivityPage{Action: "/a", NewerHref: "/p", OlderHref: "/n"}), map[string]string{"/p": "Newer", "/n": "Older"}},
	}
	for _, row := range rows {
		d := render(t, row.page)
		for href, name := range row.want {
			if links := d.linksTo(href); len(links) != 1 || text(links[0]) != name {
				t.Errorf("no link %q to %s", name, href)
			}
		}
	}
}

// TestBodyIsShownOnlyWhenAsked holds that a buyer's data is on the page only
// after it was asked for, with nothing in it invisible.
func TestBodyIsShownOnlyWhenAsked(t *testing.T) {
	const indented = "{\n  \"name\": \"A\u202e👩\u200d🎨\"\n}"
	row := DeliveryRow{ID: "d", Type: donation, At: noon, State: "SENT", URL: "https://a.example"}
	rows := []struct {
		name     string
		page     DeliveryPage
		code     string // what is in the block
		wanted   []string
		unwanted []string
	}{
		{"hidden", DeliveryPage{BodyBytes: 1234}, "", []string{"1,234 bytes.", "stores them nowhere", "Show the body"}, []string{"Hide the body"}},
		{"none", DeliveryPage{}, "", []string{"Fourthwall gave none."}, []string{"Show the body"}},
		{"shown", DeliveryPage{BodyBytes: 30, Body: indented, Pretty: true}, "{\n  \"name\": \"AU+202E👩\u200d🎨\"\n}", []string{"Hide the body"}, []string{"Show the body", "not JSON"}},
		{"no JSON", DeliveryPage{BodyBytes: 9, Body: "<b>\r\n"}, "<b>U+000D\n", []string{"This is not JSON."}, nil},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			p := r.page
			p.Frame, p.ListHref, p.Row, p.ShowHref, p.HideHref = shopFrame("/e/d"), "/e", row, "/e/d?show=body", "/e/d"
			d := render(t, Delivery(p))
			d.check()
			d.says(r.wanted, r.unwanted)
			var code strings.Builder
			for _, pre := range d.tags("pre") {
				for n := range pre.Descendants() {
					if n.Type == html.TextNode {
						code.WriteString(n.Data)
					}
				}
			}
			if code.String() != r.code {
				t.Errorf("block %q, want %q", code.String(), r.code)
			}
		})
	}
}

func TestDeliveryFacts(t *testing.T) {
	full := DeliveryPage{
		Frame: shopFrame("/e/d"), ListHref: "/e", UpdatedAt: noon.Add(time.Minute), APIVersion: "V1", EventID: "weve_1", WebhookID: "wcon_1", ShopID: "sh_1",
		Row: DeliveryRow{ID: "d", Type: donation, At: noon, State: "BROKEN", Failed: true, Error: "Timed out\n\u202e", Test: true, URL: "https://a.example", WebhookID: "wcon_1", WebhookHref: "/w"},
	}
	rows := []struct {
		name     string
		change   func(*DeliveryPage)
		wanted   []string
		unwanted []string
	}{
		{"full", func(*DeliveryPage) {}, []string{"Fourthwall reports an error", "Timed out U+202E", "BROKEN Error Test", "Last changed 22 November 2026, 12:01:00 UTC", "Event id weve_1", "Webhook id wcon_1", "Shop id sh_1", "API version V1"}, nil},
		{"well", func(p *DeliveryPage) { p.Row.Failed, p.Row.Error, p.Row.Test, p.UpdatedAt = false, "", false, noon }, []string{"BROKEN Time"}, []string{"reports an error", "Last changed"}},
		{"no words", func(p *DeliveryPage) { p.Row.Error = "" }, []string{"It does not say which."}, nil},
		{"no envelope", func(p *DeliveryPage) { p.EventID, p.WebhookID, p.ShopID = "", "", "" }, nil, []string{"Event id", "Webhook id", "Shop id", "tells repeats apart"}},
		{"ambiguous", func(p *DeliveryPage) { p.Row.WebhookID, p.Row.WebhookHref, p.Row.Ambiguous = "", "", true }, []string{"Ambiguous: several webhooks have this address"}, nil},
		{"gone", func(p *DeliveryPage) { p.Row.WebhookHref = "" }, []string{"wcon_1 It is not there any more."}, nil},
		{"nobody's", func(p *DeliveryPage) { p.Row.WebhookID, p.Row.WebhookHref = "", "" }, []string{"No webhook of this shop has this address now."}, nil},
		{"webhooks unknown", func(p *DeliveryPage) { p.Row.WebhookID, p.Row.WebhookHref, p.Row.WebhooksUnknown = "", "", true }, []string{"Webhook Not known: the list of webhooks could not be read."}, []string{"No webhook of this shop"}},
		{"unknown type", func(p *DeliveryPage) { p.Row.Type = EventBadge{Code: "NEW\u202e", Unknown: true} }, []string{"NEWU+202E One delivery"}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := full
			row.change(&p)
			d := render(t, Delivery(p))
			d.check()
			d.says(row.wanted, row.unwanted)
			if (len(d.linksTo("/w")) == 1) != (p.Row.WebhookHref != "") {
				t.Error("the webhook is not linked as it should be")
			}
		})
	}
}

func TestActivityRows(t *testing.T) {
	long := longURL + strings.Repeat("a", 3000)
	rows := []struct {
		name string
		row  ActivityRow
		want string
	}{
		{
			"changed",
			ActivityRow{At: noon, Action: "Change", Outcome: "Done", OutcomeKind: Success, Who: "Key …x9f2", Session: "s1", WebhookID: "w\u202e", WebhookHref: "/w", Changes: []Change{{Field: "URL", Before: "a\u202e", After: "b"}}, Status: 200, RequestID: "r1", APIRequestID: "r2"},
			"Change Done By Key …x9f2 Webhook wU+202E URL before: aU+202E after: b Details Fourthwall’s status 200 Request id at Fourthwall r2 Request id r1 Session s1 22 November 2026, 12:00:00 UTC",
		},
		{
			"refused",
			ActivityRow{At: noon, Action: "Create", Outcome: "Refused", OutcomeKind: Failure, Changes: []Change{{Field: "URL", After: "b"}}, Status: 400, Code: "CODE_1"},
			"Create Refused URL b Details Fourthwall’s status 400 Code CODE_1 22 November 2026, 12:00:00 UTC",
		},
		{
			"deleted",
			ActivityRow{At: noon, Action: "Delete", Outcome: "Unsettled", OutcomeKind: Warning, WebhookID: "w", Changes: []Change{{Field: "URL", Before: "a"}}},
			"Delete Unsettled Webhook w URL before: a after: nothing Details 22 November 2026, 12:00:00 UTC",
		},
		{
			"long",
			ActivityRow{At: noon, Action: "Create", Outcome: "Done", OutcomeKind: Success, Changes: []Change{{Field: "URL", After: long}}},
			"Create Done URL " + short(long) + " Details URL after " + long + " 22 November 2026, 12:00:00 UTC",
		},
	}
	placed, odd := EventBadge{Code: "ORDER_PLACED", Title: "Order placed"}, EventBadge{Code: "ODD", Unknown: true}
	for name, c := range map[string]struct {
		change Change
		want   string
	}{
		"types swapped": {Change{Field: "Types", Before: "ODD, X", After: "X, ORDER_PLACED", Added: []EventBadge{placed}, Removed: []EventBadge{odd}}, "added Order placed removed ODD (not in Hookwall’s list) Details Types before ODD, X Types after X, ORDER_PLACED"},
		"types added":   {Change{Field: "Types", After: "ORDER_PLACED", Added: []EventBadge{placed}}, "added Order placed Details Types after ORDER_PLACED"},
		"types removed": {Change{Field: "Types", Before: "ORDER_PLACED", Removed: []EventBadge{placed}}, "removed Order placed Details Types before ORDER_PLACED"},
	} {
		row := rows[1]
		row.name, row.row.Changes, row.row.Status, row.row.Code = name, []Change{c.change}, 0, ""
		row.want = "Create Refused Types " + c.want + " 22 November 2026, 12:00:00 UTC"
		rows = append(rows, row)
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			d := render(t, Activity(ActivityPage{Frame: shopFrame("/a"), Action: "/a", Rows: []ActivityRow{row.row}, Total: 1}))
			d.check()
			got := d.all(func(n *html.Node) bool { return hasClass(n, "row") })[0]
			if text(got) != row.want {
				t.Errorf("got  %q\nwant %q", text(got), row.want)
			}
			marks := within(got, func(n *html.Node) bool { return hasClass(n, "mark") })
			if len(marks) != 1 || !hasClass(marks[0], row.row.OutcomeKind) || len(within(marks[0], func(n *html.Node) bool { return n.Data == "use" })) != 1 {
				t.Error("the outcome is not marked by icon and colour")
			}
			if (len(d.linksTo("/w")) == 1) != (row.row.WebhookHref != "") {
				t.Error("the webhook is not linked as it should be")
			}
		})
	}
}

func TestActivityStates(t *testing.T) {
	one := []ActivityRow{{At: noon, Action: "Create", Outcome: "Done", OutcomeKind: Success}}
	rows := []struct {
		name     string
		page     ActivityPage
		filter   bool
		csv      bool
		wanted   []string
		unwanted []string
	}{
		{"nothing", ActivityPage{}, false, false, []string{"Nothing has happened yet"}, []string{"entries"}},
		{"one", ActivityPage{Rows: one, Total: 1}, true, true, []string{"1 entry"}, []string{"Show all", "Newer", "Older"}},
		{"pages", ActivityPage{Rows: one, Total: 120, NewerHref: "/n", OlderHref: "/o"}, true, true, []string{"120 entries", "Newer Older"}, nil},
		{"nothing fits", ActivityPage{ActionFilter: "a1", OutcomeFilter: "gone", WebhookFilter: "w\"\u202e"}, true, false, []string{"Nothing fits this choice", "Show all activity"}, []string{"Nothing has happened yet"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := row.page
			p.Frame, p.Action, p.CSVHref, p.ActionChoices = shopFrame("/a"), "/a", "/a.csv", []Choice{{"a1", "Action one"}}
			d := render(t, Activity(p))
			d.check()
			d.says(row.wanted, row.unwanted)
			if got := len(d.linksTo("/a.csv")) == 1; got != row.csv {
				t.Errorf("link to the file: %v", got)
			}
			if got := d.byID("action") != nil; got != row.filter {
				t.Fatalf("filter %v, want %v", got, row.filter)
			}
			if row.filter && (d.choice("action") != p.ActionFilter || d.choice("outcome") != p.OutcomeFilter || attr(d.byID("webhook"), "value") != p.WebhookFilter) {
				t.Error("the filter is not kept")
			}
		})
	}
}

// TestLongTextsAreSoundPages holds for addresses of 3,000 characters and more
// that nothing is lost where all of it matters.
func TestLongTextsAreSoundPages(t *testing.T) {
	long := longURL + strings.Repeat("a", 3000)
	for _, page := range everyPage {
		d := render(t, page.draw(filler{long, true}.fill))
		d.check()
		for _, option := range d.tags("option") {
			if n := len([]rune(text(option))); n > 400 {
				t.Errorf("%s: an option of %d characters", page.name, n)
			}
		}
	}
	whole := []templ.Component{
		EditConfirm(EditConfirmPage{NewURL: long, Action: "/a"}),
		Conflict(ConflictPage{Theirs: Version{URL: long}, UseAction: "/a"}),
		Delete(DeletePage{URL: long, Action: "/a"}),
		Duplicate(DuplicatePage{URL: long, Action: "/a"}),
		Delivery(DeliveryPage{Row: DeliveryRow{URL: long}}),
	}
	for i, page := range whole {
		if !strings.Contains(render(t, page).text(), long) {
			t.Errorf("page %d cuts the address", i)
		}
	}
}
