package signature

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
	p.at++
	for {
		switch p.peek() {
		case '}', ']':
			p.at++
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

// withFloats returns the value with its numbers as JavaScript writes them: 12.50 becomes 12.5.
func (n jsonNode) withFloats() jsonNode {
	if n.kind == 0 {
		var f float64
		if n.text.raw != "null" && json.Unmarshal([]byte(n.text.raw), &f) == nil {
			out, _ := json.Marshal(f) // a number that came from JSON is finite
			n.text = jsonText{string(out), string(out)}
		}
		return n
	}
	children := make([]jsonNode, len(n.children))
	for i, child := range n.children {
		children[i] = child.withFloats()
	}
	n.children = children
	return n
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
	special string // other characters that are escaped; a slash as \/, the rest by number
	ascii   bool   // all but ASCII is escaped
	upper   bool   // numbers have upper-case digits, and \" is written by number
	asIs    bool   // strings keep their spelling
}

var jsonEscapes = []jsonEscape{
	{asIs: true},
	{name: escapeNone},
	{name: escapeLetters, ascii: true},
	{name: escapeSlashes, special: "/"},
	{name: escapeSlashLetters, special: "/", ascii: true},
	{name: escapeHTML, special: "<>&\u2028\u2029"},
	{name: escapeMost, special: "<>&+'`\u007f", ascii: true, upper: true},
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
	i := strings.IndexRune(short, r)
	switch {
	case i >= 0:
		w.out = append(w.out, '\\', letters[i])
	case r == '/' && strings.ContainsRune(w.escape.special, r), r == '\\', r == '"' && !w.escape.upper:
		w.out = append(w.out, '\\', byte(r))
	case r < ' ', r == '"', r >= utf8.RuneSelf && w.escape.ascii, strings.ContainsRune(w.escape.special, r):
		w.number(r)
	default:
		w.out = utf8.AppendRune(w.out, r)
	}
}

// number writes a character by its number. One beyond 16 bits becomes a surrogate pair.
func (w *jsonWriter) number(r rune) {
	format := `\u%04x`
	if w.escape.upper {
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
		node jsonNode
		how  string
	}{
		{root, ""},
		{root.sorted(), orderSorted},
		{root.withFloats(), numberFloats},
		{root.sorted().withFloats(), orderSorted + numberFloats},
	} {
		for _, escape := range jsonEscapes {
			w := jsonWriter{escape: escape}
			if w.layouts(tree.node, tree.how+escape.name, try) {
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
