package deliver

import (
	"context"
	"sync"
)

// limiter limits concurrent calls by key.
type limiter struct {
	mu    sync.Mutex
	used  map[string]int
	freed chan struct{} // closed and replaced whenever slots are released
}

// slot is one of max slots of a key.
type slot struct {
	key string
	max int
}

func newLimiter() *limiter {
	return &limiter{used: map[string]int{}, freed: make(chan struct{})}
}

// acquire acquires all slots or none, and returns a function that releases them. If one isn't free, it waits until ctx
// ends or, without wait, returns a *Refusal immediately.
func (l *limiter) acquire(ctx context.Context, wait bool, wants ...slot) (func(), error) {
	for {
		freed, ok := l.try(wants)
		if ok {
			return sync.OnceFunc(func() { l.release(wants) }), nil
		}
		if !wait {
			return nil, refuse(ReasonBusy)
		}
		select {
		case <-freed:
		case <-ctx.Done():
			if contextKind(ctx) == KindCanceled {
				return nil, &Error{Step: StepConnect, Kind: KindCanceled, Err: ctx.Err()}
			}
			return nil, refuse(ReasonBusy)
		}
	}
}

// try acquires all slots, or returns the channel that is closed when some are released.
func (l *limiter) try(wants []slot) (freed <-chan struct{}, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range wants {
		if l.used[w.key] >= w.max {
			return l.freed, false
		}
	}
	for _, w := range wants {
		l.used[w.key]++
	}
	return nil, true
}

func (l *limiter) release(slots []slot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range slots {
		if l.used[p.key]--; l.used[p.key] == 0 {
			delete(l.used, p.key)
		}
	}
	close(l.freed)
	l.freed = make(chan struct{})
}
