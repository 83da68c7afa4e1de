package webhooks

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestTimingOrder checks what the drawing of Timing shows.
func TestTimingOrder(t *testing.T) {
	d := DefaultTiming()
	line := []struct {
		name string
		at   time.Duration
	}{
		{"0", 0},
		{"Heartbeat", d.Heartbeat},
		{"Lease", d.Lease},
		{"Confirm", d.Confirm},
		{"Late", d.Late},
		{"Certain", d.Certain},
		{"Recheck", d.Recheck},
		{"GiveUp", d.GiveUp},
	}
	for i, mark := range line[1:] {
		if mark.at <= line[i].at {
			t.Errorf("%s (%v) isn't after %s (%v)", mark.name, mark.at, line[i].name, line[i].at)
		}
	}
	if 2*d.Heartbeat > d.Lease {
		t.Error("one missed renewal ends a lease")
	}
	var lists time.Duration
	for _, wait := range d.ReLists {
		lists += wait + d.List
	}
	if lists >= d.Work || d.Work >= d.Certain {
		t.Errorf("an attempt takes %v, %v of it to look for the webhook, and has ended after %v", d.Work, lists, d.Certain)
	}
	if d.FirstRecheck >= d.Certain || d.LastRecheck >= d.Recheck || 2*d.Heartbeat > d.Reconcile || d.Late > d.Blind {
		t.Errorf("rechecks: %+v", d)
	}
}

// TestRechecksAreSpacedOut: an attempt whose outcome stays open is checked less and less often, but immediately when
// it may be recorded as failed.
func TestRechecksAreSpacedOut(t *testing.T) {
	timing := DefaultTiming()
	for _, test := range []struct {
		name string
		age  time.Duration // at the first recheck
		gap  time.Duration
		want []int // seconds of age
	}{
		{"one that was just begun", 5 * time.Second, timing.FirstRecheck, []int{5, 15, 35, 75, 90, 250, 570, 1170, 1770}},
		{"an old one", time.Hour, 0, []int{3600, 3605, 3615, 3635, 3675, 3755, 3915, 4235, 4835, 5435}},
	} {
		t.Run(test.name, func(t *testing.T) {
			age, gap := test.age, test.gap
			var got []int
			for range test.want {
				got = append(got, int(age/time.Second))
				after, next := timing.nextRecheck(age, gap)
				age, gap = age+after, next
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
