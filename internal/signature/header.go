package signature

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/unseen"
)

// headerName is the kind of name that was pasted before a value.
type headerName int

const (
	namedNone headerName = iota
	namedShop
	namedApp
	namedOther
)

// header is the name and the value of a pasted signature.
type header struct {
	named headerName
	value string
	codes []FindingCode // what is wrong around the value
}

// readHeader finds the signature in pasted text: a value alone, a header line, a line of code or of a log with a
// header, all headers of a delivery, or a value in the middle of anything. The shop's header comes before the app's.
func readHeader(text string) header {
	return readHeaders(text)[0]
}

// readHeaders is readHeader for all of Fourthwall's signature headers, in the order in which they are tried. It returns
// at least one header.
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
			rest := text[i+len(known.name):]
			h := header{named: known.named, value: valueAfter(rest)}
			all = append(all, h.searched(untilName(rest))[0])
		}
	}
	if len(all) > 0 {
		return all
	}
	value := tidy(text)
	_, isList := listedMAC(value)
	if name, rest, ok := strings.Cut(value, ":"); ok && isOtherName(name) && !isList {
		return header{named: namedOther, value: tidy(rest)}.searched(rest)[:1]
	}
	return header{value: value}.searched(text)
}

// untilName returns the text up to the next name of a signature header.
func untilName(text string) string {
	if i := strings.Index(plainNames(text), "x-fourthwall-hmac-"); i >= 0 {
		return text[:i]
	}
	return text
}

// plainNames returns text in lower case, with dashes for the underscores that CGI writes in names of headers. Every
// byte keeps its position.
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

// valueAfter returns the value after a header's name, up to the end of the line or the closing quote.
func valueAfter(rest string) string {
	rest = strings.TrimLeft(rest, "\"'`]=>: \t\r\n")
	if end := strings.IndexAny(rest, "\r\n\"'`,;"); end >= 0 {
		rest = rest[:end]
	}
	return tidy(rest)
}

// isOtherName reports whether name looks like the name of a header, and not of an algorithm.
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

// What people paste around a value unintentionally: what can't be seen, quotes, and the comma or semicolon of a line
// of code.
const (
	quotesAround = "\"'`“”‘’«»"
	around       = quotesAround + ",;"
)

func tidy(text string) string { return trim(text, around) }

func tidySecret(text string) string { return trim(text, quotesAround) }

func trim(text, cutset string) string {
	return strings.TrimFunc(text, func(r rune) bool { return unseen.Is(r) || strings.ContainsRune(cutset, r) })
}

// reading is one way to decode a pasted signature.
type reading struct {
	mac   []byte
	codes []FindingCode // what is wrong with the spelling
}

// readings returns the ways to decode a value, at most four.
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

// readings returns the ways to decode the value.
func (h header) readings() []reading {
	all := readings(h.value)
	for i := range all {
		all[i].codes = append(slices.Clip(h.codes), all[i].codes...)
	}
	return all
}

// cutAlgorithm returns the value without the name of an algorithm or a version, as in "sha256=…" or
// "v1=…". It returns false if there is none.
func cutAlgorithm(value string) (string, bool) {
	end := strings.IndexAny(value, "=:")
	if end < 0 {
		return value, false
	}
	name := strings.NewReplacer("hmac", "", "-", "", "_", "").Replace(strings.ToLower(value[:end]))
	known := []string{"sha256", "sha1", "sha512", "sha384", "md5", "v0", "v1", "signature", "base64", "hex"}
	return value[end+1:], slices.Contains(known, name)
}

// shortestMAC is the least number of bytes that count as a signature that was cut off.
const shortestMAC = 12

// decodings decodes text without spaces as hexadecimal digits, or else as base64 of any kind.
func decodings(text string, codes []FindingCode) []reading {
	codes = slices.Clip(codes)
	if mac, err := hex.DecodeString(strings.TrimPrefix(text, "0x")); err == nil && len(mac) >= shortestMAC {
		digits := reading{mac, append(codes, CodeHex)}
		if len(text) == encodedLength {
			return append(base64Decodings(text, codes), digits) // more likely base64 that happens to have these letters
		}
		return []reading{digits}
	}
	return base64Decodings(text, codes)
}

// encodedLength is the number of characters of a signature in base64.
const encodedLength = 44

// base64Decodings decodes text as base64 of any kind.
func base64Decodings(text string, codes []FindingCode) []reading {
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
	if inner, err := base64.StdEncoding.DecodeString(string(mac)); err == nil && len(inner) == len(Signature{}) {
		return []reading{{inner, append(slices.Clip(codes), CodeBase64Twice)}}
	}
	if base64.RawStdEncoding.EncodeToString(mac) != bare {
		codes = append(codes, CodeSpareBits)
	}
	return []reading{{mac, codes}}
}
