package replicas

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// goesOn is how long work may rest after the replica that did it was killed,
// and more for a busy machine.
const goesOn = 45*time.Second + 30*time.Second

// TestReconcilerDies: a replica is killed during a create, and the next one
// while it finds out how that ended. Each time, a replica that is there
// continues, and nothing is created twice.
func TestReconcilerDies(t *testing.T) {
	t.Parallel()
	s := newStage(t, 2)
	s.front.serve(s.walls[0])
	c := s.byKey()
	form := s.newForm(c, endpoint)
	s.wire.watched(func(m moment) bool {
		if m.method == http.MethodPost && m.answered {
			s.walls[0].Kill()
			return false
		}
		return true
	})
	if page, err := c.Send(t.Context(), http.MethodPost, form.Action, form.Values); err == nil {
		t.Fatalf("it was answered with %d, so nothing was killed in the middle", page.Status)
	}
	died := make(chan struct{})
	s.wire.watched(func(m moment) bool {
		if m.method != http.MethodGet || !strings.HasSuffix(m.path, "/webhooks") || m.answered {
			return true
		}
		select {
		case <-died:
			return true
		default:
		}
		s.walls[1].Kill()
		close(died)
		return false
	})
	select {
	case <-died:
	case <-time.After(goesOn):
		t.Fatal("the other replica doesn't reconcile")
	}
	s.walls[0].Restart()
	s.front.serve(s.walls[0])
	began := time.Now()
	s.awaitOutcomes(c)
	if took := time.Since(began); took > goesOn {
		t.Errorf("it took %v", took)
	}
	if done := s.attempts(c, "done"); len(done) != 1 || s.urls()[endpoint] != 1 {
		t.Errorf("attempts %q, webhooks %v", done, s.urls())
	}
}
