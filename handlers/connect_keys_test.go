package handlers

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

const currentShop = "/open-api/v1.0/shops/current"

// keysRequest is the form for many keys as a browser sends it.
func (p *person) keysRequest(id, pasted, file string) *http.Request {
	p.t.Helper()
	var sent bytes.Buffer
	form := multipart.NewWriter(&sent)
	p.must(form.WriteField("form", id))
	p.must(form.WriteField("follow", ""))
	p.must(form.WriteField("keys", strings.ReplaceAll(pasted, "\n", "\r\n")))
	part, err := form.CreateFormFile("file", file[:min(len(file), 1)])
	p.must(err)
	_, err = part.Write([]byte(file))
	p.must(err)
	p.must(form.Close())
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+keysPath, &sent)
	p.must(err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}

// sendKeys sends keys from the connect page.
func (p *person) sendKeys(pasted, file string) *page {
	p.t.Helper()
	id := p.get(connectPath).form(keysPath).values.Get("form")
	return p.do(p.keysRequest(id, pasted, file))
}

func keyOf(shop sandbox.DemoShop) string { return shop.APIUser + "," + shop.APIPassword }

// keyResults returns what each line of the results says.
func (pg *page) keyResults() map[string]string {
	pg.p.t.Helper()
	results := map[string]string{}
	for _, li := range findAll(pg.doc, "li") {
		text := strings.Join(strings.Fields(textOf(li)), " ")
		if _, rest, ok := strings.Cut(text, "Line "); ok {
			line, said, _ := strings.Cut(rest, " ")
			results[line] = said
		}
	}
	return results
}

// wantResults fails the test unless the results of the lines are these.
func (pg *page) wantResults(want map[string]string) *page {
	pg.p.t.Helper()
	if diff := gocmp.Diff(want, pg.keyResults()); diff != "" {
		pg.p.t.Errorf("%s (%d): %s", pg.url, pg.status, diff)
	}
	return pg
}

// TestConnectManyKeys sends good and bad lines. Each has its own result, good ones are connected in the person's
// name, and passwords are nowhere. Checklist 11.
func TestConnectManyKeys(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "h.db")
	g := newRig(t, options{file: file, team: &team.Config{Groups: roleGroups}, limits: Limits{BadKeys: sevenSeconds(1)}})
	p := g.member(team.Admin)
	all := g.box.Shops()
	one, two, three := all[0], all[1], all[2]
	p.connect(2)
	text := "\uFEFFname;username;password\r\n" +
		"First shop;" + one.APIUser + ";" + one.APIPassword + "\r\n" +
		"Typo;" + two.APIUser + ";canary-wrong\r\n" +
		"Colon;canary:user;canary-colon\r\n" +
		"\r\n" +
		"Quote;\"canary;canary-quote\r\n" +
		"Again;" + one.APIUser + ";canary-same\r\n" +
		"Signed in;" + three.APIUser + ";" + three.APIPassword + "\r\n" +
		"M\xfcller;canary-bytes;canary-password\r\n"
	pg := p.sendKeys("", text).want(http.StatusOK, "2 of 7 keys connected").wantResults(map[string]string{
		"2": one.Name + " First shop",
		"3": "Typo Username or password not accepted",
		"4": "Colon Username has a colon",
		"6": "Quotes don’t match",
		"7": "Again Same username as line 2",
		"8": three.Name + " Signed in Already connected another way, which we kept",
		"9": "Not UTF-8. Save the file as “CSV UTF-8”",
	})
	owner := g.server.Team.Owner()
	for _, want := range []struct {
		shop sandbox.DemoShop
		way  string
	}{{one, "apikey"}, {two, ""}, {three, "code"}} {
		conn, err := g.store.Connection(t.Context(), owner, want.shop.ID)
		if (err != nil) != (want.way == "") || conn.Way != want.way {
			t.Errorf("%s: way %q, %v", want.shop.Name, conn.Way, err)
		}
	}
	done, err := g.store.Activities(t.Context(), store.ActivityQuery{Shop: one.ID})
	g.must(err)
	if len(done.Rows) != 1 || done.Rows[0].Action != activity.ConnectShop || done.Rows[0].Person.Name != "The admin" ||
		!strings.HasPrefix(done.Rows[0].Actor, "API key ending in ") {
		t.Errorf("activity: %+v", done.Rows)
	}
	p.get(webhooksPath(one.ID)).want(http.StatusOK, "Webhooks")
	connect := p.get(connectPath).want(http.StatusOK, "2 of 7 keys connected")

	// Only the lines that need a fix are sent again. The typo didn't use up the limit on refused keys.
	again := p.sendKeys(keyOf(two)+"\n"+keyOf(one), "").want(http.StatusOK, "2 of 2 keys connected").
		wantResults(map[string]string{"1": two.Name, "2": one.Name + " This key replaces the earlier access"})

	g.must(g.store.Sweep(t.Context()))
	g.server.background.end()
	stored := g.logs.String()
	for _, name := range []string{file, file + "-wal"} {
		data, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		stored += string(data)
	}
	for _, secret := range []string{one.APIPassword, two.APIPassword, three.APIPassword, "canary-"} {
		for _, shown := range []*page{pg, connect, again} {
			if strings.Contains(shown.body, secret) {
				t.Errorf("%s shows %s", shown.url, secret)
			}
		}
		if strings.Contains(stored, secret) {
			t.Errorf("%s is in the database or in the log", secret)
		}
	}
}

