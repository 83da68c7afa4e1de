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

	"hookwall/internal/fourthwall"
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
	notJSON  = "the answer is not the JSON that was expected"
	noID     = "the answer has no id"
	tooLarge = "the answer is too large"
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
			"types of the future", 200, `{"id":"w","allowedTypes":["NEW_2","DONATION","","new.1"]}`,
			fourthwall.Webhook{ID: "w", AllowedTypes: []fourthwall.EventType{"NEW_2", "DONATION", "", "new.1"}},
			"",
		},
		{"nulls", 200, `{"id":"w","url":null,"allowedTypes":null,"apiVersion":null,"secret":null}`, only("w"), ""},
		{"null among the types", 200, `{"id":"w","allowedTypes":[null]}`, only("w"), ""},
		{"version of another kind", 200, `{"id":"w","apiVersion":2,"secret":{"a":1}}`, only("w"), ""},
		{"no id", 200, `{"url":"https://a.example/h"}`, fourthwall.Webhook{}, noID},
		{"a code without an id", 200, `{"code":"OPEN_API_CODE"}`, fourthwall.Webhook{}, noID},
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
		{"10 MB", 200, `{"id":"w","zzz":"` + strings.Repeat("z", 10<<20) + `"}`, fourthwall.Webhook{}, tooLarge},
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
			if e.Status != row.status || !e.Uncertain() || e.NotSent || e.TooLarge != (row.err == tooLarge) ||
				e.Error() != want {
				t.Errorf("got %#v, text %q, want %q", e, e, want)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), canary) {
				t.Error("the error tells the body")
			}
		})
	}
}

// Only the response to CreateWebhook may have a secret.
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
	rows := []struct {
		name   string
		status int
		body   string
		err    string // "" = done
	}{
		{"empty", 200, "", ""},
		{"accepted", 202, "", ""},
		{"no content", 204, "", ""},
		{"line break", 200, "\r\n", ""},
		{"webhook", 200, webhookBody, ""},
		{"empty object", 200, " {}\n", ""},
		{"null", 200, "null", ""},
		{"a proxy's page", 200, "<html>" + canary, notJSON},
		{"words", 202, "OK", notJSON},
		{"cut short", 200, webhookBody[:40], notJSON},
		{"2 MB", 200, `"` + strings.Repeat("z", 2<<20) + `"`, tooLarge},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			err := answering(t, row.status, row.body).DeleteWebhook(t.Context(), token, "w")
			if row.err == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			want := fmt.Sprintf("delete webhook: %d: %s", row.status, row.err)
			e := asError(t, err)
			if e.Status != row.status || !e.Uncertain() || e.NotSent || e.TooLarge != (row.err == tooLarge) ||
				e.Error() != want {
				t.Errorf("got %#v, text %q, want %q", e, e, want)
			}
		})
	}
}

// A response with another ID than the requested one is an error.
func TestAnotherID(t *testing.T) {
	for _, name := range []string{"read webhook", "update webhook", "read event"} {
		for _, id := range []string{"other", "wcon_1 ", "WCON_1", "WEVE_1"} {
			t.Run(name+" "+id, func(t *testing.T) {
				op := operationNamed(t, name)
				c := answering(t, 202, `{"id":"`+id+`","url":"`+canary+`"}`)
				e := asError(t, op.call(t.Context(), c))
				want := name + ": 202: the answer has another id than was asked for"
				if e.Op != name || e.Status != 202 || e.NotSent || e.Uncertain() != (op.kind == "write") || e.Error() != want {
					t.Errorf("got %#v, text %q, want %q", e, e, want)
				}
			})
		}
	}
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
		{"empty", ``, [2]string{}, "", "", "create webhook: 400 not from the API"},
		{"HTML", `<html>` + canary + `</html>`, [2]string{}, "", "", "create webhook: 400 not from the API"},
		{"cut short", `{"code":"` + canary, [2]string{}, "", "", "create webhook: 400 not from the API"},
		{"array", `["` + canary + `"]`, [2]string{}, "", "", "create webhook: 400 not from the API"},
		{"null code", `{"code":null}`, [2]string{}, "", "", "create webhook: 400"},
		{"code of another kind", `{"code":400}`, [2]string{}, "", "", "create webhook: 400"},
		{"code with control characters", `{"code":"A\u0000\u001b[31m\r\n\u202eB"}`, [2]string{}, "A[31mB", "", "create webhook: 400 A[31mB"},
		{"long code", `{"code":"` + long + `"}`, [2]string{}, long[:100], "", "create webhook: 400 " + long[:100]},
		{"long code beyond ASCII", `{"code":"X` + strings.Repeat("é", 300) + `"}`, [2]string{}, "X" + strings.Repeat("é", 49), "", "create webhook: 400 X" + strings.Repeat("é", 49)},
		{"long request id", `{}`, [2]string{"X-Request-Id", long}, "", long[:100], "create webhook: 400 (request " + long[:100] + ")"},
		{"2 MB", `{"code":"A","zzz":"` + strings.Repeat("z", 2<<20) + `"}`, [2]string{}, "", "", "create webhook: 400 not from the API"},
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
