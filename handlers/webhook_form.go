package handlers

import (
	"crypto/rand"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/views"
)

// webhookForm is the create form as it was typed, with what is wrong with it.
type webhookForm struct {
	shop       string // id of the shop it is sent for
	submission string // one-time id
	url        string
	types      []string // ticked, in the order they came
	undo       []string // ticked before a preset or a toggle was pressed
	canUndo    bool
	duplicate  bool    // a second webhook for the same address was agreed to
	editing    string  // id of the webhook that is edited; "" when one is created
	base       version // that webhook as it was when the form was opened
	draft      string  // id of the draft that the form was read from
	pressed    string  // the button that drew the form again; the focus goes back to it

	urlError   *views.FieldError
	typesError *views.FieldError
	banner     *views.Notice
}

// randomID matches an ID that rand.Text made. It also matches the 43 characters
// of base64url of versions before, which open forms and cookies hold for a day.
var randomID = regexp.MustCompile(`^([A-Z2-7]{26}|[A-Za-z0-9_-]{43})$`)

func newWebhookForm(shop string) *webhookForm {
	return &webhookForm{shop: shop, submission: rand.Text()}
}

// readWebhookForm takes what was posted. Of a field that came twice, the
// first counts, except for the ticks.
func readWebhookForm(shop string, posted url.Values) *webhookForm {
	f := &webhookForm{shop: shop, submission: posted.Get("submission"), url: valid(posted.Get("url"))}
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
	if !randomID.MatchString(f.submission) {
		f.renew()
	}
	return f
}

// valid replaces what is not UTF-8, so that the page that shows it again is.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// renew gives the form a new one-time id: what was sent with the old one is
// settled, and the next press is a new attempt.
func (f *webhookForm) renew() { f.submission = rand.Text() }

// address is the URL as it is sent: without the blanks around it that come
// with copying.
func (f *webhookForm) address() string { return strings.TrimSpace(f.url) }

func (f *webhookForm) input() fourthwall.Content {
	in := fourthwall.Content{URL: f.address()}
	for _, code := range f.types {
		in.AllowedTypes = append(in.AllowedTypes, fourthwall.EventType(code))
	}
	return in
}

// validate refuses only what cannot be a webhook at all. Whether an address
// is allowed is for the API to say.
func (f *webhookForm) validate() bool {
	if text := urlProblem(f.address()); text != "" && !f.keepsAddress() {
		f.urlError = &views.FieldError{Text: text}
	}
	// A type that Fourthwall knows and we do not is kept as it is; only a new
	// one must be in the catalogue.
	unknown := slices.DeleteFunc(slices.Clone(f.types), func(code string) bool {
		return isKnownType(code) || slices.Contains(f.base.types, code)
	})
	switch {
	case len(f.types) == 0:
		f.typesError = &views.FieldError{Text: "Choose at least one event type: without one, Fourthwall would have nothing to send."}
	case len(unknown) > 0:
		f.typesError = &views.FieldError{Text: "This version of Hookwall does not know an event type that is ticked. Untick what is marked as unknown."}
	}
	return f.urlError == nil && f.typesError == nil
}

func isKnownType(code string) bool {
	_, known := fourthwall.LookupEventType(fourthwall.EventType(code))
	return known
}

// maxAddress is far more than servers take, in bytes: each attempt to save an
// address is kept on record.
const maxAddress = 8 << 10

// urlProblem says why an address cannot be called at all; "" when it can.
func urlProblem(address string) string {
	if address == "" {
		return "Enter the address that Fourthwall should call, such as https://example.com/fourthwall."
	}
	if len(address) > maxAddress {
		return "The address is longer than 8,192 characters. Shorten it; what your server needs to know is in each delivery."
	}
	u, err := url.Parse(address)
	if err != nil || strings.ContainsFunc(address, isControlOrBlank) {
		return "This is not a web address. Check it for blanks and stray characters; it looks like https://example.com/fourthwall."
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return noScheme
	}
	if u.Hostname() == "" {
		return "The address has no host name. It looks like https://example.com/fourthwall."
	}
	if port, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || port < 1 || port > 65535) {
		return "The address has a port that does not exist: ports go from 1 to 65535. Leave the number out to use the usual one."
	}
	return ""
}

