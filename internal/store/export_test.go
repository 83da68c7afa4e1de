package store

// MigrationLock is the advisory lock of a schema on Postgres.
var MigrationLock = migrationLock
