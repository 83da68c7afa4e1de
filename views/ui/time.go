package ui

import (
	"strconv"
	"time"
)

// instant returns a time for machines, to the second.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// ago returns how long ago something was, in one unit. A moment that the clocks
// disagree on is now.
func ago(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Second:
		return "just now"
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s ago"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min ago"
	case d < day:
		return strconv.Itoa(int(d/time.Hour)) + " h ago"
	}
	return Count(int(d/day), "day ago", "days ago")
}

// utc returns a time for people, to the second.
func utc(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05") + " UTC" }

// FieldTime is the layout of a field for a date and a time. It has no zone.
const FieldTime = "2006-01-02T15:04"
