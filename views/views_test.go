package views

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// hostile is what a string from outside may be at worst.
const hostile = "</title><script>alert(1)</script><img src=x onerror=alert(1)>\" onload=\"alert(1)' javascript:alert(1) \u202egnp.exe\u2066\x07"

// everyPage draws each page from a model that was filled by the function it
// is given.
var everyPage = []struct {
	name string
	draw func(fill func(reflect.Value)) templ.Component
}{
	{"connect", filled(Connect)},
	{"implicit", filled(Implicit)},
	{"shops", filled(Shops)},
	{"webhooks", filled(Webhooks)},
	{"form", filled(WebhookForm)},
	{"not confirmed", filled(NotConfirmed)},
	{"webhook", filled(Webhook)},
	{"error", filled(Error)},
	{"edit confirm", filled(EditConfirm)},
	{"conflict", filled(Conflict)},
	{"duplicate", filled(Duplicate)},
	{"delete", filled(Delete)},
	{"events", filled(Events)},
	{"delivery", filled(Delivery)},
	{"activity", filled(Activity)},
	{"check start", filled(CheckStart)},
	{"check", filled(Check)},
	{"test", filled(Test)},
	{"signature", filled(Signature)},
	{"sample", filled(Sample)},
	{"components", filled(Components)},
}

func filled[Model any](page func(Model) templ.Component) func(func(reflect.Value)) templ.Component {
	return func(fill func(reflect.Value)) templ.Component {
		var m Model
		fill(reflect.ValueOf(&m).Elem())
		return page(m)
	}
}

