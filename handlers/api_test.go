package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/internal/fleet"
	"hookwall/internal/sandbox"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// described returns the OpenAPI file and what finds the operations in it.
var described = sync.OnceValues(func() (*openapi3.T, routers.Router) {
	doc, err := openapi3.NewLoader().LoadFromData([]byte(apiDocument))
	if err != nil {
		panic(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		panic(err)
	}
	return doc, router
})

// program uses the API with an access token.
type program struct {
	*rig
	token  string
	person string // ID of whose token it is
}

// withGroup signs a person in who has a role by a group.
func (g *rig) withGroup(name string, role team.Role) team.Person {
	g.t.Helper()
	p, err := g.server.Team.SignIn(g.t.Context(), team.Identity{
		Issuer: "https://id.example", Subject: name, Name: name, Email: name + "@agency.example", EmailVerified: true,
		Groups: []string{string(role)},
	})
	g.must(err)
	return p
}

// program makes an access token of a person who has a role, and had all rights
// when it was made.
func (g *rig) program(role team.Role, scope team.Scope) *program {
	g.t.Helper()
	name := "Program of " + string(role) + " with " + string(scope)
	p := g.withGroup(name, team.Admin)
	_, token, err := g.server.Team.AddToken(g.t.Context(), p.Actor(), team.NewToken{
		Form: name, Name: name, Scope: scope, Days: 365,
	})
	g.must(err)
	g.withGroup(name, role)
	return &program{g, token, p.ID}
}

// apiAnswer is a response of the API, which the OpenAPI file describes.
type apiAnswer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

// send makes a request with headers, by name and value, and validates the
// response by the OpenAPI file.
func (p *program) send(method, path, body string, headers ...string) apiAnswer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	p.must(err)
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(r)
	p.must(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	p.must(err)
	p.validate(r, resp, text)
	return apiAnswer{p.t, resp.StatusCode, resp.Header, string(text)}
}

// validate compares a response with the OpenAPI file. Of a path that isn't
// there, it has to be a problem.
func (p *program) validate(r *http.Request, resp *http.Response, body []byte) {
	p.t.Helper()
	what := r.Method + " " + r.URL.Path + ": " + strconv.Itoa(resp.StatusCode)
	doc, router := described()
	route, params, err := router.FindRoute(r)
	if err != nil {
		var got problem
		schema := doc.Components.Schemas["Problem"].Value
		p.must(json.Unmarshal(body, &got))
		var value any
		p.must(json.Unmarshal(body, &value))
		if err := schema.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil || got.Status != resp.StatusCode {
			p.t.Errorf("%s: %v\n%s", what, err, body)
		}
		return
	}
	err = openapi3filter.ValidateResponse(p.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 resp.StatusCode, Header: resp.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		p.t.Errorf("%s is not as the OpenAPI file says: %v\n%s", what, err, body)
	}
}

// want fails unless the response has a status, and returns it.
func (a apiAnswer) want(status int) apiAnswer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("the status is %d, want %d: %.600s", a.status, status, a.body)
	}
	return a
}

func (a apiAnswer) into(value any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), value); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
}

func (a apiAnswer) problem() (p problem) {
	a.t.Helper()
	a.into(&p)
	return p
}

func (a apiAnswer) plan() (p apiPlan) {
	a.t.Helper()
	a.into(&p)
	return p
}

func (a apiAnswer) run() (run apiRun) {
	a.t.Helper()
	a.into(&run)
	return run
}

// fileFor returns a fleet file with one webhook for each shop, or none.
func fileFor(shops []string, hook string) string {
	text := "version: 1\nshops:\n"
	for _, shop := range shops {
		text += "  - shop: " + shop + "\n    webhooks:"
		if hook == "" {
			text += " []\n    prune: true\n"
			continue
		}
		text += "\n      - url: " + hook + "\n        types: [DONATION]\n"
	}
	return text
}

// shopIDs returns the IDs of the three shops of newPlanRig.
func (g *rig) shopIDs() (all []string) {
	for n := range 3 {
		all = append(all, g.box.Shops()[n].ID)
	}
	return all
}

const yamlType = "application/yaml"

