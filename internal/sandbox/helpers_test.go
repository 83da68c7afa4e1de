package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/html"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	publicURL  = "http://127.0.0.1:8081"
	publicHost = "127.0.0.1:8081"

	appRedirect = "http://localhost:8080/oauth/callback"
	botRedirect = "https://bot.example/back?from=shop"
	botSecret   = "s3cret&:%+ü"

	verifier = "the-verifier-of-these-tests-is-long-enough-0123456789"
	shopOne  = "sh_5f0c2d71-8a4e-4b63-9e17-d3a6f21b90c8"
	shopTwo  = "sh_h7PdE5uLTJmK3vGq9oWfBg"
	shopMany = "sh_x2RyC8nHSiaF6tDj1pUeMw"
)

func challenge(of string) string {
	sum := sha256.Sum256([]byte(of))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// testClock is a clock that only moves when it is moved.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *testClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// lockedBuffer collects log lines from many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// rig is a sandbox under test.
type rig struct {
	*Server
	t     testing.TB
	clock *testClock
	log   *lockedBuffer
}

func testConfig() Config {
	return Config{
		PublicURL: publicURL,
		Clients: []Client{
			{ID: "app", Name: "Hookwall <b>", RedirectURIs: []string{appRedirect, "http://[::1]:8080/cb"}},
			{ID: "bot", Name: "Bot", Secret: botSecret, RedirectURIs: []string{botRedirect}},
		},
	}
}

// newRig starts a sandbox that stops with the test. The test fails when the sandbox found fault with
// a response of its own.
func newRig(t testing.TB, change ...func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, clock: &testClock{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}, log: &lockedBuffer{}}
	c := testConfig()
	c.Now, c.Logger = r.clock.Now, slog.New(slog.NewJSONHandler(r.log, nil))
	for _, f := range change {
		f(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r.Server = s
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if strings.Contains(r.log.String(), "SANDBOX FAULT") {
			t.Errorf("the sandbox found fault with itself:\n%s", r.log)
		}
	})
	return r
}

// answer is a response that has been read.
type answer struct {
	*http.Response
	body string
}