// filler fills every field of a model with the same string, so that a field
// that is added later is tested as well.
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
		if v.Type() == reflect.TypeFor[SummaryError]() {
			// The program makes it, and it must lead somewhere.
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
func TestHostileAddressesAreNotLinked(t *testing.T) {
	for _, address := range []string{"javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "data:text/html,x", "vbscript:x"} {
		for _, page := range everyPage {
			d := render(t, page.draw(filler{address, true}.fill))
			d.check()
		}
	}
}

func TestEmptyModelsAreSoundPages(t *testing.T) {
	for _, page := range everyPage {
		t.Run(page.name, func(t *testing.T) {
			// Without an address the form would go to itself.
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

// frame is a signed-in person's frame in sandbox mode.
func frame() Frame {
	shop := ShopLink{ID: "sh_1", Name: "Studio Nine", Domain: "studio-nine.example", Href: "/shops/sh_1/webhooks"}
	other := ShopLink{ID: "sh_2", Name: "Paper Lantern", Domain: "paper.example", Href: "/shops/sh_2/webhooks", Expired: true}
	return Frame{Title: "Webhooks", Path: shop.Href, Shop: &shop, Shops: []ShopLink{shop, other}, SignedIn: true, SandboxURL: "http://127.0.0.1:8081/"}
}

// groups is a small catalogue.
func groups(ticked ...string) []PickerGroup {
	all := []PickerGroup{
		{ID: "orders", Title: "Orders and tips", Types: []PickerType{{Code: "ORDER_PLACED", Title: "Order placed", Description: "A new order is paid."}, {Code: "DONATION", Title: "Donation", Description: "Someone sent a tip."}}},
		{ID: "app", Title: "App", Types: []PickerType{{Code: "PLATFORM_APP_DISCONNECTED", Title: "App disconnected", Description: "The shop ended the connection."}}},
		{ID: "unknown", Title: "Unknown", Types: []PickerType{{Code: "OF THE \"FUTURE\"", Unknown: true}}},
	}
	for i := range all {
		for j := range all[i].Types {
			if slices.Contains(ticked, all[i].Types[j].Code) {
				all[i].Types[j].Checked = true
				all[i].Selected++
			}
		}
	}
	return all
}

func formPage(ticked ...string) WebhookFormPage {
	p := WebhookFormPage{
		Frame: frame(), Action: "/shops/sh_1/webhooks", CancelHref: "/shops/sh_1/webhooks", Submission: "once-1",
		URL:    " https://a.example/\u202e?x=\"1\" ",
		Picker: Picker{Groups: groups(ticked...), Total: 3, Presets: []PickerPreset{{ID: "tips", Title: "Tips", Text: "Tips as they come", Types: []string{"DONATION", "ORDER_PLACED"}}}},
	}
	for _, code := range ticked {
		p.Picker.Selected = append(p.Picker.Selected, EventBadge{Code: code, Title: code})
	}
	return p
}

func formOf(d doc) *html.Node {
	d.t.Helper()
	for _, form := range d.tags("form") {
		if has(form, "data-picker") {
			return form
		}
	}
	d.t.Fatal("no create form")
	return nil
}

func TestFormLosesNothing(t *testing.T) {
	refusal := &FieldError{Text: "No.", Code: "WEBHOOK_URI_IP_NOT_ALLOWED", RequestID: "req-1"}
	rows := []struct {
		name   string
		ticked []string
		change func(*WebhookFormPage)
		undo   []string
	}{
		{"fresh", nil, func(*WebhookFormPage) {}, nil},
		{"ticked", []string{"DONATION", "OF THE \"FUTURE\""}, func(*WebhookFormPage) {}, nil},
		{"refused", []string{"ORDER_PLACED", "DONATION", "PLATFORM_APP_DISCONNECTED", "OF THE \"FUTURE\""}, func(p *WebhookFormPage) { p.URLError, p.Focus = refusal, "url" }, nil},
		{"types refused", nil, func(p *WebhookFormPage) { p.Picker.Error, p.Focus = refusal, "types" }, nil},
		{"preset pressed", []string{"DONATION"}, func(p *WebhookFormPage) {
			p.Picker.CanUndo, p.Picker.Undo = true, []string{"ORDER_PLACED", "OF THE \"FUTURE\""}
		}, []string{"ORDER_PLACED", "OF THE \"FUTURE\""}},
		{"preset pressed on nothing", []string{"DONATION"}, func(p *WebhookFormPage) { p.Picker.CanUndo = true }, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := formPage(row.ticked...)
			row.change(&p)
			d := render(t, WebhookForm(p))
			d.check()
			got := posted(formOf(d))
			want := map[string][]string{"submission": {"once-1"}, "url": {p.URL}, "allowedTypes": row.ticked, "undo": row.undo}
			for name, values := range want {
				if !slices.Equal(got[name], values) {
					t.Errorf("%s: got %q, want %q", name, got[name], values)
				}
				delete(got, name)
			}
			if len(got) > 0 {
				t.Errorf("also posted: %v", got)
			}
		})
	}
}

func TestFormButtons(t *testing.T) {
	p := formPage()
	p.Picker.CanUndo = true
	buttons := submits(formOf(render(t, WebhookForm(p))))
	var got []string
	for _, b := range buttons {
		if attr(b, "name") != "do" {
			t.Errorf("button %q has name %q", text(b), attr(b, "name"))
		}
		got = append(got, attr(b, "value"))
	}
	want := []string{"create", "examine", "all", "none", "preset:tips", "group:orders:all", "group:orders:none", "group:app:all", "group:app:none", "group:unknown:all", "group:unknown:none", "undo", "create"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if first := buttons[0]; attr(first, "tabindex") != "-1" || attr(first, "aria-hidden") != "true" {
		t.Error("the first button is not kept from keyboard and screen reader")
	}
	if types := attr(buttons[4], "data-types"); types != "DONATION ORDER_PLACED" {
		t.Errorf("preset's types %q", types)
	}
}

func TestFormFocus(t *testing.T) {
	rows := []struct {
		focus   string
		canUndo bool
		want    string // id, or value of the button
	}{
		{"", false, "url"},
		{"", true, "undo"},
		{"url", true, "url"},
		{"types", false, "types"},
		{"summary", false, "summary"},
		{"banner", false, "banner"},
		{"do:group:app:all", true, "group:app:all"},
		{"do:preset:tips", true, "preset:tips"},
		{"do:none", true, "none"},
	}
	for _, row := range rows {
		p := formPage("DONATION")
		p.Focus, p.Picker.CanUndo = row.focus, row.canUndo
		p.Banner = &Notice{Kind: Failure, Title: "No"}
		p.Errors = []SummaryError{{"#url", "No"}, {"#types", "No"}}
		d := render(t, WebhookForm(p))
		focused := d.all(func(n *html.Node) bool { return has(n, "autofocus") })
		if len(focused) != 1 {
			t.Errorf("%+v: %d elements want the focus", row, len(focused))
			continue
		}
		if got := attr(focused[0], "id") + attr(focused[0], "value"); got != row.want && attr(focused[0], "id") != row.want {
			t.Errorf("%+v: focus on %q", row, got)
		}
		if focused[0].Data == "div" && attr(focused[0], "tabindex") != "-1" {
			t.Errorf("%+v: the element cannot take the focus", row)
		}
	}
}

func TestFieldErrorIsTiedToItsField(t *testing.T) {
	p := formPage("DONATION")
	p.URLError = &FieldError{Text: "This address is an IP number.", Code: "WEBHOOK_URI_IP_NOT_ALLOWED", RequestID: "req-1"}
	p.URLHints = []string{"Plain http."}
	p.Picker.Error = &FieldError{Text: "Choose at least one."}
	d := render(t, WebhookForm(p))

	input := d.byID("url")
	if attr(input, "aria-invalid") != "true" || attr(input, "aria-describedby") != "url-error-text url-error-code url-warnings url-hint" {
		t.Errorf("input has aria-invalid %q, aria-describedby %q", attr(input, "aria-invalid"), attr(input, "aria-describedby"))
	}
	for _, want := range []string{"This address is an IP number.", "WEBHOOK_URI_IP_NOT_ALLOWED", "req-1"} {
		if !strings.Contains(text(d.byID("url-error")), want) {
			t.Errorf("error lacks %q", want)
		}
	}
	for id, want := range map[string]string{"url-error-text": "Error: This address is an IP number.", "url-error-code": "WEBHOOK_URI_IP_NOT_ALLOWED"} {
		if got := text(d.byID(id)); got != want {
			t.Errorf("#%s is %q, want %q", id, got, want)
		}
	}
	if !strings.Contains(text(d.byID("url-warnings")), "Plain http.") {
		t.Error("warning is missing")
	}
	if attr(d.byID("types"), "aria-describedby") != "types-error-text" {
		t.Error("the picker is not described by its error")
	}
	for _, box := range d.all(func(n *html.Node) bool { return attr(n, "name") == "allowedTypes" }) {
		if attr(box, "aria-invalid") != "true" {
			t.Errorf("%s is not marked", attr(box, "value"))
		}
	}
}

func TestSummaryStandsOnlyForSeveralErrors(t *testing.T) {
	p := formPage()
	p.Errors = []SummaryError{{"#url", "One"}}
	if render(t, WebhookForm(p)).byID("summary") != nil {
		t.Error("one error has a summary")
	}
	p.Errors = append(p.Errors, SummaryError{"#types", "Two"})
	if d := render(t, WebhookForm(p)); d.byID("summary") == nil {
		t.Error("two errors have no summary")
	}
}

func TestTitles(t *testing.T) {
	failed := formPage()
	failed.URLError = &FieldError{Text: "No."}
	refused := formPage()
	refused.Banner = &Notice{Kind: Failure, Title: "No"}
	warned := formPage()
	warned.Banner = &Notice{Kind: Warning, Title: "Hm"}
	flashed := formPage()
	flashed.Notices = []Notice{{Kind: Failure, Title: "No"}}
	noShop := ConnectPage{Frame: Frame{Title: "Connect a shop"}, KeyAction: "/k"}
	wrongKey := noShop
	wrongKey.PasswordErr = &FieldError{Text: "No."}
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
	const sandbox = "Sandbox: everything here is simulated, nothing reaches Fourthwall."
	for _, page := range everyPage {
		without := render(t, page.draw(func(reflect.Value) {}))
		if strings.Contains(without.text(), sandbox) || strings.Contains(without.text(), "plain http") {
			t.Errorf("%s: a banner without reason", page.name)
		}
		f := frame()
		f.PlainHTTPWarning = true
		with := render(t, page.draw(func(model reflect.Value) { model.FieldByName("Frame").Set(reflect.ValueOf(f)) }))
		if !strings.Contains(with.text(), sandbox) || !strings.Contains(with.text(), "plain http") {
			t.Errorf("%s: a banner is missing", page.name)
		}
		links := with.all(func(n *html.Node) bool { return attr(n, "href") == "http://127.0.0.1:8081/" })
		if len(links) == 0 {
			t.Errorf("%s: no link to the sandbox", page.name)
		}
	}
}

func TestTopBar(t *testing.T) {
	d := render(t, Webhooks(WebhooksPage{Frame: frame(), CreateHref: "/new"}))
	switcher := d.all(func(n *html.Node) bool { return hasClass(n, "switcher") })[0]
	if got := text(within(switcher, func(n *html.Node) bool { return n.Data == "summary" })[0]); got != "Shop: Studio Nine" {
		t.Errorf("switcher says %q", got)
	}
	for _, want := range []string{"/shops/sh_1/webhooks", "/shops/sh_2/webhooks", "/shops", "/connect"} {
		if len(within(switcher, func(n *html.Node) bool { return attr(n, "href") == want })) != 1 {
			t.Errorf("switcher has no link to %s", want)
		}
	}
	for _, nav := range d.all(func(n *html.Node) bool { return n.Data == "nav" && attr(n, "aria-label") == "Main" }) {
		current := within(nav, func(n *html.Node) bool { return attr(n, "aria-current") == "page" })
		if len(current) != 1 || text(current[0]) != "Webhooks" {
			t.Errorf("%d current links", len(current))
		}
		out := within(nav, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/sign-out" })
		if len(out) != 1 {
			t.Error("no way to sign out")
		}
	}

	anonymous := render(t, Connect(ConnectPage{Frame: Frame{Title: "Connect"}, KeyAction: "/k"}))
	if n := len(anonymous.tags("nav")); n != 0 {
		t.Errorf("%d navigations without a connection", n)
	}
}

func TestAddressesAreTextNotLinks(t *testing.T) {
	const address = "https://evil.example/\u202ehook"
	f := frame()
	pages := []templ.Component{
		Webhooks(WebhooksPage{Frame: f, CreateHref: "/new", Webhooks: []WebhookRow{{ID: "w", URL: address, Href: "/w"}}}),
		Webhook(WebhookPage{Frame: f, ID: "w", URL: address, ListHref: "/l"}),
		NotConfirmed(NotConfirmedPage{Frame: f, URL: address, Action: "/a", ListHref: "/l"}),
	}
	for _, page := range pages {
		d := render(t, page)
		if !strings.Contains(d.text(), "https://evil.example/U+202Ehook") {
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

func TestListNamesTypesAndCountsTheRest(t *testing.T) {
	types := func(n int) (all []EventBadge) {
		for i := range n {
			all = append(all, EventBadge{Code: "CODE", Title: "Type " + string(rune('A'+i))})
		}
		return all
	}
	rows := []struct {
		n     int
		shown int
		rest  string
	}{{1, 1, ""}, {6, 6, ""}, {7, 7, ""}, {8, 6, "and 2 more event types"}, {26, 6, "and 20 more event types"}}
	for _, row := range rows {
		d := render(t, Webhooks(WebhooksPage{Frame: frame(), CreateHref: "/new", Webhooks: []WebhookRow{{ID: "w", URL: "https://a.example", Href: "/w", Types: types(row.n)}}}))
		badges := d.all(func(n *html.Node) bool { return hasClass(n, "badge") && attr(n, "title") == "CODE" })
		if len(badges) != row.shown {
			t.Errorf("%d types: %d shown, want %d", row.n, len(badges), row.shown)
		}
		rest := ""
		for _, n := range d.all(func(n *html.Node) bool { return hasClass(n, "more") }) {
			rest = text(n)
		}
		if rest != row.rest {
			t.Errorf("%d types: rest %q, want %q", row.n, rest, row.rest)
		}
	}
}

func TestSecretIsShownOnlyWhenAsked(t *testing.T) {
	p := WebhookPage{
		Frame: frame(), ID: "w", URL: "https://a.example", ListHref: "/l", Created: true, ForDevelopersURL: "https://f.example/dev",
		Secret: &WebhookSecret{Until: time.Unix(1_795_370_640, 0), RevealAction: "/reveal", StoredAction: "/stored"},
	}
	actions := func(d doc) (all []string) {
		for _, form := range d.tags("form") {
			if attr(form, "action") != signOutPath {
				all = append(all, attr(form, "action"))
			}
		}
		return all
	}
	hidden := render(t, Webhook(p))
	if got := actions(hidden); !slices.Equal(got, []string{"/reveal", "/stored"}) {
		t.Errorf("hidden: forms to %q", got)
	}
	p.Secret.Value = "whsec_1"
	shown := render(t, Webhook(p))
	if got := actions(shown); !slices.Equal(got, []string{"/stored"}) || !strings.Contains(shown.text(), "whsec_1") {
		t.Errorf("shown: forms to %q", got)
	}
	p.Secret = nil
	if none := render(t, Webhook(p)); len(actions(none)) != 0 || !strings.Contains(none.text(), "Find the secret") {
		t.Error("without a secret the page does not say where it is")
	}
}

func TestNotConfirmedKeepsEverything(t *testing.T) {
	p := NotConfirmedPage{
		Frame: frame(), Action: "/a", Submission: "once-1", URL: "https://a.example/ x", ListHref: "/l", CanCheck: true,
		Types: []EventBadge{{Code: "DONATION", Title: "Donation"}, {Code: "NEW", Unknown: true}},
	}
	find := func(d doc) *html.Node {
		return d.all(func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/a" })[0]
	}
	form := find(render(t, NotConfirmed(p)))
	got := posted(form)
	if got.Get("submission") != p.Submission || got.Get("url") != p.URL || !slices.Equal(got["allowedTypes"], []string{"DONATION", "NEW"}) {
		t.Errorf("posted %v", got)
	}
	if buttons := submits(form); len(buttons) != 2 || attr(buttons[0], "value") != "check" || attr(buttons[1], "value") != "edit" {
		t.Error("not the buttons to check again and to go back")
	}
	p.CanCheck = false
	if buttons := submits(find(render(t, NotConfirmed(p)))); len(buttons) != 1 || attr(buttons[0], "value") != "edit" {
		t.Error("a button to check where a check would tell nothing, or none to go back")
	}
}

// Checklist 9.
func TestConnectOffersWhatThereIs(t *testing.T) {
	full := ConnectPage{Frame: Frame{Title: "Connect"}, CodeHref: "/oauth/start?way=code", ImplicitHref: "/oauth/start?way=implicit", KeyAction: "/key", Return: "/shops/x", Username: "fw_\"1"}
	d := render(t, Connect(full))
	for _, href := range []string{full.CodeHref, full.ImplicitHref} {
		if len(d.all(func(n *html.Node) bool { return attr(n, "href") == href })) != 1 {
			t.Errorf("no link to %s", href)
		}
	}
	got := posted(d.tags("form")[0])
	if got.Get("return") != "/shops/x" || got.Get("username") != "fw_\"1" || got.Get("password") != "" || !got.Has("password") {
		t.Errorf("posted %v", got)
	}
	full.CodeHref, full.ImplicitHref = "", ""
	d = render(t, Connect(full))
	if n := len(d.all(func(n *html.Node) bool { return strings.HasPrefix(attr(n, "href"), "/oauth") })); n != 0 {
		t.Errorf("%d links to ways that are not offered", n)
	}
}

// TestConnectFocus wants the focus on the first wrong field, and nowhere
// while nothing is wrong: the page offers a choice.
func TestConnectFocus(t *testing.T) {
	wrong := &FieldError{Text: "No."}
	rows := []struct {
		user, password *FieldError
		want           string
	}{{nil, nil, ""}, {wrong, nil, "username"}, {nil, wrong, "password"}, {wrong, wrong, "username"}}
	for _, row := range rows {
		d := render(t, Connect(ConnectPage{KeyAction: "/k", UsernameErr: row.user, PasswordErr: row.password}))
		got := ""
		for _, n := range d.all(func(n *html.Node) bool { return has(n, "autofocus") }) {
			got += attr(n, "id")
		}
		if got != row.want {
			t.Errorf("%v %v: focus on %q, want %q", row.user, row.password, got, row.want)
		}
	}
}

// TestImplicitPage holds what the script relies on, and that it is the first
// thing the page asks for.
func TestImplicitPage(t *testing.T) {
	d := render(t, Implicit(ImplicitPage{Action: "/oauth/implicit", ConnectHref: "/connect"}))
	loads := d.tags("script", "link")
	if loads[0].Data != "script" || !strings.Contains(attr(loads[0], "src"), "/implicit.") || has(loads[0], "defer") || has(loads[0], "async") {
		t.Error("the script is not the first thing, or does not run at once")
	}
	form := d.byID("implicit")
	for _, name := range []string{"access_token", "state", "expires_in", "scope", "token_type", "error"} {
		if values := posted(form)[name]; len(values) != 1 || values[0] != "" {
			t.Errorf("field %s: %q", name, values)
		}
	}
	if d.byID("implicit-wait") == nil || !has(d.byID("implicit-nothing"), "hidden") {
		t.Error("the script's two messages are not there")
	}
}

func TestErrorPage(t *testing.T) {
	p := ErrorPage{Frame: frame(), Status: 503, Heading: "Busy", Text: "Later.", Code: "TOO_MANY", RequestID: "req-1", RetryAfter: 29500 * time.Millisecond, Links: []Link{{"/a", "First"}, {"/b", "Second"}}}
	d := render(t, Error(p))
	for _, want := range []string{"Error 503", "Busy", "Later.", "TOO_MANY", "req-1", "Try again in 30 seconds."} {
		if !strings.Contains(d.text(), want) {
			t.Errorf("page lacks %q", want)
		}
	}
	main := d.all(func(n *html.Node) bool { return hasClass(n, "main") && n.Data == "a" })
	if len(main) != 1 || text(main[0]) != "First" {
		t.Error("the first link is not the main one")
	}
}

// TestCredentialsCanBeFilledIn: whoever keeps an API key in a password manager
// need not copy it by hand.
func TestCredentialsCanBeFilledIn(t *testing.T) {
	d := render(t, Connect(ConnectPage{Frame: frame(), KeyAction: "/connect/key"}))
	for id, want := range map[string]string{"username": "username", "password": "current-password"} {
		if got := attr(d.byID(id), "autocomplete"); got != want {
			t.Errorf("%s has autocomplete %q, want %q", id, got, want)
		}
	}
}
