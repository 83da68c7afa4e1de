package signature

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
)

// What Explain takes at most.
const (
	MaxBody      = 1 << 20  // bytes
	MaxSignature = 16 << 10 // bytes; room for all headers of a delivery
	MaxSecret    = 4 << 10  // bytes
)

// Input is what a person pasted. All of it is hidden when printed: the secret, the buyers in the body, and the
// signature too, since people confuse it with the secret.
type Input struct {
	Body      fourthwall.BuyerData
	Exact     bool              // Body is a file, byte for byte; else it came through a text area, which changes line ends
	Signature fourthwall.Secret // value of the header; its name, quotes and blanks may stand around it
	Secret    fourthwall.Secret
}

// Verdict is what Explain found out. It holds nothing of what was pasted.
type Verdict struct {
	Valid    bool
	Header   string   // ShopSignatureHeader, or AppSignatureHeader when that name stood before the value
	Form     BodyForm // of the body that was signed; "" unless Valid
	Summary  string   // one or two sentences for a person
	Findings []Finding
}

// Finding is a reason why a signature is not valid, or a remark on a valid one. A verdict that is not valid has at
// least one; the surest come first.
type Finding struct {
	Code     FindingCode
	Title    string // a few words
	Text     string // for a person: what happened, why, and what to do
	Evidence string // what was tried or seen that makes it certain; "" when it is only likely
}

// BodyForm says how the signed body differs from the one that came.
type BodyForm string

// The forms of a body in which its signature counts as valid. All but the first occur only for text areas, since nobody
// can see there which line ends the body had, or whether it ended with one.
const (
	FormAsReceived       BodyForm = "as-received"
	FormLF               BodyForm = "lf"
	FormWithoutNewline   BodyForm = "without-final-newline"
	FormWithNewline      BodyForm = "with-final-newline"
	FormLFWithoutNewline BodyForm = "lf-without-final-newline"
	FormLFWithNewline    BodyForm = "lf-with-final-newline"
)

// Text returns the form in words that end the sentence "The signature was made for the body …".
func (f BodyForm) Text() string {
	switch f {
	case FormLF:
		return "with plain line breaks (LF), as it was before your browser sent it with CRLF"
	case FormWithoutNewline:
		return "without the line break at its end"
	case FormWithNewline:
		return "with one more line break at its end"
	case FormLFWithoutNewline:
		return "with plain line breaks (LF) and without the one at its end"
	case FormLFWithNewline:
		return "with plain line breaks (LF) and one more at its end"
	case FormAsReceived:
	}
	return "exactly as it stands here"
}

// Explain tells whether a signature fits a body and a secret, and if not, why not. It tries a bounded number of mistakes
// that people make, one by one and in common combinations, always the same ones in the same order. It takes about half a
// second for the worst of the largest bodies, and far less for a common one.
//
// Where the headers of both the shop and the app were pasted, the shop's counts, unless only the app's is valid.
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
		v.Summary = "There is nothing to check yet."
		v.Findings = hints(codes...)
		return v
	}
	s := newSearch(in, pasted)
	if m, ok := s.run(); ok {
		s.explain(&v, m)
	} else {
		s.guess(&v)
	}
	return v
}

// unusable names every field that is empty or too large.
func unusable(in Input, pasted header) []FindingCode {
	var codes []FindingCode
	add := func(broken bool, code FindingCode) {
		if broken {
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

// explain turns what made the signature match into a verdict.
func (s *search) explain(v *Verdict, m match) {
	if form, ok := s.validForm(m.codes); ok {
		v.Valid, v.Form = true, form
		v.Summary = "The signature is valid: it was made with this secret, for the body " + form.Text() + "."
		if s.pasted.named == namedOther {
			v.Findings = hints(CodeUnknownHeader)
		}
		return
	}
	v.Findings = reasons(m)
	v.Summary = "The signature is not valid as it stands, but it is clear why: it matches once this is put right."
	if n := len(v.Findings); n > 1 {
		v.Summary = fmt.Sprintf("The signature is not valid as it stands, but it is clear why: "+
			"it matches once these %d points are put right together.", n)
	}
}

// validForm returns the form of the body that differs by these codes, if such a difference may be passed over.
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

// guess fills the verdict for a signature that nothing made match.
func (s *search) guess(v *Verdict) {
	v.Summary = "Nothing that was tried makes it fit."
	switch s.pasted.named {
	case namedApp:
		v.Findings = append(v.Findings, finding(CodeAppHeader, "The name "+AppSignatureHeader+" stands in front of the value."))
	case namedOther:
		v.Findings = append(v.Findings, finding(CodeUnknownHeader, ""))
	case namedNone, namedShop:
	}
	shape, fits := s.shape()
	v.Findings = append(v.Findings, shape...)
	v.Findings = append(v.Findings, hints(secretHints(s.secret)...)...)
	if !fits || s.pasted.named == namedApp {
		return
	}
	v.Findings = append(v.Findings, hints(s.bodyHints()...)...)
	if s.cut {
		v.Findings = append(v.Findings, finding(CodeSearchCut, ""))
	}
	v.Findings = append(v.Findings, finding(CodeSecretOrBody, ""))
}

// shape says what is wrong with the signature itself, and whether it could be that of any body at all.
func (s *search) shape() ([]Finding, bool) {
	if len(s.readings) == 0 {
		return []Finding{finding(CodeNotBase64, "")}, false
	}
	r := s.readings[0]
	code, wrong := lengthCode(len(r.mac))
	var found []Finding
	for _, spelling := range r.codes {
		// Something of the wrong length is more likely something else than badly padded.
		if code != CodeWrongLength || spelling == CodeHex || spelling == CodeBase64OfHex {
			found = append(found, finding(spelling, "Seen in what was pasted. Put right, the signature does not match either."))
		}
	}
	if wrong {
		seen := fmt.Sprintf("It has %d bytes; an HMAC-SHA256 has 32.", len(r.mac))
		found = append(found, finding(code, seen))
	}
	return found, !wrong
}

func lengthCode(size int) (code FindingCode, wrong bool) {
	if size == 32 {
		return "", false
	}
	for _, a := range otherAlgorithms {
		if a.size == size {
			return a.code, true
		}
	}
	return CodeWrongLength, true
}

// secretHints names what is odd about a secret; none of it is certain.
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
	case len(tidy) < shortSecret:
		codes = append(codes, CodeSecretShort)
	}
	if strings.ContainsAny(tidy, " \t\r\n") {
		codes = append(codes, CodeSecretGap)
	}
	return codes
}

// shortSecret is a length in bytes below which a secret is likely cut off. Fourthwall does not say how long its
// secrets are, so this is never more than a hint.
const shortSecret = 16

func hasIDPrefix(text string) bool {
	return slices.ContainsFunc([]string{"wcon_", "weve_", "sh_", "http://", "https://"}, func(prefix string) bool {
		return strings.HasPrefix(text, prefix)
	})
}

// bodyHints names what is odd about the body; none of it is certain.
func (s *search) bodyHints() []FindingCode {
	var codes []FindingCode
	if !s.isJSON {
		codes = append(codes, CodeBodyNotJSON)
	}
	if !s.exact && bytes.Contains(bytes.TrimSpace(s.body), []byte("\n")) {
		codes = append(codes, CodeLineEndsUnknown)
	}
	return codes
}
