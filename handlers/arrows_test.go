package handlers

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// layers are the files that pages share, from the ground up: a file may use
// those before it in this list. Every file that isn't listed is a page, which may
// use all of these and no other page.
var layers = []string{
	"links.go", "labels.go", "browser_name.go", "words.go",
	"logs.go", "background.go", "visit_watch.go", "per_session.go",
	"route.go", "server.go", "cookies.go", "request.go", "csv.go",
	"flash.go", "render.go", "search_query.go", "returnpath.go", "problem.go", "errors.go",
	"session.go", "limits.go", "redraw.go", "ended.go", "guard.go", "api.go",
	"client.go", "names.go", "await.go", "immutable.go", "sign_in.go", "connect.go", "invitations.go",
	"personal.go", "shop_label_field.go", "shop_filter.go", "search_find.go", "key_field.go",
	"catalog.go", "activity_text.go", "match.go", "health.go", "delivery_filter.go", "url_field.go", "examine.go",
	"stream.go", "shops_stream.go", "outcome.go", "channel_read.go",
	"plan_read.go", "template_read.go", "plan_run.go", "plan_draw.go",
	"webhook_log.go", "test_result.go",
	"webhook_form.go", "webhook_form_draw.go", "webhook_draft.go", "webhook_preset.go", "duplicates.go",
	"plan_form.go", "template_form.go",
}

// tops use the pages.
var tops = []string{"routes.go", "wiring.go"}

// maxBackward is the part of the arrows between files that may lead upward or
// from page to page.
const maxBackward = 0.03

// arrow means that a file uses a name that another file declares.
type arrow struct{ from, to string }

// height returns the layer of a file. Higher files may use lower ones.
func height(file string) int {
	if i := slices.Index(layers, file); i >= 0 {
		return i
	}
	return len(layers) + 1 + slices.Index(tops, file)
}

func (a arrow) isBackward() bool { return height(a.from) <= height(a.to) }

// TestArrows counts the arrows between the files of this package, and those that
// lead backward.
func TestArrows(t *testing.T) {
	t.Parallel()
	arrows := arrowsIn(t, ".")
	var backward []string
	for a, names := range arrows {
		if a.isBackward() {
			backward = append(backward, a.from+" uses "+a.to+": "+strings.Join(slices.Sorted(maps.Keys(names)), " "))
		}
	}
	slices.Sort(backward)
	t.Logf("%d of %d arrows lead backward:\n%s", len(backward), len(arrows), strings.Join(backward, "\n"))
	if float64(len(backward)) > maxBackward*float64(len(arrows)) {
		t.Errorf("more than %.0f %% of the arrows lead backward", 100*maxBackward)
	}
	for _, file := range slices.Concat(layers, tops) {
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s is listed and doesn't exist", file)
		}
	}
}

// arrowsIn returns the arrows between the files of a package, tests left out,
// with the names that are used. What is imported isn't resolved: it can't name
// anything of this package.
func arrowsIn(t *testing.T, dir string) map[arrow]map[string]bool {
	t.Helper()
	set := token.NewFileSet()
	noTests := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	//nolint:staticcheck // one directory, without build tags
	parsed, err := parser.ParseDir(set, dir, noTests, parser.SkipObjectResolution)
	if err != nil || len(parsed) != 1 {
		t.Fatalf("%d packages: %v", len(parsed), err)
	}
	var files []*ast.File
	for _, p := range parsed {
		files = slices.Collect(maps.Values(p.Files))
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	check := types.Config{Error: func(error) {}} // unresolved imports
	pkg, _ := check.Check("handlers", set, files, info)
	arrows := map[arrow]map[string]bool{}
	for id, used := range info.Uses {
		if used.Pkg() != pkg {
			continue
		}
		a := arrow{set.Position(id.Pos()).Filename, set.Position(used.Pos()).Filename}
		if a.from == a.to {
			continue
		}
		if arrows[a] == nil {
			arrows[a] = map[string]bool{}
		}
		arrows[a][used.Name()] = true
	}
	return arrows
}
