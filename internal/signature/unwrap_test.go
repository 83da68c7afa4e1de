package signature_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
)

// letters is a body with letters of one, two, three and four bytes, and one that only Windows-1252 has.
const letters = `{"id":"weve_1","name":"Zoë – “Ünal” 😀 €","amount":12.50}`

// west has no letters beyond Latin-1.
const west = `{"id":"weve_1","name":"Zoë Ünal ñ","amount":12.50}`

// westInLatin1 returns west with a byte for each character.
func westInLatin1() string {
	var b []byte
	for _, r := range west {
		b = append(b, byte(r))
	}
	return string(b)
}

// mojibake reads UTF-8 as Latin-1.
func mojibake(text string) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteRune(rune(text[i]))
	}
	return b.String()
}

// careted returns a text as browsers write it into a command for Windows.
func careted(text string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
	return regexp.MustCompile(`[^a-zA-Z0-9\s_\-:=+~'/.,?;()*]`).ReplaceAllString(escaped, "^$0")
}

func asUTF16(text string, order binary.AppendByteOrder, mark bool) string {
	var b []byte
	if mark {
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// lettersReplaced returns letters with each character beyond ASCII replaced.
func lettersReplaced(replace func(r rune) string) string {
	var b strings.Builder
	for _, r := range letters {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			b.WriteString(replace(r))
		}
	}
	return b.String()
}

func TestExplainEncodings(t *testing.T) {
	windows := strings.NewReplacer(
		"ë", "\xeb", "Ü", "\xdc", "–", "\x96", "“", "\x93", "”", "\x94", "€", "\x80", "😀", "?",
	).Replace(letters)
	garbled := strings.NewReplacer(
		"ë", "Ã«", "Ü", "Ãœ", "–", "â€“", "€", "â‚¬", "😀", "ðŸ˜€", "“", "â€œ", "”", "â€\u009d",
	).Replace(letters)
	little, big := binary.LittleEndian, binary.BigEndian
	rows := []struct {
		name, pasted, signed string
		code                 signature.FindingCode
	}{
		{"ASCII, a character", letters, lettersReplaced(func(rune) string { return "?" }), "signed-ascii"},
		{"ASCII, a byte", letters, lettersReplaced(func(r rune) string { return strings.Repeat("?", len(string(r))) }), "signed-ascii"},
		{"ASCII, a unit", letters, lettersReplaced(func(r rune) string { return strings.Repeat("?", utf16.RuneLen(r)) }), "signed-ascii"},
		{"ASCII, left out", letters, lettersReplaced(func(rune) string { return "" }), "signed-ascii"},
		{"ASCII, numbers of HTML", letters, lettersReplaced(func(r rune) string { return fmt.Sprintf("&#%d;", r) }), "signed-ascii"},
		{"Latin-1 signed", west, westInLatin1(), "signed-latin-1"},
		{"Latin-1 signed, with ?", letters, lettersReplaced(func(r rune) string {
			if r > 0xff {
				return "?"
			}
			return string([]byte{byte(r)})
		}), "signed-latin-1"},
		{"Windows-1252 signed", letters, windows, "signed-latin-1"},
		{"low bytes signed, as Node.js does", letters, lowBytes(letters), "signed-latin-1"},
		{"garbled and signed", letters, mojibake(letters), "signed-mojibake"},
		{"garbled as Windows-1252 and signed", letters, garbled, "signed-mojibake"},
		{"garbled twice and signed", west, mojibake(mojibake(west)), "signed-mojibake"},
		{"garbled and pasted", mojibake(letters), letters, "mojibake"},
		{"garbled as Windows-1252 and pasted", garbled, letters, "mojibake"},
		{"garbled twice and pasted", mojibake(mojibake(west)), west, "mojibake"},
		{"Latin-1 file", westInLatin1(), west, "latin-1"},
		{"Windows-1252 file", strings.ReplaceAll(windows, "?", "x"), strings.ReplaceAll(letters, "😀", "x"), "latin-1"},
		{"UTF-16 file", asUTF16(letters, little, true), letters, "utf-16"},
		{"UTF-16 file, big endian", asUTF16(letters, big, true), letters, "utf-16"},
		{"UTF-16 text", asUTF16(letters, little, false), letters, "utf-16"},
		{"UTF-16 text, big endian", asUTF16(letters, big, false), letters, "utf-16"},
		{"UTF-16 signed", letters, asUTF16(letters, little, false), "signed-utf-16"},
		{"UTF-16 signed, with a mark", letters, asUTF16(letters, little, true), "signed-utf-16"},
		{"UTF-16 signed, big endian", letters, asUTF16(letters, big, false), "signed-utf-16"},
		{"U+FFFD signed, a character", letters, lettersReplaced(func(rune) string { return "\ufffd" }), "signed-replacement-characters"},
		{"U+FFFD signed, a byte", letters, lettersReplaced(func(r rune) string { return strings.Repeat("\ufffd", len(string(r))) }), "signed-replacement-characters"},
		{"U+FFFD signed, of Latin-1", westInLatin1(), strings.ToValidUTF8(westInLatin1(), "\ufffd"), "signed-replacement-characters"},
	}
	for _, row := range rows {
		tests := map[string]explainCase{}
		for _, exact := range []bool{true, false} {
			tests[fmt.Sprintf("%s, file %v", row.name, exact)] = explainCase{
				body: row.pasted, exact: exact, signature: signed(row.signed, testSecret), secret: testSecret, codes: found{row.code},
			}
		}
		tests[row.name+", lines in a text area"] = explainCase{
			body: strings.ReplaceAll(row.pasted, ",", ",\r\n"), signature: signed(strings.ReplaceAll(row.signed, ",", ",\n"), testSecret),
			secret: testSecret, codes: found{row.code},
		}
		if strings.Contains(row.name, "UTF-16") {
			delete(tests, row.name+", lines in a text area") // a line break has more bytes there
		}
		runExplain(t, tests)
	}
}

// lowBytes has the low byte of each UTF-16 unit.
func lowBytes(text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, byte(unit))
	}
	return string(b)
}

