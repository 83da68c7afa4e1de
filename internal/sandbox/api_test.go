package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const goodInput = `{"url":"https://hooks.example.com/fw?a=1&b=<2>",` +
	`"allowedTypes":["DONATION","ORDER_PLACED"],"extra":1}`

// The whole life of a webhook, by token and by API key.
func TestWebhookLife(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for name, auth := range map[string]string{
		"bearer": r.bearerOf(), "lower-case bearer": "bearer" + r.bearerOf()[6:],
		"basic": r.basic(shopOne),
	} {
		created := r.call(auth, "POST", webhooksPath, goodInput)
		if created.StatusCode != 200 || created.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s: create %d %s", name, created.StatusCode, created.body)
		}
		id := created.text(t, "id")
		want := map[string]any{
			"id": id, "url": "https://hooks.example.com/fw?a=1&b=<2>", "apiVersion": "V1",
			"allowedTypes": []any{"DONATION", "ORDER_PLACED"}, "secret": r.Shops()[0].WebhookSecret,
		}
		if diff := cmp.Diff(want, created.fields(t)); diff != "" {
			t.Errorf("%s: created\n%s", name, diff)
		}
		if !strings.Contains(created.body, "b=<2>") {
			t.Errorf("%s: the URL is escaped on the wire: %s", name, created.body)
		}
		delete(want, "secret")
		path := webhooksPath + "/" + id
		if diff := cmp.Diff(want, r.call(auth, "GET", path, "").fields(t)); diff != "" {
			t.Errorf("%s: read\n%s", name, diff)
		}
		want["url"], want["allowedTypes"] = "https://new.example.com/", []any{}
		changed := r.call(auth, "PUT", path, `{"url":"https://new.example.com/","allowedTypes":[]}`)
		if diff := cmp.Diff(want, changed.fields(t)); diff != "" {
			t.Errorf("%s: changed\n%s", name, diff)
		}
		page := map[string]any{"results": []any{want}, "total": 1.0, "page": 0.0, "size": 20.0, "totalPages": 1.0}
		if diff := cmp.Diff(page, r.call(auth, "GET", webhooksPath, "").fields(t)); diff != "" {
			t.Errorf("%s: listed\n%s", name, diff)
		}
		gone := r.call(auth, "DELETE", path, "")
		if gone.StatusCode != 200 || gone.body != "" || gone.Header.Get("Content-Type") != "" {
			t.Errorf("%s: delete %d %q", name, gone.StatusCode, gone.body)
		}
		missing := map[string]any{"code": codeWebhookNotFound, "webhookConfigurationId": id, "shopId": shopOne}
		for _, method := range []string{"GET", "DELETE"} {
			a := r.call(auth, method, path, "")
			if diff := cmp.Diff(missing, a.fields(t)); diff != "" || a.StatusCode != 404 {
				t.Errorf("%s: %s afterwards %d\n%s", name, method, a.StatusCode, diff)
			}
		}
	}
}

func TestCurrentShop(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	want := map[string]any{
		"id": shopMany, "name": "Tidewater Records", "domain": "tidewater-records.fourthwall.example",
		"publicDomain": "shop.tidewater-records.example",
	}
	if diff := cmp.Diff(want, r.call(r.basic(shopMany), "GET", shopPath, "").fields(t)); diff != "" {
		t.Error(diff)
	}
}

// A locked webhook can be read and nothing else, whatever the request says.
func TestLockedWebhook(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	locked := r.Webhooks(shopTwo)[0]
	path, auth := webhooksPath+"/"+locked.ID, r.basic(shopTwo)
	want := map[string]any{"code": codeWebhookLocked, "webhookConfigurationId": locked.ID, "shopId": shopTwo}
	for _, a := range []answer{
		r.call(auth, "PUT", path, goodInput), r.call(auth, "DELETE", path, ""),
		r.call(auth, "PUT", path, `{"url":"https://1.2.3.4/","allowedTypes":[]}`),
	} {
		if diff := cmp.Diff(want, a.fields(t)); diff != "" || a.StatusCode != 400 {
			t.Errorf("%d\n%s", a.StatusCode, diff)
		}
	}
	if diff := cmp.Diff([]Webhook{locked}, r.Webhooks(shopTwo)); diff != "" {
		t.Error(diff)
	}
	if a := r.call(auth, "GET", path, ""); a.StatusCode != 200 {
		t.Errorf("read: %d", a.StatusCode)
	}
}

