package signature_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"hookwall/internal/signature"
)

// A signature is found however a log prints its header.
func TestExplainPrintedHeader(t *testing.T) {
	body, right := find(t, testSecret, "+/")
	other := sha("another")
	slashes := strings.ReplaceAll(right, "/", `\/`)
	unicode := strings.NewReplacer("=", `\u003d`, "+", `\u002B`, "/", `\u002f`).Replace(right)
	entities := strings.NewReplacer("=", "&#61;", "+", "&#x2B;", "/", "&#47;").Replace(right)
	tests := map[string]struct {
		pasted string
		codes  found // none if the signature is valid
	}{
		"print_r":           {"Array\n(\n    [X-Fourthwall-Hmac-SHA256] => Array\n        (\n            [0] => " + right + "\n        )\n)", nil},
		"print_r, value":    {"Array\n(\n    [0] => " + right + "\n)\n", nil},
		"var_dump":          {"array(1) {\n  [\"HTTP_X_FOURTHWALL_HMAC_SHA256\"]=>\n  string(44) \"" + right + "\"\n}", nil},
		"Go's header":       {"map[Accept:[*/*] X-Fourthwall-Hmac-Apps-Sha256:[" + other + "] X-Fourthwall-Hmac-Sha256:[" + right + "] Z:[1]]", nil},
		"Go's %q":           {`map["X-Fourthwall-Hmac-Sha256":["` + right + `"]]`, nil},
		"Java's map":        {"{accept=*/*, x-fourthwall-hmac-sha256=" + right + ", z=1}", nil},
		"Java's list":       {"{x-fourthwall-hmac-sha256=[" + right + "]}", nil},
		"Python's tuples":   {"[('Accept', '*/*'), ('X-Fourthwall-Hmac-SHA256', '" + right + "')]", nil},
		"Python's bytes":    {"(b'x-fourthwall-hmac-sha256', b'" + right + "')", nil},
		"Node's list":       {"[\n  'X-Fourthwall-Hmac-SHA256',\n  '" + right + "',\n  'Z', '1' ]", nil},
		"a list":            {`["` + right + `"]`, nil},
		"brackets":          {"[" + right + "]", nil},
		"angle brackets":    {"<" + right + ">", nil},
		"a HAR":             {`{"name": "X-Fourthwall-Hmac-SHA256", "value": "` + right + `"}`, nil},
		"Markdown, bold":    {"**" + right + "**", nil},
		"Markdown, table":   {"| X-Fourthwall-Hmac-SHA256 | `" + right + "` |", nil},
		"Markdown, fence":   {"```\n" + right + "\n```", nil},
		"a sentence":        {"Received the signature " + right + " from Fourthwall.", nil},
		"a log":             {`time=12:00 level=INFO msg="got it" header="` + right + `" ok=false`, nil},
		"another header":    {"X-Signature: [" + right + "]", found{"unknown-header"}},
		"a line of escapes": {`headers:\nX-Fourthwall-Hmac-SHA256: ` + right + `\nAccept: x`, nil},
		"escaped in front":  {`\n` + right + `\n`, nil},
		"an SQL dump":       {`('1','{\"x\":[\"` + right + `\"]}')`, nil},
		"escaped slashes":   {`"X-Fourthwall-Hmac-SHA256":"` + slashes + `"`, found{"escaped"}},
		"slashes alone":     {slashes, found{"escaped"}},
		"unicode escapes":   {unicode, found{"escaped"}},
		"unicode, named":    {`{"x-fourthwall-hmac-sha256":["` + unicode + `"]}`, found{"escaped"}},
		"entities":          {entities, found{"escaped"}},
		"Markdown, escaped": {strings.NewReplacer("=", `\=`, "+", `\+`).Replace(right), found{"escaped"}},
		"percent in a log":  {"[" + url.QueryEscape(right) + "]", found{"percent-encoded"}},
		"twice":             {right + right, found{"signature-doubled"}},
		"twice in a list":   {right + ", " + right, found{"signature-doubled"}},
		"twice in lines":    {right + "\n" + right, found{"signature-doubled"}},
		"two of them":       {other + "\n" + right, nil},
		"no width":          {right[:20] + "\u200b" + right[20:], found{"invisible-characters"}},
		"equals sign":       {strings.Replace(right, "=", `\u003d`, 1), found{"escaped"}},
		"entity":            {strings.Replace(right, "=", "&#61;", 1), found{"escaped"}},
		"blank":             {right[:20] + "\u2800" + right[20:], found{"invisible-characters"}},
		"filler":            {right[:20] + "\uffa0" + right[20:], found{"invisible-characters"}},
		"control":           {right[:20] + "\u0007" + right[20:], found{"invisible-characters"}},
		"soft hyphen":       {right[:20] + "\u00ad" + right[20:], found{"invisible-characters"}},
		"directions":        {"\u202a" + right + "\u202c", nil},
		"invisible, named":  {"X-Fourthwall-Hmac-SHA256: " + right[:9] + "\u2060\u200d" + right[9:], found{"invisible-characters"}},
		"no padding":        {"[" + strings.TrimRight(right, "=") + "]", found{"padding"}},
		"hex":               {"map[X-Fourthwall-Hmac-Sha256:[" + asHex(right) + "]]", found{"hex"}},
	}
	for name, tt := range tests {
		c := explainCase{body: body, exact: true, signature: tt.pasted, secret: testSecret, codes: tt.codes}
		if len(tt.codes) == 0 || tt.codes[0] == signature.CodeUnknownHeader {
			c.valid, c.form = true, signature.FormAsReceived
		}
		runExplain(t, map[string]explainCase{name: c})
	}
}

