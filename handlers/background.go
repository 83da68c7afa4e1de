package handlers

import (
	"context"
	"sync"
)

// background runs tasks that outlive the request that started them.
type background struct {
	life     context.Context //nolint:containedctx // of the process, not of a request
	tasks    *sync.WaitGroup
	end      func() // cancels the tasks and waits for them
	draining <-chan struct{}
	drain    func() // closes draining
}

func newBackground() background {
	life, cancel := context.WithCancel(context.Background())
	draining := make(chan struct{})
	tasks := &sync.WaitGroup{}
	return background{
		life: life, tasks: tasks, end: func() { cancel(); tasks.Wait() },
		draining: draining, drain: sync.OnceFunc(func() { close(draining) }),
	}
}

func (b background) start(task func(context.Context)) { b.tasks.Go(func() { task(b.life) }) }

// isDraining reports whether what waits must end.
func (b background) isDraining() bool {
	select {
	case <-b.draining:
		return true
	default:
		return false
	}
}
