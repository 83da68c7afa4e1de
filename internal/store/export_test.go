package store

import "context"

// MigrationLock is the advisory lock of a schema on Postgres.
var MigrationLock = migrationLock

// CheckpointOften empties the write-ahead log of SQLite at a small size, until the function that it returns is called.
func CheckpointOften() (end func()) {
	before := checkpointSize
	checkpointSize = 64 << 10
	return func() { checkpointSize = before }
}

// KeyUses returns how many values each key seals.
func (s *Store) KeyUses(ctx context.Context) ([]KeyUse, error) {
	return keyUses(ctx, s.engine.read.DB, s.keys)
}
