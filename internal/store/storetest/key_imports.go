package storetest

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"hookwall/internal/store"
)

// importOf returns an import of two sessions' keys: lines 2 and 3 are to be tried, and line 4 has an error.
func importOf(owner, session store.Owner) (store.KeyImport, []store.KeyRow) {
	return store.KeyImport{Owner: owner, Session: session, Sender: []byte("ada")}, []store.KeyRow{
		{Line: 2, Name: "Amber", Credential: []byte("key 2")},
		{Line: 3, Credential: []byte("key 3")},
		{Line: 4, Result: "same", SameLine: 2},
	}
}

func beginImport(t tb, s *store.Store, owner, session store.Owner) store.KeyImport {
	t.Helper()
	i, rows := importOf(owner, session)
	begun, isNew, err := s.BeginKeyImport(background, i, rows, 9)
	must(t, err)
	same(t, "new", isNew, true)
	return begun
}

func theImport(t tb, s *store.Store, of store.KeyImport) store.KeyImport {
	t.Helper()
	i, err := s.KeyImport(background, of.Owner, of.Session, of.ID)
	must(t, err)
	return i
}

func keyRows(t tb, s *store.Store, of store.KeyImport, troubleFirst bool) []store.KeyRow {
	t.Helper()
	all, err := s.KeyRows(background, of, troubleFirst, 0, 99)
	must(t, err)
	return all
}

// pendingKeys returns the keys that are to be tried.
func pendingKeys(t tb, s *store.Store, of store.KeyImport) (keys []string) {
	t.Helper()
	all, err := s.PendingKeys(background, of, 99)
	must(t, err)
	for _, row := range all {
		keys = append(keys, string(row.Credential))
	}
	return keys
}

func running(t tb, s *store.Store) (ids []string) {
	t.Helper()
	all, err := s.RunningKeyImports(background)
	must(t, err)
	for _, i := range all {
		ids = append(ids, i.ID)
	}
	return ids
}

