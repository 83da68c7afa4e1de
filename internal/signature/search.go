package signature

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // only to name the mistake of using it
	"crypto/sha1" //nolint:gosec // only to name the mistake of using it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"html"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/unseen"
)

// maxRewritten limits the bytes of rewritten JSON that are hashed. It is enough for every style of a common delivery,
// and for the likeliest styles of a large body.
const maxRewritten = 48 << 20

// search looks for the mistakes with which a signature was made.
type search struct {
	body      []byte
	exact     bool
	isJSON    bool
	secret    string
	typed     string // signature as pasted
	pasted    header
	readings  []reading
	keys      []keyForm
	unwrapped []unwrapped // bodies that the pasted text may hold
	rewrites  int         // bytes of rewritten JSON that may still be hashed
	hashes    int         // bytes of conversions that may still be hashed
	cut       bool        // not everything was tried
}

// match is a set of mistakes that together explain the signature.
type match struct {
	codes []FindingCode // in the order of the findings; none if the signature is right
	how   string        // JSON style, for the evidence
}

func newSearch(in Input, pasted header) *search {
	body := []byte(in.Body.Reveal())
	return &search{
		body: body, exact: in.Exact, secret: in.Secret.Reveal(), typed: in.Signature.Reveal(), pasted: pasted,
		isJSON:   json.Valid(bytes.TrimPrefix(body, []byte(byteOrderMark))),
		readings: pasted.readings(),
		keys:     keyForms(in.Secret.Reveal()),
		rewrites: maxRewritten,
		hashes:   maxHashed,
	}
}

// run tries the likeliest mistakes first. It returns false if none explains the signature.
func (s *search) run() (match, bool) {
	steps := []func() (match, bool){s.texts, s.recipes, s.swapped, s.wrapped, s.converted, s.rewritten, s.convertedJSON}
	for _, step := range steps {
		if m, ok := step(); ok {
			m.codes = sortCodes(m.codes)
			return m, true
		}
	}
	return match{}, false
}

// texts tries other line ends and other keys.
func (s *search) texts() (match, bool) {
	variants := textVariants(s.body)
	for _, key := range s.keys {
		for _, v := range variants {
			if m, ok := s.try(hmacSHA256, key, v); ok {
				return m, true
			}
		}
	}
	return match{}, false
}

// recipes tries other ways to compute a signature.
func (s *search) recipes() (match, bool) {
	variants := lineEndVariants(s.body, nil)
	for _, r := range slices.Concat(otherRecipes, otherAlgorithms) {
		for _, key := range s.plainKeys() {
			for _, v := range variants {
				if m, ok := s.try(r, key, v); ok {
					return m, true
				}
			}
		}
	}
	return match{}, false
}

// swapped tries the secret as the signature and the signature as the secret.
func (s *search) swapped() (match, bool) {
	other := search{readings: readHeader(s.secret).readings()}
	key := keyForm{key: []byte(tidySecret(s.typed)), codes: []FindingCode{CodeSwapped}}
	for _, v := range lineEndVariants(s.body, nil) {
		if m, ok := other.try(hmacSHA256, key, v); ok {
			return m, true
		}
	}
	return match{}, false
}

// wrapped tries bodies that the pasted one may contain, and those of common bugs.
func (s *search) wrapped() (match, bool) {
	for _, v := range wrapped(s.body) {
		for _, key := range s.plainKeys() {
			if m, ok := s.try(hmacSHA256, key, v); ok {
				return m, true
			}
		}
	}
	return match{}, false
}

// converted tries what the body may represent, and what a program may have signed because of character encodings.
func (s *search) converted() (match, bool) {
	body := bytes.TrimPrefix(s.body, []byte(byteOrderMark))
	texts := []unwrapped{{text: body}}
	if len(body) <= maxUnwrapped {
		s.unwrapped = unwrap(body)
		texts = append(texts, s.unwrapped...)
	} else {
		s.cut = true
	}
	for _, t := range texts[1:] {
		if m, ok := s.tryText(t.text, t.codes); ok {
			return m, true
		}
	}
	for _, t := range texts {
		signed := signedUTF16(t.text)
		if !isASCII(t.text) {
			signed = append(signedAs(t.text), signed...)
		}
		for _, c := range signed {
			if m, ok := s.tryText(c.text, append(slices.Clip(t.codes), c.code)); ok {
				return m, true
			}
		}
	}
	return match{}, false
}

