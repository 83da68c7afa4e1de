package signature_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/fourthwall"
	"hookwall/internal/signature"
)

const (
	// canary is in everything pasted and must not be in a verdict.
	canary     = "canary-Zq7"
	testSecret = "fw!secret-51c9-Kq2pXz"
	testBody   = `{"testMode":false,"id":"weve_1","type":"DONATION",` +
		`"data":{"name":"Zoë/1","amount":12.50,"tags":["<b>","a+b"],"none":{}}}`
)

func mac(algorithm func() hash.Hash, key, body string) []byte {
	h := hmac.New(algorithm, []byte(key))
	h.Write([]byte(body))
	return h.Sum(nil)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// signed returns the right signature of a body by a key.
func signed(body, key string) string { return b64(mac(sha256.New, key, body)) }

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return b64(sum[:])
}

// find returns a body whose signature by the key has all these characters.
func find(t *testing.T, key, characters string) (body, signature string) {
	t.Helper()
	for i := range 100_000 {
		body = fmt.Sprintf(`{"n":%d}`, i)
		signature = signed(body, key)
		missing := false
		for _, c := range characters {
			missing = missing || !strings.ContainsRune(signature, c)
		}
		if !missing {
			return body, signature
		}
	}
	t.Fatal("no such signature")
	return "", ""
}

type explainCase struct {
	body      string
	exact     bool
	signature string
	secret    string
	valid     bool
	form      signature.BodyForm
	codes     []signature.FindingCode
}

func codesOf(v signature.Verdict) []signature.FindingCode {
	var codes []signature.FindingCode
	for _, f := range v.Findings {
		codes = append(codes, f.Code)
	}
	return codes
}

func runExplain(t *testing.T, tests map[string]explainCase) {
	t.Helper()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := signature.Explain(signature.Input{
				Body: fourthwall.BuyerData(tt.body), Exact: tt.exact,
				Signature: fourthwall.Secret(tt.signature), Secret: fourthwall.Secret(tt.secret),
			})
			if v.Valid != tt.valid || v.Form != tt.form {
				t.Errorf("valid %v as %q, want %v as %q", v.Valid, v.Form, tt.valid, tt.form)
			}
			if diff := cmp.Diff(tt.codes, codesOf(v)); diff != "" {
				t.Errorf("findings differ (-want +got):\n%s", diff)
			}
			checkVerdict(t, v)
		})
	}
}

// checkVerdict checks what is true of every verdict.
func checkVerdict(t *testing.T, v signature.Verdict) {
	t.Helper()
	if v.Valid != (v.Form != "") || !v.Valid && len(v.Findings) == 0 || v.Summary == "" || v.Form.Text() == "" {
		t.Errorf("verdict %+v", v)
	}
	if v.Header != signature.ShopSignatureHeader && v.Header != signature.AppSignatureHeader {
		t.Errorf("header %q", v.Header)
	}
	for _, f := range v.Findings {
		if f.Code == "" || f.Title == "" || len(f.Text) < 40 || strings.Contains(f.Text+f.Evidence, "{how}") {
			t.Errorf("finding %+v", f)
		}
	}
}

type found = []signature.FindingCode

