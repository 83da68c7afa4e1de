package ui

import (
	"strings"
	"testing"
	"time"
)

var evening = time.Date(2026, 11, 22, 23, 4, 5, 0, time.FixedZone("", 3600))

func TestTimesAreUTC(t *testing.T) {
	if got := instant(evening); got != "2026-11-22T22:04:05Z" {
		t.Errorf("instant: %q", got)
	}
	if got := utc(evening); got != "22 November 2026, 22:04:05 UTC" {
		t.Errorf("utc: %q", got)
	}
}

// TestTimestampIsExact: the script replaces the text with the reader's own
// time, so the title keeps the exact one, to the second.
func TestTimestampIsExact(t *testing.T) {
	const want = `<time datetime="2026-11-22T22:04:05Z" title="22 November 2026, 22:04:05 UTC">` +
		`22 November 2026, 22:04:05 UTC</time>`
	var b strings.Builder
	if err := Timestamp(evening).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if b.String() != want {
		t.Errorf("got  %s\nwant %s", b.String(), want)
	}
}
