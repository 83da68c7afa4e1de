package store_test

import (
	"testing"

	"go.uber.org/goleak"

	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Database {
		path := storetest.SQLite(t)
		return func(t *testing.T, o store.Options) *store.Store { return open(t, path, o) }
	})
}

// open opens a database until the test ends.
func open(t *testing.T, databaseURL string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), databaseURL, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
