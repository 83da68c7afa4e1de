package handlers

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"hookwall/internal/sandbox"
)

// notLinked has the routes that none of our pages link to, and what requests
// them.
var notLinked = map[string]string{
	"GET /healthz":                                 "a supervisor",
	"GET /readyz":                                  "a supervisor",
	"GET /self-check":                              "hookwall doctor",
	"GET /.well-known/security.txt":                "people who found a weakness",
	"GET /dev/components":                          "people who work on Hookwall",
	"POST /switcher":                               "the script of the switcher, if it is a search",
	"GET /oauth/callback":                          "Fourthwall's sign-in",
	"GET /oauth/implicit":                          "Fourthwall's sign-in",
	"POST /oauth/implicit":                         "the script of that page",
	"GET /shops/{shop}":                            "people who shorten a URL",
	"GET /shops/{shop}/checks/{id}":                "a redirect after a form",
	"GET /shops/{shop}/checks/{id}/stream":         "the script of that page",
	"GET /shops/{shop}/webhooks/new/duplicate":     "a redirect after a form",
	"GET /shops/{shop}/webhooks/{id}/edit/confirm": "a redirect after a form",
}

// withShop connects a shop and returns its list.
func (p *person) withShop(n int) *page {
	return p.get(webhooksPath(p.connectKey(n).ID)).want(http.StatusOK)
}

// TestEveryPageIsReachable follows every link and finds every form, beginning at
// the start and at the pages that forms lead to.
func TestEveryPageIsReachable(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true})
	p := g.person()
	shop := p.connect(0)
	created := p.newForm(shop.ID, receives, "DONATION").submit().want(http.StatusOK)
	id := g.box.Webhooks(shop.ID)[0].ID
	g.fired(shop, "DONATION", false)
	edited := p.get(webhookPath(shop.ID, id) + "/edit").postForm("/edit")
	c := &crawl{person: p, seen: map[string]bool{}, found: map[string]bool{}}
	c.read(p.get(homePath)) // first, since questions lead back to where they are asked
	c.read(created)
	c.read(edited.set("allowedTypes", "DONATION", "ORDER_PLACED").submit())
	c.read(p.newForm(shop.ID, receives, "DONATION").submit())
	c.read(p.get(webhooksPath(shop.ID) + "?open=" + id))
	other := &crawl{person: g.person(), seen: map[string]bool{}, found: c.found}
	other.read(other.withShop(1)) // with the first steps
	other.connectKey(2)
	other.read(other.get(shopsPath)) // of several shops
	other.readPlans()
	other.read(other.makesTemplate("Music", good, "DONATION").want(http.StatusOK))
	for _, rt := range g.server.routes() {
		switch who := notLinked[rt.pattern()]; {
		case who == "" && !c.found[rt.pattern()]:
			t.Errorf("nothing leads to %s", rt.pattern())
		case who != "" && c.found[rt.pattern()]:
			t.Errorf("%s is linked, and listed as for %s", rt.pattern(), who)
		}
	}
	if len(c.found) < len(g.server.routes())/2 {
		t.Errorf("only %d routes were found", len(c.found))
	}
}

// readPlans reads a plan before, during and after its run, and one that fails.
func (c *crawl) readPlans() {
	c.t.Helper()
	c.visits(true)
	for n, address := range []string{good, "https://hooks.example.com:8443/"} {
		shop := c.box.Shops()[n+1].ID
		c.must(c.box.Configure(shop, sandbox.Switches{SecretInCreate: true}))
		draft := c.newPlan("kind=copy&q="+shop).set(toField, address).set(typesField, "DONATION").submit()
		c.read(draft.want(http.StatusOK))
		c.read(draft.postForm("/apply").submit().want(http.StatusOK))
		if n == 1 {
			c.get(draft.url.Path).postForm("/stop").submit()
			c.read(c.get(draft.url.Path))
			c.get(draft.url.Path).postForm("/resume").submit()
		}
		c.visits(false)
		c.read(c.get(draft.url.Path))
	}
}

// crawl follows links to every page.
type crawl struct {
	*person
	seen  map[string]bool // paths
	found map[string]bool // patterns of routes
}

