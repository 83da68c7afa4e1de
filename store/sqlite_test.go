package store_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hookwall/store"
)

const environment = "https://api.example"

// key is a secret key of one repeated byte.
func key(b byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32))
}

// options are good ones, with the keys of the given bytes.
func options(t *testing.T, keyBytes ...byte) store.Options {
	t.Helper()
	var words []string
	for _, b := range keyBytes {
		words = append(words, key(b))
	}
	keys, err := store.ParseKeys(strings.Join(words, ","))
	check(t, err)
	return store.Options{Keys: keys, Environment: environment}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// raw opens a database past the store.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	check(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// signIn makes a session and returns its owner and token.
func signIn(t *testing.T, s *store.Store) (store.Owner, string) {
	t.Helper()
	ss := s.Sessions(store.CookieOptions{Name: "session"})
	r, w := httptest.NewRequest(http.MethodGet, "/", nil), httptest.NewRecorder()
	session, err := ss.Get(r, "session")
	check(t, err)
	check(t, session.Save(r, w))
	return store.OwnerOf(session), w.Result().Cookies()[0].Value
}

func TestOpenNamesAFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, c := range map[string]struct{ url, file string }{
		"plain path":           {filepath.Join(dir, "1.db"), "1.db"},
		"plain relative path":  {"2.db", "2.db"},
		"sqlite:":              {"sqlite:" + dir + "/3.db", "3.db"},
		"sqlite: relative":     {"sqlite:4.db", "4.db"},
		"sqlite://":            {"sqlite://" + dir + "/5.db", "5.db"},
		"file:":                {"file:" + dir + "/6.db", "6.db"},
		"file: relative":       {"file:7.db", "7.db"},
		"file://":              {"file://" + dir + "/8.db", "8.db"},
		"file: with an escape": {"file:a%20b.db", "a b.db"},
		"awkward characters":   {filepath.Join(dir, "9 %41#?&;=é.db"), "9 %41#?&;=é.db"},
		"new directories":      {filepath.Join(dir, "x", "y", "10.db"), "x/y/10.db"},
		"a kind in its name":   {"postgres", "postgres"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, c.url, options(t, 1))
			check(t, s.Ping(t.Context()))
			if _, err := os.Stat(filepath.Join(dir, c.file)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	s := open(t, filepath.Join(dir, "x.db"), options(t, 1))
	signIn(t, s)
	got := map[string]fs.FileMode{}
	check(t, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		got[d.Name()] = info.Mode()
		return err
	}))
	want := map[string]fs.FileMode{"new": fs.ModeDir | 0o700, "x.db": 0o600, "x.db-wal": 0o600, "x.db-shm": 0o600}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	check(t, os.WriteFile(text, bytes.Repeat([]byte("not a database\n"), 500), 0o600))
	newer := filepath.Join(dir, "newer.db")
	check(t, first(store.Open(t.Context(), newer, options(t, 1))).Close())
	if _, err := raw(t, newer).Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, TRUE)`); err != nil {
		t.Fatal(err)
	}
	check(t, os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "link")))
	good := options(t, 1)
	for name, c := range map[string]struct {
		url  string
		o    store.Options
		want string
	}{
		"no keys":                {"x.db", store.Options{Environment: environment}, "no secret key given"},
		"no environment":         {"x.db", store.Options{Keys: good.Keys}, "no environment given"},
		"nothing":                {"", good, "no database is named"},
		"sqlite: alone":          {"sqlite:", good, "no database is named"},
		"memory":                 {":memory:", good, "in memory is not supported"},
		"sqlite::memory:":        {"sqlite::memory:", good, "in memory is not supported"},
		"parameters":             {"sqlite:x.db?mode=ro", good, "parameters"},
		"parameters after file:": {"file:x.db?mode=ro", good, "parameters"},
		"another machine":        {"file://host/x.db", good, "another machine"},
		"unreadable address":     {"file:%zz", good, "cannot be read"},
		"Postgres":               {"postgres://user:hunter2@host/db", good, "Postgres database is not supported"},
		"Postgres, long name":    {"postgresql://user:hunter2@host/db", good, "Postgres database is not supported"},
		"another kind":           {"mysql://user:hunter2@host/db", good, `"mysql" is not supported`},
		"a directory":            {dir, good, "is not a file"},
		"a directory that is a file": {
			filepath.Join(text, "x.db"), good, "the database's directory cannot be made",
		},
		"a link to nowhere": {filepath.Join(dir, "link"), good, "cannot be opened"},
		"not a database":    {text, good, text + " is not a SQLite database"},
		"a newer database":  {newer, good, "at schema 4711 and this version of Hookwall knows"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), c.url, c.o)
			if err == nil {
				s.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Fatalf("error %q, want it to say %q and no password", err, c.want)
			}
		})
	}
}

func first[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestOpenInADirectoryThatCannotBeWritten(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "there.db")
	check(t, first(store.Open(t.Context(), path, options(t, 1))).Close())
	check(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { check(t, os.Chmod(dir, 0o700)) })
	for file, want := range map[string]string{"new.db": "is its directory writable?", "there.db": "directory writable?"} {
		_, err := store.Open(t.Context(), filepath.Join(dir, file), options(t, 1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", file, err)
		}
	}
}

func TestSeveralProcessesOpenANewDatabaseAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	o := options(t, 1)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := store.Open(t.Context(), path, o)
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.Ping(t.Context()), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestADatabaseOutlivesItsHandle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := first(store.Open(t.Context(), path, options(t, 1)))
	owner, _ := signIn(t, s)
	first(s.PutConnection(t.Context(), store.Connection{Owner: owner, ShopID: "sh_1", Credential: []byte("c")}))
	check(t, s.Close())
	if err := s.Ping(t.Context()); err == nil {
		t.Error("a closed handle answers")
	}
	c, err := open(t, path, options(t, 1)).Connection(t.Context(), owner, "sh_1")
	check(t, err)
	if string(c.Credential) != "c" {
		t.Errorf("credential %q", c.Credential)
	}
}

// planted is a database with something in every table, every secret beginning with "canary".
type planted struct {
	path     string
	store    *store.Store
	owner    store.Owner
	canaries []string
	checks   map[string]string // ids by shop
}

func plant(t *testing.T, o store.Options) *planted {
	t.Helper()
	p := &planted{path: filepath.Join(t.TempDir(), "x.db"), checks: map[string]string{}}
	p.store = open(t, p.path, o)
	owner, token := signIn(t, p.store)
	p.owner, p.canaries = owner, []string{token}
	for _, shop := range []string{"one", "two"} {
		p.plant(t, shop)
	}
	return p
}

// canary makes a text that must not be found in the files.
func (p *planted) canary(what, shop string) string {
	c := "canary-" + what + "-" + shop
	p.canaries = append(p.canaries, c)
	return c
}

func (p *planted) plant(t *testing.T, shop string) {
	t.Helper()
	ctx := t.Context()
	soon := time.Now().Add(time.Minute)
	_, err := p.store.PutConnection(ctx, store.Connection{
		Owner: p.owner, ShopID: shop, ShopName: "plain name", Credential: []byte(p.canary("credential", shop)),
	})
	check(t, err)
	check(t, p.store.PutAttempt(ctx, store.Attempt{
		State: p.canary("state", shop), Browser: p.canary("browser", shop),
		Verifier: p.canary("verifier", shop), ExpiresAt: soon,
	}))
	_, err = p.store.PutDraft(ctx, store.Draft{
		ID: shop, Browser: p.canary("draft", "browser"), Form: url.Values{p.canary("field", shop): {p.canary("typed", shop)}},
	})
	check(t, err)
	check(t, p.store.AddFlash(ctx, p.owner, "/"+shop, []byte(p.canary("flash", shop))))
	_, _, err = p.store.BeginSubmission(ctx, store.Submission{ID: shop, Owner: p.owner, Shop: shop})
	check(t, err)
	check(t, p.store.SettleSubmission(ctx, p.owner, shop, store.StateCreated, "wcon_1", []byte(p.canary("result", shop))))
	check(t, p.store.PutSecret(ctx, p.owner, shop, "wcon_1", p.canary("secret", shop), soon))
	_, err = p.store.BeginActivity(ctx, store.Activity{Owner: p.owner, Shop: shop, Detail: []byte(p.canary("detail", shop))})
	check(t, err)
	check(t, p.store.LockWebhook(ctx, shop, "wcon_1", soon))
	kept, err := p.store.BeginCheck(ctx, store.Check{Owner: p.owner, Shop: shop, Report: []byte(p.canary("report", shop))}, 9)
	check(t, err)
	p.checks[shop] = kept.ID
}

func TestNoSecretStandsInTheFiles(t *testing.T) {
	p := plant(t, options(t, 'k'))
	var all []byte
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(p.path + suffix)
		check(t, err)
		all = append(all, b...)
	}
	if !bytes.Contains(all, []byte("plain name")) {
		t.Fatal("the files lack even what is not secret: the test looks in the wrong place")
	}
	for _, secret := range append([]string{"canary", key('k'), strings.Repeat("k", 32)}, p.canaries...) {
		if bytes.Contains(all, []byte(secret)) {
			t.Errorf("%q stands in the files", secret)
		}
	}
}

// sealedColumns are the columns that hold sealed values: how to tell the row of a shop, and how to
// read its value.
var sealedColumns = map[string]struct {
	row  string // expression for the row of shop $1
	read func(*testing.T, *planted, string) error
}{
	"connections.credential": {`shop_id = $1`, func(t *testing.T, p *planted, shop string) error {
		c, err := p.store.Connection(t.Context(), p.owner, shop)
		if err != nil && (c.ShopName != "plain name" || c.Credential != nil) {
			t.Errorf("connection beside the error: %+v", c)
		}
		return err
	}},
	"attempts.verifier": {`rowid = (CASE $1 WHEN 'one' THEN 1 ELSE 2 END)`, func(t *testing.T, p *planted, shop string) error {
		_, err := p.store.TakeAttempt(t.Context(), "canary-state-"+shop, "canary-browser-"+shop)
		return err
	}},
	"drafts.form": {`id = $1`, func(t *testing.T, p *planted, shop string) error {
		_, err := p.store.Draft(t.Context(), "canary-draft-browser", shop)
		return err
	}},
	"flashes.data": {`page = '/' || $1`, func(t *testing.T, p *planted, shop string) error {
		all, err := p.store.TakeFlashes(t.Context(), p.owner, "/"+shop)
		if err == nil && len(all) == 0 {
			return store.ErrWrongKey // a flash that does not open is dropped
		}
		return err
	}},
	"checks.report": {`shop = $1`, func(t *testing.T, p *planted, shop string) error {
		_, err := p.store.Check(t.Context(), p.owner, shop, p.checks[shop])
		return err
	}},
	"submissions.result": {`shop = $1`, func(t *testing.T, p *planted, shop string) error {
		sub, err := p.store.Submission(t.Context(), p.owner, shop)
		if err != nil && (sub.State != store.StateCreated || sub.Result != nil) {
			t.Errorf("submission beside the error: %+v", sub)
		}
		return err
	}},
	"activities.detail": {`shop = $1`, func(t *testing.T, p *planted, shop string) error {
		list, err := p.store.Activities(t.Context(), store.ActivityQuery{Shop: shop})
		check(t, err)
		all, err := p.store.UnsettledActivities(t.Context(), time.Now().Add(time.Hour), time.Time{}, 0)
		check(t, err)
		i := slices.IndexFunc(all, func(a store.Activity) bool { return a.Shop == shop })
		if len(list.Rows) != 1 || list.Rows[0].Owner != p.owner || i < 0 {
			t.Fatalf("activities of %s: %+v, pending: %+v", shop, list, all)
		}
		if diff := cmp.Diff(list.Rows[0], all[i]); diff != "" {
			t.Errorf("activity (-listed +pending):\n%s", diff)
		}
		if list.Rows[0].Detail == nil {
			return store.ErrWrongKey // the row is there without its detail
		}
		return nil
	}},
	"webhook_secrets.secret": {`shop = $1`, func(t *testing.T, p *planted, shop string) error {
		_, _, err := p.store.Secret(t.Context(), p.owner, shop, "wcon_1")
		return err
	}},
}

func TestEverySealedColumnIsTested(t *testing.T) {
	rows, err := raw(t, plant(t, options(t, 1)).path).Query(`
		SELECT m.name || '.' || c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.type = 'BYTEA'`)
	check(t, err)
	defer rows.Close()
	var declared []string
	for rows.Next() {
		var name string
		check(t, rows.Scan(&name))
		declared = append(declared, name)
	}
	check(t, rows.Err())
	var tested []string
	for name := range sealedColumns {
		tested = append(tested, name)
	}
	slices.Sort(declared)
	slices.Sort(tested)
	if diff := cmp.Diff(declared, tested); diff != "" {
		t.Errorf("columns (-declared +tested):\n%s", diff)
	}
}

func TestSealedValuesOpenInTheirOwnRow(t *testing.T) {
	for name, c := range sealedColumns {
		t.Run(name, func(t *testing.T) {
			check(t, c.read(t, plant(t, options(t, 1)), "one"))
		})
	}
}

func TestSealedValuesDoNotOpenInAnotherRow(t *testing.T) {
	for name, c := range sealedColumns {
		t.Run(name, func(t *testing.T) {
			p := plant(t, options(t, 1))
			table, column, _ := strings.Cut(name, ".")
			two := strings.ReplaceAll(c.row, "$1", "'two'")
			update(t, p.path, fmt.Sprintf(`UPDATE %[1]s SET %[2]s = (SELECT %[2]s FROM %[1]s WHERE %[3]s) WHERE %[4]s`,
				table, column, two, c.row), "one")
			wrongKey(t, c.read(t, p, "one"))
			check(t, c.read(t, p, "two"))
		})
	}
}

func TestSealedValuesDoNotOpenWithAnotherKey(t *testing.T) {
	for name, c := range sealedColumns {
		t.Run(name, func(t *testing.T) {
			p := plant(t, options(t, 1))
			p.store = open(t, p.path, options(t, 2))
			wrongKey(t, c.read(t, p, "one"))
		})
	}
}

func wrongKey(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrWrongKey) {
		t.Fatalf("error %v, want %v", err, store.ErrWrongKey)
	}
}

func TestARowThatChangedHandsDoesNotOpen(t *testing.T) {
	for column, change := range map[string]string{
		"connections.credential": `UPDATE connections SET owner = $1 WHERE shop_id = 'one'`,
		"webhook_secrets.secret": `UPDATE webhook_secrets SET owner = $1 WHERE shop = 'one'`,
		"submissions.result":     `UPDATE submissions SET owner = $1 WHERE shop = 'one'`,
		"checks.report":          `UPDATE checks SET owner = $1 WHERE shop = 'one'`,
		"flashes.data":           `UPDATE flashes SET owner = $1 WHERE page = '/one'`,
	} {
		t.Run(column, func(t *testing.T) {
			p := plant(t, options(t, 1))
			thief, _ := signIn(t, p.store)
			p.owner = thief
			update(t, p.path, change, thief)
			wrongKey(t, sealedColumns[column].read(t, p, "one"))
		})
	}
}

func TestAnActivityThatChangedShopsDoesNotOpen(t *testing.T) {
	p := plant(t, options(t, 1))
	update(t, p.path, `UPDATE activities SET shop = 'stolen' WHERE shop = 'one'`)
	wrongKey(t, sealedColumns["activities.detail"].read(t, p, "stolen"))
}

func TestADetailThatDoesNotOpenIsLogged(t *testing.T) {
	p := plant(t, options(t, 1))
	var log bytes.Buffer
	o := options(t, 2)
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	p.store = open(t, p.path, o)
	list, err := p.store.Activities(t.Context(), store.ActivityQuery{Shop: "one"})
	check(t, err)
	if !strings.Contains(log.String(), "does not open") || !strings.Contains(log.String(), list.Rows[0].ID) {
		t.Errorf("log %q", log.String())
	}
}

func TestALiveConnectionOpens(t *testing.T) {
	p := plant(t, options(t, 1))
	p.store = open(t, p.path, options(t, 2))
	if _, err := p.store.LiveConnection(t.Context(), "one", p.owner); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("error %v, want %v", err, store.ErrNotFound)
	}
	later, _ := signIn(t, p.store)
	first(p.store.PutConnection(t.Context(), store.Connection{Owner: later, ShopID: "one", Credential: []byte("c")}))
	c, err := p.store.LiveConnection(t.Context(), "one", p.owner)
	check(t, err)
	if c.Owner != later || string(c.Credential) != "c" {
		t.Errorf("connection %+v, want the one that opens", c)
	}
}

func TestACredentialDoesNotOpenInAnotherEnvironment(t *testing.T) {
	p := plant(t, options(t, 1))
	o := options(t, 1)
	o.Environment = "https://elsewhere.example"
	p.store = open(t, p.path, o)
	update(t, p.path, `INSERT INTO owners (environment, id, created_at) VALUES ($1, $2, 0)`, o.Environment, p.owner)
	update(t, p.path, `UPDATE connections SET environment = $1 WHERE shop_id = 'one'`, o.Environment)
	wrongKey(t, sealedColumns["connections.credential"].read(t, p, "one"))
}

func TestADraftDoesNotOpenInAnotherBrowser(t *testing.T) {
	p := plant(t, options(t, 1))
	thief := sha256.Sum256([]byte("thief"))
	update(t, p.path, `UPDATE drafts SET browser_hash = $1 WHERE id = 'one'`, base64.RawURLEncoding.EncodeToString(thief[:]))
	_, err := p.store.Draft(t.Context(), "thief", "one")
	wrongKey(t, err)
}

// update changes one row past the store.
func update(t *testing.T, path, query string, args ...any) {
	t.Helper()
	r, err := raw(t, path).Exec(query, args...)
	check(t, err)
	if n, err := r.RowsAffected(); n != 1 {
		t.Fatalf("%d rows changed, error %v", n, err)
	}
}

func TestShortLivedValuesThatDoNotOpenAreGone(t *testing.T) {
	p := plant(t, options(t, 1))
	p.store = open(t, p.path, options(t, 2))
	for _, name := range []string{"attempts.verifier", "drafts.form", "webhook_secrets.secret", "checks.report"} {
		if err := sealedColumns[name].read(t, p, "one"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: error %v, want it to be %v too", name, err, store.ErrNotFound)
		}
	}
	list, err := p.store.Connections(t.Context(), p.owner)
	check(t, err)
	if len(list) != 2 {
		t.Errorf("%d connections are listed, want 2: the list needs no key", len(list))
	}
}

func TestKeysRotate(t *testing.T) {
	p := plant(t, options(t, 1))
	p.store = open(t, p.path, options(t, 2, 1))
	for _, shop := range []string{"one", "two"} {
		for name, c := range sealedColumns {
			if name != "attempts.verifier" && name != "flashes.data" { // these are spent by reading
				check(t, c.read(t, p, shop))
			}
		}
	}
	_, err := p.store.PutConnection(t.Context(), store.Connection{
		Owner: p.owner, ShopID: "two", ShopName: "plain name", Credential: []byte("new"),
	})
	check(t, err)
	p.store = open(t, p.path, options(t, 2))
	check(t, sealedColumns["connections.credential"].read(t, p, "two"))
	wrongKey(t, sealedColumns["connections.credential"].read(t, p, "one"))
}

func TestManyRequestsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	handles := []*store.Store{open(t, path, options(t, 1)), open(t, path, options(t, 1))}
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if err := oneRequest(t, handles[i%2], i); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// oneRequest does what a sign-in and a create do with the database.
func oneRequest(t *testing.T, s *store.Store, i int) error {
	ctx := t.Context()
	state := fmt.Sprint("state", i)
	if err := s.PutAttempt(ctx, store.Attempt{State: state, Browser: "b", ExpiresAt: time.Now().Add(time.Minute)}); err != nil {
		return err
	}
	if _, err := s.TakeAttempt(ctx, state, "b"); err != nil {
		return err
	}
	owner, token := signIn(t, s)
	if _, err := s.PutConnection(ctx, store.Connection{Owner: owner, ShopID: "sh_1", Credential: []byte("c")}); err != nil {
		return err
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: token})
	if _, err := s.Sessions(store.CookieOptions{Name: "session"}).Get(r, "session"); err != nil {
		return err
	}
	a, err := s.BeginActivity(ctx, store.Activity{Owner: owner, Shop: "sh_1"})
	if err != nil {
		return err
	}
	_, _, err = s.BeginSubmission(ctx, store.Submission{ID: "f", Owner: owner, Shop: "sh_1"})
	if i%20 == 0 {
		err = errors.Join(err, s.Sweep(ctx))
	}
	return errors.Join(err,
		s.SettleSubmission(ctx, owner, "f", store.StateRefused, "", nil),
		s.SettleActivity(ctx, a.ID, store.Settlement{Outcome: store.OutcomeRefused}),
		s.AddFlash(ctx, owner, "/", []byte("f")))
}

func TestReadingWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	s := open(t, path, options(t, 1))
	owner, token := signIn(t, s)
	db := raw(t, path)
	before := dataVersion(t, db)
	for _, value := range []string{"", "garbage", strings.Repeat("A", 43), token} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "session", Value: value})
		_, err := s.Sessions(store.CookieOptions{Name: "session"}).Get(r, "session")
		check(t, err)
	}
	_, err := s.TakeFlashes(t.Context(), owner, "/")
	check(t, err)
	_, err = s.Connections(t.Context(), owner)
	check(t, err)
	_, err = s.Activities(t.Context(), store.ActivityQuery{Shop: "sh_1"})
	check(t, err)
	_, err = s.LockedWebhooks(t.Context(), "sh_1")
	check(t, err)
	if after := dataVersion(t, db); after != before {
		t.Errorf("the database went from version %d to %d", before, after)
	}
	signIn(t, s)
	if dataVersion(t, db) == before {
		t.Error("the test does not notice a change")
	}
}

// dataVersion changes when another connection has written.
func dataVersion(t *testing.T, db *sql.DB) (v int) {
	t.Helper()
	db.SetMaxOpenConns(1)
	check(t, db.QueryRow(`PRAGMA data_version`).Scan(&v))
	return v
}
