package signature

import (
	"encoding/base64"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"hookwall/internal/lazyregexp"
	"hookwall/internal/unseen"
)

// maxSignatures limits how many different values of unnamed headers are tried.
const maxSignatures = 4

// searched returns the header itself if its value has the length of a signature. Otherwise it returns one header for
// each signature that it finds in the text, however the text prints it, or the header itself if there is none.
func (h header) searched(text string) []header {
	if slices.ContainsFunc(readings(h.value), func(r reading) bool { return len(r.mac) == len(Signature{}) }) {
		return []header{h}
	}
	cleaned := cleanings(text)
	for _, kind := range runKinds {
		for _, clean := range cleaned {
			if runs := kind.find(clean.text); len(runs) > 0 {
				return h.withRuns(runs, text, clean.codes)
			}
		}
	}
	if mac, ok := listedMAC(text); ok {
		return []header{{named: h.named, value: mac, codes: []FindingCode{CodeSignatureBytes}}}
	}
	return []header{h}
}

// listedMAC returns the signature whose bytes the text lists, as programs print them.
func listedMAC(text string) (string, bool) {
	text = strings.TrimLeft(text, "\"'`]=>: \t\r\n")
	all := byteList([]byte(text))
	if strings.Contains(text, `\x`) {
		all = append(all, literal([]byte(text))...)
	}
	for _, c := range all {
		if len(c.text) == len(Signature{}) {
			return base64.StdEncoding.EncodeToString(c.text), true
		}
	}
	return "", false
}

// withRuns returns a header for each of the signatures that were found in a text. The codes are for those that are
// only in the cleaned text.
func (h header) withRuns(runs []string, text string, codes []FindingCode) []header {
	var all []header
	for i, run := range runs {
		if slices.Contains(runs[:i], run) || len(all) >= maxSignatures {
			continue
		}
		one := header{named: h.named, value: run}
		if !strings.Contains(text, run) {
			one.codes = codes
		}
		if slices.Contains(runs[i+1:], run) {
			one.codes = append(slices.Clip(one.codes), CodeDoubled)
		}
		all = append(all, one)
	}
	return all
}

// cleaning is pasted text without what a log or an editor put into it.
type cleaning struct {
	text  string
	codes []FindingCode
}

func cleanings(text string) []cleaning {
	visible := visibleOnly(text)
	plain := visibleOnly(html.UnescapeString(unescape(text)))
	all := []cleaning{{text, nil}, {visible, []FindingCode{CodeInvisible}}, {plain, []FindingCode{CodeEscaped}}}
	if decoded, err := url.PathUnescape(plain); err == nil {
		all = append(all, cleaning{decoded, []FindingCode{CodePercentEncoded}})
	}
	return all
}

// runKind is one spelling of a signature inside a text.
type runKind struct {
	run  func() *regexp.Regexp
	fits func(string) bool
}

var isHex = lazyregexp.New(`^[0-9A-Fa-f]{64}$`)

// runKinds are 43 characters of base64 and an equals sign, or else 64 hexadecimal digits, or else 43 characters in
// URL-safe base64 or without the equals sign.
var runKinds = []runKind{
	{lazyregexp.New(`[A-Za-z0-9+/]+=*`), func(run string) bool {
		return len(run) == encodedLength && strings.Index(run, "=") == len(run)-1
	}},
	{lazyregexp.New(`[A-Za-z0-9]+`), func(run string) bool { return isHex().MatchString(run) }},
	{lazyregexp.New(`[A-Za-z0-9+/_-]+=*`), func(run string) bool {
		return len(strings.TrimSuffix(run, "=")) == encodedLength-1 && strings.ContainsAny(run, "0123456789")
	}},
}

// find returns all signatures of this kind.
func (k runKind) find(text string) (runs []string) {
	for _, run := range k.run().FindAllString(text, -1) {
		if k.fits(run) {
			runs = append(runs, run)
		}
	}
	return runs
}

// visibleOnly returns the text without characters that can't be seen. Spaces and line breaks stay.
func visibleOnly(text string) string {
	visible, _ := unseen.Remove(text)
	return visible
}

// unescape replaces the escape sequences of programming languages and of Markdown: \n, \", \/, \xNN, \uNNNN, \*. Bytes
// of \xNN come out as bytes. What is no escape sequence stays.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		i := strings.IndexByte(text, '\\')
		if i < 0 || i == len(text)-1 {
			b.WriteString(text)
			break
		}
		b.WriteString(text[:i])
		text = text[i:]
		plain, size := unescapeOne(text)
		b.WriteString(plain)
		text = text[size:]
	}
	return b.String()
}

