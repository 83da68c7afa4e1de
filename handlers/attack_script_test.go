package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"hookwall/internal/fourthwall"
	"hookwall/internal/sandbox"
	"hookwall/internal/team"
)

// scripts are texts that would run in a page that does not escape them. Each
// tries to break out of another context.
var scripts = []string{
	`"><script>alert(1)</script>`,
	`'><img src=x onerror=alert(1)>`,
	`</title></textarea></script></style><svg onload=alert(1)>`,
	`javascript:alert(1)//`,
	`JaVa` + "\t" + `script:alert(1)//`,
	`x" autofocus onfocus="alert(1)" x="`,
	`--><!--><base href=//evil.example><form action=//evil.example>`,
	`<meta http-equiv=refresh content=0;url=//evil.example>`,
	`&lt;script&gt;alert(1)&lt;/script&gt;&#x3c;img&#x3e;`,
	"`${alert(1)}` {{constructor.constructor('alert(1)')()}} ]]>",
	"<script\x00>alert(1)</script\xff>",
}

// anatomy are the elements and attributes that pages have: "a href", "a".
type anatomy map[string]bool

func (a anatomy) add(pg *page) {
	walk(pg.doc, func(n *html.Node) {
		if n.Type != html.ElementNode {
			return
		}
		a[n.Data] = true
		for _, at := range n.Attr {
			a[n.Data+" "+at.Key] = true
		}
	})
}

// leadingAttributes are those that a browser follows, loads or runs.
var leadingAttributes = map[string]bool{
	"href": true, "src": true, "action": true, "formaction": true, "poster": true, "data": true, "srcset": true,
	"content": true, "xlink:href": true,
}

// harmless elements only say how text is laid out.
var harmless = strings.Fields(`strong small em code pre br hr p ul ol li dl dt dd span div time mark table
	thead tbody tr th td caption h1 h2 h3 section nav details summary legend fieldset option optgroup`)

// sound fails the test if a page has an element that its templates do not draw,
// or a link that only a stranger's text can have set.
func (a anatomy) sound(pg *page, what string) {
	pg.p.t.Helper()
	walk(pg.doc, func(n *html.Node) {
		if n.Type == html.CommentNode {
			pg.p.t.Errorf("%s at %s: a comment %.60q", what, pg.url, n.Data)
		}
		if n.Type != html.ElementNode {
			return
		}
		if !a[n.Data] && !slices.Contains(harmless, n.Data) || n.DataAtom == atom.Script &&
			(attr(n, "src") == "" || n.FirstChild != nil) {
			pg.p.t.Errorf("%s at %.200s: <%s> was smuggled in", what, pg.url, n.Data)
		}
		for _, at := range n.Attr {
			tame := at.Key == "class" || at.Key == "id" || strings.HasPrefix(at.Key, "aria-")
			if !tame && !a[n.Data+" "+at.Key] || strings.HasPrefix(at.Key, "on") {
				pg.p.t.Errorf("%s at %.200s: <%s %s> was smuggled in", what, pg.url, n.Data, at.Key)
			}
			if leadingAttributes[at.Key] && n.DataAtom != atom.Meta {
				pg.leadsWell(at.Val, what)
			}
		}
	})
}

// leadsWell allows our own pages, parts of this one, and the few addresses of
// Fourthwall and the sandbox that are in the program.
func (pg *page) leadsWell(to, what string) {
	pg.p.t.Helper()
	isKnown := func(start string) bool { return strings.HasPrefix(to, start) }
	outside := slices.ContainsFunc([]string{pg.p.boxURL, forDevelopersURL, fourthwall.DocsURL}, isKnown)
	inside := to == "" || slices.ContainsFunc([]string{"#", "/", "?", "webhooks/", "events?", "checks/new?"}, isKnown)
	if !outside && (!inside || !staysHere(pg.p.url, to)) {
		pg.p.t.Errorf("%s at %.200s: leads to %q", what, pg.url, to)
	}
}

