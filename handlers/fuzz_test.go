package handlers

import (
	"cmp"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
)

// inProcess calls a handler as if it were remote, without a network.
type inProcess struct{ http.Handler }

func (h inProcess) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if cause := recover(); cause == http.ErrAbortHandler { //nolint:errorlint // a panic's value, as net/http compares it
			resp, err = nil, io.ErrUnexpectedEOF
		} else if cause != nil {
			panic(cause)
		}
	}()
	in := r.Clone(r.Context())
	in.Host = cmp.Or(r.Host, r.URL.Host)
	in.RemoteAddr, in.RequestURI = "127.0.0.1:1", r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, in)
	resp = answer.Result()
	resp.Request = r
	return resp, nil
}

// fuzzed is a connected person whose requests meet the whole handler without a
// network. After many of them the person signs in again.
type fuzzed struct {
	*rig
	shop    sandbox.DemoShop
	handler http.Handler
	cookies []*http.Cookie
	sent    int
}

func newFuzzed(f *testing.F) *fuzzed {
	f.Helper()
	z := &fuzzed{rig: newRig(f, options{direct: true})}
	z.shop, z.handler = z.box.Shops()[0], z.server.handler()
	return z
}

// begin resets the rig for one input. Earlier inputs leave no relevant traces,
// and no rate limit is reached.
func (z *fuzzed) begin(t *testing.T) {
	t.Helper()
	z.t = t
	if z.sent++; z.sent%2000 == 1 {
		form := url.Values{"username": {z.shop.APIUser}, "password": {z.shop.APIPassword}}
		z.cookies = nil
		z.cookies = z.send(http.MethodPost, "/connect/key", urlencoded, form.Encode()).Cookies()
		if len(z.cookies) == 0 {
			t.Fatal("nobody is signed in")
		}
	}
	z.move(time.Minute / 4)
	z.logs.reset()
	z.calls.forget()
}

const (
	urlencoded = "application/x-www-form-urlencoded"
	multiparts = "multipart/form-data; boundary=X"
)

// send passes a request through the handler.
func (z *fuzzed) send(method, target, contentType, body string) *http.Response {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	u, err := url.Parse(z.url)
	z.must(err)
	r.Host = u.Host
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for _, c := range z.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	z.handler.ServeHTTP(w, r)
	return w.Result()
}

// answered reads a response and checks what is true of every one: it is no
// server error, it is UTF-8, and nothing in it was injected.
func (z *fuzzed) answered(t *testing.T, resp *http.Response) *page {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	z.must(err)
	doc, err := html.Parse(strings.NewReader(string(body)))
	z.must(err)
	if resp.StatusCode >= http.StatusInternalServerError || strings.Contains(z.logs.String(), `"panic"`) {
		t.Errorf("status %d:\n%s", resp.StatusCode, z.logs)
	}
	if !utf8.Valid(body) {
		t.Errorf("a page that is not UTF-8: %q", body)
	}
	walk(doc, func(n *html.Node) { hostile(t, n) })
	return &page{status: resp.StatusCode, header: resp.Header, body: string(body), doc: doc}
}