// Another shop's webhook looks as if it did not exist, and stays as it is.
func TestShopsAreIsolated(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	before := r.Webhooks(shopMany)
	path := webhooksPath + "/" + before[0].ID
	for _, auth := range []string{r.basic(shopOne), r.bearerOf("shop", shopOne)} {
		for method, body := range map[string]string{"GET": "", "PUT": goodInput, "DELETE": ""} {
			a := r.call(auth, method, path, body)
			if a.StatusCode != 404 || a.text(t, "code") != codeWebhookNotFound || a.text(t, "shopId") != shopOne {
				t.Errorf("%s: %d %s", method, a.StatusCode, a.body)
			}
		}
	}
	if diff := cmp.Diff(before, r.Webhooks(shopMany)); diff != "" {
		t.Error(diff)
	}
}

func TestAPIRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	key, token := r.basic(shopOne), r.bearerOf()
	readOnly := r.bearerOf("grant", "webhook_read")
	writeOnly := r.bearerOf("grant", "webhook_write")
	one := webhooksPath + "/wcon_x"
	r.Advance(0)
	cases := []struct {
		name, auth, method, path, kind, body string
		status                               int
		code, header                         string // header: a name=part that must be there
	}{
		{"no credentials", "", "GET", webhooksPath, "", "", 401, codeUnauthorized, "Www-Authenticate=Basic realm="},
		{
			"no credentials, bearer challenge", "", "GET", shopPath, "", "", 401, codeUnauthorized,
			"Www-Authenticate=Bearer realm=",
		},
		{
			"unknown token", "Bearer x.y", "POST", webhooksPath, "application/json", goodInput, 401, codeUnauthorized,
			`Www-Authenticate=error="invalid_token"`,
		},
		{"empty token", "Bearer ", "GET", webhooksPath, "", "", 401, codeUnauthorized, ""},
		{"half a token", token[:len(token)-1], "GET", webhooksPath, "", "", 401, codeUnauthorized, ""},
		{"token as basic", "Basic " + token[7:], "GET", webhooksPath, "", "", 401, codeUnauthorized, ""},
		{"wrong password", "Basic ZndfYXBpX3N0dWRpby1uaW5lOng=", "GET", webhooksPath, "", "", 401, codeUnauthorized, ""},
		{"unknown user", "Basic eDp4", "GET", webhooksPath, "", "", 401, codeUnauthorized, ""},
		{"another scheme", "Digest x", "GET", webhooksPath, "", "", 401, codeUnauthorized, ""},

		{
			"create without scope", readOnly, "POST", webhooksPath, "text/plain", "x", 403, codeForbidden,
			`Www-Authenticate=scope="webhook_write"`,
		},
		{"change without scope", readOnly, "PUT", one, "application/json", goodInput, 403, codeForbidden, ""},
		{"delete without scope", readOnly, "DELETE", one, "", "", 403, codeForbidden, ""},
		{
			"list without scope", writeOnly, "GET", webhooksPath, "", "", 403, codeForbidden,
			`Www-Authenticate=error="insufficient_scope"`,
		},
		{"read without scope", writeOnly, "GET", one, "", "", 403, codeForbidden, ""},

		{"no content type", key, "POST", webhooksPath, "", goodInput, 415, codeMediaType, ""},
		{"form", key, "POST", webhooksPath, "application/x-www-form-urlencoded", "url=x", 415, codeMediaType, ""},
		{"text", key, "PUT", one, "text/plain", goodInput, 415, codeMediaType, ""},
		{
			"too long", key, "POST", webhooksPath, "application/json", `"` + strings.Repeat("x", maxBody) + `"`, 413,
			codeTooLarge, "",
		},
		{"no body", key, "POST", webhooksPath, "application/json", "", 400, codeBadRequest, ""},
		{"broken JSON", key, "POST", webhooksPath, "application/json", "{", 400, codeBadRequest, ""},
		{"two objects", key, "POST", webhooksPath, "application/json", goodInput + goodInput, 400, codeBadRequest, ""},
		{"array", key, "POST", webhooksPath, "application/json", "[]", 400, codeBadRequest, ""},
		{"null", key, "POST", webhooksPath, "application/json", "null", 400, codeBadRequest, ""},
		{"no url", key, "POST", webhooksPath, "application/json", `{"allowedTypes":[]}`, 400, codeBadRequest, ""},
		{"no types", key, "POST", webhooksPath, "application/json", `{"url":"https://a.example/"}`, 400, codeBadRequest, ""},
		{
			"types under another name", key, "POST", webhooksPath, "application/json", `{"url":"https://a.example/","types":[]}`,
			400, codeBadRequest, "",
		},
		{
			"url in capitals", key, "POST", webhooksPath, "application/json", `{"URL":"https://a.example/","allowedTypes":[]}`,
			400, codeBadRequest, "",
		},
		{
			"url is a number", key, "POST", webhooksPath, "application/json", `{"url":1,"allowedTypes":[]}`, 400, codeBadRequest,
			"",
		},
		{
			"url is null", key, "POST", webhooksPath, "application/json", `{"url":null,"allowedTypes":[]}`, 400, codeBadRequest,
			"",
		},
		{
			"types are text", key, "POST", webhooksPath, "application/json",
			`{"url":"https://a.example/","allowedTypes":"DONATION"}`, 400, codeBadRequest, "",
		},
		{
			"unknown type", key, "POST", webhooksPath, "application/json",
			`{"url":"https://a.example/","allowedTypes":["DONATION","NEW"]}`, 400, codeBadRequest, "",
		},
		{
			"type of the future", key, "POST", webhooksPath, "application/json",
			`{"url":"https://a.example/","allowedTypes":["LIVESTREAM_ENDED"]}`, 400, codeBadRequest, "",
		},
		{"page is text", key, "GET", webhooksPath + "?page=x", "", "", 400, codeBadRequest, ""},
		{"page below zero", key, "GET", webhooksPath + "?page=-1", "", "", 400, codeBadRequest, ""},
		{"page is huge", key, "GET", webhooksPath + "?page=99999999999999999999", "", "", 400, codeBadRequest, ""},
		{"size is zero", key, "GET", webhooksPath + "?size=0", "", "", 400, codeBadRequest, ""},
		{"size is too much", key, "GET", webhooksPath + "?size=1000001", "", "", 400, codeBadRequest, ""},

		{"unknown id", key, "PUT", one, "application/json", goodInput, 404, codeWebhookNotFound, ""},
		{"unknown address", key, "GET", "/open-api/v1.0/orders", "", "", 404, codeNoSuchAddress, ""},
		{"slash at the end", key, "GET", webhooksPath + "/", "", "", 404, codeNoSuchAddress, ""},
		{
			"PATCH", key, "PATCH", one, "application/json", goodInput, 405, codeMethodNotAllowed,
			"Allow=DELETE, GET, HEAD, PUT",
		},
		{"DELETE of the list", key, "DELETE", webhooksPath, "", "", 405, codeMethodNotAllowed, "Allow=GET, HEAD, POST"},
		{"OPTIONS", "", "OPTIONS", webhooksPath, "", "", 405, codeMethodNotAllowed, "Allow=GET"},
		{"GET of tokens", "", "GET", tokenPath, "", "", 405, codeMethodNotAllowed, "Allow=POST"},
	}
	for _, c := range cases {
		r.Advance(quotaPeriod / 20)
		req := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		if c.auth != "" {
			req.Header.Set("Authorization", c.auth)
		}
		if c.kind != "" {
			req.Header.Set("Content-Type", c.kind)
		}
		a := r.send(req)
		if a.StatusCode != c.status || a.text(t, "code") != c.code {
			t.Errorf("%s: %d %s, want %d %s", c.name, a.StatusCode, a.body, c.status, c.code)
		}
		name, part, _ := strings.Cut(c.header, "=")
		if got := strings.Join(a.Header.Values(name), "; "); !strings.Contains(got, part) {
			t.Errorf("%s: %s is %q, want %q in it", c.name, name, got, part)
		}
		if a.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", c.name)
		}
	}
	if n := len(r.Webhooks(shopOne)); n != 0 {
		t.Errorf("%d webhooks came of refused requests", n)
	}
}

