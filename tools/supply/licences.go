package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// sure is how much of a text must be known, in per cent. Names and years of
// authors are not.
const sure = 75

var (
	// licenceFile is what holds the licence of a module.
	licenceFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying)(\.txt|\.md)?$`)
	// noticeFile is what must be handed on with a binary too.
	noticeFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice|patents)([.-].*)?$`)
	sourceFile = regexp.MustCompile(`\.go$`)
)

// licenceOf finds the licence of a module by the words of its licence file, as
// SPDX identifiers joined by AND. It is an error where these are not known.
func licenceOf(m module) (string, error) {
	files, err := filesLike(m.Dir, licenceFile)
	if err != nil {
		return "", err
	}
	ids := map[string]bool{}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(m.Dir, name)) //nolint:gosec // in the module cache
		if err != nil {
			return "", err
		}
		seen := licensecheck.Scan(text)
		if seen.Percent < sure {
			return "", fmt.Errorf("%s: %.0f %% of the words of its %s are those of a licence that is known: read it", m.Path, seen.Percent, name)
		}
		for _, match := range seen.Match {
			ids[match.ID] = true
		}
	}
	if len(ids) == 0 {
		return "", fmt.Errorf("%s: no licence was found in %s", m.Path, m.Dir)
	}
	return strings.Join(sorted(ids), " AND "), nil
}

// filesLike names the files of a folder that match, in order. Folders and
// source code never do.
func filesLike(dir string, pattern *regexp.Regexp) ([]string, error) {
	if dir == "" {
		return nil, fmt.Errorf("a module is not in the module cache: run go mod download")
	}
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && pattern.MatchString(e.Name()) && !sourceFile.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func sorted(set map[string]bool) []string {
	var all []string
	for one := range set {
		all = append(all, one)
	}
	slices.Sort(all)
	return all
}
