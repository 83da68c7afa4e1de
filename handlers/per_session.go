package handlers

import (
	"sync"

	"hookwall/internal/store"
)

// perSession limits how many operations each session runs at the same time.
type perSession struct {
	most    int
	mu      sync.Mutex
	running map[store.Owner]int
}

// acquire reports false if too many operations of the session are running.
// Otherwise the caller must call release when it is done.
func (p *perSession) acquire(owner store.Owner) (release func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running[owner] >= p.most {
		return nil, false
	}
	if p.running == nil {
		p.running = map[store.Owner]int{}
	}
	p.running[owner]++
	return func() { p.release(owner) }, true
}

func (p *perSession) release(owner store.Owner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running[owner]--; p.running[owner] == 0 {
		delete(p.running, owner)
	}
}
