package main

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"hookwall/internal/store"
)

// TestDoctorOfTheDatabase compares what the doctor says of databases that differ.
func TestDoctorOfTheDatabase(t *testing.T) {
	older, lost := strings.Repeat("A", 43), strings.Repeat("B", 42)+"A"
	onBoth(t, func(t *testing.T, databaseURL string) {
		isPostgres := store.IsPostgres(databaseURL)
		seal(t, databaseURL, older, "a")
		for _, tt := range []struct {
			name   string
			change func() (databaseURL string)
			keys   string
			want   []string
			wrong  int
		}{
			{
				"an older key", nil, testKey + "," + older,
				[]string{
					"encrypts, and decrypts 0 values", "decrypts 1 value. Run hookwall rotate-key before", "tables up to date",
				},
				0,
			},
			{"a key too many", nil, older + "," + testKey, []string{"decrypts 1 value\n", "isn't needed. Remove it from"}, 0},
			{"a lost key", nil, lost, []string{"1 value can't be decrypted", "Add the key that you used before"}, 1},
			{"an altered value", func() string {
				execute(t, databaseURL, `UPDATE webhook_labels SET webhook_id = 'moved'`)
				return databaseURL
			}, older, []string{"doesn't decrypt all of its 1 value"}, 1},
			{"a database that can't be written", func() string {
				if !isPostgres {
					return databaseURL
				}
				return readOnly(t, databaseURL)
			}, lost, []string{"can't be decrypted"}, map[bool]int{true: 2, false: 1}[isPostgres]},
			{"tables of an older version", func() string {
				execute(t, databaseURL, `DELETE FROM goose_db_version WHERE version_id > 1`)
				return databaseURL
			}, older, []string{"tables at version 1 of ", "The next start updates them"}, 0},
			{"tables of a newer version", func() string {
				execute(t, databaseURL, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
				return databaseURL
			}, older, []string{"tables at version 9999, and this Hookwall knows", "restore a backup"}, 1},
		} {
			t.Run(tt.name, func(t *testing.T) {
				at := databaseURL
				if tt.change != nil {
					at = tt.change()
				}
				var out strings.Builder
				err := run(t.Context(), []string{"doctor"}, env("HOOKWALL_DATABASE_URL", at, "HOOKWALL_SECRET_KEY", tt.keys,
					"HOOKWALL_ADDR", "127.0.0.1:1"), &out)
				if strings.Count(out.String(), "PROBLEM") != tt.wrong || (err != nil) != (tt.wrong > 0) {
					t.Errorf("error %v, want %d problems:\n%s", err, tt.wrong, out.String())
				}
				for _, want := range tt.want {
					if !strings.Contains(out.String(), want) {
						t.Errorf("%q is missing in:\n%s", want, out.String())
					}
				}
				if isPostgres != strings.Contains(out.String(), "agrees with the database's") {
					t.Errorf("the clock in:\n%s", out.String())
				}
				for _, key := range []string{older, lost, testKey} {
					if strings.Contains(out.String(), key) {
						t.Error("it says a key")
					}
				}
			})
		}
	})
}

// execute runs a statement without the store.
func execute(t *testing.T, databaseURL, statement string) {
	t.Helper()
	engine, address := "sqlite", "file:"+databaseURL
	if store.IsPostgres(databaseURL) {
		engine, address = "pgx", databaseURL
	}
	db, err := sql.Open(engine, address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// readOnly returns an address of a Postgres database whose connections can't write.
func readOnly(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("default_transaction_read_only", "on")
	u.RawQuery = q.Encode()
	return u.String()
}
