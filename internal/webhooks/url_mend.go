package webhooks

import (
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hookwall/internal/lazyregexp"
	"hookwall/internal/unseen"
)

// repairs find what is wrong with a text, one thing each. They return what was probably meant, if that is known, and a
// sentence, or "" if they find nothing. What a repair returns is tried by all of them again.
var repairs = []func(text string) (fixed []string, fault string){
	unencode, nameKnownScheme, unrepeatScheme, unlabel, unescapeHTML, unwrapRequest, unwrapURL, respellScheme, nameScheme,
	unwrapHost, join, unquote, turnSlashes,
}

// unencode decodes a URL that is percent-encoded as a whole.
func unencode(text string) ([]string, string) {
	plain, err := url.PathUnescape(text)
	if err != nil || !encodedScheme().MatchString(text) {
		return nil, ""
	}
	plain, _ = unseen.Remove(plain)
	return []string{plain}, urlEncoded
}

var encodedScheme = lazyregexp.New(`^(?i)https?%3a%2f%2f`)

// nameKnownScheme says why a URL of another kind can't be used. Nor can it with https:// before it.
func nameKnownScheme(text string) ([]string, string) {
	if mailAddress().MatchString(text) {
		return nil, schemeTexts["mailto"]
	}
	if m := knownScheme().FindStringSubmatch(text); m != nil {
		return nil, schemeTexts[strings.ToLower(m[1]+m[2])]
	}
	if filePath().MatchString(text) {
		return nil, schemeTexts["file"]
	}
	return nil, ""
}

var (
	mailAddress = lazyregexp.New(`^[^\s/\\@:?#<>]+@[^\s/\\@:?#<>]+\.[\pL-]{2,}$`)
	knownScheme = lazyregexp.New(`^(?i)(?:(?:https?:/*)?(` + schemeNames() + `):(?:\D|$)|(tel|sms):)`)
	filePath    = lazyregexp.New(`^(?i)(?:[a-z]:\\|[a-z]:/(?:[^/]|$)|[a-oqrt-z]://|\\\\[\w-]+\\|~/)`)
)

func schemeNames() string {
	var names []string
	for name := range schemeTexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, "|")
}

// nameScheme says that a URL of any other kind can't be used.
func nameScheme(text string) ([]string, string) {
	if m := otherScheme().FindStringSubmatch(text); m != nil && !startsHost(text) {
		if name := strings.ToLower(m[1] + m[2]); name != "http" && name != "https" {
			return nil, urlOtherScheme(name)
		}
	}
	return nil, ""
}

var otherScheme = lazyregexp.New(`^(?i)(?:(?:https?://)?([a-z][a-z\d+-]*)://|([a-z][a-z\d+-]*):[^\s\d]*$)`)

// unrepeatScheme removes the first of two schemes.
func unrepeatScheme(text string) ([]string, string) {
	if m := twoSchemes().FindStringSubmatch(text); m != nil {
		return []string{m[1]}, urlDoubled
	}
	return nil, ""
}

var twoSchemes = lazyregexp.New(`^(?i)https?\s*[:;]*[/\\]*\s*(?:www\.)?(https?(?:[:;]+[/\\]*|[/\\]+).+)$`)

// unlabel removes what names a URL, such as "URL:".
func unlabel(text string) ([]string, string) {
	if m := label().FindStringSubmatch(text); m != nil {
		return []string{m[1]}, urlSurrounded
	}
	return nil, ""
}

var label = lazyregexp.New(`^(?i)["'\w -]*(?:url|uri|link|address|endpoint|webhook|target|callback)["']?` +
	`\s*[:=]\s*([^\s].*)$`)

// unescapeHTML decodes the signs around a URL that HTML writes as entities.
func unescapeHTML(text string) ([]string, string) {
	before, _, isWeb := strings.Cut(text, "http")
	if isWeb && aroundEntity().MatchString(before) {
		return []string{aroundEntity().ReplaceAllStringFunc(text, html.UnescapeString)}, urlSurrounded
	}
	return nil, ""
}

var aroundEntity = lazyregexp.New(`&(?:quot|apos|lt|gt|#0*(?:34|39|60|62)|#[xX]0*(?:22|27|3[cCeE]));`)

// unwrapRequest puts the URL of an HTTP request together.
func unwrapRequest(text string) ([]string, string) {
	line, host := requestLine().FindStringSubmatch(text), hostLine().FindStringSubmatch(text)
	if line == nil || host == nil {
		return nil, ""
	}
	return []string{"https://" + host[1] + line[1]}, urlSurrounded
}