// Without a match, letters are only named if there is something wrong to see, and never in plain ASCII.
func TestExplainEncodingHints(t *testing.T) {
	wrong := sha("x")
	runExplain(t, map[string]explainCase{
		"letters":       {body: letters, exact: true, signature: wrong, secret: testSecret, codes: found{"secret-or-body"}},
		"ASCII":         {body: `{"name":"Zo? A&#235; \u00eb"}`, exact: true, signature: wrong, secret: testSecret, codes: found{"secret-or-body"}},
		"replacements":  {body: `{"name":"Zo` + "\ufffd" + `"}`, exact: true, signature: wrong, secret: testSecret, codes: found{"replacement-characters", "secret-or-body"}},
		"garbled":       {body: mojibake(west), exact: true, signature: wrong, secret: testSecret, codes: found{"mojibake", "secret-or-body"}},
		"Latin-1":       {body: westInLatin1(), exact: true, signature: wrong, secret: testSecret, codes: found{"latin-1", "secret-or-body"}},
		"UTF-16":        {body: asUTF16(west, binary.LittleEndian, true), exact: true, signature: wrong, secret: testSecret, codes: found{"utf-16", "secret-or-body"}},
		"ASCII, signed": {body: `{"name":"Zoe?"}`, exact: true, signature: signed(`{"name":"Zoé"}`, testSecret), secret: testSecret, codes: found{"secret-or-body"}},
	})
}

