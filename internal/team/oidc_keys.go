package team

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// Keys are fetched again when none of them made a signature, since providers rotate them. The limit keeps tokens that
// nobody signed from making as many calls.
const (
	maxKeyFetches = 5
	keyFetchesPer = time.Minute
)

// keySet has the keys of the provider. It implements oidc.KeySet.
type keySet struct {
	url    string
	client providerClient
	now    func() time.Time

	mu      sync.Mutex
	keys    oidc.StaticKeySet
	fetches []time.Time
}

// VerifySignature returns the payload of a token that one of the provider's keys signed.
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	payload, err := k.keys.VerifySignature(ctx, token)
	if err == nil {
		return payload, nil
	}
	if !k.mayFetch() {
		return nil, err
	}
	if err := k.fetch(ctx); err != nil {
		return nil, err
	}
	return k.keys.VerifySignature(ctx, token)
}

// mayFetch reports whether keys may be fetched now, and counts that.
func (k *keySet) mayFetch() bool {
	now := k.now()
	for len(k.fetches) > 0 && now.Sub(k.fetches[0]) >= keyFetchesPer {
		k.fetches = k.fetches[1:]
	}
	if len(k.fetches) >= maxKeyFetches {
		return false
	}
	k.fetches = append(k.fetches, now)
	return true
}

func (k *keySet) fetch(ctx context.Context) error {
	resp, err := k.client.get(ctx, k.url, "")
	if err != nil {
		return err
	}
	var listed struct{ Keys []json.RawMessage }
	if !resp.isJSON { // some providers say application/jwk-set without +json
		resp.isJSON = json.Valid(resp.body)
	}
	if err := resp.decode(&listed, "the provider's key set"); err != nil {
		return err
	}
	k.keys.PublicKeys = nil
	for _, raw := range listed.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) != nil || key.Use == "enc" {
			continue // of a kind that can't sign here
		}
		switch key.Key.(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
			k.keys.PublicKeys = append(k.keys.PublicKeys, key.Key)
		}
	}
	return nil
}

// tried is a key set that keeps its error, which the library turns into text.
type tried struct {
	oidc.KeySet
	err error
}

func (t *tried) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := t.KeySet.VerifySignature(ctx, token)
	t.err = err
	return payload, err
}
