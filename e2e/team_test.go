package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/playwright-community/playwright-go"

	"hookwall/e2e/browser"
	"hookwall/e2e/process"
	"hookwall/internal/sandbox"
	"hookwall/internal/team"
)

// The sandbox's people, by role.
const (
	ada  = "Ada Brooks" // admin
	omar = "Omar Reyes" // operator
	vera = "Vera Lind"  // viewer
)

// teamScenes are the pages of a team.
var teamScenes = []scene{
	{name: "sign in", show: showSignIn, status: 200, heading: "Sign in to Hookwall", team: true},
	{name: "sign in, with a kept form", show: showKeptByTeam, status: 200, heading: "Sign in to Hookwall", team: true},
	{name: "sign in, removed", show: showRemoved, status: 200, heading: "Sign in to Hookwall", team: true},
	{name: "connect, for a team", show: showTeamConnect, status: 200, heading: "Connect shops", team: true},
	{
		name: "sign in, the provider is down", team: true, status: 200, heading: "Sign in to Hookwall",
		show: func(v *visitor) int { return v.Open("/sign-in?outcome=down") },
	},
	{name: "people", show: showMembers, status: 200, heading: "People", team: true},
	{name: "people, remove", show: showRemove, status: 200, heading: "People", team: true},
	{name: "team activity", show: showTeamActivity, status: 200, heading: "Team activity", team: true},
	{name: "sessions and tokens", show: showYou, status: 200, heading: "Sessions and tokens", team: true},
	{name: "access token", show: showAccessToken, status: 200, heading: "Copy your access token", team: true},
	{name: "no role", show: showNoRole, status: 403, heading: "You don’t have access yet", team: true},
	{name: "not allowed", show: showNotAllowed, status: 403, heading: "Only admins can do this", team: true},
	{name: "list, of a viewer", show: showListOfViewer, status: 200, heading: "Webhooks", team: true},
	{name: "shops, of a viewer", show: showShopsOfViewer, status: 200, heading: "Shops", team: true},
	{name: "shops, labeled", show: showLabeledShops, status: 200, heading: "Shops", team: true},
	{name: "shops, labels for all", show: showBulkLabels, status: 422, heading: "Shops", team: true},
	{name: "labels of a shop", show: showShopLabels, status: 422, heading: "Labels", team: true},
	{name: "move shops", show: showMove, status: 200, heading: "Move shops to the team", team: true},
	{name: "move 40 shops", show: showMoveMany, status: 200, heading: "Move shops to the team", team: true},
	{name: "shops of before the team, of an operator", show: showPersonalShops, status: 200, heading: "Shops", team: true},
	{name: "sign out of a team", show: showTeamSignOut, status: 200, heading: "Sign out of Hookwall?", team: true},
}

// signInAs signs in as one of the sandbox's people, from the sign-in page.
func (v *visitor) signInAs(name string) {
	v.app.t.Helper()
	v.Submit(v.main().GetByRole("link", named("Sign in")))
	v.choose(name)
}

// choose chooses a person at the sandbox, and returns the status of the page
// that it leads to.
func (v *visitor) choose(name string) int {
	v.app.t.Helper()
	return v.Submit(v.named("button", "^"+name))
}

// hasSignedIn signs in as one of the sandbox's people, with the browser's cookies
// but without showing the pages on the way, and opens a page.
func (v *visitor) hasSignedIn(name, path string) {
	v.app.t.Helper()
	client := v.Context().Request()
	people, err := client.Get(v.app.url + "/sign-in/start")
	v.Must(err)
	body, err := people.Text()
	v.Must(err)
	at, err := url.Parse(people.URL())
	v.Must(err)
	form := process.Page{URL: at, Body: body}.Form("")
	fields := map[string]any{"person": personID(name)}
	for field := range form.Values {
		fields[field] = form.Values.Get(field)
	}
	signedIn, err := client.Post(form.Action, playwright.APIRequestContextPostOptions{Form: fields})
	v.Must(err)
	v.status(signedIn.Status(), http.StatusOK)
	v.Open(path)
}

func personID(name string) string {
	for _, p := range sandbox.People() {
		if p.Name == name {
			return p.ID
		}
	}
	return ""
}

// member is somebody of the team in a new browser, at a page.
func (a *app) member(name, path string, o browser.Options) *visitor {
	a.t.Helper()
	v := a.visit(o)
	v.hasSignedIn(name, path)
	return v
}

// teamShop connects the first demo shop for the team.
func (a *app) teamShop() sandbox.DemoShop {
	a.t.Helper()
	return a.member(ada, "/connect", browser.Options{}).connectKey(0)
}

func showSignIn(v *visitor) int { return v.Open("/") }

func showKeptByTeam(v *visitor) int {
	shop := v.app.teamShop()
	v.Open(newPath(shop))
	v.signInAs(omar)
	v.compose(shop, good, donation)
	name := playwright.String(v.sessionCookie())
	v.Must(v.Context().ClearCookies(playwright.BrowserContextClearCookiesOptions{Name: name}))
	return v.create()
}

