package fleet

import (
	"context"
	"errors"
	"time"

	"hookwall/internal/fourthwall"
)

const (
	// mostCalls of one visit. A shop has 100 calls in 10 seconds, and the other half is for people.
	mostCalls = 50
	// fewCalls of a visit leave enough for another one soon.
	fewCalls  = 10
	perCall   = 200 * time.Millisecond
	afterMany = 10 * time.Second
)

var errEnough = errors.New("the visit has made as many calls as it may")

// pace counts the calls of a visit. Its calls are made one after another.
type pace struct{ calls int }

// in returns a context whose calls are counted, and held back beyond mostCalls.
func (p *pace) in(ctx context.Context) context.Context {
	return fourthwall.BeforeSending(fourthwall.InBackground(ctx), func(context.Context, bool) error {
		if p.calls >= mostCalls {
			return errEnough
		}
		p.calls++
		return nil
	})
}

// rest returns how long after this visit the next one may begin.
func (p *pace) rest() time.Duration {
	if p.calls > fewCalls {
		return afterMany
	}
	return time.Duration(p.calls) * perCall
}
