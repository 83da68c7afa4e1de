package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"hookwall/internal/store"
)

// The copy has every value of before, although others are written at the same time.
func TestBackup(t *testing.T) {
	defer store.CheckpointOften()()
	p := plant(t, sqliteFile, options(t, 1))
	stop := make(chan struct{})
	started := make(chan struct{})
	var writer sync.WaitGroup
	written := 0
	writer.Go(func() {
		for ; ; written++ {
			if written == 100 {
				close(started)
			}
			select {
			case <-stop:
				return
			default:
				check(t, p.store.PutLabel(t.Context(), "shop", fmt.Sprintf("wcon_%05d", written), strconv.Itoa(written)))
			}
		}
	})
	<-started
	file := filepath.Join(t.TempDir(), "copy.db")
	size, err := store.Backup(t.Context(), p.url, file)
	close(stop)
	writer.Wait()
	check(t, err)
	check(t, p.store.Ping(t.Context()))
	info, err := os.Stat(file)
	check(t, err)
	if info.Size() != size || info.Mode().Perm() != 0o600 {
		t.Errorf("%d bytes, mode %o; %d were reported", info.Size(), info.Mode().Perm(), size)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left (%v)", left, err)
	}
	p.store = open(t, file, options(t, 1))
	labels, err := p.store.Labels(t.Context(), "shop")
	check(t, err)
	var ids []string
	for id := range labels {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if len(ids) < 100 || len(ids) > written || ids[len(ids)-1] != fmt.Sprintf("wcon_%05d", len(ids)-1) {
		t.Errorf("%d of %d labels, up to %s", len(ids), written, ids[len(ids)-1])
	}
	for name, c := range sealedColumns {
		if err := c.read(t, p, "one"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBackupRefuses(t *testing.T) {
	at := sqliteFile(t)
	check(t, open(t, at, options(t, 1)).PutLabel(t.Context(), "shop", "w", "l"))
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		check(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	orphaned := filepath.Join(dir, "orphaned.db")
	db, err := sql.Open("sqlite", "file:"+orphaned)
	check(t, err)
	_, err = db.Exec(`CREATE TABLE a (id TEXT PRIMARY KEY); CREATE TABLE b (a TEXT REFERENCES a (id));
		INSERT INTO b VALUES ('x')`)
	check(t, err)
	check(t, db.Close())
	for name, tt := range map[string]struct{ from, to, err string }{
		"an existing file":   {at, file("kept", "x"), "overwrites no file"},
		"an empty file":      {at, file("empty", ""), "overwrites no file"},
		"no database":        {filepath.Join(dir, "none"), filepath.Join(dir, "1"), "cannot be opened"},
		"something else":     {file("text", strings.Repeat("no database ", 200)), filepath.Join(dir, "2"), "not a SQLite"},
		"no folder":          {at, filepath.Join(dir, "none", "3"), "no such file"},
		"a Postgres address": {"postgres://u:p@h/d", filepath.Join(dir, "4"), "not supported"},
		"a missing row":      {orphaned, filepath.Join(dir, "5"), "1 rows that refer to missing rows"},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := os.ReadFile(tt.to)
			_, err := store.Backup(t.Context(), tt.from, tt.to)
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if after, _ := os.ReadFile(tt.to); string(after) != string(before) {
				t.Errorf("%q became %q", before, after)
			}
			if left, err := filepath.Glob(filepath.Join(dir, ".backup*")); err != nil || len(left) > 0 {
				t.Errorf("%v is left (%v)", left, err)
			}
		})
	}
}