// read notes what a page leads to, and follows its links.
func (c *crawl) read(pg *page) {
	c.t.Helper()
	walk(pg.doc, func(n *html.Node) {
		for _, a := range n.Attr {
			to, err := pg.url.Parse(a.Val)
			isLink := strings.HasPrefix(a.Val, "/") || a.Key == "href" && !strings.ContainsAny(a.Val[:min(1, len(a.Val))], "?#")
			if err != nil || !isLink || to.Host != pg.url.Host {
				continue
			}
			method := http.MethodGet
			isPosted := a.Key == "action" && strings.EqualFold(attr(n, "method"), http.MethodPost)
			if isPosted || a.Key == "data-notes" || a.Key == "data-find" {
				method = http.MethodPost
			}
			c.follow(method, to)
		}
	})
}

func (c *crawl) follow(method string, to *url.URL) {
	c.t.Helper()
	_, pattern := c.server.mux.Handler(&http.Request{Method: method, URL: to})
	c.found[pattern] = true
	isElse := strings.HasPrefix(to.Path, "/static/") || strings.HasSuffix(to.Path, "/stream")
	if method != http.MethodGet || isElse || to.Path == startPath || c.seen[to.Path] {
		return
	}
	c.seen[to.Path] = true
	c.read(c.get(to.String()).want(http.StatusOK))
}

// TestNewPage adds a page by a row and a handler. The guard, the layers, error
// pages and the way back after a sign-in are the same as for the others, and so
// are the tests that walk the table. A page of the product also needs a template
// in views, a link to it, and a line in tools/lighthouse/pages.mjs.
func TestNewPage(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	s := g.server
	const path = "/shops/{shop}/hello"
	s.mount(append(s.routes(), route{
		method: http.MethodGet, path: path, access: viewer, resumable: true,
		handle: func(w http.ResponseWriter, r *http.Request) error {
			if r.URL.Query().Has("type") {
				return &httpError{Status: http.StatusConflict}
			}
			frame, err := s.frame(r, "Hello")
			if err != nil {
				return err
			}
			return s.render(w, r, http.StatusOK, hello(frame.Shop.Name))
		},
	}))
	p := g.person()
	shop := g.box.Shops()[0]
	at := shopPath(shop.ID) + "/hello"
	guarded := p.noRedirects().get(at).want(http.StatusSeeOther)
	if to := guarded.header.Get("Location"); to != connectLink(at, "").Href {
		t.Errorf("without a session it leads to %s", to)
	}
	p.connect(0)
	pg := p.get(at).want(http.StatusOK, "Hello, "+shop.Name)
	if pg.header.Get("Content-Security-Policy") == "" || pg.header.Get("X-Request-Id") == "" {
		t.Errorf("it lacks what layers add: %v", pg.header)
	}
	p.get(at+"?type=x").want(http.StatusConflict, errorTexts[http.StatusConflict].heading)
	p.post(at, url.Values{}).want(http.StatusMethodNotAllowed)
}

// hello is what a template compiles to.
func hello(name string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "<p>Hello, "+templ.EscapeString(name)+"</p>")
		return err
	})
}

// TestWayBackToTheShop: where something of a shop isn't there, the page leads
// to the shop's webhooks.
func TestWayBackToTheShop(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	const all, start = "See all webhooks", "Go to the start"
	for _, test := range []struct{ name, path, link string }{
		{"a webhook", webhookPath(shop.ID, "wcon_gone"), all},
		{"a webhook to edit", editPath(shop.ID, "wcon_gone"), all},
		{"a page of the shop", shopsPath + "/" + shop.ID + "/nothing", all},
		{"a page below a webhook", webhookPath(shop.ID, "wcon_gone") + "/nothing", all},
		{"a page of a shop that isn't connected", shopsPath + "/sh_other/nothing", start},
		{"any page", "/nothing", start},
	} {
		t.Run(test.name, func(t *testing.T) {
			pg := p.get(test.path).want(http.StatusNotFound)
			for _, text := range []string{all, start} {
				if has := strings.Contains(pg.text(), text); has != (text == test.link) {
					t.Errorf("%q: %v\n%s", text, has, pg.text())
				}
			}
			if test.link == all && pg.link(all).url.Path != webhooksPath(shop.ID) {
				t.Error("it leads elsewhere")
			}
		})
	}
}