// FuzzForms sends arbitrary input to the pages with forms. None fails, and none
// shows a password or a key again. The form of a webhook comes back as it was
// filled in, or created exactly the webhook that it asks for.
func FuzzForms(f *testing.F) {
	z := newFuzzed(f)
	hook := z.add(z.shop, good, "DONATION", "FUTURE_TYPE")
	pages := []string{
		webhooksPath(z.shop.ID), editPath(z.shop.ID, hook.ID), editPath(z.shop.ID, hook.ID) + "/confirm",
		"/connect/key", signaturePath, webhookPath(z.shop.ID, hook.ID) + "/delete",
	}
	kinds := []string{urlencoded, multiparts, "text/plain", "application/json", "multipart/form-data", ""}
	create := url.Values{"url": {"https://new.example/h"}, "allowedTypes": {"ORDER_PLACED", "DONATION"}}
	filled := create.Encode() + "&submission=" + strings.Repeat("s", 43)
	part := func(name, value string) string {
		return "--X\r\nContent-Disposition: form-data; " + name + "\r\n\r\n" + value + "\r\n"
	}
	for i := range pages {
		f.Add(uint8(i), uint8(0), filled)
		f.Add(uint8(i), uint8(0), "url=%zz&;=&&allowedTypes=%00%ff&url=two&do=preset:everything")
		f.Add(uint8(i), uint8(1),
			part(`name="url"`, "https://a.example")+part(`name="file"; filename="a%00.json"`, "{}")+"--X--\r\n")
		f.Add(uint8(i), uint8(4), "--X\r\n\r\n")
	}
	f.Add(uint8(0), uint8(0), filled+"&do=examine&duplicate=accepted")
	f.Add(uint8(0), uint8(0),
		"url=%20https://x.example/%22%3E%3Cscript%3E&allowedTypes=&allowedTypes=%22%3E%3Cimg%20src=x%3E&do=group:orders:all&undo=%ff")
	f.Add(uint8(1), uint8(0),
		"base_url="+url.QueryEscape(good)+"&base_types=DONATION&base_types=FUTURE_TYPE&url="+url.QueryEscape(good+"\r\n")+"&allowedTypes=FUTURE_TYPE")
	f.Add(uint8(3), uint8(0), "username=a%3Ab&password=%00&return=//evil.example")
	f.Add(uint8(3), uint8(0), "username=me&password=key&return=/shops")
	f.Add(uint8(4), uint8(1),
		part(`name="body"`, "{}")+part(`name="signature"`, "x")+part(`name="secret"`, "y")+
			part(`name="file"; filename=""`, "")+"--X--")
	f.Add(uint8(4), uint8(0), "body=%7B%7D&signature=sha256%3Dabc&secret=s")
	f.Fuzz(func(t *testing.T, where, kind uint8, body string) {
		z.begin(t)
		target, contentType := pages[int(where)%len(pages)], kinds[int(kind)%len(kinds)]
		before := z.box.Webhooks(z.shop.ID)
		resp := z.send(http.MethodPost, target, contentType, body)
		pg := z.answered(t, resp)
		posted := url.Values{}
		if contentType == urlencoded {
			posted, _ = url.ParseQuery(body)
		}
		switch {
		case target == webhooksPath(z.shop.ID):
			z.checkCreated(t, pg, posted, before)
		case target == editPath(z.shop.ID, hook.ID):
			z.checkRedrawn(t, pg, posted)
		case strings.HasSuffix(target, "/delete") && pg.status == http.StatusSeeOther:
			hook = z.add(z.shop, good, "DONATION", "FUTURE_TYPE")
			pages[1], pages[2], pages[5] = editPath(z.shop.ID, hook.ID), editPath(z.shop.ID, hook.ID)+"/confirm",
				webhookPath(z.shop.ID, hook.ID)+"/delete"
		}
		z.checkUnseen(t, target, posted)
	})
}

// checkCreated compares the shop's webhooks with those before a create.
func (z *fuzzed) checkCreated(t *testing.T, pg *page, posted url.Values, before []sandbox.Webhook) {
	t.Helper()
	z.checkRedrawn(t, pg, posted)
	after := z.box.Webhooks(z.shop.ID)
	fresh := slices.DeleteFunc(after, func(h sandbox.Webhook) bool {
		return slices.ContainsFunc(before, func(b sandbox.Webhook) bool { return b.ID == h.ID })
	})
	if len(fresh) > 1 || len(fresh) == 1 && pg.status != http.StatusSeeOther {
		t.Errorf("status %d, and %d new webhooks", pg.status, len(fresh))
	}
	for _, h := range fresh {
		want := readWebhookForm(z.shop.ID, posted).wanted()
		if diff := gocmp.Diff([]string{want.URL, strings.Join(sorted(codesOf(want.AllowedTypes)), "\n")},
			[]string{h.URL, strings.Join(sorted(h.AllowedTypes), "\n")}); diff != "" {
			t.Errorf("it made something else: %s", diff)
		}
		z.direct(z.shop, http.MethodDelete, h.ID, "")
	}
}

// checkRedrawn: a form that is shown again has the URL as it was typed, and the
// same ticks unless a button changed them.
func (z *fuzzed) checkRedrawn(t *testing.T, pg *page, posted url.Values) {
	t.Helper()
	box := pg.node("url")
	if box == nil || !slices.Contains([]int{http.StatusOK, http.StatusUnprocessableEntity}, pg.status) {
		return
	}
	seen := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\x00", "\ufffd")
	if got, want := attr(box, "value"), seen.Replace(valid(posted.Get("url"))); got != want {
		t.Errorf("the form holds the address %q, %q was typed", got, want)
	}
	if posted.Get("do") != "" {
		return
	}
	var got, want []string
	walk(pg.doc, func(n *html.Node) {
		if attr(n, "name") == "allowedTypes" && has(n, "checked") {
			got = append(got, attr(n, "value"))
		}
	})
	for _, code := range posted["allowedTypes"] {
		want = append(want, seen.Replace(valid(code)))
	}
	if diff := gocmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("the ticks: %s", diff)
	}
}