func TestExplainValid(t *testing.T) {
	lines := "{\n  \"a\": 1\n}"
	crlf := "{\r\n  \"a\": 1\r\n}"
	right := signed(testBody, testSecret)
	runExplain(t, map[string]explainCase{
		"as received":               {testBody, false, right, testSecret, true, "as-received", nil},
		"mixed line ends, a file":   {"{\r\n}\n", true, signed("{\r\n}\n", testSecret), testSecret, true, "as-received", nil},
		"mixed line ends, pasted":   {"{\r\n}\n", false, signed("{\r\n}\n", testSecret), testSecret, true, "as-received", nil},
		"file":                      {testBody, true, right, testSecret, true, "as-received", nil},
		"header name":               {testBody, true, "X-Fourthwall-Hmac-SHA256: " + right, testSecret, true, "as-received", nil},
		"header name, lower":        {testBody, true, "x-fourthwall-hmac-sha256:" + right + "\r\n", testSecret, true, "as-received", nil},
		"header name, own line":     {testBody, true, "X-Fourthwall-Hmac-SHA256:\n" + right, testSecret, true, "as-received", nil},
		"header in JSON":            {testBody, true, `"x-fourthwall-hmac-sha256": "` + right + `",`, testSecret, true, "as-received", nil},
		"header in a Ruby hash":     {testBody, true, `"HTTP_X_FOURTHWALL_HMAC_SHA256"=>"` + right + `"`, testSecret, true, "as-received", nil},
		"header in PHP":             {testBody, true, `[HTTP_X_FOURTHWALL_HMAC_SHA256] => ` + right, testSecret, true, "as-received", nil},
		"header for curl":           {testBody, true, `curl -H 'X-Fourthwall-Hmac-SHA256: ` + right + `' \`, testSecret, true, "as-received", nil},
		"all headers":               {testBody, true, "Host: a.example\r\nX-Fourthwall-Hmac-Apps-SHA256: " + sha("x") + "\r\nX-Fourthwall-Hmac-SHA256: " + right + "\r\nAccept: */*\r\n", testSecret, true, "as-received", nil},
		"quotes and blanks":         {testBody, true, " \u201c" + right + "\u201d \n", testSecret, true, "as-received", nil},
		"other header":              {testBody, true, "X-Signature: " + right, testSecret, true, "as-received", found{"unknown-header"}},
		"CRLF from a text area":     {crlf, false, signed(lines, testSecret), testSecret, true, "lf", nil},
		"CRLF, at the end too":      {crlf + "\r\n", false, signed(lines+"\n", testSecret), testSecret, true, "lf", nil},
		"really CRLF":               {crlf, false, signed(crlf, testSecret), testSecret, true, "as-received", nil},
		"one more newline":          {testBody + "\r\n", false, right, testSecret, true, "without-final-newline", nil},
		"newline sent as CRLF":      {testBody + "\r\n", false, signed(testBody+"\n", testSecret), testSecret, true, "lf", nil},
		"newline lost":              {testBody, false, signed(testBody+"\n", testSecret), testSecret, true, "with-final-newline", nil},
		"CRLF and one more newline": {crlf + "\r\n", false, signed(lines, testSecret), testSecret, true, "lf-without-final-newline", nil},
		"CRLF and newline lost":     {crlf, false, signed(lines+"\n", testSecret), testSecret, true, "lf-with-final-newline", nil},
		"CRLF, its newline lost":    {crlf, false, signed(crlf+"\r\n", testSecret), testSecret, true, "with-final-newline", nil},
		"secret is blank-ended":     {testBody, true, signed(testBody, " "+testSecret), " " + testSecret, true, "as-received", nil},
		"not JSON":                  {"plain \xff text", true, signed("plain \xff text", testSecret), testSecret, true, "as-received", nil},
		"largest body":              {strings.Repeat("x", 1<<20), true, signed(strings.Repeat("x", 1<<20), testSecret), testSecret, true, "as-received", nil},
	})
}

func TestExplainAppHeader(t *testing.T) {
	app := "X-Fourthwall-Hmac-Apps-SHA256: "
	tests := map[string]struct {
		signature string
		header    string
		valid     bool
		codes     found
	}{
		"app header, shop's secret": {app + signed(testBody, "the key of the app"), signature.AppSignatureHeader, false, found{"app-header"}},
		"app header, app's key":     {app + signed(testBody, testSecret), signature.AppSignatureHeader, true, nil},
		"both headers, the app's is right": {
			app + signed(testBody, testSecret) + "\r\n" + "X-Fourthwall-Hmac-SHA256: " + signed(
				testBody,
				"another",
			) + "\r\n",
			signature.AppSignatureHeader,
			true,
			nil,
		},
		"both headers, the shop's is right": {
			app + signed(testBody, "the key of the app") + "\nX-Fourthwall-Hmac-SHA256: " + signed(
				testBody,
				testSecret,
			),
			signature.ShopSignatureHeader,
			true,
			nil,
		},
		"both headers, neither is right": {
			app + signed(testBody, "the key of the app") + "\nX-Fourthwall-Hmac-SHA256: " + signed(
				testBody,
				"another",
			),
			signature.ShopSignatureHeader,
			false,
			found{"secret-or-body"},
		},
		"app header, cut":     {app + "abc", signature.AppSignatureHeader, false, found{"app-header", "wrong-length"}},
		"app header, nothing": {app, signature.AppSignatureHeader, false, found{"empty-signature"}},
		"CGI name":            {"HTTP_X_FOURTHWALL_HMAC_APPS_SHA256=" + sha("a"), signature.AppSignatureHeader, false, found{"app-header"}},
		"shop header":         {"X-Fourthwall-Hmac-SHA256: " + sha("a"), signature.ShopSignatureHeader, false, found{"secret-or-body"}},
		"no name":             {sha("a"), signature.ShopSignatureHeader, false, found{"secret-or-body"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := signature.Explain(signature.Input{
				Body: testBody, Signature: fourthwall.Secret(tt.signature), Secret: testSecret,
			})
			if v.Header != tt.header || v.Valid != tt.valid {
				t.Errorf("header %q, valid %v", v.Header, v.Valid)
			}
			if diff := cmp.Diff(tt.codes, codesOf(v)); diff != "" {
				t.Errorf("findings differ (-want +got):\n%s", diff)
			}
			checkVerdict(t, v)
		})
	}
}

func TestExplainSignatureSpelling(t *testing.T) {
	raw := mac(sha256.New, testSecret, testBody)
	right := b64(raw)
	bare := strings.TrimRight(right, "=")
	body, special := find(t, testSecret, "+/")
	urlSafe := strings.NewReplacer("+", "-", "/", "_").Replace(special)
	tests := map[string]explainCase{
		"hex":                {body: testBody, signature: hex.EncodeToString(raw), codes: found{"hex"}},
		"HEX":                {body: testBody, signature: strings.ToUpper(hex.EncodeToString(raw)), codes: found{"hex"}},
		"0x":                 {body: testBody, signature: "0x" + hex.EncodeToString(raw), codes: found{"hex"}},
		"hex, no match":      {body: testBody + " ", exact: true, signature: hex.EncodeToString(raw), secret: "some-other-secret", codes: found{"hex", "secret-or-body"}},
		"sha256= hex":        {body: testBody, signature: "sha256=" + hex.EncodeToString(raw), codes: found{"prefix", "hex"}},
		"other header":       {body: testBody, signature: "X-Hub-Signature-256: sha256=" + hex.EncodeToString(raw), codes: found{"prefix", "hex"}},
		"other, no match":    {body: testBody, signature: "X-Hub-Signature-256: sha256=" + hex.EncodeToString(raw), secret: "some-other-secret", codes: found{"unknown-header", "prefix", "hex", "secret-or-body"}},
		"v1=":                {body: testBody, signature: "v1=" + right, codes: found{"prefix"}},
		"base64 of hex":      {body: testBody, signature: b64([]byte(hex.EncodeToString(raw))), codes: found{"base64-of-hex"}},
		"URL-safe":           {body: body, signature: urlSafe, codes: found{"url-safe-base64"}},
		"URL-safe, bare":     {body: body, signature: strings.TrimRight(urlSafe, "="), codes: found{"url-safe-base64", "padding"}},
		"no padding":         {body: testBody, signature: bare, codes: found{"padding"}},
		"too much padding":   {body: testBody, signature: bare + "==", codes: found{"padding"}},
		"percent-encoded":    {body: body, signature: url.QueryEscape(special), codes: found{"percent-encoded"}},
		"plus lost":          {body: body, signature: strings.ReplaceAll(special, "+", " "), codes: found{"plus-lost"}},
		"wrapped":            {body: testBody, signature: right[:30] + "\r\n" + right[30:], codes: found{"blanks-inside"}},
		"spare bits":         {body: testBody, signature: otherLast(right), codes: found{"last-character"}},
		"cut off":            {body: testBody, signature: right[:24], codes: found{"truncated"}},
		"cut off, odd":       {body: testBody, signature: right[:30], codes: found{"truncated"}},
		"hex, cut off":       {body: testBody, signature: hex.EncodeToString(raw)[:40], codes: found{"hex", "truncated"}},
		"cut off, shortest":  {body: testBody, signature: right[:16], codes: found{"truncated"}},
		"cut off too far":    {body: testBody, signature: right[:15], codes: found{"wrong-length"}},
		"a lot of padding":   {body: testBody, signature: right + "====", codes: found{"padding"}},
		"half URL-safe":      {body: body, signature: strings.Replace(special, "+", "-", 1), codes: found{"url-safe-base64"}},
		"other headers":      {body: testBody, signature: "Host: a.example\nX-Signature: abc", codes: found{"unknown-header", "not-base64"}},
		"not base64":         {body: testBody, signature: "what is this?!", codes: found{"not-base64"}},
		"wrong length":       {body: testBody, signature: "abcd", codes: found{"wrong-length"}},
		"wrong length, odd":  {body: testBody, signature: "hello-world", codes: found{"wrong-length"}},
		"two signatures":     {body: testBody, signature: b64(append(raw, raw[:9]...)), codes: found{"wrong-length"}},
		"only padding":       {body: testBody, signature: "====", codes: found{"not-base64"}},
		"hex of odd length":  {body: testBody, signature: hex.EncodeToString(raw)[:62], codes: found{"hex", "truncated"}},
		"hex, wrong length":  {body: testBody, signature: strings.Repeat("0a", 30), codes: found{"hex", "wrong-length"}},
		"other bytes of hex": {body: testBody, signature: strings.Repeat("0a", 32), codes: found{"hex", "secret-or-body"}},
	}
	for name, tt := range tests {
		if tt.secret == "" {
			tt.secret = testSecret
			tests[name] = tt
		}
	}
	runExplain(t, tests)
}

// otherLast changes the last character before the padding in a way that decoders ignore.
func otherLast(signature string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := strings.IndexByte(alphabet, signature[42])
	return signature[:42] + alphabet[i+1:i+2] + "="
}

func TestExplainAlgorithms(t *testing.T) {
	runExplain(t, map[string]explainCase{
		"MD5":               {testBody, true, b64(mac(md5.New, testSecret, testBody)), testSecret, false, "", found{"md5"}},
		"SHA-1":             {testBody, true, b64(mac(sha1.New, testSecret, testBody)), testSecret, false, "", found{"sha1"}},
		"SHA-1, hex":        {testBody, true, hex.EncodeToString(mac(sha1.New, testSecret, testBody)), testSecret, false, "", found{"hex", "sha1"}},
		"SHA-384":           {testBody, true, b64(mac(sha512.New384, testSecret, testBody)), testSecret, false, "", found{"sha384"}},
		"SHA-512":           {testBody, true, b64(mac(sha512.New, testSecret, testBody)), testSecret, false, "", found{"sha512"}},
		"SHA-512, hex":      {testBody, true, hex.EncodeToString(mac(sha512.New, testSecret, testBody)), testSecret, false, "", found{"hex", "sha512"}},
		"MD5, no match":     {testBody, true, b64(mac(md5.New, "other", testBody)), testSecret, false, "", found{"md5"}},
		"SHA-1, no match":   {testBody, true, b64(mac(sha1.New, "other", testBody)), testSecret, false, "", found{"sha1"}},
		"SHA-384, no match": {testBody, true, b64(mac(sha512.New384, "other", testBody)), testSecret, false, "", found{"sha384"}},
		"SHA-512, no match": {testBody, true, hex.EncodeToString(mac(sha512.New, "other", testBody)), testSecret, false, "", found{"hex", "sha512"}},
		"no key":            {testBody, true, sha(testBody), testSecret, false, "", found{"plain-sha256"}},
		"no key, hex, CRLF": {"a\r\nb", true, fmt.Sprintf("%x", sha256.Sum256([]byte("a\nb"))), testSecret, false, "", found{"hex", "plain-sha256", "crlf"}},
		"secret in front":   {testBody, true, sha(testSecret + testBody), testSecret, false, "", found{"sha256-with-secret"}},
		"secret behind":     {testBody, true, sha(testBody + testSecret), testSecret, false, "", found{"sha256-with-secret"}},
		"exchanged":         {testBody, true, signed(testSecret, testBody), testSecret, false, "", found{"arguments-swapped"}},
	})
}

func TestExplainSecret(t *testing.T) {
	right := signed(testBody, testSecret)
	encoded := b64([]byte(testSecret))
	runExplain(t, map[string]explainCase{
		"blank before":          {testBody, true, right, " " + testSecret, false, "", found{"secret-blanks"}},
		"line break after":      {testBody, true, right, testSecret + "\r\n", false, "", found{"secret-blanks"}},
		"no width":              {testBody, true, right, "\ufeff" + testSecret + "\u200b", false, "", found{"secret-blanks"}},
		"quotes":                {testBody, true, right, `"` + testSecret + `"`, false, "", found{"secret-quotes"}},
		"curly quotes":          {testBody, true, right, "“" + testSecret + "”", false, "", found{"secret-quotes"}},
		"quotes and blanks":     {testBody, true, right, ` '` + testSecret + "'\n", false, "", found{"secret-blanks", "secret-quotes"}},
		"blanks inside quotes":  {testBody, true, right, `" ` + testSecret + `"`, false, "", found{"secret-quotes"}},
		"base64":                {testBody, true, right, encoded, false, "", found{"secret-base64-decoded"}},
		"base64, bare, blanks":  {testBody, true, right, strings.TrimRight(encoded, "=") + "\n", false, "", found{"secret-base64-decoded"}},
		"base64, URL-safe":      {testBody, true, signed(testBody, "\xfb\xff\xbf\xfb\xff\xbf\xfb\xff\xbf\xfb\xff\xbf"), "-_-_-_-_-_-_-_-_", false, "", found{"secret-base64-decoded"}},
		"hex":                   {testBody, true, right, hex.EncodeToString([]byte(testSecret)), false, "", found{"secret-hex-decoded"}},
		"hex and hex":           {testBody, true, hex.EncodeToString(mac(sha256.New, testSecret, testBody)), strings.ToUpper(hex.EncodeToString([]byte(testSecret))), false, "", found{"hex", "secret-hex-decoded"}},
		"line break was signed": {testBody, true, signed(testBody, testSecret+"\n"), testSecret, false, "", found{"secret-newline"}},
		"blanks, newline":       {testBody, true, signed(testBody+"\n", testSecret), testSecret + " ", false, "", found{"secret-blanks", "missing-newline"}},
		"swapped":               {testBody, true, testSecret, right, false, "", found{"secret-and-signature-swapped"}},
		"swapped, header name":  {testBody, true, testSecret + "\n", "X-Fourthwall-Hmac-SHA256: " + right, false, "", found{"secret-and-signature-swapped"}},
		"swapped, hex":          {testBody, true, testSecret, hex.EncodeToString(mac(sha256.New, testSecret, testBody)), false, "", found{"secret-and-signature-swapped", "hex"}},
		"swapped, colon":        {testBody, true, "a:b:c", signed(testBody, "a:b:c"), false, "", found{"secret-and-signature-swapped"}},
		"header as secret":      {testBody, true, right, "X-Fourthwall-Hmac-SHA256: " + right, false, "", found{"secret-and-signature-swapped", "secret-or-body"}},
		"other secret":          {testBody, true, right, "another secret!!", false, "", found{"secret-gap", "secret-or-body"}},
		"short":                 {testBody, true, right, testSecret[:15], false, "", found{"secret-short", "secret-or-body"}},
		"long enough":           {testBody, true, right, testSecret[:16], false, "", found{"secret-or-body"}},
		"masked":                {testBody, true, right, "fw_••••••••••••", false, "", found{"secret-masked", "secret-or-body"}},
		"starred":               {testBody, true, right, "************9d2c", false, "", found{"secret-masked", "secret-or-body"}},
		"shortened":             {testBody, true, right, "fw_1234567890abcdef...", false, "", found{"secret-masked", "secret-or-body"}},
		"id":                    {testBody, true, right, "wcon_1234567890abcdef", false, "", found{"secret-is-id", "secret-or-body"}},
		"address":               {testBody, true, right, "https://a.example/hook", false, "", found{"secret-is-id", "secret-or-body"}},
		"gap":                   {testBody, true, right, "fw_1234567890\nabcdef", false, "", found{"secret-gap", "secret-or-body"}},
	})
}

func TestExplainBody(t *testing.T) {
	right := signed(testBody, testSecret)
	quoted, err := json.Marshal(testBody)
	if err != nil {
		t.Fatal(err)
	}
	lines, crlf := "{\n\"a\":\n1}", "{\r\n\"a\":\r\n1}"
	runExplain(t, map[string]explainCase{
		"file, newline more":        {testBody + "\n", true, right, testSecret, false, "", found{"trailing-newline"}},
		"file, CRLF more":           {testBody + "\r\n", true, right, testSecret, false, "", found{"trailing-newline"}},
		"file, newline lost":        {testBody, true, signed(testBody+"\n", testSecret), testSecret, false, "", found{"missing-newline"}},
		"file, CRLF lost":           {testBody, true, signed(testBody+"\r\n", testSecret), testSecret, false, "", found{"missing-newline"}},
		"file, CRLF":                {crlf, true, signed(lines, testSecret), testSecret, false, "", found{"crlf"}},
		"file, CRLF at the end":     {"{}\r\n", true, signed("{}\n", testSecret), testSecret, false, "", found{"crlf"}},
		"file, CRLF and newline":    {crlf + "\r\n", true, signed(lines, testSecret), testSecret, false, "", found{"crlf", "trailing-newline"}},
		"file, CRLF everywhere":     {crlf + "\r\n", true, signed(lines+"\n", testSecret), testSecret, false, "", found{"crlf"}},
		"file, LF":                  {lines, true, signed(crlf, testSecret), testSecret, false, "", found{"lf"}},
		"file, LF at the end":       {"{}\n", true, signed("{}\r\n", testSecret), testSecret, false, "", found{"lf"}},
		"text area, LF":             {lines, false, signed(crlf, testSecret), testSecret, false, "", found{"lf"}},
		"BOM":                       {"\ufeff" + testBody, true, right, testSecret, false, "", found{"bom"}},
		"BOM, CRLF, newline":        {"\ufeff" + crlf + "\r\n", true, signed(lines, testSecret), testSecret, false, "", found{"bom", "crlf", "trailing-newline"}},
		"BOM in a text area":        {"\ufeff" + testBody, false, right, testSecret, false, "", found{"bom"}},
		"BOM lost":                  {testBody, true, signed("\ufeff"+testBody, testSecret), testSecret, false, "", found{"bom-missing"}},
		"blanks":                    {"  " + testBody + "\n\n", false, right, testSecret, false, "", found{"blanks-around-body"}},
		"blanks and CRLF":           {" " + crlf + "\r\n\r\n", false, signed(lines, testSecret), testSecret, false, "", found{"blanks-around-body"}},
		"quoted":                    {string(quoted), false, right, testSecret, false, "", found{"body-quoted"}},
		"event":                     {`{"id":"weve_1","body":` + string(quoted) + `}`, false, right, testSecret, false, "", found{"body-wrapped"}},
		"base64":                    {b64([]byte(testBody)), false, right, testSecret, false, "", found{"body-base64"}},
		"base64, hex":               {b64([]byte(testBody)), false, hex.EncodeToString(mac(sha256.New, testSecret, testBody)), testSecret, false, "", found{"hex", "body-base64"}},
		"empty was signed":          {testBody, true, signed("", testSecret), testSecret, false, "", found{"signed-empty-body"}},
		"object was signed":         {testBody, true, signed("[object Object]", testSecret), testSecret, false, "", found{"signed-object"}},
		"changed":                   {strings.Replace(testBody, "12.50", "12.51", 1), true, right, testSecret, false, "", found{"secret-or-body"}},
		"cut":                       {testBody[:60], true, right, testSecret, false, "", found{"body-not-json", "secret-or-body"}},
		"changed, lines":            {crlf, false, right, testSecret, false, "", found{"line-ends-unknown", "secret-or-body"}},
		"changed, one line":         {"{}\r\n", false, right, testSecret, false, "", found{"secret-or-body"}},
		"changed, file with lines":  {crlf, true, right, testSecret, false, "", found{"secret-or-body"}},
		"changed, nested deeply":    {strings.Repeat("[", 100) + strings.Repeat("]", 100), true, right, testSecret, false, "", found{"not-all-tried", "secret-or-body"}},
		"changed, many values":      {"[" + strings.Repeat("1,", 300_000) + "1]", true, right, testSecret, false, "", found{"not-all-tried", "secret-or-body"}},
		"changed, large when wide":  {nested(63, 60_000), true, right, testSecret, false, "", found{"not-all-tried", "secret-or-body"}},
		"changed, every way to lie": {largeJSON(), true, right, testSecret, false, "", found{"not-all-tried", "secret-or-body"}},
	})
}

// nested returns an array of numbers inside many arrays.
func nested(depth, values int) string {
	return strings.Repeat("[", depth) + strings.Repeat("1,", values) + "1" + strings.Repeat("]", depth)
}

// largeJSON has just under 1 MiB. Every encoder spells it differently.
func largeJSON() string {
	const part = `{"z":1.50,"a":"é/<+>😀","b":[{},[]]}`
	return "[" + strings.Repeat(part+",", (1<<20-100)/(len(part)+1)) + part + "]"
}

func TestExplainJSON(t *testing.T) {
	const compact = `{"b":"Zoë \u0026 😀/<é>+","a":{"z":12.50,"y":[1,{}],"x":[]},"q":"\"\\\n'"}`
	tests := map[string]struct {
		body   string
		signed string
		how    string
	}{
		"compact":              {"{\r\n \"b\" : [ 1,2 ] }", `{"b":[1,2]}`, "in one line without spaces"},
		"compact, newline":     {"{\r\n \"b\" : [ 1,2 ] }", `{"b":[1,2]}` + "\n", "in one line without spaces, with a line break at the end"},
		"BOM":                  {"\ufeff{ }", `{}`, "in one line without spaces"},
		"spaced":               {`{"b":[1,2],"a":null}`, `{"b": [1, 2], "a": null}`, "in one line with spaces after commas and colons"},
		"indented by 2":        {`{"b":[1,{}],"a":{}}`, "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": {}\n}", "indented by 2 spaces"},
		"indented by 4":        {`{"b":[1]}`, "{\n    \"b\": [\n        1\n    ]\n}", "indented by 4 spaces"},
		"tabs":                 {`{"b":[1]}`, "{\n\t\"b\": [\n\t\t1\n\t]\n}", "indented by tabs"},
		"sorted":               {`{"b":1,"a":{"d":1,"c":2}}`, `{"a":{"c":2,"d":1},"b":1}`, "in one line without spaces, keys sorted"},
		"sorted, indented":     {`{"b":1,"a":2}`, "{\n  \"a\": 2,\n  \"b\": 1\n}", "indented by 2 spaces, keys sorted"},
		"unescaped":            {`{"a":"Zo\u00eb \u0026 \ud83d\ude00\/"}`, `{"a":"Zoë & 😀/"}`, "in one line without spaces, letters like é unescaped"},
		"ASCII":                {`{"a":"Zoë 😀","é":1}`, `{"a":"Zo\u00eb \ud83d\ude00","\u00e9":1}`, `in one line without spaces, letters like é escaped (\u00e9)`},
		"ASCII, spaced":        {`{"a":"Zoë","b":1}`, `{"a": "Zo\u00eb", "b": 1}`, `in one line with spaces after commas and colons, letters like é escaped (\u00e9)`},
		"ASCII, spaced sorted": {`{"b":"Zoë","a":1}`, `{"a": 1, "b": "Zo\u00eb"}`, `in one line with spaces after commas and colons, keys sorted, letters like é escaped (\u00e9)`},
		"slashes":              {`{"a":"https://a.example/é"}`, `{"a":"https:\/\/a.example\/é"}`, `in one line without spaces, slashes escaped (\/)`},
		"slashes, ASCII":       {`{"a":"/é"}`, `{"a":"\/\u00e9"}`, `in one line without spaces, slashes (\/) and letters like é (\u00e9) escaped`},
		"slashes, pretty":      {`{"a":"/é"}`, "{\n    \"a\": \"\\/\\u00e9\"\n}", `indented by 4 spaces, slashes (\/) and letters like é (\u00e9) escaped`},
		"as Go writes it":      {`{"a":"<b> & é"}`, `{"a":"\u003cb\u003e \u0026 é"}`, `in one line without spaces, <, > and & escaped (\u003c)`},
		"as .NET writes it":    {`{"a":"<é> \"+'\\"}`, `{"a":"\u003C\u00E9\u003E \u0022\u002B\u0027\\"}`, `in one line without spaces, <, >, &, +, quotes and letters like é escaped (\u00E9)`},
		"JavaScript's numbers": {`{"a":12.50,"b":1E3,"c":-0.10,"d":null,"e":true}`, `{"a":12.5,"b":1000,"c":-0.1,"d":null,"e":true}`, "in one line without spaces, numbers as JavaScript writes them (12.5 for 12.50)"},
		"sorted, numbers":      {`{"b":1.0,"a":2}`, `{"a":2,"b":1}`, "in one line without spaces, keys sorted, numbers as JavaScript writes them (12.5 for 12.50)"},
		"Python's numbers":     {`{"a":10.00,"b":1E3,"c":-0.10,"d":7,"e":1e-7}`, `{"a": 10.0, "b": 1000.0, "c": -0.1, "d": 7, "e": 1e-07}`, "in one line with spaces after commas and colons, numbers as Python writes them (10.0 for 10.00)"},
		"PHP's numbers":        {`{"a":10.00,"b":"/"}`, `{"a":10.0,"b":"\/"}`, `in one line without spaces, numbers as Python writes them (10.0 for 10.00), slashes escaped (\/)`},
		"cents":                {`{"a":{"value":10,"currency":"USD"},"b":10.0,"c":2.5,"n":3}`, `{"a":{"value":10.00,"currency":"USD"},"b":10.00,"c":2.50,"n":3}`, "in one line without spaces, amounts with two decimals (10.00 for 10.0)"},
		"cents, spaced":        {`{"a": 10.0}`, `{"a":10.00}`, "in one line without spaces, amounts with two decimals (10.00 for 10.0)"},
		"apostrophes":          {`{"a":"it's é"}`, `{"a":"it\u0027s é"}`, `in one line without spaces, apostrophes escaped (\u0027)`},
		"apostrophes, pasted":  {`{"a":"it\u0027s é"}`, `{"a":"it's é"}`, "in one line without spaces, letters like é unescaped"},
		"as Gson writes it":    {`{"a":"<'=é"}`, `{"a":"\u003c\u0027\u003dé"}`, `in one line without spaces, <, >, &, = and apostrophes escaped (\u0027)`},
		"as Flask writes it":   {`{"a":"<'é"}`, `{"a": "\u003c\u0027\u00e9"}`, `in one line with spaces after commas and colons, <, >, &, apostrophes (\u0027) and letters like é (\u00e9) escaped`},
		"as Newtonsoft does":   {`{"a":"<'\"é"}`, `{"a":"\u003c\u0027\u0022é"}`, `in one line without spaces, <, >, & and quotes escaped (\u0022)`},
		"PHP's hex":            {`{"a":"</'\"é"}`, `{"a":"\u003C\/\u0027\u0022\u00e9"}`, `in one line without spaces, <, >, &, slashes (\/), quotes (\u0022) and letters like é escaped`},
		"as json_script does":  {`{"a":"<é"}`, `{"a": "\u003C\u00e9"}`, `in one line with spaces after commas and colons, <, >, & and letters like é escaped (\u003C)`},
		"control characters":   {`{"a":"\u000a\u0008\u0001\u001F"}`, `{"a":"\n\b\u0001\u001f"}`, "in one line without spaces, letters like é unescaped"},
		"everything":           {compact, compactAsJSON(t, compact), "in one line without spaces, keys sorted, numbers as JavaScript writes them (12.5 for 12.50), <, > and & escaped (\\u003c)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := signature.Explain(signature.Input{
				Body:      fourthwall.BuyerData(tt.body),
				Signature: fourthwall.Secret(signed(tt.signed, testSecret)),
				Secret:    testSecret + " ",
			})
			if diff := cmp.Diff(found{"secret-blanks", "json-rewritten"}, codesOf(v)); diff != "" {
				t.Fatalf("findings differ (-want +got):\n%s", diff)
			}
			if got, want := v.Findings[1].Evidence, "It matches this JSON written "+tt.how+"."; got != want {
				t.Errorf("evidence %q\nwant     %q", got, want)
			}
			checkVerdict(t, v)
		})
	}
}

