package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// sheet is the document that says what is used, and why.
const sheet = "docs/dependencies.md"

// The sections of the sheet.
const (
	linked = "Linked into Hookwall"
	tests  = "Used by tests alone"
	tools  = "Tools that build and check"
	npm    = "From npm"
)

var sections = []string{linked, tests, tools, npm}

// What may be used where. What is linked is handed on with Hookwall, under
// terms that ask for no more than a notice. What is only run may ask for more.
var (
	forLinking = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}
	forTesting = append([]string{"BlueOak-1.0.0", "CC0-1.0", "MPL-2.0"}, forLinking...)
	forRunning = append([]string{"GPL-3.0"}, forTesting...)
	allowed    = map[string][]string{linked: forLinking, tests: forTesting, tools: forRunning, npm: forTesting}
)

// usage is what is used: the licence of each thing, by section and name.
type usage map[string]map[string]string

// everything finds out what is used.
func everything(root string, targets []string) (usage, error) {
	links, err := linkedModules(root, targets)
	if err != nil {
		return nil, err
	}
	tested, err := modulesOf(root, nil, "-test", "./...")
	if err != nil {
		return nil, err
	}
	run, err := toolModules(root)
	if err != nil {
		return nil, err
	}
	used := usage{}
	for section, modules := range map[string]map[string]module{linked: links, tests: without(tested, links), tools: run} {
		used[section] = map[string]string{}
		for path, m := range modules {
			if used[section][path], err = licenceOf(m); err != nil {
				return nil, err
			}
		}
	}
	used[npm], err = npmPackages(root)
	return used, err
}

var row = regexp.MustCompile("^\\| `([^`]+)` \\| ([^|]*) \\| ([^|]*) \\|$")

// compare says where the sheet differs from what is used.
func compare(text string, used usage) (problems []string) {
	seen := map[string]map[string]bool{}
	section, last := "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section, last = title, ""
			seen[section] = map[string]bool{}
			continue
		}
		if !strings.HasPrefix(line, "| `") || !slices.Contains(sections, section) {
			continue
		}
		found := row.FindStringSubmatch(line)
		if found == nil {
			problems = append(problems, fmt.Sprintf("%s, %q: cannot read the row %s", sheet, section, line))
			continue
		}
		problems = append(problems, compareRow(section, last, found[1], found[2], found[3], used)...)
		seen[section][found[1]] = true
		last = found[1]
	}
	for _, section := range sections {
		for _, name := range slices.Sorted(maps.Keys(used[section])) {
			if !seen[section][name] {
				problems = append(problems, fmt.Sprintf("%s, %q: %s is missing; its licence is %s", sheet, section, name, used[section][name]))
			}
		}
	}
	return problems
}

func compareRow(section, last, name, licence, reason string, used usage) (problems []string) {
	add := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf("%s, %q: %s", sheet, section, name)+fmt.Sprintf(format, args...))
	}
	if name <= last {
		add(" stands twice, or after %s", last)
	}
	found, isUsed := used[section][name]
	switch {
	case !isUsed:
		add(" is not used")
	case licence != found:
		add(" has the licence %s, not %s", found, licence)
	}
	if strings.TrimSpace(reason) == "" {
		add(" stands without a reason")
	}
	return problems
}

// forbidden says whose licence is not allowed where it is used.
func forbidden(used usage) (problems []string) {
	for _, section := range sections {
		for _, name := range slices.Sorted(maps.Keys(used[section])) {
			if licence := used[section][name]; !fits(licence, allowed[section]) {
				problems = append(problems, fmt.Sprintf("%s has the licence %s, which is not allowed under %q", name, licence, section))
			}
		}
	}
	return problems
}

// fits tells whether all licences of an expression are among the allowed ones,
// or, where it offers a choice, one of them.
func fits(expression string, allowed []string) bool {
	expression = strings.Trim(expression, "()")
	if choice := strings.Split(expression, " OR "); len(choice) > 1 {
		return slices.ContainsFunc(choice, func(one string) bool { return slices.Contains(allowed, one) })
	}
	for one := range strings.SplitSeq(expression, " AND ") {
		if !slices.Contains(allowed, one) {
			return false
		}
	}
	return true
}