var (
	requestLine = lazyregexp.New(`^[A-Z]+ (/\S*) HTTP/[\d.]+\s`)
	hostLine    = lazyregexp.New(`(?i)\shost:\s*([^\s/]+)`)
)

// unwrapURL finds the URLs in a text that begins with something else: quotation marks, Markdown, a command.
func unwrapURL(text string) ([]string, string) {
	all := webURL().FindAllStringSubmatchIndex(text, mostInside)
	if len(all) == 0 || all[0][2] == 0 || hostThenPath().MatchString(text[:all[0][2]]) {
		return nil, ""
	}
	var targets, words, others []string
	end := 0
	for _, match := range all {
		at := match[2]
		if at < end {
			continue
		}
		found := urlAt(text, at)
		end = at + len(found)
		switch before := text[max(0, at-longestBefore):at]; {
		case strings.HasSuffix(before, "]("): // the target of a Markdown link
			targets = append(targets, found)
		case ownWord().MatchString(before) && !optionValue().MatchString(before):
			words = append(words, found)
		default:
			others = append(others, found)
		}
	}
	return first(slices.Concat(targets, words, others)), urlSurrounded
}

var (
	webURL = lazyregexp.New(`(?i)(?:^|[^a-z])(https?:[/\\]{2,}[^\s/\\])`)
	// ownWord matches the text before a URL that is a word of its own, perhaps in quotation marks.
	ownWord = lazyregexp.New(`(?:^|\s)(?:--url=)?[$^]?["'` + "`" + `]?$`)
	// optionValue matches the text before a URL that curl doesn't send the request to.
	optionValue = lazyregexp.New(`\s(?:-[AbcDdeFHoTux]|` +
		`--(?:cookie|data[\w-]*|form|header|json|output|proxy|referer|user-agent))` +
		`[ =][$^]?["']?$|["'][\w-]+:\s*$`)
	hostThenPath = lazyregexp.New(`^[\pL\pN_.-]+\.\pL{2,}(?::\d+)?[/?#]\S*$`)
)

func first(texts []string) []string {
	all := union(nil, texts)
	return all[:min(len(all), mostOffers)]
}

// quotes are the characters that texts are put in and that no URL ends with.
const quotes = "\"`“”„‟‘‚‛’«»‹›「」『』"

// brackets are what closes what.
var brackets = map[rune]rune{')': '(', ']': '[', '}': '{', '>': '<'}

