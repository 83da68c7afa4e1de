package handlers

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// What the create page may cost on the wire, in bytes of compressed bodies.
// Everything it needs for its first paint is among them.
const (
	mostBytes       = 18_000
	mostScriptBytes = 4_500
	mostRequests    = 4
)

// fetch returns the bytes on the wire, and the content.
func (p *person) fetch(address string) (sent int, body []byte) {
	p.t.Helper()
	r := p.request(http.MethodGet, address, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := p.client.Do(r)
	p.must(err)
	defer resp.Body.Close()
	packed, err := io.ReadAll(resp.Body)
	p.must(err)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Encoding") != "gzip" {
		p.t.Fatalf("%s: status %d, encoding %q", address, resp.StatusCode, resp.Header.Get("Content-Encoding"))
	}
	zr, err := gzip.NewReader(bytes.NewReader(packed))
	p.must(err)
	body, err = io.ReadAll(zr)
	p.must(err)
	return len(packed), body
}

// loaded returns the URLs that a page makes a browser fetch.
func loaded(doc *html.Node) map[string]bool {
	found := map[string]bool{}
	walk(doc, func(n *html.Node) {
		address := ""
		switch n.DataAtom {
		case atom.Script, atom.Img:
			address = attr(n, "src")
		case atom.Link:
			address = attr(n, "href")
		}
		if n.Data == "use" {
			address, _, _ = strings.Cut(attr(n, "href"), "#")
		}
		if address != "" {
			found[address] = true
		}
	})
	return found
}

// TestCreatePageCosts measures the real page, empty and with everything ticked.
func TestCreatePageCosts(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	shop := p.connect(0)
	for _, query := range []string{"", "?preset=everything"} {
		total, page := p.fetch(newWebhookPath(shop.ID) + query)
		doc, err := html.Parse(bytes.NewReader(page))
		p.must(err)
		requests, scripts, shown := 1, 0, total
		for address := range loaded(doc) {
			sent, _ := p.fetch(address)
			total += sent
			requests++
			if strings.HasSuffix(address, ".js") {
				scripts += sent
			}
		}
		t.Logf("%q: %d bytes in %d requests, of which %d are HTML and %d script", query, total, requests, shown, scripts)
		if total > mostBytes || scripts > mostScriptBytes || requests > mostRequests {
			t.Errorf("%q is too much", query)
		}
	}
}

// TestFreshFormIsShared: create forms that were just opened have the same choice
// of event types, which is drawn and compressed once. Others are drawn each time.
func TestFreshFormIsShared(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	one, two := g.person(), g.person()
	one.connect(0)
	two.connectKey(1)
	for name, row := range map[string]struct {
		p      *person
		path   string
		shared bool
	}{
		"fresh":            {one, newWebhookPath(g.box.Shops()[0].ID), true},
		"another person's": {two, newWebhookPath(g.box.Shops()[1].ID), true},
		"with a preset":    {one, newWebhookPath(g.box.Shops()[0].ID) + "?preset=everything", false},
	} {
		pg := row.p.get(row.path).want(http.StatusOK)
		if got := strings.Contains(pg.body, string(freshHTML())); got != row.shared || len(freshHTML()) < 10_000 {
			t.Errorf("%s: shared is %v of %d bytes", name, got, len(freshHTML()))
		}
	}
	for _, secret := range []string{g.box.Shops()[0].Name, g.box.Shops()[0].ID, "submission", one.url} {
		if bytes.Contains(freshHTML(), []byte(secret)) {
			t.Errorf("what is shared has %q", secret)
		}
	}
}
