package replicas

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/e2e/process"
)

const shared = "https://hooks.example.com/shared"

// roundTrip is how long a slow call takes, far less than any lease.
const roundTrip = 2 * time.Second

// change is the confirmation of a change of the shop's only webhook to these
// event types.
func (s *stage) change(c *process.Client, types ...string) process.Form {
	s.t.Helper()
	f := c.Get(s.at("/webhooks/" + s.shop().Webhooks[0].ID + "/edit")).Form("/edit")
	f.Values["allowedTypes"] = types
	f.Values.Set("do", "review")
	return c.Post(f.Action, f.Values).Form("/edit/confirm")
}

// writes counts the calls with a method, and holds the first of them for a
// round trip, or until another write arrives.
type writes struct {
	method  string
	calls   atomic.Int64
	arrived chan struct{} // closed when the first has arrived
	second  chan struct{} // closed when a second has arrived
}

func (s *stage) slow(method string) *writes {
	w := &writes{method: method, arrived: make(chan struct{}), second: make(chan struct{})}
	s.wire.watched(func(m moment) bool {
		if m.method != method || m.answered {
			return true
		}
		switch w.calls.Add(1) {
		case 1:
			close(w.arrived)
			select {
			case <-w.second:
			case <-time.After(roundTrip):
			}
		case 2:
			close(w.second)
		}
		return true
	})
	return w
}

// isFirst waits until the first write is on its way.
func (w *writes) isFirst(t *testing.T) {
	t.Helper()
	select {
	case <-w.arrived:
	case <-time.After(time.Minute):
		t.Fatalf("no %s", w.method)
	}
}

// at sends a form to one dashboard in the background.
func (s *stage) sends(wall int, c *process.Client, f process.Form, page *process.Page) (wait func()) {
	s.t.Helper()
	if f.Action == "" {
		s.t.Fatal("there is no form")
	}
	s.front.serve(s.walls[wall])
	before := s.front.taken()
	var sent sync.WaitGroup
	sent.Go(func() {
		var err error
		if *page, err = c.Send(s.t.Context(), http.MethodPost, f.Action, f.Values); err != nil {
			s.t.Error(err)
		}
	})
	eventually(s.t, "sending the form", func() bool { return s.front.taken() > before })
	return sent.Wait
}

// typesOf are the event types of the shop's only webhook.
func typesOf(s *stage) string {
	s.t.Helper()
	hooks := s.shop().Webhooks
	if len(hooks) != 1 {
		s.t.Fatalf("webhooks %v, want one", hooks)
	}
	return strings.Join(hooks[0].AllowedTypes, " ")
}

// TestTwoSavesInOneRoundTrip: two saves of one webhook are sent to two
// replicas. The second begins during the call of the first, and finds what the
// first saved.
func TestTwoSavesInOneRoundTrip(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		second func(*stage, *process.Client) *process.Client
	}{
		{"in two tabs", func(_ *stage, c *process.Client) *process.Client { return c }},
		{"by two people", func(s *stage, _ *process.Client) *process.Client { return s.byKey() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, 2)
			c := s.byKey()
			other := test.second(s, c)
			s.box.AddWebhook(s.shop().ID, shared, "DONATION")
			early, late := s.change(c, "ORDER_PLACED"), s.change(other, "GIFT_PURCHASE")
			puts := s.slow(http.MethodPut)
			var saved, refused process.Page
			first := s.sends(0, c, early, &saved)
			puts.isFirst(t)
			s.sends(1, other, late, &refused)()
			first()
			if saved.Status != http.StatusOK || !strings.Contains(saved.Body, "The webhook is saved") {
				t.Errorf("the first ends with status %d:\n%s", saved.Status, words(saved))
			}
			if refused.Status != http.StatusConflict {
				t.Errorf("the second ends with status %d:\n%s", refused.Status, words(refused))
			}
			if n := puts.calls.Load(); n != 1 || typesOf(s) != "ORDER_PLACED" {
				t.Errorf("%d calls, and then there is %q", n, typesOf(s))
			}
		})
	}
}

// TestSaveThatStoodStill: a replica is suspended between reading a webhook and
// replacing it. Another one saves it in between, and the late save overwrites
// nothing.
func TestSaveThatStoodStill(t *testing.T) {
	t.Parallel()
	s := newStage(t, 2)
	c, other := s.byKey(), s.byKey()
	s.box.AddWebhook(s.shop().ID, shared, "DONATION")
	early, late := s.change(c, "ORDER_PLACED"), s.change(other, "GIFT_PURCHASE")
	var stops sync.Once
	stopped := make(chan struct{})
	var puts atomic.Int64
	s.wire.watched(func(m moment) bool {
		if m.method == http.MethodPut && !m.answered {
			puts.Add(1)
		}
		if m.method == http.MethodGet && m.answered {
			stops.Do(func() {
				s.walls[0].Pause()
				close(stopped)
			})
		}
		return true
	})
	var refused, saved process.Page
	first := s.sends(0, c, early, &refused)
	<-stopped
	s.sends(1, other, late, &saved)()
	if saved.Status != http.StatusOK || !strings.Contains(saved.Body, "The webhook is saved") || puts.Load() != 1 {
		t.Errorf("the other replica ends with status %d after %d calls:\n%s", saved.Status, puts.Load(), words(saved))
	}
	s.walls[0].Continue()
	first()
	if refused.Status != http.StatusConflict {
		t.Errorf("who stood still ends with status %d:\n%s", refused.Status, words(refused))
	}
	if puts.Load() != 1 || typesOf(s) != "GIFT_PURCHASE" {
		t.Errorf("%d calls, and then there is %q", puts.Load(), typesOf(s))
	}
	s.awaitOutcomes(c)
}

// TestTwoCreatesInOneRoundTrip: of two people who create the same webhook at
// two replicas, the second is asked first.
func TestTwoCreatesInOneRoundTrip(t *testing.T) {
	t.Parallel()
	s := newStage(t, 2)
	c, other := s.byKey(), s.byKey()
	start := len("https://hooks")
	early, late := s.newForm(c, shared), s.newForm(other, strings.ToUpper(shared[:start])+shared[start:])
	posts := s.slow(http.MethodPost)
	var made, asked process.Page
	first := s.sends(0, c, early, &made)
	posts.isFirst(t)
	s.sends(1, other, late, &asked)()
	first()
	if made.Status != http.StatusOK || !strings.Contains(made.URL.Path, "/webhooks/wcon_") {
		t.Errorf("the first ends at %s with status %d:\n%s", made.URL, made.Status, words(made))
	}
	if asked.Status != http.StatusOK || !strings.HasSuffix(asked.URL.Path, "/webhooks/new/duplicate") {
		t.Errorf("the second ends at %s with status %d:\n%s", asked.URL, asked.Status, words(asked))
	}
	if n := posts.calls.Load(); n != 1 || s.urls()[shared] != 1 || len(s.urls()) != 1 {
		t.Errorf("%d calls, and then there is %v", n, s.urls())
	}
	again := asked.Form("/webhooks")
	again.Values.Set("do", "create")
	if page := other.Post(again.Action, again.Values); !strings.Contains(page.URL.Path, "/webhooks/wcon_") {
		t.Errorf("agreed to, it ends at %s with status %d:\n%s", page.URL, page.Status, words(page))
	}
}
