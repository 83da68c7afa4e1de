package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// minKnown is how much of a license file must be known, in percent. Authors'
// names and years are not.
const minKnown = 75

var (
	// licenseFile matches the file with the license of a module.
	licenseFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying)(\.txt|\.md)?$`)
	// noticeFile also matches the other files that must accompany a binary.
	noticeFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice|patents)([.-].*)?$`)
)

// licenseOf returns the license of a module as SPDX identifiers joined by AND,
// or an error if its license files have none that is known.
func licenseOf(m module) (string, error) {
	files, err := readFiles(m, licenseFile)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, f := range files {
		coverage := licensecheck.Scan(f.text)
		if coverage.Percent < minKnown {
			return "", fmt.Errorf("%s: only %.0f %% of %s is of a known license: read it", m.Path, coverage.Percent, f.name)
		}
		for _, match := range coverage.Match {
			ids = append(ids, match.ID)
		}
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), " AND "), nil
}

// textFile is a file of a module's root folder.
type textFile struct {
	name string
	text []byte
}

// readFiles reads the matching files in the root folder of a module, in the
// order of their names. It is an error if there are none.
func readFiles(m module, pattern *regexp.Regexp) (files []textFile, err error) {
	if m.Dir == "" {
		return nil, fmt.Errorf("%s is not in the module cache: run go mod download", m.Path)
	}
	entries, err := os.ReadDir(m.Dir)
	for _, e := range entries {
		if !e.Type().IsRegular() || !pattern.MatchString(e.Name()) || filepath.Ext(e.Name()) == ".go" {
			continue
		}
		text, readErr := os.ReadFile(filepath.Join(m.Dir, e.Name()))
		err = errors.Join(err, readErr)
		files = append(files, textFile{e.Name(), text})
	}
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no license was found in %s", m.Path, m.Dir)
	}
	return files, err
}

// writeNotices prints the license texts that must accompany a binary of any of
// the targets, and where the source of each module is.
func writeNotices(w io.Writer, root string, targets []string) error {
	modules, err := linkedModules(root, targets)
	if err != nil {
		return err
	}
	runtime, err := goList[struct{ Root string }](root, nil, "-json=Root", "runtime")
	if err != nil {
		return err
	}
	rule := strings.Repeat("=", 80)
	fmt.Fprintln(w, "Hookwall contains the following third-party software.")
	for _, m := range append([]module{{Path: "The Go standard library", Dir: runtime[0].Root}}, inOrder(modules)...) {
		files, err := readFiles(m, noticeFile)
		if err != nil {
			return err
		}
		source := "" // of the standard library, which asks for none
		if m.Version != "" {
			source = "Source: " + m.source() + "\n"
		}
		for _, f := range files {
			title := strings.TrimSpace(m.Path + " " + m.Version)
			fmt.Fprintf(w, "\n%s\n%s: %s\n%s\n%s\n", rule, title, f.name, source, bytes.TrimSpace(f.text))
		}
	}
	return nil
}
