package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hookwall/internal/store"
	"hookwall/internal/store/storetest"
)

const environment = "https://api.example"

// key returns a secret key of one repeated byte.
func key(b byte) string {
	return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 32))
}

// options returns valid options with keys of the given bytes.
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

// database makes an empty database, until the test ends, and returns its address.
type database func(t *testing.T) (databaseURL string)

func sqliteFile(t *testing.T) string { return filepath.Join(t.TempDir(), "x.db") }

func postgresSchema(t *testing.T) string { return storetest.Postgres(t) }

// onEach runs a test on each engine.
func onEach(t *testing.T, test func(t *testing.T, fresh database)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, sqliteFile) })
	t.Run("Postgres", func(t *testing.T) { test(t, postgresSchema) })
}

// raw opens a database without the store. Of SQLite it writes only the log, as the store demands.
func raw(t *testing.T, databaseURL string) *sql.DB {
	t.Helper()
	engine, address := "sqlite", "file:"+databaseURL+"?_pragma=busy_timeout(5000)&_pragma=wal_autocheckpoint(0)"
	if store.IsPostgres(databaseURL) {
		engine, address = "pgx", databaseURL
	}
	db, err := sql.Open(engine, address)
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

func first[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestSeveralProcessesOpenANewDatabaseAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		o := options(t, 1)
		for range 3 {
			url := fresh(t)
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					s, err := store.Open(t.Context(), url, o)
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
	})
}

func TestADatabaseOutlivesItsHandle(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		url := fresh(t)
		s := first(store.Open(t.Context(), url, options(t, 1)))
		owner, _ := signIn(t, s)
		first(s.PutConnection(t.Context(), store.Connection{Owner: owner, ShopID: "sh_1", Credential: []byte("c")}))
		check(t, s.Close())
		if err := s.Ping(t.Context()); err == nil {
			t.Error("a closed handle answers")
		}
		c, err := open(t, url, options(t, 1)).Connection(t.Context(), owner, "sh_1")
		check(t, err)
		if string(c.Credential) != "c" {
			t.Errorf("credential %q", c.Credential)
		}
	})
}

// planted is a database with something in every table, every secret beginning with "canary".
type planted struct {
	url      string
	store    *store.Store
	owner    store.Owner
	canaries []string
	checks   map[string]string // ids by shop
	channels map[string]string // ids by client ID, which is the shop's
	plans    map[string]int64  // numbers by form, which is the shop's
}

func plant(t *testing.T, fresh database, o store.Options) *planted {
	t.Helper()
	p := &planted{url: fresh(t), checks: map[string]string{}, channels: map[string]string{}, plans: map[string]int64{}}
	p.store = open(t, p.url, o)
	owner, token := signIn(t, p.store)
	p.owner, p.canaries = owner, []string{token}
	for _, shop := range []string{"one", "two"} {
		p.plant(t, shop)
	}
	return p
}

