package deploy

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookwall/internal/store/storetest"
)

// needed skips a test of "make test-deploy" elsewhere.
func needed(t *testing.T) {
	t.Helper()
	if os.Getenv("HOOKWALL_TEST_DEPLOY") == "" {
		t.Skip("HOOKWALL_TEST_DEPLOY is not set: make test-deploy sets it")
	}
}

// builder does what a Dockerfile says, as far as that goes without Docker:
// this machine takes the place of the image that the build is from.
type builder struct {
	t     *testing.T
	stage map[string]*stage
}

// stage is a folder with the files of a stage.
type stage struct {
	root    string // "" for this machine
	workdir string // as the Dockerfile has it
	source  string // where the working folder really is
	env     []string
	config  map[string]string
}

// build returns the last stage.
func build(t *testing.T, version string) *stage {
	t.Helper()
	b := builder{t, map[string]*stage{}}
	var last *stage
	for _, instructions := range stages(t) {
		from := strings.Fields(strings.TrimPrefix(instructions[0].args, "--platform=$BUILDPLATFORM "))
		last = &stage{config: map[string]string{}, env: []string{"VERSION=" + version, "TARGETOS=linux", "TARGETARCH="}}
		if from[0] == "scratch" {
			last.root, last.env = t.TempDir(), nil
			b.must(os.Chmod(last.root, 0o755))
		}
		if len(from) == 3 {
			b.stage[from[2]] = last
		}
		for _, i := range instructions[1:] {
			b.do(last, i)
		}
	}
	return last
}

func (b builder) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b builder) do(s *stage, i instruction) {
	b.t.Helper()
	switch i.name {
	case "WORKDIR":
		s.workdir, s.source = i.args, filepath.Join(s.root, i.args)
		if s.root == "" {
			s.source = b.t.TempDir()
		}
	case "COPY":
		b.copy(s, strings.Fields(i.args))
	case "RUN":
		cmd := exec.Command("sh", "-euc", i.args)
		cmd.Dir, cmd.Env = s.source, append(os.Environ(), s.env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.t.Fatalf("line %d: %v: %s", i.line, err, out)
		}
	case "ENV":
		s.env = append(s.env, i.args)
	case "ARG": // given from the start
	default:
		s.config[i.name] = i.args
	}
}

// copy copies files of the repository or of another stage.
func (b builder) copy(to *stage, args []string) {
	b.t.Helper()
	from, owner := (*stage)(nil), 0
	for strings.HasPrefix(args[0], "--") {
		name, value, _ := strings.Cut(args[0], "=")
		switch name {
		case "--from":
			from = b.stage[value]
		case "--chown":
			var err error
			owner, err = strconv.Atoi(strings.Split(value, ":")[0])
			b.must(err)
		}
		args = args[1:]
	}
	sources, target := args[:len(args)-1], args[len(args)-1]
	if from == nil {
		b.copyRepository(to, sources)
		return
	}
	for _, path := range sources {
		within, inside := strings.CutPrefix(path, from.workdir+"/")
		source := path
		if inside {
			source = filepath.Join(from.source, within)
		}
		into := filepath.Join(to.root, target)
		if info, err := os.Stat(source); err == nil && !info.IsDir() && strings.HasSuffix(target, "/") {
			into = filepath.Join(into, filepath.Base(path))
		}
		b.place(source, into, owner)
	}
}

// place copies a file or an empty folder. Folders on the way belong to root.
func (b builder) place(source, into string, owner int) {
	b.t.Helper()
	info, err := os.Stat(source)
	b.must(err)
	b.must(os.MkdirAll(filepath.Dir(into), 0o755))
	if info.IsDir() {
		entries, err := os.ReadDir(source)
		if b.must(err); len(entries) > 0 {
			b.t.Fatalf("%s is not empty", source)
		}
		b.must(os.Mkdir(into, info.Mode()))
	} else {
		content, err := os.ReadFile(source)
		b.must(err)
		b.must(os.WriteFile(into, content, info.Mode()))
	}
	if os.Geteuid() == 0 {
		b.must(os.Chown(into, owner, owner))
	}
}

// copyRepository copies what .dockerignore leaves of the sources.
func (b builder) copyRepository(to *stage, sources []string) {
	b.t.Helper()
	out, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	b.must(err)
	for path := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		if !slices.Contains(sources, ".") && !slices.Contains(sources, path) {
			continue
		}
		if info, err := os.Lstat(filepath.Join(root, path)); err == nil && info.Mode().IsRegular() && !ignored(b.t, path) {
			b.place(filepath.Join(root, path), filepath.Join(to.source, path), 0)
		}
	}
}

// container runs a program of the image as its user, with nothing but its
// files. Without being root this takes a user namespace.
func (s *stage) container(t *testing.T, args []string, env ...string) *exec.Cmd {
	t.Helper()
	user, err := strconv.Atoi(strings.Split(s.config["USER"], ":")[0])
	if err != nil {
		t.Fatal(err)
	}
	var entry []string
	if err := json.Unmarshal([]byte(s.config["ENTRYPOINT"]), &entry); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(entry[0], append(entry[1:], args...)...)
	cmd.Dir, cmd.Env = s.workdir, append(slices.Clone(s.env), env...)
	credential := &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: s.root, Credential: credential}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Chroot: s.root, Cloneflags: syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getegid(), Size: 1}},
		}
	}
	return cmd
}

