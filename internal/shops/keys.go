package shops

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hookwall/internal/fourthwall"
)

// What ReadKeys accepts.
const (
	MaxKeys     = 2000
	maxUsername = 200  // bytes
	maxPassword = 1000 // bytes
	maxKeyName  = 100  // characters; a longer name is cut
)

// Errors of ReadKeys, which are about the whole file.
var (
	ErrNoKeys      = errors.New("there are no keys")
	ErrTooManyKeys = errors.New("there are too many keys")
	ErrNotCSV      = errors.New("this is not a text file in UTF-8")
	ErrKeyHeader   = errors.New("the header lacks a column")
)

// Results of a line that is not tried. Others are those of the store and of an import.
const (
	LineQuotes      = "quotes"
	LineColumns     = "columns"
	LineNoUsername  = "no_username"
	LineNoPassword  = "no_password"
	LineColon       = "colon"
	LineTooLong     = "too_long"
	LineUnprintable = "unprintable"
	LineNotUTF8     = "not_utf8"
	LineSame        = "same"
)

// KeyLine is a line of a file of API keys. It has a Problem, or else a username and a password.
type KeyLine struct {
	Line     int    // from 1
	Name     string // "" if the file has none
	Username string
	Password fourthwall.Secret
	Problem  string // a result of a line that is not tried
	SameLine int    // that has the same username
}

// keyColumns are the positions of the columns; -1 for none.
type keyColumns struct{ name, username, password int }

// ReadKeys reads API keys from CSV: the columns name (optional), username and password, separated by commas,
// semicolons or tabs. Each line is read for itself, so that an error is only that line's. It returns an error if
// there is nothing to read, or too much, or no CSV.
func ReadKeys(text []byte) ([]KeyLine, error) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if hasMagic(text) {
		return nil, ErrNotCSV
	}
	lines := splitLines(text)
	first := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) != "" })
	if first < 0 {
		return nil, ErrNoKeys
	}
	comma, columns, err := readHeader(lines[first])
	if err != nil {
		return nil, err
	}
	if columns != nil {
		first++
	}
	var keys []KeyLine
	seen := map[string]int{}
	for i, line := range lines[first:] {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if len(keys) == MaxKeys {
			return nil, ErrTooManyKeys
		}
		key := readKey(line, comma, columns)
		key.Line = first + i + 1
		if key.Problem == "" && seen[key.Username] > 0 {
			key.Problem, key.SameLine = LineSame, seen[key.Username]
		}
		if key.Problem == "" {
			seen[key.Username] = key.Line
		} else {
			key.Username, key.Password = "", ""
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, ErrNoKeys
	}
	return keys, nil
}

// hasMagic reports whether the file is UTF-16, or a spreadsheet in its own format.
func hasMagic(text []byte) bool {
	for _, magic := range []string{"\xff\xfe", "\xfe\xff", "PK\x03\x04", "\xd0\xcf\x11\xe0"} {
		if bytes.HasPrefix(text, []byte(magic)) {
			return true
		}
	}
	return false
}

// splitLines ends lines at CRLF, LF and CR.
func splitLines(text []byte) []string {
	return strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(text)), "\n")
}

// readHeader finds out how the columns are separated, and their order if the line is a header.
func readHeader(line string) (comma rune, columns *keyColumns, err error) {
	for _, comma := range []rune{'\t', ';', ','} {
		fields, err := readFields(line, comma)
		if err != nil {
			continue
		}
		c := keyColumns{-1, -1, -1}
		for i, field := range fields {
			c.called(field, i)
		}
		switch {
		case c.username >= 0 && c.password >= 0:
			return comma, &c, nil
		case c.username >= 0 || c.password >= 0:
			err = ErrKeyHeader
		}
		if err != nil && len(fields) > 1 {
			return comma, nil, err
		}
	}
	return separator(line), nil, nil
}

// called notes the position of a column, if that is one of ours.
func (c *keyColumns) called(field string, i int) {
	switch strings.Join(strings.FieldsFunc(strings.ToLower(field), func(r rune) bool {
		return r == ' ' || r == '_' || r == '-'
	}), " ") {
	case "name", "shop", "shop name":
		c.name = i
	case "username", "user name", "api username", "user":
		c.username = i
	case "password", "api password":
		c.password = i
	}
}

// separator returns what separates the columns of the first key: a tab if there is one, or else the first semicolon
// or comma outside quotes.
func separator(line string) rune {
	if strings.Contains(line, "\t") {
		return '\t'
	}
	quoted := false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && (r == ';' || r == ','):
			return r
		}
	}
	return ','
}

func readFields(line string, comma rune) ([]string, error) {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = comma, -1, comma != '\t'
	fields, err := r.Read()
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return fields, err
}

func readKey(line string, comma rune, columns *keyColumns) KeyLine {
	if !utf8.ValidString(line) {
		return KeyLine{Problem: LineNotUTF8}
	}
	fields, err := readFields(line, comma)
	if err != nil {
		return KeyLine{Problem: LineQuotes}
	}
	if columns == nil {
		switch len(fields) {
		case 2:
			columns = &keyColumns{-1, 0, 1}
		case 3:
			columns = &keyColumns{0, 1, 2}
		default:
			return KeyLine{Problem: LineColumns}
		}
	}
	at := func(i int) string {
		if i < 0 || i >= len(fields) {
			return ""
		}
		return fields[i]
	}
	key := KeyLine{Name: cut(at(columns.name)), Username: at(columns.username)}
	password := at(columns.password)
	key.Password, key.Problem = fourthwall.Secret(password), problemOf(key.Username, password)
	return key
}

func problemOf(username, password string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	switch {
	case username == "":
		return LineNoUsername
	case password == "":
		return LineNoPassword
	case strings.Contains(username, ":"):
		return LineColon
	case len(username) > maxUsername || len(password) > maxPassword:
		return LineTooLong
	case strings.ContainsFunc(username, hidden) || strings.ContainsFunc(password, hidden):
		return LineUnprintable
	}
	return ""
}

// cut returns a name as it's shown.
func cut(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, name)
	runes := []rune(name)
	return string(runes[:min(len(runes), maxKeyName)])
}
