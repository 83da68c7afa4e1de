package signature

import "fmt"

// Summaries of a verdict.
const (
	summaryNothingToCheck = "There is nothing to check yet."
	summaryNoMatch        = "Nothing that was tried makes it fit."
)

func summaryValid(form BodyForm) string {
	return "The signature is valid: it was made with this secret, for the body " + form.Text() + "."
}

// summaryMistakes is for a signature that matches once the mistakes are fixed.
func summaryMistakes(count int) string {
	if count == 1 {
		return "The signature is not valid, and we know why: it matches once you fix this."
	}
	return fmt.Sprintf("The signature is not valid, and we know why: it matches once you fix these %d points "+
		"together.", count)
}

// Text returns the end of the sentence "The signature was made for the body …".
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
	return "exactly as shown here"
}

// Evidence for findings without a match.
const (
	evidenceAppName  = "The value starts with the name " + AppSignatureHeader + "."
	evidenceSpelling = "Present in your input, but fixing it isn't enough."
)

func evidenceLength(size int) string {
	return fmt.Sprintf("It has %d bytes; an HMAC-SHA256 has 32.", size)
}

// Names of the styles in which JSON is rewritten. Joined, they replace {how}.
const (
	layoutCompact = "in one line without blanks"
	layoutSpaced  = "in one line with blanks after commas and colons"
	layoutIndent2 = "indented by 2 blanks"
	layoutIndent4 = "indented by 4 blanks"
	layoutTabs    = "indented by tabs"

	orderSorted  = ", keys sorted"
	numberFloats = ", numbers as JavaScript writes them (12.5 for 12.50)"

	escapeNone         = ", letters like é unescaped"
	escapeLetters      = `, letters like é escaped (\u00e9)`
	escapeSlashes      = `, slashes escaped (\/)`
	escapeSlashLetters = `, slashes (\/) and letters like é (\u00e9) escaped`
	escapeHTML         = `, <, > and & escaped (\u003c)`
	escapeMost         = `, <, >, &, +, quotes and letters like é escaped (\u00E9)`

	withLineBreak = ", with a line break at the end"
)

