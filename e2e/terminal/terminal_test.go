// Package terminal runs the commands for fleet files, as their documentation
// shows them, against a dashboard in a process of its own.
package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookwall/e2e/process"
)

func TestMain(m *testing.M) { process.Main(m) }

// desk is a person at a terminal, whose team has demo shops.
type desk struct {
	t       *testing.T
	wall    *process.Process
	browser *process.Client
	token   string
	dir     string // where commands run
}

// newDesk starts a dashboard for a team with demo shops, and makes an access
// token of its admin. It waits until at least some of the shops have been read.
func newDesk(t *testing.T, shops, read int) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), browser: process.NewClient(t)}
	d.wall = process.Start(t, []string{"--team", "--connect-channel", "--shops", strconv.Itoa(shops)},
		"HOOKWALL_ADDR=localhost:0", "HOOKWALL_SANDBOX_ADDR=127.0.0.1:0")
	d.wall.URL = "http://localhost" + d.wall.URL[strings.LastIndex(d.wall.URL, ":"):]
	d.token = d.makesToken("person-1", "apply")
	d.waitUntilSeen(read)
	return d
}

var tokenForm = regexp.MustCompile(`hw_[A-Z2-7]{32}`)

// makesToken signs a person in at the sandbox, and makes a token.
func (d *desk) makesToken(person, scope string) string {
	d.t.Helper()
	choose := d.browser.Get(d.wall.URL + "/sign-in/start").Form("")
	choose.Values.Set("person", person)
	if page := d.browser.Post(choose.Action, choose.Values); page.Status != http.StatusOK {
		d.t.Fatalf("the sign-in ends with %d at %s", page.Status, page.URL)
	}
	form := d.browser.Get(d.wall.URL + "/you").Form("/you/tokens")
	form.Values.Set("name", "Terminal")
	form.Values.Set("scope", scope)
	token := tokenForm.FindString(d.browser.Post(form.Action, form.Values).Body)
	if token == "" {
		d.t.Fatal("there is no token")
	}
	return token
}

// waitUntilSeen waits until the background visits have read so many shops.
func (d *desk) waitUntilSeen(shops int) {
	d.t.Helper()
	for range 600 {
		r, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.wall.URL+"/api/v1/shops", http.NoBody)
		if err != nil {
			d.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+d.token)
		resp, err := d.browser.HTTP.Do(r)
		if err != nil {
			d.t.Fatal(err)
		}
		var list struct{ Shops []struct{ SeenAt *time.Time } }
		err = json.NewDecoder(resp.Body).Decode(&list)
		resp.Body.Close()
		seen := 0
		for _, shop := range list.Shops {
			if shop.SeenAt != nil {
				seen++
			}
		}
		if err != nil {
			d.t.Fatal(err)
		}
		if seen >= shops {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	d.t.Fatalf("fewer than %d shops were read\n%s", shops, d.wall.Logs())
}

// result is how a command ended.
type result struct {
	status   int
	out, err string
}

// command returns the program with arguments, which run in the desk's folder.
func (d *desk) command(args ...string) *exec.Cmd {
	d.t.Helper()
	program, err := process.Program()
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.CommandContext(d.t.Context(), program, args...)
	cmd.Dir = d.dir
	cmd.Env = []string{"HOME=" + d.dir, "HOOKWALL_SERVER=" + d.wall.URL, "HOOKWALL_TOKEN=" + d.token}
	return cmd
}

// run runs a command to its end.
func (d *desk) run(args ...string) result {
	d.t.Helper()
	return d.end(d.command(args...))
}

func (d *desk) end(cmd *exec.Cmd) (r result) {
	d.t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		r.status = exit.ExitCode()
	} else if err != nil {
		d.t.Fatal(err)
	}
	r.out, r.err = out.String(), errs.String()
	if strings.Contains(r.out+r.err+d.wall.Logs(), d.token) {
		d.t.Errorf("%v: the token is printed or logged", cmd.Args)
	}
	return r
}

// file changes a file in the desk's folder.
func (d *desk) file(name string, change func(string) string) {
	d.t.Helper()
	path := filepath.Join(d.dir, name)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(change(string(text))), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// script is one command of the documentation, and what it shows of it.
type script struct {
	line   string
	output string
	status string // "" if it shows none
}

var (
	consoleBlock = regexp.MustCompile("(?s)^```console\n(.*)\n```")
	fileBlock    = regexp.MustCompile("(?s)^```yaml\n# (\\S+)\n(.*)\n```")
	anyBlock     = regexp.MustCompile("(?s)```(console|yaml)\n.*?\n```")
	shortDigest  = regexp.MustCompile(`\b7f3c91ab…?`)
	wholeDigest  = regexp.MustCompile(`\b[0-9a-f]{16,64}\b`)
)

// scriptsOf returns the commands of a block.
func scriptsOf(block string) (all []script) {
	for line := range strings.Lines(block) {
		command, isCommand := strings.CutPrefix(line, "$ ")
		last := len(all) - 1
		switch {
		case isCommand && strings.TrimSpace(command) == "echo $?":
			all[last].status = "asked"
		case isCommand:
			all = append(all, script{line: strings.TrimSpace(command)})
		case all[last].status == "asked":
			all[last].status = strings.TrimSpace(line)
		default:
			all[last].output += line
		}
	}
	return all
}

// TestDocumentedCommands runs each command of docs/terminal.md in order, and
// compares what it prints and its exit status with what the page shows.
func TestDocumentedCommands(t *testing.T) {
	text, err := os.ReadFile("../../docs/terminal.md")
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t, 12, 12)
	digest, count := "", 0
	for _, block := range anyBlock.FindAllString(string(text), -1) {
		if file := fileBlock.FindStringSubmatch(block); file != nil {
			d.file(file[1], func(string) string { return file[2] + "\n" })
			continue
		}
		shown := consoleBlock.FindStringSubmatch(block)
		if shown == nil {
			continue
		}
		for _, s := range scriptsOf(shown[1] + "\n") {
			count++
			got := d.shell(shortDigest.ReplaceAllString(s.line, digest))
			if found := wholeDigest.FindString(got.out); found != "" {
				digest = found
			}
			if s.status != "" && s.status != strconv.Itoa(got.status) {
				t.Errorf("$ %s\nexits with %d, and the page shows %s", s.line, got.status, s.status)
			}
			printed := strings.ReplaceAll(got.err+got.out, d.wall.URL, "https://hooks.example.com")
			if printed = wholeDigest.ReplaceAllString(printed, "7f3c91ab…"); printed != s.output {
				t.Errorf("$ %s\nprints\n%s\nand the page shows\n%s", s.line, printed, s.output)
			}
		}
	}
	if count < 7 {
		t.Errorf("the page shows only %d commands", count)
	}
}

