package ui

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"hookwall/internal/unseen"
)

// Exact draws a string from outside, such as a URL or a code. Control and format
// characters, unusual spaces and broken bytes are shown by number, so that
// nothing in it is invisible.
func Exact(s string) templ.Component {
	return visible(s, hiddenInExact)
}

// Named draws a name that a person chose. It keeps the characters that scripts
// and emoji need, and shows by number what could disturb the text around it.
func Named(s string) templ.Component {
	return visible(s, hiddenInNames)
}

// Lines is Named for text of several lines.
func Lines(s string) templ.Component { return visible(s, hiddenInLines) }

// hiddenInExact reports whether Exact shows a character by number.
func hiddenInExact(r rune) bool {
	return !unicode.IsGraphic(r) || r != ' ' && unseen.Is(r)
}

// hiddenInNames reports whether Named shows a character by number.
func hiddenInNames(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// hiddenInLines reports whether Lines shows a character by number.
func hiddenInLines(r rune) bool { return r != '\n' && r != '\t' && hiddenInNames(r) }

// Plain returns what Named draws as plain text, for titles and attributes.
func Plain(s string) string {
	var b strings.Builder
	for _, p := range split(s, hiddenInNames) {
		b.WriteString(p.text)
	}
	return b.String()
}

// shortLength is the number of characters that Short keeps.
const shortLength = 160

// Short returns the beginning of a text from outside as plain text.
func Short(s string) string {
	n := 0
	for i := range s {
		if n++; n > shortLength {
			return Plain(s[:i]) + "…"
		}
	}
	return Plain(s)
}

// visible draws a text with its hidden characters by number.
func visible(s string, hidden func(rune) bool) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, p := range split(s, hidden) {
			text := templ.EscapeString(p.text)
			if p.special {
				text = `<span class="ctl">` + text + `</span>`
			}
			b.WriteString(text)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}

// piece is ordinary text, or the number of one hidden character.
type piece struct {
	text    string
	special bool
}

// split divides a text into pieces. hidden reports which characters are shown by
// number.
func split(s string, hidden func(rune) bool) []piece {
	var all []piece
	start := 0
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		broken := r == utf8.RuneError && size == 1
		if !broken && !hidden(r) {
			continue
		}
		name := fmt.Sprintf("U+%04X", r)
		if broken {
			name = fmt.Sprintf("0x%02X", s[i])
		}
		if start < i {
			all = append(all, piece{text: s[start:i]})
		}
		all = append(all, piece{text: name, special: true})
		start = i + size
	}
	if start < len(s) {
		all = append(all, piece{text: s[start:]})
	}
	return all
}

// Count returns a number with the right form of a word, such as "1,204 entries".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Plural returns the word for n things, without the number.
func Plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Size returns a number of bytes, such as "3 KB", rounded.
func Size(bytes int) string {
	const kilo, mega = 1000, 1000 * 1000
	switch {
	case bytes < kilo:
		return Count(bytes, "byte", "bytes")
	case bytes < mega-kilo/2:
		return strconv.Itoa((bytes+kilo/2)/kilo) + " KB"
	}
	return strconv.FormatFloat(float64(bytes)/mega, 'f', 1, 64) + " MB"
}

// Number returns a number with a comma before each three digits.
func Number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Duration returns a duration in words, rounded up.
func Duration(d time.Duration) string {
	seconds := int((d + time.Second - 1) / time.Second)
	if seconds < 90 {
		return Count(seconds, "second", "seconds")
	}
	minutes := (seconds + 59) / 60
	if minutes < 90 {
		return Count(minutes, "minute", "minutes")
	}
	hours := (minutes + 59) / 60
	if hours >= 48 && hours%24 == 0 {
		return Count(hours/24, "day", "days")
	}
	return Count(hours, "hour", "hours")
}

// Took returns how long something took, such as "84 ms" or "1.25 s".
func Took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
}

// ids joins the element IDs whose condition holds, for aria-describedby.
func ids(pairs ...idIf) string {
	var all []string
	for _, p := range pairs {
		if p.when {
			all = append(all, p.id)
		}
	}
	return strings.Join(all, " ")
}

// idIf is an element ID and whether to use it.
type idIf struct {
	id   string
	when bool
}
