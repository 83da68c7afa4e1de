package signature

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits for JSON that is rewritten. Real deliveries stay far below them.
const (
	maxJSONDepth  = 64
	maxJSONValues = 200_000
	maxJSONOutput = 4 << 20 // bytes
)

var errJSONTooLarge = errors.New("nested too deeply, or too many values")

// jsonNode is a value. Its children keep their order and their spelling.
type jsonNode struct {
	kind     byte       // '{', '[', '"', or 0 for numbers, true, false and null
	key      jsonText   // in an object
	text     jsonText   // of a string, a number or a word
	children []jsonNode // of an object or an array
	source   string     // of an object or an array, as spelled
}

// walk calls visit with the value and all values in it.
func (n jsonNode) walk(visit func(jsonNode)) {
	visit(n)
	for _, child := range n.children {
		child.walk(visit)
	}
}

// jsonText is a string as spelled and as decoded. For numbers and words both are the same.
type jsonText struct {
	raw, plain string
}

// parseJSON parses a document that must be valid JSON. It returns errJSONTooLarge for one that exceeds the limits.
func parseJSON(doc string) (jsonNode, error) {
	p := jsonParser{doc: doc}
	return p.value(0)
}

// jsonParser parses valid JSON. It checks no syntax.
type jsonParser struct {
	doc    string
	at     int
	values int
}

func (p *jsonParser) value(depth int) (jsonNode, error) {
	p.values++
	if depth > maxJSONDepth || p.values > maxJSONValues {
		return jsonNode{}, errJSONTooLarge
	}
	switch c := p.peek(); c {
	case '{', '[':
		return p.parts(c, depth)
	case '"':
		return jsonNode{kind: c, text: p.string()}, nil
	}
	start := p.at
	for p.at < len(p.doc) && !strings.ContainsRune(",]} \t\r\n", rune(p.doc[p.at])) {
		p.at++
	}
	word := p.doc[start:p.at]
	return jsonNode{text: jsonText{word, word}}, nil
}

func (p *jsonParser) parts(kind byte, depth int) (jsonNode, error) {
	n := jsonNode{kind: kind}
	start := p.at
	p.at++
	for {
		switch p.peek() {
		case '}', ']':
			p.at++
			n.source = p.doc[start:p.at]
			return n, nil
		case ',':
			p.at++
			continue
		}
		var key jsonText
		if kind == '{' {
			key = p.string()
			p.peek()
			p.at++ // the colon
		}
		child, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		child.key = key
		n.children = append(n.children, child)
	}
}

// peek skips white space and returns the next byte.
func (p *jsonParser) peek() byte {
	for strings.IndexByte(" \t\r\n", p.doc[p.at]) >= 0 {
		p.at++
	}
	return p.doc[p.at]
}

