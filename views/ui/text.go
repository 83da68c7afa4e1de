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
)

// exact draws a string from outside, such as an address or a code, so that
// nothing in it is invisible: control and format characters, unusual spaces
// and broken bytes stand there by number.
func Exact(s string) templ.Component {
	return visible(s, hiddenInExact)
}

// named draws a name that people chose. It keeps what scripts and emoji need
// to be written, and makes visible only what could disturb the text around.
func Named(s string) templ.Component {
	return visible(s, hiddenInNames)
}

// lines is named for text of several lines, which stay lines.
func Lines(s string) templ.Component { return visible(s, hiddenInLines) }

func hiddenInExact(r rune) bool {
	return !unicode.IsGraphic(r) || r != ' ' && unicode.IsSpace(r)
}

func hiddenInNames(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

func hiddenInLines(r rune) bool { return r != '\n' && r != '\t' && hiddenInNames(r) }

// plain does what named does where only text may stand: in a title.
func Plain(s string) string {
	var b strings.Builder
	for _, p := range split(s, hiddenInNames) {
		b.WriteString(p.text)
	}
	return b.String()
}

// shortest is how many characters short leaves.
const shortest = 160

// short is the beginning of a text from outside, as plain text, for where all
// of it would be too much.
func Short(s string) string {
	n := 0
	for i := range s {
		if n++; n > shortest {
			return Plain(s[:i]) + "…"
		}
	}
	return Plain(s)
}

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

// piece is a stretch of ordinary text, or one character that is named.
type piece struct {
	text    string
	special bool
}

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

// Count puts a number before the right form of a word: "1,204 entries".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// number writes a number with a comma before each three digits.
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

// Duration says a length of time in words, rounded up to what a person waits.
func Duration(d time.Duration) string {
	seconds := int((d + time.Second - 1) / time.Second)
	if seconds < 90 {
		return Count(seconds, "second", "seconds")
	}
	minutes := (seconds + 59) / 60
	if minutes < 90 {
		return Count(minutes, "minute", "minutes")
	}
	return Count((minutes+59)/60, "hour", "hours")
}

// took says how long something took: 84 ms, 1.25 s.
func Took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
}

// ids joins those element ids whose condition holds, for aria-describedby.
func ids(pairs ...idIf) string {
	var all []string
	for _, p := range pairs {
		if p.when {
			all = append(all, p.id)
		}
	}
	return strings.Join(all, " ")
}

type idIf struct {
	id   string
	when bool
}
