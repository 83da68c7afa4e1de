package handlers

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

// events returns the lines of the log with this message.
func (g *rig) events(message string) (out []map[string]any) {
	g.t.Helper()
	lines := bufio.NewScanner(strings.NewReader(g.logs.String()))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line map[string]any
		g.must(json.Unmarshal(lines.Bytes(), &line))
		if line["msg"] == message {
			out = append(out, line)
		}
	}
	return out
}

// TestSecurityEvents: the log has what an investigation of an attack needs, in
// UTC. Each event has its request ID, which leads to the client's address.
// Checklist 38.
func TestSecurityEvents(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, message string
		do            func(g *rig, p *person)
		with          map[string]any
	}{
		{"a sign-in", "shop connected", func(_ *rig, p *person) { p.connect(0) }, map[string]any{"way": "code", "level": "INFO"}},
		{"a wrong key", "sign-in failed", func(_ *rig, p *person) {
			p.post("/connect/key", url.Values{"username": {"x"}, "password": {"x"}})
		}, map[string]any{"way": "apikey", "level": "WARN"}},
		{"a state that does not match", "sign-in state does not match", func(g *rig, p *person) {
			p.get(g.person().back("code", g.box.Shops()[0].ID).String())
			p.back("code", g.box.Shops()[0].ID)
			p.get("/oauth/callback?code=x&state=x")
		}, map[string]any{"way": "code", "level": "WARN"}},
		{"no state", "a code without a state was not used", func(_ *rig, p *person) { p.get("/oauth/callback?code=x") }, map[string]any{"level": "INFO"}},
		{"a sign-in that was refused", "sign-in refused by the provider", func(g *rig, p *person) {
			p.consent(p.get("/oauth/start?way=code"), g.box.Shops()[0].ID, "deny")
		}, map[string]any{"problem": "access_denied", "level": "WARN"}},
		{"a forged form", "cross-origin request refused", func(_ *rig, p *person) {
			r := p.request(http.MethodPost, "/sign-out", url.Values{})
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Origin", "https://evil.example")
			p.do(r)
		}, map[string]any{"origin": "https://evil.example", "level": "WARN"}},
		{"an address inside", "address refused", func(g *rig, p *person) {
			hook := g.add(g.box.Shops()[0], "http://169.254.169.254/latest", "DONATION")
			p.post(testPath(p.connect(0).ID, hook.ID), url.Values{"type": {"DONATION"}, "body": {"{}"}})
		}, map[string]any{"host": "169.254.169.254", "reason": "not-public", "level": "WARN"}},
		{"an address inside, checked", "address refused", func(_ *rig, p *person) {
			p.post(checksPath(p.connect(0).ID), url.Values{"url": {"http://127.0.0.1/"}, "type": {"DONATION"}})
		}, map[string]any{"host": "127.0.0.1", "reason": "not-public", "level": "WARN"}},
		{"a disconnected shop", "shop disconnected", func(_ *rig, p *person) {
			p.post(shopPath(p.connect(0).ID)+"/disconnect", url.Values{})
		}, map[string]any{"level": "INFO"}},
		{"a sign-out", "signed out", func(_ *rig, p *person) { p.connect(0); p.signOut() }, map[string]any{"level": "INFO"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := newRig(t, options{})
			test.do(g, g.person())
			g.logged(test.message, test.with)
		})
	}
}

