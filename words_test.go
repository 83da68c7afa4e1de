package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	templ "github.com/a-h/templ/parser/v2"
	"github.com/yuin/goldmark"
	markdown "github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	nethtml "golang.org/x/net/html"
)

// The most words that a sentence may have, and a document's sentences on average.
const (
	maxWords   = 30
	maxAverage = 18
)

// habits are ways of speaking that make a person read a sentence twice.
var habits = []struct {
	name    string // and what to write instead
	pattern *regexp.Regexp
}{
	{`"stands": write is, appears, is under`, regexp.MustCompile(`(?i)\b(stands?|stood)\b`)},
	{"old phrase: write again, immediately, no longer, continues, recently", regexp.MustCompile(
		`(?i)\b(meanwhile|anew|once more|as (it|they) came|at once|any more|go(es|ing)? on|went on|lately)\b`)},
	{`"who" or "what" with nothing before it: name the subject`, regexp.MustCompile(
		`(?i)((^|[:;] )(who|what) [^?]*\.$|\b(whoever|whatever)\b)`)},
	{"noun of noun: turn it around, as in secret field", regexp.MustCompile(
		`(?i)\bthe (body|box|button|cause|certificates?|cookie|field|form|header|host|limits?|list|log|name|page|` +
			`password|path|picture|port|record|secret|settings?|table|tests?|text|time) of (an?|each|every|its|that|the|this|your)\b`)},
	{"vague verb: write respond, return, send, accept, click, check, allow, make, fix, test", regexp.MustCompile(
		`(?i)\b(answer(s|ed|ing)?|press(es|ed)|press (again|it|the|this|what|` + "`x`" + `)|put right|look(s|ed|ing)? (after|again|at|for|of|whether)|lets?|holds?|held|` +
			`(is|are|was|were|be|gets?) (called|asked)|calls? (an|its|this|your) (address|endpoint|URL)|takes? (effect|it|no|only|that|the|up|what))\b`)},
	{"afterthought: write including", regexp.MustCompile(`(?i), (also (by|for|if|in|of|on|that|the|those|when)|not even)\b|,( [^\s,]+){1,4} too[.,;]`)},
	{"participle with no owner: write if you", regexp.MustCompile(
		`^(\w+ed|Given|Kept|Made|Seen|Sent|Shown|Taken|Told) [^,.:]*, (\w+ )?(an?|it|only|people|the|they|this|you)\b`)},
	{"colon chain: write two sentences", regexp.MustCompile(
		`: .*[:;] |: [^:]*, (and|but|or|so) (a|it|Fourthwall|Hookwall|the|they|this|you)\b`)},
	{"no agent: say it positively, with a subject", regexp.MustCompile(
		`(?i)\bnobody\b|\b(neither|no \w+|none|nothing)( (of|in) (it|that|them|these|this))? ((can|may|must|will) be|are|gets?|is) `)},
	{"alive: a machine fails, exists, limits", regexp.MustCompile(
		`(?i)\b(broke over|live (for|in|on|until)|lives|lived|dies|died|hears?|asks? us)\b`)},
	{`"Hookwalls": write instances`, regexp.MustCompile(`\b(Hookwalls|a Hookwall)\b`)},
	{"British", regexp.MustCompile(
		`(?i)\b(behaviour|cancell(ed|ing)|catalogu\w+|colour\w*|dialled|fulfilment|(author|recogn|normal|organ)is\w+|labell(ed|ing)|licence)s?\b`)},
}