// compactAsJSON encodes JSON as Go does.
func compactAsJSON(t *testing.T, doc string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(doc), &value); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestExplainFields(t *testing.T) {
	right := signed(testBody, testSecret)
	huge := strings.Repeat("x", 1<<20+1)
	runExplain(t, map[string]explainCase{
		"nothing":          {"", false, "", "", false, "", found{"empty-body", "empty-signature", "empty-secret"}},
		"blanks":           {" \r\n", false, " \n", "\t", false, "", found{"empty-body", "empty-signature", "empty-secret"}},
		"quotes":           {testBody, false, `""`, `''`, false, "", found{"empty-signature", "empty-secret"}},
		"no body":          {"", true, right, testSecret, false, "", found{"empty-body"}},
		"no signature":     {testBody, true, "", testSecret, false, "", found{"empty-signature"}},
		"header name only": {testBody, true, "X-Fourthwall-Hmac-SHA256:", testSecret, false, "", found{"empty-signature"}},
		"no secret":        {testBody, true, right, "", false, "", found{"empty-secret"}},
		"all too large":    {huge, true, huge, huge, false, "", found{"body-too-large", "signature-too-long", "secret-too-long"}},
		"largest":          {testBody, true, strings.Repeat(" ", 16<<10-len(right)) + right, strings.Repeat(" ", 4<<10-len(testSecret)) + testSecret, false, "", found{"secret-blanks"}},
		"one byte more":    {testBody, true, strings.Repeat(" ", 16<<10-len(right)+1) + right, strings.Repeat(" ", 4<<10-len(testSecret)+1) + testSecret, false, "", found{"signature-too-long", "secret-too-long"}},
	})
}

