package main

import (
	"errors"
	"fmt"
	"io"

	"hookwall/internal/terminal"
)

// output is where a command prints. It keeps the first error, so that a command whose output is lost doesn't succeed.
type output struct {
	io.Writer

	err error
}

// Write writes b.
func (o *output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// result returns the error of a command, and that its output is incomplete. An exit status of its own would say that
// everything was printed.
func (o *output) result(err error) error {
	if o.err == nil {
		return err
	}
	var status terminal.ExitError
	if errors.As(err, &status) || errors.Is(err, o.err) {
		err = nil
	}
	return errors.Join(err, fmt.Errorf("the output is incomplete: %w", o.err))
}
