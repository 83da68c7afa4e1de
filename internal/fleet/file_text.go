package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

const (
	maxFileValues  = 200_000           // texts, lists and maps of a file, with those that aliases repeat
	maxFileMarks   = 3 * maxFileValues // punctuation that usual files need for these
	maxFileDepth   = 20                // lists and maps within each other
	maxSyntaxFixes = 20                // places where the syntax is wrong, before the rest isn't read
)

// place is where something is in a file: line and column, from 1.
type place struct{ line, column int }

func (p place) problem(text string) FileProblem {
	return FileProblem{Line: p.line, Column: p.column, Text: text}
}

// readTree returns the tree of a file, or nil if there is none. Where the syntax is wrong, it lacks the shop, and is
// broken.
func readTree(text []byte) (root *yaml.Node, broken bool, problems []FileProblem) {
	if json.Valid(text) {
		root, problems = readJSON(text)
		return root, false, problems
	}
	return readYAML(text)
}

// lineBreak matches what ends a line in YAML.
var lineBreak = regexp.MustCompile("\r\n|[\r\n\u0085\u2028\u2029]")

// linesOf returns where each line begins, and at the end the length of the text.
func linesOf(text []byte) []int {
	starts := []int{0}
	for _, at := range lineBreak.FindAllIndex(text, -1) {
		starts = append(starts, at[1])
	}
	return append(starts, len(text))
}

// countMarks returns at least as many as there are values in a text, without reading it.
func countMarks(text []byte) int {
	n := 1
	for i, b := range text {
		switch b {
		case ',':
			n += 2 // in braces, a name alone has a value that is empty
		case '\n', '\r', '[', '{', ':':
			n++
		case '-', '?':
			if i+1 < len(text) && (text[i+1] == ' ' || text[i+1] == '\t') {
				n++
			}
		}
	}
	return n
}

// readYAML reads YAML. A shop in which the syntax is wrong is left out, so that what is wrong with the others is found
// as well.
func readYAML(text []byte) (root *yaml.Node, broken bool, problems []FileProblem) {
	text, problems = cleaned(text)
	lines := linesOf(text)
	text, second := firstDocument(text, lines)
	if len(text) == 0 {
		return nil, false, []FileProblem{{Text: fileEmpty}}
	}
	if second.line > 0 {
		problems = append(problems, second.problem(fileSecondDocument))
	}
	var tabs []int
	for range min(maxSyntaxFixes, 4*MaxFile/len(text)) {
		root, wrong := loadYAML(text)
		switch {
		case root != nil:
			forgetColumns(root, tabs)
			return root, broken, problems
		case wrong == nil: // there is nothing
			if len(problems) == 0 {
				problems = append(problems, FileProblem{Text: fileEmpty})
			}
			return nil, broken, problems
		}
		broken = true
		if tabs == nil {
			if tabs = tabbedLines(text, lines); len(tabs) > 0 {
				problems = append(problems, tabProblems(tabs)...)
				text = withoutTabs(text, lines)
				lines = linesOf(text)
				continue
			}
		}
		at, said, first, last := culprit(text, lines, wrong)
		isTabbed := func(line int) bool { return first <= line && line <= last }
		if !slices.ContainsFunc(tabs, isTabbed) { // else the spaces that replaced the tab may be why
			problems = append(problems, at.problem(said))
		}
		if !blank(text[lines[first-1]:min(lines[last], len(text))]) {
			break
		}
	}
	return nil, true, problems
}

// loadYAML returns the tree of a text, or why there is none. Both are nil if the text has nothing.
func loadYAML(text []byte) (*yaml.Node, *yaml.LoadError) {
	const afterSyntax = "constructor" // stage of errors that aren't about the syntax
	var document yaml.Node
	err := yaml.Load(text, &document,
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxFileDepth), loaderlimits.AliasNone())))
	var wrong *yaml.LoadError
	switch {
	case err == nil && len(document.Content) > 0:
		return document.Content[0], nil
	case errors.As(err, &wrong) && wrong.Stage != afterSyntax:
		return nil, wrong
	}
	return nil, nil
}

func tabProblems(lines []int) (problems []FileProblem) {
	for _, line := range lines {
		problems = append(problems, place{line, 1}.problem(fileTab))
	}
	return problems
}

// cleaned returns a copy of the text without the characters that YAML doesn't have.
func cleaned(text []byte) ([]byte, []FileProblem) {
	var problems []FileProblem
	text = bytes.Clone(text)
	line, start := 1, 0
	for i := 0; i < len(text); {
		char, size := utf8.DecodeRune(text[i:])
		switch {
		case char == '\n', char == '\r' && !bytes.HasPrefix(text[i+1:], []byte("\n")),
			char == '\u0085', char == '\u2028', char == '\u2029':
			line, start = line+1, i+size
		case char < ' ' && char != '\t' && char != '\r', char == '\ufeff', char == '\ufffe', char == '\uffff':
			if len(problems) < maxSyntaxFixes {
				at := place{line, utf8.RuneCount(text[start:i]) + 1}
				problems = append(problems, at.problem(fileCharacter(char)))
			}
			copy(text[i:], strings.Repeat(" ", size))
		}
		i += size
	}
	return text, problems
}