// An uncertain finding has no evidence, and what is only seen is not said to match.
func TestExplainEvidence(t *testing.T) {
	tests := map[string]struct {
		signature, secret string
		evidence          []string
		summary           string
	}{
		"match": {
			hex.EncodeToString(mac(sha256.New, testSecret, testBody)), testSecret,
			[]string{"Read as hexadecimal digits, it matches."},
			"We found the cause. It matches once you fix this.",
		},
		"two matches": {
			hex.EncodeToString(mac(sha256.New, testSecret, testBody)), testSecret + "\n",
			[]string{"Read as hexadecimal digits, it matches.", "Without the spaces it matches."},
			"We found the causes. It matches once you fix these 2 points together.",
		},
		"only seen": {
			hex.EncodeToString(mac(sha1.New, "other", testBody)),
			testSecret,
			[]string{
				"Present in your input, but fixing it isn’t enough.",
				"It has 20 bytes. An HMAC-SHA256 has 32.",
			},
			"We couldn’t find a match.",
		},
		"nothing known": {sha("a"), testSecret, []string{""}, "We couldn’t find a match."},
		"valid": {
			signed(testBody, testSecret), testSecret, nil,
			"It was made with this secret, for the body exactly as you pasted it.",
		},
		"nothing given": {"", testSecret, []string{""}, "There is nothing to check yet."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := signature.Explain(signature.Input{
				Body: testBody, Signature: fourthwall.Secret(tt.signature), Secret: fourthwall.Secret(tt.secret),
			})
			var evidence []string
			for _, f := range v.Findings {
				evidence = append(evidence, f.Evidence)
			}
			if diff := cmp.Diff(tt.evidence, evidence); diff != "" || v.Summary != tt.summary {
				t.Errorf("summary %q, evidence differs (-want +got):\n%s", v.Summary, diff)
			}
		})
	}
}

