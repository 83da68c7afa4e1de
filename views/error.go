package views

import (
	"time"

	"hookwall/views/ui"
)

// ErrorPage says what went wrong and what to do.
type ErrorPage struct {
	Frame
	Status    int
	Heading   string
	Text      string
	Code      string
	RequestID string
	Links     []ui.Link
	// RetryAfter is how long to wait; 0 if unknown.
	RetryAfter time.Duration
	Again      *Resend // what was sent; nil if it can't be sent again from here
	AdminName  string  // what makes the reader an admin in the configuration, "" for nothing
}

// Resend is a form as it was sent, to send it again.
type Resend struct {
	Action string
	Fields []ui.HiddenField
}
