package storetest

import (
	"testing"
	"time"

	"hookwall/internal/store"
)

// three allows three at once, then one every 10 s, with a debt of up to 20 s.
var three = store.Limit{Name: "three", Burst: 3, Every: 10 * time.Second, Debt: 20 * time.Second}

// allowed counts one and returns the result of Allow.
func allowed(t tb, s *store.Store, l store.Limit, key string) answer {
	t.Helper()
	ok, retryAfter, err := s.Allow(background, l, key)
	must(t, err)
	return answer{ok, retryAfter}
}

type answer struct {
	OK         bool
	RetryAfter time.Duration
}

// wait returns how long the next one has to wait under the key k.
func wait(t tb, s *store.Store, l store.Limit) time.Duration {
	t.Helper()
	d, err := s.Wait(background, l, "k")
	must(t, err)
	return d
}

// empty uses up the burst of a limit under the key k.
func empty(t tb, s *store.Store, l store.Limit) {
	t.Helper()
	for i := range l.Burst {
		if !allowed(t, s, l, "k").OK {
			t.Fatalf("only %d of %d are allowed", i, l.Burst)
		}
	}
}

var yes = answer{OK: true}

var limitTests = map[string]func(*testing.T, *fixture){
	"a burst, and one more each time": func(t *testing.T, f *fixture) {
		for _, step := range []struct {
			after time.Duration
			want  answer
		}{
			{0, yes},
			{0, yes},
			{0, yes},
			{0, answer{false, 10 * time.Second}},
			{4 * time.Second, answer{false, 6 * time.Second}},
			{6*time.Second - time.Millisecond, answer{false, time.Millisecond}},
			{time.Millisecond, yes},
			{0, answer{false, 10 * time.Second}},
			{25 * time.Second, yes},
			{0, yes},
			{0, answer{false, 5 * time.Second}},
			{time.Hour, yes},
			{0, yes},
			{0, yes},
			{0, answer{false, 10 * time.Second}},
		} {
			f.clock.move(step.after)
			same(t, "answer at "+f.clock.Now().Sub(f.start).String(), allowed(t, f.one, three, "k"), step.want)
		}
	},

	"both handles count together": func(t *testing.T, f *fixture) {
		same(t, "first", allowed(t, f.one, three, "k"), yes)
		same(t, "second", allowed(t, f.other, three, "k"), yes)
		same(t, "third", allowed(t, f.one, three, "k"), yes)
		same(t, "fourth", allowed(t, f.other, three, "k"), answer{false, 10 * time.Second})
		same(t, "wait", wait(t, f.one, three), 10*time.Second)
	},

	"many at once get the burst and no more": func(t *testing.T, f *fixture) {
		seven := store.Limit{Name: "seven", Burst: 7, Every: time.Hour}
		try := func(_ int, s *store.Store) bool { return allowed(t, s, seven, "k").OK }
		same(t, "allowed", f.race(24, try), 7)
		f.clock.move(2 * time.Hour)
		same(t, "allowed two hours later", f.race(24, try), 2)
	},

	"keys, names and environments are counted apart": func(t *testing.T, f *fixture) {
		empty(t, f.one, three)
		other := three
		other.Name = "other"
		elsewhere := f.open(sandbox)
		same(t, "another key", allowed(t, f.one, three, "k2"), yes)
		same(t, "another name", allowed(t, f.one, other, "k"), yes)
		same(t, "another environment", allowed(t, elsewhere, three, "k"), yes)
		same(t, "the same", allowed(t, f.one, three, "k").OK, false)
		same(t, "a key that is no text", allowed(t, f.one, three, awkward), yes)
	},

	"a refused one is not counted": func(t *testing.T, f *fixture) {
		empty(t, f.one, three)
		for range 5 {
			same(t, "refused", allowed(t, f.one, three, "k"), answer{false, 10 * time.Second})
		}
		f.clock.move(30 * time.Second)
		empty(t, f.one, three)
	},

	"waiting counts nothing": func(t *testing.T, f *fixture) {
		for range 5 {
			same(t, "of nothing", wait(t, f.one, three), time.Duration(0))
		}
		empty(t, f.one, three)
		f.clock.move(3 * time.Second)
		same(t, "of a burst", wait(t, f.one, three), 7*time.Second)
		f.clock.move(7 * time.Second)
		same(t, "until the next", wait(t, f.one, three), time.Duration(0))
	},

	"spending counts beyond the burst, up to the debt": func(t *testing.T, f *fixture) {
		for i, want := range []time.Duration{
			0, 0, 10 * time.Second, 20 * time.Second, 30 * time.Second, 30 * time.Second, 30 * time.Second,
		} {
			must(t, f.one.Spend(t.Context(), three, "k"))
			same(t, "wait", wait(t, f.other, three), want)
			if i > 2 {
				same(t, "allowed", allowed(t, f.one, three, "k"), answer{false, want})
			}
		}
		f.clock.move(30 * time.Second)
		same(t, "after the debt", allowed(t, f.one, three, "k"), yes)
		same(t, "one only", allowed(t, f.one, three, "k"), answer{false, 10 * time.Second})
	},

	"a clock that was ahead blocks nothing": func(t *testing.T, f *fixture) {
		f.clock.move(time.Hour)
		empty(t, f.one, three)
		f.clock.move(-time.Hour)
		same(t, "wait", wait(t, f.one, three), time.Duration(0))
		empty(t, f.one, three)
		same(t, "after the burst", allowed(t, f.one, three, "k"), answer{false, 10 * time.Second})
	},

	"a late count does not start it again": func(t *testing.T, f *fixture) {
		strict := store.Limit{Name: "strict", Burst: 3, Every: 10 * time.Second}
		f.clock.move(time.Second)
		empty(t, f.one, strict)
		f.clock.move(-time.Second)
		same(t, "wait by the time before", wait(t, f.other, strict), 11*time.Second)
		same(t, "allowed then", allowed(t, f.other, strict, "k"), answer{false, 11 * time.Second})
		f.clock.move(time.Second)
		for range 6 {
			must(t, f.one.Spend(t.Context(), three, "k"))
		}
		f.clock.move(-time.Second)
		must(t, f.other.Spend(t.Context(), three, "k"))
		same(t, "wait with all the debt", wait(t, f.one, three), 30*time.Second)
	},

	"a smaller limit takes effect at once": func(t *testing.T, f *fixture) {
		large := store.Limit{Name: three.Name, Burst: 100, Every: time.Minute}
		empty(t, f.one, large)
		empty(t, f.one, three)
		same(t, "after the burst", allowed(t, f.one, three, "k").OK, false)
	},

	"none": func(t *testing.T, f *fixture) {
		off := store.Limit{Name: "off", Every: time.Hour}
		same(t, "off", off.Off(), true)
		for range 5 {
			must(t, f.one.Spend(t.Context(), off, "k"))
			same(t, "answer", allowed(t, f.one, off, "k"), yes)
		}
		same(t, "wait", wait(t, f.one, off), time.Duration(0))
	},

	"less than a millisecond is one": func(t *testing.T, f *fixture) {
		fast := store.Limit{Name: "fast", Burst: 1}
		same(t, "first", allowed(t, f.one, fast, "k"), yes)
		same(t, "second", allowed(t, f.one, fast, "k"), answer{false, time.Millisecond})
		f.clock.move(time.Millisecond)
		same(t, "third", allowed(t, f.one, fast, "k"), yes)
	},
}
