package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/alecthomas/kong"

	"hookwall/e2e/process"
	"hookwall/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs the program until the test ends and returns its first line.
func start(t *testing.T, getenv func(string) string, args ...string) (line string, stop func() error) {
	t.Helper()
	r, w := io.Pipe()
	stop = startTo(t, w, getenv, args)
	scanner := bufio.NewScanner(r)
	if !scanner.Scan() {
		t.Fatalf("it ended with %v", stop())
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	return scanner.Text(), stop
}

// startTo runs the program until the test ends, and closes what it prints to.
func startTo(t *testing.T, stdout io.WriteCloser, getenv func(string) string, args []string) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, args, getenv, stdout)
		_ = stdout.Close()
		ended <- err
	}()
	stop = func() error {
		cancel()
		err := <-ended
		ended <- err
		return err
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return stop
}

var (
	address = regexp.MustCompile(`http://[^ :]+:[0-9]+`)
	// started matches the first line of a dashboard that runs against its sandbox.
	started = regexp.MustCompile(
		`^Hookwall is at (http://\S+) \(the sandbox is at (http://\S+), nothing reaches Fourthwall\)$`)
)

// startedAt returns the URLs in the first line of a dashboard and its sandbox.
func startedAt(t *testing.T, line string) (dashboard, sandbox string) {
	t.Helper()
	found := started.FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("the first line is %q", line)
	}
	return found[1], found[2]
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestStartsWithoutSettings holds that the program runs without settings, keeps
// its files to their owner, and restarts with the same key.
func TestStartsWithoutSettings(t *testing.T) {
	home := t.TempDir()
	getenv := env("HOME", home, "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0")
	dir := filepath.Join(home, ".local", "share", "hookwall")
	var keys []string
	for range 2 {
		line, stop := start(t, getenv)
		wall, box := startedAt(t, line)
		for at, want := range map[string]string{wall: "Connect with Fourthwall", box: "Studio Nine"} {
			status, body := fetch(t, at)
			if status != http.StatusOK || !strings.Contains(body, want) {
				t.Errorf("%s responds with status %d and without %q", at, status, want)
			}
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		key, err := os.ReadFile(filepath.Join(dir, "secret.key"))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, string(key))
	}
	if keys[0] != keys[1] || len(keys[0]) < 44 {
		t.Error("the key changed")
	}
	for _, name := range []string{"secret.key", "hookwall.db", "sandbox.db"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// TestKeyIsMadeOnce holds that programs that start together find the same key.
func TestKeyIsMadeOnce(t *testing.T) {
	for range 50 {
		dir := filepath.Join(t.TempDir(), "hookwall")
		keys := make([]string, 8)
		var starting sync.WaitGroup
		for i := range keys {
			starting.Go(func() {
				var err error
				if keys[i], err = keptKey(filepath.Join(dir, "secret.key")); err != nil {
					t.Error(err)
				}
			})
		}
		starting.Wait()
		differ := slices.ContainsFunc(keys, func(key string) bool { return key != keys[0] })
		if _, err := store.ParseKeys(keys[0]); err != nil || differ {
			t.Fatalf("the keys differ, or the first isn't one: %v", err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Fatalf("%v is left, %v", left, err)
		}
	}
}

// TestReceiverOfTheSandbox holds that the sandbox's receiver can be checked, also
// by TLS, though nothing else on this machine can. Checklist 42.
func TestReceiverOfTheSandbox(t *testing.T) {
	settings := env("HOME", t.TempDir(), "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0")
	line, _ := start(t, settings)
	wall, box := startedAt(t, line)
	c := process.NewClient(t)
	var state process.State
	if err := json.Unmarshal([]byte(c.Get(box+"/_sandbox/state").Body), &state); err != nil {
		t.Fatal(err)
	}
	shop := state.Shops[0]
	c.Post(wall+"/connect/key", url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}})
	for _, test := range []struct {
		endpoint string
		wants    []string
	}{
		{"https://receiver.sandbox.example/verify", []string{"TLS 1.3", "it verifies signatures", "Everything passed"}},
		{"http://receiver.sandbox.example/created", []string{"201", "Return status 200"}},
		{box, []string{"Failed", "Skipped"}},
	} {
		form := url.Values{"url": {test.endpoint}, "secret": {shop.WebhookSecret}}
		page := c.Post(wall+"/shops/"+shop.ID+"/checks", form).Body
		for _, want := range test.wants {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %q:\n%s", test.endpoint, want, page)
			}
		}
	}
}