// canary returns a text that must not be found in the database.
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
	channel, err := p.store.PutChannel(ctx, store.Channel{
		Owner: p.owner, ClientID: shop, Name: "plain name", Credential: []byte(p.canary("channel", shop)),
	})
	check(t, err)
	p.channels[shop] = channel.ID
	check(t, p.store.PutSignIn(ctx, store.SignIn{
		State: p.canary("state", shop), Browser: p.canary("browser", shop),
		Verifier: p.canary("verifier", shop), Return: "/" + shop, ExpiresAt: soon,
	}))
	_, err = p.store.PutDraft(ctx, store.Draft{
		ID: shop, Browser: p.canary("draft", "browser"), Form: url.Values{p.canary("field", shop): {p.canary("typed", shop)}},
	})
	check(t, err)
	check(t, p.store.AddFlash(ctx, p.owner, "/"+shop, []byte(p.canary("flash", shop))))
	op := store.Operation{
		Key: shop, Owner: p.owner, Shop: shop, Kind: store.KindCreate, Holder: "me",
		Resource: store.URLResource(p.canary("URL", shop)),
	}
	_, err = p.store.BeginOperation(ctx, op, time.Minute)
	check(t, err)
	op.State, op.WebhookID, op.Result = store.StateDone, "wcon_1", []byte(p.canary("outcome", shop))
	check(t, p.store.FinishOperation(ctx, op))
	check(t, p.store.PutSecret(ctx, p.owner, shop, "wcon_1", p.canary("secret", shop), soon))
	_, err = p.store.BeginActivity(ctx, store.Activity{
		Owner: p.owner, Shop: shop, Detail: []byte(p.canary("detail", shop)),
	})
	check(t, err)
	check(t, p.store.MarkImmutable(ctx, shop, "wcon_1", soon))
	check(t, p.store.PutLabel(ctx, shop, "wcon_1", p.canary("label", shop)))
	check(t, p.store.Spend(ctx, store.Limit{Name: "limit", Burst: 1, Every: time.Hour}, p.canary("address", shop)))
	kept, err := p.store.BeginCheck(ctx, store.Check{
		Owner: p.owner, Shop: shop, Report: []byte(p.canary("report", shop)),
	}, 9)
	check(t, err)
	p.checks[shop] = kept.ID
	_, _, err = p.store.BeginKeyImport(ctx,
		store.KeyImport{ID: shop, Owner: p.owner, Session: p.owner, Sender: []byte(p.canary("sender", shop))},
		[]store.KeyRow{{Line: 1, Credential: []byte(p.canary("key", shop))}}, 9)
	check(t, err)
	check(t, visit(ctx, p.store, shop, func(conn string) store.Observed {
		return store.Observed{
			ConnectionID: conn, Owner: p.owner, At: time.Now(), Read: true,
			Listed: &store.Listed{
				Hash:     p.store.Fingerprint(p.owner, conn, []byte(p.canary("webhooks", shop))),
				Webhooks: []byte(p.canary("webhooks", shop)), Change: []byte(p.canary("change", shop)),
			},
			Deliveries: []store.Delivery{{
				Event: "weve_1", Webhook: "wcon_1", Outcome: store.DeliveryFailed, Error: p.canary("error", shop),
				CreatedAt: time.Now(),
			}},
		}
	}))
	plan, err := p.store.AddPlan(ctx, store.Plan{
		Owner: p.owner, Form: shop, Kind: "delete", Document: []byte(p.canary("document", shop)),
	}, func(store.Plan) ([]store.Activity, error) { return nil, nil })
	check(t, err)
	check(t, p.store.PutRehearsal(ctx, plan, []byte(p.canary("rehearsal", shop))))
	check(t, p.store.ApplyPlan(ctx, p.owner, plan.Number, plan.Digest, store.PlanPerson{},
		[]byte(p.canary("actor", shop)), []string{shop}, nobodyWaits))
	p.plans[shop] = plan.Number
	_, err = p.store.AddTemplate(ctx, store.Template{
		Owner: p.owner, ID: shop, Name: shop, Document: []byte(p.canary("template", shop)),
	})
	check(t, err)
}

// nobodyWaits enqueues no visits.
func nobodyWaits(context.Context, *sql.Tx, []string) error { return nil }

// visit stores what is seen of a shop with one connection.
func visit(ctx context.Context, s *store.Store, shop string, see func(connection string) store.Observed) error {
	v, _, err := s.BeginVisit(ctx, shop, time.Minute, time.Now())
	if err != nil {
		return err
	}
	return s.EndVisit(ctx, v, store.VisitEnd{
		Seen: []store.Observed{see(v.Connections[0].ID)}, Due: s.Now().Add(time.Hour), Answered: true,
	}, nil)
}

// noCanaries fails if a secret is found in the content of the database; the key is of many k's.
func (p *planted) noCanaries(t *testing.T, all []byte) {
	t.Helper()
	if !bytes.Contains(all, []byte("plain name")) {
		t.Fatal("even what is not secret is missing: the test looks in the wrong place")
	}
	for _, secret := range append([]string{"canary", key('k'), strings.Repeat("k", 32)}, p.canaries...) {
		if bytes.Contains(all, []byte(secret)) {
			t.Errorf("%q is in the database", secret)
		}
	}
}

