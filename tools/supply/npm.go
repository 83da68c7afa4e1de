package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// npmFolders are the folders with a package.json.
var npmFolders = []string{"e2e", "tools/lighthouse"}

// unstated has the licenses of packages whose package.json names none, read by hand.
var unstated = map[string]string{"parse-cache-control": "BSD-3-Clause"}

// lockfile is a package-lock.json. Its packages are by path, "" for our own.
type lockfile struct {
	Packages map[string]struct {
		License      string            `json:"license"`
		Integrity    string            `json:"integrity"`
		Dependencies map[string]string `json:"dependencies"`
	} `json:"packages"`
}

func readLockfile(root, folder string) (l lockfile, err error) {
	text, err := os.ReadFile(filepath.Join(root, folder, "package-lock.json")) //nolint:gosec // in the repository
	if err != nil {
		return l, err
	}
	return l, json.Unmarshal(text, &l)
}

// npmPackages returns the packages that a package.json asks for, with their licenses.
func npmPackages(root string) (map[string]string, error) {
	found := map[string]string{}
	for _, folder := range npmFolders {
		l, err := readLockfile(root, folder)
		if err != nil {
			return nil, err
		}
		for name := range l.Packages[""].Dependencies {
			found[name] = l.Packages["node_modules/"+name].License
		}
	}
	return found, nil
}

// lockProblems returns a sentence for each npm package with a license that
// isn't allowed, with a version that isn't exact, or without a checksum.
func lockProblems(root string) (problems []string, err error) {
	for _, folder := range npmFolders {
		l, err := readLockfile(root, folder)
		if err != nil {
			return nil, err
		}
		for name, version := range l.Packages[""].Dependencies {
			if strings.ContainsAny(version, "^~*<>|x ") || version == "latest" {
				problems = append(problems, fmt.Sprintf("%s/package.json: %s has no exact version: %s", folder, name, version))
			}
		}
		delete(l.Packages, "")
		for path, p := range l.Packages {
			name := path[strings.LastIndex(path, "node_modules/")+len("node_modules/"):]
			at := fmt.Sprintf("%s/package-lock.json: %s has ", folder, name)
			if p.License == "" {
				p.License = unstated[name]
			}
			if !fits(p.License, forTesting) {
				problems = append(problems, fmt.Sprintf("%sthe license %q, which is not allowed", at, p.License))
			}
			if !strings.HasPrefix(p.Integrity, "sha512-") {
				problems = append(problems, at+"no SHA-512 checksum")
			}
		}
	}
	slices.Sort(problems)
	return problems, nil
}
