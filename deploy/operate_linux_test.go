package deploy

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookwall/e2e/process"
	"hookwall/internal/store"
)

// machine stands for the one on which somebody follows docs/operate.md: a folder has its files, and the test has the
// place of systemd. Docker and Kubernetes aren't there: what the page lets them run is tried by itself.
type machine struct {
	t        *testing.T
	root     string // takes the place of /
	program  string
	postgres string // address of a database
	env      []string
	service  *exec.Cmd // nil if it's stopped
	printed  func() string
	did      map[string]int // commands by their first word
}

var (
	shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")
	inlineCode = regexp.MustCompile("`((?:hookwall|docker|kubectl|systemd-analyze|journalctl|make) [^`]*)`")
	assignment = regexp.MustCompile(`^[A-Z_]+=\S*$`)
	ownFolder  = regexp.MustCompile(`(^|[ "=])/(usr/local/bin|etc|var)/`)
	backupName = regexp.MustCompile(`hookwall-\d{4}-\d\d-\d\d\.db`)
	ourCommand = regexp.MustCompile(`(?:^| )/hookwall (\S+)| hookwall (backup) `)
)

// TestOperate runs each command of docs/operate.md, in its order.
func TestOperate(t *testing.T) {
	needed(t)
	m := newMachine(t)
	page := strings.ReplaceAll(readFile(t, "docs/operate.md"), "\\\n", " ")
	for _, block := range shellBlock.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(block[1]) {
			if line = strings.TrimSpace(line); line != "" && !assignment.MatchString(line) {
				m.do(line)
			}
		}
	}
	for _, code := range inlineCode.FindAllStringSubmatch(page, -1) {
		if first, _, _ := strings.Cut(code[1], " "); first != "make" && first != "hookwall" {
			m.do(code[1])
		}
	}
	m.responds()
	m.systemctl("stop")
	if labels, err := m.openPostgres().Labels(t.Context(), "shop"); err != nil || labels["wcon_1"] != "kept" {
		t.Errorf("the restored database has the labels %v, %v", labels, err)
	}
	for command, least := range map[string]int{
		"install": 3, "systemctl": 5, "docker": 10, "kubectl": 5, "hookwall": 5, "pg_dump": 1, "pg_restore": 1, "cp": 1, "rm": 1,
	} {
		if m.did[command] < least {
			t.Errorf("%s was run %d times, want %d or more", command, m.did[command], least)
		}
	}
	found, err := filepath.Glob(m.root + "/var/backups/hookwall-*.db")
	if err != nil || len(found) != 1 {
		t.Fatalf("backups %v, %v", found, err)
	}
	if info, err := os.Stat(found[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	program, err := process.Program()
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, root: t.TempDir(), program: program, did: map[string]int{}}
	for _, dir := range []string{
		"usr/local/bin", "etc/systemd/system", "etc/bash_completion.d", "var/lib", "var/backups", "work/deploy",
	} {
		m.must(os.MkdirAll(filepath.Join(m.root, dir), 0o755))
	}
	box := process.Sandbox(t, t.TempDir())
	m.place("work/.env", "HOOKWALL_ADDR=127.0.0.1:0\nHOOKWALL_PUBLIC_URL=http://localhost:0\n"+
		"HOOKWALL_SECRET_KEY="+process.Key+"\nFOURTHWALL_API_URL="+box.URL+"\n")
	for _, name := range []string{"hookwall.service", "kubernetes.yaml", "sandbox.env"} {
		m.place("work/deploy/"+name, readFile(t, "deploy/"+name))
	}
	m.must(os.Symlink(program, m.root+"/work/hookwall"))
	m.postgres = newDatabase(t)
	m.env = append(os.Environ(), "PATH="+m.root+"/usr/local/bin:"+postgresPrograms()+os.Getenv("PATH"),
		"HOOKWALL_DATABASE_URL="+m.postgres)
	m.must(m.openPostgres().PutLabel(t.Context(), "shop", "wcon_1", "kept"))
	return m
}

// openPostgres opens the database that the page dumps and restores.
func (m *machine) openPostgres() *store.Store {
	m.t.Helper()
	keys, err := store.ParseKeys(process.Key)
	m.must(err)
	st, err := store.Open(m.t.Context(), m.postgres, store.Options{Keys: keys, Environment: "https://api.example"})
	m.must(err)
	m.t.Cleanup(func() { st.Close() })
	return st
}

// postgresPrograms returns the folder of pg_dump for PATH, unless it is there already.
func postgresPrograms() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if _, err := exec.LookPath("pg_dump"); err == nil || len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	return found[len(found)-1] + ":"
}

