package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"unicode"
)

const keySize = 32 // bytes of a secret key

// Labels separate the keys that are derived from one secret key.
const (
	labelSeal  = "hookwall store: AES-256-GCM key 1"
	labelKeyID = "hookwall store: key id 1"
	labelMAC   = "hookwall store: HMAC-SHA256 key 1"
)

// Keys seal values for the database: the first one seals, all of them open. Keys print as
// "[redacted]" with every verb and in every log.
type Keys struct {
	list  []key
	older *olderKeys // told of each value that an older key opened; may be nil
}

type key struct {
	id   byte // first byte of each sealed value; derived from the key, so that order does not matter
	aead cipher.AEAD
	mac  []byte // for hashes of guessable values
}

// ParseKeys reads one or several keys of 32 bytes in base64 (standard or URL alphabet, padded or
// not), separated by commas or white space. Its errors name a key by its position, never by its value.
func ParseKeys(s string) (Keys, error) {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if len(words) == 0 {
		return Keys{}, errors.New("no key given")
	}
	var keys Keys
	for i, word := range words {
		secret, err := decodeKey(word)
		if err != nil {
			return Keys{}, fmt.Errorf("key %d of %d: %w", i+1, len(words), err)
		}
		k, err := newKey(secret)
		if err != nil {
			return Keys{}, err
		}
		keys.list = append(keys.list, k)
	}
	return keys, nil
}

// NewKey returns a fresh random key in the form that ParseKeys reads.
func NewKey() string {
	var b [keySize]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

func decodeKey(word string) ([]byte, error) {
	word = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(word, "="))
	secret, err := base64.RawStdEncoding.DecodeString(word)
	if err != nil {
		// The decoder's own error quotes a part of the key.
		return nil, errors.New("not base64")
	}
	if len(secret) != keySize {
		return nil, fmt.Errorf("%d bytes long instead of %d", len(secret), keySize)
	}
	return secret, nil
}

func newKey(secret []byte) (key, error) {
	id, err := hkdf.Key(sha256.New, secret, nil, labelKeyID, 1)
	if err != nil {
		return key{}, err
	}
	sub, err := hkdf.Key(sha256.New, secret, nil, labelSeal, keySize)
	if err != nil {
		return key{}, err
	}
	mac, err := hkdf.Key(sha256.New, secret, nil, labelMAC, keySize)
	if err != nil {
		return key{}, err
	}
	block, err := aes.NewCipher(sub)
	if err != nil {
		return key{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, err
	}
	return key{id: id[0], aead: aead, mac: mac}, nil
}

// rowContext is the column and row that a sealed value belongs to. It opens nowhere else. What names the
// row includes its owner, so that a value does not open after its row was given to another owner.
type rowContext struct {
	table, column string
	row           []string
}

// data returns the associated data; the lengths keep neighboring parts apart.
func (p rowContext) data() []byte {
	var b []byte
	for _, part := range append([]string{p.table, p.column}, p.row...) {
		part = storable(part) // as it is in the row
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return b
}

// storable returns text as every database can store it: U+FFFD replaces NUL and what is not UTF-8.
func storable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

// seal encrypts plain for a row: one byte of key ID, the random nonce, the ciphertext with its tag.
func (k Keys) seal(plain []byte, p rowContext) []byte {
	first := k.list[0]
	//nolint:gosec // No nonce is passed: the AEAD draws one.
	return first.aead.Seal([]byte{first.id}, nil, plain, p.data())
}

// know reports whether a key has the ID that a sealed value begins with. Two keys may have the same, so open may fail.
func (k Keys) know(id []byte) bool {
	return len(id) == 1 && slices.ContainsFunc(k.list, func(key key) bool { return key.id == id[0] })
}

// open is the inverse of seal. Its error is ErrWrongKey, with the reason.
func (k Keys) open(sealed []byte, p rowContext) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, fmt.Errorf("%w: %s.%s is empty", ErrWrongKey, p.table, p.column)
	}
	known := false
	for i, key := range k.list {
		if key.id != sealed[0] {
			continue
		}
		known = true
		// Two keys may have the same ID, since it is one byte.
		if plain, err := key.aead.Open(nil, nil, sealed[1:], p.data()); err == nil {
			if i > 0 {
				k.older.opened(key, p)
			}
			return plain, nil
		}
	}
	if known {
		return nil, fmt.Errorf("%w: %s.%s does not belong to its row", ErrWrongKey, p.table, p.column)
	}
	return nil, fmt.Errorf("%w: %s.%s needs key %02x", ErrWrongKey, p.table, p.column, sealed[0])
}

// olderKeys logs, once for each column, that it still needs a key that no longer seals, so that nobody
// removes the key too soon.
type olderKeys struct {
	log  *slog.Logger
	said sync.Map
}

func (o *olderKeys) opened(k key, p rowContext) {
	if o == nil {
		return
	}
	column := p.table + "." + p.column
	if _, again := o.said.LoadOrStore(k.name()+" "+column, true); !again {
		o.log.Info("a value was opened with an older key", "key", k.name(), "column", column)
	}
}

// name returns the ID that sealed values have. It reveals nothing of the key.
func (k key) name() string { return fmt.Sprintf("%02x", k.id) }

func (k Keys) otherNames() []string {
	names := []string{}
	for _, other := range k.list[1:] {
		names = append(names, other.name())
	}
	return names
}

const redacted = "[redacted]"

// Format prints "[redacted]" for every verb.
func (k Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (k Keys) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]", for JSON and other encodings.
func (k Keys) MarshalText() ([]byte, error) { return []byte(redacted), nil }
