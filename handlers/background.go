package handlers

import (
	"context"
	"sync"
)

// errands are what goes on when its request is answered.
type errands struct {
	life     context.Context //nolint:containedctx // of the program, not of a request
	work     *sync.WaitGroup
	end      func()
	draining <-chan struct{}
	drain    func()
}

func newErrands() errands {
	life, cancel := context.WithCancel(context.Background())
	draining := make(chan struct{})
	work := &sync.WaitGroup{}
	return errands{
		life: life, work: work, end: func() { cancel(); work.Wait() },
		draining: draining, drain: sync.OnceFunc(func() { close(draining) }),
	}
}

func (e errands) start(do func(context.Context)) { e.work.Go(func() { do(e.life) }) }