// documentMark matches a line that ends a document, or begins one.
var documentMark = regexp.MustCompile(`^(?:---|\.\.\.)(?:\s|$)`)

// firstDocument returns the text up to its second document, and where that begins.
func firstDocument(text []byte, lines []int) (first []byte, second place) {
	begun, ended := false, false
	for i := range len(lines) - 1 {
		line := text[lines[i]:lines[i+1]]
		rest := bytes.TrimSpace(line)
		if !begun && bytes.HasPrefix(line, []byte("%YAML")) {
			blank(line) // the library only knows 1.1
			continue
		}
		isMark := documentMark.Match(line)
		switch {
		case isMark && line[0] == '-' && (begun || ended):
			return text[:lines[i]], place{i + 1, 1}
		case isMark && line[0] == '-':
			begun = true
		case isMark:
			begun, ended = false, true
		case len(rest) == 0 || rest[0] == '#' || line[0] == '%' && !begun:
		case ended:
			return text[:lines[i]], place{i + 1, 1}
		default:
			begun = true
		}
	}
	return text, place{}
}

// tabbedLines returns the numbers of the lines that are indented with tabs.
func tabbedLines(text []byte, lines []int) []int {
	found := []int{}
	for i := 0; i+1 < len(lines) && lines[i] < len(text); i++ {
		line := text[lines[i]:min(lines[i+1], len(text))]
		rest := bytes.TrimLeft(line, " \t")
		if len(bytes.TrimSpace(rest)) > 0 && rest[0] != '#' && bytes.IndexByte(line[:len(line)-len(rest)], '\t') >= 0 {
			found = append(found, i+1)
		}
	}
	return found
}

// withoutTabs returns the text with spaces instead of tabs where lines are indented: as many as make its syntax right,
// or else two.
func withoutTabs(text []byte, lines []int) (best []byte) {
	tabs := bytes.Count(text, []byte("\t"))
	for _, width := range []int{2, 4, 8} {
		if width > 2 && tabs*width > MaxFile {
			continue
		}
		var b bytes.Buffer
		for i := 0; i+1 < len(lines) && lines[i] < len(text); i++ {
			line := text[lines[i]:min(lines[i+1], len(text))]
			rest := bytes.TrimLeft(line, " \t")
			b.Write(bytes.ReplaceAll(line[:len(line)-len(rest)], []byte("\t"), bytes.Repeat([]byte(" "), width)))
			b.Write(rest)
		}
		if root, _ := loadYAML(b.Bytes()); root != nil {
			return b.Bytes()
		}
		if best == nil {
			best = b.Bytes()
		}
	}
	return best
}

// forgetColumns removes the columns of what is on certain lines, which are sorted.
func forgetColumns(n *yaml.Node, lines []int) {
	if len(lines) == 0 {
		return
	}
	if _, isThere := slices.BinarySearch(lines, n.Line); isThere {
		n.Column = 0
	}
	for _, child := range n.Content {
		forgetColumns(child, lines)
	}
}

// placeOf returns where the syntax is wrong. What isn't closed is wrong where it begins.
func placeOf(wrong *yaml.LoadError, last int) place {
	mark := wrong.Mark
	if strings.Contains(wrong.Message, "end of stream") || strings.Contains(wrong.Message, "<stream-end>") {
		mark = wrong.ContextMark
	}
	at := place{mark.Line, mark.Column}
	if at.line < 1 || at.line > last {
		at = place{min(max(at.line, 1), last), 0}
	}
	return at
}

// culprit returns where the syntax is wrong, a sentence about it, and the lines of the shop that it's in. Where a shop
// can't begin, something before it isn't closed.
func culprit(text []byte, lines []int, wrong *yaml.LoadError) (at place, said string, first, last int) {
	at, said = placeOf(wrong, len(lines)-1), syntaxText(wrong)
	entry := listEntry.FindSubmatch(text[min(lines[at.line-1], len(text)):min(lines[at.line], len(text))])
	if len(entry) == 0 || at.column > len(entry[1])+1 || at.line == 1 {
		first, last = itemAround(text, lines, at.line)
		return at, said, first, last
	}
	first, last = itemAround(text, lines, at.line-1)
	for line := last; line >= first; line-- {
		part := text[lines[line-1]:lines[line]]
		if i := bytes.LastIndexAny(part, "[{"); i >= 0 {
			return place{line, utf8.RuneCount(part[:i]) + 1}, fileOpen, first, last
		}
	}
	return at, said, first, last
}

var listEntry = regexp.MustCompile(`^( *)-(?:\s|$)`)

