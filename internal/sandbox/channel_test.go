package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// asks sends a request with a bearer token, for a shop unless it is "".
func (r *rig) asks(method, path, token, shop, body string) *httptest.ResponseRecorder {
	r.t.Helper()
	q := httptest.NewRequest(method, publicURL+path, strings.NewReader(body))
	q.Header.Set("Authorization", "Bearer "+token)
	if shop != "" {
		q.Header.Set(shopHeader, shop)
	}
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	return w
}

// proves sends a token request of a channel.
func (r *rig) proves(form url.Values, basic ...string) *httptest.ResponseRecorder {
	r.t.Helper()
	q := httptest.NewRequest(http.MethodPost, publicURL+channelGrantPath, strings.NewReader(form.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if len(basic) == 2 {
		q.SetBasicAuth(basic[0], basic[1])
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	return w
}

var clientGrant = url.Values{"grant_type": {"client_credentials"}}

// channelToken returns a token of the demo channel.
func (r *rig) channelToken() string {
	r.t.Helper()
	c := r.Channel()
	w := r.proves(clientGrant, c.ClientID, c.ClientSecret)
	var t channelToken
	if err := json.Unmarshal(w.Body.Bytes(), &t); err != nil || w.Code != http.StatusOK || t.AccessToken == "" {
		r.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return t.AccessToken
}

func codeIn(w *httptest.ResponseRecorder) string {
	var e struct{ Code, Error string }
	_ = json.Unmarshal(w.Body.Bytes(), &e)
	return e.Code + e.Error
}

// TestChannelTokens: the client proves itself by HTTP Basic alone.
func TestChannelTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id, secret := r.Channel().ClientID, r.Channel().ClientSecret
	with := func(more ...string) url.Values {
		form := url.Values{"grant_type": {"client_credentials"}}
		for i := 0; i < len(more); i += 2 {
			form.Set(more[i], more[i+1])
		}
		return form
	}
	for _, c := range []struct {
		name   string
		form   url.Values
		basic  []string
		status int
		code   string
	}{
		{"Basic", with(), []string{id, secret}, 200, ""},
		{"Basic, and the ID in the body", with("client_id", id), []string{id, secret}, 200, ""},
		{"in the body", with("client_id", id, "client_secret", secret), nil, 401, "invalid_client"},
		{"both", with("client_secret", secret), []string{id, secret}, 401, "invalid_client"},
		{"neither", with(), nil, 401, "invalid_client"},
		{"another secret", with(), []string{id, secret + "x"}, 401, "invalid_client"},
		{"an app", with(), []string{"bot", botSecret}, 401, "invalid_client"},
		{"another grant", with("grant_type", "refresh_token"), []string{id, secret}, 400, "unsupported_grant_type"},
		{"no grant", url.Values{}, []string{id, secret}, 400, "invalid_request"},
	} {
		w := r.proves(c.form, c.basic...)
		if w.Code != c.status || codeIn(w) != c.code {
			t.Errorf("%s: %d %s, want %d %s", c.name, w.Code, codeIn(w), c.status, c.code)
		}
		if w.Code != http.StatusOK && strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s: the response has the secret", c.name)
		}
	}
}

// TestChannelCalls: the channel's token opens its own shops, each by its header.
func TestChannelCalls(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	token := r.channelToken()
	if w := r.asks("GET", channelPath, token, "", ""); w.Code != 200 ||
		strings.TrimSpace(w.Body.String()) != `{"id":"ch_7QmWd2XkRzNf4sTbYvHcJp","name":"Harbor Agency"}` {
		t.Errorf("channel: %d %s", w.Code, w.Body)
	}
	var listed struct{ Shops []channelShop }
	w := r.asks("GET", channelShopsPath, token, "", "")
	if err := json.Unmarshal(w.Body.Bytes(), &listed); err != nil || len(listed.Shops) != 3 ||
		listed.Shops[0] != (channelShop{shopOne, "Studio Nine"}) {
		t.Errorf("shops: %d %s", w.Code, w.Body)
	}
	if err := r.ConfigureChannel(DemoChannel{Left: []string{shopTwo}}); err != nil {
		t.Fatal(err)
	}
	const body = `{"url":"https://hooks.example.com/a","allowedTypes":["DONATION"]}`
	for _, c := range []struct {
		name, method, path, shop, body string
		status                         int
		code                           string
	}{
		{"its shop", "GET", shopPath, shopOne, "", 200, ""},
		{"webhooks", "GET", webhooksPath, shopOne, "", 200, ""},
		{"create", "POST", webhooksPath, shopOne, body, 200, ""},
		{"a webhook that isn't there", "GET", webhooksPath + "/wcon_x", shopOne, "", 404, "WEBHOOK_CONFIGURATION_NOT_FOUND"},
		{"no shop", "GET", webhooksPath, "", "", 403, codeNoShopHeader},
		{"no shop, to create", "POST", webhooksPath, "", body, 403, codeNoShopHeader},
		{"a shop that left", "GET", webhooksPath, shopTwo, "", 403, codeForeignShop},
		{"a shop that left, to create", "POST", webhooksPath, shopTwo, body, 403, codeForeignShop},
		{"no such shop", "GET", shopPath, "sh_x", "", 403, codeForeignShop},
	} {
		w := r.asks(c.method, c.path, token, c.shop, c.body)
		if w.Code != c.status || codeIn(w) != c.code {
			t.Errorf("%s: %d %s, want %d %s", c.name, w.Code, w.Body, c.status, c.code)
		}
	}
	if len(r.Webhooks(shopTwo)) != 1 || len(r.Webhooks(shopOne)) != 1 {
		t.Error("another shop was changed")
	}
	w = r.asks("GET", channelShopsPath, token, "", "")
	if strings.Contains(w.Body.String(), shopTwo) {
		t.Error("a shop that left is listed")
	}
	r.clock.move(accessLife)
	for _, path := range []string{channelPath, channelShopsPath, webhooksPath} {
		if w := r.asks("GET", path, token, shopOne, ""); w.Code != 401 || codeIn(w) != codeUnauthorized {
			t.Errorf("%s with an expired token: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestChannelControls: a channel without rights, a new secret, and what a start over
// and a restart keep.
func TestChannelControls(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "s.db")
	r := newRig(t, func(c *Config) { c.DataFile = file })
	post := func(path, body string) int {
		q := httptest.NewRequest(http.MethodPost, publicURL+path, strings.NewReader(body))
		q.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		return w.Code
	}
	token := r.channelToken()
	if got := post("/_sandbox/channel", `{"noWebhooks":true,"left":["`+shopMany+`"]}`); got != 200 {
		t.Fatal(got)
	}
	for path, status := range map[string]int{webhooksPath: 403, eventsPath: 403, shopPath: 200} {
		if w := r.asks("GET", path, token, shopOne, ""); w.Code != status {
			t.Errorf("%s without rights: %d", path, w.Code)
		}
	}
	if got := post("/_sandbox/channel", `{"left":["nobody"]}`); got != 400 {
		t.Errorf("an unknown shop: %d", got)
	}
	old := r.Channel()
	if got := post("/_sandbox/channel/secret", `{}`); got != 200 {
		t.Fatal(got)
	}
	now := r.Channel()
	if now.ClientSecret == old.ClientSecret || !now.NoWebhooks || !cmp.Equal(now.Left, []string{shopMany}) {
		t.Errorf("the channel is %+v", now)
	}
	if w := r.asks("GET", channelPath, token, "", ""); w.Code != 401 {
		t.Errorf("the old token: %d", w.Code)
	}
	if w := r.proves(clientGrant, old.ClientID, old.ClientSecret); w.Code != 401 {
		t.Errorf("the old secret: %d", w.Code)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	again := newRig(t, func(c *Config) { c.DataFile = file })
	if diff := cmp.Diff(now, again.Channel()); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
	if err := again.Reset(); err != nil {
		t.Fatal(err)
	}
	want := demoChannel()
	want.ClientSecret = now.ClientSecret
	if diff := cmp.Diff(want, again.Channel()); diff != "" {
		t.Errorf("started over (-want +got):\n%s", diff)
	}
	again.clock.move(time.Second)
}

// TestChannelOnFrontPage: the front page has the credentials, and its forms work.
func TestChannelOnFrontPage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	page := func() string {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, publicURL+"/", nil))
		return w.Body.String()
	}
	c := r.Channel()
	for _, text := range []string{c.ClientID, c.ClientSecret, c.Name, channelGrantPath} {
		if !strings.Contains(page(), text) {
			t.Errorf("the page lacks %s", text)
		}
	}
	q := httptest.NewRequest(http.MethodPost, publicURL+"/_sandbox/channel",
		strings.NewReader(url.Values{"noWebhooks": {"on"}, "left": {shopOne}}.Encode()))
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	if w.Code != 303 || !r.Channel().NoWebhooks || !cmp.Equal(r.Channel().Left, []string{shopOne}) {
		t.Errorf("%d %s: %+v", w.Code, w.Header().Get("Location"), r.Channel())
	}
	if strings.Count(page(), "checked") < 2 {
		t.Error("the page doesn't show what is set")
	}
}
