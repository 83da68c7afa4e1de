package deliver

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// constants returns the values of all constants of a type, from the source.
func constants(t *testing.T, typ string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || fmt.Sprint(spec.Type) != typ {
			return true
		}
		for _, v := range spec.Values {
			if lit, ok := v.(*ast.BasicLit); ok {
				values = append(values, strings.Trim(lit.Value, `"`))
			}
		}
		return true
	})
	return values
}

// Every reason and every kind of failure has a text of its own.
func TestTexts(t *testing.T) {
	seen := map[string]string{}
	check := func(what, text string) {
		if len(text) < 20 || !strings.Contains(text, ".") || seen[text] != "" {
			t.Errorf("%s has the text %q, as %q", what, text, seen[text])
		}
		seen[text] = what
	}
	reasons, kinds, steps := constants(t, "Reason"), constants(t, "Kind"), constants(t, "Step")
	for _, r := range reasons {
		check(r, (&Refusal{Reason: Reason(r)}).Public())
	}
	for _, k := range kinds {
		if k != string(KindTimeout) {
			check(k, (&Error{Step: StepResponse, Kind: Kind(k)}).Public())
		}
	}
	for _, s := range steps {
		check(s, (&Error{Step: Step(s), Kind: KindTimeout}).Public())
	}
	if len(reasons) != len(reasonTexts) || len(kinds) != len(kindTexts)+1 || len(steps) != len(timeoutTexts) ||
		len(steps) != 5 {
		t.Errorf("%d reasons, %d kinds, %d steps", len(reasons), len(kinds), len(steps))
	}
}

func TestConnectionKind(t *testing.T) {
	rows := []struct {
		err  error
		want Kind
	}{
		{syscall.ECONNREFUSED, KindRefused},
		{syscall.ECONNRESET, KindReset},
		{syscall.EPIPE, KindReset},
		{syscall.ENETUNREACH, KindUnreachable},
		{syscall.EHOSTUNREACH, KindUnreachable},
		{syscall.EADDRNOTAVAIL, KindUnreachable},
		{syscall.ETIMEDOUT, KindTimeout},
		{os.ErrDeadlineExceeded, KindTimeout},
		{context.DeadlineExceeded, KindTimeout},
		{syscall.EACCES, KindFailed},
		{errors.New("anything else"), KindFailed},
	}
	for _, row := range rows {
		err := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", row.err)}
		if got := connectionKind(err, false); got != row.want {
			t.Errorf("%v: %s, want %s", row.err, got, row.want)
		}
	}
}
