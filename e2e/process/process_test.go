package process

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMain(m *testing.M) { Main(m) }

// TestRestart: a killed process restarts at the same address with its data, and
// its log covers both runs.
func TestRestart(t *testing.T) {
	box := Sandbox(t, t.TempDir())
	shop := box.State().Shops[0]
	box.AddWebhook(shop.ID, "https://hooks.example.com/kept", "DONATION")
	wall := Dashboard(t, box, Database(t))
	c := NewClient(t)
	c.ConnectKey(wall, shop)
	first, at := wall.PID(), wall.URL
	wall.Kill()
	if _, err := c.Send(t.Context(), "GET", at+"/shops", nil); err == nil {
		t.Error("it answers after its end")
	}
	box.Stop()
	box.Restart()
	wall.Restart()
	if wall.PID() == first || wall.URL != at || !strings.HasPrefix(at, "http://localhost:") {
		t.Errorf("process %d at %s came back as %d at %s", first, at, wall.PID(), wall.URL)
	}
	if page := c.Get(at + "/shops/" + shop.ID + "/webhooks"); !strings.Contains(page.Body, "hooks.example.com/kept") {
		t.Errorf("status %d without the webhook: %s", page.Status, page.Body)
	}
	if n := strings.Count(wall.Logs(), `"msg":"listening"`); n != 2 {
		t.Errorf("%d lives in the log, want 2", n)
	}
}

func TestForm(t *testing.T) {
	at, err := url.Parse("http://localhost:1/shops/s/new")
	if err != nil {
		t.Fatal(err)
	}
	page := Page{URL: at, Body: `<form action="/sign-out"></form><main><form action="/other"></form><form action="../send">
		<input name="a" value="1"><input type="hidden" name="b" value="2"><input type="checkbox" name="c" value="x" checked>
		<input type="checkbox" name="c" value="y"><input type="radio" name="r" checked><textarea name="d">
four &amp; more</textarea><select name="e"><option value="p"><option value="q" selected></select>
		<input name="off" disabled><button name="do" value="send">Send</button>
		<input type="submit" name="do" value="no"></form></main>`}
	want := Form{"http://localhost:1/shops/send", url.Values{
		"a": {"1"}, "b": {"2"}, "c": {"x"}, "r": {"on"}, "d": {"four & more"}, "e": {"q"},
	}}
	if diff := cmp.Diff(want, page.Form("send")); diff != "" {
		t.Error(diff)
	}
	if none := page.Form("sign-out"); none.Action != "" {
		t.Errorf("%v is not in the main part", none)
	}
}