// asHex returns a signature in hexadecimal digits.
func asHex(value string) string {
	raw, _ := base64.StdEncoding.DecodeString(value)
	return fmt.Sprintf("%x", raw)
}

// Text of the length of a signature is base64, even if all its characters are hexadecimal digits.
func TestExplainNotHex(t *testing.T) {
	runExplain(t, map[string]explainCase{
		"44 A":           {body: testBody, signature: strings.Repeat("A", 44), secret: testSecret, codes: found{"wrong-length"}},
		"44 digits":      {body: testBody, signature: strings.Repeat("12af", 11), secret: testSecret, codes: found{"wrong-length"}},
		"hex cut to 44":  {body: testBody, signature: asHex(signed(testBody, testSecret))[:44], secret: testSecret, codes: found{"hex", "truncated"}},
		"43 A and =":     {body: testBody, signature: strings.Repeat("A", 43) + "=", secret: testSecret, codes: found{"secret-or-body"}},
		"44 A in a list": {body: testBody, signature: "[" + strings.Repeat("A", 44) + "]", secret: testSecret, codes: found{"not-base64"}},
	})
}

// A signature whose bytes were printed one by one is put together again.
func TestExplainSignatureBytes(t *testing.T) {
	right := signed(testBody, testSecret)
	raw, _ := base64.StdEncoding.DecodeString(right)
	var numbers, negative, hexes, escapes []string
	for _, b := range raw {
		numbers = append(numbers, fmt.Sprint(b))
		negative = append(negative, fmt.Sprint(int8(b)))
		hexes = append(hexes, fmt.Sprintf("%02x", b))
		escapes = append(escapes, fmt.Sprintf(`\x%02x`, b))
	}
	for name, tt := range map[string]struct {
		pasted string
		code   signature.FindingCode
	}{
		"Go":                {"[" + strings.Join(numbers, " ") + "]", "signature-bytes"},
		"Java":              {"[" + strings.Join(negative, ", ") + "]", "signature-bytes"},
		"Uint8Array":        {"Uint8Array(32) [ " + strings.Join(numbers, ", ") + " ]", "signature-bytes"},
		"Buffer":            {"<Buffer " + strings.Join(hexes, " ") + ">", "signature-bytes"},
		"Buffer, named":     {"X-Fourthwall-Hmac-SHA256: <Buffer " + strings.Join(hexes, " ") + ">", "signature-bytes"},
		"Buffer as JSON":    {`{"type":"Buffer","data":[` + strings.Join(numbers, ",") + "]}", "signature-bytes"},
		"list, named":       {"X-Fourthwall-Hmac-SHA256: [" + strings.Join(numbers, ", ") + "]", "signature-bytes"},
		"Python":            {"b'" + strings.Join(escapes, "") + "'", "signature-bytes"},
		"bytearray":         {"bytearray(b'" + strings.Join(escapes, "") + "')", "signature-bytes"},
		"colons":            {strings.Join(hexes, ":"), "signature-bytes"},
		"capitals":          {strings.ToUpper(strings.Join(hexes, ":")), "signature-bytes"},
		".NET":              {strings.ToUpper(strings.Join(hexes, "-")), "signature-bytes"},
		"hexadecimal list":  {"0x" + strings.Join(hexes, ", 0x"), "signature-bytes"},
		"Base64 of Base64":  {b64([]byte(right)), "base64-twice"},
		"31 bytes":          {"[" + strings.Join(numbers[1:], ", ") + "]", "not-base64"},
		"the text of a MD5": {"'" + strings.Join(hexes[:16], "") + "'", "hex"},
	} {
		codes := found{tt.code}
		if name == "the text of a MD5" {
			codes = found{"hex", "truncated"}
		}
		runExplain(t, map[string]explainCase{name: {
			body: testBody, exact: true, signature: tt.pasted, secret: testSecret, codes: codes,
		}})
	}
}

