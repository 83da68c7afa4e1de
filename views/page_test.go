package views

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"hookwall/static"
	"hookwall/views/ui"
)

// doc is a page as a browser without JavaScript parses it.
type doc struct {
	t    *testing.T
	root *html.Node
	raw  []byte
}

// render parses a component as a page.
func render(t *testing.T, c templ.Component) doc {
	t.Helper()
	var buf bytes.Buffer
	if err := c.Render(context.Background(), &buf); err != nil {
		t.Fatal(err)
	}
	root, err := html.ParseWithOptions(bytes.NewReader(buf.Bytes()), html.ParseOptionEnableScripting(false))
	if err != nil {
		t.Fatal(err)
	}
	return doc{t: t, root: root, raw: buf.Bytes()}
}

// all returns the elements for which ok holds, in tree order, without those in
// template elements.
func (d doc) all(ok func(*html.Node) bool) []*html.Node { return within(d.root, ok) }

func within(root *html.Node, ok func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for n := range root.ChildNodes() {
		if n.Type == html.ElementNode && ok(n) {
			found = append(found, n)
		}
		if n.Data != "template" {
			found = append(found, within(n, ok)...)
		}
	}
	return found
}

func (d doc) tags(names ...string) []*html.Node {
	return d.all(func(n *html.Node) bool { return slices.Contains(names, n.Data) })
}