// printed has testBody as programs print it.
func printed() map[string]struct {
	body string
	code signature.FindingCode
} {
	quoted := strconv.QuoteToASCII(testBody)
	escaped := strings.NewReplacer("ë", `\xc3\xab`).Replace(testBody)
	request := "POST /hook HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/json\r\n\r\n"
	var list, hexes []string
	for i := range len(testBody) {
		list = append(list, strconv.Itoa(int(testBody[i])))
		hexes = append(hexes, fmt.Sprintf("%02x", testBody[i]))
	}
	var java []string
	for i := range len(testBody) {
		java = append(java, strconv.Itoa(int(int8(testBody[i]))))
	}
	nice := strings.NewReplacer(
		`{"`, `{“`, `":`, `”:`, `,"`, `,“`, `:"`, `:“`, `",`, `”,`, `"]`, `”]`, `["`, `[“`, `"}`, `”}`,
	).Replace(testBody)
	type row = struct {
		body string
		code signature.FindingCode
	}
	return map[string]row{
		"Python's bytes":         {"b'" + escaped + "'", "body-literal"},
		"Python's bytes, named":  {"body = b'" + escaped + "'", "body-literal"},
		"Python's bytes, double": {`b"` + strings.ReplaceAll(escaped, `"`, `\"`) + `"`, "body-literal"},
		"Python's str":           {"'" + testBody + "'", "body-literal"},
		"Go's %q":                {`"` + strings.ReplaceAll(escaped, `"`, `\"`) + `"`, "body-literal"},
		"JavaScript's string":    {"'" + testBody + "';", "body-literal"},
		"backquotes":             {"`" + testBody + "`", "body-literal"},
		"escaped quotes":         {strings.ReplaceAll(testBody, `"`, `\"`), "body-literal"},
		"quoted by Go":           {quoted, "body-quoted"},
		"Node's Buffer":          {"<Buffer " + strings.Join(hexes, " ") + ">", "body-bytes"},
		"Node's Buffer, named":   {"body: <Buffer " + strings.Join(hexes, " ") + ">", "body-bytes"},
		"Node's Buffer as JSON":  {`{"type":"Buffer","data":[` + strings.Join(list, ",") + `]}`, "body-bytes"},
		"hexdump -C":             {hex.Dump([]byte(testBody)), "body-bytes"},
		"xxd":                    {xxd(testBody, ":", testBody[:9]), "body-bytes"},
		"od -tx1":                {xxd(testBody, "", ""), "body-bytes"},
		"Go's bytes":             {"[" + strings.Join(list, " ") + "]", "body-bytes"},
		"Python's list":          {"[" + strings.Join(list, ", ") + "]", "body-bytes"},
		"bytearray":              {"bytearray([" + strings.Join(list, ", ") + "])", "body-bytes"},
		"Uint8Array":             {"Uint8Array(" + strconv.Itoa(len(list)) + ") [\n  " + strings.Join(list, ", ") + "\n]", "body-bytes"},
		"Java's bytes":           {"[" + strings.Join(java, ", ") + "]", "body-bytes"},
		"hex":                    {strings.Join(hexes, ""), "body-bytes"},
		"hex with blanks":        {strings.Join(hexes, " "), "body-bytes"},
		"Postgres's bytea":       {`\x` + strings.Join(hexes, ""), "body-bytes"},
		"payload=":               {"payload=" + url.QueryEscape(testBody), "body-in-form"},
		"payload= and more":      {"a=1&payload=" + url.QueryEscape(testBody) + "&z=2", "body-in-form"},
		"payload=, plain":        {"payload=" + testBody, "body-in-form"},
		"percent-encoded":        {url.QueryEscape(testBody), "body-in-form"},
		"entities":               {html.EscapeString(testBody), "body-in-html"},
		"entities by number":     {strings.ReplaceAll(testBody, `"`, "&#x22;"), "body-in-html"},
		"entities in a pre":      {"<pre>" + html.EscapeString(testBody) + "</pre>", "body-in-html"},
		"request":                {request + testBody, "body-in-request"},
		"request, LF":            {strings.ReplaceAll(request, "\r", "") + testBody, "body-in-request"},
		"headers and body":       {"Host: a.example\nAccept: */*\n\n" + testBody, "body-in-request"},
		"curl":                   {"curl -X POST https://a.example -H 'A: b' -d '" + testBody + "'", "body-in-command"},
		"curl, raw":              {"curl 'https://a.example' \\\n  --data-raw '" + testBody + "' \\\n  --compressed", "body-in-command"},
		"curl, double quotes":    {`curl https://a.example --data "` + strings.ReplaceAll(testBody, `"`, `\"`) + `"`, "body-in-command"},
		"curl, Windows":          {"curl ^\"https://a.example^\" ^\n  --data-raw ^\"" + careted(testBody) + "^\"", "body-in-command"},
		"curl, $'…'":             {"curl https://a.example --data-binary $'" + escaped + "'", "body-in-command"},
		"smart quotes":           {nice, "body-smart-quotes"},
		"no-break spaces":        {strings.ReplaceAll(testBody, `"name":`, "\"name\":"), ""},
		"zero width":             {strings.ReplaceAll(testBody, `"id"`, "\u200b\"id\u200b\""), "body-invisible-characters"},
		"braille blank":          {strings.ReplaceAll(testBody, `"id"`, "\u2800\"id\"\ufffc"), "body-invisible-characters"},
		"null":                   {testBody + "\u0000", "body-invisible-characters"},
		"word joiner in front":   {"\u2060" + testBody, "body-invisible-characters"},
		"a log":                  {"2026-11-27 INFO body: " + testBody, "body-surrounded"},
		"fence":                  {"```json\n" + testBody + "\n```", "body-surrounded"},
		"a bracket too many":     {testBody + ";", "body-surrounded"},
	}
}

