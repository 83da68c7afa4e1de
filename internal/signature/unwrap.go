package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hookwall/internal/lazyregexp"
)

// conversion is a text that another one encodes.
type conversion struct {
	text []byte
	code FindingCode
}

// Limits of the conversions of a body. Each is tried alone and after another one.
const (
	maxConversions     = 48        // texts in all
	maxConversionDepth = 3         // conversions one after the other
	maxConverted       = 4 << 20   // bytes of all texts
	maxUnwrapped       = 256 << 10 // bytes of a body that is converted
	maxHashed          = 128 << 20 // bytes that are hashed for conversions
	maxConvertedJSON   = 8         // texts that are tried as JSON written again
)

// unwrapped is the text of a body after some conversions.
type unwrapped struct {
	text  []byte
	codes []FindingCode
}

// unwrap returns what the body may represent: the bytes that a debugger printed, or the body inside a request, a form
// or a command. It doesn't return the body itself.
func unwrap(body []byte) []unwrapped {
	all := []unwrapped{{text: body}}
	seen := map[string]bool{string(body): true}
	size := 0
	for i := 0; i < len(all); i++ {
		if len(all[i].codes) == maxConversionDepth {
			break
		}
		for _, find := range conversions {
			for _, c := range find(all[i].text) {
				size += len(c.text)
				if len(c.text) == 0 || seen[string(c.text)] || len(all) > maxConversions || size > maxConverted {
					continue
				}
				seen[string(c.text)] = true
				all = append(all, unwrapped{c.text, append(append([]FindingCode{}, all[i].codes...), c.code)})
			}
		}
	}
	return all[1:]
}

// conversions find what a text encodes.
var conversions = []func([]byte) []conversion{
	repairedCharset, httpBody, curlBody, formBody, entities, byteList, literal, quotedJSON, wrappedJSON, base64Text,
	typography, withoutUnseen, surrounded, dictionary,
}

func one(code FindingCode, text []byte) []conversion { return []conversion{{text: text, code: code}} }

var (
	requestLine = lazyregexp.New(`^\s*(?:[A-Z]{3,7} \S+ HTTP/[0-9.]+|HTTP/[0-9.]+ \d{3}.*)\r?\n`)
	headerLine  = lazyregexp.New(`^\s*:?[A-Za-z][A-Za-z0-9-]*: ?[^\n]*\n`)
)

// httpBody returns the body of a request that was pasted with its headers.
func httpBody(text []byte) []conversion {
	if !requestLine().Match(text) && !headerLine().Match(text) {
		return nil
	}
	for _, blank := range []string{"\r\n\r\n", "\n\n"} {
		if _, body, ok := bytes.Cut(text, []byte(blank)); ok {
			return one(CodeBodyRequest, body)
		}
	}
	return nil
}

// commands have the data of a request in quotes.
var commands = []string{"curl", "wget", "Invoke-"}

// caret is how the Windows command prompt escapes a character.
var caret = lazyregexp.New(`\^(.)`)

var curlData = lazyregexp.New(`(?s)(?:^|\s)(?:--data(?:-raw|-binary|-ascii|-urlencode)?|` +
	`--json|--post-data|--body-data|-d|-Body)(?:\s+|=)?(\$?['"].*)`)

// curlBody returns the data of a curl command, or of one like it.
func curlBody(text []byte) []conversion {
	if !containsAny(text, commands...) {
		return nil
	}
	if bytes.Contains(text, []byte(`^"`)) {
		text = caret().ReplaceAll(text, []byte("$1"))
	}
	m := curlData().FindSubmatch(text)
	if m == nil {
		return nil
	}
	if plain, ok := shellWord(string(m[1])); ok {
		return one(CodeBodyCurl, []byte(plain))
	}
	return nil
}

func containsAny(text []byte, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return bytes.Contains(text, []byte(part)) })
}

