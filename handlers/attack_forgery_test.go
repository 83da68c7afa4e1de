package handlers

import (
	"bytes"
	"crypto/rand"
	"database/sql"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// victim is a person who has connected a shop, with all that can be seen of
// what they do.
type victim struct {
	*person
	shop   sandbox.DemoShop
	hook   sandbox.Webhook
	file   string
	called *atomic.Int64 // deliveries to the endpoint
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	v := newVictimOf(t, options{})
	g := v.rig
	v.shop = v.connect(0)
	v.hook = g.add(v.shop, "http://"+sandbox.ReceiverHost+"/", "DONATION")
	g.must(g.store.PutSecret(t.Context(), owner(v.person), v.shop.ID, v.hook.ID, "the secret", g.server.Now().Add(1e12)))
	v.get("/") // no flash is left
	return v
}

// newTeamVictim returns an admin of a team, whose people can be changed.
func newTeamVictim(t *testing.T) *victim {
	t.Helper()
	v := newVictimOf(t, options{team: &team.Config{Groups: roleGroups}})
	v.withProvider()
	v.person = v.member(team.Admin)
	v.shop = v.connectKey(0)
	v.hook = v.add(v.shop, "http://"+sandbox.ReceiverHost+"/", "DONATION")
	v.get("/") // no flash is left
	return v
}

// victims are those whose routes are walked: together, all of the table.
var victims = map[string]func(*testing.T) *victim{"alone": newVictim, "of a team": newTeamVictim}

// table returns the routes to walk. The shop's are the same for a team, whose
// rights TestEveryRowForEveryRole walks.
func (v *victim) table() []route {
	if v.server.Team != nil {
		return v.server.teamRoutes()
	}
	return v.server.routes()
}

// newVictimOf returns a person who has not connected a shop yet.
func newVictimOf(t *testing.T, o options) *victim {
	t.Helper()
	v := &victim{file: filepath.Join(t.TempDir(), "h.db"), called: &atomic.Int64{}}
	o.file, o.fleet = v.file, true
	o.endpoint = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		v.called.Add(1)
		w.WriteHeader(http.StatusOK)
	})
	v.person = newRig(t, o).person()
	return v
}

// state returns everything that a request could change: each row of the
// database, the shop's webhooks, and what was sent.
func (v *victim) state() map[string]string {
	v.t.Helper()
	out := map[string]string{
		"webhooks":   fmt.Sprint(v.box.Webhooks(v.shop.ID)),
		"deliveries": fmt.Sprint(v.called.Load()),
	}
	db, err := sql.Open("sqlite", "file:"+v.file+"?mode=ro")
	v.must(err)
	defer db.Close()
	for _, table := range v.rows(db,
		`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%limit%'`) {
		out[table] = strings.Join(v.rows(db, `SELECT * FROM `+strings.Trim(table, "[]")+` ORDER BY 1, 2`), "\n")
	}
	return out
}

func (v *victim) rows(db *sql.DB, query string) (out []string) {
	v.t.Helper()
	rows, err := db.QueryContext(v.t.Context(), query)
	v.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	v.must(err)
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		v.must(rows.Scan(values...))
		line := ""
		for _, value := range values {
			line += fmt.Sprint(*value.(*any)) + " "
		}
		out = append(out, strings.TrimSpace(line))
	}
	v.must(rows.Err())
	return out
}

// sentForm is a form that does something when it is ours.
type sentForm struct {
	path string
	form url.Values
	idle bool // changes nothing that is kept
}

