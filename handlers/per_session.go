package handlers

import (
	"sync"

	"hookwall/internal/store"
)

// turnstile lets each owner have a few things under way.
type turnstile struct {
	most int
	mu   sync.Mutex
	in   map[store.Owner]int
}

// enter reports false when the owner has too many under way. Who enters must
// leave.
func (t *turnstile) enter(owner store.Owner) (leave func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.in[owner] >= t.most {
		return nil, false
	}
	if t.in == nil {
		t.in = map[store.Owner]int{}
	}
	t.in[owner]++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.in[owner]--; t.in[owner] == 0 {
			delete(t.in, owner)
		}
	}, true
}