// sessionCookie returns the name of the cookie that signs a person in.
func (v *visitor) sessionCookie() string {
	v.app.t.Helper()
	all, err := v.Context().Cookies()
	v.Must(err)
	for _, c := range all {
		if strings.Contains(c.Name, "session") {
			return c.Name
		}
	}
	v.app.t.Fatal("there is no session")
	return ""
}

func showRemoved(v *visitor) int {
	v.app.person(vera)
	v.app.removes(vera)
	v.Open("/")
	v.Submit(v.main().GetByRole("link", named("Sign in")))
	return v.choose(vera)
}

// person makes one of the sandbox's people known to the team, and returns it.
func (a *app) person(name string) team.Person {
	a.t.Helper()
	for _, p := range sandbox.People() {
		if p.Name == name {
			return a.known(team.Identity{
				Issuer: a.boxURL + sandbox.IssuerPath, Subject: p.ID, Name: p.Name, Email: p.Email, EmailVerified: true,
				Groups: []string{p.Group},
			})
		}
	}
	a.t.Fatalf("the sandbox has no %s", name)
	return team.Person{}
}

func (a *app) known(id team.Identity) team.Person {
	a.t.Helper()
	p, err := a.team.SignIn(a.t.Context(), id)
	a.must(err)
	return p
}

// removes takes a person's group away, as the identity provider would, and
// removes the person.
func (a *app) removes(name string) {
	a.t.Helper()
	p := a.person(name)
	a.known(team.Identity{Issuer: p.Issuer, Subject: p.Subject, Name: p.Name, Email: p.Email})
	a.must(a.team.Remove(a.t.Context(), a.person(ada).Actor(), p.ID))
}

// agency is a team of several people, whose roles come from everywhere.
func (a *app) agency() {
	a.t.Helper()
	boss := a.person(ada)
	for _, p := range []struct {
		name, subject string
		group         string
		role          team.Role // set by an admin
	}{
		{"Operations admin", "boss", "", team.NoRole},
		{"Merch operator", "merch", "", team.Operator},
		{"Podcast operator", "podcasts", "", team.Operator},
		{"Finance viewer", "finance", "", team.NoRole},
		{"Audit viewer", "audit", "viewers", team.NoRole},
		{"Left in spring", "left", "", team.NoRole},
	} {
		id := team.Identity{
			Issuer: boss.Issuer, Subject: p.subject, Name: p.name, Email: p.subject + "@agency.example", EmailVerified: true,
		}
		if p.group != "" {
			id.Groups = []string{p.group}
		}
		known := a.known(id)
		if p.role != team.NoRole {
			a.must(a.team.SetRole(a.t.Context(), boss.Actor(), known.ID, p.role))
		}
		if p.subject == "left" {
			a.must(a.team.Remove(a.t.Context(), boss.Actor(), known.ID))
		}
	}
}

func showMembers(v *visitor) int {
	v.app.agency()
	v.app.move(3 * time.Hour)
	v.app.member(omar, "/", browser.Options{})
	v.app.member(ada, "/", browser.Options{})
	v.app.move(12 * time.Minute)
	v.Open("/people")
	v.Submit(v.main().GetByRole("link", named("Sign in")))
	return v.choose(ada)
}

func showTeamActivity(v *visitor) int {
	showMembers(v)
	v.connectKey(0)
	v.Open("/people/activity")
	v.Click(v.main().Locator(".log summary").Filter(hasText("Role changed")).First())
	return http.StatusOK
}

func showRemove(v *visitor) int {
	status := showMembers(v)
	v.Click(v.row("Merch operator").Locator("summary"))
	return status
}

// row is a person on the people page.
func (v *visitor) row(name string) playwright.Locator {
	return v.main().Locator("tbody tr").Filter(hasText(name))
}

func showYou(v *visitor) int {
	v.app.member(vera, "/you", browser.Options{})
	v.app.move(time.Hour)
	v.Open("/you")
	v.Submit(v.main().GetByRole("link", named("Sign in")))
	v.choose(vera)
	v.makeToken("CI of the music shops")
	return v.Open("/you")
}

func showAccessToken(v *visitor) int {
	v.Open("/you")
	v.Submit(v.main().GetByRole("link", named("Sign in")))
	v.choose(ada)
	return v.makeToken("CI of the music shops")
}

// makeToken makes an access token on the page of the person's sessions.
func (v *visitor) makeToken(name string) int {
	v.Fill(v.Label("Name"), name)
	return v.Submit(v.Role("button", "Make token"))
}

func showNoRole(v *visitor) int {
	delete(v.app.groups, "viewers")
	v.app.person(ada)
	v.Open("/")
	v.Submit(v.main().GetByRole("link", named("Sign in")))
	return v.choose(vera)
}

