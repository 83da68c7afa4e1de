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
	sections := map[string]string{}
	for _, n := range d.tags("section") {
		sections[attr(n, "aria-labelledby")] = text(n)
	}
	want := map[string]string{
		"yours":  "Your version Endpoint URL differs https://a.example/U+202E Warning: This URL contains characters that are invisible or reverse text: U+202E. Don’t trust it unless you put them there. 1 event type only here Donation DONATION 1 event type in both Order placed",
		"theirs": "At Fourthwall now Endpoint URL differs https://b.example/ Event types No additional event types. 1 event type in both Order placed",
	}
	for id, text := range want {
		if sections[id] != text {
			t.Errorf("%s: got  %q\nwant %q", id, sections[id], text)
		}
	}
	form := d.formTo("/save")
	if got := posted(form); got.Get("draft") != "draft-1" || got.Get("seen") != "seen-1" || len(got) != 2 {
		t.Errorf("posted %v", got)
	}
	if got := values(submits(form)); !slices.Equal(got, []string{"overwrite"}) {
		t.Errorf("buttons %q", got)
	}
	for href, name := range map[string]string{"/w/edit?draft=1": "Edit my version", "/w": "Keep Fourthwall’s version"} {
		links := d.linksTo(href)
		if len(links) == 0 || text(links[len(links)-1]) != name {
			t.Errorf("no link %q", name)
		}
	}

	p.Yours.URLDiffers, p.Theirs.URLDiffers = false, false
	render(t, WebhookEditConflict(p)).says(nil, []string{"differs"})
}