func isControlOrBlank(r rune) bool {
	return r <= ' ' || r == 0x7f || r == 0xa0 || (r >= 0x2028 && r <= 0x202f)
}

// What is said of an address before anything is sent.
const (
	noScheme   = "The address must start with https:// (or http://). Put https:// in front of the host name."
	ofNumber   = "This is an IP number. Fourthwall sends to host names only, so it will probably refuse it."
	ofLocal    = "This name is not on the public internet, so Fourthwall will probably refuse it."
	ofPort     = "Fourthwall will probably refuse this port. The usual one is 443, which needs no number in the address."
	ofPlain    = "This address is not encrypted. Buyers’ data would travel in the open: use https:// if your server can."
	ofPassword = "The address holds a user name or password. Everyone who can see the webhook can read it."
)

// possibleHints are what the page's script may say while someone types, by the
// names that it knows them by. It decides as urlHints does, but leaves to the
// server what only misleads a reader.
var possibleHints = []views.Hint{
	{When: "scheme", Text: noScheme},
	{When: "number", Text: ofNumber},
	{When: "local", Text: ofLocal},
	{When: "port", Text: ofPort},
	{When: "plain", Text: ofPlain},
	{When: "password", Text: ofPassword},
}

// urlHints warn of what Fourthwall may refuse or what would not work. They
// never keep anyone from sending.
func urlHints(address string) []string {
	if address == "" || urlProblem(address) != "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	hints := refusalHints(u)
	if u.Scheme == "http" {
		hints = append(hints, ofPlain)
	}
	if u.User != nil {
		hints = append(hints, ofPassword)
	}
	return append(hints, views.AddressNotes(address)...)
}

// refusalHints are what Fourthwall would probably refuse.
func refusalHints(u *url.URL) []string {
	var hints []string
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if _, err := netip.ParseAddr(host); err == nil || net.ParseIP(host) != nil {
		hints = append(hints, ofNumber)
	} else if isLocalName(host) {
		hints = append(hints, ofLocal)
	}
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		hints = append(hints, ofPort)
	}
	return hints
}