// A secret that a program escaped or encoded is read back.
func TestExplainEncodedSecret(t *testing.T) {
	const secret = "c2Vj+mV0/Xdpd+ggcGFk/Gluhw=="
	for name, tt := range map[string]struct {
		pasted string
		codes  found
	}{
		"PHP's JSON":        {strings.ReplaceAll(secret, "/", `\/`), found{"secret-encoded"}},
		"a member of it":    {`{"secret":"` + strings.ReplaceAll(secret, "/", `\/`) + `"}`, found{"secret-with-name", "secret-encoded"}},
		"escaped":           {strings.ReplaceAll(secret, "=", `\u003d`), found{"secret-encoded"}},
		"a written newline": {secret + `\n`, found{"secret-encoded"}},
		"percent-encoded":   {url.QueryEscape(secret), found{"secret-encoded"}},
		"entities":          {strings.ReplaceAll(secret, "+", "&#43;"), found{"secret-encoded"}},
		"form-decoded":      {strings.ReplaceAll(secret, "+", " "), found{"secret-encoded"}},
		"URL-safe":          {strings.NewReplacer("+", "-", "/", "_").Replace(secret), found{"secret-encoded"}},
		"without padding":   {strings.TrimRight(secret, "="), found{"secret-encoded"}},
		"both":              {strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(secret), found{"secret-encoded"}},
		"another secret":    {"c2Vj", found{"secret-short", "secret-or-body"}},
	} {
		runExplain(t, map[string]explainCase{name: {
			body: testBody, exact: true, signature: signed(testBody, secret), secret: tt.pasted, codes: tt.codes,
		}})
	}
}

