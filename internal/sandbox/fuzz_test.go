package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// FuzzRequests sends arbitrary requests. The sandbox responds as it describes and never with a
// fault of its own, and it rejects with a code. It keeps what its policy allows exactly as it was
// sent, and redirects browsers only to registered URLs.
func FuzzRequests(f *testing.F) {
	r := newRig(f)
	hook, err := r.AddWebhook(shopOne, "https://hooks.example.com/", []string{"DONATION"})
	if err != nil {
		f.Fatal(err)
	}
	authorization := r.basic(shopOne)
	json, form := "application/json", "application/x-www-form-urlencoded"
	for i := range asked {
		f.Add(uint8(i), true, json, "", `{"url":"https://a.example/h","allowedTypes":["DONATION","DONATION"]}`)
		f.Add(uint8(i), true, form, "client_id=app&redirect_uri="+appRedirect+
			"&state=%22%3E%3Cscript%3E&code_challenge_method=S256&code_challenge="+challenge(verifier),
			"grant_type=authorization_code&code=x&client_id=app&redirect_uri=%ff&code_verifier="+verifier+"&decision=allow&shop="+shopOne)
		f.Add(uint8(i), false, strings.ToUpper(json)+"; charset=\xff", "page=-1&size=9999999999999999999&type=%00",
			`[null,{"url":1}]`)
		f.Add(uint8(i), true, json, "page=1&size=101&page=x",
			`{"url":"https://a.example/h","allowedTypes":[],"allowedTypes":["\u0000"],"x":1e999}`)
	}
	f.Add(uint8(0), true, json, "", `{"url":"https://bücher.example:443/\u202e?a=%zz#f","allowedTypes":["ORDER_PLACED"]}`)
	f.Add(uint8(6), false, form, "", "grant_type=refresh_token&refresh_token=%00&client_id=bot&client_secret="+botSecret)
	f.Add(uint8(9), true, json, "",
		`{"method":"POST","path":"*","status":99,"times":-1,"delay":"1h","cut":"body","header":{"A\r\nB":"c"}}`)
	f.Add(uint8(0), true, json, "", `{"url":"https://a.example/h","allowedTypes":[],"x":1e999}`)
	f.Add(uint8(11), true, form, "", "requireScopes=a+b&pageSize=0&futureTypes")
	f.Fuzz(func(t *testing.T, which uint8, known bool, contentType, query, body string) {
		r.t = t
		method, path, _ := strings.Cut(asked[int(which)%len(asked)], " ")
		req := httptest.NewRequest(method, "/", strings.NewReader(body))
		req.URL.Path, req.URL.RawQuery = strings.NewReplacer("{hook}", hook.ID, "{shop}", shopOne).Replace(path), query
		req.Header.Set("Content-Type", contentType)
		if known {
			req.Header.Set("Authorization", authorization)
		}
		r.clock.move(time.Second)
		before := r.Webhooks(shopOne)
		got := r.send(req)
		checkAnswer(t, r, path, got)
		checkKept(t, method+" "+path, got, body, before, r.Webhooks(shopOne))
		r.restore(t, &hook)
	})
}

// asked are the addresses that take something.
var asked = []string{
	"POST " + webhooksPath, "PUT " + webhooksPath + "/{hook}", "GET " + webhooksPath, "DELETE " + webhooksPath + "/{hook}",
	"GET " + eventsPath, "GET " + shopPath, "POST " + tokenPath,
	"GET /admin/platform-apps/app/connect", "POST /admin/platform-apps/app/connect",
	"POST /_sandbox/failures", "POST /_sandbox/shops/{shop}/webhooks", "POST /_sandbox/shops/{shop}/switches",
	"GET " + authPath,
}

// restore undoes what an input did.
func (r *rig) restore(t *testing.T, hook *Webhook) {
	t.Helper()
	if err := r.Reset(); err != nil {
		t.Fatal(err)
	}
	var err error
	if *hook, err = r.AddWebhook(shopOne, "https://hooks.example.com/", []string{"DONATION"}); err != nil {
		t.Fatal(err)
	}
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.log.b.Reset()
}

func checkAnswer(t *testing.T, r *rig, path string, got answer) {
	t.Helper()
	if got.StatusCode >= http.StatusInternalServerError || strings.Contains(r.log.String(), "SANDBOX FAULT") {
		t.Errorf("status %d: %s\n%s", got.StatusCode, got.body, r.log)
	}
	kind := got.Header.Get("Content-Type")
	if strings.HasPrefix(path, "/open-api/") {
		var refusal struct{ Code, Error string }
		err := json.Unmarshal([]byte(got.body), &refusal)
		if got.StatusCode >= 400 && (err != nil || kind != "application/json" || refusal.Code == "" && refusal.Error == "") {
			t.Errorf("status %d with %s: %q", got.StatusCode, kind, got.body)
		}
	}
	if to := got.Header.Get("Location"); to != "" &&
		!slices.ContainsFunc([]string{
			appRedirect + "?", appRedirect + "#", "http://[::1]:8080/cb?", "http://[::1]:8080/cb#",
			botRedirect + "&", botRedirect + "#", "/#", "/",
		}, func(ours string) bool {
			return strings.HasPrefix(to, ours) && !strings.HasPrefix(to, "//")
		}) {
		t.Errorf("it leads to %q", to)
	}
	if !strings.HasPrefix(kind, "text/html") {
		return
	}
	doc, err := html.Parse(strings.NewReader(got.body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		smuggled := n.Data == "script" || n.Data == "img" ||
			slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return strings.HasPrefix(a.Key, "on") })
		if n.Type == html.ElementNode && smuggled {
			t.Errorf("<%s %v> in %s", n.Data, n.Attr, got.body)
		}
	}
}

// checkKept compares what the shop has with what was asked.
func checkKept(t *testing.T, request string, got answer, body string, before, after []Webhook) {
	t.Helper()
	done := got.StatusCode < 300
	switch request {
	case "POST " + webhooksPath:
		if grown := len(after) - len(before); grown != 0 && !done || grown != 1 && done {
			t.Errorf("status %d, and %d more webhooks", got.StatusCode, grown)
		}
	case "PUT " + webhooksPath + "/{hook}":
		if len(after) != len(before) {
			t.Errorf("%d webhooks became %d", len(before), len(after))
		}
	default:
		return
	}
	if !done {
		return
	}
	sent, kept := inputOf(t, body), inputOf(t, got.body)
	if checkURL(kept.url) != "" || kept.url != sent.url ||
		!slices.Equal(distinct(kept.allowedTypes), distinct(sent.allowedTypes)) {
		t.Errorf("%q was kept as %q", body, got.body)
	}
}

func inputOf(t *testing.T, text string) webhookInput {
	t.Helper()
	var value any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // of any size
	if err := d.Decode(&value); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return readInput(value)
}

func distinct(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
