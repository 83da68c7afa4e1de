package fourthwall_test

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

	"hookwall/fourthwall"
)

const (
	benchSecret = "fw!secret-51c9-Kq2pXz"
	benchBody   = `{"testMode":false,"id":"weve_1","type":"DONATION","data":{"name":"Zoë/1","amount":12.50,"tags":["<b>","a+b"],"none":{}}}`
)

func mac(algorithm func() hash.Hash, key, body string) []byte {
	h := hmac.New(algorithm, []byte(key))
	h.Write([]byte(body))
	return h.Sum(nil)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// signed is the right signature of a body under a key.
func signed(body, key string) string { return b64(mac(sha256.New, key, body)) }

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return b64(sum[:])
}

// find returns a body with a counter in it whose signature under the key has all these characters and ends as wanted.
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

type benchCase struct {
	body      string
	exact     bool
	signature string
	secret    string
	valid     bool
	form      fourthwall.BodyForm
	codes     []fourthwall.FindingCode
}

func codesOf(v fourthwall.Verdict) []fourthwall.FindingCode {
	var codes []fourthwall.FindingCode
	for _, f := range v.Findings {
		codes = append(codes, f.Code)
	}
	return codes
}

func runBench(t *testing.T, tests map[string]benchCase) {
	t.Helper()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := fourthwall.Bench(fourthwall.BenchInput{
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

// checkVerdict holds what is true of every verdict.
func checkVerdict(t *testing.T, v fourthwall.Verdict) {
	t.Helper()
	if v.Valid != (v.Form != "") || !v.Valid && len(v.Findings) == 0 || v.Summary == "" || v.Form.Text() == "" {
		t.Errorf("verdict %+v", v)
	}
	if v.Header != fourthwall.ShopSignatureHeader && v.Header != fourthwall.AppSignatureHeader {
		t.Errorf("header %q", v.Header)
	}
	for _, f := range v.Findings {
		if f.Code == "" || f.Title == "" || len(f.Text) < 40 || strings.Contains(f.Text+f.Evidence, "{how}") {
			t.Errorf("finding %+v", f)
		}
	}
}

type found = []fourthwall.FindingCode

func TestBenchValid(t *testing.T) {
	lines := "{\n  \"a\": 1\n}"
	crlf := "{\r\n  \"a\": 1\r\n}"
	right := signed(benchBody, benchSecret)
	runBench(t, map[string]benchCase{
		"as received":               {benchBody, false, right, benchSecret, true, "as-received", nil},
		"mixed line ends, a file":   {"{\r\n}\n", true, signed("{\r\n}\n", benchSecret), benchSecret, true, "as-received", nil},
		"mixed line ends, pasted":   {"{\r\n}\n", false, signed("{\r\n}\n", benchSecret), benchSecret, true, "as-received", nil},
		"file":                      {benchBody, true, right, benchSecret, true, "as-received", nil},
		"header name":               {benchBody, true, "X-Fourthwall-Hmac-SHA256: " + right, benchSecret, true, "as-received", nil},
		"header name, lower":        {benchBody, true, "x-fourthwall-hmac-sha256:" + right + "\r\n", benchSecret, true, "as-received", nil},
		"header name, own line":     {benchBody, true, "X-Fourthwall-Hmac-SHA256:\n" + right, benchSecret, true, "as-received", nil},
		"header in JSON":            {benchBody, true, `"x-fourthwall-hmac-sha256": "` + right + `",`, benchSecret, true, "as-received", nil},
		"header in a Ruby hash":     {benchBody, true, `"HTTP_X_FOURTHWALL_HMAC_SHA256"=>"` + right + `"`, benchSecret, true, "as-received", nil},
		"header in PHP":             {benchBody, true, `[HTTP_X_FOURTHWALL_HMAC_SHA256] => ` + right, benchSecret, true, "as-received", nil},
		"header for curl":           {benchBody, true, `curl -H 'X-Fourthwall-Hmac-SHA256: ` + right + `' \`, benchSecret, true, "as-received", nil},
		"all headers":               {benchBody, true, "Host: a.example\r\nX-Fourthwall-Hmac-Apps-SHA256: " + sha("x") + "\r\nX-Fourthwall-Hmac-SHA256: " + right + "\r\nAccept: */*\r\n", benchSecret, true, "as-received", nil},
		"quotes and blanks":         {benchBody, true, " \u201c" + right + "\u201d \n", benchSecret, true, "as-received", nil},
		"other header":              {benchBody, true, "X-Signature: " + right, benchSecret, true, "as-received", found{"unknown-header"}},
		"CRLF from a text area":     {crlf, false, signed(lines, benchSecret), benchSecret, true, "lf", nil},
		"CRLF, at the end too":      {crlf + "\r\n", false, signed(lines+"\n", benchSecret), benchSecret, true, "lf", nil},
		"really CRLF":               {crlf, false, signed(crlf, benchSecret), benchSecret, true, "as-received", nil},
		"one more newline":          {benchBody + "\r\n", false, right, benchSecret, true, "without-final-newline", nil},
		"newline sent as CRLF":      {benchBody + "\r\n", false, signed(benchBody+"\n", benchSecret), benchSecret, true, "lf", nil},
		"newline lost":              {benchBody, false, signed(benchBody+"\n", benchSecret), benchSecret, true, "with-final-newline", nil},
		"CRLF and one more newline": {crlf + "\r\n", false, signed(lines, benchSecret), benchSecret, true, "lf-without-final-newline", nil},
		"CRLF and newline lost":     {crlf, false, signed(lines+"\n", benchSecret), benchSecret, true, "lf-with-final-newline", nil},
		"CRLF, its newline lost":    {crlf, false, signed(crlf+"\r\n", benchSecret), benchSecret, true, "with-final-newline", nil},
		"secret is blank-ended":     {benchBody, true, signed(benchBody, " "+benchSecret), " " + benchSecret, true, "as-received", nil},
		"not JSON":                  {"plain \xff text", true, signed("plain \xff text", benchSecret), benchSecret, true, "as-received", nil},
		"largest body":              {strings.Repeat("x", 1<<20), true, signed(strings.Repeat("x", 1<<20), benchSecret), benchSecret, true, "as-received", nil},
	})
}

func TestBenchAppHeader(t *testing.T) {
	app := "X-Fourthwall-Hmac-Apps-SHA256: "
	tests := map[string]struct {
		signature string
		header    string
		valid     bool
		codes     found
	}{
		"app header, shop's secret": {app + signed(benchBody, "the key of the app"), fourthwall.AppSignatureHeader, false, found{"app-header"}},
		"app header, app's key":     {app + signed(benchBody, benchSecret), fourthwall.AppSignatureHeader, true, nil},
		"both headers, the app's is right": {
			app + signed(benchBody, benchSecret) + "\r\n" + "X-Fourthwall-Hmac-SHA256: " + signed(benchBody, "another") + "\r\n", fourthwall.AppSignatureHeader, true, nil,
		},
		"both headers, the shop's is right": {
			app + signed(benchBody, "the key of the app") + "\nX-Fourthwall-Hmac-SHA256: " + signed(benchBody, benchSecret), fourthwall.ShopSignatureHeader, true, nil,
		},
		"both headers, neither is right": {
			app + signed(benchBody, "the key of the app") + "\nX-Fourthwall-Hmac-SHA256: " + signed(benchBody, "another"), fourthwall.ShopSignatureHeader, false, found{"secret-or-body"},
		},
		"app header, cut":     {app + "abc", fourthwall.AppSignatureHeader, false, found{"app-header", "wrong-length"}},
		"app header, nothing": {app, fourthwall.AppSignatureHeader, false, found{"empty-signature"}},
		"CGI name":            {"HTTP_X_FOURTHWALL_HMAC_APPS_SHA256=" + sha("a"), fourthwall.AppSignatureHeader, false, found{"app-header"}},
		"shop header":         {"X-Fourthwall-Hmac-SHA256: " + sha("a"), fourthwall.ShopSignatureHeader, false, found{"secret-or-body"}},
		"no name":             {sha("a"), fourthwall.ShopSignatureHeader, false, found{"secret-or-body"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := fourthwall.Bench(fourthwall.BenchInput{
				Body: benchBody, Signature: fourthwall.Secret(tt.signature), Secret: benchSecret,
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

func TestBenchSignatureSpelling(t *testing.T) {
	raw := mac(sha256.New, benchSecret, benchBody)
	right := b64(raw)
	bare := strings.TrimRight(right, "=")
	body, special := find(t, benchSecret, "+/")
	urlSafe := strings.NewReplacer("+", "-", "/", "_").Replace(special)
	tests := map[string]benchCase{
		"hex":                {body: benchBody, signature: hex.EncodeToString(raw), codes: found{"hex"}},
		"HEX":                {body: benchBody, signature: strings.ToUpper(hex.EncodeToString(raw)), codes: found{"hex"}},
		"0x":                 {body: benchBody, signature: "0x" + hex.EncodeToString(raw), codes: found{"hex"}},
		"hex, no match":      {body: benchBody + " ", exact: true, signature: hex.EncodeToString(raw), secret: "some-other-secret", codes: found{"hex", "secret-or-body"}},
		"sha256= hex":        {body: benchBody, signature: "sha256=" + hex.EncodeToString(raw), codes: found{"prefix", "hex"}},
		"other header":       {body: benchBody, signature: "X-Hub-Signature-256: sha256=" + hex.EncodeToString(raw), codes: found{"prefix", "hex"}},
		"other, no match":    {body: benchBody, signature: "X-Hub-Signature-256: sha256=" + hex.EncodeToString(raw), secret: "some-other-secret", codes: found{"unknown-header", "prefix", "hex", "secret-or-body"}},
		"v1=":                {body: benchBody, signature: "v1=" + right, codes: found{"prefix"}},
		"base64 of hex":      {body: benchBody, signature: b64([]byte(hex.EncodeToString(raw))), codes: found{"base64-of-hex"}},
		"URL-safe":           {body: body, signature: urlSafe, codes: found{"url-safe-base64"}},
		"URL-safe, bare":     {body: body, signature: strings.TrimRight(urlSafe, "="), codes: found{"url-safe-base64", "padding"}},
		"no padding":         {body: benchBody, signature: bare, codes: found{"padding"}},
		"too much padding":   {body: benchBody, signature: bare + "==", codes: found{"padding"}},
		"percent-encoded":    {body: body, signature: url.QueryEscape(special), codes: found{"percent-encoded"}},
		"plus lost":          {body: body, signature: strings.ReplaceAll(special, "+", " "), codes: found{"plus-lost"}},
		"wrapped":            {body: benchBody, signature: right[:30] + "\r\n" + right[30:], codes: found{"blanks-inside"}},
		"spare bits":         {body: benchBody, signature: otherLast(right), codes: found{"last-character"}},
		"cut off":            {body: benchBody, signature: right[:24], codes: found{"truncated"}},
		"cut off, odd":       {body: benchBody, signature: right[:30], codes: found{"truncated"}},
		"hex, cut off":       {body: benchBody, signature: hex.EncodeToString(raw)[:40], codes: found{"hex", "truncated"}},
		"cut off, shortest":  {body: benchBody, signature: right[:16], codes: found{"truncated"}},
		"cut off too far":    {body: benchBody, signature: right[:15], codes: found{"wrong-length"}},
		"a lot of padding":   {body: benchBody, signature: right + "====", codes: found{"padding"}},
		"half URL-safe":      {body: body, signature: strings.Replace(special, "+", "-", 1), codes: found{"url-safe-base64"}},
		"other headers":      {body: benchBody, signature: "Host: a.example\nX-Signature: abc", codes: found{"unknown-header", "not-base64"}},
		"not base64":         {body: benchBody, signature: "what is this?!", codes: found{"not-base64"}},
		"wrong length":       {body: benchBody, signature: "abcd", codes: found{"wrong-length"}},
		"wrong length, odd":  {body: benchBody, signature: "hello-world", codes: found{"wrong-length"}},
		"two signatures":     {body: benchBody, signature: b64(append(raw, raw[:9]...)), codes: found{"wrong-length"}},
		"only padding":       {body: benchBody, signature: "====", codes: found{"not-base64"}},
		"hex of odd length":  {body: benchBody, signature: hex.EncodeToString(raw)[:62], codes: found{"hex", "truncated"}},
		"hex, wrong length":  {body: benchBody, signature: strings.Repeat("0a", 30), codes: found{"hex", "wrong-length"}},
		"other bytes of hex": {body: benchBody, signature: strings.Repeat("0a", 32), codes: found{"hex", "secret-or-body"}},
	}
	for name, tt := range tests {
		if tt.secret == "" {
			tt.secret = benchSecret
			tests[name] = tt
		}
	}
	runBench(t, tests)
}

// otherLast changes the last character in front of the padding in a way that decoders pass over.
func otherLast(signature string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	i := strings.IndexByte(alphabet, signature[42])
	return signature[:42] + alphabet[i+1:i+2] + "="
}

func TestBenchAlgorithms(t *testing.T) {
	runBench(t, map[string]benchCase{
		"MD5":               {benchBody, true, b64(mac(md5.New, benchSecret, benchBody)), benchSecret, false, "", found{"md5"}},
		"SHA-1":             {benchBody, true, b64(mac(sha1.New, benchSecret, benchBody)), benchSecret, false, "", found{"sha1"}},
		"SHA-1, hex":        {benchBody, true, hex.EncodeToString(mac(sha1.New, benchSecret, benchBody)), benchSecret, false, "", found{"hex", "sha1"}},
		"SHA-384":           {benchBody, true, b64(mac(sha512.New384, benchSecret, benchBody)), benchSecret, false, "", found{"sha384"}},
		"SHA-512":           {benchBody, true, b64(mac(sha512.New, benchSecret, benchBody)), benchSecret, false, "", found{"sha512"}},
		"SHA-512, hex":      {benchBody, true, hex.EncodeToString(mac(sha512.New, benchSecret, benchBody)), benchSecret, false, "", found{"hex", "sha512"}},
		"MD5, no match":     {benchBody, true, b64(mac(md5.New, "other", benchBody)), benchSecret, false, "", found{"md5"}},
		"SHA-1, no match":   {benchBody, true, b64(mac(sha1.New, "other", benchBody)), benchSecret, false, "", found{"sha1"}},
		"SHA-384, no match": {benchBody, true, b64(mac(sha512.New384, "other", benchBody)), benchSecret, false, "", found{"sha384"}},
		"SHA-512, no match": {benchBody, true, hex.EncodeToString(mac(sha512.New, "other", benchBody)), benchSecret, false, "", found{"hex", "sha512"}},
		"no key":            {benchBody, true, sha(benchBody), benchSecret, false, "", found{"plain-sha256"}},
		"no key, hex, CRLF": {"a\r\nb", true, fmt.Sprintf("%x", sha256.Sum256([]byte("a\nb"))), benchSecret, false, "", found{"hex", "plain-sha256", "crlf"}},
		"secret in front":   {benchBody, true, sha(benchSecret + benchBody), benchSecret, false, "", found{"sha256-with-secret"}},
		"secret behind":     {benchBody, true, sha(benchBody + benchSecret), benchSecret, false, "", found{"sha256-with-secret"}},
		"exchanged":         {benchBody, true, signed(benchSecret, benchBody), benchSecret, false, "", found{"arguments-swapped"}},
	})
}

func TestBenchSecret(t *testing.T) {
	right := signed(benchBody, benchSecret)
	encoded := b64([]byte(benchSecret))
	runBench(t, map[string]benchCase{
		"blank before":          {benchBody, true, right, " " + benchSecret, false, "", found{"secret-blanks"}},
		"line break after":      {benchBody, true, right, benchSecret + "\r\n", false, "", found{"secret-blanks"}},
		"no width":              {benchBody, true, right, "\ufeff" + benchSecret + "\u200b", false, "", found{"secret-blanks"}},
		"quotes":                {benchBody, true, right, `"` + benchSecret + `"`, false, "", found{"secret-quotes"}},
		"curly quotes":          {benchBody, true, right, "“" + benchSecret + "”", false, "", found{"secret-quotes"}},
		"quotes and blanks":     {benchBody, true, right, ` '` + benchSecret + "'\n", false, "", found{"secret-blanks", "secret-quotes"}},
		"blanks inside quotes":  {benchBody, true, right, `" ` + benchSecret + `"`, false, "", found{"secret-quotes"}},
		"base64":                {benchBody, true, right, encoded, false, "", found{"secret-base64-decoded"}},
		"base64, bare, blanks":  {benchBody, true, right, strings.TrimRight(encoded, "=") + "\n", false, "", found{"secret-base64-decoded"}},
		"base64, URL-safe":      {benchBody, true, signed(benchBody, "\xfb\xff\xbf\xfb\xff\xbf\xfb\xff\xbf\xfb\xff\xbf"), "-_-_-_-_-_-_-_-_", false, "", found{"secret-base64-decoded"}},
		"hex":                   {benchBody, true, right, hex.EncodeToString([]byte(benchSecret)), false, "", found{"secret-hex-decoded"}},
		"hex and hex":           {benchBody, true, hex.EncodeToString(mac(sha256.New, benchSecret, benchBody)), strings.ToUpper(hex.EncodeToString([]byte(benchSecret))), false, "", found{"hex", "secret-hex-decoded"}},
		"line break was signed": {benchBody, true, signed(benchBody, benchSecret+"\n"), benchSecret, false, "", found{"secret-newline"}},
		"blanks, newline":       {benchBody, true, signed(benchBody+"\n", benchSecret), benchSecret + " ", false, "", found{"secret-blanks", "missing-newline"}},
		"swapped":               {benchBody, true, benchSecret, right, false, "", found{"secret-and-signature-swapped"}},
		"swapped, header name":  {benchBody, true, benchSecret + "\n", "X-Fourthwall-Hmac-SHA256: " + right, false, "", found{"secret-and-signature-swapped"}},
		"swapped, hex":          {benchBody, true, benchSecret, hex.EncodeToString(mac(sha256.New, benchSecret, benchBody)), false, "", found{"secret-and-signature-swapped", "hex"}},
		"swapped, colon":        {benchBody, true, "a:b:c", signed(benchBody, "a:b:c"), false, "", found{"secret-and-signature-swapped"}},
		"header as secret":      {benchBody, true, right, "X-Fourthwall-Hmac-SHA256: " + right, false, "", found{"secret-and-signature-swapped", "secret-or-body"}},
		"other secret":          {benchBody, true, right, "another secret!!", false, "", found{"secret-gap", "secret-or-body"}},
		"short":                 {benchBody, true, right, benchSecret[:15], false, "", found{"secret-short", "secret-or-body"}},
		"long enough":           {benchBody, true, right, benchSecret[:16], false, "", found{"secret-or-body"}},
		"masked":                {benchBody, true, right, "fw_••••••••••••", false, "", found{"secret-masked", "secret-or-body"}},
		"starred":               {benchBody, true, right, "************9d2c", false, "", found{"secret-masked", "secret-or-body"}},
		"shortened":             {benchBody, true, right, "fw_1234567890abcdef...", false, "", found{"secret-masked", "secret-or-body"}},
		"id":                    {benchBody, true, right, "wcon_1234567890abcdef", false, "", found{"secret-is-id", "secret-or-body"}},
		"address":               {benchBody, true, right, "https://a.example/hook", false, "", found{"secret-is-id", "secret-or-body"}},
		"gap":                   {benchBody, true, right, "fw_1234567890\nabcdef", false, "", found{"secret-gap", "secret-or-body"}},
	})
}

func TestBenchBody(t *testing.T) {
	right := signed(benchBody, benchSecret)
	quoted, err := json.Marshal(benchBody)
	if err != nil {
		t.Fatal(err)
	}
	lines, crlf := "{\n\"a\":\n1}", "{\r\n\"a\":\r\n1}"
	runBench(t, map[string]benchCase{
		"file, newline more":        {benchBody + "\n", true, right, benchSecret, false, "", found{"trailing-newline"}},
		"file, CRLF more":           {benchBody + "\r\n", true, right, benchSecret, false, "", found{"trailing-newline"}},
		"file, newline lost":        {benchBody, true, signed(benchBody+"\n", benchSecret), benchSecret, false, "", found{"missing-newline"}},
		"file, CRLF lost":           {benchBody, true, signed(benchBody+"\r\n", benchSecret), benchSecret, false, "", found{"missing-newline"}},
		"file, CRLF":                {crlf, true, signed(lines, benchSecret), benchSecret, false, "", found{"crlf"}},
		"file, CRLF at the end":     {"{}\r\n", true, signed("{}\n", benchSecret), benchSecret, false, "", found{"crlf"}},
		"file, CRLF and newline":    {crlf + "\r\n", true, signed(lines, benchSecret), benchSecret, false, "", found{"crlf", "trailing-newline"}},
		"file, CRLF everywhere":     {crlf + "\r\n", true, signed(lines+"\n", benchSecret), benchSecret, false, "", found{"crlf"}},
		"file, LF":                  {lines, true, signed(crlf, benchSecret), benchSecret, false, "", found{"lf"}},
		"file, LF at the end":       {"{}\n", true, signed("{}\r\n", benchSecret), benchSecret, false, "", found{"lf"}},
		"text area, LF":             {lines, false, signed(crlf, benchSecret), benchSecret, false, "", found{"lf"}},
		"BOM":                       {"\ufeff" + benchBody, true, right, benchSecret, false, "", found{"bom"}},
		"BOM, CRLF, newline":        {"\ufeff" + crlf + "\r\n", true, signed(lines, benchSecret), benchSecret, false, "", found{"bom", "crlf", "trailing-newline"}},
		"BOM in a text area":        {"\ufeff" + benchBody, false, right, benchSecret, false, "", found{"bom"}},
		"BOM lost":                  {benchBody, true, signed("\ufeff"+benchBody, benchSecret), benchSecret, false, "", found{"bom-missing"}},
		"blanks":                    {"  " + benchBody + "\n\n", false, right, benchSecret, false, "", found{"blanks-around-body"}},
		"blanks and CRLF":           {" " + crlf + "\r\n\r\n", false, signed(lines, benchSecret), benchSecret, false, "", found{"blanks-around-body"}},
		"quoted":                    {string(quoted), false, right, benchSecret, false, "", found{"body-quoted"}},
		"event":                     {`{"id":"weve_1","body":` + string(quoted) + `}`, false, right, benchSecret, false, "", found{"body-wrapped"}},
		"base64":                    {b64([]byte(benchBody)), false, right, benchSecret, false, "", found{"body-base64"}},
		"base64, hex":               {b64([]byte(benchBody)), false, hex.EncodeToString(mac(sha256.New, benchSecret, benchBody)), benchSecret, false, "", found{"hex", "body-base64"}},
		"empty was signed":          {benchBody, true, signed("", benchSecret), benchSecret, false, "", found{"signed-empty-body"}},
		"object was signed":         {benchBody, true, signed("[object Object]", benchSecret), benchSecret, false, "", found{"signed-object"}},
		"changed":                   {strings.Replace(benchBody, "12.50", "12.51", 1), true, right, benchSecret, false, "", found{"secret-or-body"}},
		"cut":                       {benchBody[:60], true, right, benchSecret, false, "", found{"body-not-json", "secret-or-body"}},
		"changed, lines":            {crlf, false, right, benchSecret, false, "", found{"line-ends-unknown", "secret-or-body"}},
		"changed, one line":         {"{}\r\n", false, right, benchSecret, false, "", found{"secret-or-body"}},
		"changed, file with lines":  {crlf, true, right, benchSecret, false, "", found{"secret-or-body"}},
		"changed, nested deeply":    {strings.Repeat("[", 100) + strings.Repeat("]", 100), true, right, benchSecret, false, "", found{"not-all-tried", "secret-or-body"}},
		"changed, many values":      {"[" + strings.Repeat("1,", 300_000) + "1]", true, right, benchSecret, false, "", found{"not-all-tried", "secret-or-body"}},
		"changed, large when wide":  {nested(63, 60_000), true, right, benchSecret, false, "", found{"not-all-tried", "secret-or-body"}},
		"changed, every way to lie": {largeJSON(), true, right, benchSecret, false, "", found{"not-all-tried", "secret-or-body"}},
	})
}

// nested is an array of many numbers inside of many arrays.
func nested(depth, values int) string {
	return strings.Repeat("[", depth) + strings.Repeat("1,", values) + "1" + strings.Repeat("]", depth)
}

// largeJSON has just under 1 MiB, and is spelled in another way by every writer.
func largeJSON() string {
	const part = `{"z":1.50,"a":"é/<+>😀","b":[{},[]]}`
	return "[" + strings.Repeat(part+",", (1<<20-100)/(len(part)+1)) + part + "]"
}

func TestBenchJSON(t *testing.T) {
	const compact = `{"b":"Zoë \u0026 😀/<é>+","a":{"z":12.50,"y":[1,{}],"x":[]},"q":"\"\\\n'"}`
	tests := map[string]struct {
		body   string
		signed string
		how    string
	}{
		"compact":              {"{\r\n \"b\" : [ 1,2 ] }", `{"b":[1,2]}`, "in one line without blanks"},
		"compact, newline":     {"{\r\n \"b\" : [ 1,2 ] }", `{"b":[1,2]}` + "\n", "in one line without blanks, with a line break at the end"},
		"BOM":                  {"\ufeff{ }", `{}`, "in one line without blanks"},
		"spaced":               {`{"b":[1,2],"a":null}`, `{"b": [1, 2], "a": null}`, "in one line with blanks after commas and colons"},
		"indented by 2":        {`{"b":[1,{}],"a":{}}`, "{\n  \"b\": [\n    1,\n    {}\n  ],\n  \"a\": {}\n}", "indented by 2 blanks"},
		"indented by 4":        {`{"b":[1]}`, "{\n    \"b\": [\n        1\n    ]\n}", "indented by 4 blanks"},
		"tabs":                 {`{"b":[1]}`, "{\n\t\"b\": [\n\t\t1\n\t]\n}", "indented by tabs"},
		"sorted":               {`{"b":1,"a":{"d":1,"c":2}}`, `{"a":{"c":2,"d":1},"b":1}`, "in one line without blanks, keys sorted"},
		"sorted, indented":     {`{"b":1,"a":2}`, "{\n  \"a\": 2,\n  \"b\": 1\n}", "indented by 2 blanks, keys sorted"},
		"unescaped":            {`{"a":"Zo\u00eb \u0026 \ud83d\ude00\/"}`, `{"a":"Zoë & 😀/"}`, "in one line without blanks, letters like é unescaped"},
		"ASCII":                {`{"a":"Zoë 😀","é":1}`, `{"a":"Zo\u00eb \ud83d\ude00","\u00e9":1}`, `in one line without blanks, letters like é escaped (\u00e9)`},
		"ASCII, spaced":        {`{"a":"Zoë","b":1}`, `{"a": "Zo\u00eb", "b": 1}`, `in one line with blanks after commas and colons, letters like é escaped (\u00e9)`},
		"ASCII, spaced sorted": {`{"b":"Zoë","a":1}`, `{"a": 1, "b": "Zo\u00eb"}`, `in one line with blanks after commas and colons, keys sorted, letters like é escaped (\u00e9)`},
		"slashes":              {`{"a":"https://a.example/é"}`, `{"a":"https:\/\/a.example\/é"}`, `in one line without blanks, slashes escaped (\/)`},
		"slashes, ASCII":       {`{"a":"/é"}`, `{"a":"\/\u00e9"}`, `in one line without blanks, slashes (\/) and letters like é (\u00e9) escaped`},
		"slashes, pretty":      {`{"a":"/é"}`, "{\n    \"a\": \"\\/\\u00e9\"\n}", `indented by 4 blanks, slashes (\/) and letters like é (\u00e9) escaped`},
		"as Go writes it":      {`{"a":"<b> & é"}`, `{"a":"\u003cb\u003e \u0026 é"}`, `in one line without blanks, <, > and & escaped (\u003c)`},
		"as .NET writes it":    {`{"a":"<é> \"+'\\"}`, `{"a":"\u003C\u00E9\u003E \u0022\u002B\u0027\\"}`, `in one line without blanks, <, >, &, +, quotes and letters like é escaped (\u00E9)`},
		"JavaScript's numbers": {`{"a":12.50,"b":1E3,"c":-0.10,"d":null,"e":true}`, `{"a":12.5,"b":1000,"c":-0.1,"d":null,"e":true}`, "in one line without blanks, numbers as JavaScript writes them (12.5 for 12.50)"},
		"sorted, numbers":      {`{"b":1.0,"a":2}`, `{"a":2,"b":1}`, "in one line without blanks, keys sorted, numbers as JavaScript writes them (12.5 for 12.50)"},
		"control characters":   {`{"a":"\u000a\u0008\u0001\u001F"}`, `{"a":"\n\b\u0001\u001f"}`, "in one line without blanks, letters like é unescaped"},
		"everything":           {compact, compactAsJSON(t, compact), "in one line without blanks, keys sorted, numbers as JavaScript writes them (12.5 for 12.50), <, > and & escaped (\\u003c)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := fourthwall.Bench(fourthwall.BenchInput{
				Body: fourthwall.BuyerData(tt.body), Signature: fourthwall.Secret(signed(tt.signed, benchSecret)), Secret: benchSecret + " ",
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

// compactAsJSON writes JSON as Go does.
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

func TestBenchFields(t *testing.T) {
	right := signed(benchBody, benchSecret)
	huge := strings.Repeat("x", 1<<20+1)
	runBench(t, map[string]benchCase{
		"nothing":          {"", false, "", "", false, "", found{"empty-body", "empty-signature", "empty-secret"}},
		"blanks":           {" \r\n", false, " \n", "\t", false, "", found{"empty-body", "empty-signature", "empty-secret"}},
		"quotes":           {benchBody, false, `""`, `''`, false, "", found{"empty-signature", "empty-secret"}},
		"no body":          {"", true, right, benchSecret, false, "", found{"empty-body"}},
		"no signature":     {benchBody, true, "", benchSecret, false, "", found{"empty-signature"}},
		"header name only": {benchBody, true, "X-Fourthwall-Hmac-SHA256:", benchSecret, false, "", found{"empty-signature"}},
		"no secret":        {benchBody, true, right, "", false, "", found{"empty-secret"}},
		"all too large":    {huge, true, huge, huge, false, "", found{"body-too-large", "signature-too-long", "secret-too-long"}},
		"largest":          {benchBody, true, strings.Repeat(" ", 16<<10-len(right)) + right, strings.Repeat(" ", 4<<10-len(benchSecret)) + benchSecret, false, "", found{"secret-blanks"}},
		"one byte more":    {benchBody, true, strings.Repeat(" ", 16<<10-len(right)+1) + right, strings.Repeat(" ", 4<<10-len(benchSecret)+1) + benchSecret, false, "", found{"signature-too-long", "secret-too-long"}},
	})
}

// The evidence of a finding that nothing proves is empty, and what is only seen is not said to match.
func TestBenchEvidence(t *testing.T) {
	tests := map[string]struct {
		signature, secret string
		evidence          []string
		summary           string
	}{
		"match": {
			hex.EncodeToString(mac(sha256.New, benchSecret, benchBody)), benchSecret,
			[]string{"Read as hexadecimal digits, it matches."},
			"The signature is not valid as it stands, but it is clear why: it matches once this is put right.",
		},
		"two matches": {
			hex.EncodeToString(mac(sha256.New, benchSecret, benchBody)), benchSecret + "\n",
			[]string{"Read as hexadecimal digits, it matches.", "Without the blanks it matches."},
			"The signature is not valid as it stands, but it is clear why: it matches once these 2 points are put right together.",
		},
		"only seen": {
			hex.EncodeToString(mac(sha1.New, "other", benchBody)), benchSecret,
			[]string{"Seen in what was pasted. Put right, the signature does not match either.", "It has 20 bytes; an HMAC-SHA256 has 32."},
			"Nothing that was tried makes it fit.",
		},
		"nothing known": {sha("a"), benchSecret, []string{""}, "Nothing that was tried makes it fit."},
		"valid": {
			signed(benchBody, benchSecret), benchSecret, nil,
			"The signature is valid: it was made with this secret, for the body exactly as it stands here.",
		},
		"nothing given": {"", benchSecret, []string{""}, "There is nothing to check yet."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := fourthwall.Bench(fourthwall.BenchInput{
				Body: benchBody, Signature: fourthwall.Secret(tt.signature), Secret: fourthwall.Secret(tt.secret),
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

// Whatever is pasted where, nothing of it comes back.
func TestBenchKeepsQuiet(t *testing.T) {
	body := `{"email":"` + canary + `"}`
	for _, in := range []fourthwall.BenchInput{
		{Body: fourthwall.BuyerData(body), Signature: fourthwall.Secret(signed(body, canary)), Secret: canary},
		{Body: fourthwall.BuyerData(body), Signature: fourthwall.Secret(signed(body, canary)), Secret: canary + "\n"},
		{Body: fourthwall.BuyerData(body), Signature: canary, Secret: fourthwall.Secret(signed(body, canary))},
		{Body: fourthwall.BuyerData(body), Signature: canary, Secret: canary},
		{Body: canary, Signature: "X-" + canary + ": " + canary, Secret: canary},
		{Body: fourthwall.BuyerData(body), Secret: canary},
	} {
		v := fourthwall.Bench(in)
		asJSON, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprintf("%v %+v %#v %s", v, v, v, asJSON); strings.Contains(text, canary) {
			t.Errorf("it tells what was pasted: %s", text)
		}
		checkRedacted(t, "input", fmt.Sprintf("%v %+v %#v %s", in, in, in, in.Signature))
	}
}

// The worst that fits the limits takes about half a second. The bound is far above it, for slow machines under load.
func TestBenchIsQuick(t *testing.T) {
	hexSecret := strings.Repeat("0123456789abcdef", 200)
	start := time.Now()
	first := fourthwall.Bench(fourthwall.BenchInput{
		Body: fourthwall.BuyerData(largeJSON()), Signature: fourthwall.Secret(sha("a")), Secret: fourthwall.Secret(` "` + hexSecret + `" `),
	})
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	second := fourthwall.Bench(fourthwall.BenchInput{
		Body: fourthwall.BuyerData(largeJSON()), Signature: fourthwall.Secret(sha("a")), Secret: fourthwall.Secret(` "` + hexSecret + `" `),
	})
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("a second answer differs:\n%s", diff)
	}
}
