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
	// RetryAfter is how long to wait; 0 when nobody said.
	RetryAfter time.Duration
	Again      *Resend // what was sent; nil when it cannot be sent again from here
}

// Resend is a form as it was sent.
type Resend struct {
	Action string
	Fields []ui.HiddenField
}
