package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// writeSBOM prints a bill of materials for a binary, from what the linker
// recorded in it. The bill has no serial number and no time, so that the same
// binary has the same bill.
func writeSBOM(w io.Writer, root, version, binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	main, err := describe(info, version, binary)
	if err != nil {
		return err
	}
	parts, err := describeModules(root, info)
	if err != nil {
		return err
	}
	var refs []string
	for i := range parts {
		parts[i].BOMRef = parts[i].PackageURL
		refs = append(refs, parts[i].BOMRef)
	}
	bom := cdx.NewBOM()
	bom.SerialNumber = ""
	bom.Metadata = &cdx.Metadata{Component: main, Properties: settings(info)}
	bom.Components = &parts
	bom.Dependencies = &[]cdx.Dependency{{Ref: main.BOMRef, Dependencies: &refs}}
	encoder := cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetEscapeHTML(false).SetPretty(true)
	return encoder.EncodeVersion(bom, cdx.SpecVersion1_6)
}

// describe returns Hookwall itself.
func describe(info *debug.BuildInfo, version, binary string) (*cdx.Component, error) {
	content, err := os.ReadFile(binary) //nolint:gosec // the caller says which
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	c := component(info.Main.Path, version, "MIT", sum[:])
	c.Type, c.Scope, c.BOMRef = cdx.ComponentTypeApplication, "", c.PackageURL
	return &c, nil
}

// describeModules returns the standard library and each module in a binary.
func describeModules(root string, info *debug.BuildInfo) ([]cdx.Component, error) {
	cached, err := modulesOf(root, environment(info), "-deps", ".")
	if err != nil {
		return nil, err
	}
	standard := component("std", info.GoVersion, "BSD-3-Clause", nil)
	standard.PackageURL = "pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go")
	parts := []cdx.Component{standard}
	for _, dep := range info.Deps {
		m := cached[dep.Path]
		if dep.Replace != nil || m.Version != dep.Version {
			return nil, fmt.Errorf("%s is %s in the binary and %q in go.mod: build it again", dep.Path, dep.Version, m.Version)
		}
		license, err := licenseOf(m)
		if err != nil {
			return nil, err
		}
		// The sum in go.sum: SHA-256 of the list of the module's files.
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(dep.Sum, "h1:"))
		if err != nil {
			return nil, err
		}
		parts = append(parts, component(dep.Path, dep.Version, license, sum))
	}
	return parts, nil
}

// component returns a library with its license and, if there is one, its SHA-256.
func component(name, version, license string, sum []byte) cdx.Component {
	c := cdx.Component{
		Type: cdx.ComponentTypeLibrary, Name: name, Version: version, Scope: cdx.ScopeRequired,
		PackageURL: "pkg:golang/" + name + "@" + version, Licenses: &cdx.Licenses{{Expression: license}},
	}
	if sum != nil {
		c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum)}}
	}
	return c
}

// settings returns what the linker recorded about the build.
func settings(info *debug.BuildInfo) *[]cdx.Property {
	var all []cdx.Property
	for _, s := range info.Settings {
		all = append(all, cdx.Property{Name: "build:" + s.Key, Value: s.Value})
	}
	return &all
}

// environment returns the environment in which a binary was built.
func environment(info *debug.BuildInfo) (env []string) {
	for _, s := range info.Settings {
		if s.Key == "GOOS" || s.Key == "GOARCH" || s.Key == "CGO_ENABLED" {
			env = append(env, s.Key+"="+s.Value)
		}
	}
	return env
}
