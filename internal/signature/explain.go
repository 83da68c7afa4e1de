package signature

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"hookwall/internal/fourthwall"
	"hookwall/internal/lazyregexp"
)

// Limits of what Explain accepts.
const (
	MaxBody      = 1 << 20  // bytes
	MaxSignature = 16 << 10 // bytes; enough for all headers of a delivery
	MaxSecret    = 4 << 10  // bytes
)

// Input is what a person pasted. All of it is redacted when printed: the secret, customers' data in the body, and the
// signature too, since people confuse it with the secret.
type Input struct {
	Body      fourthwall.BuyerData
	Exact     bool              // Body has the bytes of a file; a text area changes line ends
	Signature fourthwall.Secret // value of the header; the header's name, quotes and spaces around it are ignored
	Secret    fourthwall.Secret
}

// Verdict is the result of Explain. It has no text of what was pasted.
type Verdict struct {
	Valid    bool
	Header   string   // ShopSignatureHeader, or AppSignatureHeader if that name was pasted with the value
	Form     BodyForm // of the body that was signed; "" unless Valid
	Summary  string   // one or two sentences for a person
	Findings []Finding
}

// Finding is a reason why a signature isn't valid, or a remark on a valid one. A verdict that isn't valid has at least
// one; certain ones come first.
type Finding struct {
	Code     FindingCode
	Title    string // a few words
	Text     string // for a person: what happened, why, and what to do
	Evidence string // what makes the finding certain; "" if it is only likely
}

// BodyForm is how the signed body differs from the pasted one.
type BodyForm string

// The forms of a body whose signature is valid. All but the first occur for text areas only: browsers change line ends,
// and people can't see whether a body ends with a line break.
const (
	FormAsReceived       BodyForm = "as-received"
	FormLF               BodyForm = "lf"
	FormWithoutNewline   BodyForm = "without-final-newline"
	FormWithNewline      BodyForm = "with-final-newline"
	FormLFWithoutNewline BodyForm = "lf-without-final-newline"
	FormLFWithNewline    BodyForm = "lf-with-final-newline"
)

// Explain checks the signature of a body and explains why it isn't valid. It tries a bounded number of common mistakes,
// alone and combined, always in the same order. The worst body of MaxBody bytes takes about a second, a common one
// far less.
//
// If the headers of both the shop and the app were pasted, the verdict is about the shop's, unless only the app's is
// valid.
func Explain(in Input) Verdict {
	pasted := readHeaders(in.Signature.Reveal())
	first := explainWith(in, pasted[0])
	for _, other := range pasted[1:] {
		if first.Valid {
			break
		}
		if v := explainWith(in, other); v.Valid {
			return v
		}
	}
	return first
}

func explainWith(in Input, pasted header) Verdict {
	v := Verdict{Header: ShopSignatureHeader}
	if pasted.named == namedApp {
		v.Header = AppSignatureHeader
	}
	if codes := unusable(in, pasted); len(codes) > 0 {
		v.Summary = summaryNothingToCheck
		v.Findings = hints(codes...)
		return v
	}
	s := newSearch(in, pasted)
	if m, ok := s.run(); ok {
		s.explainMatch(&v, m)
	} else {
		s.explainMismatch(&v)
	}
	return v
}

// unusable returns a code for every field that is empty or too large.
func unusable(in Input, pasted header) []FindingCode {
	var codes []FindingCode
	add := func(unusable bool, code FindingCode) {
		if unusable {
			codes = append(codes, code)
		}
	}
	add(strings.TrimSpace(in.Body.Reveal()) == "", CodeEmptyBody)
	add(len(in.Body) > MaxBody, CodeBodyTooLarge)
	add(pasted.value == "", CodeEmptySignature)
	add(len(in.Signature) > MaxSignature, CodeSignatureTooLong)
	add(tidySecret(in.Secret.Reveal()) == "", CodeEmptySecret)
	add(len(in.Secret) > MaxSecret, CodeSecretTooLong)
	return codes
}

// explainMatch fills the verdict for a signature that matches, perhaps after mistakes are fixed.
func (s *search) explainMatch(v *Verdict, m match) {
	if form, ok := s.validForm(m.codes); ok {
		v.Valid, v.Form = true, form
		v.Summary = summaryValid(form)
		if s.pasted.named == namedOther {
			v.Findings = hints(CodeUnknownHeader)
		}
		return
	}
	v.Findings = reasons(m)
	v.Summary = summaryMistakes(len(v.Findings))
}

// validForm returns the form of a body with these differences. It returns false if they make the signature invalid.
func (s *search) validForm(codes []FindingCode) (BodyForm, bool) {
	if len(codes) == 0 {
		return FormAsReceived, true
	}
	if s.exact {
		return "", false
	}
	var parts []string
	for _, code := range codes {
		switch code {
		case CodeCRLF:
			parts = append(parts, "lf")
		case CodeTrailingNewline:
			parts = append(parts, "without-final-newline")
		case CodeMissingNewline:
			parts = append(parts, "with-final-newline")
		default:
			return "", false
		}
	}
	return BodyForm(strings.Join(parts, "-")), true
}

