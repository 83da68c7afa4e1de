package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// module is a Go module in the module cache.
type module struct {
	Path, Version, Sum, Dir string
	Main, Indirect          bool
}

// goList asks the go command, in a folder, for modules or packages.
func goList[T any](dir string, env []string, args ...string) ([]T, error) {
	cmd := exec.Command("go", append([]string{"-C", dir, "list"}, args...)...) //nolint:gosec,noctx // fixed arguments; it ends by itself
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	var all []T
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var one T
		if err := d.Decode(&one); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
}

// pkg is a package as go list prints it.
type pkg struct{ Module *module }

// modulesOf are the modules of packages and of all that these import, the main
// module left out, by path.
func modulesOf(dir string, env []string, args ...string) (map[string]module, error) {
	packages, err := goList[pkg](dir, env, append([]string{"-deps", "-json=Module"}, args...)...)
	found := map[string]module{}
	for _, p := range packages {
		if p.Module != nil && !p.Module.Main {
			found[p.Module.Path] = *p.Module
		}
	}
	return found, err
}

// linkedModules are those that go into Hookwall on any of the targets.
func linkedModules(root string, targets []string) (map[string]module, error) {
	if len(targets) == 0 {
		return nil, errors.New("no target is named")
	}
	all := map[string]module{}
	for _, target := range targets {
		system, processor, ok := strings.Cut(target, "/")
		if !ok {
			return nil, fmt.Errorf("%q is no target: write it like linux/amd64", target)
		}
		some, err := modulesOf(root, []string{"GOOS=" + system, "GOARCH=" + processor, "CGO_ENABLED=0"}, ".")
		if err != nil {
			return nil, err
		}
		for path, m := range some {
			all[path] = m
		}
	}
	return all, nil
}

// toolModules are those of the programs that tools/go.mod names, and those that
// this program imports.
func toolModules(root string) (map[string]module, error) {
	packages, err := goList[pkg](root+"/tools", nil, "-json=Module", "tool")
	if err != nil {
		return nil, err
	}
	found := map[string]module{}
	for _, p := range packages {
		found[p.Module.Path] = *p.Module
	}
	modules, err := goList[module](root+"/tools", nil, "-m", "-json", "all")
	for _, m := range modules {
		if !m.Main && !m.Indirect {
			found[m.Path] = m
		}
	}
	return found, err
}

// without gives the modules of all that are not in some.
func without(all, some map[string]module) map[string]module {
	rest := map[string]module{}
	for path, m := range all {
		if _, in := some[path]; !in {
			rest[path] = m
		}
	}
	return rest
}

func sortedModules(byPath map[string]module) []module {
	var all []module
	for _, m := range byPath {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return all
}
