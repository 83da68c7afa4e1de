package fourthwall_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/fourthwall"
)

// serve starts a server and returns a client of it.
func serve(t *testing.T, h http.HandlerFunc) *fourthwall.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return newClient(t, server.URL, fourthwall.Options{})
}

func answering(t *testing.T, status int, body string) *fourthwall.Client {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

const (
	notJSON = "the answer is not the JSON that was expected"
	noID    = "the answer has no id"
)

func TestCreatedWebhook(t *testing.T) {
	plain := fourthwall.Webhook{
		ID: "wcon_1", URL: "https://a.example/h", APIVersion: "V1",
		AllowedTypes: []fourthwall.EventType{"ORDER_PLACED"},
	}
	only := func(id string) fourthwall.Webhook {
		return fourthwall.Webhook{ID: id, AllowedTypes: []fourthwall.EventType{}}
	}
	rows := []struct {
		name   string
		status int
		body   string
		want   fourthwall.Webhook
		err    string // "" = created
	}{
		{"as described", 200, webhookBody, plain, ""},
		{"201", 201, webhookBody, plain, ""},
		{"line break at the end", 200, webhookBody + "\r\n", plain, ""},
		{"with a secret", 200, `{"id":"w","secret":"` + canary + `"}`, fourthwall.Webhook{ID: "w", Secret: canary, AllowedTypes: []fourthwall.EventType{}}, ""},
		{"unknown fields", 200, `{"id":"w","zzz":{"a":[1]},"allowedTypes":[]}`, only("w"), ""},
		{
			"types of the future", 200, `{"id":"w","allowedTypes":["NEW_2","DONATION","new.1",""]}`,
			fourthwall.Webhook{ID: "w", AllowedTypes: []fourthwall.EventType{"NEW_2", "DONATION", "new.1"}},
			"",
		},
		{"nulls", 200, `{"id":"w","url":null,"allowedTypes":null,"apiVersion":null,"secret":null}`, only("w"), ""},
		{"null among the types", 200, `{"id":"w","allowedTypes":[null]}`, only("w"), ""},
		{"version of another kind", 200, `{"id":"w","apiVersion":2,"secret":{"a":1}}`, only("w"), ""},
		{"no id", 200, `{"url":"https://a.example/h"}`, fourthwall.Webhook{}, noID},
		{"a code without an id", 200, `{"code":"SOME_CODE"}`, fourthwall.Webhook{}, noID},
		{"null id", 200, `{"id":null}`, fourthwall.Webhook{}, noID},
		{"empty id", 200, `{"id":""}`, fourthwall.Webhook{}, noID},
		{"null", 200, `null`, fourthwall.Webhook{}, noID},
		{"id of another kind", 200, `{"id":7}`, fourthwall.Webhook{}, notJSON},
		{"types of another kind", 200, `{"id":"w","allowedTypes":{"a":1}}`, fourthwall.Webhook{}, notJSON},
		{"array", 200, `[` + webhookBody + `]`, fourthwall.Webhook{}, notJSON},
		{"empty", 200, ``, fourthwall.Webhook{}, notJSON},
		{"204", 204, ``, fourthwall.Webhook{}, notJSON},
		{"HTML", 200, `<html>` + canary + `</html>`, fourthwall.Webhook{}, notJSON},
		{"cut short", 200, webhookBody[:40], fourthwall.Webhook{}, notJSON},
		{"followed by garbage", 200, webhookBody + canary, fourthwall.Webhook{}, notJSON},
		{"twice", 200, webhookBody + webhookBody, fourthwall.Webhook{}, notJSON},
		{"10 MB", 200, `{"id":"w","zzz":"` + strings.Repeat("z", 10<<20) + `"}`, fourthwall.Webhook{}, "the answer is too large"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := answering(t, row.status, row.body)
			got, err := c.CreateWebhook(t.Context(), token, input)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("webhook (-want +got):\n%s", diff)
			}
			if row.err == "" {
				if err != nil {
					t.Errorf("error: %v", err)
				}
				return
			}
			var e *fourthwall.Error
			if !errors.As(err, &e) {
				t.Fatalf("error: %v", err)
			}
			want := fmt.Sprintf("create webhook: %d: %s", row.status, row.err)
			if e.Status != row.status || !e.Uncertain() || e.NotSent || e.Error() != want {
				t.Errorf("got %#v, text %q, want %q", e, e, want)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), canary) {
				t.Error("the error tells the body")
			}
		})
	}
}

