package shops

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"hookwall/internal/store"
	"hookwall/oauth"
)

// TestLostLeaseIsNamed: a caller must stop renewing a token when it has lost the lease.
func TestLostLeaseIsNamed(t *testing.T) {
	keys, err := store.ParseKeys(store.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "h.db")
	st, err := store.Open(t.Context(), file, store.Options{Keys: keys, Environment: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	err = credentialStore{st}.FinishRefresh(t.Context(), "gone", 1, "holder", []byte("x"), time.Time{}, "")
	if !errors.Is(err, oauth.ErrLeaseLost) {
		t.Errorf("error %v", err)
	}
}
