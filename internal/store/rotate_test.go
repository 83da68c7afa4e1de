package store_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/store"
)

// The rotation is interrupted after each number of batches, and continued. Then everything opens without the old key.
func TestRotateKey(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		p := plant(t, fresh, options(t, 1))
		elsewhere := options(t, 1)
		elsewhere.Environment = "https://other.example"
		other := open(t, p.url, elsewhere)
		owner, _ := signIn(t, other)
		first(other.PutConnection(t.Context(), store.Connection{Owner: owner, ShopID: "one", Credential: []byte("c")}))
		rotated := open(t, p.url, options(t, 2, 1))
		before := uses(t, rotated)
		sealed, interrupted := 0, 0
		for batches := 1; ; batches += 3 {
			r, err := rotateUntil(t, rotated, batches)
			sealed += r.Sealed
			if err == nil {
				check(t, compare(store.Rotation{Sealed: r.Sealed, Uses: []store.KeyUse{
					{Key: before[0].Key, Given: true, Seals: true, Values: before[1].Values, Opens: true},
					{Key: before[1].Key, Given: true, Opens: true},
				}}, r))
				break
			}
			interrupted++
		}
		if sealed != before[1].Values || before[0].Values != 0 || sealed < 2*len(sealedColumns) || interrupted < 2 {
			t.Errorf("%d values sealed after %d interruptions; before: %+v", sealed, interrupted, before)
		}
		p.store = open(t, p.url, options(t, 2))
		for name, c := range sealedColumns {
			if err := c.read(t, p, "one"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		elsewhere = options(t, 2)
		elsewhere.Environment = "https://other.example"
		first(open(t, p.url, elsewhere).Connection(t.Context(), owner, "one"))
	})
}

// rotateUntil interrupts a rotation after some batches.
func rotateUntil(t *testing.T, s *store.Store, batches int) (store.Rotation, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := s.RotateKey(ctx, func(int) {
		if batches--; batches == 0 {
			cancel()
		}
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return r, err
}

func uses(t *testing.T, s *store.Store) []store.KeyUse {
	t.Helper()
	all, err := s.KeyUses(t.Context())
	check(t, err)
	if len(all) != 2 || !all[0].Seals {
		t.Fatalf("uses: %+v", all)
	}
	return all
}

func compare(want, got any) error {
	if diff := cmp.Diff(want, got); diff != "" {
		return errors.New(diff)
	}
	return nil
}

// More rows than a batch has, while another process writes with the old key first.
func TestRotateKeyWhileOthersWrite(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		url := fresh(t)
		old, rotated := open(t, url, options(t, 1, 2)), open(t, url, options(t, 2, 1))
		const labels = 1100
		for i := range labels {
			check(t, old.PutLabel(t.Context(), "shop", fmt.Sprintf("wcon_%04d", i), strconv.Itoa(i)))
		}
		stop, last := make(chan struct{}), 0
		var writer sync.WaitGroup
		writer.Go(func() {
			for {
				last++
				check(t, old.PutLabel(t.Context(), "shop", "wcon_0700", strconv.Itoa(last)))
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		once := sync.OnceFunc(func() { check(t, old.PutLabel(t.Context(), "shop", "wcon_0000a", "behind")) })
		r, err := rotated.RotateKey(t.Context(), func(int) { once() })
		close(stop)
		writer.Wait()
		check(t, err)
		if r.Sealed < labels-1 || r.Uses[1].Values == 0 {
			t.Errorf("rotation: %+v", r)
		}
		r, err = rotated.RotateKey(t.Context(), func(int) {})
		check(t, err)
		if r.Sealed == 0 || r.Uses[0].Values != labels+1 || r.Uses[1].Values != 0 {
			t.Errorf("second rotation: %+v", r)
		}
		all, err := open(t, url, options(t, 2)).Labels(t.Context(), "shop")
		check(t, err)
		if all["wcon_0700"] != strconv.Itoa(last) || all["wcon_0000a"] != "behind" || len(all) != labels+1 {
			t.Errorf("%d labels, %q after %d", len(all), all["wcon_0700"], last)
		}
	})
}

// Values whose key isn't given, or that were moved, are counted and stay.
func TestRotateKeyLeavesWhatDoesNotOpen(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		url := fresh(t)
		for i, label := range []string{"a", "b", "c"} {
			check(t, open(t, url, options(t, byte(i+1))).PutLabel(t.Context(), "shop", label, label))
		}
		update(t, url, `UPDATE webhook_labels SET webhook_id = 'moved' WHERE webhook_id = 'b'`)
		s := open(t, url, options(t, 1, 2))
		r, err := s.RotateKey(t.Context(), func(int) {})
		check(t, err)
		if len(r.Uses) != 3 {
			t.Fatalf("rotation: %+v", r)
		}
		for i := range r.Uses {
			r.Uses[i].Key = ""
		}
		given := store.KeyUse{Given: true, Values: 1}
		missing := store.KeyUse{Values: 1}
		if r.Uses[1].Given {
			check(t, compare([]store.KeyUse{given, missing}, r.Uses[1:]))
		} else {
			check(t, compare([]store.KeyUse{missing, given}, r.Uses[1:]))
		}
		check(t, compare(store.Rotation{Unopened: 2, Uses: r.Uses}, r))
	})
}