func TestExplainPrintedBody(t *testing.T) {
	right := signed(testBody, testSecret)
	for name, row := range printed() {
		for _, exact := range []bool{true, false} {
			c := explainCase{body: row.body, exact: exact, signature: right, secret: testSecret, codes: found{row.code}}
			if row.code == "" {
				c.valid, c.form, c.codes = true, "as-received", nil
			}
			runExplain(t, map[string]explainCase{fmt.Sprintf("%s, file %v", name, exact): c})
		}
	}
	const request = "POST /hook HTTP/1.1\r\nHost: a.example\r\n\r\n"
	runExplain(t, map[string]explainCase{
		"form in a request":     {body: request + "payload=" + url.QueryEscape(testBody), exact: true, signature: right, secret: testSecret, codes: found{"body-in-request", "body-in-form"}},
		"garbled in a request":  {body: request + mojibake(testBody), exact: true, signature: right, secret: testSecret, codes: found{"body-in-request", "mojibake"}},
		"request, garbled":      {body: request + testBody, exact: true, signature: signed(mojibake(testBody), testSecret), secret: testSecret, codes: found{"body-in-request", "signed-mojibake"}},
		"event in a request":    {body: request + `{"payload":` + testBody + `}`, exact: true, signature: right, secret: testSecret, codes: found{"body-wrapped", "body-in-request"}},
		"hex signature, bytes":  {body: "b'" + strings.ReplaceAll(testBody, "ë", `\xc3\xab`) + "'", exact: true, signature: asHex(right), secret: testSecret, codes: found{"hex", "body-literal"}},
		"request, JSON spaced":  {body: request + `{"a": 1}`, exact: true, signature: signed(`{"a":1}`, testSecret), secret: testSecret, codes: found{"json-rewritten", "body-in-request"}},
		"Base64 in an event":    {body: `{"isBase64Encoded":true,"body":"` + b64([]byte(testBody)) + `"}`, exact: true, signature: right, secret: testSecret, codes: found{"body-wrapped", "body-base64"}},
		"Buffer that was cut":   {body: "<Buffer 7b 22 69 64 ... 120 more bytes>", exact: true, signature: right, secret: testSecret, codes: found{"body-bytes", "secret-or-body"}},
		"print_r":               {body: "Array\n(\n    [id] => weve_1\n)", exact: true, signature: right, secret: testSecret, codes: found{"body-parsed", "secret-or-body"}},
		"Go's map":              {body: "map[id:weve_1 type:X]", exact: true, signature: right, secret: testSecret, codes: found{"body-parsed", "secret-or-body"}},
		"bytes, another secret": {body: "b'{\"a\":1}'", exact: true, signature: right, secret: "some-other-secret-1", codes: found{"body-literal", "secret-or-body"}},
	})
}

// A printed object has lost its spaces, so that it is the JSON written again that matches.
func TestExplainPrintedObject(t *testing.T) {
	const sent = `{"testMode":false,"id":"weve_1",` +
		`"data":{"name":"Zoë's","amount":12.5,"none":null,"ok":true,"tags":["a",1]}}`
	for name, body := range map[string]string{
		"Python":     `{'testMode': False, 'id': 'weve_1', 'data': {'name': "Zoë's", 'amount': 12.5, 'none': None, 'ok': True, 'tags': ['a', 1]}}`,
		"Ruby":       `{"testMode"=>false, "id"=>"weve_1", "data"=>{"name"=>"Zoë's", "amount"=>12.5, "none"=>nil, "ok"=>true, "tags"=>["a", 1]}}`,
		"Ruby 3.4":   `{testMode: false, id: "weve_1", data: {name: "Zoë's", amount: 12.5, none: nil, ok: true, tags: ["a", 1]}}`,
		"symbols":    `{:testMode=>false, :id=>"weve_1", :data=>{:name=>"Zoë's", :amount=>12.5, :none=>nil, :ok=>true, :tags=>["a", 1]}}`,
		"JavaScript": "{\n  testMode: false,\n  id: 'weve_1',\n  data: {\n    name: \"Zoë's\",\n    amount: 12.5,\n    none: null,\n    ok: true,\n    tags: [ 'a', 1 ],\n  },\n}",
	} {
		for _, signedBody := range []string{sent, strings.NewReplacer(`":`, `": `, `,"`, `, "`, `,1`, `, 1`).Replace(sent)} {
			v := signature.Explain(signature.Input{
				Body: fourthwall.BuyerData(body), Signature: fourthwall.Secret(signed(signedBody, testSecret)), Secret: testSecret,
			})
			if got := codesOf(v); v.Valid || !containsCode(got, "body-parsed") || containsCode(got, "secret-or-body") {
				t.Errorf("%s: %v", name, got)
			}
		}
	}
}

func containsCode(all found, code signature.FindingCode) bool {
	return bytes.Contains([]byte(fmt.Sprint(all)), []byte(code))
}

// xxd dumps a body in hexadecimal digits. After the offset is a mark, and at the end of each line a text.
func xxd(body, mark, text string) string {
	var b strings.Builder
	for i := 0; i < len(body); i += 16 {
		line := fmt.Sprintf("%07x%s % x", i, mark, body[i:min(i+16, len(body))])
		if text != "" {
			line += "  " + text
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}
