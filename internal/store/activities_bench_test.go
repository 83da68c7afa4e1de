package store_test

import (
	"database/sql"
	"testing"

	"hookwall/internal/store"
)

// rawB opens a database without the store. The caller closes it.
func rawB(b *testing.B, databaseURL string) *sql.DB {
	b.Helper()
	engine, address := "sqlite", "file:"+databaseURL
	if store.IsPostgres(databaseURL) {
		engine, address = "pgx", databaseURL
	}
	db, err := sql.Open(engine, address)
	checkB(b, err)
	return db
}

func checkB(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