// teamWrites are the forms for a team's people.
func (v *victim) teamWrites() map[string]sentForm {
	v.t.Helper()
	ann, gone := v.known("Ann").id(), v.known("Bob").id()
	boss, err := v.server.Team.Person(v.t.Context(), v.id())
	v.must(err)
	v.must(v.server.Team.Remove(v.t.Context(), boss.Actor(), gone))
	v.member(team.Admin) // a second session
	other := v.get(youPath).postForm(youEndPath).values
	v.get(youPath).postForm(tokensPath).set("name", "CI").submit().want(http.StatusOK)
	page, channel := v.connectsChannel().url.Path, v.box.Channel()
	conn, err := v.store.Connection(v.t.Context(), v.server.Team.Owner(), v.shop.ID)
	v.must(err)
	conn.Owner, conn.ShopID = owner(v.person), "sh_mine"
	_, err = v.store.PutConnection(v.t.Context(), conn)
	v.must(err)
	open := v.invites("")
	var all []store.Invitation
	all, err = v.server.Team.Invitations(v.t.Context())
	v.must(err)
	receipt := v.rig.person().acceptsByKey(v.invites(""), 1).url.Path
	key := url.Values{"username": {v.box.Shops()[2].APIUser}, "password": {v.box.Shops()[2].APIPassword}}
	v.box.FailNext(sandbox.Failure{
		Path: currentShop, Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"60"}}, Times: 1,
	})
	imported := v.sendKeys(keyOf(v.box.Shops()[2]), "").want(http.StatusOK, "0 of 1 key connected").url.Path
	return map[string]sentForm{
		"/plans/{id}/approve":    {path: v.planOfAnother(), form: url.Values{"digest": {v.digest(1)}}},
		keysPath:                 {path: keysPath, form: url.Values{"keys": {keyOf(v.box.Shops()[2])}}},
		keysPath + "/{id}/retry": {path: imported + "/retry", form: url.Values{}},
		movePath:                 {path: movePath, form: url.Values{"move": {"sh_mine"}}},
		youEndPath:               {path: youEndPath, form: other},
		tokensPath:               {path: tokensPath, form: url.Values{"name": {"Forged"}, "scope": {"apply"}, "days": {"30"}}},
		revokeTokenPath:          {path: revokeTokenPath, form: v.get(youPath).postForm(revokeTokenPath).values},
		"/people/{id}/role":      {path: personPath(ann) + "/role", form: url.Values{"role": {"admin"}}},
		"/people/{id}/remove":    {path: personPath(ann) + "/remove", form: url.Values{}},
		connectChannel: {path: connectChannel, form: url.Values{
			"client_id": {channel.ClientID}, "secret": {channel.ClientSecret},
		}},
		"/channels/{id}/shops":      {path: page + "/shops", form: url.Values{"do": {"all"}}},
		"/channels/{id}/secret":     {path: page + "/secret", form: url.Values{"secret": {channel.ClientSecret}}},
		"/channels/{id}/disconnect": {path: page + "/disconnect", form: url.Values{"shops": {"0"}}},
		invitePath:                  {path: invitePath, form: url.Values{"domain": {"studio-nine.com"}}},
		invitePath + "/{id}/revoke": {path: invitePath + "/" + all[0].ID + "/revoke", form: url.Values{}},
		"/invitations/{token}/key":  {path: open + "/key", form: key},
		"/access/{token}/end":       {path: receipt + "/end", form: url.Values{}},
		"/people/{id}/end":          {path: personPath(ann) + "/end", form: url.Values{}},
		"/people/{id}/readmit":      {path: personPath(gone) + "/readmit", form: url.Values{}},
	}
}

