package replicas

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hookwall/e2e/process"
)

// TestBackupWhileWebhooksAreCreated: a backup is made while somebody creates webhooks. Then it's restored as
// docs/operate.md says, and has what was done before it.
func TestBackupWhileWebhooksAreCreated(t *testing.T) {
	if process.OnPostgres() {
		t.Skip("pg_dump makes backups of Postgres")
	}
	s := newStage(t, 1)
	c, other := s.byKey(), s.byKey()
	create := func(c *process.Client, address string) {
		t.Helper()
		f := s.newForm(c, address)
		if page := c.Post(f.Action, f.Values); page.Status != http.StatusOK || !strings.Contains(page.URL.Path, "wcon_") {
			t.Errorf("creating %s ends at %s with status %d:\n%s", address, page.URL, page.Status, words(page))
		}
	}
	create(c, "https://hooks.example.com/before")
	stop, began := make(chan struct{}), make(chan struct{})
	var creates sync.WaitGroup
	creates.Go(func() {
		for i := range 20 { // a shop allows 100 calls in 10 seconds
			create(other, fmt.Sprintf("https://hooks.example.com/%d", i))
			if i == 0 {
				close(began)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	<-began
	copied := filepath.Join(t.TempDir(), "copy.db")
	said, err := process.Command(t, []string{"backup", copied}, "HOOKWALL_DATABASE_URL="+s.database).CombinedOutput()
	close(stop)
	creates.Wait()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	create(c, "https://hooks.example.com/after")
	s.walls[0].Stop()
	for _, name := range []string{"-wal", "-shm"} {
		if err := os.Remove(s.database + name); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	check(t, os.Rename(copied, s.database))
	s.walls[0].Restart()
	activity := c.Get(s.at("/activity.csv")).Body
	if !strings.Contains(activity, "hooks.example.com/before") || strings.Contains(activity, "hooks.example.com/after") {
		t.Errorf("the activity is\n%s", activity)
	}
	create(c, "https://hooks.example.com/restored")
}