// newDatabase returns the address of an empty database, which is dropped at the end.
func newDatabase(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(os.Getenv("HOOKWALL_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	const name = "operate_page"
	for _, statement := range []string{`DROP DATABASE IF EXISTS ` + name, `CREATE DATABASE ` + name} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _, _ = db.ExecContext(context.Background(), `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`) })
	u.Path = "/" + name
	return u.String()
}

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) place(name, content string) {
	m.t.Helper()
	m.must(os.WriteFile(filepath.Join(m.root, name), []byte(content), 0o600))
}

// do runs a line of the page.
func (m *machine) do(line string) {
	m.t.Helper()
	words := strings.Fields(line)
	switch words[0] {
	case "docker", "kubectl":
		m.did[words[0]]++
		m.tryElsewhere(line)
	case "systemctl":
		m.did[words[0]]++
		m.systemctl(words[1])
	case "systemd-analyze", "journalctl": // TestUnitBySystemd runs the first
	default:
		for _, name := range []string{"install", "hookwall", "pg_dump", "pg_restore", "cp", "rm"} {
			if slices.Contains(words, name) || words[0] == name {
				m.did[name]++
				break
			}
		}
		m.shell(line)
	}
}

// shell runs a line as root's shell does, with the files of the machine.
func (m *machine) shell(line string) {
	m.t.Helper()
	here := ownFolder.ReplaceAllString(line, "${1}"+m.root+"/$2/")
	here = backupName.ReplaceAllString(here, "hookwall-"+time.Now().Format("2006-01-02")+".db")
	here = strings.ReplaceAll(here, "=/var/lib ", "="+m.root+"/var/lib ") // not a folder's slash behind it
	cmd := exec.CommandContext(m.t.Context(), "sh", "-euc", here)
	cmd.Dir, cmd.Env = filepath.Join(m.root, "work"), m.env
	if strings.Contains(line, "/var/lib") { // the service has SQLite
		cmd.Env = slices.DeleteFunc(slices.Clone(m.env), func(v string) bool { return strings.HasPrefix(v, "HOOKWALL_") })
	} else if words := strings.Fields(line); words[0] == "hookwall" {
		cmd.Env = append(slices.Clone(m.env), "HOOKWALL_SECRET_KEY="+process.Key, "FOURTHWALL_API_URL=http://localhost:1")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Errorf("$ %s\n%v\n%s", line, err, out)
	}
}

// systemctl starts or stops the service, as its unit says.
func (m *machine) systemctl(what string) {
	m.t.Helper()
	switch {
	case what == "stop" && m.service != nil:
		m.must(m.service.Process.Signal(syscall.SIGTERM))
		if err := m.service.Wait(); err != nil {
			m.t.Errorf("the service ends with %v\n%s", err, m.printed())
		}
		m.service = nil
	case (what == "start" || what == "enable") && m.service == nil:
		unit := settingsOf(m.t, m.root+"/etc/systemd/system/hookwall.service", "Service")
		settings, err := os.ReadFile(m.root + strings.TrimPrefix(unit["EnvironmentFile"][0], "-"))
		m.must(err)
		cmd := exec.Command(m.root + unit["ExecStart"][0])
		cmd.Env = append(strings.Fields(string(settings)), "XDG_DATA_HOME="+m.root+"/var/lib")
		m.printed, _ = startAndListen(m.t, cmd)
		m.service = cmd
	default:
		m.t.Errorf("systemctl %s, and the service runs: %v", what, m.service != nil)
	}
}

// responds fails unless the service serves pages.
func (m *machine) responds() {
	m.t.Helper()
	if m.service == nil {
		m.t.Fatal("the service is stopped in the end")
	}
	found := listening.FindStringSubmatch(m.printed())
	port := found[1][strings.LastIndex(found[1], ":"):]
	resp, body := send(m.t, http.MethodGet, "http://localhost"+port+"/readyz", nil, "")
	if resp.StatusCode != http.StatusOK {
		m.t.Errorf("/readyz: %d %s", resp.StatusCode, body)
	}
}

// tryElsewhere checks what can be checked of a command for Docker or Kubernetes: that its files and services are there,
// and that our program knows what it runs.
func (m *machine) tryElsewhere(line string) {
	m.t.Helper()
	services := readComposition(m.t, "compose.yaml").Services
	for _, name := range regexp.MustCompile(`\bhookwall-\d+\b`).FindAllString(line, -1) {
		if _, ok := services[name]; !ok {
			m.t.Errorf("%s: there's no service %s", line, name)
		}
	}
	for _, file := range regexp.MustCompile(`(?:-f |--env-file )(deploy/\S+|compose\S*)`).FindAllStringSubmatch(line, -1) {
		readFile(m.t, file[1])
	}
	for _, ours := range ourCommand.FindAllStringSubmatch(line, -1) {
		if command := ours[1] + ours[2]; command != "" {
			out, err := exec.CommandContext(m.t.Context(), m.program, command, "--help").CombinedOutput()
			if err != nil {
				m.t.Errorf("%s: hookwall %s: %v\n%s", line, command, err, out)
			}
		}
	}
}