func (p *jsonParser) string() jsonText {
	start := p.at
	p.at++
	for p.doc[p.at] != '"' {
		if p.doc[p.at] == '\\' {
			p.at++
		}
		p.at++
	}
	p.at++
	text := jsonText{raw: p.doc[start:p.at], plain: p.doc[start+1 : p.at-1]}
	if strings.Contains(text.raw, `\`) {
		// This can't fail: the document is valid.
		_ = json.Unmarshal([]byte(text.raw), &text.plain)
	}
	return text
}

// sorted returns the value with the keys of its objects sorted.
func (n jsonNode) sorted() jsonNode {
	children := make([]jsonNode, len(n.children))
	for i, child := range n.children {
		children[i] = child.sorted()
	}
	if n.kind == '{' {
		slices.SortStableFunc(children, func(a, b jsonNode) int { return cmp.Compare(a.key.plain, b.key.plain) })
	}
	n.children = children
	return n
}

// mapped returns the value with its numbers replaced. money reports whether a number is the value of
// an amount of money.
func (n jsonNode) mapped(number func(raw string, money bool) string) jsonNode {
	return n.mappedIn(number, false)
}

func (n jsonNode) mappedIn(number func(raw string, money bool) string, money bool) jsonNode {
	if n.kind == 0 {
		if c := n.text.raw[0]; c == '-' || c >= '0' && c <= '9' {
			raw := number(n.text.raw, money)
			n.text = jsonText{raw, raw}
		}
		return n
	}
	isCurrency := func(child jsonNode) bool { return child.key.plain == "currency" }
	hasCurrency := slices.ContainsFunc(n.children, isCurrency)
	children := make([]jsonNode, len(n.children))
	for i, child := range n.children {
		children[i] = child.mappedIn(number, hasCurrency && child.key.plain == "value")
	}
	n.children = children
	return n
}

// asJavaScript returns a number as JavaScript writes it: 12.50 becomes 12.5, and 10.00 becomes 10.
func asJavaScript(raw string, _ bool) string {
	var f float64
	if json.Unmarshal([]byte(raw), &f) != nil {
		return raw
	}
	out, _ := json.Marshal(f) // a number that came from JSON is finite
	return string(out)
}

// asPython returns a number as Python, Ruby, PHP and Java write it: 12.50 becomes 12.5, and 10.00 becomes 10.0. Whole
// numbers stay as they are.
func asPython(raw string, _ bool) string {
	if !strings.ContainsAny(raw, ".eE") {
		return raw
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return raw
	}
	if size := math.Abs(f); size != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	out := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(out, ".") {
		out += ".0"
	}
	return out
}

// withCents returns a number with two decimals if it has a fraction or is the value of an amount of money: 10.0 becomes
// 10.00.
func withCents(raw string, money bool) string {
	whole, fraction, _ := strings.Cut(raw, ".")
	if strings.ContainsAny(raw, "eE") || len(fraction) > 1 || fraction == "" && !money {
		return raw
	}
	return whole + "." + (fraction + "00")[:2]
}

// jsonLayout is where a JSON encoder puts white space.
type jsonLayout struct {
	name         string
	comma, colon string
	indent       string // of each level; "" for everything in one line
}

// jsonLayouts start with the most common one.
var jsonLayouts = []jsonLayout{
	{layoutCompact, ",", ":", ""},
	{layoutSpaced, ", ", ": ", ""},
	{layoutIndent2, ",", ": ", "  "},
	{layoutIndent4, ",", ": ", "    "},
	{layoutTabs, ",", ": ", "\t"},
}

// jsonEscape is what a JSON encoder escapes in strings beyond what it must.
type jsonEscape struct {
	name    string
	special string // other characters that are escaped; a slash as \/, the rest by number; " too if it is in there
	ascii   bool   // all but ASCII is escaped
	upper   bool   // numbers have upper-case digits
	lower   bool   // those of letters beyond ASCII have lower-case digits all the same
	asIs    bool   // strings keep their spelling
}

var jsonEscapes = []jsonEscape{
	{asIs: true},
	{name: escapeNone},
	{name: escapeLetters, ascii: true},
	{name: escapeSlashes, special: "/"},
	{name: escapeSlashLetters, special: "/", ascii: true},
	{name: escapeHTML, special: "<>&\u2028\u2029"},
	{name: escapeMost, special: "\"<>&+'`\u007f", ascii: true, upper: true},
	{name: escapeApostrophe, special: "'"},
	{name: escapeApostropheLetters, special: "'", ascii: true},
	{name: escapeGson, special: "<>&='\u2028\u2029"},
	{name: escapeFlask, special: "<>&'", ascii: true},
	{name: escapeNewtonsoft, special: "\"<>&'\u0085\u2028\u2029"},
	{name: escapeHTMLUpper, special: "<>&", ascii: true, upper: true, lower: true},
	{name: escapePHP, special: "\"<>&'/", ascii: true, upper: true, lower: true},
}

// jsonWriter encodes a value in one of many styles.
type jsonWriter struct {
	layout jsonLayout
	escape jsonEscape
	out    []byte
	full   bool // an output exceeded maxJSONOutput and was cut
}

func (w *jsonWriter) write(n jsonNode, depth int) {
	switch n.kind {
	case '{', '[':
		w.parts(n, depth)
	case '"':
		w.string(n.text)
	default:
		w.out = append(w.out, n.text.raw...)
	}
}

func (w *jsonWriter) parts(n jsonNode, depth int) {
	w.out = append(w.out, n.kind)
	for i, child := range n.children {
		if w.full = w.full || len(w.out) > maxJSONOutput; w.full {
			return
		}
		if i > 0 {
			w.out = append(w.out, w.layout.comma...)
		}
		w.newline(depth + 1)
		if n.kind == '{' {
			w.string(child.key)
			w.out = append(w.out, w.layout.colon...)
		}
		w.write(child, depth+1)
	}
	if len(n.children) > 0 {
		w.newline(depth)
	}
	w.out = append(w.out, n.kind+2) // the closing bracket, in ASCII
}

func (w *jsonWriter) newline(depth int) {
	if w.layout.indent == "" {
		return
	}
	w.out = append(w.out, '\n')
	for range depth {
		w.out = append(w.out, w.layout.indent...)
	}
}

func (w *jsonWriter) string(t jsonText) {
	if w.escape.asIs {
		w.out = append(w.out, t.raw...)
		return
	}
	w.out = append(w.out, '"')
	for _, r := range t.plain {
		w.rune(r)
	}
	w.out = append(w.out, '"')
}

func (w *jsonWriter) rune(r rune) {
	const short, letters = "\b\t\n\f\r", "btnfr"
	special := strings.ContainsRune(w.escape.special, r)
	i := strings.IndexRune(short, r)
	switch {
	case i >= 0:
		w.out = append(w.out, '\\', letters[i])
	case r == '/' && special, r == '\\', r == '"' && !special:
		w.out = append(w.out, '\\', byte(r))
	case r < ' ', r == '"', r >= utf8.RuneSelf && w.escape.ascii, special:
		w.number(r)
	default:
		w.out = utf8.AppendRune(w.out, r)
	}
}

// number writes a character by its number. One beyond 16 bits becomes a surrogate pair.
func (w *jsonWriter) number(r rune) {
	format := `\u%04x`
	if w.escape.upper && (r < utf8.RuneSelf || !w.escape.lower) {
		format = `\u%04X`
	}
	if r > 0xffff {
		r -= 0x10000
		w.out = fmt.Appendf(w.out, format, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	w.out = fmt.Appendf(w.out, format, r)
}

// jsonRewrites calls try with the body encoded in other JSON styles until try returns stop. The document is only valid
// during the call. If try has seen the compact document before, other layouts of the same values are skipped. The error
// is errJSONTooLarge if not all styles were tried.
func jsonRewrites(body []byte, try func(doc []byte, how string) (stop, seen bool)) error {
	if !json.Valid(body) {
		return nil
	}
	root, err := parseJSON(string(body))
	if err != nil {
		return err
	}
	full := false
	for _, tree := range []struct {
		node func() jsonNode
		how  string
	}{
		{func() jsonNode { return root }, ""},
		{root.sorted, orderSorted},
		{func() jsonNode { return root.mapped(asJavaScript) }, numberFloats},
		{func() jsonNode { return root.sorted().mapped(asJavaScript) }, orderSorted + numberFloats},
		{func() jsonNode { return root.mapped(asPython) }, numberPython},
		{func() jsonNode { return root.sorted().mapped(asPython) }, orderSorted + numberPython},
		{func() jsonNode { return root.mapped(withCents) }, numberCents},
	} {
		node := tree.node()
		for _, escape := range jsonEscapes {
			w := jsonWriter{escape: escape}
			if w.layouts(node, tree.how+escape.name, try) {
				return nil
			}
			full = full || w.full
		}
	}
	if full {
		return errJSONTooLarge
	}
	return nil
}

// layouts calls try with each layout of a value. It returns stop if try does.
func (w *jsonWriter) layouts(n jsonNode, how string, try func([]byte, string) (stop, seen bool)) (stop bool) {
	for i, layout := range jsonLayouts {
		w.layout, w.out = layout, w.out[:0]
		if w.write(n, 0); w.full {
			return false
		}
		stop, seen := try(w.out, layout.name+how)
		if stop || seen && i == 0 {
			return stop
		}
	}
	return false
}
