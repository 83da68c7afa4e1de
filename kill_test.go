package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asProgram makes this test binary the program itself, so that one process
// can be killed without the other.
const asProgram = "HOOKWALL_TEST_AS_PROGRAM"

// process is the program in a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	at   string // where it answers
	logs bytes.Buffer
	done chan struct{}
}

func launch(t *testing.T, args []string, environment ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0], args...), done: make(chan struct{})}
	p.cmd.Env = append([]string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, environment...)
	out, err := p.cmd.StdoutPipe()
	check(t, err)
	p.cmd.Stderr = os.Stderr
	check(t, p.cmd.Start())
	lines := bufio.NewReader(io.TeeReader(out, &p.logs))
	for p.at == "" {
		line, err := lines.ReadString('\n')
		check(t, err)
		if !strings.HasPrefix(line, "{") {
			p.at = address.FindString(line)
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		close(p.done)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the process as a power failure would, and waits for its last line.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
	_ = p.cmd.Wait()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// caller is a browser as far as forms and cookies go.
type caller struct {
	t      *testing.T
	client *http.Client
}

func newCaller(t *testing.T) *caller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	check(t, err)
	return &caller{t, &http.Client{Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}}
}

func (c *caller) send(ctx context.Context, method, address, kind, body string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := c.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

func (c *caller) get(address string) string {
	c.t.Helper()
	text, err := c.send(c.t.Context(), http.MethodGet, address, "", "")
	check(c.t, err)
	return text
}

func (c *caller) post(address string, form url.Values) string {
	c.t.Helper()
	text, err := c.send(c.t.Context(), http.MethodPost, address, "application/x-www-form-urlencoded", form.Encode())
	check(c.t, err)
	return text
}

// demoShop is what the sandbox says of a shop.
type demoShop struct {
	ID, APIUser, APIPassword, WebhookSecret string
	Webhooks                                []struct{ ID, URL string }
}

func (c *caller) demoShop(box string) demoShop {
	c.t.Helper()
	var state struct{ Shops []demoShop }
	check(c.t, json.Unmarshal([]byte(c.get(box+"/_sandbox/state")), &state))
	return state.Shops[0]
}

// eventually asks again until the answer is yes.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	tick, limit := time.NewTicker(50*time.Millisecond), time.NewTimer(time.Minute)
	defer tick.Stop()
	defer limit.Stop()
	for !yes() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("%s did not happen", what)
		}
	}
}

// TestKilledBetweenCallAndAnswer: the process dies after Fourthwall has
// created, changed or deleted a webhook and before it can know. The attempt
// stands in the activity, unsettled, and settles itself; nothing is done twice.
func TestKilledBetweenCallAndAnswer(t *testing.T) {
	dir := t.TempDir()
	box := launch(t, []string{"sandbox", "--addr", "127.0.0.1:0", "--data", filepath.Join(dir, "sandbox.db")})
	environment := []string{
		"HOOKWALL_ADDR=127.0.0.1:0", "HOOKWALL_SECRET_KEY=" + testKey, "FOURTHWALL_API_URL=" + box.at,
		"HOOKWALL_DATABASE_URL=" + filepath.Join(dir, "hookwall.db"),
	}
	wall := launch(t, nil, environment...)
	c := newCaller(t)
	shop := c.demoShop(box.at)
	at := "/shops/" + shop.ID
	c.post(wall.at+"/connect/key", url.Values{"username": {shop.APIUser}, "password": {shop.APIPassword}})

	const endpoint = "https://hooks.example.com/killed"
	create := url.Values{
		"do": {"create"}, "submission": {strings.Repeat("k", 43)}, "url": {endpoint}, "allowedTypes": {"DONATION"},
	}
	logs := ""
	dieDuring := func(method, path string, form url.Values, tookEffect func(demoShop) bool) {
		t.Helper()
		hold, err := json.Marshal(map[string]any{"method": method, "path": "/open-api/v1.0/webhooks*", "delay": "1h"})
		check(t, err)
		_, err = c.send(t.Context(), http.MethodPost, box.at+"/_sandbox/failures", "application/json", string(hold))
		check(t, err)
		hung := make(chan error, 1)
		go func() {
			_, err := c.send(t.Context(), http.MethodPost, wall.at+path, "application/x-www-form-urlencoded", form.Encode())
			hung <- err
		}()
		eventually(t, method+" at the API", func() bool { return tookEffect(c.demoShop(box.at)) })
		wall.kill()
		if err := <-hung; err == nil {
			t.Errorf("%s was answered, so nothing was killed in the middle", method)
		}
		logs += wall.logs.String()
		wall = launch(t, nil, environment...)
	}
	settles := func(action string) {
		t.Helper()
		activity := wall.at + at + "/activity"
		if page := c.get(activity); strings.Count(page, "Unsettled") != 2 { // a choice of the filter, and the entry
			t.Errorf("%s does not show as unsettled", action)
		}
		if kept := c.get(activity + ".csv?outcome=pending"); !strings.Contains(kept, action+",pending") {
			t.Errorf("%s is not kept as pending:\n%s", action, kept)
		}
		eventually(t, "settling "+action, func() bool {
			return strings.Contains(c.get(activity+".csv?outcome=done"), action+",done")
		})
	}

	dieDuring(http.MethodPost, at+"/webhooks", create, func(s demoShop) bool { return len(s.Webhooks) == 1 })
	settles("webhook.create")
	made := c.demoShop(box.at).Webhooks
	if page := c.post(wall.at+at+"/webhooks", create); len(made) != 1 || !strings.Contains(page, made[0].ID) {
		t.Fatalf("the form that was sent again does not lead to the webhook: %v", made)
	}

	dieDuring(http.MethodDelete, at+"/webhooks/"+made[0].ID+"/delete", url.Values{"do": {"delete"}}, func(s demoShop) bool { return len(s.Webhooks) == 0 })
	settles("webhook.delete")
	done := c.get(wall.at + at + "/activity.csv?outcome=done")
	for _, want := range []string{"webhook.create,done", "webhook.delete,done", made[0].ID, endpoint} {
		if !strings.Contains(done, want) {
			t.Errorf("the activity lacks %q:\n%s", want, done)
		}
	}
	wall.kill()
	nothingSecret(t, dir, logs+wall.logs.String(), shop.APIPassword, shop.WebhookSecret)
}

// nothingSecret looks for secrets in the database's files and in the logs.
func nothingSecret(t *testing.T, dir, logs string, secrets ...string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "hookwall.db*"))
	check(t, err)
	texts := map[string]string{"the logs": logs}
	for _, name := range files {
		b, err := os.ReadFile(name)
		check(t, err)
		texts[filepath.Base(name)] = string(b)
	}
	if len(texts) < 2 || logs == "" {
		t.Errorf("nothing to look at: %d files, %d bytes of logs", len(files), len(logs))
	}
	for where, text := range texts {
		for i, secret := range secrets {
			if secret == "" || strings.Contains(text, secret) {
				t.Errorf("secret %d stands in %s", i, where)
			}
		}
	}
}
