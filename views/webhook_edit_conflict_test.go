package views

import (
	"slices"
	"testing"
)

func TestWebhookEditConflict(t *testing.T) {
	p := WebhookEditConflictPage{
		Frame: shopFrame("/w/edit/confirm"), Name: "w", WebhookHref: "/w", UseAction: "/save", Draft: "draft-1", Seen: "seen-1",
		EditHref: "/w/edit?draft=1",
		Yours: Version{
			URL: "https://a.example/\u202e", URLDiffers: true, Types: []VersionType{{placed, false}, {donation, true}},
		},
		Theirs: Version{URL: "https://b.example/", URLDiffers: true, Types: []VersionType{{placed, false}}},
	}
	d := render(t, WebhookEditConflict(p))
	d.check()
	var lines []string
	for _, n := range d.tags("tr") {
		lines = append(lines, text(n))
	}
	want := []string{
		"Part Yours Theirs, at Fourthwall now",
		"Endpoint URL differs https://a.example/U+202E Warning: This URL contains characters that are invisible or reverse text: U+202E. Don’t trust it unless you put them there. https://b.example/",
		"Donation Selected Not selected",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
	d.says([]string{"1 event type in both"}, nil)
	form := d.formTo("/save")
	if got := posted(form); got.Get("draft") != "draft-1" || got.Get("seen") != "seen-1" || len(got) != 2 {
		t.Errorf("posted %v", got)
	}
	if got := values(submits(form)); !slices.Equal(got, []string{"overwrite"}) {
		t.Errorf("buttons %q", got)
	}
	for href, name := range map[string]string{"/w/edit?draft=1": "Edit mine", "/w": "Keep theirs"} {
		links := d.linksTo(href)
		if len(links) == 0 || text(links[len(links)-1]) != name {
			t.Errorf("no link %q", name)
		}
	}

	p.Yours.URLDiffers, p.Theirs.URLDiffers = false, false
	render(t, WebhookEditConflict(p)).says(nil, []string{"differs"})
}