// A verdict has no text of what was pasted, whatever the field.
func TestExplainRedacts(t *testing.T) {
	body := `{"email":"` + canary + `"}`
	for _, in := range []signature.Input{
		{Body: fourthwall.BuyerData(body), Signature: fourthwall.Secret(signed(body, canary)), Secret: canary},
		{Body: fourthwall.BuyerData(body), Signature: fourthwall.Secret(signed(body, canary)), Secret: canary + "\n"},
		{Body: fourthwall.BuyerData(body), Signature: canary, Secret: fourthwall.Secret(signed(body, canary))},
		{Body: fourthwall.BuyerData(body), Signature: canary, Secret: canary},
		{Body: canary, Signature: "X-" + canary + ": " + canary, Secret: canary},
		{Body: fourthwall.BuyerData(body), Secret: canary},
	} {
		v := signature.Explain(in)
		asJSON, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprintf("%v %+v %#v %s", v, v, v, asJSON); strings.Contains(text, canary) {
			t.Errorf("the verdict has what was pasted: %s", text)
		}
		checkRedacted(t, "input", fmt.Sprintf("%v %+v %#v %s", in, in, in, in.Signature))
	}
}

// The worst input within the limits takes about a second. The bound is far above that, for busy machines.
func TestExplainIsQuick(t *testing.T) {
	hexSecret := strings.Repeat("0123456789abcdef", 200)
	start := time.Now()
	first := signature.Explain(signature.Input{
		Body:      fourthwall.BuyerData(largeJSON()),
		Signature: fourthwall.Secret(sha("a")),
		Secret:    fourthwall.Secret(` "` + hexSecret + `" `),
	})
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	second := signature.Explain(signature.Input{
		Body:      fourthwall.BuyerData(largeJSON()),
		Signature: fourthwall.Secret(sha("a")),
		Secret:    fourthwall.Secret(` "` + hexSecret + `" `),
	})
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("the second verdict differs:\n%s", diff)
	}
}

// checkRedacted fails the test if the text has the canary in any of the spellings of fmt.
func checkRedacted(t *testing.T, what, text string) {
	t.Helper()
	for _, spelling := range []string{canary, canary[:3], fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)} {
		if strings.Contains(text, spelling) {
			t.Errorf("%s shows what was pasted: %s", what, text)
		}
	}
}