// plans makes a plan of a file.
func (p *program) plans(file string, headers ...string) apiAnswer {
	p.t.Helper()
	return p.send(http.MethodPost, apiPlansPath, file, append([]string{"Content-Type", yamlType}, headers...)...)
}

func apiPlanPath(number int64, more string) string {
	return apiPlansPath + "/" + strconv.FormatInt(number, 10) + more
}

func digestBody(digest string) string { return `{"digest":"` + digest + `"}` }

// TestAPIDocument: the OpenAPI file is valid, has each route of the router and
// no other, and says which scope each needs.
func TestAPIDocument(t *testing.T) {
	t.Parallel()
	doc, _ := described()
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			documented[method+" /api/v1"+path] = operation.Description
		}
	}
	g := newTeamRig(t)
	for _, rt := range g.server.routes() {
		if !isAPI(rt.path) {
			if rt.scope != "" {
				t.Errorf("%s is a page with a scope", rt.pattern())
			}
			continue
		}
		key := strings.ReplaceAll(rt.pattern(), "{id}", "{number}")
		text, found := documented[key]
		delete(documented, key)
		switch {
		case !found:
			t.Errorf("%s is not in the OpenAPI file", key)
		case rt.scope == "" && rt.path != apiDocumentPath:
			t.Errorf("%s needs no scope", key)
		case rt.scope != "" && !strings.Contains(text, "the scope "+string(rt.scope)):
			t.Errorf("%s doesn't say that it needs the scope %s", key, rt.scope)
		}
	}
	for key := range documented {
		t.Errorf("%s is in the OpenAPI file and isn't served", key)
	}
	got := (&program{rig: g}).send(http.MethodGet, apiDocumentPath, "").want(http.StatusOK)
	if got.body != apiDocument || got.header.Get("Content-Type") != yamlType {
		t.Error("another file is served")
	}
}

// TestAPIRights: what a token allows is the smaller of its scope and of what its
// person may do now, for each operation.
// Checklist 57.
func TestAPIRights(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	all := g.server.routes()
	operations := map[string]route{}
	for i, rt := range all {
		if isAPI(rt.path) && rt.scope != "" {
			all[i].handle = func(w http.ResponseWriter, _ *http.Request) error {
				w.WriteHeader(http.StatusNoContent)
				return nil
			}
			operations[rt.pattern()] = rt
		}
	}
	g.server.Fleet = fleet.NewService(fleet.Config{Store: g.store})
	g.server.mount(all)
	const passes, role, scope, token = "passes", "role", "token-scope", "token"
	reads := []string{
		"GET /api/v1/shops", "GET /api/v1/fleet", "GET /api/v1/plans/{id}", "GET /api/v1/plans/{id}/run",
	}
	makes := []string{"POST /api/v1/plans"}
	applies := []string{
		"POST /api/v1/plans/{id}/apply", "POST /api/v1/plans/{id}/stop", "POST /api/v1/plans/{id}/resume",
	}
	if got := slices.Concat(reads, makes, applies); len(got) != len(operations) {
		t.Fatalf("there are %d operations, and %d of them are tested", len(operations), len(got))
	}
	for _, test := range []struct {
		role            team.Role
		scope           team.Scope
		read, plan, run string
	}{
		{team.NoRole, team.ReadScope, role, role, role},
		{team.NoRole, team.ApplyScope, role, role, role},
		{team.Viewer, team.ReadScope, passes, role, role},
		{team.Viewer, team.PlanScope, passes, role, role},
		{team.Viewer, team.ApplyScope, passes, role, role},
		{team.Operator, team.ReadScope, passes, scope, scope},
		{team.Operator, team.PlanScope, passes, passes, scope},
		{team.Operator, team.ApplyScope, passes, passes, passes},
		{team.Admin, team.ReadScope, passes, scope, scope},
		{team.Admin, team.PlanScope, passes, passes, scope},
		{team.Admin, team.ApplyScope, passes, passes, passes},
		{"removed", team.ApplyScope, token, token, token},
	} {
		p := g.program(test.role, test.scope)
		if test.role == "removed" {
			boss := g.withGroup("boss", team.Admin)
			g.must(g.server.Team.Remove(t.Context(), boss.Actor(), p.person))
		}
		for want, patterns := range map[*[]string]*string{&reads: &test.read, &makes: &test.plan, &applies: &test.run} {
			for _, pattern := range *want {
				rt := operations[pattern]
				got := p.bare(rt.method, strings.ReplaceAll(rt.path, "{id}", "1"))
				if got != *patterns {
					t.Errorf("%s with %s, %s: %s, want %s", test.role, test.scope, pattern, got, *patterns)
				}
			}
		}
	}
}

