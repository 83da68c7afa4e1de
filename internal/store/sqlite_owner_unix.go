//go:build unix

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// makeLock makes the lock of a database unless it exists. If root makes it, it gets the database's owner, who otherwise
// couldn't open it. SQLite does the same with its own files, and also goes on if it may not. The owner of an existing
// file never changes.
func makeLock(path, database string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // beside the database
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info, statErr := os.Stat(database); statErr == nil && os.Geteuid() == 0 {
		if owner, ok := info.Sys().(*syscall.Stat_t); ok {
			_ = f.Chown(int(owner.Uid), int(owner.Gid)) // root of a container may lack the right
		}
	}
	return f.Close()
}
