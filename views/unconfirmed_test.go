package views

import (
	"slices"
	"strings"
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
	p.Absent = true
	if buttons := submits(find(render(t, Unconfirmed(p)))); len(buttons) != 2 || attr(buttons[1], "value") != "repeat" {
		t.Error("no button to create it again, or it is the one that Enter presses")
	}
}

// TestUnconfirmedNotices checks what the page says for each of its states.
func TestUnconfirmedNotices(t *testing.T) {
	old := &NamedWebhook{"wcon_old", "https://old.example/"}
	for _, test := range []struct {
		name       string
		page       UnconfirmedPage
		title, has string
	}{
		{"usual", UnconfirmedPage{CanCheck: true}, unconfirmedTitle, "Check again"},
		{"without a list", UnconfirmedPage{}, unconfirmedTitle, "Check the list of webhooks"},
		{"checked", UnconfirmedPage{CanCheck: true, Looked: "It was not found."}, stillUnconfirmedTitle, "It was not found."},
		{"not there", UnconfirmedPage{Absent: true}, absentTitle, "It probably wasn’t created"},
		{"not there for long", UnconfirmedPage{Absent: true, Certain: true, Looked: "x"}, absentTitle, "as good as certain"},
		{"an old one", UnconfirmedPage{CanCheck: true, Old: old}, returnedOldTitle, "wcon_old for https://old.example/"},
		{"an old one, checked", UnconfirmedPage{CanCheck: true, Old: old, Looked: "It was not found."}, stillUnconfirmedTitle, "It was not found."},
		{"an unknown one", UnconfirmedPage{CanCheck: true, Unknown: old}, returnedUnknownTitle, "wcon_old, but"},
		{"an unknown one, checked", UnconfirmedPage{CanCheck: true, Unknown: old, Looked: "It is there."}, stillUnconfirmedTitle, "It is there."},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := test.page.notice()
			if n.Title != test.title || !strings.Contains(n.Text, test.has) {
				t.Errorf("says %q: %q", n.Title, n.Text)
			}
		})
	}
}
