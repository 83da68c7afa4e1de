package unseen

import (
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestIs(t *testing.T) {
	for _, text := range []string{
		" \t\r\n\x00\x1b\x7f\u0085\u00a0\u1680\u2000\u2007\u2009\u2028\u2029\u202f\u205f\u3000",
		"\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2064\ufeff\ufff9",
		"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206f",
		"\u034f\u115f\u1160\u17b4\u180b\u2065\u2800\u3164\uffa0\ufe00\ufe0f\U000e0100\U000e01ef",
		"\U000e0001\U000e0020\U000e007f\U0001d173\ufffc",
	} {
		for _, r := range text {
			if !Is(r) {
				t.Errorf("%U can be seen", r)
			}
		}
	}
	for _, r := range "aZ09-._~%/?#:@éß漢１。\u0301\u0600\u06dd✔👍ⓘ\ue000\u0378\ufffd" {
		if Is(r) {
			t.Errorf("%U can't be seen", r)
		}
	}
}

func TestName(t *testing.T) {
	for r, want := range map[rune]string{
		0x200b: "U+200B (zero-width space)", 0xad: "U+00AD (soft hyphen)", 0xfeff: "U+FEFF (byte order mark)",
		0x202a: "U+202A (left-to-right embedding)", 0xfe0f: "U+FE0F (variation selector)",
		0xe0041: "U+E0041 (tag character)", 0x07: "U+0007 (control character)", 0x2003: "U+2003 (space)",
		0x206a: "U+206A",
	} {
		if got := Name(r); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestRemove: nothing that is left can't be seen, but spaces and line breaks.
func TestRemove(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		visible, removed := Remove(text)
		for _, r := range visible {
			if Is(r) && !unicode.IsSpace(r) {
				t.Errorf("%U is left of %q", r, text)
			}
		}
		if (len(removed) == 0) != (visible == text) {
			t.Errorf("%q becomes %q without %U", text, visible, removed)
		}
	})
}