// TestManyKeysAtOnce tries 2,000 keys, of which the page shows 50, those in trouble first.
func TestManyKeysAtOnce(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	p := g.member(team.Admin)
	g.calls.set(nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		switch {
		case !strings.HasPrefix(user, "u"):
			w.WriteHeader(http.StatusNotFound)
		default:
			fmt.Fprintf(w, `{"id":"sh_%s","name":"Shop %s","domain":"%s.example"}`, user, user, user)
		}
	}))
	var text strings.Builder
	for i := range 2000 {
		if i%100 != 50 {
			fmt.Fprintf(&text, "u%d,p\n", i)
		} else {
			fmt.Fprintf(&text, "u%d\n", i)
		}
	}
	pg := p.sendKeys("", text.String()).want(http.StatusOK)
	g.server.background.tasks.Wait()
	pg = p.get(pg.url.Path).want(http.StatusOK, "1,980 of 2,000 keys connected", "Page 1 of 40")
	results := pg.keyResults()
	if len(results) != 50 || results["51"] != "Needs a username and a password" || results["1"] != "Shop u0" {
		t.Errorf("%d lines: %v", len(results), results)
	}
	last := p.get(pg.url.Path+"?page=9999").want(http.StatusOK, "Page 40 of 40").keyResults()
	if len(last) != 50 || last["2,000"] != "Shop u1999" {
		t.Errorf("last page: %v", last)
	}
	p.get(shopsPath).want(http.StatusOK, "1,981 shops")
}

// TestKeysThatAreNoCSV: what is wrong with all keys is said at the field. Nothing is tried, and nothing is kept.
// Checklist 11.
func TestKeysThatAreNoCSV(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	p := g.member(team.Admin)
	many := strings.Repeat("u,canary-password\n", 2001)
	for name, c := range map[string]struct {
		pasted, file string
		status       int
		want         string
	}{
		"nothing":          {" \n", "", 422, "There are no keys here"},
		"only a header":    {"", "name,username,password\n", 422, "There are no keys here"},
		"too many":         {"", many, 422, "more than 2,000 keys"},
		"no CSV":           {"", "PK\x03\x04", 422, "This isn’t a CSV file"},
		"header":           {"", "username,secret\nu,p", 422, "must name the columns username and password"},
		"both":             {"u,canary-password", "u,canary-password", 422, "not both"},
		"larger than 1 MB": {"", strings.Repeat("x", maxKeysText+1), 413, "larger than 1 MB"},
		"a larger body":    {"", strings.Repeat("x", maxKeysForm), 413, "larger than 1 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			g.calls.forget()
			pg := p.sendKeys(c.pasted, c.file).want(c.status, c.want)
			if field := pg.node("keys"); !has(field, "autofocus") || attr(field, "aria-invalid") != "true" ||
				strings.Contains(pg.body, "canary-password") {
				t.Error("the field has no focus, or a password is shown")
			}
			pg.form(keysPath)
		})
	}
	line := p.sendKeys("", "u,"+strings.Repeat("x", maxKeysText-10)).want(http.StatusOK, "0 of 1 key connected")
	line.wantResults(map[string]string{"1": "Too long for an API key"})
	if strings.Contains(g.logs.String(), "canary-password") {
		t.Error("a password is in the log")
	}
}

