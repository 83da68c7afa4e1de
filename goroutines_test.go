package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGoroutinesAreWatched holds that every package that starts goroutines uses
// goleak in its tests. Test helpers without tests of their own are exempt: the
// packages that use them check.
func TestGoroutinesAreWatched(t *testing.T) {
	starts, watches, tested := map[string]token.Position{}, map[string]bool{}, map[string]bool{}
	helpers := map[string]bool{}
	files := token.NewFileSet()
	for _, name := range goFiles(t) {
		parsed, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		at := filepath.Dir(name)
		watches[at] = watches[at] || imports(parsed, "go.uber.org/goleak")
		if strings.HasSuffix(name, "_test.go") {
			tested[at] = true
			continue
		}
		helpers[at] = helpers[at] || imports(parsed, "testing")
		if pos := goroutine(parsed); pos.IsValid() {
			starts[at] = files.Position(pos)
		}
	}
	if len(starts) < 8 {
		t.Errorf("only %d packages start goroutines: %v", len(starts), starts)
	}
	for at, pos := range starts {
		if !watches[at] && (tested[at] || !helpers[at]) {
			t.Errorf("%s starts a goroutine, and no test of %s uses goleak", pos, at)
		}
	}
}

// goFiles returns the Go files of the module, without tools and installed ones.
func goFiles(t *testing.T) (all []string) {
	t.Helper()
	skipped := []string{"tools", "testdata", "node_modules", "out", "bin"}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains(skipped, d.Name())):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go"):
			all = append(all, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func imports(file *ast.File, path string) bool {
	return slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"`+path+`"` })
}

// goroutine returns the first place that starts one: a go statement, or a call
// of the standard library or x/sync that does.
func goroutine(file *ast.File) (pos token.Pos) {
	starters := []string{"Go", "TryGo", "AfterFunc", "DoChan"}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			pos = n.Pos()
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains(starters, s.Sel.Name) {
				pos = n.Pos()
			}
		}
		return !pos.IsValid()
	})
	return pos
}
