package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing/fstest"
	"time"
)

// documents are the files of the repository that every archive has.
var documents = []string{
	".env.example", "CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md",
	"deploy/grafana/hookwall.json", "deploy/hookwall.service", "deploy/kubernetes.yaml", "deploy/nginx/hookwall.conf",
	"deploy/nginx/locations.conf", "deploy/nginx/tls.conf", "deploy/nginx/unavailable.html",
	"deploy/prometheus/hookwall.rules.yaml",
	"docs/api.md", "docs/assumptions.md", "docs/configuration.md", "docs/dependencies.md", "docs/fleet-file.md",
	"docs/images/create.png", "docs/metrics.md", "docs/operate.md", "docs/performance.md", "docs/sandbox.md",
	"docs/security.md", "docs/sign-in.md", "docs/terminal.md",
	"handlers/openapi.yaml", "internal/fleet/fleet-file.schema.json", // the documents link to them
}

// release is one being made. The same source makes the same bytes.
type release struct {
	root, version, out string
	time               time.Time // of all files
	notices            []byte
}

// fileVersion matches a version that can be part of a file's name.
var fileVersion = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]*$`)

// makeRelease builds Hookwall for all targets into an empty folder: archives,
// bills of materials, and the sums of both.
func makeRelease(root, version, out string, targets []string) error {
	if !fileVersion.MatchString(version) {
		return fmt.Errorf("%q can't be part of a file's name", version)
	}
	at, err := sourceTime(root)
	if err != nil {
		return err
	}
	var notices bytes.Buffer
	if err := writeNotices(&notices, root, targets); err != nil {
		return err
	}
	//nolint:gosec // the folder that the caller chose
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o750)); err != nil {
		return err
	}
	r := release{root: root, version: version, out: out, time: at, notices: notices.Bytes()}
	for _, target := range targets {
		if err := r.make(target); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
	}
	return writeSums(out)
}

// sourceTime returns the time that SOURCE_DATE_EPOCH names, else that of the commit.
func sourceTime(root string) (time.Time, error) {
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		//nolint:gosec,noctx // the arguments are fixed, and it ends by itself
		out, err := exec.Command("git", "-C", root, "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("no commit has a time: set SOURCE_DATE_EPOCH, in seconds since 1970: %w", err)
		}
		seconds = strings.TrimSpace(string(out))
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is not a number of seconds: %w", err)
	}
	return time.Unix(unix, 0).UTC(), nil
}

// make builds for one target, and writes its archive and bill of materials.
func (r release) make(target string) error {
	work, err := os.MkdirTemp("", "hookwall-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	system, processor, _ := strings.Cut(target, "/")
	program, kind, pack := "hookwall", ".tar.gz", packTar
	if system == "windows" {
		program, kind, pack = "hookwall.exe", ".zip", packZip
	}
	binary := filepath.Join(work, program)
	if err := r.build(system, processor, binary); err != nil {
		return err
	}
	name := "hookwall_" + r.version + "_" + system + "_" + processor
	var bill, archive bytes.Buffer
	if err := writeSBOM(&bill, r.root, r.version, binary); err != nil {
		return err
	}
	files, err := r.files(name, binary)
	if err != nil {
		return err
	}
	if err := pack(&archive, files); err != nil {
		return err
	}
	return errors.Join(r.write(name+".cdx.json", bill.Bytes()), r.write(name+kind, archive.Bytes()))
}

// build builds as the Makefile does.
func (r release) build(system, processor, binary string) error {
	//nolint:gosec,noctx // the caller says which, and it ends by itself
	cmd := exec.Command("make", "--no-print-directory", "-C", r.root, "build", "VERSION="+r.version, "BINARY="+binary)
	cmd.Env = append(os.Environ(), buildFor(system, processor)...)
	if printed, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make build: %w: %s", err, printed)
	}
	return nil
}

// files returns the content of an archive: one folder with the program and its
// documents.
func (r release) files(folder, binary string) (fstest.MapFS, error) {
	files := fstest.MapFS{folder + "/licenses.txt": {Data: r.notices, Mode: 0o644, ModTime: r.time}}
	add := func(name, from string, mode fs.FileMode) error {
		for dir := path.Join(folder, path.Dir(name)); dir != "."; dir = path.Dir(dir) {
			files[dir] = &fstest.MapFile{Mode: fs.ModeDir | 0o755, ModTime: r.time}
		}
		content, err := os.ReadFile(from) //nolint:gosec // in the repository, or just built
		files[path.Join(folder, name)] = &fstest.MapFile{Data: content, Mode: mode, ModTime: r.time}
		return err
	}
	err := add(filepath.Base(binary), binary, 0o755)
	for _, name := range documents {
		err = errors.Join(err, add(name, filepath.Join(r.root, name), 0o644))
	}
	return files, err
}

func (r release) write(name string, content []byte) error {
	return os.WriteFile(filepath.Join(r.out, name), content, 0o600) //nolint:gosec // in the folder that the caller chose
}

// writeSums lists the SHA-256 of all files of a folder, in the format of sha256sum.
func writeSums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name())) //nolint:gosec // just written
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), e.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sums.String()), 0o600) //nolint:gosec // beside them
}
