// Package replicas tests what must be true when processes are killed
// and when several of them share a database, on the Postgres server that
// HOOKWALL_TEST_POSTGRES names. Without one, those for one process alone run on
// a SQLite file.
package replicas

import (
	"flag"
	"io"
	"log"
	"testing"

	"hookwall/e2e/browser"
	"hookwall/e2e/process"
)

// patient waits until every end is known, which takes minutes.
var patient = flag.Bool("patient", false,
	"wait until it is certain what became of each create that may have reached the API")

// TestMain lets many tests wait at once, which is what they do most of the time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "20"); err != nil {
		log.Fatal(err)
	}
	browser.Main(m, process.Clean)
}

// quiet is for servers whose clients are killed.
var quiet = log.New(io.Discard, "", 0)
