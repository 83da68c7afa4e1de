// Package replicas holds the tests of what must hold when processes are killed
// and when several of them share a database: on the Postgres server that
// HOOKWALL_TEST_POSTGRES names, else on one SQLite file.
package replicas

import (
	"testing"

	"hookwall/e2e/process"
)

func TestMain(m *testing.M) { process.Main(m) }