// Only the answer to a create call is where a secret is looked for.
func TestSecretOnlyFromCreate(t *testing.T) {
	hook := `{"id":"w","secret":"` + canary + `"}`
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/webhooks") {
			_, _ = io.WriteString(w, "["+hook+"]")
			return
		}
		_, _ = io.WriteString(w, hook)
	})
	created, err1 := c.CreateWebhook(t.Context(), token, input)
	read, err2 := c.Webhook(t.Context(), token, "w")
	updated, err3 := c.UpdateWebhook(t.Context(), token, "w", input)
	list, err4 := c.Webhooks(t.Context(), token)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	if created.Secret != canary || read.Secret != "" || updated.Secret != "" || list[0].Secret != "" {
		t.Errorf("secrets: created %q, read %q, updated %q, listed %q", created.Secret.Reveal(),
			read.Secret.Reveal(), updated.Secret.Reveal(), list[0].Secret.Reveal())
	}
}

func TestShop(t *testing.T) {
	rows := []struct {
		name, body string
		want       fourthwall.Shop
		err        string
	}{
		{"as described", shopBody, fourthwall.Shop{ID: "sh_1", Name: "Studio Nine", Domain: "nine.fourthwall.com", PublicDomain: "nine.example"}, ""},
		{"only an id", `{"id":"s","name":null,"domain":5}`, fourthwall.Shop{ID: "s"}, ""},
		{"no id", `{"name":"Studio Nine"}`, fourthwall.Shop{}, noID},
		{"HTML", `<html>`, fourthwall.Shop{}, notJSON},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := answering(t, 200, row.body).CurrentShop(t.Context(), token)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("shop (-want +got):\n%s", diff)
			}
			text := ""
			if err != nil {
				text = strings.TrimPrefix(err.Error(), "read shop: 200: ")
			}
			if text != row.err {
				t.Errorf("error %v, want %q", err, row.err)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	for _, status := range []int{200, 202, 204} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			if err := answering(t, status, "").DeleteWebhook(t.Context(), token, "w"); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("with a body of no meaning", func(t *testing.T) {
		if err := answering(t, 200, "<html>").DeleteWebhook(t.Context(), token, "w"); err != nil {
			t.Error(err)
		}
	})
}

func TestRefusals(t *testing.T) {
	long := strings.Repeat("X", 300)
	rows := []struct {
		name   string
		body   string
		header [2]string
		code   string
		id     string
		text   string
	}{
		{"code", `{"code":"WEBHOOK_URI_IP_NOT_ALLOWED"}`, [2]string{"X-Request-Id", "abc"}, "WEBHOOK_URI_IP_NOT_ALLOWED", "abc", "create webhook: 400 WEBHOOK_URI_IP_NOT_ALLOWED (request abc)"},
		{"code with ids beside it", `{"code":"A","webhookConfigurationId":"w","title":"t","status":429}`, [2]string{"X-Correlation-Id", "cor"}, "A", "cor", "create webhook: 400 A (request cor)"},
		{"behind a proxy", `{}`, [2]string{"Cf-Ray", "ray-LHR"}, "", "ray-LHR", "create webhook: 400 (request ray-LHR)"},
		{"empty", ``, [2]string{}, "", "", "create webhook: 400"},
		{"HTML", `<html>` + canary + `</html>`, [2]string{}, "", "", "create webhook: 400"},
		{"cut short", `{"code":"` + canary, [2]string{}, "", "", "create webhook: 400"},
		{"array", `["` + canary + `"]`, [2]string{}, "", "", "create webhook: 400"},
		{"null code", `{"code":null}`, [2]string{}, "", "", "create webhook: 400"},
		{"code of another kind", `{"code":400}`, [2]string{}, "", "", "create webhook: 400"},
		{"code with control characters", `{"code":"A\u0000\u001b[31m\r\n\u202eB"}`, [2]string{}, "A[31mB", "", "create webhook: 400 A[31mB"},
		{"long code", `{"code":"` + long + `"}`, [2]string{}, long[:100], "", "create webhook: 400 " + long[:100]},
		{"long code beyond ASCII", `{"code":"X` + strings.Repeat("é", 300) + `"}`, [2]string{}, "X" + strings.Repeat("é", 49), "", "create webhook: 400 X" + strings.Repeat("é", 49)},
		{"long request id", `{}`, [2]string{"X-Request-Id", long}, "", long[:100], "create webhook: 400 (request " + long[:100] + ")"},
		{"2 MB", `{"code":"A","zzz":"` + strings.Repeat("z", 2<<20) + `"}`, [2]string{}, "", "", "create webhook: 400"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if row.header[0] != "" {
					w.Header().Set(row.header[0], row.header[1])
				}
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, row.body)
			})
			_, err := c.CreateWebhook(t.Context(), token, input)
			var e *fourthwall.Error
			if !errors.As(fmt.Errorf("wrapped: %w", err), &e) {
				t.Fatalf("error: %v", err)
			}
			want := fourthwall.Error{Op: "create webhook", Status: 400, Code: row.code, RequestID: row.id}
			got := fourthwall.Error{
				Op: e.Op, Status: e.Status, Code: e.Code, RequestID: e.RequestID,
				RetryAfter: e.RetryAfter, NotSent: e.NotSent, Err: e.Err,
			}
			if got != want || e.Uncertain() || e.Error() != row.text {
				t.Errorf("got %#v, text %q", e, e)
			}
		})
	}
}