// bare sends a request to a row whose handler says 204, and says which problem
// comes, or that it passes.
func (p *program) bare(method, path string) string {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, http.NoBody)
	p.must(err)
	r.Header.Set("Authorization", "Bearer "+p.token)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	p.must(err)
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNoContent {
		return "passes"
	}
	var got problem
	p.must(json.NewDecoder(resp.Body).Decode(&got))
	return strings.TrimPrefix(got.Type, problemPrefix)
}

// TestAPIPlanAndRun: a program exports the fleet, changes the file, plans it,
// reads the plan, applies it, and follows the run. Activity names the token.
func TestAPIPlanAndRun(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.program(team.Operator, team.ApplyScope)
	var shops struct{ Shops []apiShop }
	p.send(http.MethodGet, apiShopsPath, "").want(http.StatusOK).into(&shops)
	if len(shops.Shops) != 3 || shops.Shops[0].SeenAt == nil || shops.Shops[0].Webhooks == nil {
		t.Fatalf("the shops are %+v", shops.Shops)
	}
	same := p.send(http.MethodGet, apiFilePath, "").want(http.StatusOK)
	if same.header.Get("Content-Type") != yamlType {
		t.Errorf("the file is %s", same.header.Get("Content-Type"))
	}
	var nothing apiNothing
	p.plans(same.body).want(http.StatusOK).into(&nothing)
	if nothing.Same != 3 || len(nothing.LeftOut) != 0 {
		t.Errorf("the exported file would change something: %+v", nothing)
	}

	made := p.plans(fileFor(g.shopIDs(), good), "Idempotency-Key", "key-1").want(http.StatusCreated)
	plan := made.plan()
	if made.header.Get("Location") != apiPlanPath(1, "") || plan.Number != 1 || plan.State != store.PlanDraft ||
		plan.Creates != 3 || plan.Shops != 3 || len(plan.Items) != 3 || plan.NeedsApproval || plan.Applied != nil ||
		plan.Made == nil || !strings.HasPrefix(plan.Made.Name, "Program of operator") ||
		plan.URL != g.server.PublicURL.String()+planPath(1) || plan.Items[0].After.URL != good {
		t.Fatalf("the plan is %+v", plan)
	}
	read := p.send(http.MethodGet, apiPlanPath(1, ""), "").want(http.StatusOK).plan()
	if diff := cmp.Diff(plan, read); diff != "" {
		t.Errorf("it is read differently: %s", diff)
	}
	if run := p.send(http.MethodGet, apiPlanPath(1, "/run"), "").want(http.StatusOK).run(); run.State != store.PlanDraft ||
		len(run.Items) != 0 || run.Total != 3 {
		t.Errorf("before it is applied: %+v", run)
	}

	run := p.send(http.MethodPost, apiPlanPath(1, "/apply"), digestBody(plan.Digest)).want(http.StatusAccepted).run()
	if run.State != store.PlanRunning || run.Counts["pending"] != 3 || len(run.Items) != 3 {
		t.Errorf("after it was applied: %+v", run)
	}
	g.visits(false)
	run = p.send(http.MethodGet, apiPlanPath(1, "/run"), "").want(http.StatusOK).run()
	if run.State != store.PlanDone || run.Counts["done"] != 3 || run.Items[0].Webhook == "" ||
		run.Items[0].EndedAt == nil {
		t.Errorf("at its end: %+v", run)
	}
	run = p.send(http.MethodGet, apiPlanPath(1, "/run?items=failed"), "").want(http.StatusOK).run()
	if run.Counts["done"] != 3 || len(run.Items) != 0 {
		t.Errorf("what failed: %+v", run)
	}
	for _, id := range g.shopIDs() {
		if hooks := g.box.Webhooks(id); !slices.ContainsFunc(hooks, func(w sandbox.Webhook) bool { return w.URL == good }) {
			t.Errorf("%s has %+v", id, hooks)
		}
	}
	mark := tokenMark("Program of operator with apply")
	done, err := g.store.Activities(t.Context(), store.ActivityQuery{Shop: activity.OfTeam, Limit: 100})
	g.must(err)
	for _, a := range done.Rows {
		if a.Action == "plan.make" || a.Action == "plan.apply" {
			if a.Session != mark || a.RequestID == "" {
				t.Errorf("%s was done with %q in request %q", a.Action, a.Session, a.RequestID)
			}
		}
	}
}