// TestRetryKeys: keys that failed for a while are tried again without being sent again, one or all.
func TestRetryKeys(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	p := g.member(team.Admin)
	all := g.box.Shops()
	fail := func(n int) {
		g.box.FailNext(sandbox.Failure{
			Path: currentShop, Status: 503, Header: http.Header{"Retry-After": {"60"}}, Times: n,
		})
	}
	fail(2)
	pg := p.sendKeys(keyOf(all[1])+"\n"+keyOf(all[2]), "").want(http.StatusOK, "0 of 2 keys connected", "2 lines again")
	pg.wantResults(map[string]string{
		"1": "Fourthwall is busy Retry line 1", "2": "Fourthwall is busy Retry line 2",
	})
	for _, f := range pg.retryForms() {
		if f.Get("line") == "2" {
			pg = p.post(pg.url.Path+"/retry", f)
		}
	}
	pg.want(http.StatusOK, "1 of 2 keys connected").wantResults(map[string]string{
		"1": "Fourthwall is busy Retry line 1", "2": all[2].Name,
	})
	another := g.member(team.Admin)
	another.get(pg.url.Path).want(http.StatusNotFound, "for the session that sent the keys")
	another.post(pg.url.Path+"/retry", url.Values{}).want(http.StatusNotFound)
	g.move(15 * time.Minute)
	p.get(pg.url.Path).want(http.StatusOK).wantResults(map[string]string{"1": "Fourthwall is busy", "2": all[2].Name})
	p.post(pg.url.Path+"/retry", url.Values{}).want(http.StatusOK, "There’s nothing to try again")
	g.move(24 * time.Hour)
}

// retryForms returns the forms that try one line again.
func (pg *page) retryForms() (all []url.Values) {
	for _, f := range findAll(pg.doc, "form") {
		if strings.HasSuffix(attr(f, "action"), "/retry") {
			values := url.Values{}
			for _, in := range findAll(f, "input") {
				values.Set(attr(in, "name"), attr(in, "value"))
			}
			all = append(all, values)
		}
	}
	return all
}

// TestRefusedKeysStopTheImport: after 20 keys in a row that Fourthwall refused, no more are tried until the person
// says so. Each 20 count as one under the limit. Checklist 11.
func TestRefusedKeysStopTheImport(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{
		team: &team.Config{Groups: roleGroups}, limits: Limits{BadKeys: sevenSeconds(2)}, still: true,
	})
	p := g.member(team.Admin)
	shop := g.box.Shops()[0]
	var text strings.Builder
	for i := range 60 {
		fmt.Fprintf(&text, "canary%d,wrong\n", i)
	}
	text.WriteString(keyOf(shop))
	pg := p.sendKeys(text.String(), "").want(http.StatusOK,
		"We stopped after many rejected keys", "0 of 61 keys connected", "Try 37 lines again")
	if n := g.calls.shops(); n != 24 {
		t.Errorf("%d calls", n)
	}
	for range 2 { // the second one uses up the limit
		pg = p.post(pg.url.Path+"/retry", url.Values{})
	}
	pg.want(http.StatusTooManyRequests, "Too many failed sign-ins")
	if n := g.calls.shops(); n != 48 {
		t.Errorf("%d calls", n)
	}
	p.sendKeys(keyOf(shop), "").want(http.StatusTooManyRequests, "Nothing was connected", "paste the keys or choose")
	g.move(15 * time.Second)
	p.sendKeys(keyOf(shop), "").want(http.StatusOK, "1 of 1 key connected")
}

// shops counts the calls that ask which shop a credential is for.
func (c *calls) shops() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.all {
		if one.path == currentShop {
			n++
		}
	}
	return n
}

// TestImportEndsWithTheRole: no key is tried for a person who is no longer an admin, and the keys are deleted.
// Checklist 47.
func TestImportEndsWithTheRole(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	boss, err := g.server.Team.Person(t.Context(), g.member(team.Admin).id())
	g.must(err)
	p := g.signsIn(team.Identity{Issuer: "https://id.example", Subject: "ann", Name: "Ann"})
	set := func(role team.Role) { g.must(g.server.Team.SetRole(t.Context(), boss.Actor(), p.id(), role)) }
	set(team.Admin)
	var text strings.Builder
	for i := range 20 {
		fmt.Fprintf(&text, "canary%d,wrong\n", i)
	}
	taken := make(chan struct{})
	asked := make(chan struct{}, 99)
	g.calls.set(func(one apiCall) {
		if one.path == currentShop {
			asked <- struct{}{}
			<-taken
		}
	}, nil)
	g.calls.forget()
	r := p.keysRequest("", text.String(), "")
	to := p.noRedirects().do(r).want(http.StatusSeeOther).header.Get("Location")
	<-asked
	set(team.Operator)
	close(taken)
	p.get(to).want(http.StatusForbidden)
	g.server.background.tasks.Wait()
	set(team.Admin)
	p.get(to).want(http.StatusOK, "no longer an admin", "0 of 20 keys connected")
	if n := g.calls.shops(); n > 8 {
		t.Errorf("%d calls", n)
	}
	p.post(to+"/retry", url.Values{}).want(http.StatusOK, "nothing to try again")
}

