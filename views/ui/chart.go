package ui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// Hour is what was read of the deliveries of one hour, or of one day.
type Hour struct {
	Start    time.Time
	Accepted int
	Failed   int
	Other    int // neither reported as failed nor in a state that is known
	// Known reports whether the whole hour was read. If not, there may have been
	// more deliveries than are counted.
	Known bool
	Href  string // what its bar links to; "" if nothing
	Day   bool
}

// Series is a row of hours or of days, oldest first.
type Series []Hour

// hoursInDay is how many hours a Series of Last24Hours has.
const hoursInDay = 24

// Last24Hours returns the 24 hours of which the last one contains now, without
// deliveries. Known are those that began at or after since.
func Last24Hours(now, since time.Time) Series {
	s := make(Series, hoursInDay)
	last := now.UTC().Truncate(time.Hour)
	for i := range s {
		s[i].Start = last.Add(time.Duration(i-len(s)+1) * time.Hour)
		s[i].Known = !s[i].Start.Before(since)
	}
	return s
}

// width returns how long each part is.
func (s Series) width() time.Duration {
	if s.daily() {
		return hoursInDay * time.Hour
	}
	return time.Hour
}

func (s Series) daily() bool { return len(s) > 0 && s[0].Day }

// LastDays returns the n days of which the last one contains now, without
// deliveries, in UTC.
func LastDays(now time.Time, n int) Series {
	s := make(Series, n)
	today := now.UTC().Truncate(hoursInDay * time.Hour)
	for i := range s {
		s[i].Day, s[i].Start = true, today.AddDate(0, 0, i-n+1)
	}
	return s
}

// Count adds a delivery to its hour. One outside the series is not counted.
func (s Series) Count(at time.Time, state State) {
	if len(s) == 0 {
		return
	}
	i := int(at.Sub(s[0].Start) / s.width())
	switch {
	case at.Before(s[0].Start) || i >= len(s):
	case state == OK:
		s[i].Accepted++
	case state == Failing:
		s[i].Failed++
	default:
		s[i].Other++
	}
}

// Total returns the sum of all hours. It is Known if all of them are.
func (s Series) Total() Hour {
	sum := Hour{Known: len(s) > 0}
	for _, h := range s {
		sum.Accepted += h.Accepted
		sum.Failed += h.Failed
		sum.Other += h.Other
		sum.Known = sum.Known && h.Known
	}
	if len(s) > 0 {
		sum.Start = s[0].Start
	}
	return sum
}

// all returns the number of deliveries of the hour.
func (h Hour) all() int { return h.Accepted + h.Failed + h.Other }

// most returns the number of deliveries of the busiest hour.
func (s Series) most() int {
	n := 0
	for _, h := range s {
		n = max(n, h.all())
	}
	return n
}

// linked reports whether a bar is a link.
func (s Series) linked() bool {
	for _, h := range s {
		if h.Href != "" {
			return true
		}
	}
	return false
}

// run is a range of hours, from the first up to but not including the last.
type run struct{ from, to int }

// runs returns the ranges of hours that fit.
func (s Series) runs(fits func(Hour) bool) []run {
	var all []run
	for i, h := range s {
		switch n := len(all); {
		case !fits(h):
		case n > 0 && all[n-1].to == i:
			all[n-1].to++
		default:
			all = append(all, run{i, i + 1})
		}
	}
	return all
}

// unread are the hours that were not read, which are hatched.
func (s Series) unread() []run { return s.runs(func(h Hour) bool { return !h.Known }) }

// zero are the hours without deliveries, which have a dotted base line.
func (s Series) zero() []run { return s.runs(func(h Hour) bool { return h.Known && h.all() == 0 }) }

// niceTop returns twice the smallest step of 1, 2 or 5 times a power of ten that
// covers n, for an axis with its middle.
func niceTop(n int) int {
	for step := 1; ; step *= 10 {
		for _, m := range []int{1, 2, 5} {
			if 2*m*step >= n {
				return 2 * m * step
			}
		}
	}
}

// number writes a coordinate with at most one decimal.
func number(f float64) string {
	s := strconv.FormatFloat(f, 'f', 1, 64)
	return strings.TrimSuffix(s, ".0")
}

// The parts of an hour, and what lies under them.
func accepted(h Hour) int         { return h.Accepted }
func other(h Hour) int            { return h.Other }
func failed(h Hour) int           { return h.Failed }
func acceptedAndOther(h Hour) int { return h.Accepted + h.Other }
func none(Hour) int               { return 0 }

// SparklineChart is a small chart without an axis, of a scale of its own.
type SparklineChart struct {
	Series Series
	Width  int  // in px, of which each hour gets an equal part
	Height int  // in px
	Beside bool // its figures are beside it, so that it needs no title; the list's style sheet gives its size
}

// slot returns the width of an hour.
func (c SparklineChart) slot() float64 { return float64(c.Width) / float64(max(len(c.Series), 1)) }

