package fleet

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestFileCosts: a file that is eight times as long never takes much more than eight times as long to read.
func TestFileCosts(t *testing.T) {
	const long, times, most = 256 << 10, 8, 30 // quadratic would be 64
	read := func(text string) time.Duration {
		begin := time.Now()
		ParseFile([]byte(text))
		return time.Since(begin)
	}
	for name, text := range map[string]func(repeat func(string) string) string{
		"brackets":          func(repeat func(string) string) string { return repeat("[") },
		"open and closed":   func(repeat func(string) string) string { return repeat("[]") },
		"maps in a list":    func(repeat func(string) string) string { return "[" + repeat("{a,b,c},") + "]" },
		"dashes":            func(repeat func(string) string) string { return repeat("- ") },
		"quotes":            func(repeat func(string) string) string { return repeat("'") },
		"double quotes":     func(repeat func(string) string) string { return repeat(`"`) },
		"anchors":           func(repeat func(string) string) string { return "[" + repeat("&a a,") + "]" },
		"aliases":           func(repeat func(string) string) string { return "[&a a," + repeat("*a,") + "]" },
		"tags":              func(repeat func(string) string) string { return repeat("!a ") },
		"comments":          func(repeat func(string) string) string { return repeat("#\n") },
		"a long comment":    func(repeat func(string) string) string { return repeat("#") },
		"comments of lists": func(repeat func(string) string) string { return repeat("- a # b\n") },
		"words":             func(repeat func(string) string) string { return repeat("a ") },
		"one name":          func(repeat func(string) string) string { return repeat("a: b\n") },
		"a long name":       func(repeat func(string) string) string { return repeat("a") + ": b" },
		"a block":           func(repeat func(string) string) string { return "|\n" + repeat(" a\n") },
		"tabs":              func(repeat func(string) string) string { return "shops:\n" + repeat("\t- a\n") },
		"open lists":        func(repeat func(string) string) string { return "shops:\n" + repeat("  - shop: [\n") },
		"open quotes":       func(repeat func(string) string) string { return "shops:\n" + repeat("  - shop: 'a\n") },
		"documents":         func(repeat func(string) string) string { return repeat("---\n") },
		"directives":        func(repeat func(string) string) string { return repeat("%A\n") },
		"control characters": func(repeat func(string) string) string {
			return repeat("\x01")
		},
		"JSON numbers": func(repeat func(string) string) string { return "[" + repeat("0,") + "0]" },
		"JSON escapes": func(repeat func(string) string) string { return `["` + repeat(`\u0041`) + `"]` },
		"JSON names":   func(repeat func(string) string) string { return "{" + repeat(`"a":1,`) + `"a":1}` },
		"equal webhooks": func(repeat func(string) string) string {
			return "shops:\n- webhooks:\n" + repeat("  - {url: a, types: [b]}\n")
		},
	} {
		sized := func(size int) string {
			return text(func(part string) string { return strings.Repeat(part, size/len(part)) })
		}
		short := max(read(sized(long/times)), read(sized(long/times)), 5*time.Millisecond)
		if took := read(sized(long)); took > most*short {
			t.Errorf("%s: %v for %d bytes, %v for an eighth of them", name, took, long, short)
		}
	}
}

// TestFilePlanCosts: the same is so for what a file changes in a shop.
func TestFilePlanCosts(t *testing.T) {
	const long, times, most = 8000, 8, 30
	shop := seen(t, "s", hook("1", "https://a.example", "x"), hook("2", "https://a.example", "y"))
	for name, line := range map[string]string{
		"one URL":       "{url: 'https://a.example', types: [A%d]}",
		"unknown IDs":   "{id: a%d, url: 'https://a.example', types: [A]}",
		"unknown types": "{url: 'https://b.example/', types: [order_place%d]}",
		"no types":      "{url: 'https://b.example/%d', types: []}",
		"wrong URLs":    "{url: 'ftp://b.example/%d', types: [A]}",
	} {
		plan := func(n int) time.Duration {
			var b strings.Builder
			b.WriteString("version: 1\nshops:\n- shop: s\n  webhooks:\n")
			for i := range n {
				fmt.Fprintf(&b, "  - "+line+"\n", i)
			}
			begin := time.Now()
			planOfFile(t, []byte(b.String()), shop)
			return time.Since(begin)
		}
		short := max(plan(long/times), plan(long/times), 5*time.Millisecond)
		if took := plan(long); took > most*short {
			t.Errorf("%s: %v for %d webhooks, %v for an eighth of them", name, took, long, short)
		}
	}
}
