package handlers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"hookwall/handlers/middleware"
	"hookwall/internal/sandbox"
	"hookwall/static"
)

// TestCaching walks the routes by every method, and responses of every status.
// A cache keeps only files whose name identifies their content.
// Checklist 26, 27, 29.
func TestCaching(t *testing.T) {
	t.Parallel()
	for name, arrive := range victims {
		t.Run(name, func(t *testing.T) { arrive(t).isNotCached(t) })
	}
}

func (v *victim) isNotCached(t *testing.T) {
	t.Helper()
	writes := v.writes()
	kept := map[string]string{ // what a browser, and no cache, may keep for Back
		"/shops/{shop}/webhooks/new":       "private, no-cache",
		"/shops/{shop}/webhooks/{id}/edit": "private, no-cache",
		"/shops/{shop}/webhooks":           "private, no-cache",
		"/samples/{type}":                  "private, no-cache",
		newPlanPath:                        "private, no-cache",
		plansPath:                          "private, no-cache",
		newTemplatePath:                    "private, no-cache",
		templatesPath:                      "private, no-cache",
		"/templates/{id}/edit":             "private, no-cache",
		planFilePath:                       "private, no-cache",
	}
	stranger := v.rig.person()
	for _, rt := range v.table() {
		path := strings.NewReplacer("{shop}", v.shop.ID, "{id}", v.hook.ID, "{type}", "DONATION", "{$}", "").Replace(rt.path)
		if rt.path == "/sign-out" || strings.Contains(rt.path, "/disconnect") || strings.HasSuffix(rt.path, "/stream") {
			continue // the first two would end the walk, the last is tested where checks are
		}
		for _, p := range []*person{v.person, stranger} {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE"} {
				form := url.Values(nil)
				if method == "POST" {
					form = clone(writes[rt.path].form)
				}
				pg := p.noRedirects().do(p.request(method, path, form))
				got := pg.header.Get("Cache-Control")
				if got != "no-store" && got != kept[rt.path] {
					t.Errorf("%s %s (%d): Cache-Control is %q", method, rt.path, pg.status, got)
				}
				if pg.header.Get("Etag")+pg.header.Get("Last-Modified")+pg.header.Get("Expires") != "" {
					t.Errorf("%s %s: says how old it is", method, rt.path)
				}
				checkPolicy(t, pg)
			}
		}
	}
}

func checkPolicy(t *testing.T, pg *page) {
	t.Helper()
	if pg.header.Get("Content-Security-Policy") != middleware.ContentSecurityPolicy ||
		pg.header.Get("X-Content-Type-Options") != "nosniff" || pg.header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("%s (%d) lacks a header of every answer", pg.url, pg.status)
	}
}

// TestCachingOfOddAnswers: no cache keeps the router's own responses, or
// refusals before the router. Checklist 4, 29.
func TestCachingOfOddAnswers(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person().noRedirects()
	tests := []struct {
		method, path string
		status       int
	}{
		{"GET", "/oauth//callback?code=secret&state=x", 307},
		{"GET", "/./oauth/callback?code=secret", 307},
		{"GET", "/shops//x", 307},
		{"GET", "/static", 307},
		{"GET", "/static/../connect", 307},
		{"GET", "//evil.example/connect", 404},
		{"GET", "/static/", 404},
		{"GET", "/static/app.css", 404},
		{"GET", "/static/app.000000000000.css", 404},
		{"GET", static.Path("app.css") + "/connect", 404},
		{"GET", static.Path("app.css") + ";x.html", 404},
		{"GET", "/connect/x.css", 404},
		{"GET", "/connect;x.css", 404},
		{"GET", "/connect%0ax.css", 404},
		{"GET", "/shops/x.css", 303},
		{"POST", static.Path("app.css"), 405},
		{"TRACE", "/connect", 405},
		{"OPTIONS", "/connect", 405},
		{"PROPFIND", "/", 405},
		{"GET", "/nothing", 404},
	}
	for _, test := range tests {
		pg := p.do(p.request(test.method, test.path, nil))
		if pg.status != test.status || pg.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %d, Cache-Control %q, want %d", test.method, test.path, pg.status, pg.header.Get("Cache-Control"),
				test.status)
		}
		if to := pg.header.Get("Location"); !staysHere(g.url, to) {
			t.Errorf("%s leads to %s", test.path, to)
		}
		checkPolicy(t, pg)
	}
	hit := p.get(static.Path("app.css"))
	if hit.header.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
		!strings.Contains(hit.header.Get("Vary"), "Accept-Encoding") {
		t.Errorf("a file by its hash: %v", hit.header)
	}
}

