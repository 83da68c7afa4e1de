package sandbox

import (
	"context"
	"time"
)

// glance is how often the clock is looked at, at least, while something waits for it: Config.Now may
// be moved without a word.
const glance = 100 * time.Millisecond

// stir wakes what waits for the clock or for work. The caller must hold s.mu.
func (s *Server) stir() {
	close(s.stirred)
	s.stirred = make(chan struct{})
}

// until waits for a time by the sandbox's clock. It reports false when ctx ended first.
func (s *Server) until(ctx context.Context, t time.Time) bool {
	for {
		s.mu.Lock()
		left, stirred := t.Sub(s.now()), s.stirred
		s.mu.Unlock()
		if left <= 0 {
			return true
		}
		if !pause(ctx, left, stirred) {
			return false
		}
	}
}

// pause waits until stirred is signaled or it is time to check the clock again. It reports false if
// ctx ends first. A d of 0 means that nothing waits for the clock.
func pause(ctx context.Context, d time.Duration, stirred <-chan struct{}) bool {
	var tick <-chan time.Time
	if d > 0 {
		t := time.NewTimer(min(max(d, time.Millisecond), glance))
		defer t.Stop()
		tick = t.C
	}
	select {
	case <-tick:
	case <-stirred:
	case <-ctx.Done():
		return false
	}
	return true
}