// TestWords holds that every sentence of the documents, of "hookwall -h", of the
// errors that stop a start and of the pages is short and free of habits.
func TestWords(t *testing.T) {
	documents := []string{"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"}
	more, err := filepath.Glob("docs/*.md")
	if err != nil || len(more) < 2 {
		t.Fatalf("the documents are %q, %v", more, err)
	}
	var all []passage
	for _, name := range append(documents, more...) {
		all = append(all, ofMarkdown(t, name)...)
	}
	for _, name := range []string{"config.go", "health.go", "log.go", "main.go", "public_url.go"} {
		all = append(all, ofGo(t, name)...)
	}
	for _, name := range filesOf(t, "*/words.go", "internal/*/words.go", "views/ui/words.go") {
		all = append(all, ofGo(t, name)...)
	}
	for _, name := range filesOf(t, "views/*.templ", "views/ui/*.templ") {
		all = append(all, ofTempl(t, name)...)
	}
	for _, name := range filesOf(t, "internal/sandbox/pages/*.html") {
		all = append(all, ofHTML(t, name)...)
	}
	words, count := map[string]int{}, map[string]int{}
	for _, p := range all {
		file, _, _ := strings.Cut(p.where, ":")
		for _, sentence := range sentences(p.text) {
			if strings.ContainsAny(sentence[len(sentence)-1:], ".!?:") {
				words[file] += wordCount(sentence)
				count[file]++
			}
		}
		for _, found := range findings(p.text) {
			t.Errorf("%s: %s", p.where, found)
		}
	}
	for file, n := range count {
		if average := float64(words[file]) / float64(n); average > maxAverage {
			t.Errorf("%s: %.1f words in a sentence on average", file, average)
		}
	}
}

// filesOf returns the files that match the patterns.
func filesOf(t *testing.T, patterns ...string) (all []string) {
	t.Helper()
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s matches %d files, %v", pattern, len(names), err)
		}
		all = append(all, names...)
	}
	return all
}

// TestSandboxLooksAlike holds that the sandbox's style sheet has the dashboard's tokens.
func TestSandboxLooksAlike(t *testing.T) {
	token := regexp.MustCompile(`--[\w-]+: [^;]+;`)
	dashboard := token.FindAllString(readText(t, "static/assets/app.css"), -1)
	sandbox := token.FindAllString(readText(t, "internal/sandbox/pages/style.css"), -1)
	if len(sandbox) < 25 {
		t.Errorf("the sandbox has %d tokens", len(sandbox))
	}
	for _, one := range sandbox {
		if !slices.Contains(dashboard, one) {
			t.Errorf("the dashboard has no %s", one)
		}
	}
}

// passage is a paragraph, a heading, a cell, or a text in code.
type passage struct{ where, text string }

// findings returns what is wrong with the sentences of a passage.
func findings(passage string) (found []string) {
	for _, sentence := range sentences(passage) {
		for _, h := range habits {
			if words := h.pattern.FindString(sentence); words != "" {
				found = append(found, fmt.Sprintf("%s (%q) in %q", h.name, words, sentence))
			}
		}
		if n := wordCount(sentence); n > maxWords {
			found = append(found, fmt.Sprintf("%d words in %q", n, sentence))
		}
	}
	return found
}

var (
	sentenceEnd = regexp.MustCompile("[.!?][\"”)*]*\\s+([\\p{Lu}\\d`\"“(])")
	// codeAside is code in parentheses, such as the names of tests, which is not read aloud.
	codeAside = regexp.MustCompile("\\s*\\((?:(?:, | and )?`x`)+\\)")
	word      = regexp.MustCompile(`[\p{L}\d]`)
)

// sentences splits a passage, in which code is `x`.
func sentences(passage string) (all []string) {
	rest := codeAside.ReplaceAllString(strings.Join(strings.Fields(passage), " "), "")
	for {
		end := sentenceEnd.FindStringSubmatchIndex(rest)
		if end == nil {
			return append(all, rest)
		}
		all, rest = append(all, strings.TrimSpace(rest[:end[2]])), rest[end[2]:]
	}
}

func wordCount(sentence string) (n int) {
	for field := range strings.FieldsSeq(sentence) {
		if word.MatchString(field) {
			n++
		}
	}
	return n
}

