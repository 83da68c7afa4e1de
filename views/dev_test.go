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
	templDeclaration = regexp.MustCompile(`(?m)^templ (\w+)\(`)
	templCall        = regexp.MustCompile(`@(\w+)\(`)
)

// templates are the components by name: the file and what they call.
func templates(t *testing.T) (file map[string]string, calls map[string][]string) {
	t.Helper()
	file, calls = map[string]string{}, map[string][]string{}
	paths, err := filepath.Glob("*.templ")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := templDeclaration.FindAllSubmatchIndex(source, -1)
		for i, m := range at {
			name, end := string(source[m[2]:m[3]]), len(source)
			if i+1 < len(at) {
				end = at[i+1][0]
			}
			file[name] = path
			for _, call := range templCall.FindAllSubmatch(source[m[1]:end], -1) {
				calls[name] = append(calls[name], string(call[1]))
			}
		}
	}
	return file, calls
}

// TestEveryComponentIsShown: what pages share stands on the page of components.
func TestEveryComponentIsShown(t *testing.T) {
	file, calls := templates(t)
	shown := map[string]bool{}
	var follow func(string)
	follow = func(name string) {
		if !shown[name] {
			shown[name] = true
			for _, called := range calls[name] {
				follow(called)
			}
		}
	}
	follow("Components")
	var missing []string
	for name, path := range file {
		if slices.Contains([]string{"components.templ", "picker.templ", "frame.templ"}, path) && !shown[name] {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		t.Errorf("not shown: %q", missing)
	}
}

// TestSharedTemplatesStandTogether: a template that pages of several files use
// stands with the components, and not in the file of one of them.
func TestSharedTemplatesStandTogether(t *testing.T) {
	file, calls := templates(t)
	users := map[string]map[string]bool{}
	for name, called := range calls {
		for _, c := range called {
			if file[name] == "dev.templ" || file[c] == "" || file[c] == file[name] {
				continue
			}
			if users[c] == nil {
				users[c] = map[string]bool{}
			}
			users[c][file[name]] = true
		}
	}
	for name, by := range users {
		if !slices.Contains([]string{"components.templ", "picker.templ", "frame.templ"}, file[name]) {
			t.Errorf("%s of %s is used by %q", name, file[name], slices.Sorted(maps.Keys(by)))
		}
	}
}

func TestComponentsShowEveryIcon(t *testing.T) {
	if got, want := slices.Sorted(slices.Values(iconNames)), slices.Sorted(maps.Keys(spriteIDs())); !slices.Equal(got, want) {
		t.Errorf("shown are %q, the sprite has %q", got, want)
	}
}

// TestComponentsShowEveryState looks for what only one state of a component
// has.
func TestComponentsShowEveryState(t *testing.T) {
	page := string(render(t, Components(ComponentsPage{Frame: frame()})).raw)
	for _, mark := range []string{
		`aria-pressed="true"`, `aria-pressed="mixed"`, `aria-pressed="false"`, `aria-invalid="true"`, `class="field invalid"`, `class="optional"`,
		`<textarea`, `<select`, `class="field-warnings"`, `class="field-error"`, `type="password"`, `class="notice info"`, `class="notice success"`,
		`class="notice warning"`, `class="notice failure"`, `class="badge unknown"`, `class="badge warning"`, `class="ctl"`, `class="done"`, `Under way`,
		`Waiting`, `Skipped`, `Not finished`, `Not reached`, `class="confirm"`, `class="empty"`, `rel="prev"`, `rel="next"`, `Choose a shop`, `Reconnect`,
	} {
		if !strings.Contains(page, mark) {
			t.Errorf("nothing is in the state %s", mark)
		}
	}
}
