// Package terminal runs the commands for fleet files, as their documentation
// shows them, against a dashboard in a process of its own.
package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
// token of its admin.
func newDesk(t *testing.T, shops int) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), browser: process.NewClient(t)}
	d.wall = process.Start(t, []string{"--team", "--connect-channel", "--shops", strconv.Itoa(shops)},
		"HOOKWALL_ADDR=localhost:0", "HOOKWALL_SANDBOX_ADDR=127.0.0.1:0")
	d.wall.URL = "http://localhost" + d.wall.URL[strings.LastIndex(d.wall.URL, ":"):]
	d.token = d.makesToken("person-1", "apply")
	d.waitUntilSeen(shops)
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

// waitUntilSeen waits until the background visits have read all shops.
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
		if seen == shops {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	d.t.Fatalf("the shops were not all read\n%s", d.wall.Logs())
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

func TestTry(t *testing.T) {
	d := newDesk(t, 12)
	show := func(args ...string) result {
		r := d.run(args...)
		fmt.Printf("$ hookwall %s\n%s[err] %s[status] %d\n", strings.Join(args, " "), r.out, r.err, r.status)
		return r
	}
	show("fleet", "export", "--output", "fleet.yaml")
	show("fleet", "plan", "fleet.yaml")
	d.file("fleet.yaml", func(s string) string {
		return `version: 1
shops:
  - shop: sh_5f0c2d71-8a4e-4b63-9e17-d3a6f21b90c8
    webhooks:
      - url: https://hooks.example.com/fourthwall
        types:
          - DONATION
          - ORDER_PLACED
`
	})
	show("fleet", "plan", "fleet.yaml")
	r := show("fleet", "plan", "fleet.yaml", "--output", "json")
	var p struct{ Digest string }
	_ = json.Unmarshal([]byte(r.out), &p)
	show("fleet", "apply", "2", "--digest", p.Digest[:8], "--wait")
	show("fleet", "apply", "2", "--digest", p.Digest[:8], "--wait")
	show("fleet", "apply", "1", "--digest", p.Digest[:8], "--wait")
	show("fleet", "plan", "fleet.yaml")
	d.file("fleet.yaml", func(s string) string { return strings.ReplaceAll(s, "ORDER_PLACED", "ORDER_PLACE") + "\n  - shop: nowhere" })
	show("fleet", "plan", "fleet.yaml")
	show("fleet", "export", "--label", "music", "--format", "json")
	show("fleet")
	show("fleet", "plan")
	show("fleet", "apply", "-h")
	show("fleet", "apply", "12")
	show("fleet", "plan", "nofile")
	d.token = "hw_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	show("fleet", "export")
	_ = url.Values{}
}
