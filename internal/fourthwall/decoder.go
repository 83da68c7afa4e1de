package fourthwall

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// decoder reads values of JSON. The name of a member counts in any letter case, and the last of several counts. An
// optional value of another JSON type than expected is empty, as Str of a gjson.Result is unless that is a string.
//
// Strings that are read may be parts of the JSON, which stays in memory as long as one of them.
type decoder struct {
	wrong bool // a value isn't what it must be
}

// decode decodes data that has one value. It returns false if that isn't JSON, or not what it must be. Invalid UTF-8
// becomes U+FFFD.
func decode[T any](data string, read func(*decoder, gjson.Result) T) (value T, ok bool) {
	if !isJSON(data) {
		return value, false
	}
	if !utf8.ValidString(data) {
		data = strings.ToValidUTF8(data, "\ufffd")
	}
	var d decoder
	value = read(&d, gjson.Parse(data))
	return value, !d.wrong
}

// isJSON reports whether data is JSON. Like encoding/json, it allows a depth of 10,000. gjson has no limit, and calls
// itself for each level.
func isJSON(data string) bool {
	if strings.Count(data, "[")+strings.Count(data, "{") > 10_000 {
		return json.Valid([]byte(data))
	}
	return gjson.Valid(data)
}

// object calls a function for each member of an object, with its name in lower case. Null has none, and another value
// is wrong.
func (d *decoder) object(v gjson.Result, read func(name string, v gjson.Result)) {
	d.wrong = d.wrong || !v.IsObject() && v.Type != gjson.Null
	if v.IsObject() {
		v.ForEach(func(name, v gjson.Result) bool {
			read(strings.ToLower(name.Str), v)
			return !d.wrong
		})
	}
}

// array calls a function for each element of an array. Null has none, and another value is wrong.
func (d *decoder) array(v gjson.Result, read func(gjson.Result)) {
	d.wrong = d.wrong || !v.IsArray() && v.Type != gjson.Null
	if v.IsArray() {
		v.ForEach(func(_, v gjson.Result) bool {
			read(v)
			return !d.wrong
		})
	}
}

// needed returns a string, or "" for null. Another value is wrong.
func (d *decoder) needed(v gjson.Result) string {
	d.wrong = d.wrong || v.Type != gjson.String && v.Type != gjson.Null
	return v.Str
}

// raw returns the JSON of an optional value, or "" for null.
func raw(v gjson.Result) string {
	if v.Type == gjson.Null {
		return ""
	}
	return v.Raw
}

// anything returns an optional value of any JSON type: a string, or the JSON of another value, or "" for null.
func anything(v gjson.Result) string {
	if v.Type == gjson.String {
		return v.Str
	}
	return raw(v)
}

const unknown = -1 // a count that the response doesn't have

// count returns an optional number. Anything but a whole number, 0 or more, is unknown.
func count(v gjson.Result) int {
	n, err := strconv.Atoi(v.Raw)
	if err != nil || n < 0 {
		return unknown
	}
	return n
}

// moment returns an optional time. Anything but RFC 3339 means the zero time.
func moment(v gjson.Result) time.Time {
	var t time.Time
	// In UTC, the first and the last hours of the calendar may be in a year that RFC 3339 can't express.
	if t.UnmarshalJSON([]byte(v.Raw)) != nil || t.UTC().Year() < 0 || t.UTC().Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// memberOf returns the string that a member of an object has, or "" if there is none. The name is in lower case.
func memberOf(data, name string) string {
	found, _ := decode(data, func(d *decoder, v gjson.Result) (found string) {
		d.object(v, func(n string, v gjson.Result) {
			if n == name {
				found = v.Str
			}
		})
		return found
	})
	return found
}