// sealedColumns are the columns with sealed values: how to select the row of a shop, and how to read
// its value.
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
	"channels.credential": {`client_id = $1`, func(t *testing.T, p *planted, shop string) error {
		c, err := p.store.Channel(t.Context(), p.owner, p.channels[shop])
		if err != nil && (c.Name != "plain name" || c.Credential != nil) {
			t.Errorf("channel beside the error: %+v", c)
		}
		return err
	}},
	"sign_ins.verifier": {`return_path = '/' || $1`, func(t *testing.T, p *planted, shop string) error {
		_, err := p.store.TakeSignIn(t.Context(), "canary-state-"+shop, "canary-browser-"+shop)
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
	"key_imports.sender": {`id = $1`, func(t *testing.T, p *planted, shop string) error {
		i, err := p.store.KeyImport(t.Context(), p.owner, p.owner, shop)
		if err == nil && len(i.Sender) == 0 {
			return store.ErrWrongKey // nobody is named
		}
		return err
	}},
	"key_import_rows.credential": {`import = $1`, func(t *testing.T, p *planted, shop string) error {
		all, err := p.store.PendingKeys(t.Context(),
			store.KeyImport{ID: shop, Owner: p.owner, Session: p.owner}, 9)
		if err == nil && len(all[0].Credential) == 0 {
			return store.ErrWrongKey // the row is returned without its key
		}
		return err
	}},
	"webhook_labels.label": {`shop = $1`, func(t *testing.T, p *planted, shop string) error {
		all, err := p.store.Labels(t.Context(), shop)
		if err == nil && len(all) == 0 {
			return store.ErrWrongKey // a label that does not open is missing
		}
		return err
	}},
	"observations.webhooks": {ofConnection, func(t *testing.T, p *planted, shop string) error {
		o, err := p.store.Observation(t.Context(), p.owner, shop)
		if err != nil && (o.ShopName != "plain name" || o.Webhooks != nil) {
			t.Errorf("observation beside the error: %+v", o)
		}
		return err
	}},
	"observation_changes.detail": {ofConnection, func(t *testing.T, p *planted, shop string) error {
		all, err := p.store.ObservationChanges(t.Context(), p.owner, shop, 9)
		if err == nil && all[0].Detail == nil {
			return store.ErrWrongKey // the row is there without its detail
		}
		return err
	}},
	"delivery_facts.error": {ofConnection, func(t *testing.T, p *planted, shop string) error {
		all, err := p.store.Health(t.Context(), p.owner, shop, store.SpansAt(p.store.Now()))
		if err == nil && all[0].LastError == "" {
			return store.ErrWrongKey // the failure is there without its text
		}
		return err
	}},
	"plans.document": {`form = $1`, func(t *testing.T, p *planted, shop string) error {
		plan, err := p.store.Plan(t.Context(), p.owner, p.plans[shop])
		if err != nil && plan.Document != nil {
			t.Errorf("document beside the error: %+v", plan)
		}
		return err
	}},
	"template_versions.document": {`id = $1`, func(t *testing.T, p *planted, shop string) error {
		all, err := p.store.TemplateVersions(t.Context(), p.owner, shop, 1)
		if err == nil && (len(all) != 1 || all[0].Document == nil) {
			err = store.ErrWrongKey // it's listed without what can't be opened
		}
		return err
	}},
	"plans.actor": {`form = $1`, func(t *testing.T, p *planted, shop string) error {
		all, err := p.store.ItemsOfShop(t.Context(), shop)
		if err != nil {
			return err
		}
		_, err = p.store.BeginItem(t.Context(), all[0])
		return err
	}},
	"operations.result": {`shop = $1`, func(t *testing.T, p *planted, shop string) error {
		op, err := p.store.Operation(t.Context(), p.owner, shop)
		if err != nil && (op.State != store.StateDone || op.Result != nil) {
			t.Errorf("operation beside the error: %+v", op)
		}
		return err
	}},
	"activities.detail": {`shop = $1`, func(t *testing.T, p *planted, shop string) error {
		list, err := p.store.Activities(t.Context(), store.ActivityQuery{Shop: shop})
		check(t, err)
		all, err := p.store.DueActivities(t.Context(), 0)
		check(t, err)
		i := slices.IndexFunc(all, func(a store.Activity) bool { return a.Shop == shop })
		if len(list.Rows) != 1 || list.Rows[0].Owner != p.owner || i < 0 {
			t.Fatalf("activities of %s: %+v, due: %+v", shop, list, all)
		}
		if diff := cmp.Diff(list.Rows[0], all[i], cmpopts.IgnoreUnexported(store.Activity{})); diff != "" {
			t.Errorf("activity (-listed +due):\n%s", diff)
		}
		if list.Rows[0].Detail == nil {
			return store.ErrWrongKey // the row is there without its detail
		}
		return nil
	}},
	"plans.rehearsal": {`form = $1`, func(t *testing.T, p *planted, shop string) error {
		_, _, err := p.store.Rehearsal(t.Context(), store.Plan{Owner: p.owner, Number: p.plans[shop], Form: shop})
		return err
	}},
	"webhook_secrets.secret": {`shop = $1`, func(t *testing.T, p *planted, shop string) error {
		_, _, err := p.store.Secret(t.Context(), p.owner, shop, "wcon_1")
		return err
	}},
}

// ofConnection selects a row by the shop of its connection.
const ofConnection = `connection = (SELECT id FROM connections WHERE shop_id = $1)`

// columns returns the names of all columns of a type, with their tables.
func columns(t *testing.T, databaseURL, ofType string) []string {
	t.Helper()
	query := `
		SELECT m.name || '.' || c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.type = $1`
	if store.IsPostgres(databaseURL) {
		query = `
			SELECT table_name || '.' || column_name FROM information_schema.columns
			WHERE table_schema = current_schema() AND UPPER(data_type) = $1`
	}
	return texts(t, raw(t, databaseURL), query, ofType)
}

// texts returns what a query of one column finds.
func texts(t *testing.T, db *sql.DB, query string, args ...any) (all []string) {
	t.Helper()
	rows, err := db.Query(query, args...)
	check(t, err)
	defer rows.Close()
	for rows.Next() {
		var text string
		check(t, rows.Scan(&text))
		all = append(all, text)
	}
	check(t, rows.Err())
	return all
}

func TestEverySealedColumnIsTested(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		declared := columns(t, plant(t, fresh, options(t, 1)).url, "BYTEA")
		var tested []string
		for name := range sealedColumns {
			tested = append(tested, name)
		}
		slices.Sort(declared)
		slices.Sort(tested)
		if diff := cmp.Diff(declared, tested); diff != "" {
			t.Errorf("columns (-declared +tested):\n%s", diff)
		}
	})
}