// logged fails the test unless the first line with a message has these values,
// and a request that the log knows.
func (g *rig) logged(message string, with map[string]any) {
	g.t.Helper()
	found := g.events(message)
	if len(found) == 0 {
		g.t.Fatalf("%q was not logged", message)
	}
	line := found[0]
	for name, want := range with {
		if line[name] != want {
			g.t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	id, _ := line["request"].(string)
	var asked bool
	for _, request := range g.events("request") {
		asked = asked || request["request"] == id && request["client"] == "127.0.0.1"
	}
	if !asked || id == "" {
		g.t.Errorf("the request %q is not in the log", id)
	}
}

// TestSecurityEventsOfTeam: so are sign-ins to the team, what is done to people,
// and what was refused. Checklist 38.
func TestSecurityEventsOfTeam(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	provider := g.withProvider()
	admin, ann := g.member(team.Admin), g.known("Ann")
	boss, person := admin.id(), ann.id()
	tests := []struct {
		name, message string
		do            func()
		with          map[string]any
	}{
		{"a sign-in", "signed in", func() {
			provider.QueueUser(mockUser("zoe", "viewer"))
			g.person().get(signInStart).want(http.StatusOK)
		}, map[string]any{"issuer": provider.Issuer(), "role": "viewer", "level": "INFO"}},
		{
			"a sign-in that failed", "sign-in failed", func() { g.person().get("/sign-in/callback?code=x&state=x") },
			map[string]any{"way": "team", "problem": string(team.ProblemMismatch), "level": "WARN"},
		},
		{
			"a role", "a person was changed", func() { admin.post(personPath(person)+"/role", url.Values{"role": {"viewer"}}) },
			map[string]any{"by": boss, "person": person, "role": "viewer", "level": "INFO"},
		},
		{
			"a role that doesn't suffice", "the role doesn't allow it", func() { ann.get(peoplePath) },
			map[string]any{"person": person, "role": "viewer", "needed": "admin", "level": "WARN"},
		},
		{"a sign-out", "signed out", func() { ann.signOut() }, map[string]any{"person": person, "level": "INFO"}},
		{"a removed person", "a person who was removed may not sign in", func() {
			gone, err := g.server.Team.SignIn(t.Context(), team.Identity{Issuer: provider.Issuer(), Subject: "gone"})
			g.must(err)
			admin.post(personPath(gone.ID)+"/remove", nil).want(http.StatusOK)
			provider.QueueUser(mockUser("gone"))
			g.person().get(signInStart)
		}, map[string]any{"level": "WARN"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(*testing.T) {
			g.logs.reset()
			test.do()
			g.logged(test.message, test.with)
		})
	}
}

// TestGetsOfTeamWriteNothing opens every page as an admin: people and sessions
// stay as they are. Checklist 19.
func TestGetsOfTeamWriteNothing(t *testing.T) {
	t.Parallel()
	v := newTeamVictim(t)
	v.teamWrites()
	before := v.state()
	for _, rt := range v.server.routes() {
		if rt.method == http.MethodGet {
			v.noRedirects().get(concrete(rt.path, v.shop.ID))
		}
	}
	after := v.state()
	for _, table := range []string{"webhooks", "deliveries", "people", "sessions", "owners", "connections", "activities"} {
		if before[table] != after[table] || before[table] == "" && table != "deliveries" && table != "activities" {
			t.Errorf("%s changed from %s to %s", table, before[table], after[table])
		}
	}
}

// TestEnvironmentsDoNotMix: on one database, an instance of the sandbox and one
// of the real Fourthwall share nothing: no session, no pending sign-in, no
// credential. Checklist 8.
func TestEnvironmentsDoNotMix(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	keys := testKeys(t)
	live, err := store.Open(t.Context(), v.file,
		store.Options{Keys: keys, Environment: "https://api.fourthwall.com", Now: v.server.Now})
	v.must(err)
	t.Cleanup(func() { live.Close() })
	to := v.back("code", v.box.Shops()[1].ID)
	config := v.server.Config
	v.server.Store = live // for the replica that is built next
	way := v.replica()
	v.server.Config = config
	before := v.tokenCalls()
	there := v.on(way)
	there.get(to.String()).want(http.StatusBadRequest, "Start again")
	there.signedOut(v.shop)
	if v.tokenCalls() != before {
		t.Error("the code was spent by the other one")
	}
	v.get(to.String()).want(http.StatusOK, "is connected")
}

// TestFirstOfSeveral: if a parameter comes several times, the first one counts,
// in a URL and in a form. A parameter in the URL of a form does not count at
// all. Checklist 40.
func TestFirstOfSeveral(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	others := len(g.box.Webhooks(g.box.Shops()[1].ID))
	g.add(shop, good+"/first", "DONATION")
	g.add(shop, good+"/second", "ORDER_PLACED")
	pg := p.get(webhooksPath(shop.ID) + "?q=first&q=second&q[]=second&type=&type=ORDER_PLACED").want(http.StatusOK)
	if strings.Contains(pg.text(), ui.HostAndPath(good+"/second")) ||
		!strings.Contains(pg.text(), ui.HostAndPath(good+"/first")) {
		t.Error("a later value of q counts")
	}
	form := url.Values{
		"url": {good + "/one", good + "/two"}, "url[]": {good + "/three"}, "allowedTypes": {"DONATION"},
		"allowedTypes[]": {"ORDER_PLACED"}, "do": {"create", "preset:everything"},
	}
	p.post(webhooksPath(shop.ID)+"?url="+good+"/four&allowedTypes=GIFT_PURCHASE&shop="+g.box.Shops()[1].ID,
		form).want(http.StatusOK, good+"/one")
	for _, hook := range g.box.Webhooks(shop.ID) {
		if strings.HasSuffix(hook.URL, "/two") || strings.HasSuffix(hook.URL, "/three") ||
			strings.HasSuffix(hook.URL, "/four") ||
			strings.HasSuffix(hook.URL, "/one") && len(hook.AllowedTypes) != 1 {
			t.Errorf("%s receives %v", hook.URL, hook.AllowedTypes)
		}
	}
	p.post(webhooksPath(shop.ID)+"?url="+good+"/five&allowedTypes=DONATION",
		url.Values{}).want(http.StatusUnprocessableEntity)
	if n := len(g.box.Webhooks(g.box.Shops()[1].ID)); n != others {
		t.Errorf("the other shop has %d webhooks, had %d", n, others)
	}
}

// TestFlooding: repeated clicks add no more than was asked for, and what a
// stranger leaves is gone after its hour.
func TestFlooding(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	stranger := v.rig.person().noRedirects()
	for range 30 {
		stranger.get("/oauth/start?way=code&return=/shops")
		stranger.post(webhooksPath("sh_none"), url.Values{"url": {good}, "allowedTypes": {"DONATION"}})
	}
	if rows := v.state(); strings.Count(rows["sign_ins"], "\n") < 29 || strings.Count(rows["drafts"], "\n") < 29 {
		t.Fatal("the flood left nothing to look at")
	}
	v.move(61 * 60 * 1e9)
	v.must(v.store.Sweep(t.Context()))
	if rows := v.state(); rows["sign_ins"] != "" || rows["drafts"] != "" {
		t.Errorf("after an hour there are still %q %q", rows["sign_ins"], rows["drafts"])
	}
	v.get(webhooksPath(v.shop.ID)).want(http.StatusOK)
}

// gzipped returns so many zeros, compressed.
func gzipped(t *testing.T, size int) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	zeros := make([]byte, 1<<20)
	for range size / len(zeros) {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// TestDecompressionBombs: a request body that says it is compressed is not
// unpacked. An API response that unpacks to more than the limit is not read
// further.
// Checklist 32, 39.
func TestDecompressionBombs(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	bomb := string(gzipped(t, 200<<20))
	for _, encoding := range []string{"gzip", "deflate", "br", "zstd", "gzip, gzip"} {
		for _, path := range []string{"/connect/key", webhooksPath(v.shop.ID), signaturePath} {
			r := v.request(http.MethodPost, path, nil)
			r.Body, r.ContentLength = readCloser{strings.NewReader(bomb)}, int64(len(bomb))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Content-Encoding", encoding)
			if pg := v.noRedirects().do(r); pg.status < 400 || pg.status >= 500 {
				t.Errorf("%s in %s: %d", path, encoding, pg.status)
			}
		}
	}
	for _, path := range []string{webhooksPath(v.shop.ID), eventsPath(v.shop.ID), webhookPath(v.shop.ID, v.hook.ID)} {
		v.box.FailNext(sandbox.Failure{
			Status: 200, Body: bomb, Times: 9,
			Header: http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"application/json"}},
		})
		v.get(path).want(http.StatusBadGateway)
		v.box.ForgetFailures()
	}
}

// TestHoarding: saved forms can't fill the disk. Their size is limited and,
// without a session, so is their number.
func TestHoarding(t *testing.T) {
	t.Parallel()
	burst := anonymousDrafts.Burst
	anonymousDrafts.Burst = 3
	t.Cleanup(func() { anonymousDrafts.Burst = burst })
	v := newVictimOf(t, options{publicURL: "https://hooks.example.com"})
	typed := url.Values{"url": {good}, "allowedTypes": {"DONATION"}}
	huge := url.Values{"url": {good + "/" + strings.Repeat("x", 200_000)}, "allowedTypes": {"DONATION"}}
	stranger := v.rig.person().noRedirects()
	stranger.post(webhooksPath("sh_none"), huge).want(http.StatusRequestEntityTooLarge, "too large to keep")
	for range 3 {
		stranger.post(webhooksPath("sh_none"), typed).want(http.StatusSeeOther)
	}
	refused := v.rig.person().noRedirects().post(webhooksPath("sh_none"), typed).want(http.StatusTooManyRequests,
		"didn’t keep")
	if refused.header.Get("Retry-After") == "" {
		t.Error("how long to wait is not said")
	}
	if n := strings.Count(v.state()["drafts"], "\n"); n != 2 {
		t.Errorf("%d forms were kept", n+1)
	}
	v.move(10 * 1e9)
	stranger.post(webhooksPath("sh_none"), typed).want(http.StatusSeeOther)

	// People with a session are known, and so are clients on this machine.
	typed.Set("do", "examine")
	known := newRig(t, behindProxy(Limits{})).person().from(home)
	shop, here := known.connect(0), newRig(t, options{}).person()
	for range 5 {
		known.noRedirects().post(webhooksPath(shop.ID), typed).want(http.StatusSeeOther)
		here.noRedirects().post(webhooksPath("sh_none"), typed).want(http.StatusSeeOther)
	}
}

// TestLongAddresses: a URL too long for any server is not recorded.
func TestLongAddresses(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	before := v.state()
	for _, size := range []int{webhooks.MaxURL, 1 << 19} {
		long := good + "/" + strings.Repeat("x", size)
		v.newForm(v.shop.ID, long, "DONATION").submit().want(http.StatusUnprocessableEntity,
			"longer than 8,192 characters").kept(long, "DONATION")
	}
	if after := v.state(); after["activities"] != before["activities"] || after["operations"] != before["operations"] {
		t.Error("it was recorded")
	}
}

// TestLargeAtOnce: large bodies cannot fill the memory by their number. While
// many are being read, forms of the usual size are accepted.
func TestLargeAtOnce(t *testing.T) {
	t.Parallel()
	v := newVictimOf(t, options{proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	v.shop = v.connect(0)
	uploads := make([]*upload, largeAtOnce)
	for i := range uploads {
		uploads[i] = v.startUpload(signaturePath, "192.0.2."+strconv.Itoa(i/largeOfOne))
	}
	large := url.Values{"body": {strings.Repeat("x", largeBody)}, "signature": {"x"}, "secret": {"x"}}
	refused := v.post(signaturePath, large).want(http.StatusTooManyRequests, "large forms")
	if refused.header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After is %q", refused.header.Get("Retry-After"))
	}
	r := v.request(http.MethodPost, signaturePath, url.Values{"body": {"x"}})
	r.ContentLength = -1 // a body of unknown length may be large
	v.do(r).want(http.StatusTooManyRequests)
	v.newForm(v.shop.ID, good, "DONATION").submit().want(http.StatusOK, good)
	uploads[0].finish()
	for range 2 { // the first makes room for the second
		v.post(signaturePath, large).want(http.StatusOK)
	}
	again := v.startUpload(signaturePath, home)
	v.post(signaturePath, large).want(http.StatusTooManyRequests)
	again.finish()
	for _, u := range uploads[1:] {
		u.finish()
	}
}

// TestLargeOfOneAddress: a client that sends large bodies slowly, without a
// length or a session, delays only clients of the same address. An IPv6 network
// counts as one address.
func TestLargeOfOneAddress(t *testing.T) {
	large := url.Values{"body": {strings.Repeat("x", largeBody)}, "signature": {"x"}, "secret": {"x"}}
	for from, test := range map[string]struct{ same, other string }{
		home:                   {home + ":51234", abroad},
		"2001:db8:1:2::3":      {"2001:db8:1:2:ffff::4", "2001:db8:1:3::3"},
		"[2001:db8:1:4::3]:80": {"2001:db8:1:4::5", home},
	} {
		t.Run(from, func(t *testing.T) {
			proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			p := newRig(t, options{publicURL: "https://hooks.example.com", proxies: proxies}).person()
			uploads := make([]*upload, largeOfOne)
			for i := range uploads {
				uploads[i] = p.startUpload(signaturePath, from)
			}
			p.from(test.same).post(signaturePath, large).want(http.StatusTooManyRequests, "large forms")
			p.from(test.other).post(signaturePath, large).want(http.StatusOK)
			p.from(test.same).post(signaturePath, url.Values{"body": {"x"}}).want(http.StatusUnprocessableEntity)
			uploads[0].finish()
			p.from(test.same).post(signaturePath, large).want(http.StatusOK)
			for _, u := range uploads[1:] {
				u.finish()
			}
		})
	}
}

// upload is a request whose body is being read.
type upload struct {
	body *io.PipeWriter
	done chan struct{}
}

// startUpload returns when the server reads the body, which has no end yet. A
// client that expects 100 Continue sends the body when the server asks for it.
func (p *person) startUpload(path, from string) *upload {
	p.t.Helper()
	read, write := io.Pipe()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+path, read)
	p.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Expect", "100-continue")
	r.Header.Set("X-Forwarded-For", from)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: time.Hour}}
	u := &upload{write, make(chan struct{})}
	go func() {
		defer close(u.done)
		if resp, err := client.Do(r); err == nil {
			_ = resp.Body.Close()
		}
	}()
	_, err = write.Write([]byte("body=x"))
	p.must(err)
	return u
}

