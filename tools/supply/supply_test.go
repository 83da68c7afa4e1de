package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

const root = "../.."

func TestCompare(t *testing.T) {
	used := usage{linked: {"a.example/a": "MIT", "b.example/b": "ISC AND MIT"}, npm: {"c": "MIT"}}
	right := "# Dependencies\n\n## Linked into Hookwall\n\n| Module | License | Purpose |\n|---|---|---|\n" +
		"| `a.example/a` | MIT | Draws |\n| `b.example/b` | ISC AND MIT | Required by a |\n\n## From npm\n\n| `c` | MIT | Tests |\n"
	tests := []struct {
		name, old, instead string
		want               []string
	}{
		{"right", "", "", nil},
		{"another section", "# Dependencies", "## Words\n\n| `z` | ? | ? |", nil},
		{"a row is missing", "| `a.example/a` | MIT | Draws |\n", "", []string{"a.example/a is missing; its license is MIT"}},
		{"a section is missing", "## From npm", "## From elsewhere", []string{"c is missing"}},
		{"a row too many", "| `c` |", "| `b` | MIT | Tests |\n| `c` |", []string{"b is not used"}},
		{"a row twice", "| `c` |", "| `c` | MIT | Tests |\n| `c` |", []string{"c is listed twice, or after c"}},
		{
			"out of order", "| `a.example/a` | MIT | Draws |\n| `b.example/b` | ISC AND MIT | Required by a |",
			"| `b.example/b` | ISC AND MIT | Required by a |\n| `a.example/a` | MIT | Draws |",
			[]string{"a.example/a is listed twice, or after b.example/b"},
		},
		{"another license", "| ISC AND MIT |", "| ISC |", []string{"b.example/b has the license ISC AND MIT, not ISC"}},
		{"no reason", "| Tests |", "|  |", []string{"cannot read the row", "c is missing"}},
		{"a reason of blanks", "| Tests |", "|   |", []string{"cannot read the row", "c is missing"}},
		{"a row that cannot be read", "| Tests |", "| Tests", []string{"cannot read the row", "c is missing"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := compare(strings.Replace(right, test.old, test.instead, 1), used)
			if len(got) != len(test.want) {
				t.Fatalf("got %q, want %q", got, test.want)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestForbidden(t *testing.T) {
	tests := []struct {
		section, license string
		want             bool
	}{
		{linked, "MIT", false},
		{linked, "Apache-2.0 AND MIT", false},
		{linked, "MPL-2.0", false},
		{linked, "MPL-2.0" + replaced, true},
		{linked, "MIT" + replaced, true},
		{linked, "BlueOak-1.0.0", true},
		{linked, "MIT AND GPL-3.0", true},
		{linked, "", true},
		{tests, "MPL-2.0", false},
		{tests, "GPL-3.0", true},
		{tools, "GPL-3.0", false},
		{tools, "AGPL-3.0", true},
		{npm, "(MIT OR AGPL-3.0)", false},
		{npm, "(GPL-3.0 OR AGPL-3.0)", true},
	}
	for _, test := range tests {
		if got := forbidden(usage{test.section: {"x": test.license}}); (len(got) > 0) != test.want {
			t.Errorf("%s under %q: %q", test.license, test.section, got)
		}
	}
}

func TestLicenseOf(t *testing.T) {
	mit, err := os.ReadFile(root + "/LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		files map[string]string
		want  string // "" for an error
	}{
		{"one", map[string]string{"LICENSE": string(mit)}, "MIT"},
		{"British spelling", map[string]string{"Licence.md": string(mit)}, "MIT"},
		{"none", map[string]string{"README.md": string(mit)}, ""},
		{"of its parts only", map[string]string{"LICENSE-3RD-PARTY.md": string(mit)}, ""},
		{"words of its own", map[string]string{"LICENSE": "You may do as you like on Tuesdays."}, ""},
		{"conditions of its own", map[string]string{"LICENSE": string(mit) + strings.Repeat("Pay us a penny each time. ", 40)}, ""},
		{"source code of that name", map[string]string{"license.go": string(mit)}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range test.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := licenseOf(module{Path: "x.example/x", Dir: dir})
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("%q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestLockProblems(t *testing.T) {
	dir := t.TempDir()
	lock := `{"packages": {"": {"dependencies": {"a": "^1.0.0", "b": "2.0.0"}},
		"node_modules/a": {"license": "MIT", "integrity": "sha512-x"},
		"node_modules/b": {"license": "SSPL-1.0", "integrity": "sha512-x"},
		"node_modules/b/node_modules/c": {"license": "ISC"},
		"node_modules/parse-cache-control": {"integrity": "sha512-x"}}}`
	for _, folder := range npmFolders {
		text := lock
		if folder != npmFolders[0] {
			text = "{}"
		}
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, folder, "package-lock.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := lockProblems(dir)
	want := []string{
		`e2e/package-lock.json: b has the license "SSPL-1.0", which is not allowed`,
		`e2e/package-lock.json: c has no SHA-512 checksum`,
		`e2e/package.json: a has no exact version: ^1.0.0`,
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestSBOM compares a bill with what the go command finds in the binary.
func TestSBOM(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "hookwall")
	build := exec.Command("go", "-C", root, "build", "-trimpath", "-buildvcs=false", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var printed, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&printed, &again} {
		if err := writeSBOM(w, root, "v1.2.3", binary); err != nil {
			t.Fatal(err)
		}
	}
	if printed.String() != again.String() {
		t.Error("the same binary has two different bills")
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(&printed, cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	dependsOn := *(*bom.Dependencies)[0].Dependencies
	var got []string
	for i, c := range *bom.Components {
		got = append(got, c.Name+" "+c.Version)
		if len(*c.Licenses) != 1 || (*c.Licenses)[0].Expression == "" {
			t.Errorf("%s has the licenses %v", c.Name, c.Licenses)
		}
		if !strings.HasPrefix(c.PackageURL, "pkg:golang/"+c.Name+"@") {
			t.Errorf("%s has the package URL %s", c.Name, c.PackageURL)
		}
		if dependsOn[i] != c.BOMRef {
			t.Errorf("%s is not among the dependencies of Hookwall", c.Name)
		}
	}
	if want := linkedInto(t, binary); !slices.Equal(got, want) || len(want) < 30 {
		t.Errorf("the bill has %q\nthe binary %q", got, want)
	}
	if c := bom.Metadata.Component; c.Name != "hookwall" || c.Version != "v1.2.3" || len((*c.Hashes)[0].Value) != 64 {
		t.Errorf("it is about %+v", c)
	}
}

// linkedInto returns what the go command finds in a binary, as "path version".
func linkedInto(t *testing.T, binary string) []string {
	t.Helper()
	out, err := exec.Command("go", "version", "-m", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"std " + runtime.Version()}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); f[0] == "dep" {
			all = append(all, f[1]+" "+f[2])
		}
	}
	return all
}

func TestSource(t *testing.T) {
	got := module{Path: "github.com/Shopify/toxiproxy/v2", Version: "v2.12.0"}.source()
	if want := "https://proxy.golang.org/github.com/!shopify/toxiproxy/v2/@v/v2.12.0.zip"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNotices(t *testing.T) {
	var printed bytes.Buffer
	if err := run([]string{"notices", "-targets", "linux/amd64", root}, &printed); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"The Go standard library: LICENSE", "modernc.org/sqlite v", "LICENSE-SQLITE",
		"Permission is hereby granted", "Redistribution and use", "Mozilla Public License Version 2.0",
		"Source: https://proxy.golang.org/github.com/riverqueue/river/@v/v",
	} {
		if !strings.Contains(printed.String(), want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestUnknownCommands(t *testing.T) {
	for _, args := range [][]string{
		nil,
		{"fly", root},
		{"check"},
		{"check", root},
		{"check", "-targets", "linux", root},
		{"release", "-version", "../x", "-out", "/nowhere", "-targets", "linux/amd64", root},
	} {
		if err := run(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
	if err := writeSBOM(&bytes.Buffer{}, root, "v1", "/nowhere"); err == nil {
		t.Error("a binary that doesn't exist has a bill")
	}
}