// A secret is found in the line that names it.
func TestExplainNamedSecret(t *testing.T) {
	const padded = "c2VjcmV0LXdpdGgtcGFkZGluZw=="
	for name, pasted := range map[string]string{
		".env":             "FOURTHWALL_WEBHOOK_SECRET=%s",
		"quoted":           `FOURTHWALL_WEBHOOK_SECRET="%s"`,
		"single quotes":    `SECRET='%s'`,
		"any name":         "FW=%s",
		"blanks":           "WEBHOOK_SECRET = %s\n",
		"export":           "export WEBHOOK_SECRET=%s",
		"export, quoted":   `export WEBHOOK_SECRET="%s";`,
		"set":              "set WEBHOOK_SECRET=%s",
		"setx":             "setx WEBHOOK_SECRET %s",
		"PowerShell":       `$env:WEBHOOK_SECRET = "%s"`,
		"docker":           "-e WEBHOOK_SECRET=%s",
		"Dockerfile":       "ENV WEBHOOK_SECRET %s",
		"YAML":             "webhook_secret: %s",
		"YAML list":        "  - WEBHOOK_SECRET=%s",
		"YAML, quoted":     `webhookSecret: '%s'`,
		"JSON":             `"secret": "%s"`,
		"JSON, comma":      `"webhook_secret": "%s",`,
		"JSON object":      `{"secret": "%s"}`,
		"JSON, members":    `{"shop":"x","hmacSecret":"%s","n":1}`,
		"JavaScript":       `const secret = '%s';`,
		"TypeScript":       `  secret: "%s",`,
		"Go":               `secret := "%s"`,
		"PHP":              `'secret' => '%s',`,
		"PHP's variable":   `$secret = '%s';`,
		"PHP's define":     `define('WEBHOOK_SECRET', '%s');`,
		"words":            "Secret: %s",
		"several lines":    "PORT=8080\nWEBHOOK_SECRET=%s\nDEBUG=1",
		"CRLF":             "A=1\r\nWEBHOOK_SECRET=\"%s\"\r\nB=2",
		"smart quotes":     "secret = “%s”",
		"invisible":        "SECRET=\u200b%s\u200b",
		"Python's environ": "os.environ['SECRET'] = '%s'",
	} {
		for _, secret := range []string{testSecret, padded} {
			runExplain(t, map[string]explainCase{name: {
				body: testBody, exact: true, signature: signed(testBody, secret),
				secret: fmt.Sprintf(pasted, secret), codes: found{"secret-with-name"},
			}})
		}
	}
	for name, pasted := range map[string]string{
		"comment":      `SECRET = "%s" # from the settings`,
		"Kubernetes":   "- name: SECRET\n  value: \"%s\"",
		"kubectl":      "kubectl create secret generic fw --from-literal=secret=%s",
		"Heroku":       "heroku config:set SECRET=%s",
		"command":      "SECRET='%s' node app.js",
		"shell":        "${SECRET:-%s}",
		"XML":          "<secret>%s</secret>",
		"ASP.NET":      `<add key="Secret" value="%s"/>`,
		"Ruby":         `:secret => "%s"`,
		"Swift":        `let secret: String = "%s"`,
		"Bearer":       "Bearer %s",
		"two lines":    "Secret:\n%s",
		"comment line": "// secret: %s",
		"brackets":     "[%s]",
		"comma":        "%s,",
	} {
		for _, secret := range []string{testSecret, padded} {
			runExplain(t, map[string]explainCase{name: {
				body: testBody, exact: true, signature: signed(testBody, secret),
				secret: fmt.Sprintf(pasted, secret), codes: found{"secret-in-text"},
			}})
		}
	}
	runExplain(t, map[string]explainCase{
		"a name is part of it": {body: testBody, exact: true, signature: signed(testBody, "a=b"), secret: "a=b", valid: true, form: "as-received"},
		"no match":             {body: testBody, exact: true, signature: sha("x"), secret: "export WEBHOOK_SECRET=something-else", codes: found{"secret-with-name", "secret-or-body"}},
		"wrapped":              {body: testBody, exact: true, signature: signed(testBody, testSecret), secret: testSecret[:9] + "\n" + testSecret[9:], codes: found{"secret-gap"}},
		"no width inside":      {body: testBody, exact: true, signature: signed(testBody, testSecret), secret: testSecret[:9] + "\u200b" + testSecret[9:], codes: found{"secret-gap"}},
	})
}