// finish ends the body and waits for the response.
func (u *upload) finish() {
	_ = u.body.Close()
	<-u.done
}

// TestSignatureChecksAtOnce: the signature page, which anyone may use, keeps no
// more than half of the processors busy. What was typed is kept.
func TestSignatureChecksAtOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	g.server.signatureChecks = semaphore.NewWeighted(1)
	if !g.server.signatureChecks.TryAcquire(1) {
		t.Fatal("there is no place")
	}
	p := g.person()
	form := url.Values{"body": {`{"typed":1}`}, "signature": {"typed-signature"}, "secret": {"canary"}}
	ctx, cancel := context.WithCancel(t.Context())
	r := p.request(http.MethodPost, signaturePath, form).WithContext(ctx)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if resp, err := p.client.Do(r); err == nil {
			_ = resp.Body.Close()
		}
	}()
	cancel() // ends the wait
	<-gone
	if g.server.signatureChecks.TryAcquire(1) {
		t.Fatal("there is a second place")
	}
	go func() { g.server.signatureChecks.Release(1) }() // while the next one waits
	p.post(signaturePath, form).want(http.StatusOK)
	if !g.server.signatureChecks.TryAcquire(1) {
		t.Error("a place was not released")
	}
}

// TestSignatureCheckWhenBusy: if a form waits in vain, the page says so, with
// what was typed.
func TestSignatureCheckWhenBusy(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	g.server.signatureChecks, g.server.signatureWait = semaphore.NewWeighted(0), time.Millisecond
	form := url.Values{"body": {`{"typed":1}`}, "signature": {"typed-signature"}, "secret": {"canary"}}
	pg := g.person().post(signaturePath, form).want(http.StatusTooManyRequests, "being checked right now")
	kept := pg.form(signaturePath).values
	if kept.Get("body") != `{"typed":1}` || kept.Get("signature") != "typed-signature" ||
		strings.Contains(pg.body, "canary") {
		t.Errorf("the form holds %v", kept)
	}
}
