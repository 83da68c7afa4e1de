package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// npmFolders are those with a package.json.
var npmFolders = []string{"e2e", "tools/lighthouse"}

// unstated are packages whose package.json names no licence, read by hand.
var unstated = map[string]string{"parse-cache-control": "BSD-3-Clause"}

// locks is a package-lock.json.
type locks struct {
	Packages map[string]struct {
		License      string            `json:"license"`
		Integrity    string            `json:"integrity"`
		Dependencies map[string]string `json:"dependencies"`
	} `json:"packages"`
}

func readLocks(root, folder string) (locks, error) {
	var l locks
	text, err := os.ReadFile(filepath.Join(root, folder, "package-lock.json")) //nolint:gosec // in the repository
	if err != nil {
		return l, err
	}
	return l, json.Unmarshal(text, &l)
}

// npmPackages are those that a package.json asks for, with their licences.
func npmPackages(root string) (map[string]string, error) {
	found := map[string]string{}
	for _, folder := range npmFolders {
		l, err := readLocks(root, folder)
		if err != nil {
			return nil, err
		}
		for name := range l.Packages[""].Dependencies {
			found[name] = l.Packages["node_modules/"+name].License
		}
	}
	return found, nil
}

// lockProblems says what is wrong with any package that npm installs: a
// licence, a version that is not exact, or bytes that would not be compared.
func lockProblems(root string) (problems []string, err error) {
	for _, folder := range npmFolders {
		l, err := readLocks(root, folder)
		if err != nil {
			return nil, err
		}
		for name, version := range l.Packages[""].Dependencies {
			if strings.ContainsAny(version, "^~*<>|x ") || version == "latest" {
				problems = append(problems, fmt.Sprintf("%s/package.json: %s has no exact version: %s", folder, name, version))
			}
		}
		for _, at := range slices.Sorted(maps.Keys(l.Packages)) {
			if at == "" {
				continue
			}
			p := l.Packages[at]
			name := at[strings.LastIndex(at, "node_modules/")+len("node_modules/"):]
			if p.License == "" {
				p.License = unstated[name]
			}
			if !fits(p.License, forTesting) {
				problems = append(problems, fmt.Sprintf("%s/package-lock.json: %s has the licence %q, which is not allowed", folder, name, p.License))
			}
			if !strings.HasPrefix(p.Integrity, "sha512-") {
				problems = append(problems, fmt.Sprintf("%s/package-lock.json: %s has no SHA-512 sum", folder, name))
			}
		}
	}
	slices.Sort(problems)
	return problems, nil
}
