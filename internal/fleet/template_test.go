package fleet

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hookwall/internal/fourthwall"
)

// TestCompare compares a shop with the templates that are for it.
func TestCompare(t *testing.T) {
	t.Parallel()
	const a, b, own = "https://a.example/x", "https://b.example/y", "https://a.example/{shop.id}/{shop.name}"
	template := func(id, labels string, report bool, hooks ...Webhook) Template {
		out := Template{ID: id, Labels: strings.Fields(labels), ReportExtra: report}
		for _, h := range hooks {
			out.Webhooks = append(out.Webhooks, h.Content)
		}
		return out
	}
	place := Place{ID: "sh_1", Domain: "sh_1.example", Name: "A/B", Labels: []string{"Music", "GRÖSSE"}}
	music := template("music", "music", false, hook("", a, "xy"))
	tests := map[string]struct {
		templates []Template
		hooks     []Webhook
		place     Place
		want      Likeness
		drifts    []string // template, likeness, items, extra and reason
	}{
		"no templates":              {want: ""},
		"a template for others":     {templates: []Template{template("games", "games", true, hook("", a, "x"))}, want: ""},
		"as the template":           {[]Template{music}, []Webhook{hook("1", a, "yx")}, place, AsTemplate, []string{"music same [] 0 "}},
		"a type twice is once":      {[]Template{music}, []Webhook{hook("1", a, "xyx")}, place, AsTemplate, []string{"music same [] 0 "}},
		"other webhooks ignored":    {[]Template{music}, []Webhook{hook("1", a, "xy"), hook("2", b, "z")}, place, AsTemplate, []string{"music same [] 0 "}},
		"a template for all":        {[]Template{template("all", "", false, hook("", a, "x"))}, []Webhook{hook("1", a, "x")}, Place{ID: "s"}, AsTemplate, []string{"all same [] 0 "}},
		"a label in capitals":       {[]Template{template("t", "grösse", false, hook("", a, "x"))}, []Webhook{hook("1", a, "x")}, place, AsTemplate, []string{"t same [] 0 "}},
		"one of several labels":     {[]Template{template("t", "games music", false, hook("", a, "x"))}, []Webhook{hook("1", a, "x")}, place, AsTemplate, []string{"t same [] 0 "}},
		"a type is missing":         {[]Template{music}, []Webhook{hook("1", a, "x")}, place, Differs, []string{"music differs [sh_1 1: https://a.example/x x → https://a.example/x xy] 0 "}},
		"a type too many":           {[]Template{music}, []Webhook{hook("1", a, "xyz")}, place, Differs, []string{"music differs [sh_1 1: https://a.example/x xyz → https://a.example/x xy] 0 "}},
		"no webhook":                {[]Template{music}, nil, place, Differs, []string{"music differs [sh_1 : - → https://a.example/x xy] 0 "}},
		"another URL":               {[]Template{music}, []Webhook{hook("1", a+"/", "xy")}, place, Differs, []string{"music differs [sh_1 : - → https://a.example/x xy] 0 "}},
		"the closest of two":        {[]Template{music}, []Webhook{hook("1", a, "z"), hook("2", a, "x")}, place, Differs, []string{"music differs [sh_1 2: https://a.example/x x → https://a.example/x xy] 0 "}},
		"other webhooks reported":   {[]Template{template("t", "", true, hook("", a, "x"))}, []Webhook{hook("1", a, "x"), hook("2", b, "z")}, place, Differs, []string{"t differs [] 1 "}},
		"those of another template": {[]Template{template("t", "", true, hook("", a, "x")), template("u", "", true, hook("", b, "z"))}, []Webhook{hook("1", a, "x"), hook("2", b, "z")}, place, AsTemplate, []string{"t same [] 0 ", "u same [] 0 "}},
		"as one of two": {
			[]Template{music, template("t", "", false, hook("", b, "z"))},
			[]Webhook{hook("1", a, "xy")},
			place, Differs,
			[]string{"music same [] 0 ", "t differs [sh_1 : - → https://b.example/y z] 0 "},
		},
		"two templates contradict each other": {
			[]Template{music, template("t", "", false, hook("", a, "z"))},
			[]Webhook{hook("1", a, "xy")},
			place, Differs,
			[]string{"music differs [] 0 contradicts", "t differs [] 0 contradicts"},
		},
		"two templates want the same": {
			[]Template{music, template("t", "", false, hook("", a, "yx"))},
			[]Webhook{hook("1", a, "xy")},
			place, AsTemplate,
			[]string{"music same [] 0 ", "t same [] 0 "},
		},
		"two webhooks of one template": {
			[]Template{template("t", "", false, hook("", a, "x"), hook("", b, "y"))},
			[]Webhook{hook("2", b, "y"), hook("1", a, "x")},
			place, AsTemplate,
			[]string{"t same [] 0 "},
		},
		"values of the shop": {
			[]Template{template("t", "", true, hook("", own, "x"))},
			[]Webhook{hook("1", "https://a.example/sh_1/A%2FB", "x")},
			place, AsTemplate,
			[]string{"t same [] 0 "},
		},
		"a value is missing": {
			[]Template{template("t", "", false, hook("", own, "x"))},
			nil,
			Place{ID: "s"},
			NotKnown,
			[]string{"t unknown [] 0 no_value"},
		},
		"a value is missing, and another template differs": {
			[]Template{template("t", "", false, hook("", own, "x")), template("u", "", false, hook("", a, "x"))},
			nil,
			Place{ID: "s"},
			Differs,
			[]string{"t unknown [] 0 no_value", "u differs [s : - → https://a.example/x x] 0 "},
		},
	}
	for name, test := range tests {
		c := Compare(test.templates, test.place, test.hooks)
		var drifts []string
		for _, d := range c.Drifts {
			drifts = append(drifts, fmt.Sprintf("%s %s %s %d %s", d.Template, d.Likeness, said(d.Items), len(d.Extra), d.Why))
		}
		if c.Likeness != test.want || !slices.Equal(drifts, test.drifts) {
			t.Errorf("%s: %q\n%q, want %q\n%q", name, c.Likeness, drifts, test.want, test.drifts)
		}
	}
}

