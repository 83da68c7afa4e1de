package replicas

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/e2e/process"
)

const tokenPath = "/open-api/v1.0/platform/token"

// TestRefreshedOnce: when a token is over, many requests at two replicas lead
// to one refresh.
func TestRefreshedOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, 2)
	c := s.byCode()
	at := s.at("/webhooks")
	s.box.Advance(10 * time.Minute)
	var refreshes atomic.Int64
	s.wire.watched(func(m moment) bool {
		if m.path == tokenPath && !m.answered {
			refreshes.Add(1)
			<-time.After(300 * time.Millisecond) // a fast token server is done before the other replica asks
		}
		return true
	})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if page, err := c.Send(t.Context(), http.MethodGet, at, nil); err != nil || page.Status != http.StatusOK ||
				!strings.Contains(page.URL.Path, "/webhooks") {
				t.Errorf("at %v with status %d: %v", page.URL, page.Status, err)
			}
		})
	}
	all.Wait()
	if n := refreshes.Load(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	for host, n := range s.front.counts() {
		if n < 5 {
			t.Errorf("%s served %d requests only", host, n)
		}
	}
}

// TestHolderOfTheRefreshDies: a replica dies over the refresh, before the token
// server hears of it. Another one refreshes as soon as the lease is over.
func TestHolderOfTheRefreshDies(t *testing.T) {
	t.Parallel()
	s := newStage(t, 2)
	c := s.byCode()
	at := s.at("/webhooks")
	s.box.Advance(10 * time.Minute)
	var died sync.Once
	s.wire.watched(func(m moment) bool {
		goOn := true
		if m.path == tokenPath && !m.answered {
			died.Do(func() {
				s.walls[0].Kill()
				goOn = false
			})
		}
		return goOn
	})
	s.front.serve(s.walls[0])
	if page, err := c.Send(t.Context(), http.MethodGet, at, nil); err == nil {
		t.Fatalf("it was answered with %d, so nothing was killed over the refresh", page.Status)
	}
	// A page waits for a lease, no longer than that can last.
	s.front.serve(s.walls[1])
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	page, err := c.Send(ctx, http.MethodGet, at, nil)
	if err != nil || page.Status != http.StatusOK {
		t.Errorf("the other replica answers %d: %v\n%s", page.Status, err, page.Body)
	}
	s.walls[0].Restart()
	s.front.serve(s.walls[0])
	if page := c.Get(at); page.Status != http.StatusOK {
		t.Errorf("the restarted replica answers %d", page.Status)
	}
}

// TestStartTogether: several dashboards start at once on a database that is
// empty, and one person works at them all.
func TestStartTogether(t *testing.T) {
	t.Parallel()
	s := newStage(t, 0)
	walls := make([]*process.Process, 4)
	var all sync.WaitGroup
	for i := range walls {
		all.Go(func() {
			walls[i] = process.Dashboard(t, s.box, s.database, "HOOKWALL_PUBLIC_URL="+s.front.url)
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	s.front.serve(walls...)
	c := s.byKey()
	for i := range 2 * len(walls) {
		f := s.newForm(c, fmt.Sprintf("https://hooks.example.com/together/%d", i))
		if page := c.Post(f.Action, f.Values); page.Status != http.StatusOK {
			t.Errorf("create %d ends with status %d", i, page.Status)
		}
	}
	if urls := s.urls(); len(urls) != 2*len(walls) {
		t.Errorf("webhooks %v", urls)
	}
	if counts := s.front.counts(); len(counts) != len(walls) {
		t.Errorf("served %v", counts)
	}
	for _, wall := range walls {
		if logs := wall.Logs(); strings.Contains(logs, `"level":"ERROR"`) {
			t.Errorf("a dashboard has trouble:\n%s", logs)
		}
	}
}

// TestSecondProcessOnAFile: a second dashboard does not start on a SQLite file,
// and says what to do. The first one continues.
func TestSecondProcessOnAFile(t *testing.T) {
	t.Parallel()
	if process.OnPostgres() {
		t.Skip("several may share a Postgres database")
	}
	s := newStage(t, 1)
	program, err := process.Program()
	check(t, err)
	second := exec.CommandContext(t.Context(), program)
	second.Env = []string{
		"HOME=" + t.TempDir(), "HOOKWALL_ADDR=127.0.0.1:0", "HOOKWALL_SECRET_KEY=" + process.Key, "HOOKWALL_NO_VISITS=1",
		"HOOKWALL_DATABASE_URL=" + s.database, "FOURTHWALL_API_URL=" + s.wire.url,
	}
	out, err := second.CombinedOutput()
	var exit *exec.ExitError
	want := "another Hookwall uses " + s.database + ": stop that one first"
	if !errors.As(err, &exit) || !strings.Contains(string(out), want) {
		t.Errorf("error %v:\n%s", err, out)
	}
	s.byKey()
}
