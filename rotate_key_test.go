package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
)

// seal stores a label with some keys, the first of which seals it.
func seal(t *testing.T, databaseURL, keys, label string) {
	t.Helper()
	parsed, err := store.ParseKeys(keys)
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), databaseURL, store.Options{Keys: parsed, Environment: "https://api.example"})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.PutLabel(t.Context(), "shop", label, label); err != nil {
		t.Fatal(err)
	}
}

func TestRotateKey(t *testing.T) {
	first, second, third := strings.Repeat("A", 43), testKey, strings.Repeat("B", 42)+"A"
	onBoth(t, func(t *testing.T, databaseURL string) {
		seal(t, databaseURL, first, "a")
		for i, tt := range []struct {
			keys string
			by   string // seals another value before
			want []string
			err  string
		}{
			{second + " " + first, "", []string{
				"1 value encrypted with the first key.", "1 value, the first key, which encrypts.", "0 values, an older key.",
				"The older keys aren't needed. Remove them from HOOKWALL_SECRET_KEY",
			}, ""},
			{second, "", []string{"0 values encrypted", "There is one key, and it encrypts everything"}, ""},
			{
				second, third,
				[]string{"1 value, a key that isn't in HOOKWALL_SECRET_KEY."},
				"a key is missing in HOOKWALL_SECRET_KEY, for 1 value",
			},
			{second + "," + third, "", []string{"1 value encrypted", "2 values, the first key"}, ""},
		} {
			if tt.by != "" {
				seal(t, databaseURL, tt.by, "b")
			}
			var out strings.Builder
			err := run(t.Context(), []string{"rotate-key"}, env("HOOKWALL_DATABASE_URL", databaseURL, "HOOKWALL_SECRET_KEY",
				tt.keys, "FOURTHWALL_API_URL", "https://api.example"), &out)
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%d: error %v, want %q", i, err, tt.err)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%d: %q is missing in:\n%s", i, want, out.String())
				}
			}
			said := out.String() + fmt.Sprint(err)
			for _, key := range []string{first, second, third} {
				if strings.Contains(said, key) {
					t.Error("it says a key")
				}
			}
			if ids := regexp.MustCompile(`Key [0-9a-f]{2}: `).FindAllString(said, -1); len(ids) != strings.Count(said, "Key ") {
				t.Errorf("IDs of keys in:\n%s", said)
			}
		}
	})
}

// onBoth runs a test with a SQLite file and a Postgres database.
func onBoth(t *testing.T, test func(t *testing.T, databaseURL string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "x.db")) })
	t.Run("Postgres", func(t *testing.T) { test(t, storetest.Postgres(t)) })
}

// In the sandbox, the key is in a file beside the database.
func TestRotateKeyOfTheSandbox(t *testing.T) {
	getenv := env("HOME", t.TempDir(), "HOOKWALL_ADDR", "127.0.0.1:0", "HOOKWALL_SANDBOX_ADDR", "127.0.0.1:0")
	_, stop := start(t, getenv)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"rotate-key"}, getenv, &out); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "There is one key") {
		t.Errorf("it prints:\n%s", out.String())
	}
}

// Nobody removes an old key because another database doesn't need it.
func TestRotateKeyOfAnotherDatabase(t *testing.T) {
	keys := strings.Repeat("A", 43) + "," + testKey
	tests := []struct {
		name, want string
		exists     bool
	}{
		{"none", "Use the dashboard's settings, including XDG_DATA_HOME", false},
		{"an empty one", "Check that it's the dashboard's, before you remove a key", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.db")
			if tt.exists {
				if err := os.WriteFile(file, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out strings.Builder
			err := run(t.Context(), []string{"rotate-key"}, env("HOOKWALL_DATABASE_URL", file, "HOOKWALL_SECRET_KEY", keys,
				"FOURTHWALL_API_URL", "https://api.example"), &out)
			said := out.String() + fmt.Sprint(err)
			if !strings.Contains(said, tt.want) || strings.Contains(said, "aren't needed") {
				t.Errorf("it says:\n%s\nwant %q", said, tt.want)
			}
			if _, err := os.Stat(file); (err == nil) != tt.exists {
				t.Errorf("the file: %v, want that it exists: %t", err, tt.exists)
			}
		})
	}
}
