package signature

import (
	"slices"
	"strings"
)

// FindingCode identifies a kind of finding. Codes are stable; their texts may change.
type FindingCode string

// The codes, in the order in which a verdict lists the findings.
const (
	// Nothing to check.
	CodeEmptyBody        FindingCode = "empty-body"
	CodeBodyTooLarge     FindingCode = "body-too-large"
	CodeEmptySignature   FindingCode = "empty-signature"
	CodeSignatureTooLong FindingCode = "signature-too-long"
	CodeEmptySecret      FindingCode = "empty-secret"
	CodeSecretTooLong    FindingCode = "secret-too-long"

	// Something else was pasted.
	CodeAppHeader     FindingCode = "app-header"
	CodeUnknownHeader FindingCode = "unknown-header"
	CodeSwapped       FindingCode = "secret-and-signature-swapped"

	// How the signature is spelled.
	CodePrefix         FindingCode = "prefix"
	CodePercentEncoded FindingCode = "percent-encoded"
	CodeEscaped        FindingCode = "escaped"
	CodeInvisible      FindingCode = "invisible-characters"
	CodeDoubled        FindingCode = "signature-doubled"
	CodePlusLost       FindingCode = "plus-lost"
	CodeBlanksInside   FindingCode = "blanks-inside"
	CodeHex            FindingCode = "hex"
	CodeBase64OfHex    FindingCode = "base64-of-hex"
	CodeBase64Twice    FindingCode = "base64-twice"
	CodeSignatureBytes FindingCode = "signature-bytes"
	CodeURLSafe        FindingCode = "url-safe-base64"
	CodePadding        FindingCode = "padding"
	CodeSpareBits      FindingCode = "last-character"
	CodeTruncated      FindingCode = "truncated"
	CodeNotBase64      FindingCode = "not-base64"

	// How it was computed.
	CodeMD5              FindingCode = "md5"
	CodeSHA1             FindingCode = "sha1"
	CodeSHA384           FindingCode = "sha384"
	CodeSHA512           FindingCode = "sha512"
	CodeWrongLength      FindingCode = "wrong-length"
	CodePlainSHA256      FindingCode = "plain-sha256"
	CodeSecretGlued      FindingCode = "sha256-with-secret"
	CodeArgumentsSwapped FindingCode = "arguments-swapped"

	// The secret.
	CodeSecretBlanks        FindingCode = "secret-blanks"
	CodeSecretQuotes        FindingCode = "secret-quotes"
	CodeSecretNamed         FindingCode = "secret-with-name"
	CodeSecretInText        FindingCode = "secret-in-text"
	CodeSecretEncoded       FindingCode = "secret-encoded"
	CodeSecretHexDecoded    FindingCode = "secret-hex-decoded"    //nolint:gosec // a code, not a secret
	CodeSecretBase64Decoded FindingCode = "secret-base64-decoded" //nolint:gosec // a code, not a secret
	CodeSecretNewline       FindingCode = "secret-newline"
	CodeSecretMasked        FindingCode = "secret-masked"
	CodeSecretIsID          FindingCode = "secret-is-id"
	CodeSecretShort         FindingCode = "secret-short"
	CodeSecretGap           FindingCode = "secret-gap"

	// The body.
	CodeSignedEmpty     FindingCode = "signed-empty-body"
	CodeSignedObject    FindingCode = "signed-object"
	CodeJSONRewritten   FindingCode = "json-rewritten"
	CodeBodyQuoted      FindingCode = "body-quoted"
	CodeBodyWrapped     FindingCode = "body-wrapped"
	CodeBodyBase64      FindingCode = "body-base64"
	CodeBodyRequest     FindingCode = "body-in-request"
	CodeBodyCurl        FindingCode = "body-in-command"
	CodeBodyForm        FindingCode = "body-in-form"
	CodeBodyHTML        FindingCode = "body-in-html"
	CodeBodyBytes       FindingCode = "body-bytes"
	CodeBodyLiteral     FindingCode = "body-literal"
	CodeBodyParsed      FindingCode = "body-parsed"
	CodeBodyTypography  FindingCode = "body-smart-quotes"
	CodeBodyInvisible   FindingCode = "body-invisible-characters"
	CodeBodySurrounded  FindingCode = "body-surrounded"
	CodeUTF16           FindingCode = "utf-16"
	CodeLatin1          FindingCode = "latin-1"
	CodeMojibake        FindingCode = "mojibake"
	CodeReplacement     FindingCode = "replacement-characters"
	CodeSignedUTF16     FindingCode = "signed-utf-16"
	CodeSignedLatin1    FindingCode = "signed-latin-1"
	CodeSignedMojibake  FindingCode = "signed-mojibake"
	CodeSignedASCII     FindingCode = "signed-ascii"
	CodeReplaced        FindingCode = "signed-replacement-characters"
	CodeBOM             FindingCode = "bom"
	CodeBOMMissing      FindingCode = "bom-missing"
	CodeCRLF            FindingCode = "crlf"
	CodeLF              FindingCode = "lf"
	CodeTrailingNewline FindingCode = "trailing-newline"
	CodeMissingNewline  FindingCode = "missing-newline"
	CodeBlanksAround    FindingCode = "blanks-around-body"
	CodeBodyNotJSON     FindingCode = "body-not-json"
	CodeLineEndsUnknown FindingCode = "line-ends-unknown"

	// The rest.
	CodeSearchCut    FindingCode = "not-all-tried"
	CodeSecretOrBody FindingCode = "secret-or-body"
)

// findingIndex returns the position of a code in the order of the findings.
func findingIndex(code FindingCode) int {
	return slices.IndexFunc(findingTexts, func(f Finding) bool { return f.Code == code })
}

// sortCodes sorts codes in the order of the findings and removes duplicates.
func sortCodes(codes []FindingCode) []FindingCode {
	slices.SortFunc(codes, func(a, b FindingCode) int { return findingIndex(a) - findingIndex(b) })
	return slices.Compact(codes)
}

// finding returns the finding of a code with the given evidence.
func finding(code FindingCode, evidence string) Finding {
	f := findingTexts[findingIndex(code)]
	f.Evidence = evidence
	return f
}

// hints returns the findings of codes, without evidence.
func hints(codes ...FindingCode) []Finding {
	var found []Finding
	for _, code := range codes {
		found = append(found, finding(code, ""))
	}
	return found
}

// reasons returns the findings of a match. Their evidence says what was tried.
func reasons(m match) []Finding {
	var found []Finding
	for _, code := range m.codes {
		f := findingTexts[findingIndex(code)]
		f.Evidence = strings.ReplaceAll(f.Evidence, "{how}", m.how)
		found = append(found, f)
	}
	return found
}
