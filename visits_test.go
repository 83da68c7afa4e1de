package main

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestConnectedShopIsVisited holds that the program visits a shop soon after it was connected.
func TestConnectedShopIsVisited(t *testing.T) {
	home := t.TempDir()
	line, _ := start(t, env("HOME", home, "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0"))
	wall, box := startedAt(t, line)
	var state struct {
		Shops []struct {
			APIUser     string `json:"apiUser"`
			APIPassword string `json:"apiPassword"`
		} `json:"shops"`
	}
	_, body := fetch(t, box+"/_sandbox/state")
	if err := json.Unmarshal([]byte(body), &state); err != nil {
		t.Fatal(err)
	}
	const tidewater = 2
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Jar: jar, Timeout: 10 * time.Second}
	form := url.Values{"username": {state.Shops[tidewater].APIUser}, "password": {state.Shops[tidewater].APIPassword}}
	typed := strings.NewReader(form.Encode())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, wall+"/connect/key", typed)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("connecting: status %d", resp.StatusCode)
	}

	file := filepath.Join(home, ".local", "share", "hookwall", "hookwall.db")
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tick, limit := time.NewTicker(50*time.Millisecond), time.NewTimer(time.Minute)
	defer tick.Stop()
	defer limit.Stop()
	for n := 0; n != 3; {
		select {
		case <-tick.C:
			err = db.QueryRowContext(t.Context(), `SELECT webhook_count FROM observations WHERE seen_at > 0`).Scan(&n)
		case <-limit.C:
			t.Fatalf("it wasn't visited: %v", err)
		}
	}
}