// shellWord returns the first word of a command line, which starts with a quote.
func shellWord(text string) (word string, ok bool) {
	var b strings.Builder
	for len(text) > 0 {
		ansi := strings.HasPrefix(text, "$'")
		quoted := strings.TrimPrefix(text, "$")
		switch c := quoted[0]; {
		case c == '\\' && len(quoted) > 1:
			b.WriteByte(quoted[1])
			text = quoted[2:]
		case c == '\'' && !ansi:
			end := strings.IndexByte(quoted[1:], '\'')
			if end < 0 {
				return "", false
			}
			b.WriteString(quoted[1 : end+1])
			text = quoted[end+2:]
		case c == '\'' || c == '"':
			end := closingQuote(quoted)
			if end < 0 {
				return "", false
			}
			inside := quoted[1:end]
			if ansi {
				inside = unescape(inside)
			} else {
				inside = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`").Replace(inside)
			}
			b.WriteString(inside)
			text = quoted[end+1:]
		default:
			return b.String(), true
		}
	}
	return b.String(), true
}

// closingQuote returns the index of the quote that ends the quoted text, or -1.
func closingQuote(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i
		}
	}
	return -1
}

var formField = lazyregexp.New(`^\s*[\w.\-\[\]]{1,64}=`)

// formBody returns the values of a form, decoded.
func formBody(text []byte) []conversion {
	trimmed := strings.TrimSpace(string(text))
	if strings.HasPrefix(trimmed, "%7B") || strings.HasPrefix(trimmed, "%7b") || strings.HasPrefix(trimmed, "%5B") {
		trimmed = "body=" + trimmed
	}
	if !formField().MatchString(trimmed) {
		return nil
	}
	var all []conversion
	for field := range strings.SplitSeq(trimmed, "&") {
		_, value, _ := strings.Cut(field, "=")
		if plain, err := url.QueryUnescape(value); err == nil && len(plain) > 1 && len(all) < 3 {
			all = append(all, conversion{text: []byte(plain), code: CodeBodyForm})
		}
	}
	_, raw, _ := strings.Cut(trimmed, "=")
	return append(all, conversion{text: []byte(raw), code: CodeBodyForm})
}

var tagAround = lazyregexp.New(`(?is)^\s*(?:<(?:pre|code|p|div|textarea)\b[^>]*>\s*)*(.*?)` +
	`(?:\s*</(?:pre|code|p|div|textarea)>)*\s*$`)

// entities returns the text of HTML.
func entities(text []byte) []conversion {
	s := string(text)
	if m := tagAround().FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	if plain := html.UnescapeString(s); plain != string(text) {
		return one(CodeBodyHTML, []byte(plain))
	}
	return nil
}

var (
	nodeBuffer = lazyregexp.New(`^(?:.*?[:=(]\s*)?<Buffer ((?:[0-9a-f]{2} ?)+)>`)
	jsonBuffer = lazyregexp.New(`"data"\s*:\s*\[([\d,\s]+)\]`)
	decimals   = lazyregexp.New(`^[\w\s=:.()\[]*?[\[({]\s*(-?\d{1,3}(?:[\s,]+-?\d{1,3})+)[\s,]*[\])}]\S*\s*$`)
	hexBytes   = lazyregexp.New(`^\s*(?:0x|\\x)?[0-9A-Fa-f]{2}(?:[\s,:-]*(?:0x|\\x)?[0-9A-Fa-f]{2})+\s*$`)
	notHex     = strings.NewReplacer("0x", "", `\x`, "", " ", "", ",", "", ":", "", "-", "", "\r", "", "\n", "", "\t", "")
)

// byteList returns the bytes of a list: a Buffer of Node.js, numbers, hexadecimal digits.
func byteList(text []byte) []conversion {
	s := strings.TrimSpace(string(text))
	if m := nodeBuffer().FindStringSubmatch(s); m != nil {
		s = m[1]
	}
	if dumped := dumpedHex(s); dumped != "" {
		s = dumped
	}
	if hexBytes().MatchString(s) {
		if plain, err := hex.DecodeString(notHex.Replace(s)); err == nil {
			return one(CodeBodyBytes, plain)
		}
	}
	m := jsonBuffer().FindStringSubmatch(s)
	if m == nil {
		m = decimals().FindStringSubmatch(s)
	}
	if m == nil {
		return nil
	}
	var plain []byte
	for number := range strings.FieldsSeq(strings.ReplaceAll(m[1], ",", " ")) {
		n, err := strconv.Atoi(number)
		if err != nil || n < -128 || n > 255 {
			return nil
		}
		plain = append(plain, byte(n))
	}
	return one(CodeBodyBytes, plain)
}

// dumpLine is a line of xxd, hexdump -C or od: an offset, bytes, and perhaps the same as text.
var dumpLine = lazyregexp.New(`(?m)^[0-9A-Fa-f]{6,8}` +
	`(?:: ((?:[0-9a-f]{2,4} )+) .*| {1,2}((?:[0-9a-f]{2} *)+)(?:\|.*\|)?)?[ \r]*$`)

// dumpedHex returns the hexadecimal digits of a dump whose every line is one of a dump, or "".
func dumpedHex(text string) string {
	lines := dumpLine().FindAllStringSubmatch(text, -1)
	if len(lines) == 0 || len(lines) != strings.Count(text, "\n")+1 {
		return ""
	}
	var digits strings.Builder
	for _, m := range lines {
		digits.WriteString(m[1] + m[2] + " ")
	}
	return strings.TrimSpace(digits.String())
}

var literalStart = lazyregexp.New(`^\s*(?:[\w.]+\s*[=:(]\s*)?(?:[bBurR@$]{0,2})(['"` + "`" + `])`)

// literal returns the text of a string as a programming language writes it, and of text with escaped quotes.
func literal(text []byte) []conversion {
	s := strings.TrimSpace(string(text))
	var all []conversion
	if m := literalStart().FindStringSubmatchIndex(s); m != nil {
		quoted := s[m[2]:]
		inside := strings.TrimPrefix(quoted, quoted[:1])
		if end := strings.LastIndex(inside, quoted[:1]); end > 0 && strings.Trim(inside[end+1:], " ;,)") == "" {
			inside = inside[:end]
			all = append(all, conversion{[]byte(unescape(inside)), CodeBodyLiteral}, conversion{[]byte(inside), CodeBodyLiteral})
		}
	}
	if strings.Contains(s, `\"`) || strings.Contains(s, `\x`) {
		all = append(all, conversion{[]byte(unescape(s)), CodeBodyLiteral})
	}
	return all
}

func quotedJSON(text []byte) []conversion {
	var plain string
	if json.Unmarshal(bytes.TrimSpace(text), &plain) == nil {
		return one(CodeBodyQuoted, []byte(plain))
	}
	return nil
}

// maxWrapped limits how many members of an object are taken for the body.
const maxWrapped = 6

// wrappedJSON returns the members of an object that may be the body: those with its usual names, and text that is JSON.
func wrappedJSON(text []byte) []conversion {
	if !json.Valid(text) || strings.IndexByte("{[", bytes.TrimSpace(text)[0]) < 0 {
		return nil
	}
	root, err := parseJSON(string(text))
	if err != nil {
		return nil
	}
	names := []string{"body", "payload", "rawBody", "raw_body", "content", "text", "message"}
	var all []conversion
	root.walk(func(n jsonNode) {
		named := slices.Contains(names, n.key.plain)
		switch isText := n.kind == '"' && (named || strings.HasPrefix(n.text.plain, "{")); {
		case len(all) == maxWrapped:
		case isText:
			all = append(all, conversion{[]byte(n.text.plain), CodeBodyWrapped})
		case n.kind == '{' && named:
			all = append(all, conversion{[]byte(n.source), CodeBodyWrapped})
		}
	})
	return all
}

func base64Text(text []byte) []conversion {
	if plain, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text))); err == nil && len(plain) > 1 {
		return one(CodeBodyBase64, plain)
	}
	return nil
}

// surrounded returns the JSON in the middle of a line of a log or a fence of Markdown.
func surrounded(text []byte) []conversion {
	start, end := bytes.IndexByte(text, '{'), bytes.LastIndexByte(text, '}')
	if start < 0 || end < start || start == 0 && end == len(text)-1 {
		return nil
	}
	inside := text[start : end+1]
	if len(bytes.TrimSpace(text)) == len(inside) || !bytes.ContainsAny(inside, `"':`) {
		return nil // blanks around are told apart elsewhere
	}
	return one(CodeBodySurrounded, inside)
}

var (
	straightQuotes = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‟", `"`, "«", `"`, "»", `"`, "″", `"`)
	straightAll    = strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "‟", `"`, "«", `"`, "»", `"`, "″", `"`,
		"‘", "'", "’", "'", "‚", "'", "‛", "'", "′", "'", "…", "...", "–", "-", "—", "--",
		"\u00a0", " ", "\u202f", " ")
)

// typography returns the text with the quotes and blanks that were typed, before an editor made them look nice.
func typography(text []byte) []conversion {
	s := string(text)
	if !utf8.Valid(text) {
		return nil
	}
	spaced := strings.ReplaceAll(s, "\u00a0", " ")
	return []conversion{
		{[]byte(straightQuotes.Replace(s)), CodeBodyTypography},
		{[]byte(spaced), CodeBodyTypography},
		{[]byte(straightQuotes.Replace(spaced)), CodeBodyTypography},
		{[]byte(straightAll.Replace(s)), CodeBodyTypography},
	}
}

// withoutUnseen returns the text without characters that can't be seen.
func withoutUnseen(text []byte) []conversion {
	if !utf8.Valid(text) {
		return nil
	}
	return one(CodeBodyInvisible, []byte(visibleOnly(string(text))))
}
