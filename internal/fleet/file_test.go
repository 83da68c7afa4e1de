package fleet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

const smallFile = `version: 1
shops:
  - shop: a.example
    webhooks:
      - id: weh_1
        url: https://hooks.example/a
        types: [ORDER_PLACED]
  - shop: b.example
    prune: true
    webhooks: []
`

func TestParseFile(t *testing.T) {
	t.Parallel()
	want := File{Shops: []FileShop{
		{Shop: "a.example", Webhooks: []FileWebhook{{
			ID: "weh_1", Content: fourthwall.Content{
				URL: "https://hooks.example/a", AllowedTypes: []fourthwall.EventType{"ORDER_PLACED"},
			},
		}}},
		{Shop: "b.example", Prune: true},
	}}
	asJSON, err := want.encode(JSON, fileComments{})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"YAML":                    smallFile,
		"a byte order mark":       "\ufeff" + smallFile,
		"Windows line ends":       strings.ReplaceAll(smallFile, "\n", "\r\n"),
		"old Mac line ends":       strings.ReplaceAll(smallFile, "\n", "\r"),
		"comments":                "# a\n" + strings.ReplaceAll(smallFile, "\n", " # b\n") + "# c",
		"a start and an end":      "%YAML 1.2\n---\n" + smallFile + "...\n# end\n",
		"JSON":                    string(asJSON),
		"JSON with tabs":          strings.ReplaceAll(string(asJSON), "  ", "\t"),
		"JSON in one line":        oneLine(t, asJSON),
		"JSON with a final comma": strings.Replace(oneLine(t, asJSON), "]}", ",]}", 1),
		"JSON with escapes":       strings.ReplaceAll(string(asJSON), "/", `\/`),
		"a schema and comments": strings.Replace(smallFile, "version: 1", "$schema: x.json\n$comment: [a, {b: c}]\nversion: 1", 1) +
			"    $comment: null\n",
		"an alias": strings.Replace(strings.Replace(smallFile, "[ORDER_PLACED]", "*t", 1), "version: 1",
			"$comment: &t [ORDER_PLACED, ORDER_PLACED]\nversion: 1", 1),
		"quotes everywhere": strings.NewReplacer("version", `"version"`, "a.example", `'a.example'`, "true", "!!bool True").Replace(smallFile),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := ParseFile([]byte(text))
			if len(problems) > 0 {
				t.Fatalf("%v", problems)
			}
			if !reflect.DeepEqual(content(got), content(want)) {
				t.Errorf("read %+v, want %+v", content(got), content(want))
			}
			if err := validate(t, text); err != nil {
				t.Errorf("by the schema: %v", err)
			}
		})
	}
}

