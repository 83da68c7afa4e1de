package ui

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// URLNotes returns sentences about what is easily overlooked in a URL: the ASCII
// form of its host, letters of several scripts, characters that look like others,
// and invisible characters.
func URLNotes(address string) []string {
	notes := LookalikeNotes(address)
	if hidden := numbers(address, hiddenInExact); hidden != "" {
		notes = append(notes, hiddenCharacters(hidden))
	}
	return notes
}

// LookalikeNotes returns the same without the one on invisible characters.
func LookalikeNotes(address string) []string {
	var notes []string
	if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
		notes = hostNotes(u.Hostname())
	}
	if signs := numbers(strings.ToValidUTF8(address, ""), isLikeASign); signs != "" {
		notes = append(notes, lookalikeSigns(signs))
	}
	return notes
}

// hostNotes returns the differences between a host as written and as resolved.
func hostNotes(host string) []string {
	ascii, err := asciiHost(host)
	if err != nil {
		return []string{noSuchHost}
	}
	shown, _ := idna.Punycode.ToUnicode(ascii) // returns what can't be decoded unchanged
	var notes []string
	switch {
	case !isASCII(host):
		notes = append(notes, hostInASCII+ascii)
	case shown != ascii:
		notes = append(notes, hostInLetters+shown)
	}
	return append(notes, lookalikeNotes(shown)...)
}

// asciiHost returns the host as it is resolved, or if there can be no such host,
// in Punycode.
func asciiHost(host string) (string, error) {
	if isASCII(host) {
		return host, nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || ascii == "" {
		ascii, err = idna.Punycode.ToASCII(host)
	}
	return ascii, err
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// lookalikeNotes returns warnings of labels that can be mistaken for others. A
// label whose letters all look Latin is no trick under a top-level domain that
// isn't Latin.
func lookalikeNotes(host string) []string {
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	latinTop := isASCII(labels[len(labels)-1])
	var notes []string
	for _, label := range labels {
		scripts := scriptsOf(label)
		switch {
		case !usedTogether(scripts):
			notes = append(notes, mixedScripts(label, scripts))
		case latinTop && len(scripts) == 1 && allLookLatin(label):
			notes = append(notes, looksLatinBut(label, scripts[0]))
		}
	}
	return notes
}

// scriptsOf returns the names of the scripts that a text is written in.
func scriptsOf(text string) []string {
	var found []string
	for _, r := range text {
		name := scriptOf(r)
		if name != "" && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// scriptOf returns the name of a character's script, or "" if it belongs to
// several, like digits.
func scriptOf(r rune) string {
	if unicode.Is(unicode.Latin, r) {
		return "Latin"
	}
	if r <= unicode.MaxASCII {
		return "" // without asking all scripts for each digit, dot and hyphen
	}
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(table, r) {
			return strings.ReplaceAll(name, "_", " ")
		}
	}
	return ""
}

// usedTogether reports whether names that people choose are written in these
// scripts together: one alone, or Latin with those of Chinese, Japanese or Korean
// (Unicode Technical Standard #39, "highly restrictive").
func usedTogether(scripts []string) bool {
	if len(scripts) < 2 {
		return true
	}
	for _, language := range [][]string{
		{"Han", "Hiragana", "Katakana", "Latin"},
		{"Bopomofo", "Han", "Latin"},
		{"Han", "Hangul", "Latin"},
	} {
		if !slices.ContainsFunc(scripts, func(s string) bool { return !slices.Contains(language, s) }) {
			return true
		}
	}
	return false
}

// looksLatin has the letters of Cyrillic, Greek and Armenian that most typefaces
// draw like Latin ones.
const looksLatin = "аеорсухіјѕԁԛԝһӏьѵкмтвнг" + "ονρικυαχτμγ" + "օոսցհզյ"

// allLookLatin reports whether there are letters and all of them look Latin.
func allLookLatin(label string) bool {
	letters := 0
	for _, r := range label {
		if !unicode.IsLetter(r) {
			continue
		}
		if !strings.ContainsRune(looksLatin, r) {
			return false
		}
		letters++
	}
	return letters > 0
}

// isLikeASign reports whether a character looks like one of / . : ? # @ \ but is
// another.
func isLikeASign(r rune) bool {
	return strings.ContainsRune("⁄∕╱⧸／。．｡․：∶ː？＃＠⧵﹨＼", r)
}

// numbers lists the characters of a text that match, each once, by number, and
// counts those after the first mostNamed.
func numbers(text string, match func(rune) bool) string {
	var all []string
	for _, p := range split(text, match) {
		if p.special && !slices.Contains(all, p.text) {
			all = append(all, p.text)
		}
	}
	if more := len(all) - mostNamed; more > 0 {
		all = append(all[:mostNamed], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, ", ")
}

const mostNamed = 5
