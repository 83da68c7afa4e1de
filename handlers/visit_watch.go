package handlers

import (
	"context"
	"maps"
	"sync"
	"time"

	"hookwall/internal/store"
)

// watchEvery is how often a process asks whether visits have read anything new,
// while a page follows that.
const watchEvery = 3 * time.Second

// visitWatch asks when visits last read the shops of each owner: once for all
// pages that follow, and not at all without one.
type visitWatch struct {
	every time.Duration
	read  func(context.Context) (map[store.Owner]time.Time, error)

	mu      sync.Mutex
	pages   int
	stop    func() // ends the asking
	newest  map[store.Owner]time.Time
	changed chan struct{} // is closed when newest has changed
}

// join begins to watch for a page, until leave is called.
func (w *visitWatch) join(b background) (leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages++
	if w.pages == 1 {
		w.changed = make(chan struct{})
		left := make(chan struct{})
		w.stop = sync.OnceFunc(func() { close(left) })
		b.start(func(life context.Context) { w.run(life, left) })
	}
	return sync.OnceFunc(w.leave)
}

func (w *visitWatch) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages--
	if w.pages == 0 {
		w.stop()
		w.newest = nil
	}
}

// run asks until all pages have left. One that fails is asked again.
func (w *visitWatch) run(life context.Context, left <-chan struct{}) {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		if newest, err := w.read(life); err == nil {
			w.put(newest, left)
		}
		select {
		case <-life.Done():
			return
		case <-left:
			return
		case <-tick.C:
		}
	}
}

// put stores what was read, unless all pages have left.
func (w *visitWatch) put(newest map[store.Owner]time.Time, left <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-left:
		return
	default:
	}
	if maps.Equal(newest, w.newest) {
		return
	}
	w.newest = newest
	close(w.changed)
	w.changed = make(chan struct{})
}

// of returns when visits last read a shop of an owner, and what is closed when
// that may have changed.
func (w *visitWatch) of(owner store.Owner) (newest time.Time, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.newest[owner], w.changed
}