// TestImage builds the image, looks at all that is in it, and runs it.
func TestImage(t *testing.T) {
	needed(t)
	image := build(t, "v1.2.3-test")
	var files []string
	err := filepath.WalkDir(image.root, func(path string, _ fs.DirEntry, err error) error {
		files = append(files, strings.TrimPrefix(path, image.root))
		return err
	})
	want := []string{
		"", "/LICENSE", "/data", "/etc", "/etc/ssl", "/etc/ssl/certs", "/etc/ssl/certs/ca-certificates.crt",
		"/hookwall", "/licenses.txt",
	}
	if err != nil || !slices.Equal(files, want) {
		t.Errorf("the image has %q, %v", files, err)
	}
	pulled, unpacked := image.size(t)
	t.Logf("the image has %.1f MB to pull, and %.1f MB unpacked", float64(pulled)/1e6, float64(unpacked)/1e6)
	if pulled > maxPulled || unpacked > maxUnpacked {
		t.Errorf("it has %d bytes to pull and %d unpacked, more than %d or %d", pulled, unpacked, maxPulled, maxUnpacked)
	}
	roots, err := os.ReadFile(image.root + "/etc/ssl/certs/ca-certificates.crt")
	if err != nil || !x509.NewCertPool().AppendCertsFromPEM(roots) {
		t.Errorf("it knows no certificate authorities: %v", err)
	}
	out, err := image.container(t, []string{"version"}).CombinedOutput()
	if err != nil || string(out) != "hookwall v1.2.3-test\n" {
		t.Errorf("its version is %q, %v", out, err)
	}
	out, err = image.container(t, nil).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "HOOKWALL_PUBLIC_URL is not set") {
		t.Errorf("without settings it says %q, %v", out, err)
	}
	for name, more := range map[string][]string{
		"SQLite":   nil,
		"Postgres": {"HOOKWALL_DATABASE_URL=" + storetest.Postgres(t)},
	} {
		t.Run(name, func(t *testing.T) { image.serves(t, more...) })
	}
	info, err := os.Stat(image.root + "/data/hookwall.db")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database: %v, %v", info, err)
	}
}

// How large the image may be, in bytes: what a registry sends, and what it takes on a disk.
const (
	maxPulled   = 16_000_000
	maxUnpacked = 42_000_000
)

// size returns the bytes of all files, compressed as a registry does, and as they are.
func (s *stage) size(t *testing.T) (pulled, unpacked int64) {
	t.Helper()
	err := filepath.WalkDir(s.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err = w.Write(content)
		if err := errors.Join(err, w.Close()); err != nil {
			return err
		}
		pulled, unpacked = pulled+int64(packed.Len()), unpacked+int64(len(content))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pulled, unpacked
}

// serves runs the image until it says that it is healthy, and ends it.
func (s *stage) serves(t *testing.T, more ...string) {
	env := append([]string{
		"HOOKWALL_ADDR=127.0.0.1:0", "HOOKWALL_PUBLIC_URL=http://localhost:0",
		"FOURTHWALL_API_URL=https://api.fourthwall.com",
		"HOOKWALL_SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
	}, more...)
	cmd := s.container(t, nil, env...)
	printed, at := startAndListen(t, cmd)
	public := "http://localhost:" + at[strings.LastIndex(at, ":")+1:]
	health := func() (string, error) {
		out, err := s.container(t, healthCommand(t, s), "HOOKWALL_ADDR="+at, "HOOKWALL_PUBLIC_URL="+public).CombinedOutput()
		return string(out), err
	}
	if said, err := health(); err != nil || said != "ready\n" {
		t.Errorf("of its health it says %q, %v", said, err)
	}
	resp, _ := send(t, http.MethodGet, public+"/connect", nil, "")
	if resp.StatusCode != http.StatusOK {
		t.Errorf("its first page has status %d", resp.StatusCode)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		t.Errorf("it did not end well: %v\n%s", err, printed())
	}
	if said, err := health(); err == nil || !strings.Contains(said, "no response from Hookwall") {
		t.Errorf("when it has ended it says %q, %v", said, err)
	}
}

// healthCommand returns the arguments that HEALTHCHECK passes to the entry
// point.
func healthCommand(t *testing.T, s *stage) []string {
	t.Helper()
	var command, entry []string
	_, text, _ := strings.Cut(s.config["HEALTHCHECK"], " CMD ")
	if err := json.Unmarshal([]byte(text), &command); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(s.config["ENTRYPOINT"]), &entry); err != nil || command[0] != entry[0] {
		t.Fatalf("HEALTHCHECK runs %q: %v", command, err)
	}
	return command[1:]
}

var listening = regexp.MustCompile(`"msg":"listening","address":"([^"]+)"`)

// startAndListen starts a program and waits until it tells its address.
func startAndListen(t *testing.T, cmd *exec.Cmd) (printed func() string, address string) {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	printed = func() string {
		b, _ := os.ReadFile(out.Name())
		return string(b)
	}
	for range 600 {
		if found := listening.FindStringSubmatch(printed()); found != nil {
			return printed, found[1]
		}
		<-time.After(50 * time.Millisecond)
	}
	t.Fatalf("it does not listen:\n%s", printed())
	return nil, ""
}