func (d doc) byID(id string) *html.Node {
	found := d.all(func(n *html.Node) bool { return attr(n, "id") == id })
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

func (d doc) text() string { return text(d.tags("body")[0]) }

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func hasClass(n *html.Node, class string) bool {
	return slices.Contains(strings.Fields(attr(n, "class")), class)
}

// blocks are the elements that begin on a line of their own.
var blocks = strings.Fields(`address aside button caption dd details div dl dt form h1 h2 h3 header label li main nav
	ol option p pre section summary table td th tr ul`)

// text returns the text of an element, without that in text areas. Each run of
// white space is one space.
func text(n *html.Node) string {
	var b strings.Builder
	read(&b, n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func read(b *strings.Builder, n *html.Node) {
	for d := range n.ChildNodes() {
		if d.Data == "textarea" {
			continue
		}
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
			continue
		}
		edge := ""
		if slices.Contains(blocks, d.Data) {
			edge = " "
		}
		b.WriteString(edge)
		read(b, d)
		b.WriteString(edge)
	}
}

// posted returns what a browser without JavaScript sends for the form, without
// the value of a button.
func posted(form *html.Node) url.Values {
	values := url.Values{}
	for _, in := range within(form, func(n *html.Node) bool { return n.Data == "input" && attr(n, "name") != "" }) {
		if attr(in, "type") == "checkbox" && !has(in, "checked") {
			continue
		}
		values.Add(attr(in, "name"), attr(in, "value"))
	}
	return values
}

// submits returns the buttons that send the form.
func submits(form *html.Node) []*html.Node {
	return within(form, func(n *html.Node) bool { return n.Data == "button" && attr(n, "type") != "button" })
}

// check checks what is true of every page, whatever its content.
func (d doc) check() {
	d.t.Helper()
	d.checkFrame()
	d.checkReferences()
	d.checkPolicy()
	d.checkForms()
	d.checkIcons()
	d.checkTables()
	d.checkHidden()
}

// checkTables checks that no part of a table has a role: HTML forbids those of
// rows and cells, and needs no others.
func (d doc) checkTables() {
	d.t.Helper()
	for _, n := range d.tags("table", "thead", "tbody", "tr", "th", "td") {
		if has(n, "role") {
			d.t.Errorf("<%s role=%q>", n.Data, attr(n, "role"))
		}
	}
}

// checkHidden checks that text browsers, which show what is hidden and what is in
// a template, show no statement that doesn't hold.
func (d doc) checkHidden() {
	d.t.Helper()
	if bytes.Contains(d.raw, []byte("<template")) {
		d.t.Error("there is a template")
	}
	for _, n := range d.all(func(n *html.Node) bool { return has(n, "hidden") }) {
		if n.Data != "button" && !hasClass(n, "search") && strings.TrimSpace(text(n)) != "" {
			d.t.Errorf("<%s hidden> says %q", n.Data, text(n))
		}
	}
}

// checkFrame checks the parts around the content.
func (d doc) checkFrame() {
	d.t.Helper()
	for _, tag := range []string{"h1", "main", "title"} {
		all := d.all(func(n *html.Node) bool { return n.Data == tag && n.Namespace == "" }) // SVG has titles too
		if n := len(all); n != 1 {
			d.t.Errorf("%d elements %s", n, tag)
		}
	}
	if got := attr(d.tags("html")[0], "lang"); got != "en" {
		d.t.Errorf("lang %q", got)
	}
	if !bytes.HasPrefix(d.raw, []byte("<!doctype html>")) {
		d.t.Errorf("page begins with %.20q", d.raw)
	}
	metas := map[string]string{
		"robots": "noindex", "color-scheme": "light dark", "viewport": "width=device-width, initial-scale=1",
	}
	for _, m := range d.tags("meta") {
		if want, ok := metas[attr(m, "name")]; ok && attr(m, "content") == want {
			delete(metas, attr(m, "name"))
		}
	}
	if len(metas) > 0 {
		d.t.Errorf("missing meta %v", metas)
	}
	links := within(d.tags("body")[0], func(n *html.Node) bool { return n.Data == "a" })
	if attr(links[0], "href") != "#main" {
		d.t.Error("the first link does not skip to the content")
	}
	if n := len(d.all(func(n *html.Node) bool { return has(n, "autofocus") })); n > 1 {
		d.t.Errorf("%d elements want the focus", n)
	}
}

// checkReferences checks that IDs are unique and that those referred to exist.
func (d doc) checkReferences() {
	d.t.Helper()
	seen := map[string]*html.Node{}
	for _, n := range d.all(func(n *html.Node) bool { return has(n, "id") }) {
		id := attr(n, "id")
		if id == "" || strings.ContainsAny(id, " \t\n") || seen[id] != nil {
			d.t.Errorf("id %q is empty, has a space, or is there twice", id)
		}
		seen[id] = n
	}
	for _, n := range d.all(func(*html.Node) bool { return true }) {
		if has(n, "type") && attr(n, "type") == "" {
			d.t.Errorf("<%s> has an empty type", n.Data)
		}
		for _, name := range []string{"for", "aria-labelledby", "aria-describedby", "aria-controls"} {
			if has(n, name) && attr(n, name) == "" {
				d.t.Errorf("<%s> has an empty %s", n.Data, name)
			}
			for _, id := range strings.Fields(attr(n, name)) {
				if seen[id] == nil {
					d.t.Errorf("<%s %s=%q> points nowhere", n.Data, name, id)
				}
			}
		}
		if target, ok := strings.CutPrefix(attr(n, "href"), "#"); ok && n.Data == "a" && seen[target] == nil {
			d.t.Errorf("link to #%s points nowhere", target)
		}
	}
	for _, in := range d.tags("input", "select", "textarea") {
		if attr(in, "type") == "hidden" {
			continue
		}
		labels := d.all(func(n *html.Node) bool {
			return n.Data == "label" && (has(n, "for") && attr(n, "for") == attr(in, "id") || in.Parent == n)
		})
		if len(labels) != 1 || text(labels[0]) == "" {
			d.t.Errorf("input %q has %d labels", attr(in, "id"), len(labels))
		}
	}
}

// knownElements are all elements that pages have.
var knownElements = strings.Fields(`
	html figure caption path rect line g text head meta title script link body a header nav svg use span details
	summary ul ol li form button aside main p h1 h2 h3 div dl dt dd code pre bdi strong small i b input textarea
	label section time template noscript select option table thead tbody tr th td footer datalist fieldset
	legend kbd progress`)

// checkPolicy checks that the page has nothing that the content security policy
// would block or that a string from outside may have added.
func (d doc) checkPolicy() {
	d.t.Helper()
	for _, n := range d.all(func(*html.Node) bool { return true }) {
		if !slices.Contains(knownElements, n.Data) {
			d.t.Errorf("unexpected element <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || a.Key == "formaction" ||
				a.Key == "ping" {
				d.t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
			}
			if slices.Contains([]string{"if", "else", "switch", "case"}, a.Key) {
				d.t.Errorf("<%s> has the template's own word %s in it", n.Data, a.Key)
			}
			if slices.Contains([]string{"href", "action", "src"}, a.Key) && !harmless(a.Val) {
				d.t.Errorf("<%s> has %s=%q", n.Data, a.Key, a.Val)
			}
		}
		if n.Data == "script" && (text(n) != "" || !strings.HasPrefix(attr(n, "src"), static.Prefix)) {
			d.t.Errorf("script %q of %q", text(n), attr(n, "src"))
		}
		if n.Data == "link" && !strings.HasPrefix(attr(n, "href"), static.Prefix) {
			d.t.Errorf("link to %q", attr(n, "href"))
		}
	}
}

// scheme matches the scheme of a URL as browsers find it.
var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// harmless reports whether a link may lead to the URL.
func harmless(address string) bool {
	heard := strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(address)
	heard = strings.TrimLeftFunc(heard, func(r rune) bool { return r <= ' ' })
	found := strings.ToLower(scheme.FindString(heard))
	return found == "" || found == "http:" || found == "https:" || address == string(templ.FailedSanitizationURL)
}

// checkForms checks that the first button of a form is its main action, because
// that is what Enter clicks.
func (d doc) checkForms() {
	d.t.Helper()
	for _, form := range d.tags("form") {
		asks := attr(form, "method") == "get" && (hasClass(form, "filter") || hasClass(form, "find"))
		if attr(form, "method") != "post" && !asks || attr(form, "action") == "" {
			d.t.Errorf("form by %q to %q", attr(form, "method"), attr(form, "action"))
		}
		buttons := submits(form)
		main := []string{"create", "review", "check", "save", "overwrite", "delete", "edit"}
		if len(buttons) > 1 && !slices.Contains(main, attr(buttons[0], "value")) {
			d.t.Errorf("the first of %d buttons is %q", len(buttons), text(buttons[0]))
		}
	}
	for _, b := range d.tags("button") {
		if text(b) == "" && attr(b, "aria-label") == "" {
			d.t.Error("button without a name")
		}
	}
}

// spriteIDs returns the names of the icons in the sprite.
var spriteIDs = sync.OnceValue(func() map[string]bool {
	w := httptest.NewRecorder()
	static.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, static.Path("icons.svg"), nil))
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`<symbol id="([^"]+)"`).FindAllStringSubmatch(w.Body.String(), -1) {
		found[m[1]] = true
	}
	return found
})