// TestAPIMakesOnePlanForAKey: a request that is sent again makes no second plan,
// also if the first has been applied since, or both come at once.
func TestAPIMakesOnePlanForAKey(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p, other := g.program(team.Operator, team.ApplyScope), g.program(team.Admin, team.PlanScope)
	file := fileFor(g.shopIDs(), good)
	var all sync.WaitGroup
	numbers := make([]int64, 8)
	for i := range numbers {
		all.Go(func() { numbers[i] = p.plans(file, "Idempotency-Key", "k").plan().Number })
	}
	all.Wait()
	if slices.Max(numbers) != 1 || slices.Min(numbers) != 1 {
		t.Fatalf("the same request made the plans %v", numbers)
	}
	digest := p.send(http.MethodGet, apiPlanPath(1, ""), "").plan().Digest
	p.send(http.MethodPost, apiPlanPath(1, "/apply"), digestBody(digest)).want(http.StatusAccepted)
	g.visits(false)
	if again := p.plans(file, "Idempotency-Key", "k").want(http.StatusCreated).plan(); again.Number != 1 ||
		again.State != store.PlanDone {
		t.Errorf("after the run: %+v", again)
	}
	got := p.plans(file+"\n", "Idempotency-Key", "k").want(http.StatusUnprocessableEntity).problem()
	if got.Type != problemPrefix+"key-reused" {
		t.Errorf("another file with the same key: %+v", got)
	}
	// Another person's key is another key.
	second := fileFor(g.shopIDs(), good+"/2")
	if n := other.plans(second, "Idempotency-Key", "k").want(http.StatusCreated).plan().Number; n != 2 {
		t.Errorf("another person's plan is %d", n)
	}
	if n := p.plans(fileFor(g.shopIDs(), good+"/3")).want(http.StatusCreated).plan().Number; n != 3 {
		t.Errorf("without a key the plan is %d", n)
	}
}

// TestAPIDeletesByNumber: a plan that deletes webhooks needs an admin, and their
// number.
func TestAPIDeletesByNumber(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	hook := g.add(g.box.Shops()[0], good, "DONATION")
	g.visits(true)
	operator, admin := g.program(team.Operator, team.ApplyScope), g.program(team.Admin, team.ApplyScope)
	plan := operator.plans(fileFor(g.shopIDs()[:1], "")).want(http.StatusCreated).plan()
	if i := plan.Items[0]; plan.Deletes != 1 || i.Webhook != hook.ID || i.Before.URL != good || i.After != nil {
		t.Fatalf("the plan is %+v", plan)
	}
	with := func(deletes string) string { return `{"digest":"` + plan.Digest + `","deletes":` + deletes + `}` }
	for _, test := range []struct {
		who    *program
		body   string
		status int
		slug   string
	}{
		{operator, with("1"), http.StatusForbidden, "plan-rights"},
		{admin, digestBody(plan.Digest), http.StatusUnprocessableEntity, "confirm-deletes"},
		{admin, with("2"), http.StatusUnprocessableEntity, "confirm-deletes"},
		{admin, with("1"), http.StatusAccepted, ""},
	} {
		got := test.who.send(http.MethodPost, apiPlanPath(1, "/apply"), test.body).want(test.status)
		if test.slug != "" && got.problem().Type != problemPrefix+test.slug {
			t.Errorf("%s: %+v", test.body, got.problem())
		}
	}
}

