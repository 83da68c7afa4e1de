package signature

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// headerName is what stood before a pasted value.
type headerName int

const (
	namedNone headerName = iota
	namedShop
	namedApp
	namedOther
)

// header is a pasted signature without what may stand around it.
type header struct {
	named headerName
	value string
}

// readHeader finds the value in what was pasted: the value alone, a header line, a line of code or of a log that has
// one, or all headers of a delivery, in which the shop's comes first.
func readHeader(text string) header {
	return readHeaders(text)[0]
}

// readHeaders finds the values of all of Fourthwall's headers, in the order in which they are tried; at least one.
func readHeaders(text string) []header {
	if len(text) > MaxSignature {
		text = text[:MaxSignature]
	}
	plain := plainNames(text)
	var all []header
	for _, known := range []struct {
		name  string
		named headerName
	}{{ShopSignatureHeader, namedShop}, {AppSignatureHeader, namedApp}} {
		if i := strings.Index(plain, strings.ToLower(known.name)); i >= 0 {
			all = append(all, header{named: known.named, value: valueAfter(text[i+len(known.name):])})
		}
	}
	if len(all) > 0 {
		return all
	}
	value := tidy(text)
	if name, rest, ok := strings.Cut(value, ":"); ok && isOtherName(name) {
		return []header{{named: namedOther, value: tidy(rest)}}
	}
	return []header{{value: value}}
}

// plainNames writes text as the names of headers stand in it: in lower case, and with the dashes that CGI turns into
// underscores. It keeps every byte where it is.
func plainNames(text string) string {
	plain := []byte(text)
	for i, c := range plain {
		switch {
		case c >= 'A' && c <= 'Z':
			plain[i] = c + 'a' - 'A'
		case c == '_':
			plain[i] = '-'
		}
	}
	return string(plain)
}

// valueAfter returns the value that follows a header's name, up to the end of its line or its closing quote.
func valueAfter(rest string) string {
	rest = strings.TrimLeft(rest, "\"'`]=>: \t\r\n")
	if end := strings.IndexAny(rest, "\r\n\"'`,;"); end >= 0 {
		rest = rest[:end]
	}
	return tidy(rest)
}

func isOtherName(name string) bool {
	name = tidy(name)
	if _, isAlgorithm := cutAlgorithm(name + "="); isAlgorithm || name == "" {
		return false
	}
	for _, r := range name {
		if !isLetter(r) && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return isLetter(rune(name[0]))
}

func isLetter(r rune) bool { return (r|0x20) >= 'a' && (r|0x20) <= 'z' }

// around is what people paste around a value without seeing it: blanks, marks without width, quotes, and the comma or
// semicolon of a line of code.
const (
	blanksAround = " \t\r\n\v\f\u00a0\u200b\u200c\u200d\u2060\ufeff"
	quotesAround = "\"'`“”‘’«»"
	around       = blanksAround + quotesAround + ",;"
)

func tidy(text string) string { return strings.Trim(text, around) }

func tidySecret(text string) string { return strings.Trim(text, blanksAround+quotesAround) }

// reading is one way to read a pasted signature: the bytes, and what was wrong with their spelling.
type reading struct {
	mac   []byte
	codes []FindingCode
}

// readings returns the ways in which the value can be read, at most four.
func readings(value string) []reading {
	var codes []FindingCode
	if rest, ok := cutAlgorithm(value); ok {
		value, codes = rest, append(codes, CodePrefix)
	}
	if plain, err := url.PathUnescape(value); err == nil && plain != value {
		value, codes = plain, append(codes, CodePercentEncoded)
	}
	if !strings.ContainsAny(value, " \t\r\n") {
		return decodings(value, codes)
	}
	plus := decodings(strings.ReplaceAll(value, " ", "+"), append(slices.Clip(codes), CodePlusLost))
	joined := strings.Join(strings.Fields(value), "")
	return append(decodings(joined, append(slices.Clip(codes), CodeBlanksInside)), plus...)
}

// cutAlgorithm cuts the name of an algorithm or a version off a value, as in "sha256=…" or "v1=…".
func cutAlgorithm(value string) (string, bool) {
	end := strings.IndexAny(value, "=:")
	if end < 0 {
		return value, false
	}
	name := strings.NewReplacer("hmac", "", "-", "", "_", "").Replace(strings.ToLower(value[:end]))
	known := []string{"sha256", "sha1", "sha512", "sha384", "md5", "v0", "v1", "signature", "base64", "hex"}
	return value[end+1:], slices.Contains(known, name)
}

// shortestMAC is the number of bytes from which on the beginning of a signature is taken for one that was cut off.
const shortestMAC = 12

// decodings reads text without blanks as hexadecimal digits, or else as base64 of any kind.
func decodings(text string, codes []FindingCode) []reading {
	codes = slices.Clip(codes)
	if mac, err := hex.DecodeString(strings.TrimPrefix(text, "0x")); err == nil && len(mac) >= shortestMAC {
		return []reading{{mac, append(codes, CodeHex)}}
	}
	if strings.ContainsAny(text, "-_") {
		text, codes = strings.NewReplacer("-", "+", "_", "/").Replace(text), append(codes, CodeURLSafe)
	}
	bare := strings.TrimRight(text, "=")
	if len(text)%4 != 0 || len(text)-len(bare) > 2 {
		codes = append(codes, CodePadding)
	}
	mac, err := base64.RawStdEncoding.DecodeString(bare)
	if err != nil || len(mac) == 0 {
		return nil
	}
	if digits, err := hex.DecodeString(string(mac)); err == nil && len(digits) >= shortestMAC {
		return []reading{{digits, append(slices.Clip(codes), CodeBase64OfHex)}}
	}
	if base64.RawStdEncoding.EncodeToString(mac) != bare {
		codes = append(codes, CodeSpareBits)
	}
	return []reading{{mac, codes}}
}