// shortEscapes has the escape sequences of one letter.
var shortEscapes = map[byte]string{
	'n': "\n", 'r': "\r", 't': "\t", 'b': "\b", 'f': "\f", 'v': "\v", 'a': "\a", 'e': "\x1b", '0': "\x00",
}

// unescapeOne returns the text of the escape sequence at the start, and how many bytes it has.
func unescapeOne(text string) (plain string, size int) {
	switch c := text[1]; {
	case c == 'x' || c == 'u' || c == 'U':
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		n, ok := hexAt(text, 2, digits)
		switch {
		case !ok:
			return text[:1], 1
		case c == 'x':
			return string([]byte{byte(n & 0xff)}), 2 + digits
		}
		low, ok := hexAt(text, 8, 4)
		if ok && c == 'u' && n&^0x3ff == 0xd800 && text[6:8] == `\u` && low&^0x3ff == 0xdc00 {
			return string(0x10000 + (n&0x3ff)<<10 + low&0x3ff), 12
		}
		return string(n), 2 + digits
	case shortEscapes[c] != "":
		return shortEscapes[c], 2
	case c < 0x80 && !isLetter(rune(c)) && (c < '0' || c > '9'):
		return text[1:2], 2
	}
	return text[:1], 1
}

// hexAt returns the number with so many hexadecimal digits at a position. Those beyond Unicode become one that is no
// character.
func hexAt(text string, at, digits int) (rune, bool) {
	if len(text) < at+digits {
		return 0, false
	}
	n, err := strconv.ParseUint(text[at:at+digits], 16, 32)
	return rune(min(n, unicode.MaxRune+1)), err == nil
}

const maxNamedSecrets = 3

var (
	// assignment is a line that names a value in a settings file, a shell or a program.
	assignment = lazyregexp.New(`(?i)^[\s{\-*>$]*` +
		`(?:(?:export|set|setx|const|let|var|final|static|string|env|declare|local|e|define)[\s:(]+)*` +
		"[\"'`]?(?:\\$?env:)?([a-z_$][\\w.\\-]{0,80}(?:\\[[\"']?[\\w.\\-]{1,80}[\"']?\\])?)[\"'`]?" +
		`\s*(=>|:=|==?|:|,|\s)\s*(\S.*?)[\s,;})]*$`)
	secretMember = lazyregexp.New(`(?i)["'][\w.\-]*(?:secret|hmac|key)[\w.\-]*["']\s*(?:=>|:|=|,)\s*["']([^"']+)["']`)
	secretWord   = lazyregexp.New(`(?i)secret|hmac|key|webhook|fourthwall|token|sign`)
)

// namedSecrets returns the values of pasted text that has the secret's name too, as in NAME=secret; at most three.
func namedSecrets(text string) []string {
	var values []string
	add := func(value string) {
		value = tidySecret(visibleOnly(value))
		if value != "" && len(values) < maxNamedSecrets && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	if len(text) > MaxSecret {
		return nil
	}
	for _, m := range secretMember().FindAllStringSubmatch(text, maxNamedSecrets) {
		add(m[1])
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, line := range lines {
		m := assignment().FindStringSubmatch(line)
		if len(m) > 0 && (secretWord().MatchString(m[1]) || len(lines) == 1 && strings.TrimSpace(m[2]) != "") {
			add(strings.Trim(m[3], quotesAround+`\`))
		}
	}
	return values
}

const (
	maxWordSecrets  = 4
	leastWordSecret = 8 // bytes
)

var (
	secretSplit = lazyregexp.New(`[\s<>{}()\[\],;"'` + "`" + `“”‘’]+`)
	secretName  = lazyregexp.New(`^[\w.$-]*(?:=>|:-|:|=)`)
)

// wordSecrets returns the words of a pasted text that could be the secret, wherever they are in a command, a settings
// file or markup; at most four. Only a match tells that one is.
func wordSecrets(text string) (words []string) {
	text = visibleOnly(text)
	if len(text) > MaxSecret {
		return nil
	}
	parts := secretSplit().Split(text, -1)
	for _, part := range slices.Backward(parts) { // a name or a command is before it
		for word := ""; part != word && len(words) < maxWordSecrets; part = secretName().ReplaceAllLiteralString(part, "") {
			word = part
			if len(word) >= leastWordSecret && word != text && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
	}
	return words
}
