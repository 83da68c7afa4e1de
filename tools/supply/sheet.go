package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// sheet is the document that lists what is used, and why.
const sheet = "docs/dependencies.md"

// The sections of the sheet.
const (
	linked = "Linked into Hookwall"
	tests  = "Used only by tests"
	tools  = "Tools that build and check"
	npm    = "From npm"
)

var sections = []string{linked, tests, tools, npm}

// Licenses by what they allow. What is linked is distributed with Hookwall, so
// its license may only ask for a notice, and for the address of its source if
// nothing in it was changed. What only runs here may ask for more.
var (
	forLinking = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0"}
	forTesting = append([]string{"BlueOak-1.0.0", "CC0-1.0"}, forLinking...)
	forRunning = append([]string{"GPL-3.0"}, forTesting...)
	allowed    = map[string][]string{linked: forLinking, tests: forTesting, tools: forRunning, npm: forTesting}
)

// replaced follows the license of a module that go.mod replaces, which may have
// been changed. No such license is allowed.
const replaced = " (replaced)"

// usage is what is used: licenses by section and name.
type usage map[string]map[string]string

// inUse finds out what is used.
func inUse(root string, targets []string) (usage, error) {
	links, err := linkedModules(root, targets)
	if err != nil {
		return nil, err
	}
	tested, err := modulesOf(root, nil, "-deps", "-test", "./...")
	if err != nil {
		return nil, err
	}
	run, err := toolModules(root)
	if err != nil {
		return nil, err
	}
	used := usage{}
	for section, all := range map[string]modules{linked: links, tests: tested.without(links), tools: run} {
		used[section] = map[string]string{}
		for path, m := range all {
			if used[section][path], err = licenseOf(m); err != nil {
				return nil, err
			}
			if m.Replace != nil {
				used[section][path] += replaced
			}
		}
	}
	used[npm], err = npmPackages(root)
	return used, err
}

// row matches a row of a table: name, license, and a purpose that isn't blank.
var row = regexp.MustCompile("^\\| `([^`]+)` \\| ([^|]*) \\| ([^|]*[^| ][^|]*) \\|$")

// compare returns a sentence for each difference between the sheet and what is used.
func compare(text string, used usage) (problems []string) {
	for _, section := range sections {
		add := func(format string, args ...any) {
			problems = append(problems, fmt.Sprintf("%s, %q: ", sheet, section)+fmt.Sprintf(format, args...))
		}
		_, body, _ := strings.Cut(text, "\n## "+section+"\n")
		body, _, _ = strings.Cut(body, "\n## ")
		missing, last := maps.Clone(used[section]), ""
		for line := range strings.SplitSeq(body, "\n") {
			if !strings.HasPrefix(line, "| `") {
				continue
			}
			fields := row.FindStringSubmatch(line)
			if fields == nil {
				add("cannot read the row %s: write it like | `name` | license | what for |", line)
				continue
			}
			name, license := fields[1], fields[2]
			if name <= last {
				add("%s is listed twice, or after %s", name, last)
			}
			if found, isUsed := used[section][name]; !isUsed {
				add("%s is not used", name)
			} else if license != found {
				add("%s has the license %s, not %s", name, found, license)
			}
			delete(missing, name)
			last = name
		}
		for _, name := range slices.Sorted(maps.Keys(missing)) {
			add("%s is missing; its license is %s", name, missing[name])
		}
	}
	return problems
}

// forbidden returns a sentence for each license that isn't allowed where it is used.
func forbidden(used usage) (problems []string) {
	for _, section := range sections {
		for _, name := range slices.Sorted(maps.Keys(used[section])) {
			if license := used[section][name]; !fits(license, allowed[section]) {
				problems = append(problems, fmt.Sprintf("%s has the license %s: not allowed under %q", name, license, section))
			}
		}
	}
	return problems
}

// fits reports whether all licenses of an expression are allowed, or one of
// them if it offers a choice.
func fits(expression string, allowed []string) bool {
	isForbidden := func(license string) bool { return !slices.Contains(allowed, license) }
	expression = strings.Trim(expression, "()")
	if choice := strings.Split(expression, " OR "); len(choice) > 1 {
		return len(slices.DeleteFunc(choice, isForbidden)) > 0
	}
	return !slices.ContainsFunc(strings.Split(expression, " AND "), isForbidden)
}
