package signature

import "fmt"

// Summaries of a verdict.
const (
	summaryNothingToCheck = "There is nothing to check yet."
	summaryNoMatch        = "We couldn’t find a match."
)

func summaryValid(form BodyForm) string {
	return "It was made with this secret, for the body " + form.Text() + "."
}

// summaryMistakes is for a signature that matches once the mistakes are fixed.
func summaryMistakes(count int) string {
	if count == 1 {
		return "We found the cause. It matches once you fix this."
	}
	return fmt.Sprintf("We found the causes. It matches once you fix these %d points together.", count)
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
	return "exactly as you pasted it"
}

// Evidence for findings without a match.
const (
	evidenceAppName  = "The name " + AppSignatureHeader + " is in front of the value."
	evidenceSpelling = "Present in your input, but fixing it isn’t enough."
)

func evidenceLength(size int) string {
	return fmt.Sprintf("It has %d bytes. An HMAC-SHA256 has 32.", size)
}

// Names of the styles in which JSON is rewritten. Joined, they replace {how}.
const (
	layoutCompact = "in one line without spaces"
	layoutSpaced  = "in one line with spaces after commas and colons"
	layoutIndent2 = "indented by 2 spaces"
	layoutIndent4 = "indented by 4 spaces"
	layoutTabs    = "indented by tabs"

	orderSorted  = ", keys sorted"
	numberPython = ", numbers as Python writes them (10.0 for 10.00)"
	numberCents  = ", amounts with two decimals (10.00 for 10.0)"
	numberFloats = ", numbers as JavaScript writes them (12.5 for 12.50)"

	escapeNone              = ", letters like é unescaped"
	escapeLetters           = `, letters like é escaped (\u00e9)`
	escapeSlashes           = `, slashes escaped (\/)`
	escapeSlashLetters      = `, slashes (\/) and letters like é (\u00e9) escaped`
	escapeHTML              = `, <, > and & escaped (\u003c)`
	escapeApostrophe        = `, apostrophes escaped (\u0027)`
	escapeApostropheLetters = `, apostrophes (\u0027) and letters like é (\u00e9) escaped`
	escapeGson              = `, <, >, &, = and apostrophes escaped (\u0027)`
	escapeFlask             = `, <, >, &, apostrophes (\u0027) and letters like é (\u00e9) escaped`
	escapeNewtonsoft        = `, <, >, & and quotes escaped (\u0022)`
	escapeHTMLUpper         = `, <, >, & and letters like é escaped (\u003C)`
	escapePHP               = `, <, >, &, slashes (\/), quotes (\u0022) and letters like é escaped`

	escapeMost = `, <, >, &, +, quotes and letters like é escaped (\u00E9)`

	withLineBreak = ", with a line break at the end"
)