// shell runs a line as a person's shell does.
func (d *desk) shell(line string) result {
	d.t.Helper()
	cmd := d.command()
	program := cmd.Path
	cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", line}
	cmd.Env = append(cmd.Env, "PATH="+filepath.Dir(program)+":/usr/bin:/bin")
	return d.end(cmd)
}

// TestRunInManyShops: a plan for more than 20 shops waits for another person's
// approval, and its run for a look at the first shop. Each wait has its own
// status, and the command continues where it was.
func TestRunInManyShops(t *testing.T) {
	d := newDesk(t, 30, 24)
	first := d.browser
	d.browser = process.NewClient(t)
	d.makesToken("person-2", "read") // an operator, who may approve
	exported := d.run("fleet", "export", "--output", "fleet.yaml")
	if exported.status != 0 {
		t.Fatalf("the export: %+v", exported)
	}
	d.file("fleet.yaml", func(text string) string {
		return regexp.MustCompile(`(?m)^    webhooks:( \[\])?$`).ReplaceAllString(text,
			"    webhooks:\n      - url: https://alerts.example.com/fleet\n        types: [DONATION]")
	})
	planned := d.run("fleet", "plan", "fleet.yaml", "--output", "json")
	var plan struct {
		Digest        string
		Shops         int
		NeedsApproval bool
	}
	err := json.Unmarshal([]byte(planned.out), &plan)
	if err != nil || planned.status != 2 || plan.Shops < 21 || !plan.NeedsApproval {
		t.Fatalf("the plan: status %d, %+v, %v, %s", planned.status, plan, err, planned.err)
	}
	apply := func(more ...string) result {
		return d.run(append([]string{"fleet", "apply", "1", "--digest", plan.Digest[:8], "--wait"}, more...)...)
	}
	if got := apply(); got.status != 3 || !strings.Contains(got.err, "approve") {
		t.Errorf("before the approval: %+v", got)
	}
	form := d.browser.Get(d.wall.URL + "/plans/1").Form("/plans/1/approve")
	if page := d.browser.Post(form.Action, form.Values); page.Status != http.StatusOK || form.Action == "" {
		t.Fatalf("the approval ends with %d", page.Status)
	}
	if got := apply(); got.status != 3 || !strings.Contains(got.out, "--resume") || !strings.Contains(got.out, "1 of ") {
		t.Errorf("after the first shop: %+v", got)
	}
	if got := apply(); got.status != 3 {
		t.Errorf("without --resume it continues: %+v", got)
	}
	want := fmt.Sprintf("%d of %d changes done.", plan.Shops, plan.Shops)
	if got := apply("--resume"); got.status != 0 || !strings.Contains(got.out, want) {
		t.Errorf("to the end: %+v", got)
	}
	if got := apply(); got.status != 0 || !strings.Contains(got.out, want) {
		t.Errorf("again: %+v", got)
	}
	activity := first.Get(d.wall.URL + "/people/activity").Body
	for _, text := range []string{"Plan made", "Plan approved", "Plan applied", "Run resumed", "Access token Terminal"} {
		if !strings.Contains(activity, text) {
			t.Errorf("the team’s activity doesn’t have %q", text)
		}
	}
}

// TestInterrupt: Ctrl-C stops waiting, not the run.
func TestInterrupt(t *testing.T) {
	polled := make(chan bool, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		polled <- r.Method == http.MethodGet
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"number":1,"url":"https://h.example/plans/1","digest":"%064d","state":"running","total":2}`, 0)
	}))
	t.Cleanup(server.Close)
	d := &desk{t: t, dir: t.TempDir(), token: "hw_" + strings.Repeat("A", 32), wall: &process.Process{URL: server.URL}}
	cmd := d.command("fleet", "apply", "1", "--digest", "00000000", "--wait")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !<-polled {
			t.Error("it changes something")
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	err := cmd.Wait()
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(errs.String(), "The run continues") {
		t.Errorf("it ends with %v: %s", err, errs.String())
	}
}

// TestPersonalMode: without a team there are no tokens, and the command says so.
func TestPersonalMode(t *testing.T) {
	d := &desk{t: t, dir: t.TempDir(), token: "hw_" + strings.Repeat("A", 32)}
	d.wall = process.Start(t, nil, "HOOKWALL_ADDR=127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR=127.0.0.1:0")
	if got := d.run("fleet", "export"); got.status != 1 || !strings.Contains(got.err, "needs a team") {
		t.Errorf("%+v", got)
	}
}
