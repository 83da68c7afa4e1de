package store

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// rawKey returns a key of one repeated byte.
func rawKey(b byte) []byte { return bytes.Repeat([]byte{b}, keySize) }

func parse(t *testing.T, words ...string) Keys {
	t.Helper()
	keys, err := ParseKeys(strings.Join(words, ","))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func b64(b byte) string { return base64.StdEncoding.EncodeToString(rawKey(b)) }

func zeros(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }

var somewhere = rowContext{"table", "column", []string{"row"}}

func TestParseKeys(t *testing.T) {
	awkward := rawKey(0xfb) // has + and / in the standard alphabet
	for name, c := range map[string]struct {
		in    string
		count int    // of keys
		err   string // "" for none
	}{
		"standard":             {base64.StdEncoding.EncodeToString(awkward), 1, ""},
		"standard, not padded": {base64.RawStdEncoding.EncodeToString(awkward), 1, ""},
		"URL":                  {base64.URLEncoding.EncodeToString(awkward), 1, ""},
		"URL, not padded":      {base64.RawURLEncoding.EncodeToString(awkward), 1, ""},
		"two by comma":         {b64(1) + "," + b64(2), 2, ""},
		"three by white space": {" " + b64(1) + "\n" + b64(2) + " , " + b64(3) + "\n", 3, ""},
		"fresh":                {NewKey(), 1, ""},
		"empty":                {"", 0, "no key given"},
		"separators only":      {" , ", 0, "no key given"},
		"not base64":           {b64(1) + ",hunter2!", 0, "key 2 of 2: not base64"},
		"short":                {zeros(16), 0, "key 1 of 1: 16 bytes long instead of 32"},
		"long":                 {zeros(33), 0, "key 1 of 1: 33 bytes long instead of 32"},
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := ParseKeys(c.in)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != c.err || len(keys.list) != c.count {
				t.Fatalf("%d keys, error %q; want %d, %q", len(keys.list), text, c.count, c.err)
			}
		})
	}
	if one, other := NewKey(), NewKey(); one == other {
		t.Fatal("two fresh keys are the same")
	}
}

func TestEveryFormOfAKeyIsTheSameKey(t *testing.T) {
	secret := rawKey(0xfb)
	sealed := parse(t, base64.StdEncoding.EncodeToString(secret)).seal([]byte("x"), somewhere)
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if _, err := parse(t, e.EncodeToString(secret)).open(sealed, somewhere); err != nil {
			t.Error(err)
		}
	}
}

func TestSealedValues(t *testing.T) {
	keys := parse(t, b64(1))
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		parts := rapid.SliceOfN(rapid.StringN(0, 3, -1), 2, 5)
		here, there := parts.Draw(t, "here"), parts.Draw(t, "there")
		sealed := keys.seal(plain, rowContext{here[0], here[1], here[2:]})

		got, err := keys.open(sealed, rowContext{here[0], here[1], here[2:]})
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened %x, error %v", got, err)
		}
		if fmt.Sprintf("%q", here) != fmt.Sprintf("%q", there) {
			refused(t, keys, sealed, rowContext{there[0], there[1], there[2:]})
		}
		bit := rapid.IntRange(0, len(sealed)*8-1).Draw(t, "bit")
		flipped := bytes.Clone(sealed)
		flipped[bit/8] ^= 1 << (bit % 8)
		refused(t, keys, flipped, rowContext{here[0], here[1], here[2:]})
		cut := rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")
		refused(t, keys, sealed[:cut], rowContext{here[0], here[1], here[2:]})
	})
}

func refused(t interface{ Fatalf(string, ...any) }, keys Keys, sealed []byte, p rowContext) {
	if _, err := keys.open(sealed, p); !errors.Is(err, ErrWrongKey) {
		t.Fatalf("%x opens at %v, error %v", sealed, p, err)
	}
}

func TestRowContextsDiffer(t *testing.T) {
	keys := parse(t, b64(1))
	sealed := keys.seal([]byte("x"), rowContext{"ab", "c", []string{"d", "e"}})
	for _, p := range []rowContext{
		{"a", "bc", []string{"d", "e"}},
		{"ab", "cd", []string{"e"}},
		{"ab", "c", []string{"de"}},
		{"ab", "c", []string{"d", "e", ""}},
		{"ab", "c", []string{"", "d", "e"}},
		{"ab", "c", nil},
	} {
		refused(t, keys, sealed, p)
	}
}

