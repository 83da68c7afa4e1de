package oauth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// rotating is a token server that accepts a refresh token once. Its first calls fail.
type rotating struct {
	latency time.Duration
	faults  int // so many calls fail

	mu             sync.Mutex
	calls, renewed int
	spent, current int // calls with a used refresh token; calls in progress
	most           int // calls in progress at once
}

func (s *rotating) RoundTrip(r *http.Request) (*http.Response, error) {
	s.count(1)
	defer s.count(-1)
	select {
	case <-time.After(s.latency):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	status, body := s.respond()
	return &http.Response{
		StatusCode: status,
		Request:    r,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(strings.NewReader(body)),
	}, nil
}

func (s *rotating) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current += n
	s.most = max(s.most, s.current)
}

func (s *rotating) respond() (int, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	switch {
	case s.calls <= s.faults:
		return http.StatusServiceUnavailable, ""
	case s.renewed > 0:
		s.spent++
		return http.StatusBadRequest, `{"error":"invalid_grant"}`
	}
	s.renewed++
	return http.StatusOK, renewed
}

// caller is a request that finds the token expired.
type caller struct {
	replica int
	after   time.Duration // since the start
	leaves  time.Duration // canceled after so long; 0 for never
}

func callers(t *rapid.T) []caller {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) caller {
		return caller{
			rapid.IntRange(0, 2).Draw(t, "replica"),
			time.Duration(rapid.IntRange(0, 40_000).Draw(t, "after")) * time.Millisecond,
			time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 50, 900, 5000}).Draw(t, "leaves")) * time.Millisecond,
		}
	}), 1, 12).Draw(t, "callers")
}

// TestOneRefreshAtAnyTime: whichever replicas requests come to, and whenever they are canceled, the token is renewed
// once. The others get it, or the server's error. Checklist 10.
func TestOneRefreshAtAnyTime(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		all := callers(r)
		server := &rotating{
			latency: time.Duration(rapid.IntRange(0, 9_900).Draw(r, "latency")) * time.Millisecond,
			faults:  rapid.IntRange(0, 2).Draw(r, "faults"),
		}
		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = refreshAll(t, server, all) })
		if len(problems) > 0 || server.most > 1 || server.renewed > 1 || server.spent > 0 {
			r.Fatalf("%v; %d calls, %d at once, renewed %d times, %d calls with a used token", problems, server.calls,
				server.most, server.renewed, server.spent)
		}
		if server.calls > server.faults && server.renewed != 1 {
			r.Fatalf("renewed %d times in %d calls", server.renewed, server.calls)
		}
	})
}

func refreshAll(t *testing.T, server *rotating, all []caller) []string {
	t.Helper()
	m := &memory{stored: storedUntil("r1", time.Now()), now: time.Now}
	p := New(Config{ClientID: "x", TokenURL: "http://token.example", Transport: server, Now: time.Now})
	replicas := []*Refresher{NewRefresher(p, m), NewRefresher(p, m), NewRefresher(p, m)}
	old := m.stored
	problems := make([]string, len(all))
	var wg sync.WaitGroup
	for i, c := range all {
		wg.Go(func() {
			time.Sleep(c.after) //nolint:forbidigo // in a bubble
			problems[i] = c.refresh(t.Context(), replicas[c.replica], old, server)
		})
	}
	wg.Wait()
	synctest.Wait()
	time.Sleep(waitForLease + leaseTime) //nolint:forbidigo // in a bubble: until refreshes of canceled requests have ended
	var found []string
	for _, text := range problems {
		if text != "" {
			found = append(found, text)
		}
	}
	return found
}

func (c caller) refresh(ctx context.Context, r *Refresher, old StoredCredential, server *rotating) string {
	if c.leaves > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.leaves)
		defer cancel()
	}
	start := time.Now()
	got, err := r.Fresh(ctx, old)
	took := time.Since(start)
	switch {
	case c.leaves > 0 && took > c.leaves, took > waitForLease+leaseTime:
		return "it took " + took.String()
	case err == nil && (got.Credential.AccessToken != "a2" || got.Version != 2):
		return "an expired token"
	case errors.Is(err, ErrReconnect):
		return "it returned ErrReconnect"
	case err != nil && ctx.Err() == nil && server.faults == 0:
		return err.Error()
	}
	return ""
}
