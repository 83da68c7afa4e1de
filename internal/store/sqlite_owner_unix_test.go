//go:build unix

package store_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"hookwall/internal/store"
)

// TestFilesOfRoot: root runs commands beside a service, whose user must be able to open all files afterwards.
func TestFilesOfRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const user, group = 65_533, 65_532
	dir := t.TempDir()
	database := filepath.Join(dir, "x.db")
	if err := os.WriteFile(database, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(database, user, group); err != nil {
		t.Fatal(err)
	}
	keys, err := store.ParseKeys(key(1))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), database, store.Options{Keys: keys, Environment: environment})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 3 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil {
			t.Fatal(err)
		}
		owner, _ := info.Sys().(*syscall.Stat_t)
		if owner.Uid != user || owner.Gid != group {
			t.Errorf("%s belongs to %d:%d", file.Name(), owner.Uid, owner.Gid)
		}
	}
}
