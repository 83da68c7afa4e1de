package main

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"hookwall/internal/activity"
	"hookwall/internal/deliver"
	"hookwall/internal/jobs"
	"hookwall/internal/sandbox"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

// TestNumberOfDemoShops: there are more to try a team with, and a setting wins.
func TestNumberOfDemoShops(t *testing.T) {
	key := []string{"HOOKWALL_SECRET_KEY", testKey, "FOURTHWALL_API_URL", "https://api.example.com"}
	tests := []struct {
		name      string
		env, args []string
		want      int
		connects  bool
		warning   string
		problem   string
	}{
		{"personal", nil, nil, 3, false, "", ""},
		{"a team at the sandbox", nil, []string{"--team"}, 43, false, "", ""},
		{"the same by a setting", []string{"HOOKWALL_SIGN_IN", "sandbox"}, nil, 43, false, "", ""},
		{"a team elsewhere", oidcWith(), nil, 3, false, "", ""},
		{"none", nil, []string{"--shops", "0"}, 0, false, "", ""},
		{"by a setting", []string{"HOOKWALL_SANDBOX_SHOPS", "1000"}, []string{"--team"}, 1000, false, "", ""},
		{"by both", []string{"HOOKWALL_SANDBOX_SHOPS", "1000"}, []string{"--team", "--shops", "7"}, 7, false, "", ""},
		{"connected", nil, []string{"--team", "--connect-channel"}, 43, true, "", ""},
		{"connected to a team elsewhere", oidcWith(), []string{"--connect-channel"}, 3, true, "", ""},
		{"connected without a team", nil, []string{"--connect-channel"}, 3, true, "", "--connect-channel needs a team"},
		{"for real shops", key, []string{"--shops", "7"}, 0, false, "HOOKWALL_SANDBOX_SHOPS has no effect", ""},
		{"connected for real shops", key, []string{"--connect-channel"}, 0, false, "", "--connect-channel connects the demo"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := load(t, env(test.env...), test.args...)
			problem := ""
			if err != nil {
				problem = err.Error()
			}
			if c.Shops != test.want || c.ConnectChannel != test.connects {
				t.Errorf("%d shops, connected: %v", c.Shops, c.ConnectChannel)
			}
			if !strings.HasPrefix(problem, test.problem) || (problem == "") != (test.problem == "") {
				t.Errorf("problem %q", problem)
			}
			warnings := strings.Join(c.Warnings, "\n")
			if !strings.HasPrefix(warnings, test.warning) || (warnings == "") != (test.warning == "") {
				t.Errorf("warning %q", warnings)
			}
		})
	}
}

// TestConnectFleet connects the demo shops twice, and nothing twice.
func TestConnectFleet(t *testing.T) {
	c, err := load(t, env("HOME", t.TempDir(), "HOOKWALL_PUBLIC_URL", "http://127.0.0.1:9", "HOOKWALL_SANDBOX_ADDR",
		"127.0.0.1:0"), "--team", "--connect-channel", "--shops", "12")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	servers, ctx := errgroup.WithContext(ctx)
	quiet := slog.New(slog.DiscardHandler)
	emulator, at, err := startSandbox(ctx, &c, servers, quiet)
	if err != nil {
		t.Fatal(err)
	}
	st, err := openStore(ctx, c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	dashboard, connected, _, err := newDashboard(ctx, c, at, st, jobs.New(st, quiet), deliver.Options{}, nil, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dashboard.Close()
		cancel()
		if err := servers.Wait(); err != nil {
			t.Error(err)
		}
		if err := emulator.Close(); err != nil {
			t.Error(err)
		}
		st.Close()
	})
	for range 2 {
		if err := connectFleet(ctx, st, connected, emulator.Channel()); err != nil {
			t.Fatal(err)
		}
		checkFleet(t, st, emulator)
	}
	emulator.FailNext(sandbox.Failure{Path: "/channel-api/*", Status: 503, Times: 100})
	if err := connectFleet(ctx, st, connected, emulator.Channel()); err == nil {
		t.Error("no error, though Fourthwall is busy")
	}
}

// checkFleet compares the team's shops, and what is recorded of them, with the sandbox.
func checkFleet(t *testing.T, st *store.Store, emulator *sandbox.Server) {
	t.Helper()
	owner, err := st.Team(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := st.Connections(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, conn := range all {
		names[conn.ShopID] = conn.ShopName
		if shops.Way(conn) != "Channel Harbor Agency" || conn.Expired {
			t.Errorf("%+v", conn)
		}
	}
	want := map[string]string{}
	for _, sh := range emulator.Shops() {
		want[sh.ID] = sh.Name
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	list, err := st.Activities(t.Context(), store.ActivityQuery{Shop: activity.OfTeam})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, a := range list.Rows {
		count[a.Action+" by "+a.Person.Name]++
	}
	recorded := map[string]int{"channel.connect by Sandbox": 1, "shop.connect by Sandbox": len(want)}
	if diff := cmp.Diff(recorded, count); diff != "" {
		t.Error(diff)
	}
}

// TestStartsWithAFleet holds that the shops are connected when the program says that it runs.
func TestStartsWithAFleet(t *testing.T) {
	for _, n := range []int{0, 5} {
		home := env("HOME", t.TempDir(), "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0")
		line, _ := start(t, home, "--team", "--connect-channel", "--shops", strconv.Itoa(n))
		_, box := startedAt(t, line)
		_, body := fetch(t, box+"/_sandbox/state")
		if strings.Count(body, `"apiUser"`) != n || !strings.Contains(body, "/channel-api/v1.0/shops") {
			t.Errorf("%d shops: %s", n, body)
		}
	}
}
