package faults

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"hookwall/e2e/process"
	"hookwall/internal/sandbox"
)

// person is a browser without script that has connected a shop.
type person struct {
	*process.Client
	w    *world
	shop sandbox.DemoShop
}

// page is what a person sees.
type page struct {
	process.Page
	text string
}

func (w *world) person(shop int) *person {
	w.t.Helper()
	return &person{process.NewClient(w.t), w, w.box.Shops()[shop]}
}

// connected is a person who has connected the nth demo shop by signing in.
func (w *world) connected(shop int) *person {
	w.t.Helper()
	p := w.person(shop)
	if pg := p.consent(p.get("/oauth/start?way=code")); pg.Status != http.StatusOK ||
		!strings.Contains(pg.text, p.shop.Name+" is connected") {
		w.t.Fatalf("connecting ends with %s", pg)
	}
	return p
}

// consent allows all on Fourthwall's page.
func (p *person) consent(pg page) page {
	p.w.t.Helper()
	f := pg.Form("/admin/platform-apps/")
	f.Values.Set("shop", p.shop.ID)
	f.Values.Set("decision", "allow")
	return p.send(f)
}

func (p *person) get(path string) page {
	p.w.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = p.w.url + path
	}
	return read(p.Get(path))
}

func (p *person) send(f process.Form) page {
	p.w.t.Helper()
	if f.Action == "" {
		p.w.t.Fatal("there is no such form")
	}
	return read(p.Post(f.Action, f.Values))
}

// press sends a form by one of its buttons, such as "do=create".
func (p *person) press(f process.Form, button string) page {
	p.w.t.Helper()
	name, value, _ := strings.Cut(button, "=")
	f.Values.Set(name, value)
	return p.send(f)
}

func (p *person) webhooks() string { return "/shops/" + p.shop.ID + "/webhooks" }

func read(pg process.Page) page { return page{pg, textOf(pg.Body)} }

func (pg page) String() string {
	return pg.URL.String() + " " + http.StatusText(pg.Status) + ": " + pg.text
}

// textOf is the text of the main part of a page, blanks folded.
func textOf(body string) string {
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && within(n, "main") && !within(n, "script") {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func within(n *html.Node, tag string) bool {
	for a := range n.Ancestors() {
		if a.Data == tag {
			return true
		}
	}
	return false
}

var requestIDs = regexp.MustCompile(`Request (?i:id) ([A-Za-z0-9_-]{8,})`)

// requestID is the one that the page shows; "" when it shows none.
func (pg page) requestID() string {
	if found := requestIDs.FindStringSubmatch(pg.text); found != nil {
		return found[1]
	}
	return ""
}

// keeps reports whether a form of the page has what was typed, or the draft that
// has it.
func (pg page) keeps(where string, typed url.Values) bool {
	if where != "form" {
		return where == "" || pg.Form("/confirm").Values.Get(where) != ""
	}
	for _, action := range []string{"/webhooks", "/edit"} {
		f := pg.Form(action)
		if f.Values.Get("url") == typed.Get("url") &&
			slices.Equal(sorted(f.Values["allowedTypes"]), sorted(typed["allowedTypes"])) {
			return true
		}
	}
	return false
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// link returns the URL of the first link with a text, or "" if there is none.
func (pg page) link(text string) string {
	doc, err := html.Parse(strings.NewReader(pg.Body))
	if err != nil {
		return ""
	}
	for n := range doc.Descendants() {
		if n.Data != "a" || !strings.Contains(process.Text(n), text) {
			continue
		}
		for _, a := range n.Attr {
			if a.Key != "href" {
				continue
			}
			if to, err := pg.URL.Parse(a.Val); err == nil {
				return to.String()
			}
		}
	}
	return ""
}

// offers reports whether the page has a button with this value.
func (pg page) offers(do string) bool { return strings.Contains(pg.Body, `name="do" value="`+do+`"`) }
