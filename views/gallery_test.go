package views

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	declaration = regexp.MustCompile(`(?m)^(?:templ (\w+)\(|func ([A-Z]\w*)\(.*\) templ\.Component \{)`)
	componentOf = regexp.MustCompile(`@((?:ui\.)?\w+)\(`)
)

// components maps the name of each component of views and views/ui to the file
// that it is in and to the components that it draws. Those of views/ui are
// named as pages name them: ui.Badge.
func components(t *testing.T) (file map[string]string, draws map[string][]string) {
	t.Helper()
	file, draws = map[string]string{}, map[string][]string{}
	for _, pattern := range []string{"*.templ", "*.go", "ui/*.templ", "ui/*.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, paths, err)
		}
		for _, path := range paths {
			if !strings.HasSuffix(path, "_templ.go") && !strings.HasSuffix(path, "_test.go") {
				readComponents(t, path, file, draws)
			}
		}
	}
	return file, draws
}

// readComponents adds the components of one file.
func readComponents(t *testing.T, path string, file map[string]string, draws map[string][]string) {
	t.Helper()
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	qualified := func(name string) string {
		if filepath.Dir(path) == "ui" {
			return "ui." + name
		}
		return name
	}
	at := declaration.FindAllSubmatchIndex(source, -1)
	for i, m := range at {
		end := len(source)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		name := qualified(string(declaration.Expand(nil, []byte("$1$2"), source, m)))
		file[name] = path
		for _, drawn := range componentOf.FindAllSubmatch(source[m[1]:end], -1) {
			draws[name] = append(draws[name], qualified(string(drawn[1])))
		}
	}
}

// notShown lists the components of views/ui and of the frame that the gallery
// doesn't draw, neither itself nor by another component.
func notShown(file map[string]string, draws map[string][]string) []string {
	shown := map[string]bool{}
	var follow func(string)
	follow = func(name string) {
		if !shown[name] {
			shown[name] = true
			for _, drawn := range draws[name] {
				follow(drawn)
			}
		}
	}
	follow("Gallery")
	var missing []string
	for name, path := range file {
		if (filepath.Dir(path) == "ui" || path == "frame.templ") && !shown[name] {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return missing
}

func TestGalleryShowsEveryComponent(t *testing.T) {
	file, draws := components(t)
	if missing := notShown(file, draws); len(missing) > 0 {
		t.Errorf("not shown: %q", missing)
	}
	if file["ui.Badge"] == "" || file["ui.Named"] == "" || file["page"] == "" {
		t.Errorf("only %d components were found", len(file))
	}

	// A component that no one draws is found.
	file["ui.New"] = "ui/new.templ"
	if missing := notShown(file, draws); !slices.Equal(missing, []string{"ui.New"}) {
		t.Errorf("not shown: %q, want the new one", missing)
	}
}

// TestSharedTemplatesAreComponents: a template that several files use is in
// views/ui or part of the frame, not in the file of one page. A large page may have
// parts in files named after it.
func TestSharedTemplatesAreComponents(t *testing.T) {
	file, draws := components(t)
	users := map[string]map[string]bool{}
	for name, drawn := range draws {
		for _, d := range drawn {
			isPart := strings.HasPrefix(file[d], strings.TrimSuffix(file[name], ".templ")+"_")
			if file[name] == "gallery.templ" || file[d] == "" || file[d] == file[name] || isPart {
				continue
			}
			if users[d] == nil {
				users[d] = map[string]bool{}
			}
			users[d][file[name]] = true
		}
	}
	for name, by := range users {
		page, _, isPart := strings.Cut(file[name], "_")
		if isPart && len(by) == 1 && by[page+".templ"] {
			continue
		}
		if filepath.Dir(file[name]) != "ui" && file[name] != "frame.templ" {
			t.Errorf("%s of %s is used by %q", name, file[name], slices.Sorted(maps.Keys(by)))
		}
	}
}

func TestGalleryShowsEveryIcon(t *testing.T) {
	got, want := slices.Sorted(slices.Values(iconNames)), slices.Sorted(maps.Keys(spriteIDs()))
	if !slices.Equal(got, want) {
		t.Errorf("shown are %q, the sprite has %q", got, want)
	}
}

// TestGalleryShowsEveryState looks for what only one state of a component
// has.
func TestGalleryShowsEveryState(t *testing.T) {
	page := string(render(t, Gallery(GalleryPage{Frame: frame()})).raw)
	for _, mark := range []string{
		`aria-pressed="true"`, `aria-pressed="mixed"`, `aria-pressed="false"`, `aria-invalid="true"`,
		`class="field invalid"`, `class="optional"`, `<textarea`, `<select`, `class="field-warnings"`,
		`class="field-error"`, `type="password"`, `class="notice info"`, `class="notice success"`,
		`class="notice warning"`, `class="notice failure"`, `class="badge unknown"`, `class="badge warning"`,
		`class="ctl"`, `class="done"`, `Running`, `Waiting`, `Skipped`, `Not finished`, `Not reached`,
		`class="confirm"`, `class="empty"`, `rel="prev"`, `rel="next"`, `Choose a shop`, `Reconnect`,
	} {
		if !strings.Contains(page, mark) {
			t.Errorf("nothing is in the state %s", mark)
		}
	}
}
