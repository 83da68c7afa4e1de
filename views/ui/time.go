package ui

import "time"

// instant is a moment for machines, utc the same for people, to the second.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func utc(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05") + " UTC" }
