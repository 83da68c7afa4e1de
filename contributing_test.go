package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// pathForm matches a path in backticks or in a link: one with a slash, or
	// a file in the root.
	pathForm = regexp.MustCompile("[`(]((?:[\\w.-]+/)+[\\w.-]*|[\\w.]+\\.(?:go|md|yaml))[`)]")
	// treeForm matches a line of the tree: an indent, names, and what they are.
	treeForm = regexp.MustCompile(`(?m)^( *)([\w.-]+/?(?: [\w.-]+/?)*)(?: {2,}.*)?$`)
	// missingForm matches paths that the repository doesn't have: what builds
	// and tests write, and names to be replaced.
	missingForm = regexp.MustCompile(`^(out|\.tools|\.e2e|e2e/artifacts|testdata)/|\bNAME\b`)
)

// TestContributingPaths holds CONTRIBUTING to the repository: each path that it
// names exists.
func TestContributingPaths(t *testing.T) {
	text := readText(t, "CONTRIBUTING.md")
	paths := contributingTree(t)
	for _, match := range pathForm.FindAllStringSubmatch(text, -1) {
		paths = append(paths, match[1])
	}
	if len(paths) < 50 {
		t.Errorf("only %d paths were found: %q", len(paths), paths)
	}
	for _, path := range paths {
		if missingForm.MatchString(path) {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("CONTRIBUTING.md names %s: %v", path, err)
		}
	}
}

// contributingTree returns the paths of CONTRIBUTING's tree.
func contributingTree(t *testing.T) []string {
	t.Helper()
	_, rest, _ := strings.Cut(readText(t, "CONTRIBUTING.md"), "## Layout\n")
	_, rest, _ = strings.Cut(rest, "```\n")
	tree, _, _ := strings.Cut(rest, "```\n")
	return pathsOfTree(tree)
}

// pathsOfTree returns the paths of a tree in which folders end with "/" and
// what is in them is indented by two more spaces.
func pathsOfTree(tree string) (paths []string) {
	folders := []string{""}
	for _, match := range treeForm.FindAllStringSubmatch(tree, -1) {
		folders = folders[:len(match[1])/2+1]
		parent := strings.Join(folders, "")
		for name := range strings.FieldsSeq(match[2]) {
			paths = append(paths, parent+name)
			if strings.HasSuffix(name, "/") && !strings.Contains(match[2], " ") {
				folders = append(folders, name)
			}
		}
	}
	return paths
}

func TestPathsOfTree(t *testing.T) {
	tree := `main.go config.go   start
handlers/           pages
  routes.go         table
  middleware/       layers
internal/
  store/            rows
e2e/ docs/          the rest
`
	want := []string{
		"main.go", "config.go", "handlers/", "handlers/routes.go", "handlers/middleware/",
		"internal/", "internal/store/", "e2e/", "docs/",
	}
	if got := pathsOfTree(tree); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
