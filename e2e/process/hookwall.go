package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hookwall/internal/store/storetest"
)

// Key encrypts what the dashboards of all tests keep.
const Key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// ClientID is the client that dashboards sign in with at a sandbox.
const ClientID = "sandbox-client"

// Sandbox runs the sandbox alone, with its state in a folder. More arguments
// may follow, such as "--redirect-uri", "http://localhost:1/oauth/callback".
func Sandbox(t testing.TB, dir string, more ...string) *Process {
	t.Helper()
	args := []string{"sandbox", "--addr", "127.0.0.1:0", "--data", filepath.Join(dir, "sandbox.db")}
	return Start(t, append(args, more...))
}

// Dashboard runs a dashboard against a sandbox, at http://localhost, so that to
// a browser the two are different sites. What environment names wins over what
// this sets.
func Dashboard(t testing.TB, box *Process, databaseURL string, environment ...string) *Process {
	t.Helper()
	p := Start(t, nil, append([]string{
		"HOOKWALL_ADDR=localhost:0",
		"HOOKWALL_NO_VISITS=1", // they would use up failures that a test has queued
		"HOOKWALL_SECRET_KEY=" + Key,
		"HOOKWALL_DATABASE_URL=" + databaseURL,
		"FOURTHWALL_API_URL=" + box.URL,
		"FOURTHWALL_CLIENT_ID=" + ClientID,
		"FOURTHWALL_AUTH_URL=" + box.URL + "/admin/platform-apps/{client_id}/connect",
	}, environment...)...)
	p.URL = "http://localhost" + p.URL[strings.LastIndex(p.URL, ":"):]
	return p
}

// OnPostgres reports whether [Database] returns databases of a Postgres server.
func OnPostgres() bool { return os.Getenv("HOOKWALL_TEST_POSTGRES") != "" }

// Database names an empty database that is the test's own: on the server that
// HOOKWALL_TEST_POSTGRES names, else a SQLite file.
func Database(t testing.TB) (databaseURL string) {
	t.Helper()
	if OnPostgres() {
		return storetest.Postgres(t)
	}
	return filepath.Join(t.TempDir(), "hookwall.db")
}
