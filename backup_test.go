package main

import (
	"path/filepath"
	"strings"
	"testing"

	"hookwall/internal/store"
)

func TestBackup(t *testing.T) {
	dir := t.TempDir()
	database := filepath.Join(dir, "hookwall.db")
	seal(t, database, testKey, "a")
	for name, tt := range map[string]struct {
		env  []string
		want string
		err  string
	}{
		"SQLite": {
			[]string{"HOOKWALL_DATABASE_URL", database, "HOOKWALL_SECRET_KEY", testKey},
			"Keep a copy of HOOKWALL_SECRET_KEY in another place", "",
		},
		"Postgres": {
			[]string{"HOOKWALL_DATABASE_URL", "postgres://u:canary@127.0.0.1:1/d"},
			"", `pg_dump --format=custom --file=FILE "$HOOKWALL_DATABASE_URL"`,
		},
		"no such database": {[]string{"HOME", dir}, "", "no such file or directory. Use the dashboard's settings, including XDG_DATA_HOME"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			file := filepath.Join(t.TempDir(), "copy.db")
			err := run(t.Context(), []string{"backup", file}, env(tt.env...), &out)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if !strings.Contains(out.String(), tt.want) || strings.Contains(out.String(), testKey) {
				t.Errorf("it prints:\n%s", out.String())
			}
			if err != nil {
				if strings.Contains(err.Error(), "canary") {
					t.Error("it says a password")
				}
				return
			}
			keys, err := store.ParseKeys(testKey)
			if err != nil {
				t.Fatal(err)
			}
			st, err := store.Open(t.Context(), file, store.Options{Keys: keys, Environment: "https://api.example"})
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			if labels, err := st.Labels(t.Context(), "shop"); err != nil || labels["a"] != "a" {
				t.Errorf("labels %v, error %v", labels, err)
			}
		})
	}
}

// In the sandbox, the copy needs the key in the file beside the database.
func TestBackupOfTheSandboxNamesItsKey(t *testing.T) {
	home := t.TempDir()
	getenv := env("HOME", home, "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0")
	start(t, getenv)
	var out strings.Builder
	if err := run(t.Context(), []string{"backup", filepath.Join(home, "copy.db")}, getenv, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), filepath.Join("hookwall", "secret.key")) {
		t.Errorf("it prints:\n%s", out.String())
	}
}
