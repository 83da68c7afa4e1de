package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// A bill of materials in CycloneDX's format, of which only what is used here
// is written down. It has no serial number and no time, so that the same
// binary gives the same bytes.
type bill struct {
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component  component  `json:"component"`
	Properties []property `json:"properties"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type component struct {
	Type     string    `json:"type"`
	Ref      string    `json:"bom-ref"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Scope    string    `json:"scope,omitempty"`
	Hashes   []hash    `json:"hashes,omitempty"`
	Licences []licence `json:"licenses"`
	PURL     string    `json:"purl"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type licence struct {
	Expression string `json:"expression"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// writeSBOM lists what is linked into a binary, by what the linker wrote there.
func writeSBOM(w io.Writer, root, version, binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	cached, err := modulesOf(root, settings(info), ".")
	if err != nil {
		return err
	}
	b := bill{Format: "CycloneDX", SpecVersion: "1.6", Version: 1}
	if b.Metadata, err = describe(info, version, binary); err != nil {
		return err
	}
	standard := component{
		Type: "library", Name: "std", Version: info.GoVersion, Scope: "required", Licences: []licence{{"BSD-3-Clause"}},
		PURL: "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go"),
	}
	b.Components = append(b.Components, standard)
	for _, dep := range info.Deps {
		one, err := describeModule(dep, cached[dep.Path])
		if err != nil {
			return err
		}
		b.Components = append(b.Components, one)
	}
	whole := dependency{Ref: b.Metadata.Component.Ref}
	for i := range b.Components {
		b.Components[i].Ref = b.Components[i].PURL
		whole.DependsOn = append(whole.DependsOn, b.Components[i].Ref)
	}
	b.Dependencies = []dependency{whole}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(b)
}

// settings of the build, as an environment.
func settings(info *debug.BuildInfo) (env []string) {
	for _, s := range info.Settings {
		if s.Key == "GOOS" || s.Key == "GOARCH" || s.Key == "CGO_ENABLED" {
			env = append(env, s.Key+"="+s.Value)
		}
	}
	return env
}

func describe(info *debug.BuildInfo, version, binary string) (metadata, error) {
	content, err := os.ReadFile(binary) //nolint:gosec // the caller says which
	if err != nil {
		return metadata{}, err
	}
	sum := sha256.Sum256(content)
	purl := "pkg:golang/" + info.Main.Path + "@" + version
	m := metadata{Component: component{
		Type: "application", Ref: purl, Name: info.Main.Path, Version: version, PURL: purl, Licences: []licence{{"MIT"}},
		Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}},
	}}
	for _, s := range info.Settings {
		m.Properties = append(m.Properties, property{"build:" + s.Key, s.Value})
	}
	return m, nil
}

func describeModule(dep *debug.Module, cached module) (component, error) {
	if dep.Replace != nil || cached.Version != dep.Version {
		return component{}, fmt.Errorf("%s is %s in the binary and %q in go.mod: build it again", dep.Path, dep.Version, cached.Version)
	}
	found, err := licenceOf(cached)
	if err != nil {
		return component{}, err
	}
	// The sum of go.sum: SHA-256 of the list of the module's files.
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(dep.Sum, "h1:"))
	if err != nil {
		return component{}, err
	}
	return component{
		Type: "library", Name: dep.Path, Version: dep.Version, Scope: "required", Licences: []licence{{found}},
		Hashes: []hash{{"SHA-256", hex.EncodeToString(sum)}}, PURL: "pkg:golang/" + dep.Path + "@" + dep.Version,
	}, nil
}

// writeNotices prints the texts that the licences of what is linked ask to
// hand on with a binary.
func writeNotices(w io.Writer, root string, targets []string) error {
	modules, err := linkedModules(root, targets)
	if err != nil {
		return err
	}
	out, err := goList[struct{ Root string }](root, nil, "-json=Root", "runtime")
	if err != nil {
		return err
	}
	all := append([]module{{Path: "The Go standard library", Dir: out[0].Root}}, sortedModules(modules)...)
	fmt.Fprintf(w, "Hookwall contains the following software of others.\n")
	for _, m := range all {
		names, err := filesLike(m.Dir, noticeFile)
		if err != nil {
			return err
		}
		if len(names) == 0 {
			return fmt.Errorf("%s: no licence was found in %s", m.Path, m.Dir)
		}
		for _, name := range names {
			text, err := os.ReadFile(filepath.Join(m.Dir, name)) //nolint:gosec // in the module cache
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "\n%s\n%s: %s\n\n%s\n", strings.Repeat("=", 80), strings.TrimSpace(m.Path+" "+m.Version), name, strings.TrimSpace(string(text)))
		}
	}
	return nil
}
