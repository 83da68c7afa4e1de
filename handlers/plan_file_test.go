package handlers

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fleet"
	"hookwall/internal/team"
)

// fileRequest is the form for a file as a browser sends it. Without a name, no
// file was chosen.
func (p *person) fileRequest(name, content, text string) *http.Request {
	p.t.Helper()
	var sent bytes.Buffer
	form := multipart.NewWriter(&sent)
	p.must(form.WriteField(keyField, "AAAAAAAAAAAAAAAAAAAAAAAAAA"))
	part, err := form.CreateFormFile(fileField, name)
	p.must(err)
	_, err = part.Write([]byte(content))
	p.must(err)
	p.must(form.WriteField(textField, text))
	p.must(form.Close())
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+planFilePath, &sent)
	p.must(err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return r
}

func (p *person) uploads(content string) *page {
	p.t.Helper()
	return p.do(p.fileRequest("shops.yaml", content, ""))
}

// TestPlanFromFile: a person downloads the webhooks of all shops, edits the
// file, uploads it, reviews the plan and applies it. Then the shops are as the
// file says.
func TestPlanFromFile(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	exported := p.get(shopsYAMLPath).want(http.StatusOK).body
	p.uploads(exported).want(http.StatusUnprocessableEntity, "Nothing would change", "3 shops are already like this")

	first := g.box.Shops()[0]
	edited := strings.Replace(exported, "webhooks: []",
		"webhooks:\n      - url: "+good+"\n        types: [ORDER_PLACED, \"0123\"]", 1)
	p.uploads(strings.ReplaceAll(edited, ", \"0123\"", ", ORDER_PLACD")).want(http.StatusUnprocessableEntity,
		"This file has one problem", "column", "This event type is unknown", "Did you mean ORDER_PLACED?", "types: [ORDER_PLACED, ORDER_PLACD]")
	edited = strings.ReplaceAll(edited, ", \"0123\"", "")
	pg := p.uploads(edited).want(http.StatusOK, "Plan 1 · File in 1 shop", "1 change", "1 new webhook", first.Name)
	if again := p.uploads(edited); again.url.Path != planPath(1) {
		t.Errorf("the same form with the same file leads to %s", again.url)
	}
	p.uploads(strings.Replace(edited, "[ORDER_PLACED]", "[DONATION]", 1)).want(http.StatusOK, "Plan 2")
	pg.postForm("/apply").submit().want(http.StatusOK, "The run has begun")
	g.visits(false)
	p.get(planPath(1)).want(http.StatusOK, "1 of 1 change done")
	hooks := g.box.Webhooks(first.ID)
	if len(hooks) != 1 || hooks[0].URL != good || !cmp.Equal(hooks[0].AllowedTypes, []string{"ORDER_PLACED"}) {
		t.Errorf("the shop has %+v", hooks)
	}
	g.visits(true)
	p.uploads(edited).want(http.StatusUnprocessableEntity, "Nothing would change", "3 shops are already like this")
	p.get(plansPath).want(http.StatusOK, "Plan 1", "File", "1 shop")
}

// TestFileProblemsAreShown: all that is wrong is listed by line, and what was
// sent is shown again.
func TestFileProblemsAreShown(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.member(team.Operator)
	const wrong = "version: 1\nshops:\n  - shop: nothing.example\n    webhooks: []\n    webhook: <b>\n\tx: 1\n"
	tests := []struct {
		name              string
		file, text, field string
		want              []string
	}{
		{"a file", wrong, "", wrong, []string{
			"This file has 4 problems", "Line 3, column 11.", "None of your connected shops", "Line 5, column 5.", "webhook: <b>",
			"Line 6, column 1.", "Line 6, column 5.", "There is no field “x” here", "If you choose a file",
		}},
		{"a text", "", wrong, wrong, []string{"This file has 4 problems", "Line 6, column 1."}},
		{"both", "a", wrong, "a", []string{"This file has one problem", "A file begins with its fields"}},
		{"nothing", "", "", "", []string{"No file chosen"}},
		{"a large file", "x: 1\n" + strings.Repeat("# comment\n", 10_000), "", "", []string{"problems", "Choose the file again after you fix it."}},
		{"too large", strings.Repeat("#", fleet.MaxFile+1), "", "", []string{"This file is larger than 4 MiB"}},
		{"not text", "\xff\x00", "", "\ufffd\ufffd", []string{"This is not UTF-8 text"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name := "f"
			if test.file == "" {
				name = ""
			}
			pg := p.do(p.fileRequest(name, test.file, test.text)).want(http.StatusUnprocessableEntity, test.want...)
			if got := pg.postForm(planFilePath).values.Get(textField); strings.ReplaceAll(got, "\r\n", "\n") != test.field {
				t.Errorf("the field has %q, want %q", got, test.field)
			}
			if pg.postForm(planFilePath).values.Get(keyField) != "AAAAAAAAAAAAAAAAAAAAAAAAAA" {
				t.Error("the form is another one")
			}
		})
	}
	p.uploads(strings.Repeat("#", maxFileForm)).want(http.StatusRequestEntityTooLarge)
	if plans := p.get(plansPath).text(); strings.Contains(plans, "Plan 1") {
		t.Error("there is a plan")
	}
}

