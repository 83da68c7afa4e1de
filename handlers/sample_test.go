package handlers

import (
	"encoding/json"
	"net/http"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"hookwall/internal/fourthwall"
)

// TestSamples: each event type has a sample that anybody may read.
func TestSamples(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	for _, info := range fourthwall.EventTypes() {
		pg := p.get(samplePath(info.Code)).want(http.StatusOK, info.Title, info.Description)
		var sent struct {
			Type     string          `json:"type"`
			TestMode bool            `json:"testMode"`
			ID       string          `json:"id"`
			Data     json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal([]byte(pg.code()), &sent); err != nil {
			t.Errorf("%s: %v", info.Code, err)
		}
		if sent.Type != string(info.Code) || !sent.TestMode || sent.ID == "" || len(sent.Data) < 3 {
			t.Errorf("%s: the sample is %+v", info.Code, sent)
		}
		if got := pg.header.Get("Cache-Control"); got != "private, no-cache" {
			t.Errorf("Cache-Control %q", got)
		}
		if pg.header.Get("Set-Cookie") != "" {
			t.Errorf("%s sets a cookie", info.Code)
		}
	}
	for _, path := range []string{
		"/samples/", "/samples/order_placed", "/samples/MADE_UP", "/samples/%20ORDER_PLACED", "/samples/ORDER_PLACED/x",
		"/samples/%ff%00",
	} {
		p.get(path).want(http.StatusNotFound)
	}
}

// code is the text of the page's only block of code.
func (pg *page) code() (text string) {
	walk(pg.doc, func(n *html.Node) {
		if n.DataAtom == atom.Pre {
			text += textOf(n)
		}
	})
	return text
}

// TestPickerLeadsToSamples: every box of the form has its sample.
func TestPickerLeadsToSamples(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	shop := p.connect(0)
	found := map[string]bool{}
	walk(p.get(newWebhookPath(shop.ID)).want(http.StatusOK).doc, func(n *html.Node) {
		if n.DataAtom == atom.A {
			found[attr(n, "href")] = true
		}
	})
	for _, info := range fourthwall.EventTypes() {
		if !found[samplePath(info.Code)] {
			t.Errorf("%s has no sample", info.Code)
		}
	}
}