// The policy for URLs applies to creating and to replacing.
func TestURLPolicyThroughTheAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	auth := r.basic(shopMany)
	path := webhooksPath + "/" + r.Webhooks(shopMany)[0].ID
	for _, c := range []struct{ url, want string }{
		{"https://203.0.113.7/fw", codeIPNotAllowed},
		{"https://hooks.example.com:8443/fw", codePortNotAllowed},
		{"https://shop.fourthwall.com/fw", codeUnallowedDomain},
		{"ftp://hooks.example.com/fw", codeWebhookURIInvalid},
	} {
		body, _ := json.Marshal(map[string]any{"url": c.url, "allowedTypes": []string{"DONATION"}})
		for _, a := range []answer{
			r.call(auth, "POST", webhooksPath, string(body)),
			r.call(auth, "PUT", path, string(body)),
		} {
			if diff := cmp.Diff(map[string]any{"code": c.want}, a.fields(t)); diff != "" || a.StatusCode != 400 {
				t.Errorf("%s: %d\n%s", c.url, a.StatusCode, diff)
			}
		}
	}
	if len(r.Webhooks(shopMany)) != 3 {
		t.Error("a refused webhook was kept")
	}
}

func TestQuota(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	auth := r.basic(shopOne)
	for i := range quota {
		if a := r.call(auth, "GET", shopPath, ""); a.StatusCode != 200 {
			t.Fatalf("request %d: %d", i+1, a.StatusCode)
		}
		r.clock.move(10 * time.Millisecond)
	}
	over := r.call(auth, "GET", webhooksPath, "")
	want := map[string]any{"code": "OPEN_API_TOO_MANY_REQUESTS", "title": "Too many requests", "status": 429.0}
	if diff := cmp.Diff(want, over.fields(t)); diff != "" || over.StatusCode != 429 {
		t.Errorf("%d\n%s", over.StatusCode, diff)
	}
	if got := over.Header.Get("Retry-After"); got != "9" {
		t.Errorf("Retry-After %q", got)
	}
	if a := r.call(r.basic(shopTwo), "GET", shopPath, ""); a.StatusCode != 200 {
		t.Errorf("another shop: %d", a.StatusCode)
	}
	r.clock.move(9 * time.Second)
	if a := r.call(auth, "GET", shopPath, ""); a.StatusCode != 200 {
		t.Errorf("after Retry-After: %d", a.StatusCode)
	}
	if a := r.call(auth, "GET", shopPath, ""); a.StatusCode != 429 {
		t.Errorf("one place was free, the second request got %d", a.StatusCode)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	auth := r.basic(shopOne)
	var ids []string
	for i := range 5 {
		w, err := r.AddWebhook(shopOne, fmt.Sprintf("https://h%d.example.com/", i), []string{"DONATION"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, w.ID)
	}
	read := func(query string) (wirePage[wireWebhook], []string) {
		var p wirePage[wireWebhook]
		if err := json.Unmarshal([]byte(r.call(auth, "GET", webhooksPath+query, "").body), &p); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, w := range p.Results {
			got = append(got, w.ID)
		}
		p.Results = nil
		return p, got
	}
	check := func(query string, want wirePage[wireWebhook], wantIDs []string) {
		t.Helper()
		if got, gotIDs := read(query); !cmp.Equal(got, want) || !slices.Equal(gotIDs, wantIDs) {
			t.Errorf("%q: %+v %v", query, got, gotIDs)
		}
	}
	set := func(to Switches) {
		t.Helper()
		if err := r.Configure(shopOne, to); err != nil {
			t.Fatal(err)
		}
	}
	check("", wirePage[wireWebhook]{Total: 5, Size: 20, TotalPages: 1}, ids)
	check("?page=1&size=2", wirePage[wireWebhook]{Total: 5, Page: 1, Size: 2, TotalPages: 3}, ids[2:4])
	check("?page=2&size=2", wirePage[wireWebhook]{Total: 5, Page: 2, Size: 2, TotalPages: 3}, ids[4:])
	check("?page=1000000&size=100", wirePage[wireWebhook]{Total: 5, Page: 1000000, Size: 100, TotalPages: 1}, nil)
	check("?size=101", wirePage[wireWebhook]{Total: 5, Size: 100, TotalPages: 1}, ids)
	set(Switches{PageSize: 3})
	check("", wirePage[wireWebhook]{Total: 5, Size: 3, TotalPages: 2}, ids[:3])
	check("?page=1", wirePage[wireWebhook]{Total: 5, Page: 1, Size: 3, TotalPages: 2}, ids[3:])
	check("?size=4", wirePage[wireWebhook]{Total: 5, Size: 4, TotalPages: 2}, ids[:4])
	set(Switches{PageSize: 3, IgnoreSize: true})
	check("?size=4", wirePage[wireWebhook]{Total: 5, Size: 3, TotalPages: 2}, ids[:3])
	set(Switches{PageSize: 3, RefuseSize: true})
	check("", wirePage[wireWebhook]{Total: 5, Size: 3, TotalPages: 2}, ids[:3])
	if got := r.call(auth, "GET", webhooksPath+"?size=4", ""); got.StatusCode != 400 {
		t.Errorf("a size that is refused: %d", got.StatusCode)
	}
	if err := r.Configure(shopOne, Switches{BareList: true}); err != nil {
		t.Fatal(err)
	}
	var bare []wireWebhook
	if err := json.Unmarshal([]byte(r.call(auth, "GET", webhooksPath, "").body), &bare); err != nil || len(bare) != 5 {
		t.Errorf("bare list of %d: %v", len(bare), err)
	}
	if got := r.call(r.basic(shopTwo), "GET", webhooksPath, "").fields(t); got["results"] == nil {
		t.Errorf("another shop: %v", got)
	}
}

func TestSecretSwitch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if a := r.call(r.basic(shopTwo), "POST", webhooksPath, goodInput); a.StatusCode != 200 || a.text(t, "secret") != "" {
		t.Errorf("second shop: %d %s", a.StatusCode, a.body)
	}
	if err := r.Configure(shopOne, Switches{}); err != nil {
		t.Fatal(err)
	}
	if a := r.call(r.basic(shopOne), "POST", webhooksPath, goodInput); a.StatusCode != 200 || a.text(t, "secret") != "" {
		t.Errorf("first shop, turned off: %d %s", a.StatusCode, a.body)
	}
}

func TestFutureTypes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	auth := r.basic(shopMany)
	first := r.Webhooks(shopMany)[0]
	path := webhooksPath + "/" + first.ID
	future := `{"url":"https://a.example.com/","allowedTypes":["DONATION","LIVESTREAM_STARTED"]}`
	types := func() []string {
		var w wireWebhook
		if err := json.Unmarshal([]byte(r.call(auth, "GET", path, "").body), &w); err != nil {
			t.Fatal(err)
		}
		return w.AllowedTypes
	}
	if err := r.Configure(shopMany, Switches{FutureTypes: true}); err != nil {
		t.Fatal(err)
	}
	if got, want := types(), append(slices.Clone(first.AllowedTypes), futureTypes...); !slices.Equal(got, want) {
		t.Errorf("types %v, want %v", got, want)
	}
	if a := r.call(auth, "POST", webhooksPath, future); a.StatusCode != 200 {
		t.Errorf("create: %d %s", a.StatusCode, a.body)
	}
	if a := r.call(auth, "POST", webhooksPath,
		`{"url":"https://a.example.com/","allowedTypes":["NEW"]}`); a.StatusCode != 400 {
		t.Errorf("a type that is not even of the future: %d", a.StatusCode)
	}
	if a := r.call(auth, "PUT", path, future); a.StatusCode != 200 {
		t.Errorf("change: %d %s", a.StatusCode, a.body)
	}
	if got := types(); !slices.Equal(got, []string{"DONATION", "LIVESTREAM_STARTED"}) {
		t.Errorf("types after the change %v", got)
	}
	if err := r.Configure(shopMany, Switches{}); err != nil {
		t.Fatal(err)
	}
	if got := types(); !slices.Equal(got, []string{"DONATION"}) {
		t.Errorf("types after turning it off %v", got)
	}
	if a := r.call(auth, "POST", webhooksPath, future); a.StatusCode != 400 {
		t.Errorf("create after turning it off: %d", a.StatusCode)
	}
}

