package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// module is a Go module in the module cache.
type module struct {
	Path, Version, Dir string
	Main, Indirect     bool
	Replace            *struct{ Path string } // nil unless go.mod replaces it
}

// capital matches what the module proxy writes as "!" and a small letter.
var capital = regexp.MustCompile("[A-Z]")

// source returns where anyone gets the source of a module's version, as it was
// linked.
func (m module) source() string {
	path := capital.ReplaceAllStringFunc(m.Path, func(c string) string { return "!" + strings.ToLower(c) })
	return "https://proxy.golang.org/" + path + "/@v/" + m.Version + ".zip"
}

// modules are modules by path.
type modules map[string]module

// goList returns what "go list" prints as JSON in a folder.
func goList[T any](dir string, env []string, args ...string) (all []T, err error) {
	//nolint:gosec,noctx // the arguments are fixed, and it ends by itself
	cmd := exec.Command("go", append([]string{"-C", dir, "list"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
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

// modulesOf returns the modules of the packages that "go list" prints, without
// the main module.
func modulesOf(dir string, env []string, args ...string) (modules, error) {
	packages, err := goList[struct{ Module *module }](dir, env, append([]string{"-json=Module"}, args...)...)
	found := modules{}
	for _, p := range packages {
		if p.Module != nil && !p.Module.Main {
			found[p.Module.Path] = *p.Module
		}
	}
	return found, err
}

// linkedModules returns the modules that Hookwall links on any of the targets.
func linkedModules(root string, targets []string) (modules, error) {
	if len(targets) == 0 {
		return nil, errors.New("no target is named")
	}
	all := modules{}
	for _, target := range targets {
		system, processor, ok := strings.Cut(target, "/")
		if !ok {
			return nil, fmt.Errorf("%q is not a target: write it like linux/amd64", target)
		}
		some, err := modulesOf(root, buildFor(system, processor), "-deps", ".")
		if err != nil {
			return nil, err
		}
		maps.Copy(all, some)
	}
	return all, nil
}

// buildFor returns the environment of a build for a target.
func buildFor(system, processor string) []string {
	return []string{"GOOS=" + system, "GOARCH=" + processor, "CGO_ENABLED=0"}
}

// toolModules returns the modules of the programs that tools/go.mod names, and
// those that this program imports.
func toolModules(root string) (modules, error) {
	found, err := modulesOf(root+"/tools", nil, "tool")
	if err != nil {
		return nil, err
	}
	required, err := goList[module](root+"/tools", nil, "-m", "-json", "all")
	for _, m := range required {
		if !m.Main && !m.Indirect {
			found[m.Path] = m
		}
	}
	return found, err
}

// without returns the modules that aren't among some others.
func (all modules) without(some modules) modules {
	rest := maps.Clone(all)
	maps.DeleteFunc(rest, func(path string, _ module) bool { _, in := some[path]; return in })
	return rest
}

// inOrder returns modules sorted by path.
func inOrder(all modules) []module {
	return slices.SortedFunc(maps.Values(all), func(a, b module) int { return strings.Compare(a.Path, b.Path) })
}
