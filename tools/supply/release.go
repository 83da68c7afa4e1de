package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// released is the text that goes into each archive beside the program.
var released = []string{"CHANGELOG.md", "LICENSE", "README.md"}

// release is one being made. The same source gives the same bytes.
type release struct {
	root, version, out string
	at                 time.Time // of all files
	build              func(target, to string) error
	notices            []byte
}

// safeVersion is one that can stand in the name of a file.
var safeVersion = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]*$`)

// makeRelease builds Hookwall for all targets into an empty folder: archives,
// bills of materials, and the sums of both.
func makeRelease(root, version, out string, targets []string) error {
	if !safeVersion.MatchString(version) {
		return fmt.Errorf("%q is no version that can stand in the name of a file", version)
	}
	at, err := sourceTime(root)
	if err != nil {
		return err
	}
	var notices bytes.Buffer
	if err := writeNotices(&notices, root, targets); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o750)); err != nil { //nolint:gosec // the folder that the caller chose
		return err
	}
	r := release{root: root, version: version, out: out, at: at, notices: notices.Bytes()}
	r.build = r.make
	for _, target := range targets {
		if err := r.target(target); err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
	}
	return writeSums(out)
}

// sourceTime is the time of the commit, or the one that SOURCE_DATE_EPOCH gives.
func sourceTime(root string) (time.Time, error) {
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		out, err := exec.Command("git", "-C", root, "log", "-1", "--format=%ct").Output() //nolint:gosec,noctx // fixed arguments; it ends by itself
		if err != nil {
			return time.Time{}, fmt.Errorf("the time of the source is not known: set SOURCE_DATE_EPOCH, in seconds since 1970: %w", err)
		}
		seconds = strings.TrimSpace(string(out))
	}
	var unix int64
	if _, err := fmt.Sscanf(seconds, "%d", &unix); err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q, not a number of seconds: %w", seconds, err)
	}
	return time.Unix(unix, 0).UTC(), nil
}

// make builds as the Makefile does.
func (r release) make(target, to string) error {
	system, processor, _ := strings.Cut(target, "/")
	cmd := exec.Command("make", "--no-print-directory", "-C", r.root, "build", "VERSION="+r.version, "BINARY="+to) //nolint:gosec,noctx // the caller says which; it ends by itself
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH="+processor, "CGO_ENABLED=0")
	if printed, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make build: %w: %s", err, printed)
	}
	return nil
}

func (r release) target(target string) error {
	work, err := os.MkdirTemp("", "hookwall-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	binary := filepath.Join(work, "hookwall")
	if strings.HasPrefix(target, "windows/") {
		binary += ".exe"
	}
	if err := r.build(target, binary); err != nil {
		return err
	}
	var materials bytes.Buffer
	if err := writeSBOM(&materials, r.root, r.version, binary); err != nil {
		return err
	}
	name := "hookwall_" + r.version + "_" + strings.ReplaceAll(target, "/", "_")
	if err := os.WriteFile(filepath.Join(r.out, name+".cdx.json"), materials.Bytes(), 0o600); err != nil { //nolint:gosec // the folder that the caller chose
		return err
	}
	files, err := r.files(binary)
	if err != nil {
		return err
	}
	if strings.HasPrefix(target, "windows/") {
		return packFile(filepath.Join(r.out, name+".zip"), func(w io.Writer) error { return packZip(w, name, r.at, files) })
	}
	return packFile(filepath.Join(r.out, name+".tar.gz"), func(w io.Writer) error { return packTar(w, name, r.at, files) })
}

// files are what goes into an archive, by name.
func (r release) files(binary string) ([]packed, error) {
	files := []packed{{name: "licences.txt", content: r.notices, mode: 0o644}}
	paths := []string{binary}
	for _, name := range released {
		paths = append(paths, filepath.Join(r.root, name))
	}
	for _, path := range paths {
		content, err := os.ReadFile(path) //nolint:gosec // in the repository, or just built
		if err != nil {
			return nil, err
		}
		mode := int64(0o644)
		if path == binary {
			mode = 0o755
		}
		files = append(files, packed{filepath.Base(path), content, mode})
	}
	slices.SortFunc(files, func(a, b packed) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

// writeSums lists the SHA-256 of all files of a folder, as sha256sum does.
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
		sum := sha256.Sum256(content)
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), e.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sums.String()), 0o600) //nolint:gosec // the folder that the caller chose
}
