package lazyregexp_test

import (
	"testing"

	"hookwall/internal/lazyregexp"
)

func TestNew(t *testing.T) {
	digits := lazyregexp.New(`^[0-9]+$`)
	if !digits().MatchString("12") || digits().MatchString("x") {
		t.Error("it doesn't match what it says")
	}
	if first, second := digits(), digits(); first != second {
		t.Error("it is compiled twice")
	}
}

func TestInvalidExpressionPanicsWhenNeeded(t *testing.T) {
	broken := lazyregexp.New(`(`)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	broken()
}