// ofMarkdown returns the passages of a document, without its blocks of code.
func ofMarkdown(t *testing.T, name string) (all []passage) {
	t.Helper()
	source := []byte(readText(t, name))
	root := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(source))
	err := markdown.Walk(root, func(n markdown.Node, entering bool) (markdown.WalkStatus, error) {
		child := n.FirstChild()
		if !entering || n.Type() != markdown.TypeBlock || child == nil || child.Type() != markdown.TypeInline {
			return markdown.WalkContinue, nil
		}
		line := 1 + bytes.Count(source[:n.Lines().At(0).Start], []byte("\n"))
		all = append(all, passage{fmt.Sprintf("%s:%d", name, line), inline(n, source)})
		return markdown.WalkSkipChildren, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// inline returns the text in a node, with `x` for code and bare links.
func inline(n markdown.Node, source []byte) string {
	var out strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		switch child := child.(type) {
		case *markdown.Text:
			out.Write(child.Segment.Value(source))
			if child.SoftLineBreak() {
				out.WriteByte(' ')
			}
		case *markdown.CodeSpan, *markdown.AutoLink:
			out.WriteString("`x`")
		default:
			out.WriteString(inline(child, source))
		}
	}
	return out.String()
}

// ofGo returns the texts in a Go file: its strings of several words, and the
// help texts of flags and commands, which "hookwall -h" prints.
func ofGo(t *testing.T, name string) (all []passage) {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return ofNode(parsed, func(n ast.Node) string {
		return fmt.Sprintf("%s:%d", name, set.Position(n.Pos()).Line)
	})
}

// ofNode returns the texts in Go code.
func ofNode(code ast.Node, where func(ast.Node) string) (all []passage) {
	ast.Inspect(code, func(n ast.Node) bool {
		var words string
		switch n := n.(type) {
		case *ast.Field:
			if n.Tag == nil {
				return true
			}
			words = reflect.StructTag(literal(n.Tag)).Get("help")
		case *ast.BinaryExpr, *ast.BasicLit:
			words = settingPrefix.ReplaceAllString(literal(n.(ast.Expr)), "")
		default:
			return true
		}
		if strings.Contains(strings.TrimSpace(words), " ") {
			all = append(all, passage{where(n), words})
		}
		return false
	})
	return all
}

// settingPrefix is the name of a setting in front of an error about it.
var settingPrefix = regexp.MustCompile(`^(%s|HOOKWALL_[A-Z_]+): `)

// literal returns the text of a string literal or of a sum of some, in which
// `x` is a value.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
		return ""
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return literal(e.X) + literal(e.Y)
		}
		return ""
	}
	return "`x`"
}

var (
	actionControl = regexp.MustCompile(`{{\s*(block|define|else|end|if|range|template|with|\$\w+ :=)\b[^}]*}}`)
	actionValue   = regexp.MustCompile(`{{[^}]*}}`)
)

// ofHTML returns the fixed texts in a template of html/template.
func ofHTML(t *testing.T, name string) (all []passage) {
	t.Helper()
	source := actionValue.ReplaceAllString(actionControl.ReplaceAllString(readText(t, name), ""), "`x`")
	tokens, block := nethtml.NewTokenizer(strings.NewReader(source)), ""
	add := func(text string) {
		if text = strings.TrimSpace(text); strings.Contains(text, " ") {
			all = append(all, passage{name, text})
		}
	}
	for {
		switch tokens.Next() {
		case nethtml.ErrorToken:
			add(block)
			return all
		case nethtml.TextToken:
			block += string(tokens.Text())
		case nethtml.StartTagToken, nethtml.EndTagToken, nethtml.SelfClosingTagToken:
			token := tokens.Token()
			for _, a := range token.Attr {
				if isRead(templ.ConstantAttributeKey{Name: a.Key}) {
					add(a.Val)
				}
			}
			if !slices.Contains([]string{"a", "b", "code", "i", "span", "strong", "time"}, token.Data) {
				add(block)
				block = ""
			}
		}
	}
}