// itemAround returns the first and the last line of the shop that a line is in, or that line alone if it's in none.
func itemAround(text []byte, lines []int, line int) (first, last int) {
	indent := -1
	end := func(i int) int { return min(lines[i+1], len(text)) }
	for i := 0; i+1 < len(lines) && lines[i] < len(text); i++ {
		entry := listEntry.FindSubmatch(text[lines[i]:end(i)])
		isShop := len(entry) > 0 && (indent < 0 || len(entry[1]) == indent)
		if isShop && indent < 0 {
			indent = len(entry[1])
		}
		switch {
		case isShop && i+1 <= line:
			first = i + 1
		case first > 0 && i+1 > line && indentOf(text[lines[i]:end(i)]) <= indent:
			return first, i
		}
	}
	if first == 0 {
		return line, line
	}
	return first, len(lines) - 1
}

// indentOf returns how far a line is indented. One without text is as far as possible.
func indentOf(line []byte) int {
	rest := bytes.TrimLeft(line, " ")
	if len(bytes.TrimSpace(rest)) == 0 || rest[0] == '#' {
		return len(line) + MaxFile
	}
	return len(line) - len(rest)
}

// blank replaces all but the ends of lines by spaces, and reports whether that changed anything.
func blank(text []byte) (changed bool) {
	for i, b := range text {
		if b != '\n' && b != '\r' && b != ' ' && b < utf8.RuneSelf {
			text[i], changed = ' ', true
		}
	}
	for i := 0; i < len(text); {
		char, size := utf8.DecodeRune(text[i:])
		if size > 1 && char != '\u0085' && char != '\u2028' && char != '\u2029' {
			copy(text[i:], strings.Repeat(" ", size))
			changed = true
		}
		i += size
	}
	return changed
}

// jsonReader makes a tree of valid JSON.
type jsonReader struct {
	*json.Decoder

	text     []byte
	at       int // in the text, of line and column
	place    place
	isDeep   bool
	problems []FileProblem
}

// readJSON reads valid JSON.
func readJSON(text []byte) (*yaml.Node, []FileProblem) {
	r := jsonReader{Decoder: json.NewDecoder(bytes.NewReader(text)), text: text, place: place{1, 1}}
	r.UseNumber()
	root := r.value(0)
	return root, r.problems
}

// replacement matches U+FFFD in JSON. The decoder also returns it for half of a character.
var replacement = regexp.MustCompile("\ufffd|\\\\[uU][fF]{3}[dD]")

// next returns the next token, and a node at its place.
func (r *jsonReader) next() (json.Token, *yaml.Node) {
	begin := int(r.InputOffset())
	token, _ := r.Token() // the text is valid
	end := int(r.InputOffset())
	begin += len(r.text[begin:end]) - len(bytes.TrimLeft(r.text[begin:end], " \t\r\n,:"))
	r.moveTo(begin)
	node := &yaml.Node{Line: r.place.line, Column: r.place.column}
	text, _ := token.(string)
	if strings.ContainsRune(text, utf8.RuneError) && !replacement.Match(r.text[begin:end]) {
		r.problems = append(r.problems, r.place.problem(fileSurrogate))
	}
	return token, node
}

// moveTo moves line and column on.
func (r *jsonReader) moveTo(offset int) {
	for r.at < offset {
		char, size := utf8.DecodeRune(r.text[r.at:])
		isBreak := char == '\n' || char == '\u0085' || char == '\u2028' || char == '\u2029' ||
			char == '\r' && !bytes.HasPrefix(r.text[r.at+1:], []byte("\n"))
		if isBreak {
			r.place = place{r.place.line + 1, 1}
		} else {
			r.place.column++
		}
		r.at += size
	}
}

// value returns the node of a value. One that is too deep is empty.
func (r *jsonReader) value(depth int) *yaml.Node {
	token, node := r.next()
	switch token := token.(type) {
	case json.Delim:
		node.Kind = yaml.MappingNode
		if token == '[' {
			node.Kind = yaml.SequenceNode
		}
		if depth == maxFileDepth && !r.isDeep {
			r.isDeep = true
			r.problems = append(r.problems, r.place.problem(fileTooDeep))
		}
		for r.More() {
			child := r.value(depth + 1)
			if depth < maxFileDepth {
				node.Content = append(node.Content, child)
			}
		}
		_, _ = r.next()
	case string:
		node.Kind, node.Tag, node.Value = yaml.ScalarNode, "!!str", token
	case json.Number:
		node.Kind, node.Tag, node.Value = yaml.ScalarNode, "!!float", token.String()
		if !strings.ContainsAny(node.Value, ".eE") {
			node.Tag = "!!int"
		}
	case bool:
		node.Kind, node.Tag, node.Value = yaml.ScalarNode, "!!bool", "false"
		if token {
			node.Value = "true"
		}
	default:
		node.Kind, node.Tag, node.Value = yaml.ScalarNode, "!!null", "null"
	}
	return node
}