// TestUnkeyedInputs: a header that is not part of a cache's key never changes a
// page.
// Checklist 22.
func TestUnkeyedInputs(t *testing.T) {
	t.Parallel()
	for _, proxies := range [][]netip.Prefix{nil, {netip.MustParsePrefix("127.0.0.0/8")}} {
		g := newRig(t, options{publicURL: "https://hooks.example.com", proxies: proxies})
		p := g.person().noRedirects()
		for _, path := range []string{
			"/", "/connect", "/nothing", "/shops", signaturePath, "/oauth/implicit", "/samples/DONATION", "/dev/components",
			"/shops//x",
		} {
			for _, name := range []string{
				"X-Forwarded-Host", "X-Forwarded-Server", "X-Forwarded-Scheme", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-For",
				"X_Forwarded_Host", "X_Forwarded_For", "Forwarded", "X-Host", "X-Original-Host", "X-Original-Url", "X-Rewrite-Url", "X-Real-Ip", "Client-Ip", "True-Client-Ip",
				"Referer", "User-Agent", "Accept-Language", "X-Request-Id", "X-Correlation-Id", "Via", "Origin", "X-Wap-Profile", "Accept", "Range", "If-None-Match", "Base-Url",
			} {
				r := p.request(http.MethodGet, path, nil)
				r.Header.Set(name, "canary.evil.example")
				r.Host = "canary.evil.example"
				pg := p.do(r)
				if strings.Contains(pg.body, "canary") || strings.Contains(headerText(pg.header), "canary") {
					t.Errorf("%s of %s is repeated", name, path)
				}
			}
		}
	}
}

func headerText(h http.Header) string {
	var b bytes.Buffer
	_ = h.Write(&b)
	return b.String()
}

// raw sends bytes to the dashboard and returns all that comes back.
func (g *rig) raw(sent string) string {
	g.t.Helper()
	u, err := url.Parse(g.url)
	g.must(err)
	var d net.Dialer
	conn, err := d.DialContext(g.t.Context(), "tcp", u.Host)
	g.must(err)
	defer conn.Close()
	_, err = io.WriteString(conn, sent)
	g.must(err)
	_ = conn.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(conn) // a reset ends it too
	return string(answer)
}

