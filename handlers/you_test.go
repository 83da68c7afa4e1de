package handlers

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// shownToken matches an access token.
var shownToken = regexp.MustCompile(`hw_[A-Z2-7]{32}`)

// makesToken sends the form for an access token, and returns the page.
func (p *person) makesToken(name, scope, days string) *page {
	p.t.Helper()
	f := p.get(youPath).want(http.StatusOK).postForm(tokensPath)
	return f.set("name", name).set("scope", scope).set("days", days).submit()
}

// TestTokenIsShownOnce: a person makes an access token, sees it on one page, uses
// it, sees when it was used, and revokes it. Each step is recorded, and the token
// is nowhere in the database or the log.
// Checklist 57.
func TestTokenIsShownOnce(t *testing.T) {
	t.Parallel()
	v := newTeamVictim(t)
	pg := v.makesToken("CI of Ann & Bob", "plan", "90").want(http.StatusOK,
		"Copy your access token", "We show this token only once", "CI of Ann & Bob · Read and plan")
	token := shownToken.FindString(pg.body)
	if token == "" || strings.Count(pg.body, token) != 1 || pg.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the page has %q: %v", token, pg.header)
	}
	list := v.get(youPath).want(http.StatusOK, "CI of Ann & Bob", "Read and plan", "Never used")
	p := &program{v.rig, token, ""}
	p.send(http.MethodGet, apiShopsPath, "").want(http.StatusOK)
	v.get(youPath).want(http.StatusOK, "Last used")
	for where, text := range v.state() {
		if strings.Contains(text, token) || strings.Contains(text, token[3:]) {
			t.Errorf("the token is in %s", where)
		}
	}
	if strings.Contains(list.body, token[3:]) || strings.Contains(v.logs.String(), token[3:]) {
		t.Error("the token is in the list or in the log")
	}
	v.get(youPath).postForm(revokeTokenPath).submit().want(http.StatusOK, "Token revoked")
	got := p.send(http.MethodGet, apiShopsPath, "").want(http.StatusUnauthorized).problem()
	if got.Detail != badTokenText {
		t.Errorf("revoked: %+v", got)
	}
	if text := v.get(youPath).text(); strings.Contains(text, "CI of Ann") {
		t.Errorf("it is listed still: %s", text)
	}
	done := v.actions(activity.OfTeam)
	for _, action := range []string{activity.MakeToken, activity.RevokeToken} {
		if !slices.Contains(done, action) {
			t.Errorf("%s is not recorded: %v", action, done)
		}
	}
	v.get(teamActivityPath).want(http.StatusOK,
		"Access token made", "Access token revoked", "CI of Ann & Bob", "Read and plan")
}

// TestTokenForm: what is missing is said at the field, and what was typed stays.
// A form makes one token.
func TestTokenForm(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	p := g.member(team.Operator)
	tokens := func() []store.AccessToken {
		all, err := g.server.Team.Tokens(t.Context(), p.id())
		g.must(err)
		return all
	}
	for _, test := range []struct{ name, typed, scope, days, says string }{
		{"no name", " ", "read", "30", "Enter a name"},
		{"a long name", strings.Repeat("ä", 61), "read", "30", "Enter a name"},
		{"a name with a line break", "a\nb", "read", "30", "Enter a name"},
		{"a token as the name", "hw_" + strings.Repeat("A", 32), "read", "30", "Enter a name"},
		{"an unknown scope", "CI", "admin", "30", "Choose again"},
		{"no scope", "CI", "", "30", "Choose again"},
		{"another time", "CI", "read", "3650", "Choose again"},
		{"no time", "CI", "read", "", "Choose again"},
	} {
		pg := p.makesToken(test.typed, test.scope, test.days).want(http.StatusUnprocessableEntity, test.says)
		want := strings.ReplaceAll(test.typed, "\n", "")
		if holdsSecret(want) {
			want = ""
		}
		if got := strings.ReplaceAll(pg.postForm(tokensPath).values.Get("name"), "\n", ""); got != want {
			t.Errorf("%s: %q is kept", test.name, got)
		}
	}
	if all := tokens(); len(all) != 0 {
		t.Fatalf("there are tokens: %+v", all)
	}
	form := p.get(youPath).postForm(tokensPath).set("name", "CI").set("scope", "apply").set("days", "365")
	form.submit().want(http.StatusOK, "Copy your access token")
	form.submit().want(http.StatusOK, "We showed this token already")
	all := tokens()
	if len(all) != 1 || all[0].Scope != "apply" || all[0].ExpiresAt.Sub(all[0].CreatedAt) != 365*24*time.Hour {
		t.Errorf("the tokens are %+v", all)
	}
	for range 29 {
		p.makesToken("More", "read", "30").want(http.StatusOK)
	}
	p.makesToken("One more", "read", "30").want(http.StatusUnprocessableEntity, "You have too many tokens")
}

// TestTokensForRoles: a role is offered what it can make use of, and nobody
// revokes another's token.
func TestTokensForRoles(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	viewer, operator := g.member(team.Viewer), g.member(team.Operator)
	if text := viewer.get(youPath).want(http.StatusOK, "Make a token").text(); strings.Contains(text, "plan and apply") {
		t.Error("a viewer is offered more than to read")
	}
	viewer.makesToken("CI", "apply", "30").want(http.StatusUnprocessableEntity, "Choose again")
	nobody := g.member(team.NoRole)
	if text := nobody.get(youPath).want(http.StatusOK, "Access tokens").text(); strings.Contains(text, "Make a token") {
		t.Error("a person without a role is offered a token")
	}
	nobody.post(tokensPath, url.Values{"name": {"CI"}, "scope": {"read"}, "days": {"30"}}).want(http.StatusForbidden)
	operator.makesToken("CI", "apply", "30").want(http.StatusOK)
	all, err := g.server.Team.Tokens(t.Context(), operator.id())
	g.must(err)
	viewer.post(revokeTokenPath, url.Values{"token": {all[0].ID}}).want(http.StatusOK)
	if all, err = g.server.Team.Tokens(t.Context(), operator.id()); err != nil || len(all) != 1 {
		t.Errorf("%d tokens are left: %v", len(all), err)
	}
}

// TestTokenIsNotSearched: a search doesn't take an access token into its URL.
func TestTokenIsNotSearched(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"hw_" + strings.Repeat("A", 32), "hw_aaaaaaaa", "Bearer hw_ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
		"x hw_ABCDEFGHIJ y", "https://hooks.example.com/?t=hw_ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
	} {
		if !holdsSecret(text) {
			t.Errorf("%q may be searched", text)
		}
	}
	if holdsSecret("hw_tools") {
		t.Error("a name that begins alike may not be searched")
	}
}