// TestPlaceholders: what may be in the URL of a template.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, unknown, misplaced string }{
		"none":               {"https://h.example/x", "", ""},
		"in the path":        {"https://h.example/{shop.id}/{shop.domain}", "", ""},
		"in the query":       {"https://h.example?s={shop.name}", "", ""},
		"in the fragment":    {"https://h.example#{shop.name}", "", ""},
		"in the host":        {"https://{shop.domain}/x", "", "{shop.domain}"},
		"after the host":     {"https://h.example{shop.id}", "", "{shop.id}"},
		"in the user":        {"https://{shop.id}@h.example/", "", "{shop.id}"},
		"in place of all":    {"{shop.domain}", "", "{shop.domain}"},
		"without a scheme":   {"h.example/{shop.id}", "", ""},
		"another word":       {"https://h.example/{shop}/{SHOP.ID}/{ shop.id }", "{shop},{SHOP.ID},{ shop.id }", ""},
		"nothing in braces":  {"https://h.example/{}", "{}", ""},
		"an open brace":      {"https://h.example/{shop.id", "{", ""},
		"a closing brace":    {"https://h.example/shop.id}", "}", ""},
		"one in another one": {"https://h.example/{shop.{shop.id}}", "{,}", ""},
	}
	for name, test := range tests {
		unknown, misplaced := UnknownPlaceholders(test.text)
		if strings.Join(unknown, ",") != test.unknown || strings.Join(misplaced, ",") != test.misplaced {
			t.Errorf("%s: unknown %q, misplaced %q", name, unknown, misplaced)
		}
	}
}

// TestPlanLeavesContradictionsAlone: no plan changes a shop back and forth.
func TestPlanLeavesContradictionsAlone(t *testing.T) {
	t.Parallel()
	template := Template{Webhooks: []fourthwall.Content{{URL: "https://a.example/x", AllowedTypes: letters("x")}}}
	shop := seen(t, "s")
	shop.Contrary = true
	p, err := Propose(Edit{Kind: FromTemplate, Template: &template}, []Shop{shop, seen(t, "u")})
	if err != nil {
		t.Fatal(err)
	}
	left := []LeftOut{{Shop: "s", Why: Contradicts}}
	if len(p.Items) != 1 || p.Items[0].Shop != "u" || !slices.Equal(p.LeftOut, left) {
		t.Errorf("proposed %q, left out %v", said(p.Items), p.LeftOut)
	}
}