// TestImportOfADeadProcess: another process tries the keys that are left, once.
func TestImportOfADeadProcess(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	p := g.member(team.Admin)
	all := g.box.Shops()
	reached := make(chan struct{}, 9)
	g.calls.set(func(one apiCall) {
		if one.path == currentShop {
			reached <- struct{}{}
		}
	}, nil)
	dead := newBackground()
	alive := g.server.background
	g.box.FailNext(sandbox.Failure{Path: currentShop, Delay: time.Minute, Cut: sandbox.CutBefore, Times: 2})
	g.server.background = dead
	to := p.noRedirects().do(p.keysRequest("", keyOf(all[1])+"\n"+keyOf(all[2]), "")).want(http.StatusSeeOther).
		header.Get("Location")
	<-reached
	<-reached
	dead.end()
	g.server.background = alive
	p.get(to+"?follow=1").want(http.StatusOK, "0 of 2 keys tried", "Refresh the progress")
	dashboard := &Dashboard{server: g.server}
	g.must(dashboard.ContinueImports(t.Context()))
	p.get(to).want(http.StatusOK, "2 of 2 keys connected")
	g.must(dashboard.ContinueImports(context.Background()))
	for _, shop := range all[1:] {
		done, err := g.store.Activities(t.Context(), store.ActivityQuery{Shop: shop.ID})
		g.must(err)
		if len(done.Rows) != 1 {
			t.Errorf("%s: %d activities", shop.Name, len(done.Rows))
		}
	}
}

// TestKeysSentTwice: a form that is sent twice is one import.
func TestKeysSentTwice(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	p := g.member(team.Admin)
	shop := g.box.Shops()[1]
	id := p.get(connectPath).form(keysPath).values.Get("form")
	first := p.do(p.keysRequest(id, keyOf(shop), "")).want(http.StatusOK, "1 of 1 key connected")
	second := p.do(p.keysRequest(id, keyOf(shop), "")).want(http.StatusOK, "1 of 1 key connected")
	if first.url.Path != second.url.Path {
		t.Errorf("%s and %s", first.url, second.url)
	}
	done, err := g.store.Activities(t.Context(), store.ActivityQuery{Shop: shop.ID})
	g.must(err)
	if len(done.Rows) != 1 {
		t.Errorf("%d activities", len(done.Rows))
	}
}

// TestKeysWithoutASession: keys are not kept for the time after a sign-in, and the page says so.
func TestKeysWithoutASession(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	to := g.person().noRedirects().do(g.person().keysRequest("", "u,canary-password", "")).want(http.StatusSeeOther).
		header.Get("Location")
	u, err := url.Parse(to)
	g.must(err)
	back := cmp.Or(u.Query().Get("return"), to)
	g.member(team.Admin).get(back).want(http.StatusOK, "Connect shops", "Your keys were not sent", "Paste them")

	alone := newRig(t, options{})
	alone.person().do(alone.person().keysRequest("", "u,p", "")).want(http.StatusNotFound)
}

// TestImportProgressStream: the page is told of results, and to load itself again at the end.
func TestImportProgressStream(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	p := g.member(team.Admin)
	shop := g.box.Shops()[1]
	pg := p.sendKeys(keyOf(shop), "").want(http.StatusOK)
	stream := p.get(pg.url.Path + "/stream")
	if stream.header.Get("Content-Type") != "text/event-stream" || !strings.Contains(stream.body, "event: report\n") ||
		!strings.Contains(stream.body, shop.Name) || !strings.HasSuffix(stream.body, "event: done\ndata: \n\n") ||
		strings.Contains(stream.body, shop.APIPassword) {
		t.Errorf("%v\n%s", maps.Clone(stream.header), stream.body)
	}
	p.get(keyImportPath("nothing") + "/stream").want(http.StatusNotFound)
}

// findAll returns the elements of a name.
func findAll(root *html.Node, name string) (all []*html.Node) {
	walk(root, func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == name {
			all = append(all, n)
		}
	})
	return all
}
