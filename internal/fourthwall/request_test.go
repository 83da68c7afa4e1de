package fourthwall_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
)

// sent is a request as the API receives it.
type sent struct {
	Method, URI, Authorization, Accept, UserAgent, ContentType, Body string
	ContentLength                                                    int64
	TransferEncoding                                                 []string
	Idempotency                                                      bool
}

func record(t *testing.T, r *http.Request) sent {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	return sent{
		Method: r.Method, URI: r.RequestURI, Authorization: r.Header.Get("Authorization"),
		Accept: r.Header.Get("Accept"), UserAgent: r.Header.Get("User-Agent"),
		ContentType: r.Header.Get("Content-Type"), Body: string(body),
		ContentLength: r.ContentLength, TransferEncoding: r.TransferEncoding,
		Idempotency: r.Header.Get("Idempotency-Key")+r.Header.Get("X-Idempotency-Key") != "",
	}
}

const inputJSON = `{"url":"https://a.example/h","allowedTypes":["ORDER_PLACED"]}`

func TestRequests(t *testing.T) {
	get := func(uri string) sent { return sent{Method: "GET", URI: uri} }
	write := func(method, uri string) sent {
		return sent{
			Method: method, URI: uri, Body: inputJSON,
			ContentLength: int64(len(inputJSON)), ContentType: "application/json",
		}
	}
	byID := func(id string) func(context.Context, *fourthwall.Client) error {
		return func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.Webhook(ctx, token, id)
			return err
		}
	}
	events := func(q fourthwall.EventQuery) func(context.Context, *fourthwall.Client) error {
		return func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.Events(ctx, token, q)
			return err
		}
	}
	rows := []struct {
		name, prefix string
		call         func(context.Context, *fourthwall.Client) error
		answer       string
		want         sent
	}{
		{"shop", "", operations[0].call, shopBody, get("/open-api/v1.0/shops/current")},
		{"list", "", operations[1].call, listBody, get("/open-api/v1.0/webhooks?size=100")},
		{"read", "", operations[2].call, webhookBody, get("/open-api/v1.0/webhooks/wcon_1")},
		{"create", "", operations[3].call, webhookBody, write("POST", "/open-api/v1.0/webhooks")},
		{"update", "", operations[4].call, webhookBody, write("PUT", "/open-api/v1.0/webhooks/wcon_1")},
		{"delete", "", operations[5].call, "", sent{Method: "DELETE", URI: "/open-api/v1.0/webhooks/wcon_1"}},
		{"channel", "", operations[8].call, channelBody, get("/channel-api/v1.0/channel/current")},
		{"shops of the channel", "", operations[9].call, channelShopsBody, get("/channel-api/v1.0/shops")},
		{"event", "", operations[7].call, eventBody, get("/open-api/v1.0/webhook-events/weve_1")},
		{"event by an id with a slash", "", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.Event(ctx, token, "up/webhooks?a=b")
			return err
		}, `{"id":"up/webhooks?a=b"}`, get("/open-api/v1.0/webhook-events/up%2Fwebhooks%3Fa=b")},
		{"events", "", events(fourthwall.EventQuery{}), eventsBody, get("/open-api/v1.0/webhook-events?page=0&size=50")},
		{
			"events of one type", "", events(fourthwall.EventQuery{Type: "DONATION", Page: 7, Size: 20}), eventsBody,
			get("/open-api/v1.0/webhook-events?page=7&size=20&type=DONATION"),
		},
		{
			"events of an unknown type", "", events(fourthwall.EventQuery{Type: "new 1&page=9"}), eventsBody,
			get("/open-api/v1.0/webhook-events?page=0&size=50&type=new+1%26page%3D9"),
		},
		{
			"events, maximum", "", events(fourthwall.EventQuery{Size: 100}), eventsBody,
			get("/open-api/v1.0/webhook-events?page=0&size=100"),
		},
		{
			"events, one", "", events(fourthwall.EventQuery{Size: 1}), eventsBody,
			get("/open-api/v1.0/webhook-events?page=0&size=1"),
		},
		{
			"events, above the maximum", "", events(fourthwall.EventQuery{Size: 101}), eventsBody,
			get("/open-api/v1.0/webhook-events?page=0&size=100"),
		},
		{
			"events, below the minimum", "", events(fourthwall.EventQuery{Page: -1, Size: -1}), eventsBody,
			get("/open-api/v1.0/webhook-events?page=0&size=50"),
		},
		{"slash at the end of the base", "/", operations[0].call, shopBody, get("/open-api/v1.0/shops/current")},
		{"base with a path", "/mock/v2", operations[0].call, shopBody, get("/mock/v2/open-api/v1.0/shops/current")},
		{"base with a path and slashes", "/mock//", operations[0].call, shopBody, get("/mock/open-api/v1.0/shops/current")},
		{"base with an escape", "/a%2Fb", operations[0].call, shopBody, get("/a%2Fb/open-api/v1.0/shops/current")},
		{"id with a slash", "", byID("up/shops/current"), `{"id":"up/shops/current"}`, get("/open-api/v1.0/webhooks/up%2Fshops%2Fcurrent")},
		{"id with a query", "", byID("a?b=c#d"), `{"id":"a?b=c#d"}`, get("/open-api/v1.0/webhooks/a%3Fb=c%23d")},
		{"id with an escape", "", byID("%2e%2e"), `{"id":"%2e%2e"}`, get("/open-api/v1.0/webhooks/%252e%252e")},
		{"id with a line break", "", byID("a\r\nb c"), `{"id":"a\r\nb c"}`, get("/open-api/v1.0/webhooks/a%0D%0Ab%20c")},
		{"id beyond ASCII", "", byID("é"), `{"id":"é"}`, get("/open-api/v1.0/webhooks/%C3%A9")},
		{"no event types", "", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.CreateWebhook(ctx, token, fourthwall.Content{URL: "u"})
			return err
		}, webhookBody, sent{
			Method: "POST", URI: "/open-api/v1.0/webhooks", Body: `{"url":"u","allowedTypes":[]}`,
			ContentLength: 29, ContentType: "application/json",
		}},
		{"unknown types", "", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.UpdateWebhook(ctx, token, "wcon_1", fourthwall.Content{
				URL:          "u",
				AllowedTypes: []fourthwall.EventType{"NEW_1", "DONATION", "", "NEW_0"},
			})
			return err
		}, webhookBody, sent{
			Method: "PUT", URI: "/open-api/v1.0/webhooks/wcon_1", Body: `{"url":"u","allowedTypes":["NEW_1","DONATION","","NEW_0"]}`,
			ContentLength: 58, ContentType: "application/json",
		}},
		{"API key", "", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.CurrentShop(ctx, fourthwall.APIKey{Username: "user", Password: "pass"})
			return err
		}, shopBody, sent{Method: "GET", URI: "/open-api/v1.0/shops/current", Authorization: "Basic dXNlcjpwYXNz"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var got []sent
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = append(got, record(t, r))
				_, _ = io.WriteString(w, row.answer)
			}))
			t.Cleanup(server.Close)
			c := newClient(t, server.URL+row.prefix, fourthwall.Options{UserAgent: "hookwall/1.2"})
			if err := row.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			want := row.want
			want.Accept, want.UserAgent = "application/json", "hookwall/1.2"
			if want.Authorization == "" {
				want.Authorization = "Bearer " + canary
			}
			if diff := cmp.Diff([]sent{want}, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// Every try of a call sends the whole request.
func TestRequestOfEachTry(t *testing.T) {
	for _, name := range []string{"create webhook", "update webhook"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				op := operationNamed(t, name)
				var got []sent
				c := newClient(t, "http://api.example", fourthwall.Options{
					Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
						if r.GetBody != nil {
							t.Error("the transport could send the body again by itself")
						}
						got = append(got, record(t, r))
						rec := httptest.NewRecorder()
						rec.WriteHeader(http.StatusTooManyRequests)
						return rec.Result(), nil
					}),
				})
				if err := op.call(t.Context(), c); err == nil {
					t.Fatal("no error")
				}
				if len(got) != 4 || got[0].Body != inputJSON || got[0].ContentLength != int64(len(inputJSON)) {
					t.Fatalf("requests: %+v", got)
				}
				for i, s := range got {
					if diff := cmp.Diff(got[0], s); diff != "" {
						t.Errorf("try %d differs from the first:\n%s", i+1, diff)
					}
				}
			})
		})
	}
}

