package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sources parses the files of the program, without tests and generated ones.
func sources(t *testing.T) (*token.FileSet, map[string]*ast.File) {
	t.Helper()
	set, out := token.NewFileSet(), map[string]*ast.File{}
	for _, name := range goFiles(t) {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") || strings.Contains(name, "snippets") {
			continue
		}
		parsed, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.ToSlash(name)] = parsed
	}
	if len(out) < 100 {
		t.Fatalf("only %d files were found", len(out))
	}
	return set, out
}

// secretWords matches names of values that must be compared in constant time.
var secretWords = regexp.MustCompile(
	`(?i)(secret|token|verifier|challenge|password|signature|hash|digest|^mac|sum$|nonce|cookie)`)

// notSecret has comparisons with such names that give nothing away.
var notSecret = map[string]string{
	"handlers/wiring.go Path signaturePath":         "an address",
	"internal/fleet/webhooks.go hash Hash":          "of webhooks, to see whether they changed",
	"internal/fleet/webhooks.go Hash ":              "the same, if there is one",
	"internal/signature/search.go trimmed secret":   "a person's own input, with itself",
	"internal/terminal/client.go token tokenPrefix": "how every token begins, in the person's own terminal",
	"internal/terminal/fleet.go Digest digest":      "a person's own input, with what the server shows",
}

// TestSecretsAreComparedInConstantTime holds that no secret is compared by == or
// by a function that returns at the first difference. Checklist 1, 34.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	set, files := sources(t)
	for name, file := range files {
		if strings.HasPrefix(name, "internal/store/storetest/") ||
			strings.HasPrefix(name, "internal/fleet/fleettest/") || strings.HasPrefix(name, "e2e/") {
			continue // parts of tests
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, pair := range comparisons(n) {
				if !secretWords.MatchString(pair[0]) && !secretWords.MatchString(pair[1]) {
					continue
				}
				if notSecret[name+" "+pair[0]+" "+pair[1]] == "" {
					t.Errorf("%s compares %s with %s: use hmac.Equal or subtle.ConstantTimeCompare",
						set.Position(n.Pos()), pair[0], pair[1])
				}
			}
			return true
		})
	}
	for name, call := range map[string]string{
		"internal/store/signins.go":       "ConstantTimeCompare",
		"internal/signature/signature.go": "Equal",
		"handlers/sign_in.go":             "ConstantTimeCompare",
	} {
		if !calls(files[name], call) {
			t.Errorf("%s does not call %s", name, call)
		}
	}
}

// comparisons returns the names on both sides of a comparison.
func comparisons(n ast.Node) [][2]string {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if (n.Op == token.EQL || n.Op == token.NEQ) && !isFixed(n.X) && !isFixed(n.Y) {
			return [][2]string{{lastName(n.X), lastName(n.Y)}}
		}
	case *ast.CallExpr:
		name := lastName(n.Fun)
		compares := slices.Contains([]string{"EqualFold", "Compare", "HasPrefix", "HasSuffix"}, name) ||
			name == "Equal" && !isConstantTime(n.Fun)
		if compares && len(n.Args) == 2 && !isFixed(n.Args[0]) && !isFixed(n.Args[1]) {
			return [][2]string{{lastName(n.Args[0]), lastName(n.Args[1])}}
		}
	}
	return nil
}

func isConstantTime(fun ast.Expr) bool {
	s, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := s.X.(*ast.Ident)
	return ok && from.Name == "hmac"
}

// isFixed reports whether a value is in the source, so that it is no secret.
func isFixed(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "true" || e.Name == "false"
	}
	return false
}

func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.CallExpr:
		if name := lastName(e.Fun); name != "string" && name != "len" && name != "TrimSpace" {
			return name
		}
		if len(e.Args) == 1 && lastName(e.Fun) != "len" {
			return lastName(e.Args[0])
		}
	case *ast.ArrayType:
		return ""
	case *ast.ParenExpr:
		return lastName(e.X)
	case *ast.StarExpr:
		return lastName(e.X)
	}
	return ""
}

