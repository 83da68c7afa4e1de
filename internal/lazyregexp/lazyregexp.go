// Package lazyregexp compiles regular expressions when they are first needed. A process that starts needs few of them.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that returns a regular expression, which it compiles the first time. The function panics if
// the expression isn't valid.
func New(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
