// Package unseen finds characters that can't be seen, and names them.
package unseen

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Is reports whether a character can't be seen: a space or line break of any kind, a control or format character, a
// variation selector, a filler, or another one that programs draw as nothing.
func Is(r rune) bool {
	return r == '\u2800' || r == '\ufffc' || !unicode.Is(unicode.Prepended_Concatenation_Mark, r) && unicode.In(r,
		unicode.Cc, unicode.Cf, unicode.Z, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// Trim returns the text without the characters at its ends that can't be seen.
func Trim(text string) string { return strings.TrimFunc(text, Is) }

// Remove returns the text without the characters that can't be seen, and those that it removed, each once. Spaces and
// line breaks stay.
func Remove(text string) (visible string, removed []rune) {
	visible = strings.Map(func(r rune) rune {
		if !Is(r) || unicode.IsSpace(r) {
			return r
		}
		if !slices.Contains(removed, r) {
			removed = append(removed, r)
		}
		return -1
	}, text)
	return visible, removed
}

// Name returns the number of a character, with its name if it is a usual one: "U+200B (zero-width space)".
func Name(r rune) string {
	number := fmt.Sprintf("U+%04X", r)
	if name := nameOf(r); name != "" {
		return number + " (" + name + ")"
	}
	return number
}

func nameOf(r rune) string {
	switch {
	case names[r] != "":
		return names[r]
	case unicode.Is(unicode.Variation_Selector, r):
		return "variation selector"
	case r >= 0xe0000 && r <= 0xe007f:
		return "tag character"
	case unicode.IsControl(r):
		return "control character"
	case unicode.Is(unicode.Zs, r):
		return "space"
	}
	return ""
}

// names has the usual ones, in Unicode's words.
var names = map[rune]string{
	0x00:   "null",
	'\t':   "tab",
	'\n':   "line break",
	'\r':   "line break",
	0x1b:   "escape",
	0x7f:   "delete",
	0x85:   "line break",
	0xa0:   "no-break space",
	0xad:   "soft hyphen",
	0x034f: "combining grapheme joiner",
	0x061c: "Arabic letter mark",
	0x115f: "Hangul filler",
	0x1160: "Hangul filler",
	0x180e: "Mongolian vowel separator",
	0x2007: "figure space",
	0x2009: "thin space",
	0x200a: "hair space",
	0x200b: "zero-width space",
	0x200c: "zero-width non-joiner",
	0x200d: "zero-width joiner",
	0x200e: "left-to-right mark",
	0x200f: "right-to-left mark",
	0x2028: "line separator",
	0x2029: "paragraph separator",
	0x202a: "left-to-right embedding",
	0x202b: "right-to-left embedding",
	0x202c: "pop directional formatting",
	0x202d: "left-to-right override",
	0x202e: "right-to-left override",
	0x202f: "narrow no-break space",
	0x2060: "word joiner",
	0x2061: "function application",
	0x2062: "invisible times",
	0x2063: "invisible separator",
	0x2064: "invisible plus",
	0x2066: "left-to-right isolate",
	0x2067: "right-to-left isolate",
	0x2068: "first strong isolate",
	0x2069: "pop directional isolate",
	0x2800: "Braille blank",
	0x3000: "ideographic space",
	0x3164: "Hangul filler",
	0xfeff: "byte order mark",
	0xffa0: "Hangul filler",
	0xfffc: "object replacement character",
}
