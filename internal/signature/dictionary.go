package signature

import (
	"bytes"
	"encoding/json"
	"strings"

	"hookwall/internal/lazyregexp"
)

var (
	dictionaryStart = lazyregexp.New(`^\s*[\[{]\s*(?:[\w$]+\s*:|:?["']?[\w$]+["']?\s*=>|:?'|["']\w)`)
	dictionaryLook  = lazyregexp.New(`^\s*[\[{]\s*(?:[A-Za-z_$][\w$]*\s*:|:?["']?[\w$]+["']?\s*=>|:?')`)
	word            = lazyregexp.New(`^[A-Za-z_$][\w$]*`)
)

// dictionary returns the JSON of an object as a program printed it: Python's dict,
// Ruby's hash, or an object of JavaScript.
// Spaces, and how numbers and letters were written, are lost, so that only the JSON written again can match.
func dictionary(text []byte) []conversion {
	if json.Valid(text) || !dictionaryStart().Match(text) {
		return nil
	}
	if plain, ok := asJSON(string(text)); ok && json.Valid(plain) {
		return one(CodeBodyParsed, plain)
	}
	return nil
}

// wordsOfJSON has the names of values that JSON spells otherwise.
var wordsOfJSON = map[string]string{
	"True": "true", "False": "false", "None": "null", "nil": "null", "undefined": "null",
	"true": "true", "false": "false", "null": "null",
}

// asJSON rewrites the tokens of a printed object. It returns false for one that it can't read.
func asJSON(text string) (plain []byte, ok bool) {
	for len(text) > 0 {
		c := text[0]
		switch {
		case c == '\'' || c == '"' || c == '`':
			end := closingQuote(text)
			if end < 0 {
				return nil, false
			}
			plain = append(plain, jsonString(unescape(text[1:end]))...)
			text = text[end+1:]
		case strings.HasPrefix(text, "=>"):
			plain, text = append(plain, ':'), text[2:]
		case c == ':' && len(text) > 1 && (word().MatchString(text[1:]) || text[1] == '\'') && !follows(plain):
			text = text[1:] // a symbol of Ruby
		case word().MatchString(text):
			name := word().FindString(text)
			text = text[len(name):]
			known, isWord := wordsOfJSON[name]
			rest := strings.TrimLeft(text, " \t")
			if isKey := strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "=>"); isKey || !isWord {
				known = string(jsonString(name))
			}
			plain = append(plain, known...)
		case c == '}' || c == ']':
			plain, text = append(bytes.TrimRight(plain, ", \r\n\t"), c), text[1:]
		default:
			plain, text = append(plain, c), text[1:]
		}
	}
	return plain, true
}

// follows reports whether the next colon belongs to the key that was just written.
func follows(plain []byte) bool {
	trimmed := strings.TrimRight(string(plain[max(0, len(plain)-64):]), " ")
	return strings.HasSuffix(trimmed, `"`)
}

func jsonString(text string) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(text) != nil {
		return nil
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