// tryText tries a text with all line ends. Those of a text area are the browser's, so they are no mistake.
func (s *search) tryText(text []byte, codes []FindingCode) (match, bool) {
	for _, v := range lineEndVariants(text, codes) {
		for _, key := range s.plainKeys() {
			if s.hashes -= 2 * len(text); s.hashes < 0 {
				s.cut = true
				return match{}, false
			}
			m, ok := s.try(hmacSHA256, key, v)
			if ok && !s.exact {
				m.codes = slices.DeleteFunc(m.codes, isLineEnd)
			}
			if ok {
				return m, true
			}
		}
	}
	return match{}, false
}

// isLineEnd reports whether a code is about line ends that a browser changes.
func isLineEnd(code FindingCode) bool {
	return slices.Contains([]FindingCode{CodeCRLF, CodeLF, CodeTrailingNewline, CodeMissingNewline}, code)
}

// rewritten tries the body as other programs write the same JSON.
func (s *search) rewritten() (match, bool) {
	return s.rewrittenText(bytes.TrimPrefix(s.body, []byte(byteOrderMark)), nil)
}

// convertedJSON tries the JSON that the body may represent, as other programs write it.
func (s *search) convertedJSON() (match, bool) {
	tried := 0
	for _, t := range s.unwrapped {
		if tried == maxConvertedJSON || s.rewrites < 0 {
			break
		}
		if !json.Valid(t.text) {
			continue
		}
		tried++
		if m, ok := s.rewrittenText(t.text, t.codes); ok {
			return m, true
		}
	}
	return match{}, false
}

func (s *search) rewrittenText(text []byte, codes []FindingCode) (found match, ok bool) {
	seen := map[string]bool{}
	try := func(doc []byte, how string) (stop, known bool) {
		v := variant{core: doc, codes: append(slices.Clip(codes), CodeJSONRewritten), how: how}
		for _, key := range s.plainKeys() {
			if s.rewrites -= len(doc); s.rewrites < 0 {
				s.cut = true
				return true, false
			}
			h := hmac.New(sha256.New, key.key)
			h.Write(doc)
			sum := h.Sum(nil)
			known = known || seen[string(sum)]
			seen[string(sum)] = true
			if found, ok = s.compare(sum, hmacSHA256, key, v); ok {
				return true, known
			}
			h.Write([]byte("\n"))
			if found, ok = s.compare(h.Sum(nil), hmacSHA256, key, v); ok {
				found.how += withLineBreak
				return true, known
			}
		}
		return false, known
	}
	if err := jsonRewrites(text, try); err != nil {
		s.cut = true
	}
	return found, ok
}

// try computes the signature of a body with and without a line break at its end.
func (s *search) try(r recipe, key keyForm, v variant) (match, bool) {
	if !slices.ContainsFunc(s.readings, r.couldBe) {
		return match{}, false
	}
	plain := v
	plain.codes = v.endCodes(false)
	if m, ok := s.compare(r.sum(key.key, v.core), r, key, plain); ok || v.newline == "" {
		return m, ok
	}
	ended := v
	ended.codes = v.endCodes(true)
	return s.compare(r.sum(key.key, v.core, []byte(v.newline)), r, key, ended)
}

// compare looks for a reading of the signature that equals this sum, or its beginning.
func (s *search) compare(sum []byte, r recipe, key keyForm, v variant) (match, bool) {
	for _, reading := range s.readings {
		if !r.couldBe(reading) || !hmac.Equal(reading.mac, sum[:len(reading.mac)]) {
			continue
		}
		codes := slices.Concat(reading.codes, key.codes, v.codes)
		if r.code != "" {
			codes = append(codes, r.code)
		}
		if len(reading.mac) < len(sum) {
			// The padding of a signature that was cut off means nothing.
			codes = slices.DeleteFunc(codes, func(c FindingCode) bool { return c == CodePadding || c == CodeSpareBits })
			codes = append(codes, CodeTruncated)
		}
		return match{codes: codes, how: v.how}, true
	}
	return match{}, false
}

// keyForm is a key that may have been used instead of the pasted secret.
type keyForm struct {
	key   []byte
	codes []FindingCode
	bytes bool // the key isn't the pasted text: it was decoded, or has a line break
}