// tidy opens every page with tame content, and returns what such pages are made
// of.
func tidy(t *testing.T) anatomy {
	t.Helper()
	made := anatomy{}
	g := newRig(t, options{})
	p := g.person()
	made.add(p.get("/dev/components").want(http.StatusOK))
	shop := p.connect(0)
	made.add(p.get(webhooksPath(shop.ID)).want(http.StatusOK)) // with the first steps
	hook := g.add(shop, accepts, "DONATION", "FUTURE_TYPE")
	g.add(shop, accepts+"?second", "DONATION")
	id := g.fired(shop, "DONATION", true)
	made.add(p.get(webhooksPath(shop.ID) + "?open=" + hook.ID).want(http.StatusOK))
	check := p.post(checksPath(shop.ID), url.Values{"url": {accepts}, "type": {"DONATION"}})
	for _, pg := range []*page{
		check, p.get(helpPath), p.get(displayPath),
		p.get("/connect"), p.get("/shops"), p.get(webhooksPath(shop.ID)), p.get(newWebhookPath(shop.ID)),
		p.get(webhookPath(shop.ID, hook.ID)),
		p.get(editPath(shop.ID, hook.ID)), p.get(webhookPath(shop.ID, hook.ID) + "/delete"),
		p.get(testPath(shop.ID, hook.ID)), p.get(eventsPath(shop.ID)),
		p.get(eventPath(shop.ID, id) + "?show=body"), p.get(activityPath(shop.ID)), p.get(signaturePath),
		p.get("/samples/DONATION"), p.get("/oauth/implicit"), p.get("/nothing"),
		p.post(testPath(shop.ID, hook.ID), url.Values{"type": {"DONATION"}, "body": {"{}"}}),
		p.newForm(shop.ID, accepts, "DONATION").submit(),
		p.post(signaturePath, url.Values{"body": {"{}"}, "signature": {"x"}, "secret": {"x"}}),
		p.post("/connect/key", url.Values{"username": {"a:b"}}),
		p.newForm(shop.ID, "x").submit(), p.get(editPath(shop.ID, hook.ID)).form("/edit").set("url", good).submit(),
	} {
		made.add(pg)
	}
	made.addTeam(t)
	return made
}

// addTeam adds the pages of a team.
func (a anatomy) addTeam(t *testing.T) {
	t.Helper()
	v := newTeamVictim(t)
	v.teamWrites()
	stranger := v.rig.person()
	for _, pg := range []*page{
		v.get(peoplePath), v.get(youPath), v.get(signOutPath), v.get(webhooksPath(v.shop.ID)), v.get("/nothing"),
		v.get(activityPath(v.shop.ID)), stranger.get(signInPath), stranger.get(signInPath + "?outcome=down"),
		v.member(team.NoRole).get(shopsPath), v.member(team.Viewer).get(peoplePath),
		v.get(connectPath), v.sendKeys("", ""), v.sendKeys("A,u\nA,u,\n"+keyOf(v.box.Shops()[1]), ""), v.manyKeys(),
		v.failedKey(),
	} {
		a.add(pg)
	}
}

// manyKeys returns the results of so many keys that there are several pages.
func (p *person) manyKeys() *page {
	p.t.Helper()
	return p.get(p.sendKeys(strings.Repeat("A,,\n", 3*importRows), "").url.Path + "?page=2")
}

// failedKey returns the results of a key that can be tried again.
func (p *person) failedKey() *page {
	p.t.Helper()
	p.box.FailNext(sandbox.Failure{Path: currentShop, Status: http.StatusServiceUnavailable, Times: 9})
	return p.sendKeys("A,u,p", "")
}

// shows checks that a page has the text, as text. Invisible characters are made
// visible or left out, so it searches only for texts without them.
func (pg *page) shows(text string) {
	pg.p.t.Helper()
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\t") {
		return
	}
	if !strings.Contains(strings.ReplaceAll(pg.text(), " ", ""), strings.ReplaceAll(text, " ", "")) {
		pg.p.t.Errorf("%.200s (%d) does not show %q as it is:\n%.600s", pg.url, pg.status, text, pg.text())
	}
}