// send passes a request through the whole handler.
func (r *rig) send(req *http.Request) answer {
	r.t.Helper()
	if req.Host == "example.com" { // httptest's default
		req.Host = publicHost
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	res := w.Result()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{res, string(body)}
}

func (r *rig) get(target string) answer {
	r.t.Helper()
	return r.send(httptest.NewRequest("GET", target, nil))
}

func (r *rig) post(target string, form url.Values) answer {
	r.t.Helper()
	req := httptest.NewRequest("POST", target, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r.send(req)
}

// call asks the API with the given Authorization and, when there is one, a JSON body.
func (r *rig) call(auth, method, path, body string) answer {
	r.t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	if auth != "" {
		req.Header.Set("Authorization", auth)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return r.send(req)
}

// basic is the Authorization of a demo shop's API user.
func (r *rig) basic(shopID string) string {
	for _, sh := range r.Shops() {
		if sh.ID == shopID {
			req := &http.Request{Header: http.Header{}}
			req.SetBasicAuth(sh.APIUser, sh.APIPassword)
			return req.Header.Get("Authorization")
		}
	}
	r.t.Fatalf("no shop %s", shopID)
	return ""
}

// fields decodes a JSON object.
func (a answer) fields(t testing.TB) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("%d %q: %v", a.StatusCode, a.body, err)
	}
	return out
}

// text is one field of a JSON object, "" when it is missing.
func (a answer) text(t testing.TB, name string) string {
	t.Helper()
	s, _ := a.fields(t)[name].(string)
	return s
}

// sent returns the parameters that a redirect carries to the client.
func (a answer) sent(t testing.TB) url.Values {
	t.Helper()
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d, want 303; body %s", a.StatusCode, a.body)
	}
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	if to.Fragment != "" {
		v, err := url.ParseQuery(to.EscapedFragment())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	return to.Query()
}

// connectLink is a good link of the code flow for the public client, with changes.
func connectLink(changes ...string) string {
	v := url.Values{
		"redirect_uri": {appRedirect}, "state": {"st/ate+1 &"}, "code_challenge": {challenge(verifier)},
		"code_challenge_method": {"S256"},
	}
	return "/admin/platform-apps/app/connect?" + changed(v, changes).Encode()
}

// authLink returns a valid link to the standard address for the confidential client, with changes.
func authLink(changes ...string) string {
	v := url.Values{
		"client_id": {"bot"}, "redirect_uri": {botRedirect}, "response_type": {"code"}, "state": {"s"},
	}
	return authPath + "?" + changed(v, changes).Encode()
}

// changed sets pairs of name and value; the value "-" removes.
func changed(v url.Values, pairs []string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "-" {
			v.Del(pairs[i])
		} else {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return v
}

// htmlForm is a form of a page as a browser would fill it.
type htmlForm struct {
	method, action string
	values         url.Values
	buttons        []string // name=value, in tree order
}

func forms(t testing.TB, page string) []htmlForm {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out []htmlForm
	for n := range doc.Descendants() {
		if n.Data == "form" {
			out = append(out, readForm(n))
		}
	}
	return out
}

func readForm(form *html.Node) htmlForm {
	f := htmlForm{method: attr(form, "method"), action: attr(form, "action"), values: url.Values{}}
	for n := range form.Descendants() {
		name, kind := attr(n, "name"), attr(n, "type")
		_, checked := lookAttr(n, "checked")
		switch {
		case n.Data == "button":
			f.buttons = append(f.buttons, name+"="+attr(n, "value"))
		case n.Data == "input" && (kind != "checkbox" && kind != "radio" || checked):
			f.values.Add(name, attr(n, "value"))
		case n.Data == "textarea":
			f.values.Add(name, "")
		case n.Data == "option" && !f.values.Has(attr(selectOf(n), "name")):
			f.values.Add(attr(selectOf(n), "name"), attr(n, "value"))
		}
	}
	return f
}

// selectOf returns the list that an option is in, in a group or not.
func selectOf(option *html.Node) *html.Node {
	if option.Parent.Data == "optgroup" {
		return option.Parent.Parent
	}
	return option.Parent
}

func lookAttr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func attr(n *html.Node, name string) string {
	v, _ := lookAttr(n, name)
	return v
}

// consent opens a link, changes the form it finds and presses a button.
func (r *rig) consent(link, decision string, changes ...string) answer {
	r.t.Helper()
	page := r.get(link)
	if page.StatusCode != http.StatusOK {
		r.t.Fatalf("consent page: %d %s", page.StatusCode, page.body)
	}
	f := forms(r.t, page.body)[0]
	f.values.Set("decision", decision)
	return r.post(f.action, changed(f.values, changes))
}

// code makes a consent of the public client and returns the code.
func (r *rig) code(changes ...string) string {
	r.t.Helper()
	code := r.consent(connectLink(), "allow", changes...).sent(r.t).Get("code")
	if code == "" {
		r.t.Fatal("no code")
	}
	return code
}

// codeForm is a good token request of the public client, with changes.
func codeForm(code string, changes ...string) url.Values {
	return changed(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {appRedirect},
		"client_id": {"app"}, "code_verifier": {verifier},
	}, changes)
}

func refreshForm(token string, changes ...string) url.Values {
	return changed(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {"app"}}, changes)
}

// session reads the token response that a good request gets.
func (a answer) session(t testing.TB) tokenAnswer {
	t.Helper()
	var out tokenAnswer
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("token: %d %s", a.StatusCode, a.body)
	}
	return out
}

// signIn makes a consent of the public client and returns its token response.
func (r *rig) signIn(changes ...string) tokenAnswer {
	r.t.Helper()
	return r.post(tokenPath, codeForm(r.code(changes...))).session(r.t)
}

func (r *rig) bearerOf(changes ...string) string {
	r.t.Helper()
	return "Bearer " + r.signIn(changes...).AccessToken
}
