package views

import (
	"slices"
	"testing"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

func TestUnconfirmedKeepsEverything(t *testing.T) {
	p := UnconfirmedPage{
		Frame: frame(), Action: "/a", Key: "once-1", URL: "https://a.example/ x", ListHref: "/l", CanCheck: true,
		Types: []ui.EventBadge{{Code: "DONATION", Title: "Donation"}, {Code: "NEW", Unknown: true}},
	}
	find := func(d doc) *html.Node {
		return d.all(func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/a" })[0]
	}
	form := find(render(t, Unconfirmed(p)))
	got := posted(form)
	if got.Get("submission") != p.Key || got.Get("url") != p.URL ||
		!slices.Equal(got["allowedTypes"], []string{"DONATION", "NEW"}) {
		t.Errorf("posted %v", got)
	}
	if buttons := submits(form); len(buttons) != 2 || attr(buttons[0], "value") != "check" ||
		attr(buttons[1], "value") != "edit" {
		t.Error("not the buttons to check again and to go back")
	}
	p.CanCheck = false
	if buttons := submits(find(render(t, Unconfirmed(p)))); len(buttons) != 1 || attr(buttons[0], "value") != "edit" {
		t.Error("a button to check where a check would tell nothing, or none to go back")
	}
}
