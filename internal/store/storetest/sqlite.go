package storetest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"hookwall/internal/store"
)

// migrated reads an empty SQLite file whose tables exist. It is made once for all tests of a package.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "hookwall-store-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "empty.db")
	keys, err := store.ParseKeys(store.NewKey())
	if err != nil {
		return nil, err
	}
	empty, err := store.Open(background, file, store.Options{Keys: keys, Environment: "empty"})
	if err != nil {
		return nil, err
	}
	if err := empty.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// SQLite returns the path of an empty SQLite file of the test's own. Its tables exist, so a store opens it without
// migrating.
func SQLite(t testing.TB) (file string) {
	t.Helper()
	data, err := migrated()
	must(t, err)
	file = filepath.Join(t.TempDir(), "h.db")
	must(t, os.WriteFile(file, data, 0o600))
	return file
}