func calls(file *ast.File, name string) (found bool) {
	if file == nil {
		return false
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && lastName(call.Fun) == name {
			found = true
		}
		return true
	})
	return found
}

// TestStatementsAreConstant holds that no SQL is built by formatting: values go
// into placeholders. Checklist 40.
func TestStatementsAreConstant(t *testing.T) {
	set, files := sources(t)
	seen := 0
	asks := []string{
		"Exec", "ExecContext", "Query", "QueryContext", "QueryRow", "QueryRowContext", "Prepare", "PrepareContext", "exec",
	}
	formats := []string{"Sprintf", "Sprint", "Join", "ReplaceAll", "Quote"}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !slices.Contains(asks, lastName(call.Fun)) || len(call.Args) < 2 {
				return true
			}
			seen++
			ast.Inspect(call.Args[1], func(n ast.Node) bool {
				if inner, ok := n.(*ast.CallExpr); ok && slices.Contains(formats, lastName(inner.Fun)) {
					t.Errorf("%s builds a statement", set.Position(n.Pos()))
				}
				return true
			})
			return true
		})
	}
	if seen < 40 {
		t.Errorf("only %d statements were found", seen)
	}
}

// TestTemplatesTrustNothing holds that no template turns escaping off, has inline
// script or style, or loads anything from another host. Checklist 24, 26.
func TestTemplatesTrustNothing(t *testing.T) {
	var names []string
	for _, pattern := range []string{"views/*.templ", "views/ui/*.templ"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) < 10 {
			t.Fatalf("%d templates in %s (%v)", len(found), pattern, err)
		}
		names = append(names, found...)
	}
	unsafe := regexp.MustCompile(strings.Join([]string{
		`templ\.(Raw|SafeURL|SafeCSS|ComponentScript|JSUnsafe|JSExpression)`,
		`<script>|<style|\s(on[a-z]+|style|formaction|srcdoc|srcset)=`,
		`<(iframe|object|embed|base|img)\b`,
		`(src|href|action)="(https?:)?//`,
	}, "|"))
	for _, name := range names {
		text := readText(t, name)
		for i, line := range strings.Split(text, "\n") {
			if found := unsafe.FindString(line); found != "" && !strings.HasPrefix(strings.TrimSpace(line), "//") {
				t.Errorf("%s:%d: %s", name, i+1, found)
			}
		}
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestRulesAreEnforced holds that CI runs the tools that check what no test of
// behavior can. Checklist 31, 33, 40, 41.
func TestRulesAreEnforced(t *testing.T) {
	for name, wants := range map[string][]string{
		".golangci.yml":          {`- forbidigo`, `- gosec`, `- bidichk`, `\^http\\.\(Get\|Post\|PostForm\|Head\|DefaultClient`, `\^templ\\.\(Raw\|SafeURL`},
		"Makefile":               {`(?m)^lint:.*check-modules.*check-vulnerabilities`},
		"tools/check-modules.sh": {`mod verify`, `mod tidy -diff`},
		"tools/lint-templ.sh":    {`SafeURL`},
		"e2e/setup.sh":           {`npm ci --ignore-scripts`},
		"e2e/package-lock.json":  {`"integrity"`},
		".ci/run":                {`make.*lint|lint`},
		"go.mod":                 {`(?m)^go 1\.\d+\.\d+$`, `(?m)^toolchain go1\.\d+\.\d+$`},
		"docs/dependencies.md":   {`(?i)licen`},
	} {
		text := readText(t, name)
		for _, want := range wants {
			if !regexp.MustCompile(want).MatchString(text) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
	}
	set, files := sources(t)
	for name, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if field, ok := n.(*ast.KeyValueExpr); ok && lastName(field.Key) == "InsecureSkipVerify" {
				t.Errorf("%s: %s switches off the check of certificates", set.Position(n.Pos()), name)
			}
			return true
		})
	}
}

