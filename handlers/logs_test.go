package handlers

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookwall/handlers/middleware"
	"hookwall/internal/sandbox"
)

// line returns the only log line with this message from the request that pg
// responds to.
func (pg *page) line(message string) map[string]any {
	pg.p.t.Helper()
	id := pg.header.Get("X-Request-Id")
	var found map[string]any
	for text := range strings.Lines(pg.p.logs.String()) {
		var line map[string]any
		pg.p.must(json.Unmarshal([]byte(text), &line))
		if line["request"] != id || line["msg"] != message {
			continue
		}
		if found != nil {
			pg.p.t.Errorf("%q stands in the log twice", message)
		}
		found = line
	}
	if found == nil {
		pg.p.t.Fatalf("the log does not say %q of the request %s:\n%s", message, id, pg.p.logs)
	}
	return found
}

// TestLostKeyIsLogged: data that another key sealed is logged for the operator,
// with the request that found it, even if the store reports it.
func TestLostKeyIsLogged(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "h.db")
	const public = "http://hooks.example.com" // the same for both, and so are the names of cookies
	before := newRig(t, options{file: file, publicURL: public})
	p := before.person()
	shop := p.connectKey(0)
	draft := p.newForm(shop.ID, good, "DONATION").values
	draft.Set("do", "examine")
	at, err := url.Parse(p.noRedirects().post(webhooksPath(shop.ID), draft).header.Get("Location"))
	before.must(err)

	after := newRig(t, options{file: file, publicURL: public})
	lost := &person{after, p.client}
	pg := lost.noRedirects().get(webhooksPath(shop.ID)).want(http.StatusSeeOther)
	if line := pg.line("a credential does not open"); line["shop"] != shop.ID || line["level"] != "WARN" {
		t.Errorf("the line is %v", line)
	}
	back := newWebhookPath(shop.ID) + "?draft=" + at.Query().Get("form")
	pg = lost.get("/connect?return=" + url.QueryEscape(back)).want(http.StatusOK)
	if line := pg.line("a sealed value does not open"); line["op"] != "read draft" || line["level"] != "WARN" {
		t.Errorf("the line is %v", line)
	}
}

// TestWhatIsLeftOutIsLogged: a page that is drawn without something says in the
// log why, with its request id.
func TestWhatIsLeftOutIsLogged(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, receives, "DONATION")
	for _, test := range []struct{ at, unread, says string }{
		{webhooksPath(shop.ID), apiEvents, "deliveries could not be listed beside webhooks"},
		{eventsPath(shop.ID), apiWebhooks, "webhooks could not be listed beside deliveries"},
		{eventPath(shop.ID, g.fired(shop, "DONATION", false)), apiWebhooks, "webhooks could not be listed beside deliveries"},
		{webhookPath(shop.ID, hook.ID) + "/delete", apiWebhooks, "webhooks could not be listed beside the one that is to be deleted"},
	} {
		g.box.FailNext(sandbox.Failure{Path: test.unread, Status: 500, Header: http.Header{"X-Request-Id": {"req-777"}}})
		line := p.get(test.at).want(http.StatusOK).line(test.says)
		if why, _ := line["error"].(string); line["level"] != "WARN" || !strings.Contains(why, "500") ||
			!strings.Contains(why, "req-777") {
			t.Errorf("%s: the line is %v", test.at, line)
		}
	}
}

func TestLogTo(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	to := LogTo(slog.NewJSONHandler(&out, nil)).WithAttrs([]slog.Attr{slog.Int("a", 1)})
	moment := time.Date(2026, 11, 23, 1, 2, 3, 0, time.FixedZone("east", 9*60*60))
	if err := to.Handle(t.Context(), slog.NewRecord(moment, slog.LevelInfo, "m", 0)); err != nil {
		t.Fatal(err)
	}
	if want := `{"time":"2026-11-22T16:02:03Z","level":"INFO","msg":"m","a":1}` + "\n"; out.String() != want {
		t.Errorf("got %s want %s", &out, want)
	}
	out.Reset()
	ctx := middleware.WithRequestID(t.Context(), "r1")
	if err := to.WithGroup("g").Handle(ctx, slog.NewRecord(moment, slog.LevelInfo, "m", 0)); err != nil {
		t.Fatal(err)
	}
	if want := `{"time":"2026-11-22T16:02:03Z","level":"INFO","msg":"m","a":1,"g":{"request":"r1"}}` +
		"\n"; out.String() != want {
		t.Errorf("got %s want %s", &out, want)
	}
}