func showNotAllowed(v *visitor) int {
	v.app.person(ada)
	v.hasSignedIn(omar, "/")
	return v.Open("/people")
}

func showListOfViewer(v *visitor) int {
	shop := v.app.teamShop()
	v.app.add(0, good, "ORDER_PLACED")
	v.Open(listPath(shop))
	v.Submit(v.main().GetByRole("link", named("Sign in")))
	return v.choose(vera)
}

func showShopsOfViewer(v *visitor) int {
	v.app.teamShop()
	v.Open("/shops")
	v.Submit(v.main().GetByRole("link", named("Sign in")))
	return v.choose(vera)
}

func showTeamConnect(v *visitor) int {
	v.hasSignedIn(ada, "/")
	return v.Open("/connect")
}

func showTeamSignOut(v *visitor) int {
	v.hasSignedIn(vera, "/")
	return v.Open("/sign-out")
}

// TestJourneysOfRoles: an admin connects a shop and gives a role, an operator
// creates a webhook, a viewer sees it, and activity tells them apart. With
// script and without.
func TestJourneysOfRoles(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]browser.Options{"with script": {}, "without script": {NoJavaScript: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			admin := a.member(ada, "/", o)
			admin.heads("Connect shops")
			shop := admin.giveKey(0)

			operator := a.member(omar, newPath(shop), o)
			operator.heads("Create webhook")
			operator.compose(shop, good, donation)
			operator.status(operator.create(), 200)
			made := a.onlyOne(0, good)
			operator.status(operator.Open("/people"), 403)
			operator.reads("Only admins can do this", "Ask "+ada+" (ada@team.example)")

			viewer := a.member(vera, webhookPath(made), o)
			viewer.heads("hooks.example.com/fourthwall")
			for _, forbidden := range []string{"Edit", "Delete", "Create webhook", "Send a test", "People", "Disconnect"} {
				viewer.Gone(viewer.named("link", "^"+forbidden))
				viewer.Gone(viewer.named("button", "^"+forbidden))
			}
			viewer.status(viewer.Open(newPath(shop)), 403)
			viewer.reads("Viewers can’t do this", "Operators and admins can")

			admin.Open("/shops/" + shop.ID + "/activity")
			admin.reads(omar, "Webhook created", ada, "Shop connected")
			admin.Open("/people")
			admin.reads("3 members", omar, vera)
			admin.status(admin.Submit(admin.row(vera).GetByRole("button")), 200)
			admin.reads(vera + " must sign in again")
			viewer.Open(listPath(shop))
			viewer.heads("Sign in to Hookwall")
		})
	}
}

// TestRemovedInTheForm: a person is removed while a form is open. The form is
// kept, the page says what happened, and the form is back once the person is
// readmitted.
func TestRemovedInTheForm(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]browser.Options{"with script": {}, "without script": {NoJavaScript: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			shop := a.teamShop()
			v := a.member(omar, newPath(shop), o)
			v.compose(shop, good, donation)
			a.removes(omar)
			v.create()
			v.heads("Sign in to Hookwall")
			v.reads("We kept your form")
			v.noInput(good)
			v.Submit(v.main().GetByRole("link", named("Sign in")))
			v.choose(omar)
			v.reads("You were removed from this team", "Ask an admin of your team to readmit you")
			a.none(0, good)

			a.must(a.team.Readmit(t.Context(), a.person(ada).Actor(), a.idOf(omar)))
			v.Submit(v.main().GetByRole("link", named("Sign in again")))
			v.choose(omar)
			v.heads("Create webhook")
			v.kept(good, donation)
			v.status(v.create(), 200)
			a.onlyOne(0, good)
		})
	}
}

// idOf returns the ID of a person, who may have been removed.
func (a *app) idOf(name string) string {
	a.t.Helper()
	all, err := a.team.People(a.t.Context())
	a.must(err)
	for _, p := range all {
		if p.Name == name {
			return p.ID
		}
	}
	a.t.Fatalf("%s never signed in", name)
	return ""
}

// TestTeamSignInByKeyboard signs in and out with the keyboard alone, with script
// and without.
func TestTeamSignInByKeyboard(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]browser.Options{"with script": {}, "without script": {NoJavaScript: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := startTeam(t)
			v := a.visit(o)
			v.Open("/you")
			link := v.main().GetByRole("link", named("Sign in"))
			v.stepTo(link)
			v.status(v.press("Enter", link), 200)
			button := v.named("button", "^"+vera)
			v.stepTo(button)
			v.status(v.press("Enter", button), 200)
			v.at("/you")
			v.reads("You’re signed in as "+vera, "Viewer")
			v.Open("/sign-out")
			out := v.Role("button", "Sign out")
			v.stepTo(out)
			v.status(v.press("Enter", out), 200)
			v.reads("You’re signed out of Hookwall", "may still have you signed in")
		})
	}
}
