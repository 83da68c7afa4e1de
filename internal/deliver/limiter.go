package deliver

import (
	"context"
	"sync"
)

// limiter counts what is under way, by key.
type limiter struct {
	mu    sync.Mutex
	used  map[string]int
	freed chan struct{} // closed and replaced whenever something ends
}

// place is one of max under a key.
type place struct {
	key string
	max int
}

func newLimiter() *limiter {
	return &limiter{used: map[string]int{}, freed: make(chan struct{})}
}

// take takes all places or none, and returns what gives them back. When they are taken, it waits as long as ctx
// allows, if it is to wait, or refuses.
func (l *limiter) take(ctx context.Context, wait bool, wants ...place) (func(), error) {
	for {
		freed, ok := l.try(wants)
		if ok {
			return sync.OnceFunc(func() { l.free(wants) }), nil
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

func (l *limiter) try(wants []place) (freed <-chan struct{}, ok bool) {
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

func (l *limiter) free(places []place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range places {
		if l.used[p.key]--; l.used[p.key] == 0 {
			delete(l.used, p.key)
		}
	}
	close(l.freed)
	l.freed = make(chan struct{})
}