// TestAPIApproval: from 20 shops on, where there are two people who may, a plan
// needs an approval, which is given in the browser alone.
func TestAPIApproval(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	g.puts(20)
	p := g.program(team.Operator, team.ApplyScope)
	var shops struct{ Shops []apiShop }
	p.send(http.MethodGet, apiShopsPath+"?label=MANY", "").want(http.StatusOK).into(&shops)
	if len(shops.Shops) != 20 {
		t.Fatalf("%d shops have the label", len(shops.Shops))
	}
	var ids []string
	for _, shop := range shops.Shops {
		ids = append(ids, shop.ID)
	}
	plan := p.plans(fileFor(ids, good)).want(http.StatusCreated).plan()
	if !plan.NeedsApproval {
		t.Error("the plan needs no approval")
	}
	apply := func() apiAnswer { return p.send(http.MethodPost, apiPlanPath(1, "/apply"), digestBody(plan.Digest)) }
	if got := apply().want(http.StatusConflict).problem(); got.Type != problemPrefix+"needs-approval" {
		t.Errorf("without an approval: %+v", got)
	}
	g.member(team.Admin).get(planPath(1)).want(http.StatusOK).postForm("/approve").submit().want(http.StatusOK)
	if plan = p.send(http.MethodGet, apiPlanPath(1, ""), "").plan(); plan.NeedsApproval || plan.Approved == nil {
		t.Errorf("after the approval: %+v", plan)
	}
	apply().want(http.StatusAccepted)
}

// TestAPIStopAndResume: a run is stopped and continued. What fails is listed
// with its reason.
func TestAPIStopAndResume(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.program(team.Operator, team.ApplyScope)
	plan := p.plans(fileFor(g.shopIDs(), good)).want(http.StatusCreated).plan()
	p.send(http.MethodPost, apiPlanPath(1, "/stop"), "").want(http.StatusConflict)
	p.send(http.MethodPost, apiPlanPath(1, "/resume"), digestBody(plan.Digest)).want(http.StatusConflict)
	p.send(http.MethodPost, apiPlanPath(1, "/apply"), digestBody(plan.Digest)).want(http.StatusAccepted)
	run := p.send(http.MethodPost, apiPlanPath(1, "/stop"), "").want(http.StatusOK).run()
	if run.State != store.PlanPaused || run.Why != store.PausedByPerson || run.Text == "" {
		t.Errorf("stopped: %+v", run)
	}
	g.visits(false)
	if hooks := g.box.Webhooks(g.shopIDs()[0]); len(hooks) != 0 {
		t.Errorf("a stopped run made %+v", hooks)
	}
	p.send(http.MethodPost, apiPlanPath(1, "/resume"), digestBody("x"+plan.Digest[1:])).want(http.StatusConflict)
	p.send(http.MethodPost, apiPlanPath(1, "/resume"), digestBody(plan.Digest)).want(http.StatusAccepted)
	g.visits(true)
	if run := p.send(http.MethodGet, apiPlanPath(1, "/run"), "").run(); run.Counts["done"] != 3 {
		t.Errorf("continued: %+v", run)
	}
}