// writes returns a working form for every route of the table that is not a GET.
func (v *victim) writes() map[string]sentForm {
	v.t.Helper()
	if v.server.Team != nil {
		return v.teamWrites()
	}
	at := webhookPath(v.shop.ID, v.hook.ID)
	edit := url.Values{
		"url": {v.hook.URL}, "allowedTypes": {"ORDER_PLACED"}, "base": {v.get(at + "/edit").form("/edit").values.Get("base")},
	}
	review := v.get(at+"/edit").form("/edit").set("allowedTypes", "ORDER_PLACED").submit()
	token := fragment(v.t.(*testing.T), v.back("implicit", v.box.Shops()[1].ID))
	changed := v.plant(v.shop, owner(v.person), activity.UpdateWebhook, v.hook.ID,
		activity.Detail{Before: contentOf(good, "DONATION"), After: contentOf(v.hook.URL, "ORDER_PLACED")})
	v.must(v.store.RecordOutcome(v.t.Context(), changed.ID, store.Ending{Outcome: store.OutcomeDone}))
	plans := v.plansInAllStates()
	template := v.makesTemplate("Music", good, "DONATION").url.Path
	all, err := v.store.Connections(v.t.Context(), owner(v.person))
	v.must(err)
	seen := foundShops{found: all}
	key := url.Values{"username": {v.box.Shops()[2].APIUser}, "password": {v.box.Shops()[2].APIPassword}}
	return map[string]sentForm{
		"/connect/key":    {path: "/connect/key", form: key},
		"/oauth/implicit": {path: "/oauth/implicit", form: token},
		"/sign-out":       {path: "/sign-out", form: url.Values{"shops": {strconv.Itoa(len(all))}}},
		plansPath: {path: plansPath, form: url.Values{
			kindField: {"copy"}, toField: {good}, typesField: {"DONATION"}, seenField: {seen.identity()},
		}},
		templatesPath: {path: templatesPath, form: url.Values{
			nameField: {"Forged"}, urlOf(0): {good}, typesOfHook(0): {"DONATION"},
		}},
		"/templates/{id}/edit": {path: template + "/edit", form: url.Values{
			"version": {"1"}, nameField: {"Forged"}, urlOf(0): {good}, typesOfHook(0): {"DONATION"},
		}},
		"/templates/{id}/delete": {path: template + "/delete", form: url.Values{}},
		planFilePath: {path: planFilePath, form: url.Values{
			textField: {"version: 1\nshops: [{shop: sh_draft, webhooks: [{url: '" + good + "', types: [DONATION]}]}]"},
		}},
		"/plans/{id}/apply":                 {path: plans["draft"] + "/apply", form: url.Values{"digest": {v.digest(1)}}},
		"/plans/{id}/stop":                  {path: plans["running"] + "/stop", form: url.Values{}},
		"/plans/{id}/resume":                {path: plans["paused"] + "/resume", form: url.Values{"digest": {v.digest(3)}}},
		"/plans/{id}/retry":                 {path: plans["paused"] + "/retry", form: url.Values{"digest": {v.digest(3)}}},
		"/plans/{id}/end":                   {path: plans["paused"] + "/end", form: url.Values{}},
		"/plans/{id}/rehearse":              {path: plans["draft"] + "/rehearse", form: url.Values{"digest": {v.digest(1)}}},
		"/plans/{id}/secrets":               {path: plans["done"] + "/secrets", form: url.Values{}},
		"/plans/{id}/secrets/stored":        {path: plans["done"] + "/secrets/stored", form: url.Values{}},
		"/plans/{id}/undo":                  {path: plans["done"] + "/undo", form: url.Values{keyField: {rand.Text()}}},
		signaturePath:                       {path: signaturePath, form: url.Values{"body": {"{}"}, "signature": {"x"}, "secret": {"x"}}, idle: true},
		urlNotesPath:                        {path: urlNotesPath, form: url.Values{"url": {good}}, idle: true},
		findShopPath:                        {path: findShopPath, form: url.Values{"q": {"a"}}, idle: true},
		searchFoundPath:                     {path: searchFoundPath, form: url.Values{"q": {"a"}}, idle: true},
		displayPath:                         {path: displayPath, form: url.Values{"theme": {"dark"}}, idle: true},
		guidePath:                           {path: guidePath, form: url.Values{}, idle: true},
		"/shops/{shop}/labels":              {path: shopLabelsPath(v.shop.ID), form: url.Values{"labels": {"Forged"}}},
		refreshPath:                         {path: refreshPath},
		labelShopsPath:                      {path: labelShopsPath, form: url.Values{"labels": {"Forged"}, "seen": {seen.identity()}}},
		"/shops/{shop}/disconnect":          {path: disconnectPath(v.shop.ID), form: url.Values{}},
		"/shops/{shop}/disconnect/webhooks": {path: disconnectWebhooksPath(v.shop.ID), form: url.Values{}},
		"/shops/{shop}/webhooks":            {path: webhooksPath(v.shop.ID), form: url.Values{"url": {good}, "allowedTypes": {"DONATION"}}},
		"/shops/{shop}/webhooks/{id}/edit":  {path: at + "/edit", form: edit},

		"/shops/{shop}/webhooks/{id}/edit/confirm":  {path: at + "/edit/confirm", form: review.form("/edit/confirm").values},
		"/shops/{shop}/webhooks/{id}/delete":        {path: at + "/delete", form: url.Values{"do": {"delete"}}},
		"/shops/{shop}/webhooks/{id}/label":         {path: at + "/label", form: url.Values{"label": {"Forged"}}},
		"/shops/{shop}/webhooks/{id}/secret":        {path: at + "/secret", form: url.Values{}},
		"/shops/{shop}/webhooks/{id}/secret/stored": {path: at + "/secret/stored", form: url.Values{}},
		"/shops/{shop}/webhooks/{id}/secret/test":   {path: at + "/secret/test", form: url.Values{}},
		"/shops/{shop}/webhooks/{id}/test":          {path: at + "/test", form: url.Values{"type": {"DONATION"}, "body": {"{}"}}},
		"/shops/{shop}/activity/{id}/undo":          {path: undoPath(v.shop.ID, changed.ID), form: url.Values{}},
		"/shops/{shop}/checks":                      {path: checksPath(v.shop.ID), form: url.Values{"url": {v.hook.URL}, "type": {"DONATION"}}},
	}
}