func TestSealIsRandomAndNamesItsKey(t *testing.T) {
	keys := parse(t, b64(1), b64(2))
	a, b := keys.seal([]byte("x"), somewhere), keys.seal([]byte("x"), somewhere)
	if bytes.Equal(a, b) {
		t.Fatal("the same value twice")
	}
	if want := 1 + 12 + 1 + 16; len(a) != want {
		t.Fatalf("%d bytes, want %d", len(a), want)
	}
	if a[0] != parse(t, b64(1)).list[0].id {
		t.Fatal("not sealed with the first key")
	}
}

func TestKeyRotation(t *testing.T) {
	old, both, fresh := parse(t, b64(1)), parse(t, b64(2), b64(1)), parse(t, b64(2))
	before, after := old.seal([]byte("x"), somewhere), both.seal([]byte("y"), somewhere)
	for name, c := range map[string]struct {
		keys          Keys
		before, after error
	}{
		"old key":               {old, nil, ErrWrongKey},
		"new key and old key":   {both, nil, nil},
		"old key and new key":   {parse(t, b64(1), b64(2)), nil, nil},
		"new key":               {fresh, ErrWrongKey, nil},
		"neither":               {parse(t, b64(3)), ErrWrongKey, ErrWrongKey},
		"both after many other": {parse(t, b64(3), b64(4), b64(5), b64(1), b64(2)), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, errBefore := c.keys.open(before, somewhere)
			_, errAfter := c.keys.open(after, somewhere)
			if !errors.Is(errBefore, c.before) || !errors.Is(errAfter, c.after) {
				t.Fatalf("errors %v and %v, want %v and %v", errBefore, errAfter, c.before, c.after)
			}
		})
	}
}

func TestKeysWithTheSameID(t *testing.T) {
	first, err := newKey(rawKey(1))
	if err != nil {
		t.Fatal(err)
	}
	second, err := newKey(rawKey(2))
	if err != nil {
		t.Fatal(err)
	}
	second.id = first.id
	sealed := Keys{list: []key{second}}.seal([]byte("x"), somewhere)
	if got, err := (Keys{list: []key{first, second}}).open(sealed, somewhere); err != nil || string(got) != "x" {
		t.Fatalf("opened %q, error %v", got, err)
	}
	refused(t, Keys{list: []key{first}}, sealed, somewhere)
}

func TestKeysPrintNothing(t *testing.T) {
	keys := parse(t, b64('k'))
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "keys", keys, "options", Options{Keys: keys})
	coded, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"%v":   fmt.Sprintf("%v", keys),
		"%+v":  fmt.Sprintf("%+v", keys),
		"%#v":  fmt.Sprintf("%#v", keys),
		"%q":   fmt.Sprintf("%q", keys),
		"%x":   fmt.Sprintf("%x", keys),
		"JSON": strings.Trim(string(coded), `"`),
	} {
		if text != redacted {
			t.Errorf("%s: %s", name, text)
		}
	}
	if in := fmt.Sprintf("%+v", struct{ K *Keys }{&keys}); strings.Contains(in, "107 107") {
		t.Errorf("in a struct: %s", in)
	}
	if strings.Count(log.String(), redacted) != 1 || strings.Contains(log.String(), b64('k')) {
		t.Errorf("log: %s", log.String())
	}
}

// Two keys may have the same ID. RotateKey couldn't tell what is left to do.
func TestRotateKeyNeedsAnIDOfItsOwn(t *testing.T) {
	byID := map[byte]string{}
	for i := range 257 {
		text := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(make([]byte, 24), uint64(i)))
		keys, err := ParseKeys(text)
		if err != nil {
			t.Fatal(err)
		}
		other, same := byID[keys.list[0].id]
		byID[keys.list[0].id] = text
		if !same {
			continue
		}
		if keys, err = ParseKeys(text + " " + other); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), Options{Keys: keys, Environment: "x"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		if _, err := s.RotateKey(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "make another first key") {
			t.Errorf("error %v", err)
		}
		return
	}
	t.Fatal("257 keys have 257 IDs")
}
