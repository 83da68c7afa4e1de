package handlers

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hookwall/internal/team"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// badReturns are the return paths of testdata for each of a few hosts, and
// what a rule makes: every way to begin an address without its own host, with
// every way to write a slash.
func badReturns(t testing.TB) (out []string) {
	t.Helper()
	file, err := os.Open("testdata/attack/returns.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	hosts := []string{"evil.example", "localhost.evil.example", "3627734734"}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "# ") {
			continue
		}
		line, err := strconv.Unquote(`"` + strings.ReplaceAll(lines.Text(), `"`, `\"`) + `"`)
		if err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		for _, host := range hosts {
			out = append(out, strings.ReplaceAll(line, "{host}", host))
		}
	}
	slashes := []string{"/", `\`, "%2f", "%5c", "\t", "/.", "%2e"}
	for _, first := range slashes {
		for _, second := range slashes {
			for _, third := range append(slashes, "") {
				out = append(out, first+second+third+"evil.example/shops")
			}
		}
	}
	return out
}

// TestReturnsAreBad checks that the corpus has only bad return paths.
func TestReturnsAreBad(t *testing.T) {
	t.Parallel()
	bad := badReturns(t)
	if len(bad) < 500 || !slices.Contains(bad, "//evil.example/shops") || !slices.Contains(bad, "/\t/evil.example") {
		t.Fatalf("there are only %d bad return paths", len(bad))
	}
	away := 0
	for _, path := range bad {
		if !staysHere("http://localhost:8080", path) {
			away++
		}
	}
	if away < 200 {
		t.Errorf("only %d of %d would lead away", away, len(bad))
	}
}

var scheme = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]*):`)

// staysHere reports whether a browser would stay on our pages. It accepts more
// than Go as a URL: it drops blanks, and reads a backslash as a slash.
func staysHere(own, location string) bool {
	location = strings.Trim(location,
		" \x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f")
	location = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(location)
	if m := scheme.FindString(location); m != "" {
		return strings.HasPrefix(location, own+"/")
	}
	return !strings.HasPrefix(location, "//")
}

// leadsHere checks that the browser is sent to our host, and to a page that a
// return path may name.
func (g *rig) leadsHere(what, location string) {
	g.t.Helper()
	if !staysHere(g.url, location) {
		g.t.Errorf("%s: leads away, to %q", what, location)
		return
	}
	u, err := url.Parse(location)
	if err != nil || strings.ContainsFunc(location, func(c rune) bool { return c <= ' ' || c > '~' || c == '\\' }) {
		g.t.Errorf("%s: leads to %q (%v)", what, location, err)
		return
	}
	_, pattern := g.server.mux.Handler(&http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: u.Path, RawPath: u.RawPath},
	})
	if !g.server.resumable[pattern] && u.Path != "/connect" {
		g.t.Errorf("%s: leads to %q, which is no page to come back to", what, location)
	}
	if next := u.Query().Get("return"); next != "" {
		g.leadsHere(what+" later", next)
	}
}

// everyNth returns a part of a list, spread evenly.
func everyNth(list []string, n int) (out []string) {
	for i := 0; i < len(list); i += n {
		out = append(out, list[i])
	}
	return out
}

// TestOpenRedirects passes bad return paths to every place that takes one, and
// follows each to the end. FuzzReturnPath passes all of them to the function
// that these places share. Checklist 23.
func TestOpenRedirects(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	shop := g.box.Shops()[0]
	for i, bad := range everyNth(badReturns(t), 5) {
		p, name, q := g.person(), strconv.Quote(bad), url.QueryEscape(bad)
		g.leadsHere("guide "+name, p.noRedirects().post(guidePath, url.Values{"return": {bad}}).header.Get("Location"))
		for _, to := range p.get("/connect?return=" + q + "&shop=" + q).want(http.StatusOK).leads() {
			g.leadsHere("page "+name, to)
		}
		switch i % 4 { // these take long, and all read the value in one way
		case 0:
			g.leadsHere("refused "+name, p.refusedSignIn("/oauth/start?way=code&return="+q))
		case 1:
			key := url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}, "return": {bad}}
			g.leadsHere("key "+name, p.noRedirects().post("/connect/key", key).header.Get("Location"))
		}
	}
}

// TestOpenRedirectsOfTeam passes bad return paths to a sign-in to the team, as a
// stranger and as a member, and follows each to the end. Checklist 23.
func TestOpenRedirectsOfTeam(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	provider := g.withProvider()
	member := g.member(team.Viewer)
	for i, bad := range everyNth(badReturns(t), 20) {
		p, name, q := g.person(), strconv.Quote(bad), url.QueryEscape(bad)
		for _, to := range p.get(signInPath + "?return=" + q + "&outcome=" + q).want(http.StatusOK).leads() {
			g.leadsHere("page "+name, to)
		}
		g.leadsHere("member "+name, member.noRedirects().get(signInPath+"?return="+q).header.Get("Location"))
		if i%4 == 0 {
			provider.QueueUser(mockUser("ann", "viewer"))
			at := p.noRedirects().get(p.noRedirects().get(signInStart + "?return=" + q).header.Get("Location"))
			g.leadsHere("end "+name, p.noRedirects().get(at.header.Get("Location")).header.Get("Location"))
		}
	}
}

// TestOpenRedirectsOfSignIn goes through whole sign-ins, by both flows.
// Checklist 23.
func TestOpenRedirectsOfSignIn(t *testing.T) {
	t.Parallel()
	g := newRig(t, options{})
	for way, part := range map[string]int{"code": 40, "implicit": 160} {
		for _, bad := range everyNth(badReturns(t), part) {
			end := g.person().wholeSignIn("/oauth/start?way=" + way + "&return=" + url.QueryEscape(bad))
			g.leadsHere(way+" "+strconv.Quote(bad), end)
		}
	}
}

// wholeSignIn starts a sign-in, allows it, and returns the URL where it ends.
func (p *person) wholeSignIn(start string) string {
	p.t.Helper()
	to := p.agree(start, "allow")
	if to.Fragment != "" {
		v, err := url.ParseQuery(to.Fragment)
		p.must(err)
		return p.noRedirects().post("/oauth/implicit", v).header.Get("Location")
	}
	return p.noRedirects().get(to.String()).header.Get("Location")
}

func (p *person) refusedSignIn(start string) string {
	p.t.Helper()
	return p.noRedirects().get(p.agree(start, "deny").String()).header.Get("Location")
}

// agree submits the consent page without drawing it.
func (p *person) agree(start, decision string) *url.URL {
	p.t.Helper()
	at, err := url.Parse(p.noRedirects().get(start).header.Get("Location"))
	p.must(err)
	form := at.Query()
	form.Set("shop", p.box.Shops()[0].ID)
	form.Set("decision", decision)
	form["grant"] = []string{"webhook_read", "webhook_write"}
	to, err := url.Parse(p.noRedirects().post("http://"+at.Host+at.Path, form).header.Get("Location"))
	p.must(err)
	return to
}

// leads returns the return paths in a page's links and forms.
func (pg *page) leads() (out []string) {
	walk(pg.doc, func(n *html.Node) {
		switch {
		case n.DataAtom == atom.A:
			u, err := url.Parse(attr(n, "href"))
			pg.p.must(err)
			if to := u.Query().Get("return"); to != "" {
				out = append(out, to)
			}
		case n.DataAtom == atom.Input && attr(n, "name") == "return" && attr(n, "value") != "":
			out = append(out, attr(n, "value"))
		}
	})
	return out
}