// TestRawRequests: a request that no client library would send is refused, or
// is one request and not two. Checklist 22, 39.
func TestRawRequests(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	own, _ := url.Parse(g.url)
	host := "Host: " + own.Host + "\r\n"
	form := "Content-Type: application/x-www-form-urlencoded\r\n"
	hidden := "GET /healthz HTTP/1.1\r\n" + host + "\r\n"
	tests := []struct {
		name, sent string
		status     string
	}{
		{"two hosts", "GET /connect HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n", "400"},
		{"no host", "GET /connect HTTP/1.1\r\n\r\n", "400"},
		{"HTTP/1.0 without a host", "GET /connect HTTP/1.0\r\n\r\n", "421"},
		{"an empty host", "GET /connect HTTP/1.1\r\nHost:\r\n\r\n", "421"},
		{"another host", "GET /connect HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421"},
		{"our host as user", "GET /connect HTTP/1.1\r\nHost: " + own.Host + "@evil.example\r\n\r\n", "400"},
		{"our name in front", "GET /connect HTTP/1.1\r\nHost: " + own.Hostname() + ".evil.example\r\n\r\n", "421"},
		{"our name and port in front", "GET /connect HTTP/1.1\r\nHost: " + own.Host + ".evil.example\r\n\r\n", "307"}, // to ourselves
		{"our host with a dot", "GET /connect HTTP/1.1\r\nHost: " + own.Hostname() + ".:" + own.Port() + "\r\n\r\n", "421"},
		{"a blank in the host", "GET /connect HTTP/1.1\r\nHost: " + own.Host + " evil.example\r\n\r\n", "400"},
		{"a long host", "GET /connect HTTP/1.1\r\nHost: " + strings.Repeat("a", 10_000) + "\r\n\r\n", "421"},
		{"another host in the target", "GET http://evil.example/connect HTTP/1.1\r\n" + host + "\r\n", "421"},
		{"our host in the target", "GET http://" + own.Host + "/connect HTTP/1.1\r\nHost: evil.example\r\n\r\n", "200"},
		{"a form to another host", "POST /sign-out HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n", "421"},
		{"a tunnel", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", "421"},
		{"a tunnel to us", "CONNECT " + own.Host + " HTTP/1.1\r\n" + host + "\r\n", "405"},
		{"two lengths", "POST /connect/key HTTP/1.1\r\n" + host + form + "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + hidden, "400"},
		{"a length with a sign", "POST /connect/key HTTP/1.1\r\n" + host + form + "Content-Length: +3\r\n\r\na=b", "400"},
		{"a negative length", "POST /connect/key HTTP/1.1\r\n" + host + form + "Content-Length: -1\r\n\r\n", "400"},
		{"two codings", "POST /connect/key HTTP/1.1\r\n" + host + form + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", "501"},
		{"a coding that nobody knows", "POST /connect/key HTTP/1.1\r\n" + host + form + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "501"},
		{"a blank before the colon", "GET /connect HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n", "400"},
		{"chunks that are none", "POST /connect/key HTTP/1.1\r\n" + host + form + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + hidden, "400"},
		{"a chunk that is huge", "POST /connect/key HTTP/1.1\r\n" + host + form + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\na=b", "400"},
		{"a body that ends early", "POST /connect/key HTTP/1.1\r\n" + host + form + "Content-Length: 100\r\n\r\na=b", "400"},
		{"NUL in a header", "GET /connect HTTP/1.1\r\n" + host + "X: a\x00b\r\n\r\n", "400"},
		{"huge headers", "GET /connect HTTP/1.1\r\n" + host + "X: " + strings.Repeat("a", 2<<20) + "\r\n\r\n", "431"},
		{"an expectation", "POST /connect/key HTTP/1.1\r\n" + host + form + "Expect: evil\r\nContent-Length: 0\r\n\r\n", "417"},
		{"not HTTP", "\x16\x03\x01\x02\x00\x01\x00", "400"},
		{"HTTP/0.9", "GET /connect\r\n\r\n", "400"},
		{"HTTP/2 without its handshake", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "421"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			answer := g.raw(test.sent)
			if len(answer) < 12 || answer[9:12] != test.status {
				t.Errorf("answered %.60q, want %s", answer, test.status)
			}
			if strings.Contains(answer, "\r\n\r\nok\n") || strings.Count(answer, "HTTP/1.") != 1 {
				t.Errorf("one request was taken for two")
			}
			if strings.Contains(answer, "evil.example") {
				t.Error("the answer repeats the host")
			}
		})
	}
	t.Run("a length beside chunks", func(t *testing.T) {
		// The chunks count, and what follows them is a request of its own of
		// the same client: a proxy in front must not go by the length.
		answer := g.raw("POST /connect/key HTTP/1.1\r\n" + host + form +
			"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden)
		if strings.Count(answer, "HTTP/1.1 ") > 2 {
			t.Errorf("%.200q", answer)
		}
	})
}

// TestUpgrades: the server speaks only HTTP/1.1.
func TestUpgrades(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	own, _ := url.Parse(g.url)
	for _, to := range []string{"websocket", "h2c", "TLS/1.0"} {
		answer := g.raw("GET /connect HTTP/1.1\r\nHost: " + own.Host +
			"\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: " + to +
			"\r\nHTTP2-Settings: AAMAAABk\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		if !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
			t.Errorf("%s: %.40q", to, answer)
		}
	}
}

// TestLogLines: whatever a stranger sends, each request is one short line of
// JSON, without control sequences for a terminal.
// Checklist 37.
func TestLogLines(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	traps := []string{
		"\r\n{\"level\":\"INFO\",\"msg\":\"forged\"}", "\x1b[31mred\x1b[0m", "\u009b31mred", "\x7f\x7f", "\u2028\u2029", "\u202egnp.exe", "\xff\xfe",
		"\x00", `"},{"msg":"forged"`, "%0d%0aforged", strings.Repeat("long", 8000),
	}
	for _, trap := range traps {
		escaped := url.PathEscape(trap)
		r := p.request(http.MethodGet, "/"+escaped, nil)
		header := strings.Map(func(c rune) rune {
			if c < ' ' || c == 0x7f {
				return -1
			}
			return c
		}, trap)
		for _, name := range []string{
			"User-Agent", "Referer", "X-Forwarded-For", "X-Request-Id", "Origin", "Cookie", "Sec-Fetch-Site",
		} {
			r.Header.Set(name, header)
		}
		p.do(r)
		r = p.request(http.MethodPost, "/sign-out?"+url.QueryEscape(trap), url.Values{"x": {trap}})
		r.Header.Set("Origin", header)
		r.Header.Set("Sec-Fetch-Site", header)
		p.do(r)
		p.get("/oauth/callback?error=" + url.QueryEscape(trap) + "&state=" + url.QueryEscape(trap))
		p.get("/shops/" + escaped + "/webhooks/" + escaped)
		g.box.FailNext(sandbox.Failure{
			Path: apiWebhooks, Status: 400, Code: trap, Header: http.Header{"X-Request-Id": {header}},
		})
		p.post(webhooksPath(shop.ID), url.Values{"url": {good + "/" + escaped}, "allowedTypes": {"DONATION"}})
		g.box.ForgetFailures()
	}
	lines := bufio.NewScanner(strings.NewReader(g.logs.String()))
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		line := lines.Bytes()
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil || fields["msg"] == "forged" || fields["msg"] == nil {
			t.Errorf("not a line of ours: %.200q (%v)", line, err)
		}
		if len(line) > 4096 {
			t.Errorf("a line of %d bytes: %.200q", len(line), line)
		}
		if at := bytes.IndexFunc(line, func(c rune) bool { return !unicode.IsPrint(c) }); at >= 0 {
			t.Errorf("a line with a character that a terminal would obey: %.60q", line[at:])
		}
	}
	if n < 5*len(traps) {
		t.Errorf("there are only %d lines", n)
	}
}

// TestHeaderInjection: no outside input ends a line of a response's header.
// Checklist 28.
func TestHeaderInjection(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	evil := "sh\r\nX-Evil: 1\r\n\r\n<script>\"; filename=\"evil.exe"
	body, err := json.Marshal(map[string]string{"id": evil, "name": evil, "domain": evil})
	g.must(err)
	g.calls.set(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/shops/current") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(body)
	}))
	p.post("/connect/key", url.Values{"username": {g.box.Shops()[0].APIUser}, "password": {g.box.Shops()[0].APIPassword}})
	shop := url.PathEscape(evil)
	q := url.QueryEscape(evil)
	for _, path := range []string{
		"/", "/shops", "/shops/" + shop, "/shops/" + shop + "/webhooks", "/shops/" + shop + "/webhooks.csv", "/shops/" + shop + "/activity.csv", "/shops/" + shop + "/activity",
		"/connect?return=" + q + "&outcome=" + q + "&request=" + q, "/oauth/start?way=code&return=" + q + "&shop=" + q, "/oauth/callback?error=" + q + "&state=" + q, "/" + shop, "/shops//" + shop,
	} {
		pg := p.noRedirects().get(path)
		text := headerText(pg.header)
		if pg.header.Get("X-Evil") != "" || strings.Contains(text, "\nX-Evil") || strings.Contains(text, "<script>") {
			t.Errorf("%.60q: %s", path, text)
		}
		if !strings.HasSuffix(path, ".csv") {
			continue
		}
		what, names, err := mime.ParseMediaType(pg.header.Get("Content-Disposition"))
		if err != nil || what != "attachment" || len(names) != 1 || !strings.HasSuffix(names["filename"], evil+".csv") {
			t.Errorf("%.60q: %d, a file named %q (%v)", path, pg.status, names, err)
		}
	}
}

// TestLargeForms: a body larger than any of our forms is refused, in every
// encoding. Checklist 39.
func TestLargeForms(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	tests := []struct {
		name, kind, body string
		status           int
	}{
		{"11 MB of one field", "application/x-www-form-urlencoded", "a=" + strings.Repeat("b", 11<<20), 413},
		{"a million fields", "application/x-www-form-urlencoded", strings.Repeat("&a=b", 1_000_000), 413},
		{"escapes", "application/x-www-form-urlencoded", "a=" + strings.Repeat("%00", 1<<20), 413},
		{"many parts", "multipart/form-data; boundary=b", strings.Repeat("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n", 80_000) + "--b--\r\n", 413},
		{"parts in parts", "multipart/form-data; boundary=b", "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" + strings.Repeat("--c\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n", 1000), 400},
		{"a part with huge headers", "multipart/form-data; boundary=b", "--b\r\nX: " + strings.Repeat("a", 2<<20) + "\r\n\r\n--b--", 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := v.state()
			for _, path := range []string{"/connect/key", webhooksPath(v.shop.ID), signaturePath, "/oauth/implicit"} {
				for _, chunked := range []bool{false, true} {
					r := v.request(http.MethodPost, path, nil)
					r.Body, r.ContentLength = readCloser{strings.NewReader(test.body)}, int64(len(test.body))
					if chunked {
						r.ContentLength = -1
					}
					r.Header.Set("Content-Type", test.kind)
					if status := v.refusedEarly(r); status != 0 && (status < 400 || status >= 500) {
						t.Errorf("%s: %d", path, status)
					} else if path != signaturePath && test.status == 413 &&
						status != 413 && status != 422 && status != 400 && status != 0 {
						t.Errorf("%s: %d", path, status)
					}
				}
			}
			if after := v.state(); after["webhooks"] != before["webhooks"] || after["connections"] != before["connections"] ||
				after["drafts"] != before["drafts"] {
				t.Error("something was changed")
			}
		})
	}
}

// refusedEarly sends a request that may be refused before it was read. Then the
// connection may break, and the status is 0.
func (v *victim) refusedEarly(r *http.Request) int {
	resp, err := v.noRedirects().client.Do(r)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