// TestStoredScript: what Fourthwall, an endpoint or another app says is text
// on every page. Checklist 24, 25.
func TestStoredScript(t *testing.T) {
	t.Parallel()
	made := tidy(t)
	for i, script := range scripts {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			g := newRig(t, options{endpoint: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Evil", strings.Map(headerRune, script))
				w.Header().Set("Content-Type", "text/html"+strings.Map(headerRune, script))
				w.Header().Set("Location", strings.Map(headerRune, script))
				w.WriteHeader(http.StatusFound)
				fmt.Fprint(w, script)
			})})
			p := g.person()
			shop := g.box.Shops()[0]
			g.calls.set(nil, fakeAPI(t, shop.ID, script))
			p.post("/connect/key", url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}}).shows(script)
			hook := g.add(shop, "http://"+sandbox.ReceiverHost+"/", "DONATION", script)
			bad := g.add(shop, script, script)
			// The page after creating says what the API said of the webhook.
			for _, path := range []string{
				"/shops", webhooksPath(shop.ID), webhookPath(shop.ID, bad.ID), webhookPath(shop.ID, bad.ID) + "/delete",
				eventsPath(shop.ID), activityPath(shop.ID),
			} {
				pg := p.get(path)
				made.sound(pg, "stored")
				pg.shows(script)
			}
			for _, path := range []string{
				editPath(shop.ID, bad.ID), testPath(shop.ID, bad.ID), checksPath(shop.ID) + "/new?webhook=" + bad.ID,
				newWebhookPath(shop.ID), "/connect?shop=" + shop.ID,
				eventPath(shop.ID, "x"), eventPath(shop.ID, "x") + "?show=body", signaturePath, "/samples/DONATION", "/nothing",
			} {
				made.sound(p.get(path), "stored")
			}
			p.get(eventPath(shop.ID, "x") + "?show=body").shows(script)
			sent := p.post(testPath(shop.ID, hook.ID), url.Values{"type": {"DONATION"}, "body": {"{}"}})
			made.sound(sent, "an endpoint's answer")
			sent.shows(script)
			made.sound(p.post(checksPath(shop.ID), url.Values{"url": {hook.URL}, "type": {script}}).want(http.StatusOK),
				"a check")
			made.sound(p.get(editPath(shop.ID, bad.ID)).form("/edit").set("allowedTypes", "DONATION").set("url", good).submit(),
				"a review")
			codes(g, p, made, script, shop, hook)
		})
	}
}

func headerRune(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

// codes makes the API reject with a text in its code and in its request ID.
func codes(g *rig, p *person, made anatomy, script string, shop sandbox.DemoShop, hook sandbox.Webhook) {
	at := webhookPath(shop.ID, hook.ID)
	for _, ask := range []func() *page{
		func() *page { return p.get(webhooksPath(shop.ID)) },
		func() *page { return p.get(at) },
		func() *page {
			return p.post(webhooksPath(shop.ID), url.Values{"url": {good}, "allowedTypes": {"DONATION"}})
		},
		func() *page { return p.post(at+"/delete", url.Values{"do": {"delete"}}) },
	} {
		for _, status := range []int{400, 403, 404, 429, 500} {
			g.box.FailNext(sandbox.Failure{
				Status: status, Code: script, Times: 20,
				Header: http.Header{"X-Request-Id": {strings.Map(headerRune, script)}, "Retry-After": {"30"}},
			})
			made.sound(ask(), fmt.Sprint("a code with status ", status))
			g.box.ForgetFailures()
		}
	}
}

// fakeAPI returns one text in every field of the API's responses that is free
// text.
func fakeAPI(t *testing.T, id, text string) http.Handler {
	t.Helper()
	body, err := json.Marshal(map[string]any{"id": text, "webhookId": text, "shopId": text, "type": text, "data": text})
	if err != nil {
		t.Fatal(err)
	}
	event := map[string]any{
		"id": text, "type": text, "state": text, "error": text, "url": text, "apiVersion": text, "body": string(body),
		"createdAt": "2026-01-01T00:00:00Z", "updatedAt": text, "testMode": true,
	}
	plain := map[string]any{}
	for name, value := range event {
		plain[name] = value
	}
	plain["body"] = text
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any
		switch {
		case strings.HasSuffix(r.URL.Path, "/shops/current"):
			answer = map[string]any{"id": id, "name": text, "domain": text, "publicDomain": text}
		case strings.HasSuffix(r.URL.Path, "/webhook-events"):
			answer = map[string]any{"results": []any{event, plain}, "total": 2}
		case strings.HasSuffix(r.URL.Path, "/webhook-events/x"):
			answer = plain
		default:
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(answer)
	})
}

