package views

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

// groups returns a small catalog with some event types selected.
func groups(ticked ...string) []ui.PickerGroup {
	all := []ui.PickerGroup{
		{
			ID: "orders", Title: "Orders and tips",
			Types: []ui.PickerType{
				{Code: "ORDER_PLACED", Title: "Order placed", Description: "A new order is paid."},
				{Code: "DONATION", Title: "Donation", Description: "Someone sent a tip."},
			},
		},
		{
			ID: "app", Title: "App",
			Types: []ui.PickerType{
				{Code: "PLATFORM_APP_DISCONNECTED", Title: "App disconnected", Description: "The shop ended the connection."},
			},
		},
		{ID: "unknown", Title: "Unknown", Types: []ui.PickerType{{Code: "OF THE \"FUTURE\"", Unknown: true}}},
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

// formPage returns the create form with some event types selected.
func formPage(ticked ...string) WebhookFormPage {
	p := WebhookFormPage{
		Frame: frame(), Action: "/shops/sh_1/webhooks", CancelHref: "/shops/sh_1/webhooks", Key: "once-1",
		URL: " https://a.example/\u202e?x=\"1\" ",
		Picker: ui.Picker{
			Groups: groups(ticked...), Total: 3,
			Presets: []ui.PickerPreset{
				{ID: "tips", Title: "Tips", Text: "Tips as they come", Types: []string{"DONATION", "ORDER_PLACED"}},
			},
		},
	}
	for _, code := range ticked {
		p.Picker.Selected = append(p.Picker.Selected, ui.EventBadge{Code: code, Title: code})
	}
	return p
}

// formOf returns the create or edit form of a page.
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

// TestFixedFormIsAsDrawn: parts that were rendered once must not differ from those of a form that is drawn.
func TestFixedFormIsAsDrawn(t *testing.T) {
	open := func() WebhookFormPage {
		p := formPage()
		p.Tools = []ui.FinderTool{{Name: "Chat", Text: "Open *Settings*."}}
		return p
	}
	fixed, err := FixChoice(open())
	if err != nil {
		t.Fatal(err)
	}
	notice := ui.Notice{Kind: "failure", Title: "No.", Text: "Not now."}
	for name, change := range map[string]func(*WebhookFormPage){
		"just opened":          func(*WebhookFormPage) {},
		"of another shop":      func(p *WebhookFormPage) { p.CancelHref = `/shops/"<é>&'/webhooks` },
		"with a wrong URL":     func(p *WebhookFormPage) { p.URLError, p.Focus = &ui.FieldError{Text: "No."}, "url" },
		"with a banner":        func(p *WebhookFormPage) { p.Banner, p.Focus = &notice, "banner" },
		"with a notice":        func(p *WebhookFormPage) { p.Notices = []ui.Notice{notice} },
		"creates anyway":       func(p *WebhookFormPage) { p.Banner, p.Anyway = &notice, true },
		"with a preset's name": func(p *WebhookFormPage) { p.PresetName = "Friday" },
		"with a wrong preset": func(p *WebhookFormPage) {
			p.PresetError, p.Focus = &ui.FieldError{Text: "No."}, "preset_name"
		},
	} {
		p := open()
		change(&p)
		drawn := render(t, WebhookForm(p))
		p.Fixed = &fixed
		if got := render(t, WebhookForm(p)); !bytes.Equal(got.raw, drawn.raw) {
			t.Errorf("%s: it differs from the form that is drawn", name)
		}
	}
}

func TestFormKeepsEverything(t *testing.T) {
	refusal := &ui.FieldError{Text: "No.", Code: "WEBHOOK_URI_IP_NOT_ALLOWED", RequestID: "req-1"}
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
		{"preset refused", []string{"DONATION"}, func(p *WebhookFormPage) {
			p.PresetName, p.PresetError, p.Focus = " Friday “show” ", refusal, "preset_name"
		}, nil},
		{"preset pressed on nothing", []string{"DONATION"}, func(p *WebhookFormPage) { p.Picker.CanUndo = true }, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := formPage(row.ticked...)
			row.change(&p)
			d := render(t, WebhookForm(p))
			d.check()
			got := posted(formOf(d))
			want := map[string][]string{
				"submission": {"once-1"}, "url": {p.URL}, "allowedTypes": row.ticked, "undo": row.undo, "preset_name": {p.PresetName},
			}
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
	want := []string{
		"create", "preset:tips", "group:orders:all", "group:app:all", "group:unknown:all", "undo", "none", "create",
		"examine", "save-preset",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if first := buttons[0]; attr(first, "tabindex") != "-1" || attr(first, "aria-hidden") != "true" {
		t.Error("the first button is not kept from keyboard and screen reader")
	}
	if types := attr(buttons[1], "data-types"); types != "DONATION ORDER_PLACED" {
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
		{"preset_name", false, "preset_name"},
	}
	for _, row := range rows {
		p := formPage("DONATION")
		p.Focus, p.Picker.CanUndo = row.focus, row.canUndo
		p.Banner = &ui.Notice{Kind: ui.Failure, Title: "No"}
		p.Errors = []ui.SummaryError{{Href: "#url", Text: "No"}, {Href: "#types", Text: "No"}}
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

func TestFieldErrorBelongsToField(t *testing.T) {
	p := formPage("DONATION")
	p.URLError = &ui.FieldError{
		Text: "This address is an IP number.", Code: "WEBHOOK_URI_IP_NOT_ALLOWED", RequestID: "req-1",
	}
	p.URLNotes = ui.FieldNotes{Warnings: []string{"Plain http."}}
	p.Picker.Error = &ui.FieldError{Text: "Select at least one."}
	d := render(t, WebhookForm(p))

	input := d.byID("url")
	if attr(input, "aria-invalid") != "true" ||
		attr(input, "aria-describedby") != "url-error-text url-error-code url-warnings url-hint" {
		t.Errorf(
			"input has aria-invalid %q, aria-describedby %q", attr(input, "aria-invalid"), attr(input, "aria-describedby"),
		)
	}
	for _, want := range []string{"This address is an IP number.", "WEBHOOK_URI_IP_NOT_ALLOWED", "req-1"} {
		if !strings.Contains(text(d.byID("url-error")), want) {
			t.Errorf("error lacks %q", want)
		}
	}
	for id, want := range map[string]string{
		"url-error-text": "Error: This address is an IP number.", "url-error-code": "WEBHOOK_URI_IP_NOT_ALLOWED",
	} {
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

func TestSummaryOnlyForSeveralErrors(t *testing.T) {
	p := formPage()
	p.Errors = []ui.SummaryError{{Href: "#url", Text: "One"}}
	if render(t, WebhookForm(p)).byID("summary") != nil {
		t.Error("one error has a summary")
	}
	p.Errors = append(p.Errors, ui.SummaryError{Href: "#types", Text: "Two"})
	if d := render(t, WebhookForm(p)); d.byID("summary") == nil {
		t.Error("two errors have no summary")
	}
}

func TestEditForm(t *testing.T) {
	p := formPage("DONATION", "OF THE \"FUTURE\"")
	p.Frame = shopFrame("/shops/sh_1/webhooks/w/edit")
	p.CancelHref = "/w"
	p.Edit = &EditPart{
		Name: "w", Href: "/w", BaseURL: " https://old.example/\u202e", BaseTypes: []string{"OF THE \"FUTURE\"", "ORDER_PLACED"},
	}
	p.Picker.Groups[2].Types[0].Held = true
	d := render(t, WebhookForm(p))
	d.check()
	d.says(
		[]string{"Edit webhook", "Newer than this version of Hookwall. It stays as it is.", "Your webhook"},
		[]string{"Create", "Fourthwall may reject it"},
	)
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
	mains := slices.DeleteFunc(buttons, func(b *html.Node) bool { return attr(b, "value") != "review" })
	if len(mains) != 2 || mains[0] != submits(form)[0] {
		t.Errorf("%d main buttons", len(mains))
	}
	for _, b := range mains {
		if attr(b, "name") != "do" || text(b) != "Review changes" {
			t.Errorf("main button %q sends %q", text(b), attr(b, "name"))
		}
	}
	if len(d.linksTo("/w")) != 2 { // in the breadcrumb, and to cancel
		t.Errorf("%d links back", len(d.linksTo("/w")))
	}
}

// triState returns the state and the value of the buttons "All" by their names.
func triState(d doc) map[string][2]string {
	out := map[string][2]string{}
	for _, b := range d.all(func(n *html.Node) bool { return hasClass(n, "tri") }) {
		out[text(b)] = [2]string{attr(b, "aria-pressed"), attr(b, "value")}
	}
	return out
}

func TestAllButtonShowsHowManyAreSelected(t *testing.T) {
	rows := []struct {
		ticked      []string
		orders, app [2]string
	}{
		{nil, [2]string{"false", "group:orders:all"}, [2]string{"false", "group:app:all"}},
		{
			[]string{"DONATION"},
			[2]string{"mixed", "group:orders:all"},
			[2]string{"false", "group:app:all"},
		},
		{
			[]string{"DONATION", "ORDER_PLACED"},
			[2]string{"true", "group:orders:off"},
			[2]string{"false", "group:app:all"},
		},
		{
			[]string{"DONATION", "ORDER_PLACED", "PLATFORM_APP_DISCONNECTED", "OF THE \"FUTURE\""},
			[2]string{"true", "group:orders:off"},
			[2]string{"true", "group:app:off"},
		},
	}
	for _, row := range rows {
		got := triState(render(t, WebhookForm(formPage(row.ticked...))))
		for part, want := range map[string][2]string{
			"All of Orders and tips": row.orders, "All of App": row.app,
		} {
			if got[part] != want {
				t.Errorf("%q ticked, %s: got %q, want %q", row.ticked, part, got[part], want)
			}
		}
	}
}

// TestAllButtonKeepsFocus: the button that was clicked takes the focus, although
// its value changes with its state.
func TestAllButtonKeepsFocus(t *testing.T) {
	rows := []struct {
		pressed string
		ticked  []string
		want    string // value of the focused button
	}{
		{"group:app:all", []string{"PLATFORM_APP_DISCONNECTED"}, "group:app:off"},
		{"group:app:off", nil, "group:app:all"},
		{"preset:tips", []string{"DONATION", "ORDER_PLACED"}, "preset-off:tips"},
		{"preset-off:tips", nil, "preset:tips"},
		{"none", nil, "none"},
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

// TestPresetsShowWhenTheyAreOn: a preset is on if all of its event types are
// selected, whatever else is.
func TestPresetsShowWhenTheyAreOn(t *testing.T) {
	for _, row := range []struct {
		ticked    []string
		on, value string
	}{
		{nil, "false", "preset:tips"},
		{[]string{"DONATION"}, "false", "preset:tips"},
		{[]string{"DONATION", "ORDER_PLACED"}, "true", "preset-off:tips"},
		{[]string{"DONATION", "ORDER_PLACED", "PLATFORM_APP_DISCONNECTED"}, "true", "preset-off:tips"},
	} {
		d := render(t, WebhookForm(formPage(row.ticked...)))
		pills := d.all(func(n *html.Node) bool { return has(n, "data-types") })
		if len(pills) != 1 || attr(pills[0], "aria-pressed") != row.on || attr(pills[0], "value") != row.value {
			t.Errorf("%q ticked: pressed %q, sends %q", row.ticked, attr(pills[0], "aria-pressed"), attr(pills[0], "value"))
		}
	}
}

// TestFinderNamesEachTool: what is between asterisks is emphasized.
func TestFinderNamesEachTool(t *testing.T) {
	p := formPage()
	p.Tools = []ui.FinderTool{{Name: "Tool", Text: "Open *Settings*, then *Hooks*."}, {Name: "Other", Text: "*Add* it"}}
	d := render(t, WebhookForm(p))
	d.check()
	for id, want := range map[string]string{"tool-0-url": "Open Settings, then Hooks.", "tool-1-url": "Add it"} {
		if got := text(d.byID(id)); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	bold := d.all(func(n *html.Node) bool {
		return n.Data == "b" && n.Parent != nil && strings.HasPrefix(attr(n.Parent, "id"), "tool-")
	})
	if len(bold) != 3 {
		t.Errorf("%d names are emphasized", len(bold))
	}
}

// TestSampleLinksOpenInNewTab: the link to a sample is outside the label, so that
// it doesn't select the event type.
func TestSampleLinksOpenInNewTab(t *testing.T) {
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
		t.Errorf("%d links are in a label", len(inLabel))
	}
	got := map[string]string{}
	isSample := func(n *html.Node) bool { return n.Data == "a" && strings.HasPrefix(attr(n, "href"), "/samples/") }
	for _, a := range d.all(isSample) {
		got[text(a)] = attr(a, "href")
		if attr(a, "target") != "_blank" || attr(a, "rel") != "noopener" {
			t.Errorf("%s: target %q, rel %q", text(a), attr(a, "target"), attr(a, "rel"))
		}
	}
	want := []string{"ORDER_PLACED", "DONATION", "PLATFORM_APP_DISCONNECTED"}
	for _, code := range want {
		if name := code + ", sample in a new tab"; got[name] != "/samples/"+code {
			t.Errorf("%s leads to %q", name, got[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d samples, want %d", len(got), len(want))
	}
}