// TestAPIProblems: each error is a problem with a type, a status and what to do.
// Checklist 58.
func TestAPIProblems(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p, viewer := g.program(team.Operator, team.ApplyScope), g.program(team.Viewer, team.ApplyScope)
	reader := g.program(team.Operator, team.ReadScope)
	file := fileFor(g.shopIDs(), good)
	digest := p.plans(file).want(http.StatusCreated).plan().Digest
	busy := p.plans(fileFor(g.shopIDs()[:1], good+"/2")).want(http.StatusCreated).plan().Digest
	apply := apiPlanPath(1, "/apply")
	nobody := &program{rig: g}
	as := func(token string) *program { return &program{g, token, ""} }
	var cookies []string
	for _, c := range g.member(team.Admin).client.Jar.Cookies(mustURL(t, g.url)) {
		cookies = append(cookies, c.String())
	}
	for _, test := range []struct {
		name               string
		who                *program
		method, path, body string
		headers            []string
		status             int
		slug               string // "" for about:blank
		says               string
		challenge          string
	}{
		{"without a token", nobody, "GET", apiShopsPath, "", nil, 401, "", "Send an access token", `Bearer realm="Hookwall"`},
		{
			"with a session's cookies", nobody, "GET", apiShopsPath, "",
			[]string{"Cookie", strings.Join(cookies, "; ")},
			401, "", "Send an access token", `Bearer realm="Hookwall"`,
		},
		{
			"with a password", nobody, "GET", apiShopsPath, "",
			[]string{"Authorization", "Basic YTpi"},
			401, "",
			"Send an access token", `Bearer realm="Hookwall"`,
		},
		{
			"with the token in the query", nobody, "GET", apiShopsPath + "?access_token=" + p.token, "", nil, 401, "",
			"Send an access token", `Bearer realm="Hookwall"`,
		},
		{
			"with a token that doesn't exist", as("hw_" + strings.Repeat("A", 32)), "GET", apiShopsPath, "", nil, 401, "token",
			"doesn’t exist", `Bearer realm="Hookwall", error="invalid_token"`,
		},
		{
			"with no form of a token", as("' OR 1=1 --"), "GET", apiShopsPath, "", nil, 401, "token",
			"doesn’t exist", `Bearer realm="Hookwall", error="invalid_token"`,
		},
		{"with too small a role", viewer, "POST", apiPlansPath, file, nil, 403, "role", "Operators and admins can", ""},
		{
			"with too small a scope", reader, "POST", apply, digestBody(digest), nil, 403, "token-scope", "needs apply",
			`Bearer realm="Hookwall", error="insufficient_scope", scope="apply"`,
		},
		{"an unknown path", p, "GET", "/api/v2/shops", "", nil, 404, "", "nothing at this path", ""},
		{"an unknown path without a token", nobody, "GET", "/api", "", nil, 404, "", "nothing at this path", ""},
		{"a path with a slash", p, "GET", apiShopsPath + "/", "", nil, 404, "", "nothing at this path", ""},
		{"another method", p, "DELETE", apiShopsPath, "", nil, 405, "", "Allow", ""},
		{"a question of a browser", nobody, "OPTIONS", apiShopsPath, "", []string{"Origin", "https://evil.example"}, 405, "", "Allow", ""},
		{
			"a form of another site", p, "POST", apply, digestBody(digest),
			[]string{"Sec-Fetch-Site", "cross-site"},
			403, "",
			"", "",
		},
		{"an unknown plan", p, "GET", apiPlanPath(99, ""), "", nil, 404, "", "no such plan", ""},
		{"no number", p, "GET", apiPlansPath + "/x", "", nil, 404, "", "no such plan", ""},
		{"a run of an unknown plan", p, "GET", apiPlanPath(99, "/run"), "", nil, 404, "", "no such plan", ""},
		{"an unknown format", p, "GET", apiFilePath + "?format=xml", "", nil, 400, "", "yaml or json", ""},
		{"a form", p, "POST", apiPlansPath, "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "", "application/yaml", ""},
		{
			"a key with a space", p, "POST", apiPlansPath, file,
			[]string{"Content-Type", yamlType, "Idempotency-Key", "a b"},
			400, "",
			"Idempotency-Key", "",
		},
		{
			"a long key", p, "POST", apiPlansPath, file,
			[]string{"Content-Type", yamlType, "Idempotency-Key", strings.Repeat("a", 201)},
			400, "", "Idempotency-Key", "",
		},
		{"a large file", p, "POST", apiPlansPath, strings.Repeat("#", fleet.MaxFile+1), []string{"Content-Type", yamlType}, 413, "", "4 MB", ""},
		{"no JSON", p, "POST", apply, "digest=" + digest, nil, 400, "", "JSON", ""},
		{"an unknown field", p, "POST", apply, `{"digest":"` + digest + `","x":1}`, nil, 400, "", "JSON", ""},
		{"more than one value", p, "POST", apply, digestBody(digest) + "{}", nil, 400, "", "JSON", ""},
		{"no digest", p, "POST", apply, `{}`, nil, 400, "", "digest", ""},
		{"another digest", p, "POST", apply, digestBody(strings.Repeat("0", len(digest))), nil, 409, "plan-altered", "nothing was sent", ""},
		{"a part of the digest", p, "POST", apply, digestBody(digest[:16]), nil, 409, "plan-altered", "nothing was sent", ""},
		{"a draft can't be stopped", p, "POST", apiPlanPath(1, "/stop"), "", nil, 409, "plan-state", "Read the plan", ""},
		{"it is applied", p, "POST", apply, digestBody(digest), nil, 202, "", "", ""},
		{"it is applied twice", p, "POST", apply, digestBody(digest), nil, 409, "plan-state", "Read the plan", ""},
		{"another plan in the same shop", p, "POST", apiPlanPath(2, "/apply"), digestBody(busy), nil, 409, "shops-busy", "Wait", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := test.who.send(test.method, test.path, test.body, test.headers...).want(test.status)
			if h := got.header; h.Get("Cache-Control") != "no-store" || h.Get("Access-Control-Allow-Origin") != "" ||
				len(h.Values("Set-Cookie")) != 0 || h.Get("WWW-Authenticate") != test.challenge {
				t.Errorf("the headers are %v", h)
			}
			if test.status < 400 {
				return
			}
			said := got.problem()
			want := plainProblem
			if test.slug != "" {
				want = problemPrefix + test.slug
			}
			if said.Type != want || said.Status != test.status || !strings.Contains(said.Detail, test.says) ||
				said.Title == "" || said.Detail == "" || said.RequestID != got.header.Get("X-Request-Id") ||
				!strings.HasPrefix(got.header.Get("Content-Type"), problemJSON) {
				t.Errorf("the problem is %+v", said)
			}
			if test.status == http.StatusMethodNotAllowed && got.header.Get("Allow") == "" {
				t.Error("it doesn't say which methods there are")
			}
		})
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestAPINamesFileProblems: all that is wrong with a file comes at once, with its
// place.
func TestAPINamesFileProblems(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.program(team.Operator, team.PlanScope)
	file := "version: 1\nshops:\n  - shop: nowhere.example\n    webhooks: []\n  - shop: " + g.shopIDs()[0] +
		"\n    webhook: []\n"
	got := p.plans(file).want(http.StatusUnprocessableEntity).problem()
	if got.Type != problemPrefix+"fleet-file" || len(got.Errors) < 2 || got.Errors[0].Line != 3 ||
		got.Errors[0].Column == 0 {
		t.Errorf("the problem is %+v", got)
	}
	if plans, err := g.store.Plans(t.Context(), g.server.Team.Owner(), 0, 9); err != nil || len(plans) != 0 {
		t.Errorf("there are %d plans: %v", len(plans), err)
	}
}

// TestAPIExportFormats: the query says in which format, else the Accept header.
func TestAPIExportFormats(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.program(team.Viewer, team.ReadScope)
	for _, test := range []struct{ query, accept, want string }{
		{"", "", yamlType},
		{"", "*/*", yamlType},
		{"", "application/yaml", yamlType},
		{"", "application/json", "application/json"},
		{"", "application/json, application/yaml", yamlType},
		{"?format=json", "application/yaml", "application/json"},
		{"?format=yaml", "application/json", yamlType},
		{"?format=yaml&label=none", "", yamlType},
	} {
		got := p.send(http.MethodGet, apiFilePath+test.query, "", "Accept", test.accept).want(http.StatusOK)
		if got.header.Get("Content-Type") != test.want || got.header.Get("Cache-Control") != "no-store" ||
			json.Valid([]byte(got.body)) != (test.want == "application/json") {
			t.Errorf("%s, Accept %s: %v %.100s", test.query, test.accept, got.header, got.body)
		}
		if has := strings.Contains(got.body, g.box.Shops()[0].Domain); has == strings.Contains(test.query, "label=none") {
			t.Errorf("%s: %.300s", test.query, got.body)
		}
	}
}

// TestAPIHasTheLimitsOfPeople: writes with a token are limited like those of a
// session, and reads are not.
func TestAPIHasTheLimitsOfPeople(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{
		team: &team.Config{Groups: roleGroups}, fleet: true, still: true,
		limits: Limits{Writes: Rate{Burst: 2, Every: time.Minute}},
	})
	p, other := g.program(team.Operator, team.ApplyScope), g.program(team.Admin, team.ApplyScope)
	for _, status := range []int{404, 404, 429} {
		got := p.send(http.MethodPost, apiPlanPath(1, "/stop"), "").want(status)
		if status == 429 && got.header.Get("Retry-After") != "60" {
			t.Errorf("it says to wait for %s s", got.header.Get("Retry-After"))
		}
	}
	p.send(http.MethodGet, apiShopsPath, "").want(http.StatusOK)
	other.send(http.MethodPost, apiPlanPath(1, "/stop"), "").want(http.StatusNotFound)
}

// TestAPITokenEnds: a token counts until its time is over, or it is revoked. If
// the identity provider decides the role, its person has to come by.
func TestAPITokenEnds(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	g := newRig(t, options{team: &team.Config{Groups: roleGroups}, fleet: true, still: true})
	p := g.program(team.Admin, team.ReadScope)
	status := func() int { return p.send(http.MethodGet, apiShopsPath, "").status }
	says := func() string { return p.send(http.MethodGet, apiShopsPath, "").problem().Detail }
	g.move(30*day - time.Minute)
	if status() != http.StatusOK {
		t.Errorf("after 30 days: %s", says())
	}
	g.move(2 * time.Minute)
	if got := says(); got != idleTokenText {
		t.Errorf("a person who was away for 30 days: %s", got)
	}
	g.withGroup("Program of admin with read", team.Admin)
	if status() != http.StatusOK {
		t.Errorf("after a sign-in: %s", says())
	}
	g.must(g.store.Sweep(t.Context()))
	g.move(335 * day)
	g.withGroup("Program of admin with read", team.Admin)
	if got := says(); got != expiredTokenText {
		t.Errorf("after a year: %s", got)
	}
	g.must(g.store.Sweep(t.Context()))
	if got := says(); got != expiredTokenText {
		t.Errorf("swept too soon: %s", got)
	}
	g.move(30 * day)
	g.must(g.store.Sweep(t.Context()))
	if got := says(); got != badTokenText {
		t.Errorf("long after its end: %s", got)
	}
}

// TestAPIWithoutATeam: nobody has tokens there, and a problem says so.
func TestAPIWithoutATeam(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{fleet: true})
	p := g.person()
	p.connect(0)
	for _, path := range []string{apiShopsPath, apiPlansPath, "/api"} {
		got := (&program{rig: g}).send(http.MethodGet, path, "").want(http.StatusNotFound).problem()
		if got.Detail != noTeamAPIText {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

// TestAPIBehindProxy: if a reverse proxy signs people in, requests to the API
// come through it too. Whom it names doesn't matter there.
func TestAPIBehindProxy(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef"
	g := newPlanRig(t)
	p := g.program(team.Viewer, team.ReadScope)
	var err error
	g.server.Header, err = team.NewHeader(team.HeaderConfig{
		UserHeader: "X-Forwarded-User", Secret: secret, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	g.must(err)
	for _, test := range []struct {
		headers []string
		status  int
	}{
		{nil, http.StatusForbidden},
		{[]string{team.ProxySecretHeader, "wrong"}, http.StatusForbidden},
		{[]string{team.ProxySecretHeader, secret}, http.StatusOK},
		{[]string{team.ProxySecretHeader, secret, "X-Forwarded-User", "zoe"}, http.StatusOK},
		{[]string{team.ProxySecretHeader, secret, "X-Forwarded-User", "zoe", "Authorization", ""}, http.StatusUnauthorized},
	} {
		p.send(http.MethodGet, apiShopsPath, "", test.headers...).want(test.status)
	}
}

// TestAPIWithoutVisits: without background visits there are no plans.
func TestAPIWithoutVisits(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	got := g.program(team.Admin, team.ReadScope).send(http.MethodGet, apiShopsPath, "").want(http.StatusNotImplemented)
	if got.problem().Detail != noFleetAPIText {
		t.Errorf("the problem is %+v", got.problem())
	}
}

// TestEveryPlanProblemIsDescribed: the types of problems are those in the
// OpenAPI file.
func TestEveryPlanProblemIsDescribed(t *testing.T) {
	t.Parallel()
	doc, _ := described()
	known := map[string]bool{}
	for _, one := range doc.Components.Schemas["Problem"].Value.Properties["type"].Value.Enum {
		known[one.(string)] = true
	}
	for _, p := range planProblems {
		if !known[problemPrefix+p.slug] {
			t.Errorf("%s is not in the OpenAPI file, which has %v", p.slug, slices.Sorted(maps.Keys(known)))
		}
	}
}
