package sandbox

import (
	"encoding/binary"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// A shop of a fleet begins with a day of deliveries in its log. They are made when they are read and kept nowhere: each
// hour of each shop has its own, and they are the same whenever and wherever they are read.

// historyTime is how far back the deliveries go.
const historyTime = 24 * time.Hour

// Each hour is of one of these kinds once a day in each shop, so that no day lacks one.
const (
	testHour     = 0  // has an event in test mode
	failedHour   = 8  // has a delivery that failed
	repeatedHour = 16 // has an event that is listed twice
)

// mishaps are the last responses to what failed in the shops in turn, 0 for none.
var mishaps = []int{
	http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, 0, http.StatusGatewayTimeout,
}

// hourly is how busy shops are in each hour of the day, in UTC.
var hourly = [24]float64{
	.7, .5, .35, .25, .2, .2, .25, .3, .4, .5, .6, .7, .8, .85, .9, 1, 1.1, 1.3, 1.6, 1.8, 1.9, 1.7, 1.3, 1,
}

// happenings are the event types of a fleet by how often they happen.
var happenings = []struct {
	kind   string
	weight int
}{
	{"ORDER_PLACED", 30},
	{"ORDER_UPDATED", 22},
	{"DONATION", 12},
	{"SUBSCRIPTION_PURCHASED", 8},
	{"PRODUCT_UPDATED", 6},
	{"SUBSCRIPTION_CHANGED", 4},
	{"THANK_YOU_SENT", 4},
	{"SUBSCRIPTION_EXPIRED", 3},
	{"GIFT_PURCHASE", 3},
	{"COLLECTION_UPDATED", 3},
	{"PROMOTION_STATUS_CHANGED", 2},
	{"PRODUCT_CREATED", 2},
	{"LIVESTREAM_STARTED", 1},
}

// log returns the shop's deliveries, the oldest first: those from before the start, and those since.
func (sh *shop) log() []event {
	if !sh.isOfFleet() {
		return sh.events
	}
	all := append(sh.history(), sh.events...)
	return all[max(len(all)-keptEvents, 0):]
}

// history returns the deliveries of the day before the shop's start, the oldest first.
func (sh *shop) history() []event {
	from := sh.until.Add(-historyTime)
	var out []event
	for hour := from.Truncate(time.Hour); !hour.After(sh.until); hour = hour.Add(time.Hour) {
		for _, e := range sh.hour(hour) {
			if e.CreatedAt.After(from) && !e.UpdatedAt.After(sh.until) {
				out = append(out, e)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b event) int { return a.CreatedAt.Compare(b.CreatedAt) })
	for i := range out {
		out[i].Seq = int64(i - len(out)) // before everything that was fired
	}
	return out
}

// hour returns the deliveries of one hour.
func (sh *shop) hour(start time.Time) []event {
	number := start.Unix() / int64(time.Hour/time.Second)
	r := newSource(uint64(sh.place), uint64(number)) //nolint:gosec // neither is negative
	kind := (int(number%24) + sh.place) % 24
	isSpecial := kind == testHour || kind == failedHour || kind == repeatedHour
	volume := 1 + float64(sh.place*7%11)/3 // of an hour that is as busy as most
	n := int(volume*hourly[start.UTC().Hour()] + r.Float64())
	if isSpecial {
		n = max(n, 1)
	}
	var out []event
	for i := range n {
		at := start.Add(time.Duration(r.Int64N(int64(time.Hour))))
		what, thing := happening(r), r.Uint64()
		isFirst := i == 0 && isSpecial
		if isFirst {
			// The minute is the same each day, so that a part of a day at its beginning and one at its end make a whole.
			at, what = start.Add(time.Duration(sh.place*97%3600)*time.Second), "ORDER_PLACED"
		}
		for _, w := range sh.plan {
			e := delivered(r, sh, w, what, at)
			e.thing = thing
			if !slices.Contains(w.AllowedTypes, what) {
				continue
			}
			e.TestMode = isFirst && kind == testHour
			if isFirst && kind == failedHour {
				e = e.failed(mishaps[sh.place%len(mishaps)])
			}
			out = append(out, e)
			if isFirst && kind == repeatedHour {
				e.UpdatedAt = e.UpdatedAt.Add(3 * time.Second)
				out = append(out, e)
			}
		}
	}
	return out
}

// happening draws an event type.
func happening(r *rand.Rand) string {
	n := r.IntN(100)
	for _, h := range happenings {
		if n -= h.weight; n < 0 {
			return h.kind
		}
	}
	return happenings[0].kind
}

// delivered makes a delivery that is over. It draws as often whatever comes of it.
func delivered(r *rand.Rand, sh *shop, w Webhook, what string, at time.Time) event {
	took := time.Duration(40+r.IntN(400)) * time.Millisecond
	luck, f := r.IntN(100), form(r.IntN(2))
	at = at.UTC().Truncate(f.unit())
	e := event{Form: f, Delivery: Delivery{
		ID: "weve_" + letters(r, 22), ShopID: sh.ID, WebhookID: w.ID, Type: what, URL: w.URL, State: StateDelivered,
		Attempts: 1, Status: http.StatusOK, Took: took, CreatedAt: at, UpdatedAt: at.Add(took).Truncate(time.Millisecond),
	}}
	switch {
	case isFailing(w.URL):
		return e.failed(http.StatusInternalServerError)
	case luck < 3:
		e.Attempts, e.UpdatedAt = 2, e.UpdatedAt.Add(firstPause)
	}
	return e
}

// failed is a delivery whose attempts all failed: with a status, or without a response if that is 0.
func (e event) failed(status int) event {
	e.State, e.Status, e.Attempts, e.Error = StateFailed, status, maxAttempts, faultStatus(status)
	if status == 0 {
		e.Took, e.Error = attemptTimeout, faultTimeout
	}
	e.UpdatedAt = e.CreatedAt.Add(15*firstPause + e.Took).Truncate(time.Millisecond)
	return e
}

// fullBody returns the envelope. Of a delivery from before the start, it is made up in the same way each time.
func (e event) fullBody(sh DemoShop) (string, error) {
	if e.Body != "" {
		return e.Body, nil
	}
	sc := newScene(sh, e.CreatedAt, int64(e.thing%uint64(len(people)))) //nolint:gosec // it is small
	var known [32]byte
	binary.LittleEndian.PutUint64(known[:], e.thing)
	source := rand.NewChaCha8(known)
	sc.form = e.Form
	sc.source = func(n int) []byte {
		b := make([]byte, n)
		_, _ = source.Read(b) // it never fails
		return b
	}
	data, err := payload(e.Type, sc)
	if err != nil {
		return "", err
	}
	return e.envelope(data, e.Form)
}

// tally counts the deliveries in a log, each event once, and those that failed.
func tally(log []event) (all, failed int) {
	failedBy := map[string]bool{}
	for _, e := range log {
		failedBy[e.ID] = e.State == StateFailed
	}
	for _, isFailed := range failedBy {
		if isFailed {
			failed++
		}
	}
	return len(failedBy), failed
}

// newestOf returns up to n deliveries of a shop, the newest first.
func newestOf(sh *shop, n int) []Delivery {
	var out []Delivery
	for _, e := range slices.Backward(sh.log()) {
		if len(out) == n {
			break
		}
		out = append(out, e.Delivery)
	}
	return out
}