// testNames returns all tests as "folder.name", each with the rows that its
// comment names after "Checklist".
func testNames(t *testing.T) map[string][]int {
	t.Helper()
	out := map[string][]int{}
	set := token.NewFileSet()
	for _, name := range goFiles(t) {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(name)), "internal/")
		if folder == "." {
			folder = "hookwall"
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && f.Recv == nil && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
				out[folder+"."+f.Name.Name] = marks(f.Doc.Text())
			}
		}
	}
	return out
}

var (
	markForm = regexp.MustCompile(`Checklist\s+([0-9]+(?:,\s+[0-9]+)*)\.`)
	rowForm  = regexp.MustCompile(`(?m)^\| ([0-9]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`)
	testForm = regexp.MustCompile("`([a-z0-9/]+\\.(?:Test|Fuzz)[A-Za-z0-9]+)`")
)

func marks(comment string) (rows []int) {
	for _, m := range markForm.FindAllStringSubmatch(strings.ReplaceAll(comment, "\n", " "), -1) {
		for n := range strings.SplitSeq(m[1], ",") {
			row, _ := strconv.Atoi(strings.TrimSpace(n))
			rows = append(rows, row)
		}
	}
	return rows
}

const checklistRows = 58

// TestChecklist compares SECURITY.md with the tests: every row of its checklist
// has a verdict and names tests that exist, and each test that names a row is
// named there.
func TestChecklist(t *testing.T) {
	tests := testNames(t)
	text := readText(t, "SECURITY.md")
	named := map[string][]int{}
	rows := rowForm.FindAllStringSubmatch(text, -1)
	for i, row := range rows {
		if row[1] != strconv.Itoa(i+1) {
			t.Fatalf("after row %d comes row %s", i, row[1])
		}
		verdict, proofs := strings.TrimSpace(row[3]), testForm.FindAllStringSubmatch(row[4], -1)
		explained := strings.HasPrefix(verdict, "does not apply: ") || strings.HasPrefix(verdict, "decided otherwise: ")
		if verdict != "met" && !explained {
			t.Errorf("row %d: %q is no verdict", i+1, verdict)
		}
		if len(proofs) == 0 && !strings.HasPrefix(verdict, "does not apply") {
			t.Errorf("row %d names no test", i+1)
		}
		for _, proof := range proofs {
			if _, ok := tests[proof[1]]; !ok {
				t.Errorf("row %d names %s, which does not exist", i+1, proof[1])
			}
			named[proof[1]] = append(named[proof[1]], i+1)
		}
	}
	if len(rows) != checklistRows {
		t.Errorf("the checklist has %d rows, want %d", len(rows), checklistRows)
	}
	marked := map[int]bool{}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		for _, row := range tests[name] {
			marked[row] = true
			if !slices.Contains(named[name], row) {
				t.Errorf("%s says that it is for row %d, which does not name it", name, row)
			}
		}
	}
	for i := range rows {
		if !marked[i+1] && !strings.HasPrefix(strings.TrimSpace(rows[i][3]), "does not apply") {
			t.Errorf("no test says that it is for row %d", i+1)
		}
	}
	for _, proof := range testForm.FindAllStringSubmatch(text, -1) {
		if _, ok := tests[proof[1]]; !ok {
			t.Errorf("SECURITY.md names %s, which does not exist", proof[1])
		}
	}
}

// TestSecurityNamesSettings holds that the settings in SECURITY.md exist.
func TestSecurityNamesSettings(t *testing.T) {
	source := readText(t, "config.go") + readText(t, "sign_in.go")
	names := regexp.MustCompile(`\b(HOOKWALL|FOURTHWALL)_[A-Z_]+\b`).FindAllString(readText(t, "SECURITY.md"), -1)
	if len(names) < 5 {
		t.Errorf("only %d settings are named", len(names))
	}
	for _, name := range names {
		if !strings.Contains(source, fmt.Sprintf("%q", name)) {
			t.Errorf("there is no setting %s", name)
		}
	}
}