func TestSandboxAlone(t *testing.T) {
	args := []string{
		"sandbox", "--addr", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "s.db"),
		"--client-id", "mine", "--redirect-uri", "http://localhost:1/back",
	}
	line, _ := start(t, env(), args...)
	at := address.FindString(line)
	if status, body := fetch(t, at); status != http.StatusOK || !strings.Contains(body, "mine") {
		t.Errorf("%s answers %d", at, status)
	}
	query := url.Values{
		"redirect_uri": {"http://localhost:1/back"}, "state": {"x"},
		"code_challenge_method": {"S256"}, "code_challenge": {strings.Repeat("x", 43)},
	}
	status, body := fetch(t, at+"/admin/platform-apps/mine/connect?"+query.Encode())
	if status != http.StatusOK || !strings.Contains(body, "Allow") {
		t.Errorf("the consent page has status %d", status)
	}
}

// TestAppKeyOfTheSandbox: it is given by flag or environment, and the flag wins.
func TestAppKeyOfTheSandbox(t *testing.T) {
	tests := []struct {
		name      string
		env, args []string
		want      string
	}{
		{"by flag", nil, []string{"--app-key", "key-by-flag"}, "key-by-flag"},
		{"by environment", []string{"HOOKWALL_SANDBOX_APP_KEY", "key-by-variable"}, nil, "key-by-variable"},
		{
			"by both",
			[]string{"HOOKWALL_SANDBOX_APP_KEY", "key-by-variable"},
			[]string{"--app-key", "key-by-flag"},
			"key-by-flag",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := []string{"sandbox", "--addr", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "s.db")}
			line, _ := start(t, env(test.env...), append(args, test.args...)...)
			_, body := fetch(t, address.FindString(line))
			if !strings.Contains(body, "<code>"+test.want+"</code>") {
				t.Errorf("the front page lacks %s", test.want)
			}
		})
	}
}

// Checklist 15.
func TestRefusesToStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "not.db")
	text := "this is text, not a database, and long enough to be read as one"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		env  []string
		args []string
		want string
	}{
		{"an unknown flag", nil, []string{"--nonsense"}, "hookwall -h"},
		{"an unknown command", nil, []string{"fly"}, "hookwall -h"},
		{"a command without its argument", nil, []string{"backup"}, "hookwall backup -h"},
		{"a sandbox for everyone", nil, []string{"sandbox", "--addr", "0.0.0.0:0"}, "--expose"},
		{"a key that is none", []string{"HOOKWALL_SECRET_KEY", "short", "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0"}, nil, "HOOKWALL_SECRET_KEY"},
		{"a file that is no database", []string{"HOOKWALL_DATABASE_URL", file, "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0"}, nil, file},
		{"an address that is not ours", []string{"HOOKWALL_ADDR", "127.0.0.1:1"}, nil, "HOOKWALL_ADDR"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "an address that is not ours" && os.Geteuid() == 0 {
				test.env = []string{"HOOKWALL_ADDR", "203.0.113.1:80", "HOOKWALL_PUBLIC_URL", "https://e.example"}
			}
			pairs := append([]string{"HOME", t.TempDir()}, test.env...)
			err := run(t.Context(), test.args, env(pairs...), io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "short") {
				t.Error("the key is repeated")
			}
		})
	}
}

// TestListenSaysWhatToDo compares what is said about addresses that can't be used.
func TestListenSaysWhatToDo(t *testing.T) {
	used, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = used.Close() })
	for name, tt := range map[string]struct{ addr, want string }{
		"in use":         {used.Addr().String(), "Stop the program that uses it, or choose another address, such as"},
		"of no machine":  {"203.0.113.1:0", "This machine doesn't have that IP address. Choose one that it has, such as"},
		"without a name": {"nothing.invalid:0", "no such host). Choose another address, such as"},
	} {
		listener, err := listen(t.Context(), "HOOKWALL_ADDR", tt.addr)
		if err == nil {
			t.Fatalf("%s: it listens on %s", name, listener.Addr())
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %q, want %q", name, err, tt.want)
		}
	}
}

// TestHelpNamesCommands compares the commands with those that the first page of the help names.
func TestHelpNamesCommands(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"-h"}, env(), &out); err != nil {
		t.Fatal(err)
	}
	parser, err := kong.New(&commandLine{})
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Join(strings.Fields(out.String()), " ")
	for _, command := range parser.Model.Children {
		if !strings.Contains(said, "hookwall "+command.Name) {
			t.Errorf("hookwall -h doesn't name hookwall %s", command.Name)
		}
	}
}

func TestVersion(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"version"}, env(), &out); err != nil || out.String() != "hookwall "+version+"\n" {
		t.Errorf("%q %v", out.String(), err)
	}
}