// explainMismatch fills the verdict for a signature that nothing made match.
func (s *search) explainMismatch(v *Verdict) {
	v.Summary = summaryNoMatch
	switch s.pasted.named {
	case namedApp:
		v.Findings = append(v.Findings, finding(CodeAppHeader, evidenceAppName))
	case namedOther:
		v.Findings = append(v.Findings, finding(CodeUnknownHeader, ""))
	case namedNone, namedShop:
	}
	wrong, possible := s.checkShape()
	v.Findings = append(v.Findings, wrong...)
	v.Findings = append(v.Findings, hints(secretHints(s.secret)...)...)
	if !possible || s.pasted.named == namedApp {
		return
	}
	v.Findings = append(v.Findings, hints(s.bodyHints()...)...)
	if s.cut {
		v.Findings = append(v.Findings, finding(CodeSearchCut, ""))
	}
	v.Findings = append(v.Findings, finding(CodeSecretOrBody, ""))
}

// checkShape returns what is wrong with the signature itself, and whether it can be the signature of any body at all.
func (s *search) checkShape() (wrong []Finding, possible bool) {
	if len(s.readings) == 0 {
		return []Finding{finding(CodeNotBase64, "")}, false
	}
	r := s.readings[0]
	code, badLength := lengthCode(len(r.mac))
	for _, spelling := range r.codes {
		// Text of the wrong length is more likely something else than a badly spelled signature.
		if code != CodeWrongLength || spelling == CodeHex || spelling == CodeBase64OfHex {
			wrong = append(wrong, finding(spelling, evidenceSpelling))
		}
	}
	if badLength {
		wrong = append(wrong, finding(code, evidenceLength(len(r.mac))))
	}
	return wrong, !badLength
}

// lengthCode returns the finding for a signature of this many bytes. wrong is false if the length is right.
func lengthCode(size int) (code FindingCode, wrong bool) {
	if size == len(Signature{}) {
		return "", false
	}
	for _, a := range otherAlgorithms {
		if a.size == size {
			return a.code, true
		}
	}
	return CodeWrongLength, true
}

// secretHints returns what looks wrong about a secret; none of it is certain.
func secretHints(secret string) []FindingCode {
	if named := readHeader(secret).named; named == namedShop || named == namedApp {
		return []FindingCode{CodeSwapped}
	}
	tidy := tidySecret(secret)
	var codes []FindingCode
	switch {
	case strings.Contains(tidy, "•") || strings.Contains(tidy, "***") || strings.Contains(tidy, "…") ||
		strings.HasSuffix(tidy, "..."):
		codes = append(codes, CodeSecretMasked)
	case hasIDPrefix(tidy):
		codes = append(codes, CodeSecretIsID)
	case len(namedSecrets(secret)) > 0 && looksNamed().MatchString(secret):
		return []FindingCode{CodeSecretNamed}
	case len(tidy) < shortSecret:
		codes = append(codes, CodeSecretShort)
	}
	if strings.ContainsAny(tidy, " \t\r\n") {
		codes = append(codes, CodeSecretGap)
	}
	return codes
}

// looksNamed matches text that names the secret, as in NAME=secret.
var looksNamed = lazyregexp.New(`(?i)^[\s{]*(export|set|setx|const|let|var)\s|` +
	`(secret|hmac|key)\w*["']?\s*(=>|:=|=|:)`)

// shortSecret is the length in bytes below which a secret is probably cut off. Fourthwall doesn't document the length
// of its secrets, so this is only a hint.
const shortSecret = 16

func hasIDPrefix(text string) bool {
	return slices.ContainsFunc([]string{"wcon_", "weve_", "sh_", "http://", "https://"}, func(prefix string) bool {
		return strings.HasPrefix(text, prefix)
	})
}

// bodyHints returns what looks wrong about the body; none of it is certain.
func (s *search) bodyHints() []FindingCode {
	codes := s.formHints()
	if code := charsetHint(s.body); code != "" {
		codes = append(codes, code)
	}
	if !s.exact && bytes.Contains(bytes.TrimSpace(s.body), []byte("\n")) {
		codes = append(codes, CodeLineEndsUnknown)
	}
	return sortCodes(codes)
}

// printedObject matches objects whose text can't be turned into JSON.
var printedObject = lazyregexp.New(`^\s*(Array\s*\(|stdClass|map\[|#<|` +
	`array\(|object\(|\[object |\{?[\w.]+\{\w+[:=])`)

// formHints returns what the body looks like if it isn't JSON.
func (s *search) formHints() []FindingCode {
	if s.isJSON {
		return nil
	}
	for _, t := range s.unwrapped {
		if json.Valid(t.text) && bytes.ContainsAny(t.text, "{[") {
			return t.codes
		}
	}
	switch {
	case bytes.Contains(s.body, []byte("<Buffer ")):
		return []FindingCode{CodeBodyBytes}
	case printedObject().Match(s.body) || dictionaryLook().Match(s.body):
		return []FindingCode{CodeBodyParsed}
	}
	return []FindingCode{CodeBodyNotJSON}
}

// charsetHint returns what looks wrong about the letters of a body, or "". It never finds anything in plain ASCII.
func charsetHint(body []byte) FindingCode {
	switch {
	case isASCII(body):
		return ""
	case bytes.HasPrefix(body, []byte{0xff, 0xfe}) || bytes.HasPrefix(body, []byte{0xfe, 0xff}):
		return CodeUTF16
	case !utf8.Valid(body):
		return CodeLatin1
	case bytes.Contains(body, []byte("\ufffd")):
		return CodeReplacement
	}
	plain, lost := toLatin1(body, true, 0)
	if !lost && utf8.Valid(plain) && !isASCII(plain) {
		return CodeMojibake
	}
	return ""
}
