package signature

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// windows1252 has the characters of the bytes 0x80 to 0x9f; 0 for those that have none.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// isASCII reports whether no character encoding can change the text.
func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// fromLatin1 reads each byte as a character, those from 0x80 to 0x9f as Windows-1252 if windows is set.
func fromLatin1(text []byte, windows bool) []byte {
	var out []byte
	for _, c := range text {
		r := rune(c)
		if windows && c >= 0x80 && c < 0xa0 && windows1252[c-0x80] != 0 {
			r = windows1252[c-0x80]
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// toLatin1 writes each character as a byte. A character without one becomes other, or is lost if that is 0. It returns
// lost if there was such a character.
func toLatin1(text []byte, windows bool, other byte) (out []byte, lost bool) {
	for _, r := range string(text) {
		c, ok := latin1Byte(r, windows)
		if ok {
			out = append(out, c)
			continue
		}
		lost = true
		if other != 0 {
			out = append(out, other)
		}
	}
	return out, lost
}

func latin1Byte(r rune, windows bool) (byte, bool) {
	if windows {
		for i, known := range windows1252 {
			if known == r && r != 0 {
				return byte(0x80 + i), true
			}
		}
	}
	return byte(r & 0xff), r <= 0xff
}

// lowBytes writes the low byte of each UTF-16 unit, as Node.js does for "latin1", "binary" and "ascii".
func lowBytes(text []byte) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(string(text))) {
		out = append(out, byte(unit&0xff))
	}
	return out
}

// utf16Orders are the byte orders of UTF-16.
var utf16Orders = []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian}

// toUTF16 encodes the text as UTF-16.
func toUTF16(text []byte, order binary.AppendByteOrder) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(string(text))) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

// fromUTF16 decodes UTF-16 with or without a byte order mark. It returns nil for text that isn't UTF-16.
func fromUTF16(text []byte) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(text, []byte{0xff, 0xfe}):
		text = text[2:]
	case bytes.HasPrefix(text, []byte{0xfe, 0xff}):
		order, text = binary.BigEndian, text[2:]
	case len(text) < 2 || bytes.Count(text, []byte{0}) < len(text)/4:
		return nil
	case text[0] == 0:
		order = binary.BigEndian
	}
	var units []uint16
	for ; len(text) >= 2; text = text[2:] {
		units = append(units, order.Uint16(text))
	}
	return []byte(string(utf16.Decode(units)))
}

// replaced returns the text with each character beyond ASCII replaced. repeat returns how often the replacement is
// written for a character.
func replaced(text []byte, replacement string, repeat func(r rune) int) []byte {
	var out []byte
	for _, r := range string(text) {
		if r < utf8.RuneSelf {
			out = utf8.AppendRune(out, r)
			continue
		}
		for range repeat(r) {
			out = append(out, replacement...)
		}
	}
	return out
}

// escapedAs returns the text with each character beyond ASCII written by its number, as Python's error handlers do.
func escapedAs(text []byte, write func(r rune) string) []byte {
	var b strings.Builder
	for _, r := range string(text) {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
		} else {
			b.WriteString(write(r))
		}
	}
	return []byte(b.String())
}

func perCharacter(rune) int { return 1 }
func perUnit(r rune) int    { return utf16.RuneLen(r) }
func perByte(r rune) int    { return utf8.RuneLen(r) }
func never(rune) int        { return 0 }

func numbered(r rune) string { return "&#" + strconv.Itoa(int(r)) + ";" }

func backslashed(r rune) string {
	quoted := strings.Trim(strconv.QuoteRuneToASCII(r), "'")
	if r <= 0xff {
		return `\x` + strconv.FormatInt(int64(r), 16)
	}
	return quoted
}

// signedAs returns the texts that a program may have signed in place of this one because of character encodings.
func signedAs(text []byte) []conversion {
	var all []conversion
	add := func(code FindingCode, texts ...[]byte) {
		for _, t := range texts {
			all = append(all, conversion{text: t, code: code})
		}
	}
	if !utf8.Valid(text) {
		add(CodeReplaced, []byte(strings.ToValidUTF8(string(text), "\ufffd")), bytes.ToValidUTF8(text, nil),
			invalidReplaced(text, "\ufffd"), invalidReplaced(text, "?"))
		return all
	}
	for _, windows := range []bool{false, true} {
		for _, other := range []byte{'?', 0} {
			out, _ := toLatin1(text, windows, other)
			add(CodeSignedLatin1, out)
		}
		once := fromLatin1(text, windows)
		add(CodeSignedMojibake, once, fromLatin1(once, windows))
	}
	add(CodeSignedLatin1, lowBytes(text))
	add(CodeSignedASCII, replaced(text, "?", perCharacter), replaced(text, "?", perUnit), replaced(text, "?", perByte),
		replaced(text, "", never), escapedAs(text, numbered), escapedAs(text, backslashed))
	add(CodeReplaced, replaced(text, "\ufffd", perCharacter), replaced(text, "\ufffd", perByte),
		replaced(text, "\ufffd", perUnit))
	return all
}

// invalidReplaced returns the text with each byte that isn't UTF-8 replaced.
func invalidReplaced(text []byte, replacement string) []byte {
	var out []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 {
			out = append(out, replacement...)
		} else {
			out = append(out, text[:size]...)
		}
		text = text[size:]
	}
	return out
}

// signedUTF16 returns the text in UTF-16 with either byte order, with and without a byte order mark.
func signedUTF16(text []byte) []conversion {
	var all []conversion
	for _, order := range utf16Orders {
		plain := toUTF16(text, order)
		for _, t := range [][]byte{plain, append(order.AppendUint16(nil, 0xfeff), plain...)} {
			all = append(all, conversion{text: t, code: CodeSignedUTF16})
		}
	}
	return all
}

// repairedCharset returns the text in UTF-8 if its bytes were read or saved in another encoding.
func repairedCharset(text []byte) []conversion {
	if plain := fromUTF16(text); plain != nil {
		return []conversion{{text: bytes.TrimPrefix(plain, []byte(byteOrderMark)), code: CodeUTF16}}
	}
	if isASCII(text) {
		return nil
	}
	var all []conversion
	for _, windows := range []bool{true, false} {
		if !utf8.Valid(text) {
			all = append(all, conversion{text: fromLatin1(text, windows), code: CodeLatin1})
			continue
		}
		if plain, lost := toLatin1(text, windows, 0); !lost && utf8.Valid(plain) {
			all = append(all, conversion{text: plain, code: CodeMojibake})
		}
	}
	return all
}