func oneLine(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// content returns a file without places.
func content(f File) (out File) {
	for _, shop := range f.Shops {
		one := FileShop{Shop: shop.Shop, Prune: shop.Prune}
		for _, hook := range shop.Webhooks {
			one.Webhooks = append(one.Webhooks, FileWebhook{
				ID: hook.ID, Content: fourthwall.Content{URL: hook.URL, AllowedTypes: fourthwall.TypeSet(hook.AllowedTypes)},
			})
		}
		out.Shops = append(out.Shops, one)
	}
	return out
}

// validate validates a file by the schema.
func validate(t testing.TB, text string) error {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(FileSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("file.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("file.json")
	if err != nil {
		t.Fatal(err)
	}
	var value any
	text = strings.TrimPrefix(strings.TrimPrefix(text, "\ufeff"), "%YAML 1.2\n")
	if json.Unmarshal([]byte(text), &value) != nil {
		if err := yaml.Load([]byte(text), &value); err != nil {
			return err
		}
	}
	again, err := json.Marshal(value)
	if err != nil {
		return err
	}
	value, err = jsonschema.UnmarshalJSON(bytes.NewReader(again))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(value)
}

// lines joins lines of a file.
func lines(all ...string) string { return strings.Join(all, "\n") + "\n" }

func TestFileProblems(t *testing.T) {
	t.Parallel()
	const begin = "version: 1\nshops:\n  - shop: a.example\n    webhooks:\n"
	const hook = "      - url: https://a.example/\n        types: [A]\n"
	tests := map[string]struct {
		text string
		want []string // beginnings
		// bySchema is false if the schema can't express what is wrong.
		bySchema bool
	}{
		"empty":           {"", []string{"This file is empty"}, true},
		"only comments":   {"# a\n\n", []string{"This file is empty"}, true},
		"a text":          {"hello", []string{"Line 1, column 1: A file begins with its fields"}, true},
		"a list":          {"- a", []string{"Line 1, column 1: A file begins with its fields"}, true},
		"a JSON number":   {"12", []string{"Line 1, column 1: A file begins with its fields"}, true},
		"nothing in it":   {"{}", []string{"Line 1, column 1: The field “version” is missing. Write version: 1.", "Line 1, column 1: The field “shops” is missing"}, true},
		"another version": {"version: 2\nshops: []", []string{"Line 1, column 10: This version of the format is unknown. Write version: 1."}, true},
		"a version in quotes": {"version: '1'\nshops: []", []string{
			"Line 1, column 10: This version of the format is unknown",
		}, true},
		"not UTF-8": {"version: 1\n# caf\xe9\n", []string{"Line 2, column 6: This is not UTF-8 text"}, false},
		"UTF-16":    {"\xff\xfev\x00e\x00", []string{"Line 1, column 1: This is not UTF-8 text"}, false},
		"a tab":     {begin + "\t" + hook, []string{"Line 5, column 1: This line begins with a tab"}, false},
		"tabs, and a problem elsewhere": {
			begin + "\t" + hook + "\t    id: a\n  - shop: b.example\n    webhook: []\n",
			[]string{
				"Line 5, column 1: This line begins with a tab", "Line 7, column 1: This line begins with a tab",
				"Line 9, column 5: There is no field “webhook” here. Did you mean “webhooks”?",
			},
			false,
		},
		"a duplicate key": {
			"version: 1\nshops: []\nshops: []\n", []string{"Line 3, column 1: “shops” is also on line 2. Keep one of them."}, false,
		},
		"a duplicate key in JSON": {
			`{"version": 1,` + "\n" + `"shops": [], "shops": []}`, []string{"Line 2, column 14: “shops” is also on line 2"}, false,
		},
		"an unknown field, twice": {
			"version: 1\nshops: []\nx: 1\nx: 1\n", []string{
				"Line 3, column 1: There is no field “x” here. Fields are version, shops.", "Line 4, column 1: “x” is also on line 3",
			}, false,
		},
		"fields by other names": {
			"version: 1\nshops:\n  - domain: a.example\n    webhooks:\n      - uri: https://a.example\n        events: [A]\n",
			[]string{
				"Line 3, column 5: There is no field “domain” here. Did you mean “shop”?",
				"Line 5, column 9: There is no field “uri” here. Did you mean “url”?",
				"Line 6, column 9: There is no field “events” here. Did you mean “types”?",
			},
			true,
		},
		"a typing error": {
			begin + "      - ulr: https://a.example\n        types: [A]\n",
			[]string{
				"Line 5, column 9: There is no field “ulr” here. Fields are url, types, id.",
				"Line 5, column 9: This webhook has no field “url”",
			},
			true,
		},
		"a list as a name": {"version: 1\nshops: []\n[a]: b\n", []string{"Line 3, column 1: This isn’t a field’s name"}, false},
		"a merge key": {
			begin + lines("      - &h", "        url: https://a.example/", "        types: [A]", "      - <<: *h",
				"        url: https://b.example/"),
			[]string{
				"Line 8, column 9: Merge keys (<<) aren’t supported", "Line 8, column 9: This webhook has no field “types”",
			},
			false,
		},
		"a second document": {
			smallFile + "---\n" + smallFile, []string{"Line 11, column 1: A second document begins here"}, false,
		},
		"a second document after an end": {
			smallFile + "...\nversion: 1\n", []string{"Line 12, column 1: A second document begins here"}, false,
		},
		"two documents in JSON": {"{}\n{}", []string{"Line 2, column 1: This isn’t valid YAML"}, false},
		"numbers and other kinds without quotes": {
			begin + "      - id: 0123\n        url: 2026-11-28\n        types: [1e3, null, true, no, ~, 0x1f, =1+1]\n",
			[]string{
				`Line 5, column 13: Without quotes, this isn’t a text. Write "0123" with its quotes.`,
				`Line 6, column 14: Without quotes, this isn’t a text. Write "2026-11-28" with its quotes.`,
				`Line 7, column 17: Without quotes, this isn’t a text. Write "1e3" with its quotes.`,
				`Line 7, column 22: Without quotes, this isn’t a text. Write "null" with its quotes.`,
				`Line 7, column 28: Without quotes, this isn’t a text. Write "true" with its quotes.`,
				`Line 7, column 38: This event type is empty`,
				`Line 7, column 41: Without quotes, this isn’t a text. Write "0x1f" with its quotes.`,
			},
			true,
		},
		"kinds of values": {
			"version: 1\n$schema: 3\nshops:\n  - shop: [a]\n    prune: yes\n    webhooks: {a: b}\n  - a.example\n  -\n",
			[]string{
				"Line 2, column 10: Without quotes, this isn’t a text. Write \"3\"",
				"Line 4, column 11: “shop” needs a text",
				"Line 5, column 12: “prune” is true or false",
				"Line 6, column 15: “webhooks” needs a list",
				"Line 7, column 5: A shop is written with its fields. They are shop, webhooks, prune.",
				"Line 8, column 4: A shop is written with its fields",
			},
			true,
		},
		"webhooks of another kind": {
			begin + lines("      - https://a.example", "      - url:", "        types:", "      - url: https://b.example",
				"        types: A"),
			[]string{
				"Line 5, column 9: A webhook is written with its fields. They are url, types, id.",
				"Line 6, column 13: “url” has no value. Enter one.",
				"Line 7, column 15: “types” needs a list",
				"Line 9, column 16: “types” needs a list",
			},
			true,
		},
		"a shop without a name": {"version: 1\nshops:\n  - shop: ' '\n    webhooks: []\n", []string{"Line 3, column 11: “shop” has no value"}, true},
		"an empty ID":           {begin + "      - id: ''\n        url: https://a.example/\n        types: [A]\n", []string{"Line 5, column 13: This ID is empty"}, true},
		"an ID twice": {
			begin + "      - id: weh_1\n" + strings.Replace(hook, "-", " ", 1) +
				"      - id: weh_1\n" + strings.Replace(hook, "-", " ", 1),
			[]string{"Line 8, column 13: This ID is also on line 5. Remove one of the two webhooks."},
			false,
		},
		"a shop twice": {
			begin + hook + "  - shop: a.example\n    webhooks: []\n",
			[]string{"Line 7, column 11: This shop is also on line 3"},
			false,
		},
		"an alias to nothing":    {begin + "      - *a\n", []string{"Line 5, column 9: This alias has no anchor before it"}, false},
		"an alias within itself": {"version: 1\nshops: &a\n  - *a\n", []string{"Line 3, column 5: A shop is written with its fields"}, false},
		"aliases that make it large": {
			"version: 1\n$comment: &t [" + strings.Repeat("A,", 2000) + "A]\nshops:\n  - shop: a.example\n    webhooks:\n" +
				manyAliases(),
			[]string{"This file has more than 200,000 values"},
			false,
		},
		"too many values": {"[" + strings.Repeat("0,", maxFileMarks) + "0]", []string{"This file has more than 200,000 values"}, true},
		"too large":       {smallFile + strings.Repeat("#", MaxFile), []string{"This file is larger than 4 MiB"}, false},
		"too deep in JSON": {strings.Repeat("[", 50) + strings.Repeat("]", 50), []string{
			"Line 1, column 1: A file begins with its fields", "Line 1, column 21: This is more than 20 levels deep",
		}, true},
		"too deep in YAML": {"version: 1\nshops: []\n$comment: " + strings.Repeat("[", 50) + "1" + strings.Repeat("]", 50), []string{
			"Line 3, column 31: This is more than 20 levels deep",
		}, false},
		"half a character in JSON": {`{"version": 1, "shops": [], "$schema": "\ud83d"}`, []string{
			"Line 1, column 40: This text has half of a character",
		}, false},
		"a control character": {begin + "      - url: \"https://a.example/\x01\"\n        types: [A]\n", []string{
			`Line 5, column 33: The character U+0001 can’t be in a file. Remove it, or write "\u0001" in quotes.`,
		}, false},
		"several errors in the syntax": {
			lines(
				"version: 1",
				"shops:",
				"  - shop: a.example",
				"    webhooks: [", // no end
				"  - shop: b.example",
				"    webhooks:",
				"      - url: \"https://b.example", // no end of the quote
				"        types: [A]",
				"  - shop: c.example",
				"     webhooks: []", // not indented as before
				"  - shop: d.example",
				"    webhooks: [}",
				"  - shop: e.example",
				"    webhooks: []",
				"    pruned: true", // not the syntax
			),
			[]string{
				"Line 4", "Line 7", "Line 10", "Line 12",
				"Line 15, column 5: There is no field “pruned” here. Did you mean “prune”?",
			},
			false,
		},
		"an error before the shops": {
			"version: 1: 2\nshops:\n  - shops: a.example\n    webhooks: []\n", []string{
				"Line 1, column 11: A colon can’t be here",
				"Line 3, column 5: There is no field “shops” here. Did you mean “shop”?",
			}, false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, problems := ParseFile([]byte(test.text))
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			isSame := len(got) == len(test.want)
			for i := range min(len(got), len(test.want)) {
				isSame = isSame && strings.HasPrefix(got[i], test.want[i])
			}
			if !isSame {
				t.Errorf("problems\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			if err := validate(t, test.text); (err != nil) != test.bySchema && err == nil {
				t.Errorf("the schema accepts it")
			}
		})
	}
}

func manyAliases() string {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "      - {url: 'https://a.example/%d', types: *t}\n", i)
	}
	return b.String()
}

func TestProblemSource(t *testing.T) {
	t.Parallel()
	_, problems := ParseFile([]byte("version: 1\r\nshops: []\r\nwrong: " + strings.Repeat("é", 300) + "\r\n"))
	want := "wrong: " + strings.Repeat("é", 193) + "…"
	if len(problems) != 1 || problems[0].Source != want {
		t.Errorf("the problems are %q", problems)
	}
}

func TestManyProblems(t *testing.T) {
	t.Parallel()
	_, problems := ParseFile([]byte("version: 1\nshops:\n" + strings.Repeat("  - a\n", 150)))
	last := problems[len(problems)-1]
	if len(problems) != 101 || last.Line != 0 || last.Text != "There are 50 more problems." {
		t.Errorf("%d problems, the last is %v", len(problems), last)
	}
}

// oddTexts are names that programs may read as something else.
var oddTexts = []string{
	"0123", "no", "NO", "Yes", "on", "y", "=1+1", "🦆 emoji 👩‍👩‍👧", "null", "~", "2026-11-28", "1e3", ".inf", "0x1f", "1_000", "12:30:45",
	" leading", "trailing ", "a: b", "a:", "a #b", "#a", "- a", "-", "?", "[a]", "{a}", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "'", `"`,
	`\`, `\u0000`, "\x00", "\t", "a\nb", "a\r\nb", "\u0085", "\u2028", "\ufeff", "\ufffd", "\ufffe", "\u200b", "\u202e", "é", "日本", "<<", "---",
	"...", "true", "False", "NaN", "https://a.example/: x", "https://a.example/:", "https://a.example/a#b", "https://a.example/?a=b&c={d}",
	"\U0001fffe", "\U0010ffff", "<script>", strings.Repeat("long ", 2000),
}

// TestFileKeepsTexts: whatever a shop, an ID, a URL or an event type is called, it's the same after a file.
func TestFileKeepsTexts(t *testing.T) {
	t.Parallel()
	var f File
	for _, text := range oddTexts {
		f.Shops = append(f.Shops, FileShop{Shop: text + "x", Webhooks: []FileWebhook{
			{ID: text, Content: fourthwall.Content{URL: text, AllowedTypes: []fourthwall.EventType{fourthwall.EventType(text)}}},
		}})
	}
	for _, format := range []FileFormat{YAML, JSON} {
		text, err := f.encode(format, fileComments{head: []string{"a"}, tail: []string{"b"}})
		if err != nil {
			t.Fatal(err)
		}
		got, problems := ParseFile(text)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", format, problems)
		}
		for i, want := range content(f).Shops {
			if i >= len(got.Shops) || !reflect.DeepEqual(content(got).Shops[i], want) {
				t.Errorf("%s: %+v is not %+v", format, content(got).Shops[i], want)
			}
		}
		if err := validate(t, string(text)); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func TestExportFile(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 28, 14, 3, 20, 0, time.UTC)
	shop := func(id, name string, do func(*Shop), hooks ...Webhook) Shop {
		s := seen(t, id, hooks...)
		s.Name, s.Seen.SeenAt = name, at
		if do != nil {
			do(&s)
		}
		return s
	}
	shops := []Shop{
		shop("s", "Studio\n- evil", nil, hook("weh_2", "https://b.example/", "yx"), hook("weh_1", "https://a.example/", "")),
		shop("b", "Busy", func(s *Shop) { s.Busy, s.Seen.SeenAt = true, at.Add(-time.Hour) }),
		shop("d", "", func(s *Shop) { s.Domain = "" }),
		shop("e", "Ended", func(s *Shop) { s.Seen.Expired = true }),
		shop("c", "Cut: \u202eoff", func(s *Shop) { s.Seen.Cut = true }),
		shop("o", "", func(s *Shop) { s.Stale = true }),
	}
	got, err := ExportFile(shops, YAML)
	if err != nil {
		t.Fatal(err)
	}
	want := `# The webhooks of 3 shops, exported from Hookwall. Hookwall has read all of them since 2026-11-28 13:00 UTC.
# Edit this file, then upload it under Plans. You review every change before Fourthwall receives it.
# Shops that you remove from this file stay as they are. So do webhooks that you remove.
# To delete the webhooks that a shop doesn’t list here, add prune: true to the shop.
# To create a webhook, add one without an ID. To change a URL, keep the ID.
version: 1
shops:
  # Busy
  - shop: b.example
    webhooks: []
  - shop: d
    webhooks: []
  # "Studio\n- evil"
  - shop: s.example
    webhooks:
      - id: weh_1
        url: https://a.example/
        types: []
      - id: weh_2
        url: https://b.example/
        types:
          - x
          - "y"
# Not in this file: "Cut: \u202eoff" (c.example), because it has more webhooks than Hookwall reads.
# Not in this file: Ended (e.example), because its connection has ended.
# Not in this file: o.example, because its webhooks were read too long ago.
`
	if string(got) != want {
		t.Errorf("exported\n%s\nwant\n%s", got, want)
	}
	slices.Reverse(shops)
	again, err := ExportFile(shops, YAML)
	if err != nil || !bytes.Equal(again, got) {
		t.Errorf("in another order, exported\n%s, %v", again, err)
	}
	asJSON, err := ExportFile(shops, JSON)
	if err != nil || !json.Valid(asJSON) {
		t.Errorf("exported\n%s, %v", asJSON, err)
	}
	one, _ := ParseFile(got)
	other, problems := ParseFile(asJSON)
	if len(problems) > 0 || !reflect.DeepEqual(content(one), content(other)) {
		t.Errorf("in JSON, exported\n%s, %v", asJSON, problems)
	}
	for _, text := range [][]byte{got, asJSON} {
		if err := validate(t, string(text)); err != nil {
			t.Error(err)
		}
	}
}

func observationsOf(shops []Shop) (all []store.Observation) {
	for _, shop := range shops {
		o := shop.Seen
		o.ShopID, o.ShopDomain, o.ShopName = shop.ID, shop.Domain, shop.Name
		all = append(all, o)
	}
	return all
}

// planOfFile returns what a file changes in shops, or what is wrong with it.
func planOfFile(t testing.TB, text []byte, shops ...Shop) (Proposal, []FileProblem) {
	t.Helper()
	f, problems := ParseFile(text)
	e := Edit{Kind: FromFile, file: map[string]FileShop{}}
	var known []fourthwall.EventType
	for i := range shops {
		hooks, err := Webhooks(shops[i].Seen)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hooks {
			known = append(known, h.AllowedTypes...)
		}
		_, shops[i].Seen.UnknownTypes = Mask(known)
	}
	observations := observationsOf(shops)
	_, more := e.find(f, observations, unlistedTypes(observations))
	problems = append(problems, more...)
	var chosen []Shop
	for _, shop := range shops {
		wishes, isNamed := e.file[shop.ID]
		if !isNamed {
			continue
		}
		hooks, err := Webhooks(shop.Seen)
		if err != nil {
			t.Fatal(err)
		}
		problems = append(problems, wishes.check(shop, hooks, unlistedTypes(observations))...)
		chosen = append(chosen, shop)
	}
	p, err := Propose(e, chosen)
	if err != nil {
		t.Fatal(err)
	}
	return p, sorted(problems, text)
}

func TestPlanOfFile(t *testing.T) {
	t.Parallel()
	const a, b, c = "https://a.example/x", "https://b.example/y", "https://c.example/z"
	w := func(id, address, types string) string {
		text := "      - url: " + address + "\n"
		if id != "" {
			text += "        id: " + id + "\n"
		}
		return text + "        types: [" + strings.Join(strings.Split(types, ""), ", ") + "]\n"
	}
	file := func(hooks ...string) string {
		return "version: 1\nshops:\n  - shop: S.example\n    webhooks:\n" + strings.Join(hooks, "")
	}
	pruned := func(hooks ...string) string {
		return strings.Replace(file(hooks...), "webhooks:", "prune: true\n    webhooks:", 1)
	}
	locked := seen(t, "s", hook("1", a, "x"), hook("2", b, "x"))
	locked.Locked = []string{"1"}
	ended := seen(t, "s", hook("1", a, "x"))
	ended.Seen.Expired = true
	tests := map[string]struct {
		file     string
		shop     Shop
		want     []string
		left     []LeftOut
		problems []string // beginnings
	}{
		"by its ID": {
			file: file(w("'1'", c, "xy")), shop: seen(t, "s", hook("1", a, "x"), hook("2", b, "y")),
			want: []string{"s 1: " + a + " x → " + c + " xy"},
		},
		"by its URL": {
			file: file(w("", a, "xy")), shop: seen(t, "s", hook("1", a, "x"), hook("2", b, "y")),
			want: []string{"s 1: " + a + " x → " + a + " xy"},
		},
		"with the same URL, the one with the same types": {
			file: file(w("", a, "xy"), w("", a, "z")), shop: seen(t, "s", hook("1", a, "x"), hook("2", a, "yx"), hook("3", b, "z")),
			want: []string{"s 1: " + a + " x → " + a + " z"},
		},
		"a URL that only one with an ID has": {
			file: file(w("", a, "y"), w("'1'", b, "x")), shop: seen(t, "s", hook("1", a, "x"), hook("2", c, "y")),
			want: []string{"s 1: " + a + " x → " + b + " x", "s : - → " + a + " y"},
		},
		"a webhook twice": {
			file: file(w("", c, "xy"), w("", c, "yx"), w("'1'", b, "x"), w("", b, "x")), shop: seen(t, "s", hook("1", a, "xy")),
			want:     []string{"s 1: " + a + " xy → " + b + " x", "s : - → " + c + " xy", "s : - → " + c + " xy", "s : - → " + b + " x"},
			problems: []string{"Line 7, column 14: The webhook of line 5 has the same URL", "Line 12, column 14: The webhook of line 9 has the same URL"},
		},
		"a URL in another spelling": {
			file: pruned(w("", "https://A.example", "x")), shop: seen(t, "s", hook("1", "https://a.example/", "xy")),
			want: []string{"s 1: https://a.example/ xy → https://A.example x"},
		},
		"another URL is a new webhook": {
			file: file(w("", c, "x")), shop: seen(t, "s", hook("1", a, "x")), want: []string{"s : - → " + c + " x"},
		},
		"others are deleted only with prune": {
			file: pruned(w("", c, "x")), shop: seen(t, "s", hook("1", a, "x"), hook("2", b, "x")),
			want: []string{"s : - → " + c + " x", "s 1: " + a + " x → -", "s 2: " + b + " x → -"},
		},
		"all are deleted": {
			file: strings.Replace(pruned(), "webhooks:", "webhooks: []", 1), shop: seen(t, "s", hook("1", a, "x")), want: []string{"s 1: " + a + " x → -"},
		},
		"locked": {
			file: pruned(), shop: locked, want: []string{"s 2: " + b + " x → -"}, left: []LeftOut{{"s", "1", IsLocked}},
			problems: []string{"Line 5, column 14: “webhooks” needs a list"},
		},
		"several of one URL": {
			file: file(w("", a, "z")), shop: seen(t, "s", hook("1", a, "x"), hook("2", a, "z"), hook("3", a, "z")),
		},
		"one of several": {
			file: file(w("", a, "y")), shop: seen(t, "s", hook("1", a, "x"), hook("2", a, "xy")), want: []string{"s : - → " + a + " y"},
			problems: []string{"Line 5, column 14: The shop has several webhooks with this URL. Add the ID of the one that you mean: 1, 2."},
		},
		"several for one": {
			file: file(w("", a, "xy"), w("", a, "z")), shop: seen(t, "s", hook("1", a, "x"), hook("2", b, "yz")),
			want:     []string{"s : - → " + a + " xy", "s : - → " + a + " z"},
			problems: []string{"Line 5, column 14: Several webhooks here have this URL, and the shop has one", "Line 7, column 14: Several webhooks here"},
		},
		"an unknown ID": {
			file: file(w("weh_9", a, "x")), shop: seen(t, "s", hook("1", a, "x")), want: []string{"s : - → " + a + " x"},
			problems: []string{"Line 6, column 13: This shop has no webhook with this ID"},
		},
		"a webhook stays without types": {file: file(w("", a, ""), w("'2'", b, "")), shop: seen(t, "s", hook("1", a, ""), hook("2", b, ""))},
		"no types": {
			file: file(w("", a, ""), w("", c, "")), shop: seen(t, "s", hook("1", a, "x")),
			want:     []string{"s 1: " + a + " x → " + a + " ", "s : - → " + c + " "},
			problems: []string{"Line 6, column 16: This webhook has no event types", "Line 8, column 16: This webhook has no event types"},
		},
		"types": {
			file: file("      - url: " + a + "\n        types: [order_placed, ORDER_PLACD, ORDER_PLACED, FUTURE_EVENT, future event]\n"),
			shop: seen(t, "s"), want: []string{"s : - → " + a + " FUTURE_EVENTORDER_PLACDORDER_PLACEDfuture eventorder_placed"},
			problems: []string{
				"Line 6, column 17: This event type is unknown, and your shops’ webhooks don’t have it. Did you mean ORDER_PLACED?",
				"Line 6, column 31: This event type is unknown, and your shops’ webhooks don’t have it. Did you mean ORDER_PLACED?",
				"Line 6, column 72: This event type is unknown, and your shops’ webhooks don’t have it. Correct it",
			},
		},
		"URLs": {
			file: file(w("", "' https://c.example'", "x"), w("", "c.example/x", "x"), w("", "ftp://c.example", "x"), w("", "\"https://c.example/\\u200Bx\"", "x")),
			shop: seen(t, "s", hook("1", a, "x")),
			want: []string{"s : - →  https://c.example x", "s : - → c.example/x x", "s : - → ftp://c.example x", "s : - → https://c.example/\u200bx x"},
			problems: []string{
				"Line 5, column 14: This URL begins or ends with characters that can’t be seen",
				"Line 7, column 14: This isn’t a whole URL. Write https://c.example/x.",
				"Line 9, column 14: This is the URL of a file server",
				"Line 11, column 14: This URL has characters inside that can’t be seen: U+200B (zero-width space). They were probably copied along. Remove them.",
			},
		},
		"URLs that the shop has": {
			file: file(w("", "ftp://c.example", "xy"), w("", "' '", "x")), shop: seen(t, "s", hook("1", "ftp://c.example", "x"), hook("2", " ", "xy")),
			want: []string{"s 1: ftp://c.example x → ftp://c.example xy", "s 2:   xy →   x"},
		},
		"ended": {
			file: file(w("weh_9", a, "xx")), shop: ended, left: []LeftOut{{"s", "", IsEnded}},
		},
		"an unknown shop": {
			file: strings.Replace(file(), "S.example\n    webhooks:", "s.exampel\n    webhooks: []", 1) + "  - {shop: other, webhooks: []}\n", shop: seen(t, "s"),
			problems: []string{
				"Line 3, column 11: None of your connected shops has this ID or domain. Did you mean “s.example”?",
				"Line 5, column 12: None of your connected shops has this ID or domain. Correct it",
			},
		},
		"a shop by ID and by domain": {
			file: strings.Replace(file(), "webhooks:", "webhooks: []", 1) + "  - {shop: s, webhooks: []}\n", shop: seen(t, "s"),
			problems: []string{"Line 5, column 12: This shop is also on line 3"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, problems := planOfFile(t, []byte(test.file), test.shop)
			if got := said(p.Items); !slices.Equal(got, test.want) {
				t.Errorf("items\n%q, want\n%q", got, test.want)
			}
			if !slices.Equal(p.LeftOut, test.left) {
				t.Errorf("left out %v, want %v", p.LeftOut, test.left)
			}
			isSame := len(problems) == len(test.problems)
			for i := range min(len(problems), len(test.problems)) {
				isSame = isSame && strings.HasPrefix(problems[i].String(), test.problems[i])
			}
			if !isSame {
				t.Errorf("problems\n%v\nwant\n%v", problems, strings.Join(test.problems, "\n"))
			}
		})
	}
}

func TestShopsOfOneDomain(t *testing.T) {
	t.Parallel()
	one, other := seen(t, "one"), seen(t, "other")
	one.Domain, other.Domain = "x.example", "X.example"
	_, problems := planOfFile(t, []byte("version: 1\nshops:\n  - {shop: x.example, webhooks: []}\n"), one, other)
	const want = "Line 3, column 12: 2 shops have this domain. Write the ID of one instead: one, other."
	if len(problems) != 1 || problems[0].String() != want {
		t.Errorf("the problems are %v", problems)
	}
	other.Domain = "one" // as the ID of the first
	const both = "version: 1\nshops:\n  - {shop: one, webhooks: []}\n  - {shop: other, webhooks: []}\n"
	p, problems := planOfFile(t, []byte(both), one, other)
	if len(problems) > 0 || p.Same != 2 {
		t.Errorf("%+v, %v", p, problems)
	}
}

// drawOddFleet returns shops with webhooks that are hard to write, some equal and some without event types.
func drawOddFleet(t *rapid.T, tb testing.TB) (shops []Shop) {
	text := rapid.OneOf(rapid.SampledFrom(oddTexts), rapid.String())
	for n := range rapid.IntRange(0, 5).Draw(t, "shops") {
		var hooks []Webhook
		for i := range rapid.IntRange(0, 5).Draw(t, "webhooks") {
			c := drawContent(t)
			if rapid.Bool().Draw(t, "odd") {
				c = fourthwall.Content{URL: text.Draw(t, "URL")}
				for _, odd := range rapid.SliceOfN(text, 0, 4).Draw(t, "types") {
					c.AllowedTypes = append(c.AllowedTypes, fourthwall.EventType(odd))
				}
			}
			id := fmt.Sprintf("%d%s", i, rapid.SampledFrom(oddTexts).Draw(t, "ID"))
			hooks = append(hooks, Webhook{id, c})
		}
		shop := seen(tb, fmt.Sprintf("sh_%d", n), hooks...)
		shop.Name, shop.Labels = text.Draw(t, "name"), nil
		domains := []string{shop.Domain, fmt.Sprint(n, text.Draw(t, "domain")), ""}
		shop.Domain = rapid.SampledFrom(domains).Draw(t, "which domain")
		shop.Seen.Cut, shop.Busy = rapid.Float64Range(0, 1).Draw(t, "cut") > 0.9, rapid.Bool().Draw(t, "busy")
		shops = append(shops, shop)
	}
	return withDomains(shops)
}

// withDomains names shops whose domain others have by their ID, as Service.ExportFile does.
func withDomains(shops []Shop) []Shop {
	same := shopsByName(observationsOf(shops))
	for i, shop := range shops {
		if len(same[strings.ToLower(shop.Domain)]) != 1 || strings.TrimSpace(shop.Domain) == "" {
			shops[i].Domain = ""
		}
	}
	return shops
}

// TestExportChangesNothing: whatever shops have, a plan from their export is empty, and two exports are the same bytes.
func TestExportChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		shops := drawOddFleet(r, t)
		for _, format := range []FileFormat{YAML, JSON} {
			text, err := ExportFile(shops, format)
			if err != nil {
				r.Fatal(err)
			}
			p, problems := planOfFile(t, text, shops...)
			if len(problems) > 0 || len(p.Items) > 0 {
				r.Fatalf("%s\nhas the problems %v, and changes %q", text, problems, said(p.Items))
			}
			again, err := ExportFile(shops, format)
			if err != nil || !bytes.Equal(text, again) {
				r.Fatalf("the same shops are\n%s\nand\n%s", text, again)
			}
		}
	})
}

// TestEditedFile: after the plan of a file that was edited, an export is that file.
func TestEditedFile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		fleet := drawFleet(r)
		shopsOf := func() (all []Shop) {
			for id, hooks := range fleet {
				all = append(all, seen(t, id, hooks...))
			}
			return all
		}
		exported, err := ExportFile(shopsOf(), YAML)
		if err != nil {
			r.Fatal(err)
		}
		f, _ := ParseFile(exported)
		drawEditOfFile(r, &f)
		format := rapid.SampledFrom([]FileFormat{YAML, JSON}).Draw(r, "format")
		text, err := f.encode(format, fileComments{})
		if err != nil {
			r.Fatal(err)
		}
		p, problems := planOfFile(t, text, shopsOf()...)
		if len(problems) > 0 {
			r.Skip(problems)
		}
		n := 0
		before := contents(fleet)
		done := apply(t, fleet, p.Items, func() string { n++; return fmt.Sprint("new", n) })
		after, err := ExportFile(shopsOf(), format)
		if err != nil {
			r.Fatal(err)
		}
		got, _ := ParseFile(after)
		if has, want := wishesOf(got, f), wishesOf(f, f); !slices.Equal(has, want) {
			r.Fatalf("the shops have\n%q, want\n%q", has, want)
		}
		if again, _ := planOfFile(t, text, shopsOf()...); len(again.Items) > 0 {
			r.Fatalf("after it, there is more to do: %q", said(again.Items))
		}
		back, err := Undo(done)
		if err != nil {
			r.Fatal(err)
		}
		apply(t, fleet, back, func() string { n++; return fmt.Sprint("new", n) })
		if undone := contents(fleet); !slices.Equal(before, undone) {
			r.Fatalf("undone\n%q, want\n%q", undone, before)
		}
	})
}

// drawEditOfFile changes a file as a person might.
func drawEditOfFile(r *rapid.T, f *File) {
	for i := range f.Shops {
		shop := &f.Shops[i]
		shop.Prune = rapid.Bool().Draw(r, "prune")
		for range rapid.IntRange(0, 3).Draw(r, "edits") {
			if len(shop.Webhooks) == 0 || rapid.Bool().Draw(r, "new") {
				shop.Webhooks = append(shop.Webhooks, FileWebhook{Content: drawContent(r)})
				continue
			}
			at := rapid.IntRange(0, len(shop.Webhooks)-1).Draw(r, "at")
			switch rapid.IntRange(0, 3).Draw(r, "edit") {
			case 0:
				shop.Webhooks = slices.Delete(shop.Webhooks, at, at+1)
			case 1:
				shop.Webhooks[at].ID = ""
			default:
				shop.Webhooks[at].Content = drawContent(r)
			}
		}
	}
	if len(f.Shops) > 0 && rapid.Bool().Draw(r, "without a shop") {
		f.Shops = f.Shops[1:]
	}
}

// wishesOf returns the webhooks of shops without their IDs: all where a file wants no others, or else those that it
// wants.
func wishesOf(f, by File) (all []string) {
	for _, shop := range by.Shops {
		at := slices.IndexFunc(f.Shops, func(s FileShop) bool { return s.Shop == shop.Shop })
		var has []string
		for _, h := range f.Shops[at].Webhooks {
			has = append(has, fmt.Sprint(shop.Shop, " ", h.URL, " ", fourthwall.TypeSet(h.AllowedTypes)))
		}
		if !shop.Prune {
			var want []string
			for _, h := range shop.Webhooks {
				want = append(want, fmt.Sprint(shop.Shop, " ", h.URL, " ", fourthwall.TypeSet(h.AllowedTypes)))
			}
			has = slices.DeleteFunc(has, func(one string) bool { return !slices.Contains(want, one) })
			has = slices.Compact(slices.Sorted(slices.Values(has)))
		}
		all = append(all, slices.Sorted(slices.Values(has))...)
	}
	return all
}

// FuzzFleetFile: whatever a file has, there are either problems, or it's the same file after it's written and read.
func FuzzFleetFile(f *testing.F) {
	for _, text := range []string{
		smallFile, "", "{}",
		`{"version": 1, "shops": [{"shop": "a", "webhooks": [{"url": "\ud83d\ude00", "types": ["A"]}]}]}`,
		"version: 1\nshops: &a\n  - *a\n", "\tversion: 1", "version: 1\nshops: []\n---\n", "a: [\n- b: '\n- c: {", "? [a]\n: |\n  b\n", "%TAG ! x\n---\n!a b",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, problems := ParseFile(text)
		for _, p := range problems {
			if p.Text == "" || p.Line < 0 || p.Column < 0 || p.Line > bytes.Count(text, nil) {
				t.Errorf("a problem is %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		for _, format := range []FileFormat{YAML, JSON} {
			again, err := file.encode(format, fileComments{})
			if err != nil {
				t.Fatal(err)
			}
			got, problems := ParseFile(again)
			if len(problems) > 0 || !reflect.DeepEqual(content(got), content(file)) {
				t.Fatalf("%s\nbecomes %+v, %v", again, content(got), problems)
			}
		}
	})
}

// TestFileInDocs: the examples of the documentation are files.
func TestFileInDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/fleet-file.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, block := range regexp.MustCompile("(?s)```(?:yaml|json)\n(.*?)```").FindAllSubmatch(text, -1) {
		if !bytes.Contains(block[1], []byte("version")) {
			continue
		}
		n++
		if _, problems := ParseFile(block[1]); len(problems) > 0 {
			t.Errorf("%s\n%v", block[1], problems)
		}
		if err := validate(t, string(block[1])); err != nil {
			t.Errorf("%s\n%v", block[1], err)
		}
	}
	if n != 2 {
		t.Errorf("there are %d examples", n)
	}
}
