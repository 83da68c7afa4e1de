package store_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hookwall/internal/store"
)

// The log has, once, which key seals, and for which columns older ones are still needed.
func TestOlderKeysAreLogged(t *testing.T) {
	at := sqliteFile(t)
	first := open(t, at, options(t, 'a'))
	owner, _ := signIn(t, first)
	for _, shop := range []string{"one", "two"} {
		_, err := first.PutConnection(t.Context(), store.Connection{Owner: owner, ShopID: shop, Credential: []byte("c")})
		check(t, err)
	}
	check(t, first.AddFlash(t.Context(), owner, "/", []byte("f")))

	var out bytes.Buffer
	o := options(t, 'b', 'a')
	o.Logger = slog.New(slog.NewJSONHandler(&out, nil))
	rotated := open(t, at, o)
	for range 2 {
		for _, shop := range []string{"one", "two"} {
			_, err := rotated.Connection(t.Context(), owner, shop)
			check(t, err)
		}
	}
	_, err := rotated.TakeFlashes(t.Context(), owner, "/")
	check(t, err)

	type line struct {
		Level, Msg, Seals, Key, Column string
		OpensToo                       []string
	}
	var got []line
	for text := range strings.Lines(out.String()) {
		var l line
		check(t, json.Unmarshal([]byte(text), &l))
		got = append(got, l)
	}
	if len(got) != 3 || got[0].Seals == "" || len(got[0].OpensToo) != 1 || got[0].Seals == got[0].OpensToo[0] {
		t.Fatalf("the log is\n%s", &out)
	}
	older := got[0].OpensToo[0]
	want := []line{
		{Level: "INFO", Msg: "secret keys", Seals: got[0].Seals, OpensToo: []string{older}},
		{Level: "INFO", Msg: "a value was opened with an older key", Key: older, Column: "connections.credential"},
		{Level: "INFO", Msg: "a value was opened with an older key", Key: older, Column: "flashes.data"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
