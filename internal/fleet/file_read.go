package fleet

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
)

const (
	fileVersion     = "1"
	maxFileProblems = 100 // that are named
)

// ParseFile reads a file in YAML or JSON. It returns what could be read, and all that is wrong with it by line. What
// only the shops can tell, such as an unknown shop, is for PlanFile to find.
func ParseFile(text []byte) (File, []FileProblem) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if len(text) > MaxFile {
		return File{}, []FileProblem{{Text: fileTooLarge}}
	}
	if at := firstInvalid(text); at < len(text) {
		return File{}, sorted([]FileProblem{placeAt(text, at).problem(fileNotUTF8)}, text)
	}
	if countMarks(text) > maxFileMarks {
		return File{}, []FileProblem{{Text: fileTooMany}}
	}
	root, broken, problems := readTree(text)
	r := fileReader{problems: problems, broken: broken, left: maxFileValues}
	var f File
	if root != nil {
		f = r.file(root)
	}
	return f, sorted(r.problems, text)
}

// firstInvalid returns where a text isn't UTF-8, or its length.
func firstInvalid(text []byte) int {
	for i := 0; i < len(text); {
		char, size := utf8.DecodeRune(text[i:])
		if char == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}

func placeAt(text []byte, offset int) place {
	lines := linesOf(text[:offset])
	start := lines[len(lines)-2]
	return place{len(lines) - 1, utf8.RuneCount(text[start:offset]) + 1}
}

// sorted returns problems by place, each with its line of the text, and not too many.
func sorted(problems []FileProblem, text []byte) []FileProblem {
	slices.SortStableFunc(problems, func(a, b FileProblem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	if more := len(problems) - maxFileProblems; more > 0 {
		problems = append(problems[:maxFileProblems:maxFileProblems], FileProblem{Text: fileMoreProblems(more)})
	}
	if len(problems) == 0 {
		return nil
	}
	lines := linesOf(text)
	for i, p := range problems {
		if p.Line > 0 && p.Line < len(lines) && p.Source == "" {
			problems[i].Source = clipped(string(bytes.TrimRight(text[lines[p.Line-1]:lines[p.Line]], "\r\n")))
		}
	}
	return problems
}

// clipped returns the beginning of a line.
func clipped(line string) string {
	const most = 200 // characters
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return line
}

// fileReader reads the tree of a file.
type fileReader struct {
	problems []FileProblem
	broken   bool // parts of the tree are missing
	left     int  // values that may still be read
}

func (r *fileReader) add(at place, text string) { r.problems = append(r.problems, at.problem(text)) }

func placeOfNode(n *yaml.Node) place { return place{n.Line, n.Column} }

// get returns the node that an alias means. Aliases can make a file much larger than it is.
func (r *fileReader) get(n *yaml.Node) *yaml.Node {
	if r.left--; r.left < 0 {
		if r.left == -1 {
			r.add(place{}, fileTooMany)
		}
		return nil
	}
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func (r *fileReader) file(root *yaml.Node) File {
	var f File
	all := r.fields(root, "", rootFields)
	if version := all["version"]; version != nil {
		r.version(version)
	}
	if schema := all["$schema"]; schema != nil {
		r.text(schema, "$schema")
	}
	named := map[string]int{}
	for _, n := range r.list(all["shops"], "shops") {
		shop := r.shop(n)
		if line := named[shop.Shop]; shop.Shop != "" && line > 0 {
			r.add(shop.shopAt, fileShopTwice(line))
			continue
		}
		named[shop.Shop] = shop.shopAt.line
		f.Shops = append(f.Shops, shop)
	}
	return f
}

// fields returns the values of a map by their keys, and says which are wrong or missing.
func (r *fileReader) fields(n *yaml.Node, of string, known []fileField) map[string]*yaml.Node {
	at := placeOfNode(n)
	if n = r.get(n); n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.add(at, fileNotFields(of, known))
		return nil
	}
	all, lines := map[string]*yaml.Node{}, map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := r.get(n.Content[i])
		if key == nil {
			return nil
		}
		at := placeOfNode(n.Content[i])
		switch name := key.Value; {
		case key.Kind != yaml.ScalarNode:
			r.add(at, fileNoName)
		case key.Tag == "!!merge":
			r.add(at, fileMerge)
		case lines[name] > 0:
			r.add(at, fileKeyTwice(name, lines[name]))
		case !slices.ContainsFunc(known, func(f fileField) bool { return f.name == name }):
			text, meant := fileUnknownField(name, known)
			r.add(at, text)
			lines[name], lines[meant] = at.line, cmp.Or(lines[meant], -1)
		default:
			all[name], lines[name] = n.Content[i+1], at.line
		}
	}
	for _, f := range known {
		if f.required && all[f.name] == nil && lines[f.name] == 0 && (of != "" || !r.broken) {
			r.add(at, fileMissing(of, f.name))
		}
	}
	return all
}

func (r *fileReader) version(n *yaml.Node) {
	at := placeOfNode(n)
	if n = r.get(n); n != nil && (n.Tag != "!!int" || n.Value != fileVersion) {
		r.add(at, fileOtherVersion)
	}
}

// list returns the entries of a list; none if there is no list.
func (r *fileReader) list(n *yaml.Node, of string) []*yaml.Node {
	if n == nil {
		return nil
	}
	at := placeOfNode(n)
	if n = r.get(n); n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		if n.Tag != "!!null" || !r.broken {
			r.add(at, fileNotList(of))
		}
		return nil
	}
	return n.Content
}

// text returns a text. It isn't one if what is written is a number or another kind of value.
func (r *fileReader) text(n *yaml.Node, of string) (text string, isText bool) {
	at := placeOfNode(n)
	if n = r.get(n); n == nil {
		return "", false
	}
	switch {
	case n.Kind != yaml.ScalarNode:
		r.add(at, fileNotText(of))
	case n.Tag == "!!null" && (n.Value == "" || n.Value == "~"):
		r.add(at, fileNoValue(of))
	case n.Tag != "!!str":
		r.add(at, fileNeedsQuotes(n.Value))
	default:
		return n.Value, true
	}
	return "", false
}

// shop returns a shop with what could be read of it.
func (r *fileReader) shop(n *yaml.Node) (s FileShop) {
	all := r.fields(n, "shop", shopFields)
	if prune := all["prune"]; prune != nil {
		at := placeOfNode(prune)
		if prune = r.get(prune); prune != nil {
			if prune.Tag != "!!bool" {
				r.add(at, fileNotBool("prune"))
			}
			s.Prune = strings.EqualFold(prune.Value, "true")
		}
	}
	hooks := r.list(all["webhooks"], "webhooks")
	ids := map[string]int{}
	for _, n := range hooks {
		hook := r.webhook(n)
		if line := ids[hook.ID]; hook.ID != "" && line > 0 {
			r.add(hook.idAt, fileIDTwice(line))
			continue
		}
		s.Webhooks = append(s.Webhooks, hook)
		ids[hook.ID] = hook.idAt.line
	}
	s.Line = n.Line
	if name := all["shop"]; name != nil {
		var isText bool
		s.shopAt = placeOfNode(name)
		if s.Shop, isText = r.text(name, "shop"); isText && strings.TrimSpace(s.Shop) == "" {
			r.add(s.shopAt, fileNoValue("shop"))
			s.Shop = ""
		}
	}
	return s
}

// webhook returns a webhook with what could be read of it.
func (r *fileReader) webhook(n *yaml.Node) (w FileWebhook) {
	w.Line = n.Line
	all := r.fields(n, "webhook", webhookFields)
	if id := all["id"]; id != nil {
		var isText bool
		w.idAt = placeOfNode(id)
		if w.ID, isText = r.text(id, "id"); isText && w.ID == "" {
			r.add(w.idAt, fileEmptyID)
		}
	}
	if address := all["url"]; address != nil {
		text, isText := r.text(address, "url")
		if isText {
			w.URL, w.urlAt = text, placeOfNode(address)
		}
	}
	if types := all["types"]; types != nil {
		var areRead bool
		w.AllowedTypes, w.typeAt, areRead = r.types(types)
		if areRead {
			w.typesAt = placeOfNode(types)
		}
	}
	return w
}

// types returns event types, each once and sorted, and where they are.
func (r *fileReader) types(n *yaml.Node) (all []fourthwall.EventType, at map[fourthwall.EventType]place, areRead bool) {
	before := len(r.problems)
	at = map[fourthwall.EventType]place{}
	for _, n := range r.list(n, "types") {
		text, isText := r.text(n, "event type")
		if !isText {
			continue
		}
		t := fourthwall.EventType(text)
		if _, isThere := at[t]; !isThere {
			all, at[t] = append(all, t), placeOfNode(n)
		}
	}
	return fourthwall.TypeSet(all), at, len(r.problems) == before
}

// nearest returns the name that was probably meant, or "".
func nearest(typed string, names []string) (best string) {
	const longest, most = 100, 2
	if len(typed) > longest {
		return ""
	}
	least := most + 1
	for _, name := range names {
		if strings.EqualFold(name, typed) {
			return name
		}
		if len(name) > longest || len(name) < 4 || max(len(name)-len(typed), len(typed)-len(name)) > most {
			continue
		}
		if d := webhooks.Distance(strings.ToLower(typed), strings.ToLower(name)); d < least && d*3 <= len(name) {
			best, least = name, d
		}
	}
	return best
}
