package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"hookwall/internal/store"
)

func TestOpenNamesAFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, c := range map[string]struct{ url, file string }{
		"plain path":           {filepath.Join(dir, "1.db"), "1.db"},
		"plain relative path":  {"2.db", "2.db"},
		"sqlite:":              {"sqlite:" + dir + "/3.db", "3.db"},
		"sqlite: relative":     {"sqlite:4.db", "4.db"},
		"sqlite://":            {"sqlite://" + dir + "/5.db", "5.db"},
		"file:":                {"file:" + dir + "/6.db", "6.db"},
		"file: relative":       {"file:7.db", "7.db"},
		"file://":              {"file://" + dir + "/8.db", "8.db"},
		"file: with an escape": {"file:a%20b.db", "a b.db"},
		"awkward characters":   {filepath.Join(dir, "9 %41#?&;=é.db"), "9 %41#?&;=é.db"},
		"new directories":      {filepath.Join(dir, "x", "y", "10.db"), "x/y/10.db"},
		"a kind in its name":   {"postgres", "postgres"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, c.url, options(t, 1))
			check(t, s.Ping(t.Context()))
			if _, err := os.Stat(filepath.Join(dir, c.file)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	s := open(t, filepath.Join(dir, "x.db"), options(t, 1))
	signIn(t, s)
	got := map[string]fs.FileMode{}
	check(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		got[d.Name()] = info.Mode()
		return err
	}))
	want := map[string]fs.FileMode{
		"new": fs.ModeDir | 0o700, "x.db": 0o600, "x.db-wal": 0o600, "x.db-shm": 0o600, "x.db-lock": 0o600,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	check(t, os.WriteFile(text, bytes.Repeat([]byte("not a database\n"), 500), 0o600))
	newer := filepath.Join(dir, "newer.db")
	check(t, first(store.Open(t.Context(), newer, options(t, 1))).Close())
	update(t, newer, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, TRUE)`)
	check(t, os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link")))
	good := options(t, 1)
	for name, c := range map[string]struct {
		url  string
		o    store.Options
		want string
	}{
		"no keys":                {"x.db", store.Options{Environment: environment}, "no secret key given"},
		"no environment":         {"x.db", store.Options{Keys: good.Keys}, "no environment given"},
		"nothing":                {"", good, "no database is named"},
		"sqlite: alone":          {"sqlite:", good, "no database is named"},
		"memory":                 {":memory:", good, "in memory is not supported"},
		"sqlite::memory:":        {"sqlite::memory:", good, "in memory is not supported"},
		"parameters":             {"sqlite:x.db?mode=ro", good, "parameters"},
		"parameters after file:": {"file:x.db?mode=ro", good, "parameters"},
		"another machine":        {"file://host/x.db", good, "another machine"},
		"unreadable address":     {"file:%zz", good, "cannot be read"},
		"another kind":           {"mysql://user:hunter2@host/db", good, `"mysql" is not supported`},
		"a directory":            {dir, good, "is not a file"},
		"a directory that is a file": {
			filepath.Join(text, "x.db"), good, "the database's directory cannot be made",
		},
		"a link to nowhere": {filepath.Join(dir, "link"), good, "cannot be opened"},
		"not a database":    {text, good, text + " is not a SQLite database"},
		"a newer database":  {newer, good, "the tables are at version 4711, and this Hookwall knows"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), c.url, c.o)
			if err == nil {
				s.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Fatalf("error %q, want it to say %q and no password", err, c.want)
			}
		})
	}
}

func TestOpenInADirectoryThatCannotBeWritten(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "there.db")
	check(t, first(store.Open(t.Context(), path, options(t, 1))).Close())
	check(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { check(t, os.Chmod(dir, 0o700)) })
	for file, want := range map[string]string{"new.db": "is its directory writable?", "there.db": "directory writable?"} {
		_, err := store.Open(t.Context(), filepath.Join(dir, file), options(t, 1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", file, err)
		}
	}
}

// Checklist 18, 35.
func TestFilesContainNoSecrets(t *testing.T) {
	p := plant(t, sqliteFile, options(t, 'k'))
	var all []byte
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(p.url + suffix)
		check(t, err)
		all = append(all, b...)
	}
	p.noCanaries(t, all)
}

// Writes to files that others have deleted or changed would be lost at the next start, or make a mixture of both.
func TestChangedFilesAreNotUsed(t *testing.T) {
	replace := func(suffix string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			check(t, os.WriteFile(path+"2", nil, 0o600))
			check(t, os.Rename(path+"2", path+suffix))
		}
	}
	remove := func(suffix string) func(*testing.T, string) {
		return func(t *testing.T, path string) { check(t, os.Remove(path+suffix)) }
	}
	truncate := func(suffix string) func(*testing.T, string) {
		return func(t *testing.T, path string) { check(t, os.Truncate(path+suffix, 0)) }
	}
	for name, tc := range map[string]struct {
		meddle func(t *testing.T, path string)
		says   string // "" if the database stays usable
	}{
		"untouched": {func(*testing.T, string) {}, ""},
		"read by another program": {func(t *testing.T, path string) {
			check(t, asAnotherProgram(path, `VACUUM INTO '`+path+`.copy'`))
		}, ""},
		"deleted":  {remove(""), "put it back"},
		"replaced": {replace(""), "put it back"},
		"folder is away, and a file has its name": {func(t *testing.T, path string) {
			check(t, os.Rename(filepath.Dir(path), filepath.Dir(path)+".away"))
			check(t, os.WriteFile(filepath.Dir(path), nil, 0o600))
		}, ""},
		"folder is away": {func(t *testing.T, path string) {
			check(t, os.Rename(filepath.Dir(path), filepath.Dir(path)+".away"))
		}, ""},
		"an older copy is written into it": {func(t *testing.T, path string) {
			check(t, os.WriteFile(path, first(os.ReadFile(path+".old")), 0o600))
		}, "another program wrote into the database"},
		"an older copy with its time": {func(t *testing.T, path string) {
			check(t, os.WriteFile(path, first(os.ReadFile(path+".old")), 0o600))
			old := first(os.Stat(path + ".old")).ModTime()
			check(t, os.Chtimes(path, old, old))
		}, "another program wrote into the database"},
		"emptied":          {truncate(""), "another program wrote into the database"},
		"log deleted":      {remove("-wal"), "-wal file beside the database was deleted"},
		"log replaced":     {replace("-wal"), "-wal file beside the database was deleted"},
		"log emptied":      {truncate("-wal"), "-wal file beside the database was overwritten"},
		"all logs deleted": {func(t *testing.T, path string) { remove("-wal")(t, path); remove("-shm")(t, path) }, "-wal"},
		"lock deleted":     {remove("-lock"), "-lock file beside the database was deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data", "x.db")
			check(t, first(store.Open(t.Context(), path, options(t, 1))).Close())
			check(t, os.WriteFile(path+".old", first(os.ReadFile(path)), 0o600))
			s := open(t, path, options(t, 1))
			owner, _ := signIn(t, s)
			check(t, s.Ping(t.Context()))
			tc.meddle(t, path)
			_, readErr := s.Connections(t.Context(), owner)
			for what, err := range map[string]error{
				"ping": s.Ping(t.Context()), "write": s.AddFlash(t.Context(), owner, "/", []byte("f")), "read": readErr,
			} {
				switch {
				case tc.says == "" && err != nil:
					t.Errorf("%s: error %v", what, err)
				case tc.says != "" && (!errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), tc.says)):
					t.Errorf("%s: error %v, want it to say %q", what, err, tc.says)
				}
			}
			if strings.HasPrefix(name, "log deleted") || strings.HasPrefix(name, "log replaced") {
				// This is what a process finds that starts after this one was killed.
				check(t, os.WriteFile(path+"3", first(os.ReadFile(path)), 0o600))
				check(t, open(t, path+"3", options(t, 1)).AddFlash(t.Context(), owner, "/", []byte("the owner is there")))
			}
		})
	}
}

// asAnotherProgram runs a statement as another program would.
func asAnotherProgram(path, statement string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	_, err = db.Exec(statement)
	return errors.Join(err, db.Close())
}

// A large log is copied into the database, and that isn't mistaken for a change by others.
func TestTheLogIsCopiedIntoTheDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := open(t, path, options(t, 1))
	owner, _ := signIn(t, s)
	for range 20 {
		check(t, s.AddFlash(t.Context(), owner, "/", make([]byte, 1<<20)))
	}
	if size := first(os.Stat(path)).Size(); size < 15<<20 {
		t.Errorf("the database is %d bytes large", size)
	}
	if size := first(os.Stat(path + "-wal")).Size(); size > 6<<20 {
		t.Errorf("the log is %d bytes large", size)
	}
	check(t, s.Ping(t.Context()))
}

func TestOneProcessUsesAFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.db")
	check(t, first(store.Open(t.Context(), path, options(t, 1))).Close())
	check(t, os.Symlink(path, filepath.Join(dir, "link")))
	another := flock.New(path + "-lock") // as another process
	if locked, err := another.TryLock(); err != nil || !locked {
		t.Fatalf("locked %v, error %v", locked, err)
	}
	for _, name := range []string{path, "file:" + path, filepath.Join(dir, "link")} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := store.Open(ctx, name, options(t, 1))
		cancel()
		if err == nil || !strings.Contains(err.Error(), "another Hookwall uses") ||
			!strings.Contains(err.Error(), "stop that one first") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	ended := make(chan error, 1)
	go func() {
		s, err := store.Open(t.Context(), path, options(t, 1))
		if err == nil {
			err = s.Close()
		}
		ended <- err
	}()
	check(t, another.Unlock())
	check(t, <-ended)
}