// forgeries are what a browser says of a form that another page sent.
func forgeries(own string) map[string]http.Header {
	u, err := url.Parse(own)
	if err != nil {
		panic(err)
	}
	port := func(p string) string { return u.Scheme + "://" + u.Hostname() + p }
	return map[string]http.Header{
		"another site":                           {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		"another site, no Origin":                {"Sec-Fetch-Site": {"cross-site"}},
		"another site, an opaque Origin":         {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"null"}},
		"another origin of this site":            {"Sec-Fetch-Site": {"same-site"}, "Origin": {port(":1")}},
		"another origin of this site, no Origin": {"Sec-Fetch-Site": {"same-site"}},
		"a value that nobody knows":              {"Sec-Fetch-Site": {"evil"}, "Origin": {"https://evil.example"}},
		"old: another site":                      {"Origin": {"https://evil.example"}},
		"old: an opaque Origin":                  {"Origin": {"null"}},
		"old: another port":                      {"Origin": {port(":1")}},
		"old: no port":                           {"Origin": {port("")}},
		"old: our name in front":                 {"Origin": {own + ".evil.example"}},
		"old: our name as user":                  {"Origin": {u.Scheme + "://" + u.Host + "@evil.example"}},
		"old: no address":                        {"Origin": {"evil"}},
		"very old: sent from another site":       {"Referer": {"https://evil.example/page"}},
		"very old: our address in a query":       {"Referer": {"https://evil.example/?" + own}},
		"very old: another port":                 {"Referer": {port(":1") + "/connect"}},
		"very old: our name as user":             {"Referer": {u.Scheme + "://" + u.Host + "@evil.example/"}},
		"very old: sent from no address":         {"Referer": {"%zz"}},
	}
}

// TestForgedForms walks the routes that are not GETs. A form from another page
// is refused, and changes nothing anywhere. The same form from our own page
// works, so that the test would notice. Checklist 19.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	for name, arrive := range victims {
		seen := 0
		for _, rt := range arrive(t).table() {
			if rt.method == http.MethodGet || rt.scope != "" { // no cookie opens the API: see TestAPIProblems
				continue
			}
			seen++
			t.Run(name+" "+rt.path, func(t *testing.T) {
				v := arrive(t)
				d, ok := v.writes()[rt.path]
				if !ok {
					t.Fatalf("%s has no working form in this test: add one", rt.path)
				}
				v.refusesForged(t, rt, d)
			})
		}
		if seen < 5 {
			t.Errorf("%s: only %d routes were walked", name, seen)
		}
	}
}

func (v *victim) refusesForged(t *testing.T, rt route, d sentForm) {
	t.Helper()
	before := v.state()
	for name, header := range forgeries(v.url) {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			r := v.request(method, d.path, d.form)
			for key, values := range header {
				r.Header[key] = values
			}
			pg := v.noRedirects().do(r)
			if pg.status != http.StatusForbidden || len(pg.header["Set-Cookie"]) > 0 {
				t.Errorf("%s by %s: %d %v", name, method, pg.status, pg.header["Set-Cookie"])
			}
		}
	}
	if diff := cmp.Diff(before, v.state()); diff != "" {
		t.Fatalf("forged forms changed something:\n%s", diff)
	}
	r := v.request(rt.method, d.path, d.form)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Origin", v.url)
	r.Header.Set("Referer", v.url+"/connect")
	if pg := v.noRedirects().do(r); pg.status >= 400 {
		t.Fatalf("our own form was refused: %d", pg.status)
	}
	if cmp.Equal(before, v.state()) != d.idle {
		t.Error("our own form did not do what it should")
	}
}