const canaryKey = "canary-Zq7xW"

// checkUnseen sends the form again with a mark in each secret. The mark must
// not come back.
func (z *fuzzed) checkUnseen(t *testing.T, target string, posted url.Values) {
	t.Helper()
	if target != "/connect/key" && target != signaturePath {
		return
	}
	for _, name := range []string{"password", "secret"} {
		posted.Set(name, posted.Get(name)+canaryKey)
	}
	pg := z.answered(t, z.send(http.MethodPost, target, urlencoded, posted.Encode()))
	if holds(pg, canaryKey) || strings.Contains(z.logs.String(), canaryKey) {
		t.Errorf("a secret is shown or logged: %s", pg.body)
	}
}

// holds reports whether a text is anywhere in a response.
func holds(pg *page, text string) bool {
	for _, values := range pg.header {
		if strings.Contains(strings.Join(values, "\n"), text) {
			return true
		}
	}
	return strings.Contains(pg.body, text)
}

// FuzzCallback returns from a sign-in with arbitrary parameters, in the URL or
// in the form of the implicit flow. Without the state of an attempt of this
// browser, nobody is signed in, nothing fails, and no input is shown again.
// Checklist 1, 5, 7.
func FuzzCallback(f *testing.F) {
	z := newFuzzed(f)
	for _, query := range []string{
		"", "code=c&state=s", "error=access_denied&error_description=%3Cscript%3E", "error=access_denied&state=s", "code=c", "state=" + strings.Repeat("A", 43) + "&code=c",
		"error=%0d%0aSet-Cookie:x&error_uri=javascript:x", "code=%zz&state=%ff", "state=a&state=b&code=c;d", "access_token=t&token_type=Bearer&state=s&expires_in=1e9",
		"iss=https://evil.example&state=%00", "%65rror=server_error", "error_description=" + strings.Repeat("a", 2000),
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		z.begin(t)
		started := z.send(http.MethodGet, "/oauth/start?way=code", "", "")
		browser := append(slices.Clone(z.cookies), started.Cookies()...)
		before := z.connections()
		posted, _ := url.ParseQuery(query)
		marked := url.Values{}
		for name, values := range posted {
			for _, v := range values {
				marked.Add(name, v+canaryKey)
			}
		}
		for _, q := range []string{query, marked.Encode()} {
			for _, cookies := range [][]*http.Cookie{nil, browser} {
				for _, resp := range z.callbacks(cookies, q) {
					z.checkRefused(t, z.answered(t, resp))
				}
			}
		}
		if after := z.connections(); after != before {
			t.Errorf("%d connections became %d", before, after)
		}
	})
}

// callbacks returns from a sign-in in every possible way.
func (z *fuzzed) callbacks(cookies []*http.Cookie, q string) []*http.Response {
	own := z.cookies
	z.cookies = cookies
	defer func() { z.cookies = own }()
	return []*http.Response{
		z.send(http.MethodGet, "/oauth/callback?"+q, "", ""),
		z.send(http.MethodGet, "/oauth/implicit?"+q, "", ""),
		z.send(http.MethodPost, "/oauth/implicit", urlencoded, q),
	}
}

func (z *fuzzed) checkRefused(t *testing.T, pg *page) {
	t.Helper()
	if holds(pg, canaryKey) || strings.Contains(z.logs.String(), canaryKey) {
		t.Errorf("something of the address is shown or logged: %v\n%s", pg.header, pg.body)
	}
	for _, line := range pg.header.Values("Set-Cookie") {
		if strings.HasPrefix(line, z.server.cookieName("session")) {
			t.Error("a session begins without a state")
		}
	}
	to := pg.header.Get("Location")
	if kind, _, err := mime.ParseMediaType(pg.header.Get("Content-Type")); to == "" &&
		(err != nil || kind != "text/html") {
		t.Errorf("content type %q", pg.header.Get("Content-Type"))
	}
	if to != "" && !strings.HasPrefix(to, "/connect?outcome=") {
		t.Errorf("it leads to %q", to)
	}
}

// connections counts the connections in the activity of all demo shops.
func (z *fuzzed) connections() (n int) {
	for _, shop := range z.box.Shops() {
		n += len(z.recorded(shop, activity.ConnectShop))
	}
	return n
}