// findingTexts has the texts of each code, in the order in which a verdict lists the findings. None of them repeats
// what was pasted. Evidence is for a match; {how} is replaced by the name of the JSON style that matched.
var findingTexts = []Finding{
	{
		Code: CodeEmptyBody, Title: "No body",
		Text: "Paste what Fourthwall sent, which is JSON, or choose the file that you saved it to.",
	},
	{
		Code: CodeBodyTooLarge, Title: "Body too large",
		Text: "We check up to 1 MiB (1,048,576 bytes). Deliveries are far smaller. Paste only one.",
	},
	{
		Code: CodeEmptySignature, Title: "No signature",
		Text: "Paste the value of the " + ShopSignatureHeader + " header, as your endpoint received it.",
	},
	{
		Code: CodeSignatureTooLong, Title: "Signature too long",
		Text: "We check up to 16 KiB. Paste only the value of " + ShopSignatureHeader + ", which has 44 characters.",
	},
	{
		Code: CodeEmptySecret, Title: "Signing secret missing",
		Text: "In your shop’s settings, open For developers. Copy the signing secret from there.",
	},
	{
		Code: CodeSecretTooLong, Title: "Secret too long",
		Text: "We check up to 4 KiB. In your shop’s settings, open For developers and copy only the " +
			"signing secret.",
	},
	{
		Code: CodeAppHeader, Title: "App signature instead of shop signature",
		Text: "The value of " + AppSignatureHeader + " is made with the key of a platform app. Your shop’s secret " +
			"can’t verify it. Use the value of " + ShopSignatureHeader + " from the same delivery. If you entered " +
			"your own app’s key, it’s a different one, or the body was changed.",
	},
	{
		Code: CodeUnknownHeader, Title: "Not a Fourthwall header",
		Text: "The signature is in " + ShopSignatureHeader + ". Check that you copied that one, and that your " +
			"program reads it.",
	},
	{
		Code: CodeSwapped, Title: "Secret and signature swapped",
		Text:     "Put each value into the other field. If your program made this mistake, fix it there.",
		Evidence: "With the two fields swapped it matches.",
	},
	{
		Code: CodePrefix, Title: "Unexpected prefix",
		Text: "Other services put an algorithm or a version in front of the value. Fourthwall " +
			"doesn’t. Remove it, and compare without it.",
		Evidence: "Without the part in front it matches.",
	},
	{
		Code: CodePercentEncoded, Title: "Signature is percent-encoded",
		Text: "It was encoded for use in a URL: + became %2B, / became %2F or = became %3D. Use the header’s value " +
			"unchanged, or decode it first.",
		Evidence: "Decoded, it matches.",
	},
	{
		Code: CodeEscaped, Title: "Escaped characters",
		Text: "A log or an encoder wrote + / or = in another way, such as \\/, \\u003d or &#43;. Use the header’s value " +
			"unchanged, or decode it first.",
		Evidence: "Without the escapes it matches.",
	},
	{
		Code: CodeInvisible, Title: "Invisible characters in the signature",
		Text: "You copied something invisible with it, such as a zero-width space. Copy the value again from its " +
			"source, or type over the gap.",
		Evidence: "Without them it matches.",
	},
	{
		Code: CodeDoubled, Title: "Signature pasted twice",
		Text: "The same value is there more than once. If your program gets it like this, use only one. A proxy " +
			"may have joined two headers.",
		Evidence: "One of them matches.",
	},
	{
		Code: CodePlusLost, Title: "Plus signs became spaces",
		Text:     "That happens when a value is decoded like a form or a URL. Use the header’s value unchanged.",
		Evidence: "With plus signs for the spaces it matches.",
	},
	{
		Code: CodeBlanksInside, Title: "Spaces in the signature",
		Text: "A terminal or a mail program may have wrapped it. Copy it in one piece. If your program wraps it, " +
			"turn that off.",
		Evidence: "Without the spaces it matches.",
	},
	{
		Code: CodeHex, Title: "Hex instead of Base64",
		Text: "Fourthwall writes 44 characters that end with =. Your program probably asks its library for " +
			"hexdigest or \"hex\". Ask for Base64.",
		Evidence: "Read as hexadecimal digits, it matches.",
	},
	{
		Code: CodeBase64OfHex, Title: "Hex inside Base64",
		Text:     "Your program encoded twice. Convert the raw bytes of the HMAC to Base64, not their text.",
		Evidence: "Read as hexadecimal digits in Base64, it matches.",
	},
	{
		Code: CodeBase64Twice, Title: "Base64 inside Base64",
		Text:     "Your program encoded twice. Its library already returns text, so use that unchanged.",
		Evidence: "It matches if we decode it twice.",
	},
	{
		Code: CodeSignatureBytes, Title: "Bytes instead of Base64",
		Text:     "Your program printed the bytes of the HMAC one by one. Convert them to Base64 text.",
		Evidence: "The bytes in the list match.",
	},
	{
		Code: CodeURLSafe, Title: "URL-safe Base64",
		Text:     "This variant has - and _ where Fourthwall writes + and /. Choose the standard one.",
		Evidence: "Read as URL-safe Base64, it matches.",
	},
	{
		Code: CodePadding, Title: "Padding missing or wrong",
		Text:     "The value ends with exactly one equals sign. Copy that too, and check that your program keeps it.",
		Evidence: "With the right padding it matches.",
	},
	{
		Code: CodeSpareBits, Title: "Last character differs",
		Text: "An encoder never writes this one before the equals sign, though it decodes to the same bytes. Copy " +
			"the value again, and don’t edit it.",
		Evidence: "The bytes that it decodes to match.",
	},
	{
		Code: CodeTruncated, Title: "Signature cut off",
		Text:     "Copy the whole value, which has 44 characters. A log or a database may limit its length.",
		Evidence: "All that is there matches the beginning of the right signature.",
	},
	{
		Code: CodeNotBase64, Title: "Not a signature",
		Text: "This is neither Base64 nor hex. The value of " + ShopSignatureHeader + " has 44 characters (letters, " +
			"digits, + and /) and ends with =. Copy it again.",
	},
	{
		Code: CodeMD5, Title: "MD5 instead of SHA-256",
		Text:     "The length shows it. Choose HMAC with SHA-256 in your program.",
		Evidence: "It is the HMAC-MD5 of this body under this secret.",
	},
	{
		Code: CodeSHA1, Title: "SHA-1 instead of SHA-256",
		Text:     "The length shows it. Choose HMAC with SHA-256 in your program.",
		Evidence: "It is the HMAC-SHA1 of this body under this secret.",
	},
	{
		Code: CodeSHA384, Title: "SHA-384 instead of SHA-256",
		Text:     "The length shows it. Choose HMAC with SHA-256 in your program.",
		Evidence: "It is the HMAC-SHA384 of this body under this secret.",
	},
	{
		Code: CodeSHA512, Title: "SHA-512 instead of SHA-256",
		Text:     "The length shows it. Choose HMAC with SHA-256 in your program.",
		Evidence: "It is the HMAC-SHA512 of this body under this secret.",
	},
	{
		Code: CodeWrongLength, Title: "Wrong length",
		Text: "Fourthwall’s values have 44 characters of Base64. Copy the whole value " +
			"of " + ShopSignatureHeader + ", and nothing else.",
	},
	{
		Code: CodePlainSHA256, Title: "SHA-256 without the secret",
		Text:     "Anyone can compute that. Use HMAC with SHA-256, and the secret as its key.",
		Evidence: "It is the SHA-256 of this body alone.",
	},
	{
		Code: CodeSecretGlued, Title: "SHA-256 instead of HMAC",
		Text: "Your program joins the secret and the body, then hashes both. Use your language’s HMAC function, " +
			"with the secret as its key.",
		Evidence: "It is the SHA-256 of this secret and this body in one piece.",
	},
	{
		Code: CodeArgumentsSwapped, Title: "Key and body swapped",
		Text: "Your program passes the arguments of its HMAC function in the wrong order. Languages differ in which " +
			"comes first.",
		Evidence: "It is the HMAC-SHA256 of this secret under this body.",
	},
	{
		Code: CodeSecretBlanks, Title: "Spaces around the secret",
		Text: "They count as part of it, and so does a line break. Remove them here and wherever your program keeps " +
			"it.",
		Evidence: "Without the spaces it matches.",
	},
	{
		Code: CodeSecretQuotes, Title: "Quotes around the secret",
		Text:     "They count as part of it. Remove them here. Some settings files keep them, so check there as well.",
		Evidence: "Without the quotes it matches.",
	},
	{
		Code: CodeSecretNamed, Title: "Name in front of the secret",
		Text:     "You pasted a line of a settings file or a program. Use only the value after the name, without quotes.",
		Evidence: "With the value alone it matches.",
	},
	{
		Code: CodeSecretInText, Title: "Other text around the secret",
		Text:     "You pasted more than the secret, such as a command or markup. Use only the secret itself.",
		Evidence: "With the secret alone it matches.",
	},
	{
		Code: CodeSecretEncoded, Title: "Encoded secret",
		Text: "A program replaced some of its characters, such as / by \\/ or + by %2B, or removed the = at the end. " +
			"Copy it again from your shop’s settings.",
		Evidence: "With these characters restored it matches.",
	},
	{
		Code: CodeSecretHexDecoded, Title: "Secret decoded from hex",
		Text: "If your program made the signature, use the secret’s text unchanged as the key. If Fourthwall " +
			"made it, you pasted an encoded copy.",
		Evidence: "With the secret read as hexadecimal digits it matches.",
	},
	{
		Code: CodeSecretBase64Decoded, Title: "Secret decoded from Base64",
		Text: "If your program made the signature, use the secret’s text unchanged as the key. If Fourthwall " +
			"made it, you pasted an encoded copy, such as one from Kubernetes.",
		Evidence: "With the secret read as Base64 it matches.",
	},
	{
		Code: CodeSecretNewline, Title: "Line break after the secret",
		Text:     "Your program probably reads it from a file that ends with one. Trim it before use.",
		Evidence: "With a line break after the secret it matches.",
	},
	{
		Code: CodeSecretMasked, Title: "Secret is hidden or shortened",
		Text: "Some pages show only dots or stars. In your shop’s settings, open For developers and copy the whole " +
			"signing secret.",
	},
	{
		Code: CodeSecretIsID, Title: "Not a secret",
		Text: "That looks like an ID or a URL. In your shop’s settings, open For developers and copy the key for " +
			"webhooks.",
	},
	{
		Code: CodeSecretShort, Title: "Short secret",
		Text: "Fewer than 16 characters are unusual, so part of it may be missing. Copy it again from your shop’s " +
			"settings.",
	},
	{
		Code: CodeSecretGap, Title: "Spaces in the secret",
		Text:     "Secrets rarely contain spaces, line breaks or invisible characters. Copy it again in one piece.",
		Evidence: "Without them it matches.",
	},
	{
		Code: CodeSignedEmpty, Title: "Signature of an empty body",
		Text: "Your program probably read the request before, so nothing was left. Keep the raw bytes when you " +
			"first read them. Use them for both the HMAC and the JSON.",
		Evidence: "It is the signature of an empty body under this secret.",
	},
	{
		Code: CodeSignedObject, Title: "Signature of \"[object Object]\"",
		Text:     "JavaScript makes that text of a parsed body. Use the raw bytes, before they’re parsed.",
		Evidence: "It is the signature of the text [object Object] under this secret.",
	},
	{
		Code: CodeJSONRewritten, Title: "JSON was reformatted",
		Text: "A signature matches only the exact bytes. Your program, a framework or an editor parsed them and " +
			"wrote them again. Use the raw body, before any parsing.",
		Evidence: "It matches this JSON written {how}.",
	},
	{
		Code: CodeBodyQuoted, Title: "Body is inside a JSON string",
		Text:     "Its own quotes are escaped there. Decode it once, or use the raw body.",
		Evidence: "It matches the text in the string.",
	},
	{
		Code: CodeBodyWrapped, Title: "Body is inside another object",
		Text:     "Fourthwall’s event list and serverless platforms wrap deliveries like this. Use the field’s text.",
		Evidence: "It matches the text in the \"body\" field.",
	},
	{
		Code: CodeBodyBase64, Title: "Body is Base64",
		Text:     "Some serverless platforms encode it. Decode it first, because Fourthwall signs the decoded bytes.",
		Evidence: "It matches the decoded body.",
	},
	{
		Code: CodeBodyRequest, Title: "Whole request instead of the body",
		Text: "Only what follows the blank line after the headers is signed. Paste that part alone, and have your " +
			"program sign the raw body.",
		Evidence: "The part after the headers matches.",
	},
	{
		Code: CodeBodyCurl, Title: "Command instead of the body",
		Text:     "The delivery is the data of this command, without the shell’s quotes. Paste that part alone.",
		Evidence: "The command’s data matches.",
	},
	{
		Code: CodeBodyForm, Title: "Body is form-encoded",
		Text: "Something sent or logged the delivery as a form field, as in payload=%7B…. Fourthwall sends plain JSON. " +
			"Decode the field, or read the raw request.",
		Evidence: "The decoded field matches.",
	},
	{
		Code: CodeBodyHTML, Title: "HTML entities in the body",
		Text: "A web page or a template wrote &quot; and the like for the characters that were sent. Copy the text from " +
			"its source, or decode it first.",
		Evidence: "The decoded text matches.",
	},
	{
		Code: CodeBodyBytes, Title: "List of bytes",
		Text: "Your program printed its buffer as numbers, perhaps not all of them. Print it as text, or save the bytes " +
			"to a file and choose that.",
		Evidence: "The bytes in the list match.",
	},
	{
		Code: CodeBodyLiteral, Title: "String with escapes, as a debugger prints it",
		Text: "The quotes, a b in front, and sequences such as \\n or \\x are the debugger’s. Write the raw bytes to a " +
			"file and choose that.",
		Evidence: "Without the escapes it matches.",
	},
	{
		Code: CodeBodyParsed, Title: "Printed object instead of JSON",
		Text: "Your program parsed the delivery and printed its own object, as Python’s dict or a JavaScript object. " +
			"Use the raw body, before it’s parsed.",
		Evidence: "The object’s content matches.",
	},
	{
		Code: CodeBodyTypography, Title: "Curly quotes or special spaces",
		Text: "An editor, a chat or a mail program replaced characters to make the text look nice. Copy the raw body from " +
			"its source.",
		Evidence: "With plain quotes and spaces it matches.",
	},
	{
		Code: CodeBodyInvisible, Title: "Invisible characters in the body",
		Text: "You copied something invisible with it, such as a zero-width space. Copy the raw body again from its " +
			"source.",
		Evidence: "Without them it matches.",
	},
	{
		Code: CodeBodySurrounded, Title: "Other text around the body",
		Text:     "A log or a document added a few words or marks. Paste only the JSON, from the first { to the last }.",
		Evidence: "The JSON alone matches.",
	},
	{
		Code: CodeUTF16, Title: "Body is UTF-16",
		Text: "Fourthwall sends UTF-8. A program such as PowerShell or Notepad saved the file in another character " +
			"encoding. Save the raw bytes unchanged.",
		Evidence: "Converted to UTF-8 it matches.",
	},
	{
		Code: CodeLatin1, Title: "Body is Latin-1 or Windows-1252",
		Text: "Letters such as é are single bytes here. Fourthwall sends UTF-8, in which they have two or more. Save the " +
			"raw bytes unchanged.",
		Evidence: "Converted to UTF-8 it matches.",
	},
	{
		Code: CodeMojibake, Title: "Garbled letters (Ã© for é)",
		Text: "Something read the UTF-8 body as Latin-1 or Windows-1252. Use the raw bytes, or set the character encoding " +
			"to UTF-8 where they are read.",
		Evidence: "With the letters repaired it matches.",
	},
	{
		Code: CodeReplacement, Title: "Replacement characters (�) in the body",
		Text: "A program couldn’t decode some letters, and their bytes are lost. Get the raw body again, from before it " +
			"was decoded.",
	},
	{
		Code: CodeSignedUTF16, Title: "UTF-16 was signed",
		Text: "Your program turned the body into UTF-16 before computing the HMAC. Use the raw bytes, or encode the text " +
			"as UTF-8.",
		Evidence: "It is the signature of this body in UTF-16.",
	},
	{
		Code: CodeSignedLatin1, Title: "Latin-1 or Windows-1252 was signed",
		Text: "Your program encoded letters such as é as single bytes before computing the HMAC. Use the raw bytes, or " +
			"encode the text as UTF-8.",
		Evidence: "It is the signature of this body in that encoding.",
	},
	{
		Code: CodeSignedMojibake, Title: "Garbled letters were signed (Ã© for é)",
		Text: "Your program read the UTF-8 body as Latin-1 or Windows-1252 and encoded it again. Use the raw bytes, or set " +
			"the request’s character encoding to UTF-8.",
		Evidence: "It is the signature of the garbled body.",
	},
	{
		Code: CodeSignedASCII, Title: "ASCII was signed (? for é)",
		Text: "Your program lost letters such as é when it encoded the body as ASCII. Use the raw bytes, or encode the " +
			"text as UTF-8.",
		Evidence: "It is the signature of this body in ASCII.",
	},
	{
		Code: CodeReplaced, Title: "Replacement characters (�) were signed",
		Text: "Your program couldn’t decode letters such as é and put U+FFFD in their place. Use the raw bytes, or " +
			"decode them as UTF-8.",
		Evidence: "It is the signature of the body with these characters.",
	},
	{
		Code: CodeBOM, Title: "Byte order mark",
		Text: "Some editors add this invisible character when they save a file. Save it as \"UTF-8\", not \"UTF-8 " +
			"with BOM\".",
		Evidence: "Without the mark it matches.",
	},
	{
		Code: CodeBOMMissing, Title: "Byte order mark missing",
		Text: "Your program signed this invisible character too. Fourthwall never sends it. Sign and verify the raw " +
			"body.",
		Evidence: "With the mark it matches.",
	},
	{
		Code: CodeCRLF, Title: "CRLF instead of LF",
		Text: "Windows and text fields of browsers change line breaks. The signed body has plain ones. Use the raw " +
			"body.",
		Evidence: "With LF for CRLF it matches.",
	},
	{
		Code: CodeLF, Title: "LF instead of CRLF",
		Text:     "Something changed the line breaks on the way. Use the raw body.",
		Evidence: "With CRLF for LF it matches.",
	},
	{
		Code: CodeTrailingNewline, Title: "Line break at the end",
		Text:     "Editors, and programs such as echo, add one that wasn’t signed. Use the raw body.",
		Evidence: "Without the last line break it matches.",
	},
	{
		Code: CodeMissingNewline, Title: "Line break at the end is missing",
		Text:     "It was lost in copying, or a function such as trim removed it. Use the raw body.",
		Evidence: "With a line break at the end it matches.",
	},
	{
		Code: CodeBlanksAround, Title: "Spaces around the body",
		Text:     "Editors add these, and empty lines, after signing. Remove them, and use the raw body.",
		Evidence: "Without them it matches.",
	},
	{
		Code: CodeBodyNotJSON, Title: "Body is not JSON",
		Text: "Fourthwall sends only JSON. Part of it may be missing or added. Copy all of it, from the first { " +
			"to the last }.",
	},
	{
		Code: CodeLineEndsUnknown, Title: "Several lines in a text field",
		Text: "Browsers change line breaks when they send text. Save the raw body to a file and choose that " +
			"instead.",
	},
	{
		Code: CodeSearchCut, Title: "Not everything was tried",
		Text: "The body is too large or too deeply nested for all reformatting. Try a smaller delivery.",
	},
	{
		Code: CodeSecretOrBody, Title: "Wrong secret, or the body was changed",
		Text: "We can’t tell these two apart. Compare what you entered with the secret in your shop’s settings. Each " +
			"shop has its own, and " + AppSignatureHeader + " uses another. Check that body and signature come " +
			"from the same delivery, and that the body is raw.",
	},
}