// TestReflectedScript puts each of the texts into every parameter that any page
// reads, every part of every path and every field of every form. Checklist 5,
// 24, 25.
func TestReflectedScript(t *testing.T) {
	t.Parallel()
	made := tidy(t)
	g := newRig(t, options{})
	p := g.person()
	shop := p.connect(0)
	hook := g.add(shop, accepts, "DONATION")
	v := newTeamVictim(t)
	for i, script := range scripts {
		p.reflects(made, i, g.server.routes(), shop, hook)
		v.reflects(made, i, v.table(), v.shop, v.hook)
		v.rig.person().reflects(made, i, v.table(), v.shop, v.hook)
		keys := `"` + strings.ReplaceAll(script, `"`, `""`) + `",u,`
		made.sound(v.sendKeys(keys, "").want(http.StatusOK), "name of a key")
		refused := p.newForm(shop.ID, script, "DONATION").submit()
		if got := refused.form(webhooksPath(shop.ID)).values.Get("url"); got != strings.ToValidUTF8(script, "\uFFFD") &&
			!strings.ContainsAny(script, "\x00\t") {
			t.Errorf("the form holds %q, typed was %q", got, script)
		}
	}
}

// reflects sends the nth script to each row, in every place that a row reads.
func (p *person) reflects(made anatomy, n int, rows []route, shop sandbox.DemoShop, hook sandbox.Webhook) {
	p.t.Helper()
	script, q := scripts[n], url.Values{}
	for name := range strings.FieldsSeq(`return shop outcome request way code state error error_description error_uri
		access_token token_type scope expires_in draft base preset types
		add q type sort webhook page action before after show form again follow do url allowedTypes
		undo submission duplicate seen body signature secret username password edits editing
		who role session iss account keys line`) {
		q.Set(name, script)
	}
	for _, rt := range rows {
		if rt.path == "/sign-out" || strings.Contains(rt.path, "/disconnect") {
			continue
		}
		p.move(2 * time.Second) // Fourthwall's quota is not what is tested
		escaped := url.PathEscape(script)
		paths := []string{strings.NewReplacer("{shop}", shop.ID, "{id}", hook.ID, "{type}", "DONATION", "{$}",
			"").Replace(rt.path)}
		if strings.Contains(rt.path, "{") && n%2 == 0 {
			paths = append(paths,
				strings.NewReplacer("{shop}", shop.ID, "{id}", escaped, "{type}", escaped, "{$}", escaped).Replace(rt.path))
		}
		if strings.Contains(rt.path, "{shop}") && n%2 == 1 {
			paths = append(paths, strings.NewReplacer("{shop}", escaped, "{id}", escaped).Replace(rt.path))
		}
		for _, path := range paths {
			var pg *page
			if rt.method == http.MethodPost {
				pg = p.noRedirects().post(path+"?"+q.Encode(), q)
			} else {
				pg = p.noRedirects().get(path + "?" + q.Encode())
			}
			if pg.status >= 500 && pg.status != http.StatusBadGateway {
				p.t.Errorf("%s %.100s: %d", rt.method, path, pg.status)
			}
			to := pg.header.Get("Location")
			if strings.HasPrefix(to, p.boxURL+"/a") || rt.path == signInStart && !strings.Contains(to, q.Get("return")) {
				continue // a sign-in, with nothing in it from here
			} else if !staysHere(p.url, to) {
				p.t.Errorf("%.100s leads to %q", path, to)
			}
			if strings.HasPrefix(pg.header.Get("Content-Type"), "text/html") {
				made.sound(pg, "reflected by "+rt.method)
			}
		}
	}
}

// TestStoredScriptOfPeople: what an identity provider says of a person is text
// on every page that names people. Checklist 24, 25.
func TestStoredScriptOfPeople(t *testing.T) {
	t.Parallel()
	made := tidy(t)
	v := newTeamVictim(t)
	for i, script := range scripts {
		evil := v.signsIn(team.Identity{
			Issuer: "https://id.example", Subject: script, Name: script, Email: script + "@agency.example",
			EmailVerified: true, Groups: []string{"admin"},
		})
		given := v.known(fmt.Sprint("given ", i)).id()
		evil.post(personPath(given)+"/role", url.Values{"role": {"viewer"}}).want(http.StatusOK)
		evil.newForm(v.shop.ID, fmt.Sprint("https://hooks.example.com/", i), "DONATION").submit().want(http.StatusOK)
		for _, pg := range []*page{
			evil.get(youPath), evil.get(peoplePath), v.get(peoplePath), v.get(activityPath(v.shop.ID)),
			v.get(shopsPath), v.member(team.Viewer).get(peoplePath), v.member(team.NoRole).get(shopsPath),
		} {
			made.sound(pg, "a person")
		}
		evil.get(youPath).shows(script)
		v.get(peoplePath).shows(script)
		v.get(activityPath(v.shop.ID)).shows(script)
	}
}