// An invalid call returns an error and sends nothing.
func TestRefusedWithoutACall(t *testing.T) {
	rows := []struct {
		name   string
		call   func(context.Context, *fourthwall.Client) error
		status int
		text   string
	}{
		{"no credential", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.CurrentShop(ctx, nil)
			return err
		}, 0, "read shop: no credential given"},
		{"token with a line break", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.CurrentShop(ctx, fourthwall.Bearer{Token: canary + "\r\nX-Evil: 1"})
			return err
		}, 0, "read shop: the credential holds characters that cannot be sent"},
		{"empty id", func(ctx context.Context, c *fourthwall.Client) error {
			return c.DeleteWebhook(ctx, token, "")
		}, 404, "delete webhook: 404: nothing can have this id"},
		{"id of a single dot", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.Webhook(ctx, token, ".")
			return err
		}, 404, "read webhook: 404: nothing can have this id"},
		{"id of two dots", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.UpdateWebhook(ctx, token, "..", input)
			return err
		}, 404, "update webhook: 404: nothing can have this id"},
		{"id that leads to another path", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.Event(ctx, token, "weve_1/../../shops/current")
			return err
		}, 404, "read event: 404: nothing can have this id"},
		{"id that leads to another path on Windows", func(ctx context.Context, c *fourthwall.Client) error {
			return c.DeleteWebhook(ctx, token, `..\webhooks\wcon_1`)
		}, 404, "delete webhook: 404: nothing can have this id"},
		{"empty id of an event", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.Event(ctx, token, "")
			return err
		}, 404, "read event: 404: nothing can have this id"},
		{"event without a credential", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.Event(ctx, nil, "weve_1")
			return err
		}, 0, "read event: no credential given"},
		{"events without a credential", func(ctx context.Context, c *fourthwall.Client) error {
			_, err := c.Events(ctx, nil, fourthwall.EventQuery{})
			return err
		}, 0, "list events: no credential given"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := newClient(t, "http://api.example", fourthwall.Options{
				Transport: roundTripper(func(*http.Request) (*http.Response, error) {
					t.Error("a call was made")
					return nil, io.EOF
				}),
			})
			err := row.call(t.Context(), c)
			var e *fourthwall.Error
			if !errors.As(err, &e) || e.Status != row.status || !e.NotSent || e.Uncertain() || err.Error() != row.text {
				t.Errorf("got %#v, text %v", err, err)
			}
		})
	}
}

