package store

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestBudget: statements of one request share its time, and side by side they
// spend it once.
func TestBudget(t *testing.T) {
	for _, test := range []struct {
		name   string
		spends [][]time.Duration // those of one element run side by side
		left   time.Duration
	}{
		{"none yet", nil, 12 * time.Second},
		{"one", [][]time.Duration{{5 * time.Second}}, 7 * time.Second},
		{"one after another", [][]time.Duration{{5 * time.Second}, {4 * time.Second}}, 3 * time.Second},
		{"side by side", [][]time.Duration{{5 * time.Second, 5 * time.Second, 2 * time.Second}}, 7 * time.Second},
		{"all of it", [][]time.Duration{{11 * time.Second}, {time.Second}}, 0},
		{"more than there is", [][]time.Duration{{11 * time.Second}, {time.Hour}}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := WithBudget(t.Context())
				for _, together := range test.spends {
					for _, d := range together {
						bound, done := spend(ctx)
						go func() {
							defer done()
							wait(bound, d)
						}()
					}
					synctest.Wait()
					wait(t.Context(), maxOf(together))
					synctest.Wait()
					wait(t.Context(), time.Minute) // for a call of the API, which costs nothing
				}
				began := time.Now()
				bound, done := spend(ctx)
				defer done()
				<-bound.Done()
				if left := time.Since(began); left != test.left {
					t.Errorf("%v are left, want %v", left, test.left)
				}
			})
		})
	}
}

// TestNoBudget: background work has none.
func TestNoBudget(t *testing.T) {
	bound, done := spend(t.Context())
	defer done()
	if until, limited := bound.Deadline(); limited {
		t.Errorf("it ends at %v", until)
	}
}

func wait(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

func maxOf(all []time.Duration) (longest time.Duration) {
	for _, d := range all {
		longest = max(longest, d)
	}
	return longest
}
