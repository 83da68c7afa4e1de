package views

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"hookwall/views/ui"
)

// hostile is the worst that a string from outside may be.
const hostile = "</title><script>alert(1)</script><img src=x onerror=alert(1)>" +
	"\" onload=\"alert(1)' javascript:alert(1) \u202egnp.exe\u2066\x07"

// everyPage has each page. draw draws it from a model that fill has filled.
var everyPage = []struct {
	name string
	draw func(fill func(reflect.Value)) templ.Component
}{
	{"connect", filled(Connect)},
	{"many keys", filled(KeyImport)},
	{"implicit", filled(ConnectImplicit)},
	{"installed", filled(ConnectInstalled)},
	{"shops", filled(Shops)},
	{"shop labels", filled(ShopLabels)},
	{"move", filled(Move)},
	{"disconnect", filled(Disconnect)},
	{"help", filled(Help)},
	{"display", filled(Display)},
	{"sign out", filled(SignOut)},
	{"sign in", filled(SignIn)},
	{"people", filled(People)},
	{"your sessions", filled(You)},
	{"invited", filled(Invited)},
	{"invitation", filled(Invitation)},
	{"receipt", filled(Receipt)},
	{"webhooks", filled(WebhookList)},
	{"form", filled(WebhookForm)},
	{"not confirmed", filled(Unconfirmed)},
	{"outcome", filled(Outcome)},
	{"webhook", filled(WebhookShow)},
	{"error", filled(Error)},
	{"edit confirm", filled(WebhookEditConfirm)},
	{"conflict", filled(WebhookEditConflict)},
	{"duplicate", filled(Duplicate)},
	{"delete", filled(WebhookDelete)},
	{"events", filled(Deliveries)},
	{"delivery", filled(Delivery)},
	{"activity", filled(Activity)},
	{"check start", filled(CheckStart)},
	{"check", filled(Check)},
	{"test", filled(Test)},
	{"signature", filled(Signature)},
	{"sample", filled(Sample)},
	{"plans", filled(Plans)},
	{"plan a change", filled(PlanNew)},
	{"plan", filled(Plan)},
	{"plan, review", reviewed},
	{"components", filled(Gallery)},
}

// reviewed draws a plan that doesn't run.
func reviewed(fill func(reflect.Value)) templ.Component {
	var p PlanPage
	fill(reflect.ValueOf(&p).Elem())
	p.Run = nil
	return Plan(p)
}

// filled returns the draw of one page.
func filled[Model any](page func(Model) templ.Component) func(func(reflect.Value)) templ.Component {
	return func(fill func(reflect.Value)) templ.Component {
		var m Model
		fill(reflect.ValueOf(&m).Elem())
		return page(m)
	}
}

// filler fills every field of a model with the same text, so that tests include
// fields that are added later.
type filler struct {
	text string
	yes  bool
}

func (f filler) fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text)
	case reflect.Bool:
		v.SetBool(f.yes)
	case reflect.Int, reflect.Int64:
		v.SetInt(2)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 3, 3))
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1_795_370_640, 0)))
			return
		}
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			f.fill(v.Field(i))
		}
		if v.Type() == reflect.TypeFor[ui.SummaryError]() {
			// It never comes from outside, and its target must exist.
			v.FieldByName("Href").SetString("#main")
		}
	default:
		panic("filler does not know " + v.Kind().String())
	}
}

// Checklist 25.
func TestHostileStringsStayText(t *testing.T) {
	for _, page := range everyPage {
		for _, yes := range []bool{true, false} {
			t.Run(page.name, func(t *testing.T) {
				d := render(t, page.draw(filler{hostile, yes}.fill))
				d.check()
				if page.name != "implicit" && !strings.Contains(d.text(), "<script>alert(1)</script>") {
					t.Error("the string is not on the page as text")
				}
				for _, r := range d.text() {
					if r == '\u202e' || r == '\u2066' || r == '\a' {
						t.Fatalf("%U is on the page", r)
					}
				}
				if title := text(d.tags("title")[0]); strings.ContainsAny(title, "\u202e\u2066\a") {
					t.Errorf("title %q", title)
				}
			})
		}
	}
}

// Checklist 24.
func TestHostileURLsAreNotLinked(t *testing.T) {
	for _, address := range []string{
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "data:text/html,x", "vbscript:x",
	} {
		for _, page := range everyPage {
			d := render(t, page.draw(filler{address, true}.fill))
			d.check()
		}
	}
}

func TestEmptyModelsAreValidPages(t *testing.T) {
	for _, page := range everyPage {
		t.Run(page.name, func(t *testing.T) {
			// A form must have an action.
			withAction := func(model reflect.Value) {
				for _, name := range []string{"Action", "KeyAction", "SignOutAction", "UseAction", "PickAction"} {
					if field := model.FieldByName(name); field.IsValid() {
						field.SetString("/x")
					}
				}
			}
			render(t, page.draw(withAction)).check()
		})
	}
}

// TestLongTextsAreValidPages: pages with URLs of more than 3,000 characters are
// valid, and show all of the URL where it matters.
func TestLongTextsAreValidPages(t *testing.T) {
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
		WebhookEditConfirm(WebhookEditConfirmPage{NewURL: long, Action: "/a"}),
		WebhookEditConflict(WebhookEditConflictPage{Theirs: Version{URL: long}, UseAction: "/a"}),
		WebhookDelete(WebhookDeletePage{URL: long, Action: "/a"}),
		Duplicate(DuplicatePage{URL: long, Action: "/a"}),
		Delivery(DeliveryPage{Row: ui.DeliveryRow{URL: long}}),
	}
	for i, page := range whole {
		if !strings.Contains(render(t, page).text(), long) {
			t.Errorf("page %d cuts the address", i)
		}
	}
}

