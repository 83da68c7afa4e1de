package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestSilentServer: while one statement tries a silent server, others wait for
// it, since the server may be back, and fail before long if it isn't.
func TestSilentServer(t *testing.T) {
	for _, test := range []struct {
		name  string
		trial time.Duration // until it is heard
		want  error         // of another statement
		waits time.Duration
	}{
		{"heard at once", 0, nil, 0},
		{"heard after a moment", 400 * time.Millisecond, nil, 400 * time.Millisecond},
		{"heard too late for the others", time.Second, errSilent, 500 * time.Millisecond},
		{"not heard", time.Hour, errSilent, 500 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				statement := func(takes time.Duration) error {
					end, err := s.ask(t.Context(), postgresAnswer, func(ctx context.Context) error {
						wait(ctx, takes)
						return ctx.Err()
					})
					end()
					return err
				}
				if err := statement(time.Hour); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				go func() { _ = statement(test.trial) }()
				synctest.Wait()
				began := time.Now()
				if err := statement(0); !errors.Is(err, test.want) {
					t.Errorf("the other gets %v, want %v", err, test.want)
				}
				if waited := time.Since(began); waited != test.waits {
					t.Errorf("the other waited for %v, want %v", waited, test.waits)
				}
				synctest.Wait()
			})
		})
	}
}
