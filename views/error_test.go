package views

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

func TestErrorPage(t *testing.T) {
	p := ErrorPage{
		Frame: frame(), Status: 503, Heading: "Busy", Text: "Later.", Code: "TOO_MANY", RequestID: "req-1",
		RetryAfter: 29500 * time.Millisecond, Links: []ui.Link{{Href: "/a", Text: "First"}, {Href: "/b", Text: "Second"}},
	}
	d := render(t, Error(p))
	for _, want := range []string{"Error 503", "Busy", "Later.", "TOO_MANY", "req-1", "Try again in 30 seconds."} {
		if !strings.Contains(d.text(), want) {
			t.Errorf("page lacks %q", want)
		}
	}
	main := d.all(func(n *html.Node) bool { return hasClass(n, "main") && n.Data == "a" })
	if len(main) != 1 || text(main[0]) != "First" {
		t.Error("the first link is not the main one")
	}
}