// A type that a webhook already has is accepted back, so that an edit does not have to drop it.
func TestTypesThatAreThereAlready(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	w, err := r.AddWebhook(shopOne, "http://10.0.0.1:99/", []string{"DONATION", "SOMETHING_ELSE"})
	if err != nil {
		t.Fatal(err)
	}
	auth, path := r.basic(shopOne), webhooksPath+"/"+w.ID
	if a := r.call(auth, "GET", path, ""); !strings.Contains(a.body, "SOMETHING_ELSE") ||
		!strings.Contains(a.body, "http://10.0.0.1:99/") {
		t.Errorf("read: %s", a.body)
	}
	if a := r.call(auth, "PUT", path,
		`{"url":"https://a.example.com/","allowedTypes":["SOMETHING_ELSE"]}`); a.StatusCode != 200 {
		t.Errorf("change: %d %s", a.StatusCode, a.body)
	}
	if a := r.call(r.basic(shopTwo), "POST", webhooksPath,
		`{"url":"https://a.example.com/","allowedTypes":["SOMETHING_ELSE"]}`); a.StatusCode != 400 {
		t.Errorf("in another shop: %d", a.StatusCode)
	}
	if a := r.call(auth, "DELETE", path, ""); a.StatusCode != 200 {
		t.Errorf("delete: %d", a.StatusCode)
	}
}

func TestRequiredScopes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	token := r.bearerOf()
	if err := r.Configure(shopOne, Switches{RequireScopes: []string{"shop_read"}}); err != nil {
		t.Fatal(err)
	}
	a := r.call(token, "GET", shopPath, "")
	if a.StatusCode != 403 || !strings.Contains(a.Header.Get("Www-Authenticate"), `scope="shop_read"`) {
		t.Errorf("token: %d %v", a.StatusCode, a.Header)
	}
	if a := r.call(r.basic(shopOne), "GET", shopPath, ""); a.StatusCode != 200 {
		t.Errorf("API key: %d", a.StatusCode)
	}
	if a := r.call(r.bearerOf("scope", "shop_read", "grant", "shop_read"), "GET", shopPath, ""); a.StatusCode != 200 {
		t.Errorf("token that has it: %d", a.StatusCode)
	}
}

func TestHeadIsGetWithoutBody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.call(r.basic(shopOne), "HEAD", shopPath, "")
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
}