// keyForms returns the secret as pasted, then without spaces and quotes around it, without a name in front, without
// spaces inside, decoded, and with a line break.
func keyForms(secret string) []keyForm {
	forms := []keyForm{{key: []byte(secret)}}
	add := func(key []byte, bytes bool, codes ...FindingCode) {
		known := slices.ContainsFunc(forms, func(f keyForm) bool { return string(f.key) == string(key) })
		if len(key) > 0 && !known {
			forms = append(forms, keyForm{key: key, bytes: bytes, codes: codes})
		}
	}
	trimmed := unseen.Trim(secret)
	add([]byte(trimmed), false, CodeSecretBlanks)
	tidy := tidySecret(secret)
	quotes := []FindingCode{CodeSecretQuotes}
	if trimmed != secret {
		quotes = []FindingCode{CodeSecretBlanks, CodeSecretQuotes}
	}
	add([]byte(tidy), false, quotes...)
	for _, value := range namedSecrets(secret) {
		add([]byte(value), false, CodeSecretNamed)
		for _, plain := range decodedSecrets(value) {
			add([]byte(plain), true, CodeSecretNamed, CodeSecretEncoded)
		}
	}
	for _, plain := range decodedSecrets(tidy) {
		add([]byte(plain), true, CodeSecretEncoded)
	}
	add([]byte(strings.Join(strings.Fields(visibleOnly(tidy)), "")), false, CodeSecretGap)
	for _, word := range wordSecrets(secret) {
		add([]byte(word), false, CodeSecretInText)
	}
	if key, err := hex.DecodeString(tidy); err == nil {
		add(key, true, CodeSecretHexDecoded)
	}
	bare := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(tidy, "="))
	if key, err := base64.RawStdEncoding.DecodeString(bare); err == nil {
		add(key, true, CodeSecretBase64Decoded)
	}
	add([]byte(tidy+"\n"), true, CodeSecretNewline)
	return forms
}

// decodedSecrets returns the secrets that may have become the text when a program escaped or encoded it.
func decodedSecrets(text string) []string {
	all := []string{strings.TrimSpace(unescape(text)), html.UnescapeString(text), strings.ReplaceAll(text, " ", "+")}
	if plain, err := url.PathUnescape(text); err == nil {
		all = append(all, plain)
	}
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(text)
	padding := strings.Repeat("=", (4-len(text)%4)%4)
	return append(all, standard, text+padding, standard+padding)
}

// plainKeys returns the keys that are text as pasted, without what is around or inside it; at most eleven.
func (s *search) plainKeys() []keyForm {
	return slices.DeleteFunc(slices.Clone(s.keys), func(f keyForm) bool { return f.bytes })
}

// recipe is a way to compute a signature from a key and a body in parts.
type recipe struct {
	code FindingCode // "" for the right one
	size int         // of the signature, in bytes
	sum  func(key []byte, body ...[]byte) []byte
}

// couldBe reports whether a signature has the right size, or may be the beginning of one.
func (r recipe) couldBe(read reading) bool {
	return len(read.mac) == r.size || r.code == "" && len(read.mac) >= shortestMAC && len(read.mac) < r.size
}

var hmacSHA256 = recipe{size: sha256.Size, sum: macOf}

// otherRecipes have 32 bytes like the right one.
var otherRecipes = []recipe{
	{CodePlainSHA256, sha256.Size, func(_ []byte, body ...[]byte) []byte { return sha256Of(body...) }},
	{CodeSecretGlued, sha256.Size, func(key []byte, body ...[]byte) []byte {
		return sha256Of(append([][]byte{key}, body...)...)
	}},
	{CodeSecretGlued, sha256.Size, func(key []byte, body ...[]byte) []byte {
		return sha256Of(append(slices.Clip(body), key)...)
	}},
	{CodeArgumentsSwapped, sha256.Size, func(key []byte, body ...[]byte) []byte {
		return macOf(bytes.Join(body, nil), key)
	}},
}

// otherAlgorithms are recognized by the length of their signatures.
var otherAlgorithms = []recipe{
	{CodeMD5, md5.Size, hmacWith(md5.New)},
	{CodeSHA1, sha1.Size, hmacWith(sha1.New)},
	{CodeSHA384, sha512.Size384, hmacWith(sha512.New384)},
	{CodeSHA512, sha512.Size, hmacWith(sha512.New)},
}

func sha256Of(parts ...[]byte) []byte {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

func hmacWith(algorithm func() hash.Hash) func(key []byte, body ...[]byte) []byte {
	return func(key []byte, body ...[]byte) []byte {
		h := hmac.New(algorithm, key)
		for _, part := range body {
			h.Write(part)
		}
		return h.Sum(nil)
	}
}
