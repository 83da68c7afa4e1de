package main

import (
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport lists every package of the module with the packages of the module
// that it may import. A package without a row fails the test.
var mayImport = map[string][]string{
	"": {
		"handlers", "internal/activity", "internal/deliver", "internal/fleet", "internal/fourthwall", "internal/jobs",
		"internal/logs", "internal/metrics", "internal/probe", "internal/sandbox", "internal/shops", "internal/store", "internal/team", "internal/terminal",
		"internal/webhooks", "oauth",
	},
	"handlers": {
		"handlers/middleware", "internal/activity", "internal/deliver", "internal/doctor", "internal/fleet", "internal/fourthwall",
		"internal/jobs", "internal/logs", "internal/shops", "internal/signature", "internal/store", "internal/team", "internal/webhooks", "oauth", "static",
		"views", "views/ui",
	},
	"handlers/middleware": nil,

	"views":    {"static", "views/ui"},
	"views/ui": {"internal/unseen", "static"},
	"static":   nil,
	"oauth":    {"internal/fourthwall"},

	"internal/activity": {"internal/fourthwall", "internal/store"},
	"internal/shops":    {"internal/activity", "internal/fourthwall", "internal/store", "internal/unseen", "oauth"},
	"internal/webhooks": {
		"internal/activity", "internal/fourthwall", "internal/lazyregexp", "internal/shops", "internal/store",
		"internal/unseen",
	},

	"internal/jobs": {"internal/fleet", "internal/logs", "internal/store", "internal/webhooks"},
	"internal/team": {"internal/activity", "internal/store"},
	"internal/fleet": {
		"internal/activity", "internal/fourthwall", "internal/shops", "internal/store", "internal/webhooks", "oauth",
	},

	"internal/probe":              {"internal/fourthwall", "internal/webhooks"},
	"internal/doctor":             {"internal/deliver", "internal/fourthwall", "internal/lazyregexp", "internal/signature"},
	"internal/signature":          {"internal/fourthwall", "internal/lazyregexp", "internal/unseen"},
	"internal/signature/snippets": nil,
	"internal/fourthwall":         nil,
	"internal/deliver":            nil,
	"internal/lazyregexp":         nil,
	"internal/logs":               nil,
	"internal/metrics":            nil,
	"internal/store":              nil,
	"internal/unseen":             nil,
	"internal/sandbox":            nil,
	"internal/terminal":           nil,

	// For tests alone.
	"internal/benchtest":       nil,
	"internal/store/storetest": {"internal/store"},
	"internal/fleet/fleettest": {"internal/fleet", "internal/fourthwall", "internal/sandbox", "internal/store"},
	"e2e":                      nil,
	"e2e/browser":              nil,
	"e2e/faults":               nil,
	"e2e/process":              {"internal/store/storetest"},
	"e2e/replicas":             nil,
	"e2e/terminal":             nil,
	"deploy":                   nil,
}

// module is the prefix of the import paths of our own packages.
const module = "hookwall"

// listedPackage is a package as "go list -json" describes it.
type listedPackage struct {
	ImportPath string
	Imports    []string
}

// wrongImports returns a sentence for each import that the table doesn't allow,
// for each package without a row, and for each row without a package.
func wrongImports(packages []listedPackage, table map[string][]string) []string {
	var wrong []string
	unseen := maps.Clone(table)
	for _, p := range packages {
		name := short(p.ImportPath)
		allowed, hasRow := table[name]
		if !hasRow {
			wrong = append(wrong, p.ImportPath+" has no row in mayImport")
			continue
		}
		delete(unseen, name)
		for _, path := range p.Imports {
			if isOurs(path) && !slices.Contains(allowed, short(path)) {
				wrong = append(wrong, p.ImportPath+" must not import "+path)
			}
		}
	}
	for name := range unseen {
		wrong = append(wrong, "mayImport has a row for "+name+", which doesn't exist")
	}
	slices.Sort(wrong)
	return wrong
}

func isOurs(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

// short returns an import path without the module's prefix; "" for main.
func short(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

// TestImports compares the imports of every package with the table.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []listedPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p listedPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	for _, sentence := range wrongImports(packages, mayImport) {
		t.Error(sentence)
	}
}

// TestWrongImports shows that the check finds what it is for.
func TestWrongImports(t *testing.T) {
	table := map[string][]string{"": {"a"}, "a": {"a/b"}, "a/b": nil}
	whole := []listedPackage{
		{"hookwall", []string{"fmt", "hookwall/a"}},
		{"hookwall/a", []string{"hookwall/a/b", "hookwallet/c"}},
		{"hookwall/a/b", []string{"net/http"}},
	}
	tests := map[string]struct {
		packages []listedPackage
		want     []string
	}{
		"as the table says": {whole, nil},
		"a package without a row": {
			append(slices.Clone(whole), listedPackage{"hookwall/new", nil}),
			[]string{"hookwall/new has no row in mayImport"},
		},
		"an import that isn't allowed": {
			append(slices.Clone(whole[:2]), listedPackage{"hookwall/a/b", []string{"hookwall/a", "hookwall"}}),
			[]string{"hookwall/a/b must not import hookwall", "hookwall/a/b must not import hookwall/a"},
		},
		"a row without a package": {
			whole[:2],
			[]string{"mayImport has a row for a/b, which doesn't exist"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := wrongImports(tt.packages, table); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
