package fourthwall

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unquote returns the text of a JSON string, as json.Unmarshal does, but reads it once. The value must be valid JSON.
// It returns false for one of another type.
func unquote(data []byte) (string, bool) {
	if len(data) < 2 || data[0] != '"' {
		return "", false
	}
	data = data[1 : len(data)-1]
	text := make([]byte, 0, len(data))
	for len(data) > 0 {
		n := plain(data)
		text, data = append(text, data[:n]...), data[n:]
		if len(data) == 0 {
			break
		}
		if data[0] == '\\' {
			text, data = unescape(text, data)
			continue
		}
		r, size := utf8.DecodeRune(data)
		text, data = utf8.AppendRune(text, r), data[size:]
	}
	return string(text), true
}

// plain returns how many ASCII characters come before an escape or another character.
func plain(data []byte) int {
	for i, c := range data {
		if c == '\\' || c >= utf8.RuneSelf {
			return i
		}
	}
	return len(data)
}

// escapes are what the characters after a backslash mean, except for u.
var escapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// unescape appends what the escape means with which data begins, and returns what comes after it. A surrogate alone
// means U+FFFD.
func unescape(text, data []byte) (all, rest []byte) {
	if data[1] != 'u' {
		return append(text, escapes[data[1]]), data[2:]
	}
	r, rest := hex(data), data[6:]
	if utf16.IsSurrogate(r) {
		second := rune(utf8.RuneError)
		if len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
			second = hex(rest)
		}
		if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
			rest = rest[6:]
		}
	}
	return utf8.AppendRune(text, r), rest
}

// hex returns the character that an escape of the form \uXXXX names.
func hex(data []byte) rune {
	n, _ := strconv.ParseUint(string(data[2:6]), 16, 32) // valid JSON has four digits
	return rune(n)                                       //nolint:gosec // of 16 bits
}

// member returns the string that a member of a JSON object has, as json.Unmarshal finds it: its name counts in any
// letter case, and the last string counts. It is "" if there is none, and if the text isn't a JSON
// object.
func member(text, name string) (value string) {
	data := []byte(text)
	if !json.Valid(data) {
		return ""
	}
	at := skipSpace(data, 0)
	if data[at] != '{' {
		return ""
	}
	for at = skipSpace(data, at+1); data[at] == '"'; {
		end := skipValue(data, at)
		key, _ := unquote(data[at:end])
		at = skipSpace(data, skipSpace(data, end)+1) // the colon
		end = skipValue(data, at)
		if strings.EqualFold(key, name) {
			if found, ok := unquote(data[at:end]); ok {
				value = found
			}
		}
		if at = skipSpace(data, end); data[at] == ',' {
			at = skipSpace(data, at+1)
		}
	}
	return value
}

func skipSpace(data []byte, at int) int {
	for at < len(data) && (data[at] == ' ' || data[at] == '\n' || data[at] == '\t' || data[at] == '\r') {
		at++
	}
	return at
}

// skipValue returns where a value ends that begins at a byte of valid JSON.
func skipValue(data []byte, at int) int {
	depth := 0
	for ; at < len(data); at++ {
		switch data[at] {
		case '"':
			at = skipString(data, at)
			if depth == 0 {
				return at + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at // after a number or a word
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return at
			}
		}
	}
	return at
}

// skipString returns where the last quote of a string is whose first is at a byte.
func skipString(data []byte, at int) int {
	for at++; data[at] != '"'; at++ {
		if data[at] == '\\' {
			at++
		}
	}
	return at
}
