package ui

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

var chartNow = time.Date(2026, time.November, 27, 18, 32, 10, 0, time.UTC)

// busyDay is a day whose figures hardly repeat, in each third of which
// deliveries failed.
func busyDay(href string) Series {
	s := Last24Hours(chartNow, time.Time{})
	for i := range s {
		s[i].Accepted, s[i].Failed = 3+i*37%89, i%3/2*(i*7%11)
		if href != "" {
			s[i].Href = href + s[i].Start.Format("2006-01-02T15")
		}
	}
	return s
}

func drawn(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestChartsAreSmall is about what charts add to a page. The IDs of a strip's
// deliveries are not counted: where they are random, they can't be packed.
func TestChartsAreSmall(t *testing.T) {
	squares := make([]Square, 50)
	for i := range squares {
		squares[i] = Square{
			Href:  fmt.Sprintf("/shops/sh_1/deliveries/weve_%016d", i),
			Title: fmt.Sprintf("%s: accepted", chartNow.Add(-time.Duration(i*i)*time.Second).Format("15:04:05")),
			State: OK,
		}
	}
	for name, c := range map[string]templ.Component{
		"sparkline":         Sparkline(SparklineChart{Series: busyDay(""), Width: 192, Height: 28}),
		"unknown sparkline": Sparkline(SparklineChart{Series: Last24Hours(chartNow, chartNow), Width: 192, Height: 28}),
		"over time":         OverTime(OverTimeChart{Label: "Deliveries per hour", Series: busyDay(""), Height: 100}),
		"links":             OverTime(OverTimeChart{Label: "Deliveries per hour", Series: busyDay("/shops/sh_1/deliveries?from="), Height: 75}),
		"strip":             Strip("Last 50 deliveries", squares),
	} {
		page := drawn(t, c)
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = w.Write([]byte(page)); err != nil {
			t.Fatal(err)
		}
		if err = w.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, %d compressed", name, len(page), packed.Len())
		if packed.Len() > 1000 {
			t.Errorf("%s: %d bytes compressed", name, packed.Len())
		}
		if strings.Contains(page, "style=") {
			t.Errorf("%s has a style of its own, which the policy forbids", name)
		}
	}
}

func TestSeriesCountsOnlyItsHours(t *testing.T) {
	s := Last24Hours(chartNow, chartNow.Add(-3*time.Hour))
	for _, d := range []struct {
		before time.Duration
		state  State
	}{
		{0, OK},
		{32 * time.Minute, Failing},
		{33 * time.Minute, NotKnown},
		{4 * time.Hour, OK},
		{23*time.Hour + 32*time.Minute, OK},
		{23*time.Hour + 33*time.Minute, OK},
		{-time.Hour, OK},
	} {
		s.Count(chartNow.Add(-d.before), d.state)
	}
	want := map[int]Hour{
		0: {Accepted: 1}, 19: {Accepted: 1}, 20: {}, 21: {Known: true}, 22: {Other: 1, Known: true},
		23: {Accepted: 1, Failed: 1, Known: true},
	}
	for i, h := range s {
		w := want[i]
		if w.Start = chartNow.Truncate(time.Hour).Add(time.Duration(i-23) * time.Hour); h != w {
			t.Errorf("hour %d: %+v, want %+v", i, h, w)
		}
	}
	if got := s.Total(); got.Known || got.Accepted != 3 || got.Failed != 1 || got.Other != 1 {
		t.Errorf("total %+v", got)
	}
	Series(nil).Count(chartNow, OK)
}

func TestAxisEndsAtRoundNumber(t *testing.T) {
	for n, want := range map[int]int{0: 2, 2: 2, 3: 4, 6: 10, 20: 20, 21: 40, 98: 100, 101: 200, 1_162: 2_000} {
		if got := niceTop(n); got != want {
			t.Errorf("%d: %d, want %d", n, got, want)
		}
	}
}

// TestAxisHasRoom: at every hour of the day, labels keep a distance from each
// other and from that of now, in hours.
func TestAxisHasRoom(t *testing.T) {
	for hour := range 24 {
		c := OverTimeChart{Series: Last24Hours(chartNow.Add(time.Duration(hour)*time.Hour), time.Time{})}
		ticks, phone := c.ticks(), c.phoneTicks()
		slices.Reverse(phone)
		for _, row := range []struct {
			name             string
			ticks            []int
			apart, beforeNow int
			fewest           int
		}{{"wide", ticks, 3, 2, 7}, {"phone", phone, 6, phoneRoom, 3}} {
			if len(row.ticks) < row.fewest || row.ticks[len(row.ticks)-1] >= len(c.Series)-row.beforeNow {
				t.Errorf("%s, %d hours on: labels at %v", row.name, hour, row.ticks)
			}
			for i, at := range row.ticks[1:] {
				if at-row.ticks[i] != row.apart {
					t.Errorf("%s, %d hours on: labels at %v", row.name, hour, row.ticks)
				}
			}
		}
	}
}

// TestChartsSayWhatTheyShow: what was not read is never said to be nothing.
func TestChartsSayWhatTheyShow(t *testing.T) {
	const span = "Nov 26, 19:00 to Nov 27, 19:00 UTC"
	partly := Last24Hours(chartNow, chartNow.Add(-3*time.Hour))
	partly[0].Accepted, partly[22].Other, partly[23].Accepted, partly[23].Failed = 2, 1, 1_200, 3
	quiet := Last24Hours(chartNow, time.Time{})
	for name, row := range map[string]struct {
		series  Series
		summary string
		words   map[int]string
		parts   map[string]int
	}{
		"quiet": {
			quiet, span + ": no deliveries",
			map[int]string{0: "19:00 UTC: no deliveries"},
			map[string]int{`class="hatch"`: 0, `class="zero"`: 1, "not known": 0, "<td>0</td>": 48, `class="cross"`: 0},
		},
		"partly read": {
			partly, span + ": 1,202 accepted, 3 failed, 1 in another state. Some hours are not known",
			map[int]string{
				0: "19:00 UTC: at least 2 accepted, 0 failed", 1: "20:00 UTC: not known",
				23: "18:00 UTC: 1,200 accepted, 3 failed",
			},
			map[string]int{
				`class="hatch"`: 1, `class="zero"`: 1, "<td>not known</td>": 62, "<td>at least 2</td>": 1,
				`class="cross"`: 1, "<th scope=\"col\">Other</th>": 1,
			},
		},
		"not read": {
			Last24Hours(chartNow, chartNow), "Not known, " + span,
			map[int]string{23: "18:00 UTC: not known"},
			map[string]int{`class="hatch"`: 1, `class="zero"`: 0, "<td>not known</td>": 48},
		},
	} {
		if got := row.series.summary(); got != row.summary {
			t.Errorf("%s: %q, want %q", name, got, row.summary)
		}
		for i, want := range row.words {
			if got := row.series[i].words(); got != want {
				t.Errorf("%s: hour %d: %q, want %q", name, i, got, want)
			}
		}
		page := drawn(t, OverTime(OverTimeChart{Label: "Deliveries per hour", Series: row.series, Height: 100}))
		for part, want := range row.parts {
			if got := strings.Count(page, part); got != want {
				t.Errorf("%s: %d times %s, want %d", name, got, part, want)
			}
		}
		if small := drawn(t, Sparkline(SparklineChart{Series: row.series, Width: 96, Height: 24})); !strings.Contains(
			small, "<title>"+row.summary+"</title>") {
			t.Errorf("%s: the sparkline is %s", name, small)
		}
	}
}

// TestSparklineBars: each hour has its bar, on the base line or on the part below
// it, and as high as its share of the most.
func TestSparklineBars(t *testing.T) {
	series := Last24Hours(chartNow, time.Time{})
	for hour, h := range map[int]Hour{0: {Accepted: 26}, 3: {Accepted: 13, Failed: 13}, 4: {Failed: 1}, 9: {Other: 2}} {
		series[hour].Accepted, series[hour].Failed, series[hour].Other = h.Accepted, h.Failed, h.Other
	}
	type bar struct{ middle, bottom, high float64 }
	page := drawn(t, Sparkline(SparklineChart{Series: series, Width: 192, Height: 28}))
	for class, want := range map[string][]bar{
		"ok":    {{3, 27, 26}, {27, 27, 13}},
		"bad":   {{27, 14, 13}, {35, 27, 2}}, // one is too few to be seen
		"other": {{75, 27, 2}},
	} {
		var got []bar
		_, path, _ := strings.Cut(page, `<path class="`+class+`" d="`)
		path, _, _ = strings.Cut(path, `"`)
		var x, y float64 // of the pen
		for _, step := range strings.Split(path, "m")[1:] {
			var dx, dy, high float64
			if _, err := fmt.Sscanf(step, "%g %gv-%g", &dx, &dy, &high); err != nil {
				t.Fatalf("%q: %v", step, err)
			}
			x, y = x+dx, y+dy
			got = append(got, bar{x, y, high})
			y -= high
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: bars %v, want %v", class, got, want)
		}
	}
	if !strings.Contains(page, `stroke-width="6"`) {
		t.Errorf("the bars have another width: %s", page)
	}
}

func TestBarsAreLinks(t *testing.T) {
	page := drawn(t, OverTime(OverTimeChart{Label: "Deliveries per hour", Series: busyDay("/d?from="), Height: 100}))
	for part, want := range map[string]int{
		`<a href="/d?from=2026-11-27T`: 19, "<title>18:00 UTC: 53 accepted, 7 failed</title>": 1, "<table": 0,
		`role="group"`: 1, `role="img"`: 0,
	} {
		if got := strings.Count(page, part); got != want {
			t.Errorf("%d times %s, want %d", got, part, want)
		}
	}
}