func TestSealedValuesOpenInTheirOwnRow(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		for name, c := range sealedColumns {
			t.Run(name, func(t *testing.T) {
				check(t, c.read(t, plant(t, fresh, options(t, 1)), "one"))
			})
		}
	})
}

// Checklist 35.
func TestSealedValuesDoNotOpenInAnotherRow(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		for name, c := range sealedColumns {
			t.Run(name, func(t *testing.T) {
				p := plant(t, fresh, options(t, 1))
				table, column, _ := strings.Cut(name, ".")
				two := strings.ReplaceAll(c.row, "$1", "'two'")
				update(t, p.url, fmt.Sprintf(`UPDATE %[1]s SET %[2]s = (SELECT %[2]s FROM %[1]s WHERE %[3]s) WHERE %[4]s`,
					table, column, two, c.row), "one")
				wrongKey(t, c.read(t, p, "one"))
				check(t, c.read(t, p, "two"))
			})
		}
	})
}

func TestSealedValuesDoNotOpenWithAnotherKey(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		for name, c := range sealedColumns {
			t.Run(name, func(t *testing.T) {
				p := plant(t, fresh, options(t, 1))
				p.store = open(t, p.url, options(t, 2))
				wrongKey(t, c.read(t, p, "one"))
			})
		}
	})
}

func wrongKey(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, store.ErrWrongKey) {
		t.Fatalf("error %v, want %v", err, store.ErrWrongKey)
	}
}