// pages answers a list with the given bodies, by the page that is asked for.
func pages(t *testing.T, bodies ...string) (*fourthwall.Client, *[]string) {
	t.Helper()
	var asked []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		_, _ = io.WriteString(w, bodies[min(len(asked), len(bodies))-1])
	})
	return c, &asked
}

func TestList(t *testing.T) {
	const a, b, c, d = `{"id":"a"}`, `{"id":"b"}`, `{"id":"c"}`, `{"id":"d"}`
	one := []string{""}
	rows := []struct {
		name   string
		bodies []string
		ids    string
		asked  []string
		err    string
	}{
		{"page object", []string{`{"results":[` + a + `,` + b + `],"total":2,"page":0,"size":50,"totalPages":1}`}, "ab", one, ""},
		{"page object with results only", []string{`{"results":[` + a + `]}`}, "a", one, ""},
		{"bare array", []string{`[` + a + `,` + b + `]`}, "ab", one, ""},
		{"bare array after a space", []string{"\r\n\t [" + a + "]\n"}, "a", one, ""},
		{"empty page object", []string{`{"results":[],"total":0,"totalPages":0}`}, "", one, ""},
		{"empty array", []string{`[]`}, "", one, ""},
		{"null results", []string{`{"results":null}`}, "", one, ""},
		{"null and nameless among the results", []string{`{"results":[null,` + a + `,{},{"id":null}]}`}, "a", one, ""},
		{"counts of other kinds", []string{`{"results":[` + a + `],"total":"9","page":null,"size":1.5,"totalPages":{}}`}, "a", one, ""},
		{"negative counts", []string{`{"results":[` + a + `],"total":-9,"page":-1,"size":-1,"totalPages":-1}`}, "a", one, ""},
		{
			"three pages by total",
			[]string{
				`{"results":[` + a + `,` + b + `],"total":4,"page":0,"size":2}`,
				`{"results":[` + c + `],"total":4,"page":1,"size":2}`,
				`{"results":[` + d + `],"total":4,"page":2,"size":2}`,
			},
			"abcd",
			[]string{"", "page=1&size=2", "page=2&size=2"},
			"",
		},
		{
			"two pages by totalPages, without a size",
			[]string{`{"results":[` + a + `],"totalPages":2}`, `{"results":[` + b + `],"totalPages":2}`},
			"ab",
			[]string{"", "page=1&size=1"},
			"",
		},
		{
			"pages counted from one",
			[]string{`{"results":[` + a + `],"total":2,"page":1,"size":1}`, `{"results":[` + b + `],"total":2,"page":2,"size":1}`},
			"ab",
			[]string{"", "page=2&size=1"},
			"",
		},
		{
			"the second page is a bare array",
			[]string{`{"results":[` + a + `],"total":9,"size":1}`, `[` + b + `]`},
			"ab",
			[]string{"", "page=1&size=1"},
			"",
		},
		{
			"an API that ignores the page asked for",
			[]string{`{"results":[` + a + `,` + b + `],"total":9,"size":2}`},
			"ab",
			[]string{"", "page=1&size=2"},
			"",
		},
		{
			"pages that overlap",
			[]string{`{"results":[` + a + `,` + b + `],"total":3,"size":2}`, `{"results":[` + b + `,` + c + `],"total":3,"size":2}`},
			"abc",
			[]string{"", "page=1&size=2"},
			"",
		},
		{"nothing, though more is promised", []string{`{"results":[],"total":9,"totalPages":9}`}, "", one, ""},
		{"no results", []string{`{"total":1}`}, "", one, notJSON},
		{"null", []string{`null`}, "", one, notJSON},
		{"HTML", []string{`<html>`}, "", one, notJSON},
		{"empty body", []string{``}, "", one, notJSON},
		{"cut short", []string{listBody[:60]}, "", one, notJSON},
		{"array cut short", []string{`[` + a + `,`}, "", one, notJSON},
		{"array followed by garbage", []string{`[` + a + `]]`}, "", one, notJSON},
		{"page object followed by garbage", []string{listBody + `x`}, "", one, notJSON},
		{"results of another kind", []string{`{"results":{"a":1}}`}, "", one, notJSON},
		{"10 MB", []string{`[` + strings.Repeat(" ", 10<<20) + `]`}, "", one, "the answer is too large"},
		{
			"the second page is unreadable",
			[]string{`{"results":[` + a + `],"total":2,"size":1}`, `<html>`},
			"",
			[]string{"", "page=1&size=1"},
			notJSON,
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			client, asked := pages(t, row.bodies...)
			hooks, err := client.Webhooks(t.Context(), token)
			ids := ""
			for _, h := range hooks {
				ids += h.ID
			}
			if ids != row.ids {
				t.Errorf("webhooks %q, want %q", ids, row.ids)
			}
			if diff := cmp.Diff(row.asked, *asked); diff != "" {
				t.Errorf("queries (-want +got):\n%s", diff)
			}
			text := ""
			if err != nil {
				text = strings.TrimPrefix(err.Error(), "list webhooks: 200: ")
			}
			if text != row.err || (err == nil) != (hooks != nil) {
				t.Errorf("got %v, error %v, want %q", hooks, err, row.err)
			}
		})
	}
}

// A list of realistic webhooks of 3 MB is within the bound of a list, though beyond that of a single webhook.
func TestLongList(t *testing.T) {
	many := strings.Repeat(","+webhookBody, 30_000)
	hooks, err := answering(t, 200, "["+many[1:]+"]").Webhooks(t.Context(), token)
	if err != nil || len(hooks) != 1 {
		t.Errorf("%d webhooks, error %v; want the same one only once", len(hooks), err)
	}
}

// An API that goes on promising new pages is not followed for ever.
func TestEndlessList(t *testing.T) {
	n := 0
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n++
		_, _ = fmt.Fprintf(w, `{"results":[{"id":"w%d"}],"total":1000000,"size":1}`, n)
	})
	hooks, err := c.Webhooks(t.Context(), token)
	if n != 100 || hooks != nil || err == nil || err.Error() != "list webhooks: 200: the list has too many pages" {
		t.Errorf("after %d pages: %d webhooks, error %v", n, len(hooks), err)
	}
}