// ofTempl returns the fixed texts in a template: those between tags, in the
// attributes that people read, and in its Go expressions.
func ofTempl(t *testing.T, name string) []passage {
	t.Helper()
	file, err := templ.Parse(name)
	if err != nil {
		t.Fatal(err)
	}
	r := templReader{t: t, name: name}
	for _, node := range file.Nodes {
		if template, ok := node.(*templ.HTMLTemplate); ok {
			r.block(template.Children, template.Range)
		}
	}
	return r.all
}

type templReader struct {
	t    *testing.T
	name string
	all  []passage
}

// block adds the text in nodes as a passage of its own.
func (r *templReader) block(nodes []templ.Node, at templ.Range) { r.add(r.inline(nodes), at) }

func (r *templReader) add(text string, at templ.Range) {
	if text = strings.Join(strings.Fields(text), " "); strings.Contains(text, " ") {
		r.all = append(r.all, passage{r.where(at), text})
	}
}

func (r *templReader) where(at templ.Range) string {
	return fmt.Sprintf("%s:%d", r.name, at.From.Line+1)
}

// inline returns the text in nodes, with `x` for code and values. It adds what
// isn't part of the same sentence as passages of their own.
func (r *templReader) inline(nodes []templ.Node) string {
	var out strings.Builder
	for _, node := range nodes {
		switch n := node.(type) {
		case *templ.Text:
			out.WriteString(html.UnescapeString(n.Value))
		case *templ.StringExpression:
			r.code(n.Expression)
			out.WriteString("`x`")
		case *templ.Element:
			out.WriteString(r.element(n))
		case *templ.TemplElementExpression:
			r.code(n.Expression)
			r.block(n.Children, n.Range)
			out.WriteString("`x`")
		case *templ.IfExpression:
			out.WriteString(r.inline(n.Then))
			for _, other := range n.ElseIfs {
				r.block(other.Then, other.Range)
			}
			r.block(n.Else, n.Range)
		case *templ.ForExpression:
			r.block(n.Children, n.Range)
		case *templ.SwitchExpression:
			for _, c := range n.Cases {
				r.block(c.Children, n.Range)
			}
		}
		if spaced, ok := node.(templ.WhitespaceTrailer); !ok || spaced.Trailing() != templ.SpaceNone {
			out.WriteByte(' ')
		}
	}
	return out.String()
}

// element returns the text in an element if it is part of a sentence.
func (r *templReader) element(n *templ.Element) string {
	for _, attribute := range n.Attributes {
		switch a := attribute.(type) {
		case *templ.ConstantAttribute:
			if a.Key.String() == "class" && a.Value == "vh" { // a label for screen readers
				r.block(n.Children, n.Range)
				return ""
			}
			if isRead(a.Key) {
				r.add(html.UnescapeString(a.Value), a.Range)
			}
		case *templ.ExpressionAttribute:
			if isRead(a.Key) {
				r.code(a.Expression)
			}
		}
	}
	switch n.Name {
	case "code":
		r.block(n.Children, n.Range)
		return "`x`"
	case "a", "b", "bdi", "em", "i", "span", "strong":
		return r.inline(n.Children)
	}
	r.block(n.Children, n.Range)
	return ""
}

// isRead reports whether people read an attribute.
func isRead(key templ.AttributeKey) bool {
	return slices.Contains([]string{"alt", "aria-label", "placeholder", "title"}, key.String())
}

// code adds the texts in a Go expression.
func (r *templReader) code(e templ.Expression) {
	r.t.Helper()
	parsed, err := parser.ParseExpr(e.Value)
	if err != nil {
		r.t.Fatalf("%s: %v", r.where(e.Range), err)
	}
	r.all = append(r.all, ofNode(parsed, func(ast.Node) string { return r.where(e.Range) })...)
}