var keyImportTests = map[string]func(*testing.T, *fixture){
	"begun, tried and done": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		session, _ := signIn(t, f.one)
		begun := beginImport(t, f.one, owner, session)
		want := store.KeyImport{
			ID: begun.ID, Owner: owner, Session: session, Sender: []byte("ada"), State: store.KeysRunning,
			StartedAt: f.start, Count: map[string]int{"": 2, "same": 1},
		}
		same(t, "begun", begun, want)
		same(t, "kept", theImport(t, f.other, begun), want)
		last, err := f.other.LastKeyImport(t.Context(), owner, session)
		must(t, err)
		same(t, "last", last, want)
		same(t, "running", running(t, f.other), []string{begun.ID})
		same(t, "keys", pendingKeys(t, f.other, begun), []string{"key 2", "key 3"})

		same(t, "too early", finishedImport(t, f.one, begun), false)
		end := store.KeyRow{Line: 2, Result: "refused", Code: "UNAUTHORIZED", RequestID: "req"}
		must(t, f.other.EndKeyRow(t.Context(), begun, end))
		is(t, "again", f.one.EndKeyRow(t.Context(), begun, end), store.ErrFinished)
		same(t, "keys left", pendingKeys(t, f.one, begun), []string{"key 3"})
		result, err := f.one.ConnectKeyRow(t.Context(), begun, store.KeyRow{Line: 3},
			connection(owner, "sh_1"), activity(owner, "sh_1"))
		must(t, err)
		same(t, "result", result, store.KeyConnected)
		same(t, "rows", keyRows(t, f.other, begun, false), []store.KeyRow{
			{Line: 2, Name: "Amber", Result: "refused", Code: "UNAUTHORIZED", RequestID: "req"},
			{Line: 3, Result: store.KeyConnected, ShopName: connection(owner, "sh_1").ShopName},
			{Line: 4, Result: "same", SameLine: 2},
		})
		same(t, "finished", finishedImport(t, f.one, begun), true)
		want.State, want.Count = store.KeysDone, map[string]int{"refused": 1, store.KeyConnected: 1, "same": 1}
		same(t, "done", theImport(t, f.other, begun), want)
		same(t, "total", theImport(t, f.other, begun).Total(), 3)
		same(t, "running", running(t, f.other), nil)
	},

	"those in trouble first, those to be tried last": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		i, rows := importOf(owner, owner)
		rows[0].Result = store.KeyConnected
		begun, _, err := f.one.BeginKeyImport(t.Context(), i, rows, 9)
		must(t, err)
		var lines []int
		for _, row := range keyRows(t, f.one, begun, true) {
			lines = append(lines, row.Line)
		}
		same(t, "lines", lines, []int{4, 2, 3})
		some, err := f.one.KeyRows(t.Context(), begun, true, 1, 1)
		must(t, err)
		same(t, "the second", some, []store.KeyRow{{Line: 2, Name: "Amber", Result: store.KeyConnected}})
	},

	"many rows": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		i, _ := importOf(owner, owner)
		var rows []store.KeyRow
		for line := range 2000 {
			rows = append(rows, store.KeyRow{Line: line + 1, Credential: []byte{byte(line), byte(line >> 8)}})
		}
		begun, _, err := f.one.BeginKeyImport(t.Context(), i, rows, 9)
		must(t, err)
		same(t, "count", begun.Count, map[string]int{"": 2000})
		some, err := f.one.PendingKeys(t.Context(), begun, 3)
		must(t, err)
		same(t, "keys", some, rows[:3])
	},

	"sent twice": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		i, rows := importOf(owner, owner)
		i.ID = "FORM"
		var begun atomic.Int64
		f.race(9, func(_ int, s *store.Store) bool {
			kept, isNew, err := s.BeginKeyImport(t.Context(), i, rows, 1)
			must(t, err)
			if isNew {
				begun.Add(1)
			}
			same(t, "total", kept.Total(), 3)
			return isNew
		})
		same(t, "begun", begun.Load(), int64(1))
		i.Session = other
		_, _, err := f.one.BeginKeyImport(t.Context(), i, rows, 9)
		is(t, "another session's", err, store.ErrNotFound)
	},

	"a few at once": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		ask := func() error {
			i, rows := importOf(owner, owner)
			_, _, err := f.one.BeginKeyImport(t.Context(), i, rows, 2)
			return err
		}
		first := beginImport(t, f.one, owner, owner)
		is(t, "a second", ask(), nil)
		is(t, "a third", ask(), store.ErrBusy)
		must(t, f.one.StopKeyImport(t.Context(), first, "refused", false))
		is(t, "when one has stopped", ask(), nil)
		f.clock.move(store.KeyLife)
		is(t, "when their keys have expired", ask(), nil)
		i, rows := importOf("nobody", owner)
		_, _, err := f.one.BeginKeyImport(t.Context(), i, rows, 2)
		is(t, "of nobody", err, store.ErrNotFound)
	},

	"what it does to a connection": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		key := connection(owner, "sh_1")
		key.Way = "apikey"
		signedIn := key
		signedIn.Way = "code"
		for name, c := range map[string]struct {
			before  *store.Connection
			expired bool
			want    string
			records int
		}{
			"none":              {nil, false, store.KeyConnected, 1},
			"another key":       {&key, false, store.KeyReplaced, 1},
			"an expired key":    {&key, true, store.KeyReplaced, 1},
			"a sign-in":         {&signedIn, false, store.KeyKept, 0},
			"an expired signin": {&signedIn, true, store.KeyReplaced, 1},
		} {
			owner, _ := signIn(t, f.one)
			begun := beginImport(t, f.one, owner, owner)
			shop := "sh_" + name
			if c.before != nil {
				before := *c.before
				before.Owner, before.ShopID = owner, shop
				kept := put(t, f.one, before)
				if c.expired {
					must(t, f.one.ExpireConnection(t.Context(), kept.ID, kept.Version, store.End{}))
				}
			}
			given := key
			given.Owner, given.ShopID, given.Credential = owner, shop, []byte("the new key")
			got, err := f.one.ConnectKeyRow(t.Context(), begun, store.KeyRow{Line: 2}, given, activity(owner, shop))
			must(t, err)
			same(t, name, got, c.want)
			now, err := f.other.Connection(t.Context(), owner, shop)
			must(t, err)
			same(t, name+": has the new key", bytes.Equal(now.Credential, given.Credential), c.want != store.KeyKept)
			same(t, name+": expired", now.Expired, false)
			records := activities(t, f.one, store.ActivityQuery{Shop: shop})
			same(t, name+": activities", len(records.Rows), c.records)

			_, err = f.one.ConnectKeyRow(t.Context(), begun, store.KeyRow{Line: 2}, given, activity(owner, shop))
			is(t, name+": again", err, store.ErrFinished)
			same(t, name+": activities then",
				len(activities(t, f.one, store.ActivityQuery{Shop: shop}).Rows), c.records)
		}
	},

	"tried again": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		begun := beginImport(t, f.one, owner, owner)
		retry := func(of store.KeyImport, line int) int64 {
			n, err := f.other.RetryKeyRows(t.Context(), of, line)
			must(t, err)
			return n
		}
		same(t, "while it runs", retry(begun, 0), int64(0))
		must(t, f.one.EndKeyRow(t.Context(), begun, store.KeyRow{Line: 2, Result: store.KeyTemporary, Code: "unreachable"}))
		must(t, f.one.StopKeyImport(t.Context(), begun, "unreachable", false))
		same(t, "stopped", theImport(t, f.other, begun).Reason, "unreachable")
		same(t, "count", theImport(t, f.other, begun).Count,
			map[string]int{store.KeyTemporary: 1, store.KeyWaiting: 1, "same": 1})
		same(t, "keys", pendingKeys(t, f.one, begun), nil)

		elsewhere := begun
		elsewhere.Session = other
		same(t, "by another session", retry(elsewhere, 0), int64(0))
		same(t, "a line without a key", retry(begun, 4), int64(0))
		same(t, "one line", retry(begun, 2), int64(1))
		same(t, "keys of one line", pendingKeys(t, f.one, begun), []string{"key 2"})
		same(t, "state", theImport(t, f.other, begun).State, store.KeysRunning)
		same(t, "reason", theImport(t, f.other, begun).Reason, "")
		same(t, "the rest", retry(begun, 0), int64(1))
		same(t, "keys of all", pendingKeys(t, f.one, begun), []string{"key 2", "key 3"})

		must(t, f.one.StopKeyImport(t.Context(), begun, "rights", true))
		same(t, "after the keys were deleted", retry(begun, 0), int64(0))
		same(t, "count then", theImport(t, f.other, begun).Count, map[string]int{store.KeyUntried: 2, "same": 1})
		must(t, f.one.StopKeyImport(t.Context(), begun, "again", false))
		same(t, "stopped once", theImport(t, f.other, begun).Reason, "rights")
	},

	"keys end after a quarter of an hour, results after a day": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		begun := beginImport(t, f.one, owner, owner)
		same(t, "until", begun.KeysUntil(), f.start.Add(15*time.Minute))
		f.clock.move(store.KeyLife - time.Millisecond)
		must(t, f.one.ExpireKeys(t.Context()))
		same(t, "before", pendingKeys(t, f.other, begun), []string{"key 2", "key 3"})
		f.clock.move(time.Millisecond)
		same(t, "running", running(t, f.other), nil)
		must(t, f.one.ExpireKeys(t.Context()))
		same(t, "after", pendingKeys(t, f.other, begun), nil)
		now := theImport(t, f.other, begun)
		same(t, "state", now.State+" "+now.Reason, "stopped expired")
		same(t, "count", now.Count, map[string]int{store.KeyUntried: 2, "same": 1})

		must(t, f.one.Sweep(t.Context()))
		same(t, "swept early", theImport(t, f.other, begun).Total(), 3)
		f.clock.move(store.KeyImportLife - store.KeyLife)
		_, err := f.other.KeyImport(t.Context(), owner, owner, begun.ID)
		is(t, "after a day", err, store.ErrNotFound)
		must(t, f.one.Sweep(t.Context()))
		f.clock.move(-store.KeyImportLife)
		_, err = f.other.KeyImport(t.Context(), owner, owner, begun.ID)
		is(t, "swept", err, store.ErrNotFound)
		same(t, "rows", len(keyRows(t, f.one, begun, false)), 0)
	},

	"found by owner, session, id and environment": func(t *testing.T, f *fixture) {
		owner, _ := signIn(t, f.one)
		other, _ := signIn(t, f.one)
		elsewhere := f.open(sandbox)
		begun := beginImport(t, f.one, owner, other)
		for name, c := range map[string]struct {
			s              *store.Store
			owner, session store.Owner
			id             string
			want           error
		}{
			"itself":              {f.other, owner, other, begun.ID, nil},
			"another owner's":     {f.other, other, other, begun.ID, store.ErrNotFound},
			"another session's":   {f.other, owner, owner, begun.ID, store.ErrNotFound},
			"another id":          {f.other, owner, other, "x", store.ErrNotFound},
			"another environment": {elsewhere, owner, other, begun.ID, store.ErrNotFound},
		} {
			_, err := c.s.KeyImport(t.Context(), c.owner, c.session, c.id)
			is(t, name, err, c.want)
		}
		_, err := f.one.LastKeyImport(t.Context(), owner, owner)
		is(t, "last of another session", err, store.ErrNotFound)
		_, err = elsewhere.LastKeyImport(t.Context(), owner, other)
		is(t, "last of another environment", err, store.ErrNotFound)
		same(t, "running elsewhere", running(t, elsewhere), nil)
		same(t, "rows elsewhere", len(keyRows(t, elsewhere, begun, false)), 0)
		same(t, "keys elsewhere", pendingKeys(t, elsewhere, begun), nil)
		same(t, "finished elsewhere", finishedImport(t, elsewhere, begun), false)
		must(t, elsewhere.StopKeyImport(t.Context(), begun, "x", true))
		is(t, "ended elsewhere", elsewhere.EndKeyRow(t.Context(), begun, store.KeyRow{Line: 2}), store.ErrFinished)
		_, err = elsewhere.ConnectKeyRow(t.Context(), begun, store.KeyRow{Line: 2}, connection(owner, "sh_1"))
		is(t, "connected elsewhere", err, store.ErrFinished)

		stolen := begun
		stolen.Session = owner
		same(t, "keys as another session's", pendingKeys(t, f.one, stolen), []string{"", ""})
		same(t, "at home", pendingKeys(t, f.one, begun), []string{"key 2", "key 3"})
		must(t, f.one.DeleteOwner(t.Context(), owner))
		_, err = f.one.KeyImport(t.Context(), owner, other, begun.ID)
		is(t, "without its owner", err, store.ErrNotFound)
	},
}

func finishedImport(t tb, s *store.Store, of store.KeyImport) bool {
	t.Helper()
	done, err := s.FinishKeyImport(background, of)
	must(t, err)
	return done
}