func TestNew(t *testing.T) {
	rows := []struct {
		name, base string
		options    fourthwall.Options
		want       string // "" for no error
	}{
		{"https", "https://api.example", fourthwall.Options{}, ""},
		{"loopback with a port", "http://127.0.0.1:8081/", fourthwall.Options{}, ""},
		{"IPv6", "http://[::1]:8081", fourthwall.Options{}, ""},
		{"path", "https://api.example/prefix/", fourthwall.Options{}, ""},
		{"empty", "", fourthwall.Options{}, "absolute"},
		{"no scheme", "api.example", fourthwall.Options{}, "absolute"},
		{"other scheme", "ftp://api.example", fourthwall.Options{}, "absolute"},
		{"no host", "https:///x", fourthwall.Options{}, "absolute"},
		{"only a port", "https://:443", fourthwall.Options{}, "absolute"},
		{"opaque", "https:api.example", fourthwall.Options{}, "absolute"},
		{"not a URL", "https://" + canary + ":%zz@x", fourthwall.Options{}, "not a URL"},
		{"password", "https://u:" + canary + "@api.example", fourthwall.Options{}, "user name"},
		{"query", "https://api.example?key=" + canary, fourthwall.Options{}, "query"},
		{"empty query", "https://api.example?", fourthwall.Options{}, "query"},
		{"fragment", "https://api.example#" + canary, fourthwall.Options{}, "fragment"},
		{"negative budget", "https://api.example", fourthwall.Options{Budget: -1}, "budget"},
		{"negative backoff", "https://api.example", fourthwall.Options{Backoff: -1}, "backoff"},
		{"user agent with a line break", "https://api.example", fourthwall.Options{UserAgent: "a\nb"}, "user agent"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, err := fourthwall.New(row.base, row.options)
			if row.want == "" {
				if c == nil || err != nil {
					t.Errorf("got %v, %v", c, err)
				}
				return
			}
			if c != nil || err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), canary) {
				t.Errorf("got %v, %v; want an error about %q", c, err, row.want)
			}
		})
	}
}

// Each try logs one line without secrets.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines lockedBuffer
		logger := slog.New(slog.NewJSONHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
		more := `{"results":[{"id":"` + canary + `","secret":"` + canary + `"}],"total":2,"size":1}`
		s := &stage{script: []step{
			{refuse: true},
			{status: 503, header: map[string]string{"X-Request-Id": "req-\u202e1"}, body: canary},
			{status: 200, body: more},
			{cut: "before"},
			{status: 200, body: more},
		}}
		c := s.client(t, fourthwall.Options{Logger: logger})
		if _, err := c.Webhooks(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		type line struct {
			Level, Msg, Op, Method, Path, Error string
			RequestID                           string `json:"request_id"`
			Status, Attempt                     int
			Duration                            *int64
		}
		path := "/open-api/v1.0/webhooks"
		base := line{Level: "DEBUG", Msg: "fourthwall call", Op: "list webhooks", Method: "GET", Path: path}
		with := func(attempt, status int, id, err string) line {
			l := base
			l.Attempt, l.Status, l.RequestID, l.Error = attempt, status, id, err
			return l
		}
		want := []line{
			with(1, 0, "", refused), with(2, 503, "req-1", ""), with(3, 200, "", ""),
			with(1, 0, "", closed), with(2, 200, "", ""),
		}
		var got []line
		for text := range strings.Lines(lines.String()) {
			var l line
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				t.Fatal(err)
			}
			if l.Duration == nil || *l.Duration < 0 {
				t.Errorf("no duration in %s", text)
			}
			l.Duration = nil
			got = append(got, l)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
		for _, never := range []string{canary, "Bearer", "page=", "size="} {
			if strings.Contains(lines.String(), never) {
				t.Errorf("%q in the log:\n%s", never, lines.String())
			}
		}
	})
}