// checkIcons checks that the sprite has every icon.
func (d doc) checkIcons() {
	d.t.Helper()
	for _, use := range d.tags("use") {
		path, id, _ := strings.Cut(attr(use, "href"), "#")
		if path != static.Path("icons.svg") || !spriteIDs()[id] {
			d.t.Errorf("icon %q is not in the sprite", attr(use, "href"))
		}
	}
}

// formTo returns the form with this action.
func (d doc) formTo(action string) *html.Node {
	d.t.Helper()
	found := d.all(func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == action })
	if len(found) != 1 {
		d.t.Fatalf("%d forms to %s", len(found), action)
	}
	return found[0]
}

// choice returns the value that a select would send.
func (d doc) choice(id string) string {
	d.t.Helper()
	options := within(d.byID(id), func(n *html.Node) bool { return n.Data == "option" })
	chosen := slices.DeleteFunc(slices.Clone(options), func(n *html.Node) bool { return !has(n, "selected") })
	if len(chosen) != 1 {
		d.t.Fatalf("%d of the options of %s are chosen", len(chosen), id)
	}
	return attr(chosen[0], "value")
}

// linksTo returns the links to href.
func (d doc) linksTo(href string) []*html.Node {
	return d.all(func(n *html.Node) bool { return n.Data == "a" && attr(n, "href") == href })
}

// says checks that the page has some texts and lacks others.
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

// focused returns the ID of the element that takes the focus when the page opens.
func (d doc) focused() string {
	d.t.Helper()
	found := d.all(func(n *html.Node) bool { return has(n, "autofocus") })
	if len(found) > 1 {
		d.t.Fatalf("%d elements want the focus", len(found))
	}
	if len(found) == 0 {
		return ""
	}
	return attr(found[0], "id")
}

// secretIsPrivate checks that the secret field is empty and that browsers don't
// remember it.
func (d doc) secretIsPrivate() {
	d.t.Helper()
	in := d.byID("secret")
	want := map[string]string{
		"name": "secret", "type": "password", "value": "", "autocomplete": "new-password", "spellcheck": "false",
	}
	for name, value := range want {
		if attr(in, name) != value {
			d.t.Errorf("secret has %s=%q", name, attr(in, name))
		}
	}
	if hint := text(d.byID("secret-hint")); !strings.HasPrefix(hint, "Used for this ") ||
		!strings.Contains(hint, "only, never stored") {
		d.t.Errorf("the secret's hint is %q", hint)
	}
}

// values returns the values of buttons.
func values(nodes []*html.Node) (all []string) {
	for _, n := range nodes {
		all = append(all, attr(n, "value"))
	}
	return all
}

// typed returns the value of a text area, which doesn't have the line break that
// the element may begin with.
func typed(n *html.Node) string {
	if n.FirstChild == nil {
		return ""
	}
	return n.FirstChild.Data
}

var (
	donation = ui.EventBadge{Code: "DONATION", Title: "Donation"}
	placed   = ui.EventBadge{Code: "ORDER_PLACED", Title: "Order placed"}
	future   = ui.EventBadge{Code: "SHIPMENT_LOST", Unknown: true}
	noon     = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

const longURL = "https://a.example/"
