package storetest

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"
)

// Postgres creates an empty schema, until the test ends, on the server whose address is in
// HOOKWALL_TEST_POSTGRES, and returns its address. Without a server it skips the test.
func Postgres(t testing.TB) (databaseURL string) {
	t.Helper()
	server := os.Getenv("HOOKWALL_TEST_POSTGRES")
	if server == "" {
		t.Skip("HOOKWALL_TEST_POSTGRES names no server: make test-postgres starts one")
	}
	u, err := url.Parse(server)
	must(t, err)
	schema := "hookwall_test_" + strings.ToLower(rand.Text())
	administer(t, server, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { administer(t, server, "DROP SCHEMA "+schema+" CASCADE") })
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

func administer(t testing.TB, server, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", server)
	must(t, err)
	defer db.Close()
	_, err = db.ExecContext(background, statement)
	must(t, err)
}