func TestRowOfAnotherOwnerDoesNotOpen(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		for column, change := range map[string]string{
			"connections.credential": `UPDATE connections SET owner = $1 WHERE shop_id = 'one'`,
			"channels.credential":    `UPDATE channels SET owner = $1 WHERE client_id = 'one'`,
			"webhook_secrets.secret": `UPDATE webhook_secrets SET owner = $1 WHERE shop = 'one'`,
			"operations.result":      `UPDATE operations SET owner = $1 WHERE shop = 'one'`,
			"checks.report":          `UPDATE checks SET owner = $1 WHERE shop = 'one'`,
			"flashes.data":           `UPDATE flashes SET owner = $1 WHERE page = '/one'`,
		} {
			t.Run(column, func(t *testing.T) {
				p := plant(t, fresh, options(t, 1))
				thief, _ := signIn(t, p.store)
				p.owner = thief
				update(t, p.url, change, thief)
				wrongKey(t, sealedColumns[column].read(t, p, "one"))
			})
		}
	})
}

func TestActivityOfAnotherShopDoesNotOpen(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		p := plant(t, fresh, options(t, 1))
		update(t, p.url, `UPDATE activities SET shop = 'stolen' WHERE shop = 'one'`)
		wrongKey(t, sealedColumns["activities.detail"].read(t, p, "stolen"))
	})
}

// Checklist 38.
func TestADetailThatDoesNotOpenIsLogged(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		p := plant(t, fresh, options(t, 1))
		var log bytes.Buffer
		o := options(t, 2)
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		p.store = open(t, p.url, o)
		list, err := p.store.Activities(t.Context(), store.ActivityQuery{Shop: "one"})
		check(t, err)
		if !strings.Contains(log.String(), "does not open") || !strings.Contains(log.String(), list.Rows[0].ID) {
			t.Errorf("log %q", log.String())
		}
	})
}

func TestALiveConnectionOpens(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		p := plant(t, fresh, options(t, 1))
		p.store = open(t, p.url, options(t, 2))
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
	})
}

// Checklist 8.
func TestACredentialDoesNotOpenInAnotherEnvironment(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		p := plant(t, fresh, options(t, 1))
		o := options(t, 1)
		o.Environment = "https://elsewhere.example"
		p.store = open(t, p.url, o)
		update(t, p.url, `INSERT INTO owners (environment, id, created_at) VALUES ($1, $2, 0)`, o.Environment, p.owner)
		update(t, p.url, `UPDATE connections SET environment = $1 WHERE shop_id = 'one'`, o.Environment)
		wrongKey(t, sealedColumns["connections.credential"].read(t, p, "one"))
	})
}

func TestADraftDoesNotOpenInAnotherBrowser(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		p := plant(t, fresh, options(t, 1))
		thief := sha256.Sum256([]byte("thief"))
		update(t, p.url, `UPDATE drafts SET browser_hash = $1 WHERE id = 'one'`,
			base64.RawURLEncoding.EncodeToString(thief[:]))
		_, err := p.store.Draft(t.Context(), "thief", "one")
		wrongKey(t, err)
	})
}

// update changes one row without the store.
func update(t *testing.T, url, query string, args ...any) {
	t.Helper()
	r, err := raw(t, url).Exec(query, args...)
	check(t, err)
	if n, err := r.RowsAffected(); n != 1 {
		t.Fatalf("%d rows changed, error %v", n, err)
	}
}

func TestShortLivedValuesThatDoNotOpenAreGone(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		p := plant(t, fresh, options(t, 1))
		p.store = open(t, p.url, options(t, 2))
		for _, name := range []string{"sign_ins.verifier", "drafts.form", "webhook_secrets.secret", "checks.report"} {
			if err := sealedColumns[name].read(t, p, "one"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: error %v, want it to be %v too", name, err, store.ErrNotFound)
			}
		}
		list, err := p.store.Connections(t.Context(), p.owner)
		check(t, err)
		if len(list) != 2 {
			t.Errorf("%d connections are listed, want 2: the list needs no key", len(list))
		}
	})
}