// TestShopsFiles: the files have what the filter shows, for whoever may see it.
func TestShopsFiles(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	viewer := g.member(team.Viewer)
	for path, want := range map[string][3]string{
		shopsYAMLPath: {"application/yaml; charset=utf-8", `attachment; filename=shops.yaml`, "# The webhooks of 3 shops"},
		shopsJSONPath: {"application/json; charset=utf-8", `attachment; filename=shops.json`, "{\n  \"$comment\": ["},
	} {
		pg := viewer.get(path).want(http.StatusOK)
		got := [3]string{pg.header.Get("Content-Type"), pg.header.Get("Content-Disposition"), pg.body[:len(want[2])]}
		if got != want || pg.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s is %q, %q, want %q", path, got, pg.header.Get("Cache-Control"), want)
		}
		if again := viewer.get(path).body; again != pg.body {
			t.Errorf("%s is another file the second time:\n%s\n%s", path, pg.body, again)
		}
		one := viewer.get(path + "?q=" + url.QueryEscape(g.box.Shops()[2].Name))
		f, problems := fleet.ParseFile([]byte(one.body))
		if len(problems) > 0 || len(f.Shops) != 1 || len(f.Shops[0].Webhooks) != 3 {
			t.Errorf("%s with a filter is %s, %v", path, one.body, problems)
		}
	}
	viewer.get(planFilePath).want(http.StatusForbidden)
	stranger := g.person().noRedirects()
	for _, path := range []string{shopsYAMLPath, shopsJSONPath, planFilePath} {
		stranger.get(path).want(http.StatusSeeOther)
	}
	schema := stranger.get(fileSchemaPath).want(http.StatusOK)
	if !json.Valid([]byte(schema.body)) || schema.body != string(fleet.FileSchema) {
		t.Error("the schema isn't that of the files")
	}
	g.member(team.Operator).get(newPlanPath+"?q=Tidewater").want(http.StatusOK).link("File").
		want(http.StatusOK, "The webhooks of 1 shop, as we last read them").link("Download YAML").
		want(http.StatusOK, "Tidewater")
}

// TestForgedUploads: a file from another page is refused, and changes nothing.
// Checklist 19.
func TestForgedUploads(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	text := v.writes()[planFilePath].form.Get(textField)
	before := v.state()
	for name, header := range forgeries(v.url) {
		r := v.fileRequest("f", text, "")
		for key, values := range header {
			r.Header[key] = values
		}
		if pg := v.noRedirects().do(r); pg.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, pg.status)
		}
	}
	if diff := cmp.Diff(before, v.state()); diff != "" {
		t.Errorf("forged uploads changed something:\n%s", diff)
	}
	r := v.fileRequest("f", text, "")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if pg := v.noRedirects().do(r); pg.status != http.StatusSeeOther {
		t.Errorf("our own upload: %d %s", pg.status, pg.text())
	}
}

// TestFileTextIsKept: what was typed into the form is there again after a
// sign-in.
func TestFileTextIsKept(t *testing.T) {
	t.Parallel()
	g := newPlanRig(t)
	p := g.person()
	pg := p.noRedirects().do(p.fileRequest("", "", "version: 2")).want(http.StatusSeeOther)
	to, err := url.Parse(pg.header.Get("Location"))
	g.must(err)
	home, err := url.Parse(g.url)
	g.must(err)
	p.client.Jar.SetCookies(home, g.member(team.Operator).client.Jar.Cookies(home))
	back := p.get(to.Query().Get("return")).want(http.StatusOK)
	if got := back.postForm(planFilePath).values.Get(textField); got != "version: 2" {
		t.Errorf("the field has %q at %s", got, back.url)
	}
}
