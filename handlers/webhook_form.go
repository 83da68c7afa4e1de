package handlers

import (
	"crypto/rand"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

// The buttons about the presets of an owner. An ID follows the second.
const (
	savePreset   = "save-preset"
	deletePreset = "delete-preset"
)

// keyField names the idempotency key in forms.
const keyField = "submission"

// webhookForm is the create or edit form as it was typed, with its errors.
type webhookForm struct {
	shop      string // id of the shop it is sent for
	key       string // idempotency key: a one-time ID
	url       string
	asTyped   string   // a URL that may be sent although it has characters that can't be seen
	types     []string // ticked, in the order they came
	undo      []string // ticked before a preset or a toggle was pressed
	canUndo   bool
	duplicate bool               // a second webhook for the same address was agreed to
	editing   string             // id of the webhook that is edited; "" when one is created
	base      fourthwall.Content // that webhook as it was when the form was opened
	draft     string             // id of the draft that the form was read from
	pressed   string             // the button that drew the form again; the focus goes back to it
	own       []store.Preset     // the owner's presets
	unlisted  bool               // not all webhooks could be read, so the form offers to create anyway

	presetName  string // typed, to save the ticks under
	urlError    *ui.FieldError
	typesError  *ui.FieldError
	presetError *ui.FieldError
	banner      *ui.Notice
}

func newWebhookForm(shop string) *webhookForm {
	return &webhookForm{shop: shop, key: rand.Text()}
}

// readWebhookForm reads what was posted. If a field was sent twice, the first
// value counts, except for the ticks.
func readWebhookForm(shop string, posted url.Values) *webhookForm {
	f := &webhookForm{shop: shop, key: posted.Get(keyField), url: valid(posted.Get("url"))}
	f.asTyped, f.presetName = valid(posted.Get("as_typed")), bounded(posted.Get("preset_name"), 1000)
	for _, code := range posted["allowedTypes"] {
		code = valid(code)
		if !slices.Contains(f.types, code) {
			f.types = append(f.types, code)
		}
	}
	for _, code := range posted["undo"] {
		f.undo = append(f.undo, valid(code))
	}
	f.duplicate = posted.Get("duplicate") == "accepted"
	if !randomID.MatchString(f.key) {
		f.renew()
	}
	return f
}

// renew makes the form a new attempt, under a new key, because the operation of
// the old key has an outcome.
func (f *webhookForm) renew() { f.key = rand.Text() }

// address returns the URL as it is sent, without what copying adds around it.
func (f *webhookForm) address() string { return webhooks.ReadURL(f.url).URL }

// wanted returns the content that the form asks for. An unchanged URL is
// exactly as Fourthwall has it. The types that stay come first, in Fourthwall's
// order, then the new ones.
func (f *webhookForm) wanted() fourthwall.Content {
	want := fourthwall.Content{URL: f.address()}
	if f.keepsURL() {
		want.URL = f.base.URL
	}
	for _, t := range f.base.AllowedTypes {
		if slices.Contains(f.types, string(t)) {
			want.AllowedTypes = append(want.AllowedTypes, t)
		}
	}
	for _, t := range typesOf(f.types) {
		if !slices.Contains(want.AllowedTypes, t) {
			want.AllowedTypes = append(want.AllowedTypes, t)
		}
	}
	return want
}

// chosen returns the same content with the event types in the form's order, for
// an update that puts them in the order of the webhook as it is by then.
func (f *webhookForm) chosen() fourthwall.Content {
	return fourthwall.Content{URL: f.wanted().URL, AllowedTypes: typesOf(f.types)}
}

// keepsURL reports whether an edit leaves the URL unchanged.
func (f *webhookForm) keepsURL() bool {
	return f.editing != "" && strings.TrimSpace(f.url) == strings.TrimSpace(f.base.URL)
}

func codesOf(types []fourthwall.EventType) []string {
	var codes []string
	for _, t := range types {
		codes = append(codes, string(t))
	}
	return codes
}

func typesOf(codes []string) []fourthwall.EventType {
	var types []fourthwall.EventType
	for _, code := range codes {
		types = append(types, fourthwall.EventType(code))
	}
	return types
}

// validate rejects only what cannot be a webhook at all. Whether a URL is
// allowed is for the API to decide.
func (f *webhookForm) validate() bool {
	if !f.keepsURL() {
		f.urlError = readURL(f.url, f.asTyped).fieldError()
	}
	// An unknown type that the webhook already has is kept. A new one must be
	// in the catalog.
	unknown := slices.DeleteFunc(slices.Clone(f.types), func(code string) bool {
		return isKnownType(code) || slices.Contains(f.base.AllowedTypes, fourthwall.EventType(code))
	})
	switch {
	case len(f.types) == 0:
		f.typesError = &ui.FieldError{Text: noTypesText}
	case len(unknown) > 0:
		f.typesError = &ui.FieldError{Text: unknownTypesText}
	}
	return f.urlError == nil && f.typesError == nil
}

func isKnownType(code string) bool {
	_, known := fourthwall.LookupEventType(fourthwall.EventType(code))
	return known
}

// press carries out a button that changes the ticks. ok is false if do is no
// such button. The previous ticks are kept for undo.
func (f *webhookForm) press(do string) (ok bool) {
	before := f.types
	f.pressed = do
	name, rest, _ := strings.Cut(do, ":")
	switch name {
	case useURL:
		f.url, f.pressed = rest, ""
		return true
	case "undo":
		f.types, f.undo, f.canUndo = f.undo, nil, false
		return true
	case "preset":
		f.tick(f.presetTypes(rest))
	case "preset-off":
		f.toggle(f.presetTypes(rest))
	case "group":
		id, which, _ := strings.Cut(rest, ":")
		f.pressGroup(id, which)
	case "all":
		f.tick(f.boxes())
	case "off":
		f.toggle(f.boxes())
	case "none":
		f.types = nil
	default:
		f.pressed = ""
		return false
	}
	f.undo, f.canUndo = before, true
	return true
}

// button returns the value of the button that was clicked. The main buttons save
// a preset first if its name was typed: Enter in its field clicks them.
func (f *webhookForm) button(posted url.Values) string {
	do := posted.Get("do")
	if (do == "create" || do == "review") && strings.TrimSpace(f.presetName) != "" {
		return savePreset
	}
	return do
}

// decide carries out a button that says what to do about characters that can't
// be seen. It returns what the form's main button would, or else do.
func (f *webhookForm) decide(do string) string {
	switch name, rest, _ := strings.Cut(do, ":"); name {
	case withoutThe:
		f.url = valid(rest)
	case asTyped:
		f.asTyped = f.address()
	default:
		return do
	}
	return ""
}

func (f *webhookForm) pressGroup(id, which string) {
	codes := f.groupTypes(id)
	switch which {
	case "all":
		f.tick(codes)
	case "off":
		f.toggle(codes)
	default:
		f.untick(codes)
	}
}

// toggle clears the types if all of them were ticked. If boxes were cleared
// since the page was drawn, it ticks them again, as its button says.
func (f *webhookForm) toggle(codes []string) {
	if slices.ContainsFunc(codes, func(code string) bool { return !slices.Contains(f.types, code) }) {
		f.tick(codes)
		return
	}
	f.untick(codes)
}

func (f *webhookForm) untick(codes []string) {
	f.types = slices.DeleteFunc(slices.Clone(f.types), func(code string) bool { return slices.Contains(codes, code) })
}

// groupTypes returns the types in a group of the picker.
func (f *webhookForm) groupTypes(id string) []string {
	for _, g := range fourthwall.Groups() {
		if g.ID == id {
			return infoCodes(g.Types)
		}
	}
	if unknown := f.unknownGroup(); unknown.ID == id {
		return typeCodes(unknown.Types)
	}
	return nil
}

// boxes returns the types that can be ticked: the catalog, and what else is
// known of the webhook.
func (f *webhookForm) boxes() []string {
	return append(allTypes(), typeCodes(f.unknownGroup().Types)...)
}

func typeCodes(types []ui.PickerType) []string {
	var codes []string
	for _, t := range types {
		codes = append(codes, t.Code)
	}
	return codes
}

func (f *webhookForm) tick(codes []string) {
	f.types = slices.Clone(f.types)
	for _, code := range codes {
		if !slices.Contains(f.types, code) {
			f.types = append(f.types, code)
		}
	}
}

func allTypes() []string { return infoCodes(fourthwall.EventTypes()) }

func infoCodes(infos []fourthwall.EventInfo) []string {
	var codes []string
	for _, info := range infos {
		codes = append(codes, string(info.Code))
	}
	return codes
}

// presetTypes returns the types of a preset, one of Hookwall's or of the owner's.
func (f *webhookForm) presetTypes(id string) []string {
	for _, p := range f.own {
		if p.ID == id {
			return p.Types
		}
	}
	return presetTypes(id)
}

func presetTypes(id string) []string {
	if id == "" {
		return nil
	}
	var codes []string
	for _, p := range fourthwall.Presets() {
		if p.ID != id {
			continue
		}
		for _, t := range p.Types {
			codes = append(codes, string(t))
		}
	}
	return codes
}

// knownTypes returns the event types in a list from the URL that are in the
// catalog.
func knownTypes(list string) []string {
	codes := strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' })
	return slices.DeleteFunc(codes, func(code string) bool { return !isKnownType(code) })
}

// unknownGroup returns the ticks that are not in the catalog, so that nothing
// that was posted disappears.
func (f *webhookForm) unknownGroup() ui.PickerGroup {
	group := ui.PickerGroup{ID: "unknown", Title: "Unknown to this version of Hookwall"}
	seen := map[string]bool{}
	// Those of the webhook are shown even if they are not ticked.
	for _, code := range slices.Concat(codesOf(f.base.AllowedTypes), f.types) {
		if isKnownType(code) || seen[code] {
			continue
		}
		seen[code] = true
		ticked := slices.Contains(f.types, code)
		group.Types = append(group.Types, ui.PickerType{
			Code: code, Checked: ticked, Unknown: true,
			Held: slices.Contains(f.base.AllowedTypes, fourthwall.EventType(code)),
		})
		if ticked {
			group.Selected++
		}
	}
	return group
}
