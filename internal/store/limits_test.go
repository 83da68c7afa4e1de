package store_test

import (
	"crypto/sha256"
	"encoding/base64"
	"testing"
	"time"

	"hookwall/internal/store"
)

// A plain hash could be found by trying every address.
func TestCountsAreFoundWithTheKeyOnly(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		at := fresh(t)
		one := store.Limit{Name: "one", Burst: 1, Every: time.Hour}
		const address = "203.0.113.7"
		for _, step := range []struct {
			key  byte
			want bool
		}{{'a', true}, {'a', false}, {'b', true}, {'a', false}} {
			ok, _, err := open(t, at, options(t, step.key)).Allow(t.Context(), one, address)
			check(t, err)
			if ok != step.want {
				t.Errorf("with key %c: %t", step.key, ok)
			}
		}
		var bucket string
		check(t, raw(t, at).QueryRowContext(t.Context(), `SELECT MIN(bucket) FROM rate_limits`).Scan(&bucket))
		plain := sha256.Sum256([]byte(address))
		if len(bucket) != 43 || bucket == base64.RawURLEncoding.EncodeToString(plain[:]) {
			t.Errorf("the bucket is called %q", bucket)
		}
	})
}