// baseLine returns the path below the hours without deliveries.
func (c SparklineChart) baseLine() string {
	var b strings.Builder
	for _, r := range c.Series.zero() {
		b.WriteString("M" + number(float64(r.from)*c.slot()) + " " + strconv.Itoa(c.Height-2))
		b.WriteString("h" + number(float64(r.to-r.from)*c.slot()-1))
	}
	return b.String()
}

// bars returns the path of one part of each hour, a stroke for each bar. below is what lies under it. Steps between
// whole pixels keep it short, since a list has fifty of them.
func (c SparklineChart) bars(part, below func(Hour) int) string {
	var b strings.Builder
	x, y := 0.0, 0 // of the pen
	scale := float64(c.Height-2) / float64(max(c.Series.most(), 1))
	for i, h := range c.Series {
		if n := part(h); n > 0 {
			high := max(int(math.Round(float64(n)*scale)), 2)
			bottom := c.Height - 1 - min(int(math.Round(float64(below(h))*scale)), c.Height-2-high)
			middle := float64(i)*c.slot() + c.stroke()/2
			fmt.Fprintf(&b, "m%s %dv-%d", number(middle-x), bottom-y, high)
			x, y = middle, bottom-high
		}
	}
	return b.String()
}

// stroke returns the width of a bar.
func (c SparklineChart) stroke() float64 { return c.slot() - 1 - c.slot()/8 }

// OverTimeChart is a chart with an axis.
type OverTimeChart struct {
	// Label says what is counted, such as “Deliveries per hour”.
	Label  string
	Series Series
	Height int // in px, of the bars
}

// markRoom is the space above the bars, for the mark of an hour that failed.
const markRoom = 12

// top returns the number at the end of the axis.
func (c OverTimeChart) top() int { return niceTop(c.Series.most()) }

// high returns the height of n deliveries, in px.
func (c OverTimeChart) high(n int) int { return (n*c.Height + c.top()/2) / c.top() }

// at returns where an hour begins, in percent.
func (c OverTimeChart) at(hour int) string { return c.percent(float64(hour)) }

// middle returns where the middle of an hour is, in percent.
func (c OverTimeChart) middle(hour int) string { return c.percent(float64(hour) + .5) }

func (c OverTimeChart) percent(hours float64) string {
	return number(100*hours/float64(max(len(c.Series), 1))) + "%"
}

// bar is a rectangle of an hour, from y px above the base line.
type bar struct {
	class   string
	y, high int
}

// barsOf returns the bars of an hour, from the bottom up.
func (c OverTimeChart) barsOf(h Hour) []bar {
	const gap = 2
	var all []bar
	y := 0
	for _, part := range []struct {
		class string
		n     int
	}{{"ok", h.Accepted}, {"other", h.Other}, {"bad", h.Failed}} {
		if part.n == 0 {
			continue
		}
		if y > 0 {
			y += gap
		}
		high := max(c.high(part.n)-gap*len(all), 2)
		all = append(all, bar{part.class, y, high})
		y += high
	}
	return all
}

// markAt returns where the mark of an hour that failed is.
func (c OverTimeChart) markAt(h Hour) int {
	bars := c.barsOf(h)
	top := bars[len(bars)-1]
	return top.y + top.high + markRoom/2
}

// daysInTick is how many days are between labels.
const daysInTick = 7

// ticks are the hours with a label: each third one, but for those that would
// touch the label of now. Of days, it's each seventh.
func (c OverTimeChart) ticks() []int {
	var all []int
	for i, h := range c.Series {
		if h.Day && (len(c.Series)-1-i)%daysInTick == 0 && i < len(c.Series)-1 {
			all = append(all, i)
		}
		if h.Day {
			continue
		}
		if h.Start.UTC().Hour()%3 == 0 && i < len(c.Series)-2 {
			all = append(all, i)
		}
	}
	return all
}

// phoneRoom is how many hours the label of now needs on a phone.
const phoneRoom = 5

// phoneTicks are the ticks that a phone has room for: each second one.
func (c OverTimeChart) phoneTicks() []int {
	var all []int
	if c.Series.daily() {
		return append(all, c.ticks()[len(c.ticks())/2:]...)
	}
	for _, i := range slices.Backward(c.ticks()) {
		if i < len(c.Series)-phoneRoom && (len(all) == 0 || all[len(all)-1]-i == 6) {
			all = append(all, i)
		}
	}
	return all
}

// localTime is for the script, which writes an hour in the reader's time zone.
func (c OverTimeChart) localTime(i int) templ.Attributes {
	if c.Series.daily() {
		return nil
	}
	return templ.Attributes{"data-at": strconv.FormatInt(c.Series[i].Start.Unix()/3600, 10)}
}

// Square is a delivery in a Strip.
type Square struct {
	Href  string
	Title string // says what it was, when and how it ended
	State State
}