// findingTexts has the texts of each code, in the order in which a verdict lists the findings. None of them repeats
// what was pasted. Evidence is for a match; {how} is replaced by the name of the JSON style that matched.
var findingTexts = []Finding{
	{
		Code: CodeEmptyBody, Title: "No body",
		Text: "Paste the body of the delivery, or choose the file that it was saved to. It is the JSON text that " +
			"Fourthwall sent.",
	},
	{
		Code: CodeBodyTooLarge, Title: "Body too large",
		Text: "The body has more than 1 MiB (1,048,576 bytes), which is the most that is checked here. A delivery is far " +
			"smaller: give the body of one delivery alone.",
	},
	{
		Code: CodeEmptySignature, Title: "No signature",
		Text: "Paste the value of the header " + ShopSignatureHeader + ", as your endpoint received it.",
	},
	{
		Code: CodeSignatureTooLong, Title: "Signature too long",
		Text: "The signature has more than 16 KiB. It has 44 characters: paste the value of the " +
			"header " + ShopSignatureHeader + " alone.",
	},
	{
		Code: CodeEmptySecret, Title: "No secret",
		Text: "Paste the secret of your shop's webhooks. You find it in your shop's settings, under For developers.",
	},
	{
		Code: CodeSecretTooLong, Title: "Secret too long",
		Text: "The secret has more than 4 KiB. Paste only your shop's signing secret. You find it in your shop's " +
			"settings, under For developers.",
	},
	{
		Code: CodeAppHeader, Title: "Signature of the app, not of the shop",
		Text: "You pasted the value of " + AppSignatureHeader + ". It is made with the key of a platform app, so your " +
			"shop's secret can never verify it. Use the value of " + ShopSignatureHeader + " from the same delivery. (If the " +
			"secret that you gave is the key of your own app: it is another one, or the body was changed.)",
	},
	{
		Code: CodeUnknownHeader, Title: "Not a header of Fourthwall",
		Text: "The name in front of the value is not one that Fourthwall uses. Fourthwall signs in the " +
			"header " + ShopSignatureHeader + ": check that you copied that one, and that your program reads it.",
	},
	{
		Code: CodeSwapped, Title: "Secret and signature swapped",
		Text: "The secret field seems to hold the signature. Put the value of the header into the field for " +
			"the signature and the secret into the other. If your program made this mistake, change it there.",
		Evidence: "With the two fields exchanged it matches.",
	},
	{
		Code: CodePrefix, Title: "Something in front of the signature",
		Text: "The signature starts with the name of an algorithm or a version, as some other services send it. " +
			"Fourthwall sends the signature alone: remove what your program adds, and compare without it.",
		Evidence: "Without the part in front it matches.",
	},
	{
		Code: CodePercentEncoded, Title: "Signature is percent-encoded",
		Text: "The signature was encoded for use in a web address: + became %2B, / became %2F or = became %3D. Use the " +
			"header's value unchanged, or decode it first.",
		Evidence: "Decoded, it matches.",
	},
	{
		Code: CodePlusLost, Title: "Plus signs became blanks",
		Text: "The signature has blanks where it had plus signs. That happens when it is decoded like a form or a web " +
			"address. Use the header's value unchanged.",
		Evidence: "With plus signs for the blanks it matches.",
	},
	{
		Code: CodeBlanksInside, Title: "Blanks in the signature",
		Text: "The signature is broken up by blanks or line breaks, as a terminal or a mail program does with long " +
			"lines. Copy it in one piece. If your program makes these breaks, choose base64 without them.",
		Evidence: "Without the blanks it matches.",
	},
	{
		Code: CodeHex, Title: "Hex instead of base64",
		Text: "The signature is written in hexadecimal digits. Fourthwall writes it in base64: 44 characters that end " +
			"with =. Your program most likely asks its library for hex (hexdigest, \"hex\"): ask for the raw bytes or for " +
			"base64.",
		Evidence: "Read as hexadecimal digits, it matches.",
	},
	{
		Code: CodeBase64OfHex, Title: "Hex inside of base64",
		Text: "The signature was first written in hexadecimal digits, and these digits then in base64. Put the raw " +
			"bytes of the HMAC into base64, not its hexadecimal text.",
		Evidence: "Read as hexadecimal digits in base64, it matches.",
	},
	{
		Code: CodeURLSafe, Title: "URL-safe base64",
		Text: "The signature is written in the kind of base64 that is made for web addresses, with - and _ where " +
			"Fourthwall writes + and /. Choose the standard kind of base64.",
		Evidence: "Read as URL-safe base64, it matches.",
	},
	{
		Code: CodePadding, Title: "Padding missing or wrong",
		Text: "The equals sign at the end of the signature is missing, or there are too many. It belongs to the " +
			"signature: copy it as well, and do not let your program cut it off.",
		Evidence: "With the right padding it matches.",
	},
	{
		Code: CodeSpareBits, Title: "Last character differs",
		Text: "The last character in front of the equals sign is not the one that a proper encoder writes, though it " +
			"decodes to the same bytes. The signature was altered: copy it again, and do not change single characters.",
		Evidence: "The bytes that it decodes to match.",
	},
	{
		Code: CodeTruncated, Title: "Signature cut off",
		Text: "This is only the beginning of the signature. Copy the whole value: it has 44 characters. If it comes " +
			"from a log or a database, there may be a limit on its length.",
		Evidence: "All that is there matches the beginning of the right signature.",
	},
	{
		Code: CodeNotBase64, Title: "Not a signature",
		Text: "This cannot be a signature: it is neither base64 nor hexadecimal digits. The value " +
			"of " + ShopSignatureHeader + " has 44 characters (letters, digits, + and /) and ends with =. Copy it again.",
	},
	{
		Code: CodeMD5, Title: "MD5 instead of SHA-256",
		Text: "The signature is as long as one made with MD5. Fourthwall uses HMAC with SHA-256: choose that in your " +
			"program.",
		Evidence: "It is the HMAC-MD5 of this body under this secret.",
	},
	{
		Code: CodeSHA1, Title: "SHA-1 instead of SHA-256",
		Text: "The signature is as long as one made with SHA-1. Fourthwall uses HMAC with SHA-256: choose that in your " +
			"program.",
		Evidence: "It is the HMAC-SHA1 of this body under this secret.",
	},
	{
		Code: CodeSHA384, Title: "SHA-384 instead of SHA-256",
		Text: "The signature is as long as one made with SHA-384. Fourthwall uses HMAC with SHA-256: choose that in " +
			"your program.",
		Evidence: "It is the HMAC-SHA384 of this body under this secret.",
	},
	{
		Code: CodeSHA512, Title: "SHA-512 instead of SHA-256",
		Text: "The signature is as long as one made with SHA-512. Fourthwall uses HMAC with SHA-256: choose that in " +
			"your program.",
		Evidence: "It is the HMAC-SHA512 of this body under this secret.",
	},
	{
		Code: CodeWrongLength, Title: "Wrong length",
		Text: "The signature does not have the length of one that Fourthwall makes, which is 44 characters of base64. " +
			"Something is missing or was added: copy the whole value of " + ShopSignatureHeader + ", and nothing else.",
	},
	{
		Code: CodePlainSHA256, Title: "SHA-256 without the secret",
		Text: "The signature is a plain SHA-256 of the body, for which nobody needs the secret. Use HMAC with SHA-256, " +
			"and the secret as its key.",
		Evidence: "It is the SHA-256 of this body, whatever the secret is.",
	},
	{
		Code: CodeSecretGlued, Title: "SHA-256 instead of HMAC",
		Text: "The signature is the SHA-256 of secret and body joined together. HMAC mixes them differently: use the " +
			"HMAC function of your language, with the secret as its key.",
		Evidence: "It is the SHA-256 of this secret and this body in one piece.",
	},
	{
		Code: CodeArgumentsSwapped, Title: "Key and body exchanged",
		Text: "The signature was made with the body as the key and the secret as the text. Exchange the two in the " +
			"call of your HMAC function: languages differ in which of them comes first.",
		Evidence: "It is the HMAC-SHA256 of this secret under this body.",
	},
	{
		Code: CodeSecretBlanks, Title: "Blanks around the secret",
		Text: "There are blanks or a line break in front of the secret or after it, which count as part of it. Remove " +
			"them here and wherever your program keeps the secret.",
		Evidence: "Without the blanks it matches.",
	},
	{
		Code: CodeSecretQuotes, Title: "Quotes around the secret",
		Text: "There are quotes around the secret, which count as part of it. Remove them here. Some settings files " +
			"keep quotes as they are: look there as well.",
		Evidence: "Without the quotes it matches.",
	},
	{
		Code: CodeSecretHexDecoded, Title: "Secret decoded from hex",
		Text: "The signature was made with the bytes that come out when the secret is read as hexadecimal digits. If " +
			"your program made it: use the secret as text, as it stands. If Fourthwall made it: what you pasted is an encoded " +
			"copy of the secret.",
		Evidence: "With the secret read as hexadecimal digits it matches.",
	},
	{
		Code: CodeSecretBase64Decoded, Title: "Secret decoded from base64",
		Text: "The signature was made with the bytes that come out when the secret is read as base64. If your program " +
			"made it: use the secret as text, as it stands. If Fourthwall made it: what you pasted is an encoded copy of the " +
			"secret, as Kubernetes keeps it, for example.",
		Evidence: "With the secret read as base64 it matches.",
	},
	{
		Code: CodeSecretNewline, Title: "Line break after the secret",
		Text: "The signature was made with a line break at the end of the secret. A secret that is read from a file " +
			"often has one: remove it before use.",
		Evidence: "With a line break after the secret it matches.",
	},
	{
		Code: CodeSecretMasked, Title: "Secret is hidden or shortened",
		Text: "The secret looks like the hidden or shortened form in which some pages show it, with dots or stars. Copy " +
			"the whole secret from your shop's settings, under For developers.",
	},
	{
		Code: CodeSecretIsID, Title: "Not a secret",
		Text: "That looks like an ID or a URL, not a secret. Copy the signing secret from your shop's " +
			"settings, under For developers.",
	},
	{
		Code: CodeSecretShort, Title: "Short secret",
		Text: "The secret has fewer than 16 characters, which is short for a secret. Part of it may be missing: copy it " +
			"again from your shop's settings, under For developers.",
	},
	{
		Code: CodeSecretGap, Title: "Blanks in the secret",
		Text: "There are blanks or line breaks inside the secret, which secrets rarely have. Copy it again in one piece.",
	},
	{
		Code: CodeSignedEmpty, Title: "Signature of an empty body",
		Text: "The signature was made for no text at all. Your program most likely had read the body before, so that " +
			"nothing was left. Keep the raw body when it is read first, and use that for both the signature and the JSON.",
		Evidence: "It is the signature of an empty body under this secret.",
	},
	{
		Code: CodeSignedObject, Title: "Signature of \"[object Object]\"",
		Text: "The signature was made for the text \"[object Object]\", which is what JavaScript makes of a parsed " +
			"body. Use the raw body, before it is parsed.",
		Evidence: "It is the signature of the text [object Object] under this secret.",
	},
	{
		Code: CodeJSONRewritten, Title: "JSON was written again",
		Text: "The signature matches the same JSON formatted differently. Your program, a framework or an editor " +
			"parsed the JSON and wrote it again. Verify the raw bytes, before any parsing.",
		Evidence: "It matches this JSON written {how}.",
	},
	{
		Code: CodeBodyQuoted, Title: "Body is inside a JSON string",
		Text: "The body is in quotes, with its own quotes escaped: it is a JSON string that holds the body. Decode " +
			"that string once, or use the raw body.",
		Evidence: "It matches the text that the string holds.",
	},
	{
		Code: CodeBodyWrapped, Title: "Body is inside another object",
		Text: "You pasted an object whose field \"body\" holds the body of the delivery as text. Such objects come " +
			"from Fourthwall's list of events and from hosts of functions. Use the text of that field.",
		Evidence: "It matches the text of the field \"body\".",
	},
	{
		Code: CodeBodyBase64, Title: "Body is base64",
		Text: "The body is encoded in base64, as some hosts of functions hand it over. Decode it first: the signature " +
			"is for the decoded bytes.",
		Evidence: "It matches the decoded body.",
	},
	{
		Code: CodeBOM, Title: "Byte order mark",
		Text: "The body starts with an invisible byte order mark that was not signed. Some editors add it when they " +
			"save a file. Save the body without it (\"UTF-8\", not \"UTF-8 with BOM\").",
		Evidence: "Without the mark it matches.",
	},
	{
		Code: CodeBOMMissing, Title: "Byte order mark missing",
		Text: "The signature was made for a body that starts with an invisible byte order mark. Whatever made it adds " +
			"that mark; Fourthwall does not. Sign and verify the raw body unchanged.",
		Evidence: "With the mark it matches.",
	},
	{
		Code: CodeCRLF, Title: "CRLF instead of LF",
		Text: "The lines of the body end with CRLF, as Windows and text fields of browsers write them; the signed body " +
			"has plain LF. Something converted them on the way. Use the raw body unchanged.",
		Evidence: "With LF for CRLF it matches.",
	},
	{
		Code: CodeLF, Title: "LF instead of CRLF",
		Text: "The lines of the body end with plain LF; the signed body has CRLF. Something converted them on the way. " +
			"Use the raw body unchanged.",
		Evidence: "With CRLF for LF it matches.",
	},
	{
		Code: CodeTrailingNewline, Title: "Line break at the end",
		Text: "The body ends with a line break that was not signed. Editors and programs such as echo add one. Use the " +
			"raw body unchanged.",
		Evidence: "Without the last line break it matches.",
	},
	{
		Code: CodeMissingNewline, Title: "Line break at the end is missing",
		Text: "The signed body ends with a line break that is missing here. It was lost when the body was copied, or " +
			"cut off by a function such as trim. Use the raw body unchanged.",
		Evidence: "With a line break at the end it matches.",
	},
	{
		Code: CodeBlanksAround, Title: "Blanks around the body",
		Text: "There are blanks or empty lines in front of the body or after it that were not signed. Remove them, and " +
			"use the raw body unchanged.",
		Evidence: "Without them it matches.",
	},
	{
		Code: CodeBodyNotJSON, Title: "Body is not JSON",
		Text: "The body is not complete JSON, and Fourthwall sends nothing else. Part of it may be missing, or something " +
			"may have been added: copy all of it, from the first { to the last }.",
	},
	{
		Code: CodeLineEndsUnknown, Title: "Several lines in a text field",
		Text: "Your browser changes line breaks when it sends a text, so a body of several lines may not be the one that " +
			"was signed. Save the raw body to a file and choose that instead.",
	},
	{
		Code: CodeSearchCut, Title: "Not everything was tried",
		Text: "The body is too large or too deeply nested to try every way of writing its JSON again. Try it with a " +
			"smaller delivery.",
	},
	{
		Code: CodeSecretOrBody, Title: "Wrong secret, or the body was changed",
		Text: "Either the signature was made with another secret, or for another body: these two look the same from here. " +
			"Compare the secret with the one in your shop's settings (a shop has its own, and the value " +
			"of " + AppSignatureHeader + " is made with another key), and make sure that body and signature come from the " +
			"same delivery and that the body is raw, byte for byte.",
	},
}