// Checklist 35.
func TestKeysRotate(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		p := plant(t, fresh, options(t, 1))
		p.store = open(t, p.url, options(t, 2, 1))
		for _, shop := range []string{"one", "two"} {
			for name, c := range sealedColumns {
				if name != "sign_ins.verifier" && name != "flashes.data" { // these are spent by reading
					check(t, c.read(t, p, shop))
				}
			}
		}
		_, err := p.store.PutConnection(t.Context(), store.Connection{
			Owner: p.owner, ShopID: "two", ShopName: "plain name", Credential: []byte("new"),
		})
		check(t, err)
		p.store = open(t, p.url, options(t, 2))
		check(t, sealedColumns["connections.credential"].read(t, p, "two"))
		wrongKey(t, sealedColumns["connections.credential"].read(t, p, "one"))
	})
}

func TestManyRequestsAtOnce(t *testing.T) {
	defer store.CheckpointOften()()
	onEach(t, func(t *testing.T, fresh database) {
		url := fresh(t)
		handles := []*store.Store{open(t, url, options(t, 1)), open(t, url, options(t, 1))}
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				if err := oneRequest(t, handles[i%2], i); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// oneRequest does what a sign-in and a create do with the database.
func oneRequest(t *testing.T, s *store.Store, i int) error {
	ctx := t.Context()
	state := fmt.Sprint("state", i)
	in := store.SignIn{State: state, Browser: "b", ExpiresAt: time.Now().Add(time.Minute)}
	if err := s.PutSignIn(ctx, in); err != nil {
		return err
	}
	if _, err := s.TakeSignIn(ctx, state, "b"); err != nil {
		return err
	}
	owner, token := signIn(t, s)
	conn := store.Connection{Owner: owner, ShopID: "sh_1", Credential: []byte("c")}
	if _, err := s.PutConnection(ctx, conn); err != nil {
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
	op := store.Operation{
		Key: "k", Owner: owner, Shop: "sh_1", Kind: store.KindUpdate, Holder: state, Resource: store.WebhookResource(state),
	}
	if _, err := s.BeginOperation(ctx, op, time.Minute); err != nil {
		return err
	}
	if err := s.RenewOperation(ctx, owner, "k", state, time.Minute, true); err != nil {
		return err
	}
	op.State = store.StateDone
	if err := s.FinishOperation(ctx, op); err != nil {
		return err
	}
	if i%20 == 0 {
		err = errors.Join(err, s.Sweep(ctx))
	}
	return errors.Join(err,
		s.RecordOutcome(ctx, a.ID, store.Ending{Outcome: store.OutcomeRefused}),
		s.AddFlash(ctx, owner, "/", []byte("f")))
}

func TestReadingWritesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, fresh database) {
		url := fresh(t)
		s := open(t, url, options(t, 1))
		owner, token := signIn(t, s)
		db := raw(t, url)
		before := stateOf(t, url, db)
		for _, value := range []string{"", "garbage", strings.Repeat("A", 26), token} {
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
		_, err = s.ImmutableWebhooks(t.Context(), "sh_1")
		check(t, err)
		_, err = s.Labels(t.Context(), "sh_1")
		check(t, err)
		_, err = s.Observations(t.Context(), owner)
		check(t, err)
		_, err = s.Health(t.Context(), owner, "sh_1", store.SpansAt(s.Now()))
		check(t, err)
		_, err = s.DeliveryBuckets(t.Context(), owner, store.Buckets{Width: time.Hour})
		check(t, err)
		_, err = s.VisitsPaused(t.Context())
		check(t, err)
		_, err = s.TakeDueVisits(t.Context(), 9, nil)
		check(t, err)
		if after := stateOf(t, url, db); after != before {
			t.Errorf("the database went from %s to %s", before, after)
		}
		signIn(t, s)
		if stateOf(t, url, db) == before {
			t.Error("the test does not notice a change")
		}
	})
}

// stateOf returns a text that differs after another connection has written.
func stateOf(t *testing.T, databaseURL string, db *sql.DB) string {
	t.Helper()
	if !store.IsPostgres(databaseURL) {
		db.SetMaxOpenConns(1)
		return texts(t, db, `PRAGMA data_version`)[0]
	}
	var all strings.Builder
	for _, table := range texts(t, db, `
		SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename`) {
		rows := texts(t, db, `SELECT CONCAT_WS(' ', ctid, xmin, xmax) FROM `+table+` ORDER BY ctid`)
		fmt.Fprintln(&all, table, rows)
	}
	return all.String()
}