// TestLongTextsWrap: a text that may be long is in an element that breaks it
// anywhere.
func TestLongTextsWrap(t *testing.T) {
	long := strings.Repeat("a", 500)
	pages := map[string]templ.Component{
		"check": Check(CheckPage{Frame: frame(), URL: long, Report: CheckReport{Done: true, Text: long, Steps: []ui.CheckStep{{Title: "A", Result: ui.StepFailed, Seen: []string{long}, Do: long}}}}),
		"test": Test(testPage(func(p *TestPage) {
			p.URL, p.Result = long, answered(func(r *TestResult) { r.Headers = []HeaderLine{{long, long}} })
		})),
	}
	for name, page := range pages {
		d := render(t, page)
		for _, n := range d.all(func(n *html.Node) bool {
			return n.FirstChild != nil && n.FirstChild.Type == html.TextNode && strings.Contains(n.FirstChild.Data, long)
		}) {
			breaks := n.Data == "code" || n.Data == "textarea"
			for up := n; up != nil; up = up.Parent {
				breaks = breaks || hasClass(up, "check-seen") || hasClass(up, "check-do")
			}
			if !breaks {
				t.Errorf("%s: a long text in <%s>", name, n.Data)
			}
		}
	}
}

func TestURLsAreTextNotLinks(t *testing.T) {
	const address = "https://evil.example/\u202ehook"
	f := frame()
	pages := []templ.Component{
		WebhookList(WebhookListPage{
			Frame: f, CreateHref: "/new", Total: 1, Webhooks: []WebhookRow{{ID: "w", URL: address, Href: "/w"}},
		}),
		WebhookShow(WebhookShowPage{Frame: f, ID: "w", URL: address, ListHref: "/l"}),
		Unconfirmed(UnconfirmedPage{Frame: f, URL: address, Action: "/a", ListHref: "/l"}),
	}
	for _, page := range pages {
		d := render(t, page)
		says, inList := d.text(), "evil.example/%E2%80%AEhook"
		if !strings.Contains(says, "https://evil.example/U+202Ehook") && !strings.Contains(says, inList) {
			t.Error("the address is not shown with its hidden character")
		}
		for _, n := range d.all(func(*html.Node) bool { return true }) {
			for _, a := range n.Attr {
				if strings.Contains(a.Val, "evil.example") && n.Data != "input" {
					t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
				}
			}
		}
	}
}

func TestTitles(t *testing.T) {
	failed := formPage()
	failed.URLError = &ui.FieldError{Text: "No."}
	refused := formPage()
	refused.Banner = &ui.Notice{Kind: ui.Failure, Title: "No"}
	warned := formPage()
	warned.Banner = &ui.Notice{Kind: ui.Warning, Title: "Hm"}
	flashed := formPage()
	flashed.Notices = []ui.Notice{{Kind: ui.Failure, Title: "No"}}
	noShop := ConnectPage{Frame: Frame{Title: "Connect a shop"}, KeyAction: "/k"}
	wrongKey := noShop
	wrongKey.PasswordErr = &ui.FieldError{Text: "No."}
	rows := []struct {
		name string
		page templ.Component
		want string
	}{
		{"fresh", WebhookForm(formPage()), "Webhooks · Studio Nine · Hookwall"},
		{"field error", WebhookForm(failed), "Error: Webhooks · Studio Nine · Hookwall"},
		{"refused", WebhookForm(refused), "Error: Webhooks · Studio Nine · Hookwall"},
		{"warned", WebhookForm(warned), "Webhooks · Studio Nine · Hookwall"},
		{"notice", WebhookForm(flashed), "Error: Webhooks · Studio Nine · Hookwall"},
		{"no shop", Connect(noShop), "Connect a shop · Hookwall"},
		{"wrong key", Connect(wrongKey), "Error: Connect a shop · Hookwall"},
	}
	for _, row := range rows {
		if got := text(render(t, row.page).tags("title")[0]); got != row.want {
			t.Errorf("%s: title %q, want %q", row.name, got, row.want)
		}
	}
}

// Checklist 15.
func TestBannersOnEveryPage(t *testing.T) {
	const sandbox = "Sandbox: everything here is simulated."
	const background = "Background work isn’t running, so what you see may be out of date. You can still manage webhooks."
	for _, page := range everyPage {
		without := render(t, page.draw(func(reflect.Value) {}))
		if strings.Contains(without.text(), sandbox) || strings.Contains(without.text(), "plain http") ||
			strings.Contains(without.text(), background) {
			t.Errorf("%s: a banner without reason", page.name)
		}
		f := frame()
		f.PlainHTTPWarning, f.NoBackground = true, true
		with := render(t, page.draw(func(model reflect.Value) { model.FieldByName("Frame").Set(reflect.ValueOf(f)) }))
		if !strings.Contains(with.text(), sandbox) || !strings.Contains(with.text(), "plain http") ||
			!strings.Contains(with.text(), background) {
			t.Errorf("%s: a banner is missing", page.name)
		}
		links := with.all(func(n *html.Node) bool { return attr(n, "href") == "http://127.0.0.1:8081/" })
		if len(links) == 0 {
			t.Errorf("%s: no link to the sandbox", page.name)
		}
	}
}

func TestPages(t *testing.T) {
	rows := []struct {
		page templ.Component
		want map[string]string // text by href
	}{
		{
			Deliveries(DeliveriesPage{Action: "/e", Page: 2, PrevHref: "/p", NextHref: "/n"}),
			map[string]string{"/p": "Newer", "/n": "Older"},
		},
		{
			Activity(ActivityPage{Action: "/a", NewerHref: "/p", OlderHref: "/n"}),
			map[string]string{"/p": "Newer", "/n": "Older"},
		},
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