// urlAt returns the URL that begins there. It ends before a space, a quotation mark, or a bracket that isn't opened
// in it.
func urlAt(text string, start int) string {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	rest := text[start:]
	end := len(rest)
	var open []rune
	for i, r := range rest {
		opener, closes := brackets[r]
		switch {
		case unicode.IsSpace(r), strings.ContainsRune(quotes, r), endTag().MatchString(rest[i:]),
			r == '\'' && before == '\'', r == '|' && (before == '<' || before == '['),
			closes && (len(open) == 0 || open[len(open)-1] != opener):
			end = i
		case strings.ContainsRune("([{<", r):
			open = append(open, r)
		case closes:
			open = open[:len(open)-1]
		}
		if end < len(rest) {
			break
		}
	}
	if before == '_' || before == '|' {
		return strings.TrimRight(rest[:end], string(before))
	}
	if strings.HasSuffix(text[:start], `^"`) { // the Windows command line escapes signs with ^
		return strings.ReplaceAll(rest[:end], "^", "")
	}
	return strings.TrimRight(rest[:end], `.,;:!*~'\`)
}

// endTag matches what ends a URL in HTML or a forum's markup.
var endTag = lazyregexp.New(`^(?:</|<(?i:br|p)\s*/?>|\[/)`)

// respellScheme corrects a scheme such as htps:// or https//.
func respellScheme(text string) ([]string, string) {
	if m := noScheme().FindStringSubmatch(text); m != nil {
		return []string{"https://" + m[2]}, urlBeginning(m[1])
	}
	if m := gluedScheme().FindStringSubmatch(text); m != nil {
		return []string{m[2]}, urlBeginning(m[1])
	}
	m := likeScheme().FindStringSubmatch(text)
	if len(m) == 0 || !isWebHost(m[3]) {
		return nil, ""
	}
	if m[2] == "://" && isWeb(text) {
		return nil, "" // as it should be
	}
	word := strings.ToLower(m[1])
	d := min(Distance(word, "http"), Distance(word, "https"))
	if !slices.Contains(schemeEnds, word) && (d > 2 || d == 2 && word[0] != 'h') {
		return nil, ""
	}
	scheme := "http"
	if strings.Contains(word, "s") {
		scheme = "https"
	}
	return []string{scheme + "://" + m[3]}, urlBeginning(m[1] + m[2])
}

var (
	noScheme    = lazyregexp.New(`^([:;]+[/\\]+|\\\\+|/{3,})([^/\\].*)$`)
	gluedScheme = lazyregexp.New(`^(?i)(get|post|put|patch|url|link|webhook|endpoint)(https?://.+)$`)
	likeScheme  = lazyregexp.New(`^(?i)([a-z][a-z\d]{0,7})(\s*(?:[/\\]+[:;]+|[:;.,：]*\s*[/\\／∕⁄]+|[:;：]+)\s*)(.+)$`)
)

// schemeEnds are left of a scheme if its beginning wasn't copied.
var schemeEnds = []string{"tps", "ps", "s", "tp", "p"}

// isWebHost reports whether a text begins with a host.
func isWebHost(text string) bool {
	return startsHost(text) || startsHost(withoutPlaceholders(text, "a.b1"))
}

// Distance returns how many letters must be inserted, removed or replaced to make one word the other.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// unwrapHost finds URLs without a scheme in a text that begins with something else.
func unwrapHost(text string) ([]string, string) {
	if isWeb(text) || startsHost(text) {
		return nil, ""
	}
	parts := strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("()[]<>|*',"+quotes, r)
	})
	var found []string
	for _, part := range parts {
		part = strings.TrimRight(part, ".;:!?")
		if part != text && (startsHost(part) || knownScheme().MatchString(part)) {
			found = append(found, part)
		}
		if len(found) == mostInside {
			break
		}
	}
	if len(found) == 0 {
		return nil, ""
	}
	return first(found), urlSurrounded
}

// join offers a URL that is broken up by spaces or line breaks in one piece, and its first piece.
func join(text string) ([]string, string) {
	parts := strings.Fields(text)
	joined := strings.Join(parts, "")
	if len(parts) < 2 || !startsURL(text) && !isWeb(joined) {
		return nil, ""
	}
	if !startsURL(text) { // the scheme is broken up
		return []string{joined}, urlBlank
	}
	var more []string
	for _, part := range parts[1:] {
		if isWeb(part) || hostThenPath().MatchString(part) && startsHost(webScheme().ReplaceAllLiteralString(parts[0], "")) {
			more = append(more, withoutEnd(part))
		}
	}
	if len(more) > 0 {
		return first(append([]string{withoutEnd(parts[0])}, more...)), urlSeveral
	}
	parts[0] = withoutEnd(parts[0])
	switch names := spaceNames(text); {
	case len(names) > 0:
		return []string{joined, parts[0]}, urlSpaces(names)
	case !startsHost(webScheme().ReplaceAllLiteralString(parts[0], "")): // it ends inside the host
		return []string{joined}, urlBlank
	case len(parts) > 3: // more likely a sentence or a command
		return parts[:1], urlBlank
	}
	return []string{parts[0], joined}, urlBlank
}

// startsURL reports whether a text begins with a URL, with or without a scheme.
func startsURL(text string) bool { return isWeb(text) || startsHost(text) }

// spaceNames returns the names of the spaces in a text that aren't ordinary ones.
func spaceNames(text string) (names []string) {
	for _, r := range text {
		if unicode.IsSpace(r) && r != ' ' {
			names = union(names, []string{unseen.Name(r)})
		}
	}
	return names
}

// unquote removes a quotation mark or bracket, and what follows, that is at the end of a URL and not at its beginning.
func unquote(text string) ([]string, string) {
	if !startsURL(text) {
		return nil, ""
	}
	bare := urlAt(text, 0)
	next, _ := utf8.DecodeRuneInString(text[len(bare):])
	if next == '>' || endTag().MatchString(text[len(bare):]) || strings.ContainsRune(quotes, next) {
		return []string{bare}, urlSurrounded
	}
	return nil, ""
}

// turnSlashes replaces backslashes. One before a sign escapes it in JSON, Markdown and shells.
func turnSlashes(text string) ([]string, string) {
	if !strings.Contains(text, `\`) || !startsURL(text) {
		return nil, ""
	}
	text = escapedEnd().ReplaceAllLiteralString(text, "")
	text = strings.NewReplacer(`\u0026`, "&", `\u003d`, "=", `\u003D`, "=", `\u002f`, "/", `\u002F`, "/").Replace(text)
	text = escapedSign().ReplaceAllString(text, "$1")
	return []string{strings.ReplaceAll(text, `\`, "/")}, urlBackslash
}

var (
	escapedEnd  = lazyregexp.New(`(?:\\[nrt]?)+$`)
	escapedSign = lazyregexp.New(`\\([^\pL\pN\\])`)
)
