package probe_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"hookwall/internal/probe"
)

var update = flag.Bool("update", false, "write docs/assumptions.md")

// TestDocs compares docs/assumptions.md with the assumptions.
func TestDocs(t *testing.T) {
	t.Parallel()
	const file = "../../docs/assumptions.md"
	was, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(was), "\n| ID |")
	if !found {
		t.Fatal("there is no table")
	}
	var b strings.Builder
	b.WriteString(head + "\n| ID | Assumption | Source | What depends on it |\n|---|---|---|---|\n")
	for _, a := range probe.Assumptions() {
		fmt.Fprintf(&b, "| %s | %s | %s. | %s. |\n", a.ID, a.Claim, first(a.Source), first(a.Affects))
	}
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != string(was) {
		t.Error("docs/assumptions.md differs. Run go test ./internal/probe -run TestDocs -update")
	}
}

// first returns a text that begins with a capital.
func first(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
