package process

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Client is a browser as far as cookies, redirects and forms go.
type Client struct {
	HTTP *http.Client
	t    testing.TB
}

// Page is the final response to a Client's request.
type Page struct {
	Status int
	URL    *url.URL // after redirects
	Header http.Header
	Body   string
}

// NewClient makes one without cookies. It opens a connection for each request,
// so that none is left to a process that was killed.
func NewClient(t testing.TB) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Client{&http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}, t}
}

// Send makes a request, with a form unless it is nil, and follows redirects.
func (c *Client) Send(ctx context.Context, method, address string, form url.Values) (Page, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return Page{}, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := c.HTTP.Do(r)
	if err != nil {
		return Page{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return Page{resp.StatusCode, resp.Request.URL, resp.Header, string(text)}, err
}

// Get opens a page.
func (c *Client) Get(address string) Page {
	c.t.Helper()
	return c.must(c.Send(c.t.Context(), http.MethodGet, address, nil))
}

// Post sends a form.
func (c *Client) Post(address string, form url.Values) Page {
	c.t.Helper()
	return c.must(c.Send(c.t.Context(), http.MethodPost, address, form))
}

func (c *Client) must(p Page, err error) Page {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// ConnectKey connects a shop by its API key at a dashboard.
func (c *Client) ConnectKey(wall *Process, shop Shop) {
	c.t.Helper()
	page := c.Post(wall.URL+"/connect/key", url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}})
	if !strings.HasPrefix(page.URL.Path, "/shops/"+shop.ID) {
		c.t.Fatalf("connecting %s by its key ends at %s with status %d", shop.Name, page.URL, page.Status)
	}
}

// Form is a form of a page, as it would be sent without a click on a button.
type Form struct {
	Action string // whole address
	Values url.Values
}

// Form finds the first form of the main part of a page whose action contains a
// text. The Action is "" when there is none.
func (p Page) Form(action string) Form {
	doc, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		return Form{}
	}
	inMain := false
	for n := range doc.Descendants() {
		inMain = inMain || n.DataAtom == atom.Main
		if n.DataAtom != atom.Form || !inMain || !strings.Contains(attribute(n, "action"), action) {
			continue
		}
		if to, err := p.URL.Parse(attribute(n, "action")); err == nil {
			return Form{to.String(), fields(n)}
		}
	}
	return Form{}
}

func attribute(n *html.Node, name string) string {
	value, _ := lookup(n, name)
	return value
}

func lookup(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// fields are what a browser would send of an untouched form.
func fields(form *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		name, value, sent := field(n)
		if _, off := lookup(n, "disabled"); name != "" && sent && !off {
			values.Add(name, value)
		}
	}
	return values
}

func field(n *html.Node) (name, value string, sent bool) {
	switch n.DataAtom {
	case atom.Input:
		_, checked := lookup(n, "checked")
		switch attribute(n, "type") {
		case "submit", "button", "image", "reset", "file":
		case "checkbox", "radio":
			if value = attribute(n, "value"); value == "" {
				value = "on"
			}
			return attribute(n, "name"), value, checked
		default:
			return attribute(n, "name"), attribute(n, "value"), true
		}
	case atom.Textarea:
		return attribute(n, "name"), Text(n), true
	case atom.Option:
		if _, selected := lookup(n, "selected"); selected {
			return attribute(selectOf(n), "name"), attribute(n, "value"), true
		}
	}
	return "", "", false
}

func selectOf(n *html.Node) *html.Node {
	for n.DataAtom != atom.Select && n.Parent != nil {
		n = n.Parent
	}
	return n
}

// Text returns the text of a node of a page.
func Text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}
