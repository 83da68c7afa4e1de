package ui

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// AddressNotes are sentences about what cannot be seen in an address, or can
// be taken for something else: the ASCII form of its host, letters of several
// scripts, signs that look like others, and characters without a look.
func URLNotes(address string) []string {
	var notes []string
	if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
		notes = hostNotes(u.Hostname())
	}
	if hidden := numbers(address, hiddenInExact); hidden != "" {
		notes = append(notes, "This address has characters that cannot be seen or that turn text around: "+hidden+". Do not trust it unless you put them there.")
	}
	if signs := numbers(strings.ToValidUTF8(address, ""), isLikeASign); signs != "" {
		notes = append(notes, "This address has signs that only look like a slash, a dot or a colon: "+signs+". Look closely where its host ends.")
	}
	return notes
}

// hostNotes compare a host's name as people and as machines read it.
func hostNotes(host string) []string {
	ascii, err := asciiHost(host)
	if err != nil {
		return []string{"The name of this host cannot be written in ASCII, so there can be no such host."}
	}
	shown, _ := idna.Punycode.ToUnicode(ascii) // what cannot be decoded is given back as it is
	var notes []string
	switch {
	case !isASCII(host):
		notes = append(notes, "Machines look this host up under its ASCII name: "+ascii)
	case shown != ascii:
		notes = append(notes, "Where it is written in its own letters, this host reads: "+shown)
	}
	return append(notes, lookalikeNotes(shown)...)
}

// asciiHost is a host as it is looked up, or at least as it would be written.
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

// lookalikeNotes warn of labels that can be taken for others. All letters of a
// label that look Latin are no trick where the top-level domain is not Latin.
func lookalikeNotes(host string) []string {
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	latinTop := isASCII(labels[len(labels)-1])
	var notes []string
	for _, label := range labels {
		scripts := scriptsOf(label)
		switch {
		case !usedTogether(scripts):
			notes = append(notes, "This address uses letters that look like others: “"+label+"” mixes "+strings.Join(scripts, " and ")+". Make sure that it is the host you mean.")
		case latinTop && len(scripts) == 1 && allLookLatin(label):
			notes = append(notes, "This address uses letters that look like others: “"+label+"” can be read as Latin letters and is "+scripts[0]+". Make sure that it is the host you mean.")
		}
	}
	return notes
}

// scriptsOf are the names of the scripts that a text is written in.
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

// scriptOf is "" for what belongs to no script of its own, such as digits.
func scriptOf(r rune) string {
	if unicode.Is(unicode.Latin, r) {
		return "Latin"
	}
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(table, r) {
			return strings.ReplaceAll(name, "_", " ")
		}
	}
	return ""
}

// usedTogether tells whether scripts stand side by side in the names that
// people choose: one alone, or Latin with what Chinese, Japanese or Korean is
// written in (Unicode Technical Standard #39, "highly restrictive").
func usedTogether(scripts []string) bool {
	if len(scripts) < 2 {
		return true
	}
	for _, language := range [][]string{{"Han", "Hiragana", "Katakana", "Latin"}, {"Bopomofo", "Han", "Latin"}, {"Han", "Hangul", "Latin"}} {
		if !slices.ContainsFunc(scripts, func(s string) bool { return !slices.Contains(language, s) }) {
			return true
		}
	}
	return false
}

// Letters of Cyrillic, Greek and Armenian that most typefaces draw like Latin ones.
const looksLatin = "аеорсухіјѕԁԛԝһӏьѵкмтвнг" + "ονρικυαχτμγ" + "օոսցհզյ"

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

// isLikeASign knows what looks like one of the signs / . : ? # @ \ in an
// address and is none.
func isLikeASign(r rune) bool {
	return strings.ContainsRune("⁄∕╱⧸／。．｡․：∶ː？＃＠⧵﹨＼", r)
}

// numbers lists the characters of a text that match, each once, by number.
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