func isLocalName(host string) bool {
	if !strings.Contains(host, ".") {
		return true
	}
	for _, suffix := range []string{".localhost", ".local", ".internal", ".test", ".fourthwall.com"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return host == "fourthwall.com"
}

// press carries out a button that changes the ticks; ok is false when do is
// no such button. What was ticked is kept for undo.
func (f *webhookForm) press(do string) (ok bool) {
	before := f.types
	f.pressed = do
	name, rest, _ := strings.Cut(do, ":")
	switch name {
	case "undo":
		f.types, f.undo, f.canUndo = f.undo, nil, false
		return true
	case "preset":
		f.tick(presetTypes(rest))
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

// toggle takes back what is ticked in full. Where boxes were unticked since the
// page was drawn, it ticks them again, as its button says.
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

// groupTypes are the types that stand in a group of the picker.
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

// boxes are the types that can be ticked: the catalogue and what else is known
// of the webhook.
func (f *webhookForm) boxes() []string {
	return append(allTypes(), typeCodes(f.unknownGroup().Types)...)
}

func typeCodes(types []views.PickerType) []string {
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

func presetTypes(id string) []string {
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

// drawWebhookForm shows the form with everything that was typed.
func (s *server) drawWebhookForm(w http.ResponseWriter, r *http.Request, status int, f *webhookForm, notices ...views.Notice) error {
	title := "Create a webhook"
	if f.editing != "" {
		title = "Edit webhook"
	}
	frame, err := s.frame(r, title)
	if err != nil {
		return err
	}
	frame.Notices = append(frame.Notices, notices...)
	conn := stateOf(r).conn
	page := views.WebhookFormPage{
		Frame: frame, Action: webhooksPath(conn.ShopID), CancelHref: webhooksPath(conn.ShopID), Edit: f.editPart(),
		Submission: f.submission, URL: f.url, URLError: f.urlError,
		Picker: f.picker(), Banner: f.banner, Possible: possibleHints,
	}
	if f.urlError == nil {
		page.URLHints = urlHints(f.address())
	}
	if f.editing != "" {
		page.Action, page.CancelHref = editPath(conn.ShopID, f.editing), webhookPath(conn.ShopID, f.editing)
	}
	page.Errors, page.Focus = f.summary()
	// Back must show the form with what was typed, which no-store would lose.
	w.Header().Set("Cache-Control", "private, no-cache")
	return s.render(w, r, status, views.WebhookForm(page))
}

// editPart is what the form carries of the webhook that is edited.
func (f *webhookForm) editPart() *views.EditPart {
	if f.editing == "" {
		return nil
	}
	return &views.EditPart{ID: f.editing, Href: webhookPath(f.shop, f.editing), BaseURL: f.base.url, BaseTypes: f.base.types}
}

// summary lists the field errors and says where the focus goes.
func (f *webhookForm) summary() (errs []views.SummaryError, focus string) {
	if f.urlError != nil {
		errs, focus = append(errs, views.SummaryError{Href: "#url", Text: f.urlError.Text}), "url"
	}
	if f.typesError != nil {
		errs, focus = append(errs, views.SummaryError{Href: "#types", Text: f.typesError.Text}), "types"
	}
	if len(errs) > 1 {
		focus = "summary"
	}
	if f.banner != nil && len(errs) == 0 {
		focus = "banner"
	}
	if f.pressed != "" {
		focus = "do:" + f.pressed
	}
	return errs, focus
}

func (f *webhookForm) picker() views.Picker {
	p := views.Picker{Total: len(fourthwall.EventTypes()), Error: f.typesError, Undo: f.undo, CanUndo: f.canUndo}
	for _, g := range fourthwall.Groups() {
		group := views.PickerGroup{ID: g.ID, Title: g.Title}
		for _, info := range g.Types {
			ticked := slices.Contains(f.types, string(info.Code))
			group.Types = append(group.Types, views.PickerType{Code: string(info.Code), Title: info.Title, Description: info.Description, Checked: ticked, SampleHref: samplePath(info.Code)})
			if ticked {
				group.Selected++
				p.Selected = append(p.Selected, badge(info.Code))
			}
		}
		p.Groups = append(p.Groups, group)
	}
	if unknown := f.unknownGroup(); len(unknown.Types) > 0 {
		p.Groups = append(p.Groups, unknown)
		for _, t := range unknown.Types {
			if !t.Checked {
				continue
			}
			p.Selected = append(p.Selected, badge(fourthwall.EventType(t.Code)))
		}
	}
	for _, preset := range fourthwall.Presets() {
		p.Presets = append(p.Presets, views.PickerPreset{ID: preset.ID, Title: preset.Title, Text: preset.Description, Types: presetTypes(preset.ID)})
	}
	return p
}

// unknownGroup shows ticks that are not in the catalogue, so that nothing
// that was posted disappears.
func (f *webhookForm) unknownGroup() views.PickerGroup {
	group := views.PickerGroup{ID: "unknown", Title: "Unknown to this version of Hookwall"}
	seen := map[string]bool{}
	// Those of the webhook stay in sight when they are unticked.
	for _, code := range slices.Concat(f.base.types, f.types) {
		if isKnownType(code) || seen[code] {
			continue
		}
		seen[code] = true
		ticked := slices.Contains(f.types, code)
		group.Types = append(group.Types, views.PickerType{Code: code, Checked: ticked, Unknown: true, Held: slices.Contains(f.base.types, code)})
		if ticked {
			group.Selected++
		}
	}
	return group
}