func TestTemplateTexts(t *testing.T) {
	tests := []struct {
		name, template string
		want           []string
	}{
		{"a paragraph", "<p>Open <i>Shops</i>, or <a href={ p.Href }>sign\nout</a>.</p>", []string{"Open Shops, or sign out."}},
		{"code and values", "<p>Only <code>a b</code> of { p.Count } counts.</p>", []string{"a b", "Only `x` of `x` counts."}},
		{
			"hidden labels", `<p><span class="vh">It was: </span>{ p.One } <span class="vh">It is: </span>{ p.Two }</p>`,
			[]string{"It was:", "It is:", "`x` `x`"},
		},
		{"two paragraphs", "<p>One here.</p><p>Two &amp; three.</p>", []string{"One here.", "Two & three."}},
		{
			"attributes", `<div class="a b" title="Read this" aria-label={ "Copy the " + p.What }></div>`,
			[]string{"Read this", "Copy the `x`"},
		},
		{"parameters", `@head("A title") {` + "\nTo the shop\n}", []string{"A title", "To the shop"}},
		{
			"branches", "<p>\nif p.One {\nFirst one.\n} else if p.Two {\nSecond one.\n} else {\nThird one.\n}\nThe end.\n</p>",
			[]string{"Second one.", "Third one.", "First one. The end."},
		},
		{"a loop", "for _, r := range p.Rows {\n<li>In a row</li>\n}", []string{"In a row"}},
		{"a choice", "switch p.Kind {\ncase 1:\nNumber one\n}", []string{"Number one"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "x.templ")
			source := "package x\n\ntempl x(p page) {\n" + test.template + "\n}\n"
			if err := os.WriteFile(name, []byte(source), 0o600); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range ofTempl(t, name) {
				got = append(got, p.text)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestSentences(t *testing.T) {
	tests := []struct {
		name, passage string
		want          []string
	}{
		{"two", "One ends. Another\nbegins.", []string{"One ends.", "Another begins."}},
		{"a version", "You need Go 1.26 and make. `x` works.", []string{"You need Go 1.26 and make.", "`x` works."}},
		{"a quotation", `It says "No." Then it ends.`, []string{`It says "No."`, "Then it ends."}},
		{"code in parentheses", "It is checked (`x`, `x` and `x`). Always.", []string{"It is checked.", "Always."}},
		{"no full stop", "A heading", []string{"A heading"}},
		{"a host", "Open api.example.com now.", []string{"Open api.example.com now."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := sentences(test.passage); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestFindings has a sentence with each habit, and one without for each.
func TestFindings(t *testing.T) {
	tests := []struct{ habit, bad, good string }{
		{"stands", "Your webhook stands in this list.", "Your webhook appears in this list. You understand."},
		{"old phrase", "Webhooks that failed lately are tried anew.", "Webhooks that failed recently are retried."},
		{"who", "Who reaches a limit sees a page.", "If you reach a limit, you see a page. Who may open it?"},
		{"noun of noun", "Fill in the field of the secret.", "Fill in the secret field."},
		{"vague verb", "Press the button and look at the log.", "Click the button and check the log."},
		{"vague verb", "The endpoint answers with 200.", "The endpoint returns 200."},
		{"afterthought", "It lists all attempts, also those that failed.", "It lists all attempts, including failed ones."},
		{"participle", "Created again, it gets a new ID.", "If you re-create it, it gets a new ID."},
		{"colon chain", "It fails: the body is cut, and the secret is wrong.", "It reads two files: a key and a secret."},
		{"no agent", "Nothing of this is stored.", "Hookwall stores no event bodies."},
		{"alive", "A session lives for 7 days.", "A session lasts 7 days. A live filter helps."},
		{"Hookwalls", "Two Hookwalls share a database.", "Two instances share a database."},
		{"British", "Choose a colour for the catalogue.", "Choose a color for the catalog. Precise values otherwise."},
		{"31 words", strings.Repeat("word ", 31), strings.Repeat("word ", 30)},
	}
	for _, test := range tests {
		t.Run(test.habit, func(t *testing.T) {
			if got := strings.Join(findings(test.bad), "\n"); !strings.Contains(got, test.habit) {
				t.Errorf("%q: found %q", test.bad, got)
			}
			if got := findings(test.good); len(got) > 0 {
				t.Errorf("%q: found %q", test.good, got)
			}
		})
	}
}
