package views

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"hookwall/views/ui"
)

// Checklist 9.
func TestConnectOffersConfiguredWays(t *testing.T) {
	full := ConnectPage{
		Frame: Frame{Title: "Connect"}, CodeHref: "/oauth/start?way=code", ImplicitHref: "/oauth/start?way=implicit",
		KeyAction: "/key", Return: "/shops/x", Username: "fw_\"1",
	}
	d := render(t, Connect(full))
	for _, href := range []string{full.CodeHref, full.ImplicitHref} {
		if len(d.all(func(n *html.Node) bool { return attr(n, "href") == href })) != 1 {
			t.Errorf("no link to %s", href)
		}
	}
	got := posted(d.tags("form")[0])
	if got.Get("return") != "/shops/x" || got.Get("username") != "fw_\"1" || got.Get("password") != "" ||
		!got.Has("password") {
		t.Errorf("posted %v", got)
	}
	full.CodeHref, full.ImplicitHref = "", ""
	d = render(t, Connect(full))
	if n := len(d.all(func(n *html.Node) bool { return strings.HasPrefix(attr(n, "href"), "/oauth") })); n != 0 {
		t.Errorf("%d links to ways that are not offered", n)
	}
}

// TestConnectFocus: the first invalid field takes the focus. If none is invalid,
// nothing does, because the page offers a choice.
func TestConnectFocus(t *testing.T) {
	wrong := &ui.FieldError{Text: "No."}
	rows := []struct {
		user, password *ui.FieldError
		want           string
	}{{nil, nil, ""}, {wrong, nil, "username"}, {nil, wrong, "password"}, {wrong, wrong, "username"}}
	for _, row := range rows {
		d := render(t, Connect(ConnectPage{KeyAction: "/k", UsernameErr: row.user, PasswordErr: row.password}))
		got := ""
		for _, n := range d.all(func(n *html.Node) bool { return has(n, "autofocus") }) {
			got += attr(n, "id")
		}
		if got != row.want {
			t.Errorf("%v %v: focus on %q, want %q", row.user, row.password, got, row.want)
		}
	}
}

// TestCredentialsCanBeFilledIn: password managers know the fields of an API key.
func TestCredentialsCanBeFilledIn(t *testing.T) {
	d := render(t, Connect(ConnectPage{Frame: frame(), KeyAction: "/connect/key"}))
	for id, want := range map[string]string{"username": "username", "password": "current-password"} {
		if got := attr(d.byID(id), "autocomplete"); got != want {
			t.Errorf("%s has autocomplete %q, want %q", id, got, want)
		}
	}
}
