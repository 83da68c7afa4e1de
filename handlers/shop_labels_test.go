package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/activity"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// shopRows returns the names of the shops on a page of the list.
func (pg *page) shopRows() (names []string) {
	for _, row := range strings.Split(pg.body, `<li class="row">`)[1:] {
		_, name, _ := strings.Cut(row, "<bdi>")
		name, _, _ = strings.Cut(name, "</bdi>")
		names = append(names, strings.TrimSpace(name))
	}
	return names
}

// label adds labels to a shop on its page.
func (p *person) label(shopID, labels string) *page {
	p.t.Helper()
	return p.post(shopLabelsPath(shopID), url.Values{"labels": {labels}})
}

// labelsOf returns the labels of an owner's shop.
func (p *person) labelsOf(shopID string) []string {
	p.t.Helper()
	own := owner(p)
	if p.server.Team != nil {
		own = p.server.Team.Owner()
	}
	all, err := p.store.ShopLabels(p.t.Context(), own)
	p.must(err)
	return all[shopID]
}

// TestLabelsOfAShop: labels are added and removed on the shop's page. What can't
// be added is still there as it was typed.
func TestLabelsOfAShop(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	shop := p.connect(0)
	at := shopLabelsPath(shop.ID)
	p.get(shopsPath).link("Add label to "+shop.Name).want(http.StatusOK, "No labels yet")
	full := "0,1,2,3,4,5,6,7"
	for _, step := range []struct {
		form   url.Values
		status int
		says   string
		typed  string // afterwards
		has    []string
	}{
		{url.Values{"labels": {"Client, production"}}, 200, "Labels added Client, production", "", []string{"Client", "production"}},
		{url.Values{"labels": {"CLIENT"}}, 200, "Nothing to add", "", []string{"Client", "production"}},
		{url.Values{"labels": {"  "}}, 422, "Type a label", "  ", []string{"Client", "production"}},
		{url.Values{"labels": {"a\tb"}}, 422, "can’t be seen", "a\tb", []string{"Client", "production"}},
		{url.Values{"labels": {strings.Repeat("é", 41)}}, 422, "41 characters", strings.Repeat("é", 41), []string{"Client", "production"}},
		{url.Values{"labels": {full + ",8"}}, 422, "more than 10 labels", full + ",8", []string{"Client", "production"}},
		{url.Values{"labels": {"half"}, "remove": {"client"}}, 200, "Label removed client", "half", []string{"production"}},
		{url.Values{"remove": {"client"}}, 200, "Already removed", "", []string{"production"}},
	} {
		pg := p.post(at, step.form).want(step.status, step.says)
		if got := pg.form(at).values.Get("labels"); got != step.typed {
			t.Errorf("%v: the field has %q", step.form, got)
		}
		if diff := cmp.Diff(step.has, p.labelsOf(shop.ID)); diff != "" {
			t.Errorf("%v: %s", step.form, diff)
		}
	}
	records := p.get(activityPath(shop.ID) + ".csv?action=" + activity.LabelShop).records()
	var got [][]string
	for _, r := range records[1:] {
		got = append(got, []string{r[1], r[2], r[18], r[19]})
	}
	want := [][]string{{"shop.label", "done", "", "client"}, {"shop.label", "done", "Client, production", ""}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	p.get(activityPath(shop.ID)).want(http.StatusOK, "Labels changed", "+ Client, + production", "− client")
}

// TestLabelsOutliveTheConnection: an expired shop can be labeled, and connecting
// it again keeps its labels.
func TestLabelsOutliveTheConnection(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	shop := p.connect(0)
	conn, err := p.store.Connection(t.Context(), owner(p), shop.ID)
	p.must(err)
	p.must(p.store.ExpireConnection(t.Context(), conn.ID, conn.Version, store.End{}))
	p.label(shop.ID, "client").want(http.StatusOK, "Label added")
	p.connect(0)
	p.get(shopsPath).want(http.StatusOK, "client")
	if diff := cmp.Diff([]string{"client"}, p.labelsOf(shop.ID)); diff != "" {
		t.Error(diff)
	}
}

// TestLabelsAreTyped: what was typed before a session ended is in the form after
// the next sign-in.
func TestLabelsAreTypedOnce(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	shop := g.box.Shops()[0]
	boss, err := g.server.Team.Person(t.Context(), g.member(team.Admin).id())
	g.must(err)
	for path, form := range map[string]url.Values{
		shopLabelsPath(shop.ID): {"labels": {"half typed"}},
		labelShopsPath:          {"labels": {"half typed"}, "q": {"nine"}, "seen": {"x"}},
	} {
		p := g.signsIn(team.Identity{Issuer: "https://id.example", Subject: path, Name: "Ann"})
		pg := p.post(path, form).want(http.StatusForbidden, "keep your form")
		g.must(g.server.Team.SetRole(t.Context(), boss.Actor(), p.id(), team.Operator))
		g.connectsMore()
		again := pg.link("Try again").want(http.StatusOK)
		if got := again.form(path).values.Get("labels"); got != "half typed" {
			t.Errorf("%s: the field has %q", path, got)
		}
	}
}

// connectsMore connects a second shop of the team's, so that several can be
// labeled.
func (g *rig) connectsMore() { g.member(team.Admin).connectKey(1) }

// TestShopsByLabel: the list is filtered by a label, and the searches find it.
func TestShopsByLabel(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	p.connect(0)
	p.fill(60)
	for i := range 55 {
		p.label(fmt.Sprintf("sh_%04d", i), "Client")
	}
	p.label("sh_0003", "Größe, <b>, production, last")
	for _, test := range []struct {
		query string
		says  string
		first string
	}{
		{"?label=Client", "55 of 61 shops shown", "Shop 0000"},
		{"?label=CLIENT&page=2", "51–55 of 55", "Shop 0050"},
		{"?label=Gro%CC%88%C3%9Fe", "1 of 61 shops shown", "Shop 0003"},
		{"?label=%3Cb%3E&q=shop", "1 of 61 shops shown", "Shop 0003"},
		{"?q=größe+0003", "1 of 61 shops shown", "Shop 0003"},
		{"?label=none", "No shops match", ""},
		{"?label=Client&q=0059", "No shops match", ""},
	} {
		pg := p.get(shopsPath+test.query).want(http.StatusOK, test.says)
		if rows := append(pg.shopRows(), ""); rows[0] != test.first {
			t.Errorf("%s: the first row is %q", test.query, rows[0])
		}
	}
	for query, to := range map[string]string{
		"?q=&label=": shopsPath, "?q=&label=Client": shopsPath + "?label=Client", "?label=&q=x": shopsPath + "?q=x",
	} {
		if got := p.noRedirects().get(shopsPath + query).header.Get("Location"); got != to {
			t.Errorf("%s leads to %q", query, got)
		}
	}
	p.get(shopsPath+"?q=0003").
		want(http.StatusOK, "Any label", "Client (55)", "+3 Größe, last, production", "Edit labels of Shop 0003")
	if href := p.get(shopsPath + "?q=0003").link("<b>"); href.url.String() != p.url+shopsPath+"?label=%3Cb%3E" {
		t.Errorf("a label leads to %s", href.url)
	}
	p.findShops("grö").want(http.StatusOK, "1 of 61 shops", "Shop 0003")
}

// TestLabelsStaySmall: the list doesn't grow with the number of labels.
func TestLabelsStaySmall(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	p.connect(0)
	p.fill(300)
	for i := range 300 {
		_, err := p.store.AddShopLabels(t.Context(), owner(p), []string{fmt.Sprintf("sh_%04d", i)},
			[]string{fmt.Sprint("label ", i)}, nothingToRecord)
		p.must(err)
	}
	pg := p.get(shopsPath).want(http.StatusOK)
	if n := strings.Count(pg.body, "<option"); n > 2*maxKnownLabels+1 || len(pg.body) > 120_000 {
		t.Errorf("%d options, %d bytes", n, len(pg.body))
	}
	p.get(shopsPath+"?label=label+299").want(http.StatusOK, "1 of 301 shops shown")
}

// TestLabelSeveralShops: all found shops get a label, each once, and what was
// seen is what is labeled.
func TestLabelSeveralShops(t *testing.T) {
	t.Parallel()
	p := newRig(t, options{}).person()
	p.connect(0)
	p.fill(60)
	f := p.get(shopsPath+"?q=shop").want(http.StatusOK, "Label 60 shops").form(labelShopsPath)
	bad := f.set("labels", " ").submit().want(http.StatusUnprocessableEntity, "Type a label", "60 of 61 shops shown")
	pg := bad.form(labelShopsPath).set("labels", "Client, 2026").submit().
		want(http.StatusOK, "60 shops labeled Client, 2026.", "60 of 61 shops shown")
	if pg.url.RawQuery != "q=shop" {
		t.Errorf("it leads to %s", pg.url)
	}
	if n := len(p.labelsOf("sh_0059")); n != 2 || len(p.labelsOf(p.box.Shops()[0].ID)) != 0 {
		t.Errorf("%d labels", n)
	}
	p.get(activityPath("sh_0007")).want(http.StatusOK, "+ Client, + 2026")

	p.label("sh_0001", "1,2,3,4,5,6,7,8")
	p.label("sh_0002", "client, Extra")
	all := p.get(shopsPath).want(http.StatusOK, "Label 61 shops").form(labelShopsPath)
	all.set("labels", "extra").submit().want(http.StatusOK,
		"59 shops labeled", "1 shop already had this label", "1 shop would have more than 10 labels")

	stale := p.get(shopsPath+"?label=Extra").want(http.StatusOK, "Label 60 shops").form(labelShopsPath)
	p.post(shopLabelsPath("sh_0003"), url.Values{"remove": {"Extra"}})
	pg = stale.set("labels", "late").submit().want(http.StatusConflict, "The list has changed", "Label 59 shops")
	if got := pg.form(labelShopsPath).values.Get("labels"); got != "late" {
		t.Errorf("the field has %q", got)
	}
	if slices.Contains(p.labelsOf("sh_0000"), "late") {
		t.Error("a list that wasn't seen was labeled")
	}
}

// TestLabelsByRole: a viewer sees labels, without a way to change them.
func TestLabelsByRole(t *testing.T) {
	t.Parallel()
	g := newTeamRig(t)
	g.connectsMore()
	shop := g.box.Shops()[0]
	g.member(team.Operator).label(shop.ID, "client").want(http.StatusOK, "Label added")
	v := g.member(team.Viewer)
	pg := v.get(shopsPath).want(http.StatusOK, "client", "Any label")
	for _, text := range []string{"Add label", "Edit", "Label 2 shops"} {
		if strings.Contains(pg.text(), text) {
			t.Errorf("a viewer sees %q", text)
		}
	}
	v.get(shopLabelsPath(shop.ID)).want(http.StatusForbidden)
	v.label(shop.ID, "forged").want(http.StatusForbidden)
	records := v.get(activityPath(shop.ID) + ".csv").records()
	want := []string{"The operator", "operator@agency.example", "operator", "client", ""}
	if diff := cmp.Diff(want, records[1][15:20]); diff != "" {
		t.Error(diff)
	}
}
