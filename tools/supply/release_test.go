package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// TestRelease makes a release for this machine and reads all of it.
func TestRelease(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	out := filepath.Join(t.TempDir(), "release")
	target := runtime.GOOS + "/" + runtime.GOARCH
	args := []string{"release", "-version", "v1.2.3", "-out", out, "-targets", target, root}
	if err := run(args, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	name := "hookwall_v1.2.3_" + runtime.GOOS + "_" + runtime.GOARCH
	sums := read(t, filepath.Join(out, "SHA256SUMS"))
	var listed []string
	for line := range strings.Lines(string(sums)) {
		sum, file, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		listed = append(listed, file)
		if found := sha256.Sum256(read(t, filepath.Join(out, file))); hex.EncodeToString(found[:]) != sum {
			t.Errorf("the sum of %s is wrong", file)
		}
	}
	if want := []string{name + ".cdx.json", name + ".tar.gz"}; !slices.Equal(listed, want) {
		t.Errorf("there are %q, want %q", listed, want)
	}
	files := untar(t, read(t, filepath.Join(out, name+".tar.gz")))
	want := []string{
		".env.example", "CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md",
		"hookwall.json", "hookwall.service", "kubernetes.yaml", "hookwall.conf", "locations.conf", "tls.conf",
		"unavailable.html", "hookwall.rules.yaml",
		"api.md", "assumptions.md", "configuration.md", "dependencies.md", "fleet-file.md", "create.png", "metrics.md",
		"operate.md", "performance.md", "sandbox.md", "security.md", "sign-in.md", "terminal.md",
		"openapi.yaml", "hookwall", "fleet-file.schema.json", "licenses.txt",
	}
	if !slices.Equal(names(files), want) {
		t.Errorf("the archive has %q, want %q", names(files), want)
	}
	for _, f := range files {
		if f.name == "hookwall" && (f.mode != 0o755 || !bytes.Contains(f.content, []byte("v1.2.3"))) {
			t.Error("the program is not executable, or has another version")
		}
	}
}

// TestDocumentsLinkToEachOther looks for links from documents of an archive to files that it lacks.
func TestDocumentsLinkToEachOther(t *testing.T) {
	// Contributing and Compose need the source.
	known := append([]string{"CONTRIBUTING.md", "compose.yaml"}, documents...)
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for _, name := range documents {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, found := range link.FindAllStringSubmatch(string(read(t, filepath.Join(root, name))), -1) {
			to := path.Join(path.Dir(name), found[1])
			isFolder := slices.ContainsFunc(known, func(file string) bool { return strings.HasPrefix(file, to+"/") })
			if !isFolder && !slices.Contains(known, to) {
				t.Errorf("%s links to %s, which the archive lacks", name, to)
			}
		}
	}
}

func TestReleaseProblems(t *testing.T) {
	out := t.TempDir()
	if err := makeRelease(root, "../x", out, []string{"linux/amd64"}); err == nil {
		t.Error("a version can lead out of the folder")
	}
	t.Setenv("SOURCE_DATE_EPOCH", "noon")
	err := makeRelease(root, "v1", out, []string{"linux/amd64"})
	if err == nil || !strings.Contains(err.Error(), "SOURCE_DATE_EPOCH") {
		t.Errorf("with a time that isn't one: %v", err)
	}
	broken := release{root: root, version: "v1", out: out}
	if err := broken.make("linux/z80"); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("with a build that fails: %v", err)
	}
	if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// TestPack packs the same files twice, compares the bytes, and unpacks them.
func TestPack(t *testing.T) {
	at := time.Unix(1700000000, 0).UTC()
	content := fstest.MapFS{
		"folder":          {Mode: fs.ModeDir | 0o755, ModTime: at},
		"folder/a.txt":    {Data: []byte("some text"), Mode: 0o644, ModTime: at},
		"folder/hookwall": {Data: []byte("a program"), Mode: 0o755, ModTime: at},
	}
	want := []packed{{"a.txt", []byte("some text"), 0o644}, {"hookwall", []byte("a program"), 0o755}}
	var tars, zips [2]bytes.Buffer
	for i := range 2 {
		if err := errors.Join(packTar(&tars[i], content), packZip(&zips[i], content)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(tars[0].Bytes(), tars[1].Bytes()) || !bytes.Equal(zips[0].Bytes(), zips[1].Bytes()) {
		t.Error("the bytes differ")
	}
	for kind, got := range map[string][]packed{"tar": untar(t, tars[0].Bytes()), "zip": unzip(t, zips[0].Bytes())} {
		if !slices.EqualFunc(got, want, func(a, b packed) bool {
			return a.name == b.name && a.mode == b.mode && bytes.Equal(a.content, b.content)
		}) {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

// packed is a file of an archive.
type packed struct {
	name    string
	content []byte
	mode    int64
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func names(files []packed) (all []string) {
	for _, f := range files {
		all = append(all, f.name)
	}
	return all
}

func untar(t *testing.T, archive []byte) (files []packed) {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(zipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil || header.ModTime.Unix() != 1700000000 || header.Uid != 0 || header.Uname != "" {
			t.Fatalf("%+v, %v", header, err)
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		files = append(files, packed{filepath.Base(header.Name), content, header.Mode})
	}
}

func unzip(t *testing.T, archive []byte) (files []packed) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		if f.FileInfo().IsDir() {
			continue
		}
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil || f.Modified.Unix() != 1700000000 {
			t.Fatalf("%+v, %v", f.FileHeader, err)
		}
		files = append(files, packed{filepath.Base(f.Name), content, int64(f.Mode().Perm())})
	}
	return files
}
