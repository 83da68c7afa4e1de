package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
)

// variant is a body that may have been signed instead of the pasted one. It is tried with and without a line break at
// its end.
type variant struct {
	core    []byte // without the last line break
	newline string // the line break to try at the end
	ended   string // the line break at the end of the pasted body; "" for none
	codes   []FindingCode
	how     string // JSON style, for the evidence
}

// endCodes returns the variant's codes and those for the difference at the end of the body.
func (v variant) endCodes(withNewline bool) []FindingCode {
	codes := slices.Clone(v.codes)
	switch {
	case withNewline && v.ended == "":
		codes = append(codes, CodeMissingNewline)
	case !withNewline && v.ended != "":
		codes = append(codes, CodeTrailingNewline)
	case withNewline && v.ended != v.newline:
		codes = append(codes, lineEndCode(v.newline))
	}
	return sortCodes(codes)
}

// lineEndCode returns the code for a signed body with these line ends, where the pasted body has others.
func lineEndCode(newline string) FindingCode {
	if newline == "\n" {
		return CodeCRLF
	}
	return CodeLF
}

const byteOrderMark = "\ufeff"

// textVariants returns the body as it is, then with other line ends, then with or without a byte order mark.
func textVariants(body []byte) []variant {
	same := lineEndVariants(body, nil)
	if plain, ok := bytes.CutPrefix(body, []byte(byteOrderMark)); ok {
		return append(same, lineEndVariants(plain, []FindingCode{CodeBOM})...)
	}
	marked := append([]byte(byteOrderMark), body...)
	return append(same, lineEndVariants(marked, []FindingCode{CodeBOMMissing})...)
}

// lineEndVariants returns the body as it is, then with LF and with CRLF.
func lineEndVariants(body []byte, codes []FindingCode) []variant {
	core, ended := cutNewline(body)
	own := ended // the pasted body is tried unchanged even if its line ends are mixed
	switch {
	case own != "":
	case bytes.Contains(body, []byte("\r\n")):
		own = "\r\n"
	default:
		own = "\n"
	}
	variants := []variant{{core: core, newline: own, ended: ended, codes: codes}}
	lf := bytes.ReplaceAll(core, []byte("\r\n"), []byte("\n"))
	crlf := bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))
	for i, newline := range []string{"\n", "\r\n"} {
		other := [][]byte{lf, crlf}[i]
		v := variant{core: other, newline: newline, ended: ended, codes: codes}
		changed := !bytes.Equal(other, core)
		if changed {
			v.codes = append(slices.Clip(codes), lineEndCode(newline))
		}
		if changed || newline != own {
			variants = append(variants, v)
		}
	}
	return variants
}

func cutNewline(body []byte) (core []byte, ended string) {
	for _, newline := range []string{"\r\n", "\n"} {
		if core, ok := bytes.CutSuffix(body, []byte(newline)); ok {
			return core, newline
		}
	}
	return body, ""
}

// wrapped returns the bodies that the pasted one may contain in some encoding, and those of common bugs.
func wrapped(body []byte) []variant {
	variants := []variant{
		{core: nil, codes: []FindingCode{CodeSignedEmpty}},
		{core: []byte("[object Object]"), codes: []FindingCode{CodeSignedObject}},
	}
	add := func(core []byte, code FindingCode) {
		variants = append(variants, variant{core: core, newline: "\n", codes: []FindingCode{code}})
	}
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(body, []byte(byteOrderMark)))
	add(trimmed, CodeBlanksAround)
	if bytes.Contains(trimmed, []byte("\r\n")) {
		add(bytes.ReplaceAll(trimmed, []byte("\r\n"), []byte("\n")), CodeBlanksAround)
	}
	var text string
	if json.Unmarshal(trimmed, &text) == nil && text != "" {
		add([]byte(text), CodeBodyQuoted)
	}
	var event struct {
		Body string `json:"body"`
	}
	if json.Unmarshal(trimmed, &event) == nil && event.Body != "" {
		add([]byte(event.Body), CodeBodyWrapped)
	}
	if plain, err := base64.StdEncoding.DecodeString(string(trimmed)); err == nil && len(plain) > 0 {
		add(plain, CodeBodyBase64)
	}
	return variants
}
