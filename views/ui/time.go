package ui

import "time"

// instant returns a time for machines, to the second.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// utc returns a time for people, to the second.
func utc(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05") + " UTC" }

// FieldTime is the layout of a field for a date and a time. It has no zone.
const FieldTime = "2006-01-02T15:04"
