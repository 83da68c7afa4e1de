package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

// Checklist 25.
func TestVisibleText(t *testing.T) {
	show := func(c templ.Component) string {
		var b strings.Builder
		if err := c.Render(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		return strings.NewReplacer(`<span class="ctl">`, "[", `</span>`, "]").Replace(b.String())
	}
	rows := []struct{ in, exact, named, lines string }{
		{"", "", "", ""},
		{"https://a.example/?a=1&b=2", "https://a.example/?a=1&amp;b=2", "https://a.example/?a=1&amp;b=2", "https://a.example/?a=1&amp;b=2"},
		{"<b>", "&lt;b&gt;", "&lt;b&gt;", "&lt;b&gt;"},
		{"a\u202eb", "a[U+202E]b", "a[U+202E]b", "a[U+202E]b"},
		{"\u2066\u2069", "[U+2066][U+2069]", "[U+2066][U+2069]", "[U+2066][U+2069]"},
		{"a\x00\n\u2028", "a[U+0000][U+000A][U+2028]", "a[U+0000][U+000A][U+2028]", "a[U+0000]\n[U+2028]"},
		{"a\u200bb", "a[U+200B]b", "a\u200bb", "a\u200bb"},
		{"👩\u200d🎨", "👩[U+200D]🎨", "👩\u200d🎨", "👩\u200d🎨"},
		{"a\u00a0b", "a[U+00A0]b", "a\u00a0b", "a\u00a0b"},
		{"Ünï 日本 עברית", "Ünï 日本 עברית", "Ünï 日本 עברית", "Ünï 日本 עברית"},
		{"a\xffb", "a[0xFF]b", "a[0xFF]b", "a[0xFF]b"},
		{"a\ufffdb", "a\ufffdb", "a\ufffdb", "a\ufffdb"},
		{"{\n\t\"a\": \"\u202e\"\r\n}", "{[U+000A][U+0009]&#34;a&#34;: &#34;[U+202E]&#34;[U+000D][U+000A]}", "{[U+000A][U+0009]&#34;a&#34;: &#34;[U+202E]&#34;[U+000D][U+000A]}", "{\n\t&#34;a&#34;: &#34;[U+202E]&#34;[U+000D]\n}"},
	}
	for _, row := range rows {
		if got := show(Exact(row.in)); got != row.exact {
			t.Errorf("exact(%q): got %q, want %q", row.in, got, row.exact)
		}
		if got := show(Named(row.in)); got != row.named {
			t.Errorf("named(%q): got %q, want %q", row.in, got, row.named)
		}
		if got := show(Lines(row.in)); got != row.lines {
			t.Errorf("lines(%q): got %q, want %q", row.in, got, row.lines)
		}
	}
}

func TestShort(t *testing.T) {
	rows := []struct{ in, want string }{
		{"", ""},
		{"a\u202eb\n", "aU+202EbU+000A"},
		{strings.Repeat("é", 160), strings.Repeat("é", 160)},
		{strings.Repeat("é", 161), strings.Repeat("é", 160) + "…"},
		{strings.Repeat("\x07", 3000), strings.Repeat("U+0007", 160) + "…"},
	}
	for _, row := range rows {
		if got := Short(row.in); got != row.want {
			t.Errorf("short(%q): got %q, want %q", row.in, got, row.want)
		}
	}
}

func TestDuration(t *testing.T) {
	rows := []struct {
		in   time.Duration
		want string
	}{
		{time.Millisecond, "1 second"},
		{time.Second, "1 second"},
		{1001 * time.Millisecond, "2 seconds"},
		{89 * time.Second, "89 seconds"},
		{90 * time.Second, "2 minutes"},
		{2 * time.Minute, "2 minutes"},
		{89 * time.Minute, "89 minutes"},
		{90 * time.Minute, "2 hours"},
		{36 * time.Hour, "36 hours"},
		{48 * time.Hour, "2 days"},
		{49 * time.Hour, "49 hours"},
		{90 * 24 * time.Hour, "90 days"},
	}
	for _, row := range rows {
		if got := Duration(row.in); got != row.want {
			t.Errorf("Duration(%v): got %q, want %q", row.in, got, row.want)
		}
	}
}

func TestCount(t *testing.T) {
	rows := []struct {
		n    int
		want string
	}{
		{0, "0 entries"},
		{1, "1 entry"},
		{2, "2 entries"},
		{999, "999 entries"},
		{1000, "1,000 entries"},
		{12345, "12,345 entries"},
		{123456, "123,456 entries"},
		{1234567, "1,234,567 entries"},
		{-1, "-1 entries"},
		{-123, "-123 entries"},
		{-1234, "-1,234 entries"},
	}
	for _, row := range rows {
		if got := Count(row.n, "entry", "entries"); got != row.want {
			t.Errorf("Count(%d): got %q, want %q", row.n, got, row.want)
		}
	}
}

func TestTook(t *testing.T) {
	rows := []struct {
		in   time.Duration
		want string
	}{
		{time.Microsecond, "under 1 ms"},
		{time.Millisecond, "1 ms"},
		{999 * time.Millisecond, "999 ms"},
		{time.Second, "1.00 s"},
		{2340 * time.Millisecond, "2.34 s"},
		{5 * time.Second, "5.00 s"},
	}
	for _, row := range rows {
		if got := Took(row.in); got != row.want {
			t.Errorf("took(%v): got %q, want %q", row.in, got, row.want)
		}
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[int]string{
		0: "0 bytes", 1: "1 byte", 999: "999 bytes", 1000: "1 KB", 3023: "3 KB", 3500: "4 KB", 999_499: "999 KB",
		999_500: "1.0 MB", 1_250_000: "1.2 MB",
	} {
		if got := Size(bytes); got != want {
			t.Errorf("%d: %q, want %q", bytes, got, want)
		}
	}
}