// TestMethodOverrides: only the method of a request says what it asks for.
// Checklist 21.
func TestMethodOverrides(t *testing.T) {
	t.Parallel()
	for name, arrive := range victims {
		t.Run(name, func(t *testing.T) { arrive(t).keepsMethods(t) })
	}
}

func (v *victim) keepsMethods(t *testing.T) {
	t.Helper()
	writes := v.writes()
	before := v.state()
	overrides := []string{"_method", "method", "_METHOD", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"}
	for path, d := range writes {
		for _, wanted := range []string{"POST", "DELETE", "PUT"} {
			q := clone(d.form)
			header := http.Header{"Sec-Fetch-Site": {"cross-site"}} // a link on another page
			for _, name := range overrides {
				q.Set(name, wanted)
				header.Set(name, wanted)
			}
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace} {
				r := v.request(method, d.path+"?"+q.Encode(), nil)
				r.Header = header
				v.noRedirects().do(r)
			}
			r := v.request(http.MethodGet, d.path, q) // a GET with a form in its body
			for name, values := range header {
				r.Header[name] = values
			}
			v.noRedirects().do(r)
		}
		if diff := cmp.Diff(before, v.state()); diff != "" {
			t.Fatalf("%s: something changed:\n%s", path, diff)
		}
	}
}

// TestFormsOfOtherKinds sends bodies of other types to every form. No request
// causes a server error, and none does what the form would not do.
// Checklist 19.
func TestFormsOfOtherKinds(t *testing.T) {
	t.Parallel()
	for name, arrive := range victims {
		t.Run(name, func(t *testing.T) { arrive(t).keepsKinds(t) })
	}
}

func (v *victim) keepsKinds(t *testing.T) {
	t.Helper()
	writes := v.writes()
	for path, d := range writes {
		if path == "/sign-out" || strings.Contains(path, "/disconnect") || strings.Contains(path, "/secret") ||
			strings.HasSuffix(path, "/delete") || path == guidePath || strings.HasSuffix(path, "/remove") ||
			strings.HasSuffix(path, "/readmit") || path == "/people/{id}/end" ||
			strings.HasSuffix(path, "/revoke") || strings.HasSuffix(path, "/retry") ||
			path == "/access/{token}/end" || path == invitePath {
			continue // these need no field
		}
		before := v.state()
		for kind, body := range otherKinds(d.form) {
			for _, encoding := range []string{"", "gzip"} {
				r := v.request(http.MethodPost, d.path, nil)
				r.Body, r.ContentLength = readCloser{strings.NewReader(body)}, int64(len(body))
				r.Header.Set("Content-Type", kind)
				if encoding != "" {
					r.Header.Set("Content-Encoding", encoding)
				}
				if pg := v.noRedirects().do(r); pg.status >= 500 {
					t.Errorf("%s as %.40s: %d", path, kind, pg.status)
				}
			}
		}
		if path == "/shops/{shop}/checks" || path == signaturePath {
			continue // a check of nothing keeps nothing, and is tested above
		}
		after := v.state()
		for _, kept := range []string{"webhooks", "deliveries", "connections", "owners", "people"} {
			if before[kept] != after[kept] {
				t.Errorf("%s changed %s", path, kept)
			}
		}
	}
}

// otherKinds are bodies by content type that mean the same to a careless
// reader.
func otherKinds(form url.Values) map[string]string {
	object, xml := []string{}, ""
	var parts bytes.Buffer
	w := multipart.NewWriter(&parts)
	for name, values := range form {
		for _, value := range values {
			object = append(object, fmt.Sprintf("%q:%q", name, value))
			xml += "<" + name + ">" + value + "</" + name + ">"
			_ = w.WriteField(name, value)
		}
	}
	_ = w.Close()
	encoded := form.Encode()
	return map[string]string{
		"application/json":                      "{" + strings.Join(object, ",") + "}",
		"application/json; charset=utf-8":       "{" + strings.Join(object, ",") + "}",
		"text/plain":                            encoded,
		"application/xml":                       "<form>" + xml + "</form>",
		"":                                      encoded,
		"application/x-www-form-urlencoded-not": encoded,
		"multipart/mixed; boundary=" + w.Boundary(): parts.String(),
		"multipart/form-data":                       parts.String(),
		"multipart/form-data; boundary=":            parts.String(),
		"multipart/form-data; boundary=other":       parts.String(),
		"application/octet-stream":                  encoded,
	}
}
