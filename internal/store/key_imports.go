package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// KeyImportLife is how long after its start the results of an import can be read.
	KeyImportLife = 24 * time.Hour
	// KeyLife is how long after its start an import may use its keys.
	KeyLife = 15 * time.Minute

	keyRowsAtOnce = 100 // of one statement
)

// States of an import.
const (
	KeysRunning = "running"
	KeysStopped = "stopped" // before all keys were tried
	KeysDone    = "done"
)

// Results of a key that the store knows. Others are words of the caller.
const (
	KeyPending   = ""          // it has not been tried
	KeyTemporary = "temporary" // it can be tried again
	KeyWaiting   = "waiting"   // it was not tried, since its import was stopped, and still can be
	KeyUntried   = "untried"   // it was deleted before it was tried
	KeyConnected = "connected"
	KeyReplaced  = "replaced" // the shop was connected with another key, or its connection had expired
	KeyKept      = "kept"     // the shop has a connection of another kind, which stays
)

// KeyImport is a number of API keys that a person sent at once. Session, which sent them, alone sees it.
type KeyImport struct {
	ID        string
	Owner     Owner
	Session   Owner
	Sender    []byte // by the caller; sealed in the database
	State     string
	Reason    string // why it was stopped, a word of the caller
	StartedAt time.Time
	Count     map[string]int // of rows, by result
}

// Total returns the number of rows.
func (i KeyImport) Total() (n int) {
	for _, count := range i.Count {
		n += count
	}
	return n
}

// KeysUntil returns when the keys that are left are deleted.
func (i KeyImport) KeysUntil() time.Time { return i.StartedAt.Add(KeyLife) }

// KeyRow is one key of an import.
type KeyRow struct {
	Line       int
	Name       string
	Credential []byte // in clear here, sealed in the database; nil in lists, and when it was deleted
	Result     string
	SameLine   int // with the same key; 0 if there is none
	ShopName   string
	Code       string // of the API
	RequestID  string
}

// BeginKeyImport stores an import of at least one row and reports whether it's a new one. Where the ID is
// already taken by the same session, it returns that import and stores nothing, so that a form that is sent
// twice is imported once. It returns ErrBusy if as many of the owner's imports as most are running, and
// ErrNotFound if the owner is gone, or another session has the ID. State, Reason, StartedAt and Count of the argument
// don't count.
func (s *Store) BeginKeyImport(
	ctx context.Context, i KeyImport, rows []KeyRow, most int,
) (kept KeyImport, isNew bool, err error) {
	if i.ID == "" {
		i.ID = rand.Text()
	}
	i.StartedAt = s.now()
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockOwner(ctx, tx, s.env, i.Owner); err != nil {
			return err
		}
		var err error
		if isNew, err = s.insertKeyImport(ctx, tx, i, most); err != nil || !isNew {
			return err
		}
		for some := range slices.Chunk(rows, keyRowsAtOnce) {
			if err := s.insertKeyRows(ctx, tx, i, some); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return KeyImport{}, false, failed("begin key import", err)
	}
	kept, err = s.KeyImport(ctx, i.Owner, i.Session, i.ID)
	return kept, isNew, err
}

func (s *Store) insertKeyImport(ctx context.Context, tx *sql.Tx, i KeyImport, most int) (bool, error) {
	var there bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (
		SELECT 1 FROM key_imports WHERE environment = $1 AND owner = $2 AND id = $3)`, s.env, i.Owner, i.ID).Scan(&there)
	if err != nil || there {
		return false, err
	}
	var running int
	err = tx.QueryRowContext(ctx, `
		SELECT count(*) FROM key_imports WHERE environment = $1 AND owner = $2 AND state = 'running' AND started_at > $3`,
		s.env, i.Owner, millis(i.StartedAt.Add(-KeyLife))).Scan(&running)
	if err == nil && running >= most {
		err = ErrBusy
	}
	if err != nil {
		return false, err
	}
	n, err := affected(tx.ExecContext(ctx, `
		INSERT INTO key_imports (environment, owner, id, session, sender, started_at)
		SELECT environment, id, $3, $4, $5, $6 FROM owners WHERE environment = $1 AND id = $2`,
		s.env, i.Owner, i.ID, i.Session, s.keys.seal(i.Sender, s.senderContext(i)), millis(i.StartedAt)))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err == nil, err
}

func (s *Store) insertKeyRows(ctx context.Context, tx *sql.Tx, i KeyImport, rows []KeyRow) error {
	var query strings.Builder
	query.WriteString(`INSERT INTO key_import_rows (environment, owner, import, line, name, credential, result, same_line,
		code) VALUES `)
	args := []any{s.env, i.Owner, i.ID}
	for n, row := range rows {
		if n > 0 {
			query.WriteString(", ")
		}
		at := len(args)
		fmt.Fprintf(&query, "($1, $2, $3, $%d, $%d, $%d, $%d, $%d, $%d)", at+1, at+2, at+3, at+4, at+5, at+6)
		var sealed []byte
		if row.Credential != nil {
			sealed = s.keys.seal(row.Credential, s.keyContext(i, row.Line))
		}
		args = append(args, row.Line, row.Name, sealed, row.Result, row.SameLine, row.Code)
	}
	_, err := tx.ExecContext(ctx, query.String(), args...)
	return err
}

const selectKeyImport = `
	SELECT id, owner, session, sender, state, reason, started_at FROM key_imports WHERE environment = $1`

// KeyImport returns an import of a session, or ErrNotFound.
func (s *Store) KeyImport(ctx context.Context, owner, session Owner, id string) (KeyImport, error) {
	i, err := s.scanKeyImport(s.engine.read.QueryRowContext(ctx,
		selectKeyImport+` AND owner = $2 AND session = $3 AND id = $4 AND started_at > $5`,
		s.env, owner, session, id, millis(s.now().Add(-KeyImportLife))))
	if err != nil {
		return KeyImport{}, failed("read key import", err)
	}
	return i, s.countKeyRows(ctx, &i)
}

// LastKeyImport returns the newest import of a session, or ErrNotFound.
func (s *Store) LastKeyImport(ctx context.Context, owner, session Owner) (KeyImport, error) {
	i, err := s.scanKeyImport(s.engine.read.QueryRowContext(ctx,
		selectKeyImport+` AND owner = $2 AND session = $3 AND started_at > $4 ORDER BY started_at DESC, id LIMIT 1`,
		s.env, owner, session, millis(s.now().Add(-KeyImportLife))))
	if err != nil {
		return KeyImport{}, failed("read last key import", err)
	}
	return i, s.countKeyRows(ctx, &i)
}

// RunningKeyImports returns the imports that have keys to try, of all sessions, the oldest first.
func (s *Store) RunningKeyImports(ctx context.Context) ([]KeyImport, error) {
	rows, err := s.engine.read.QueryContext(ctx,
		selectKeyImport+` AND state = 'running' AND started_at > $2 ORDER BY started_at, id`,
		s.env, millis(s.now().Add(-KeyLife)))
	if err != nil {
		return nil, failed("list key imports", err)
	}
	defer rows.Close()
	var all []KeyImport
	for rows.Next() {
		i, err := s.scanKeyImport(rows)
		if err != nil {
			return nil, failed("list key imports", err)
		}
		all = append(all, i)
	}
	return all, failed("list key imports", rows.Err())
}

// scanKeyImport leaves Sender empty if it doesn't open: nothing can be done for an unknown person.
func (s *Store) scanKeyImport(row scanner) (KeyImport, error) {
	var i KeyImport
	var sender []byte
	var started int64
	err := row.Scan(&i.ID, &i.Owner, &i.Session, &sender, &i.State, &i.Reason, &started)
	if err != nil {
		return KeyImport{}, err
	}
	i.StartedAt = timeAt(started)
	if i.Sender, err = s.keys.open(sender, s.senderContext(i)); errors.Is(err, ErrWrongKey) {
		s.log.Warn("the sender of a key import does not open", "err", err)
		err = nil
	}
	return i, err
}

func (s *Store) countKeyRows(ctx context.Context, i *KeyImport) error {
	rows, err := s.engine.read.QueryContext(ctx, `
		SELECT result, count(*) FROM key_import_rows WHERE environment = $1 AND owner = $2 AND import = $3
		GROUP BY result`, s.env, i.Owner, i.ID)
	if err != nil {
		return failed("count key rows", err)
	}
	defer rows.Close()
	i.Count = map[string]int{}
	for rows.Next() {
		var result string
		var n int
		if err := rows.Scan(&result, &n); err != nil {
			return failed("count key rows", err)
		}
		i.Count[result] = n
	}
	return failed("count key rows", rows.Err())
}

// KeyRows returns rows of an import without their keys, by line. With troubleFirst, those that were not
// connected come first, and those that were not tried last.
func (s *Store) KeyRows(ctx context.Context, i KeyImport, troubleFirst bool, skip, most int) ([]KeyRow, error) {
	order := "line"
	if troubleFirst {
		order = `CASE WHEN result IN ('connected', 'replaced', 'kept') THEN 1
			WHEN result IN ('', 'waiting') THEN 2 ELSE 0 END, line`
	}
	rows, err := s.engine.read.QueryContext(ctx, `
		SELECT line, name, result, same_line, shop_name, code, request_id FROM key_import_rows
		WHERE environment = $1 AND owner = $2 AND import = $3 ORDER BY `+order+` LIMIT $4 OFFSET $5`,
		s.env, i.Owner, i.ID, most, skip)
	if err != nil {
		return nil, failed("list key rows", err)
	}
	defer rows.Close()
	var all []KeyRow
	for rows.Next() {
		var r KeyRow
		if err := rows.Scan(&r.Line, &r.Name, &r.Result, &r.SameLine, &r.ShopName, &r.Code, &r.RequestID); err != nil {
			return nil, failed("list key rows", err)
		}
		all = append(all, r)
	}
	return all, failed("list key rows", rows.Err())
}

// PendingKeys returns the next rows to try, with their keys. A row whose key doesn't open is returned
// without it.
func (s *Store) PendingKeys(ctx context.Context, i KeyImport, most int) ([]KeyRow, error) {
	rows, err := s.engine.read.QueryContext(ctx, `
		SELECT line, name, credential FROM key_import_rows
		WHERE environment = $1 AND owner = $2 AND import = $3 AND result = '' ORDER BY line LIMIT $4`,
		s.env, i.Owner, i.ID, most)
	if err != nil {
		return nil, failed("read pending keys", err)
	}
	defer rows.Close()
	var all []KeyRow
	for rows.Next() {
		var r KeyRow
		var sealed []byte
		if err := rows.Scan(&r.Line, &r.Name, &sealed); err != nil {
			return nil, failed("read pending keys", err)
		}
		if r.Credential, err = s.keys.open(sealed, s.keyContext(i, r.Line)); err != nil && !errors.Is(err, ErrWrongKey) {
			return nil, failed("read pending keys", err)
		}
		all = append(all, r)
	}
	return all, failed("read pending keys", rows.Err())
}

const endKeyRow = `
	UPDATE key_import_rows SET result = $1, shop_name = $2, code = $3, request_id = $4,
		credential = CASE WHEN $1 = 'temporary' THEN credential END
	WHERE environment = $5 AND owner = $6 AND import = $7 AND line = $8 AND result = ''`

func (s *Store) endKeyRowArgs(i KeyImport, r KeyRow) []any {
	return []any{r.Result, r.ShopName, r.Code, r.RequestID, s.env, i.Owner, i.ID, r.Line}
}

// EndKeyRow records how the try of a key ended, and deletes the key unless it can be tried again.
// ErrFinished means that another caller has recorded an end.
func (s *Store) EndKeyRow(ctx context.Context, i KeyImport, r KeyRow) error {
	n, err := s.exec(ctx, endKeyRow, s.endKeyRowArgs(i, r)...)
	if err == nil && n == 0 {
		err = ErrFinished
	}
	return failed("end key row", err)
}

// ConnectKeyRow stores the connection of a key, as PutConnection does, and records how
// its try ended: KeyConnected, KeyReplaced or KeyKept. A connection of another way that isn't expired is kept.
// Activities are recorded unless it is. ErrFinished means that another caller has recorded an end.
func (s *Store) ConnectKeyRow(
	ctx context.Context, i KeyImport, r KeyRow, c Connection, done ...Activity,
) (result string, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockOwner(ctx, tx, s.env, c.Owner); err != nil {
			return err
		}
		var err error
		if result, err = s.overConnection(ctx, tx, c); err != nil {
			return err
		}
		r.Result, r.ShopName = result, c.ShopName
		n, err := affected(tx.ExecContext(ctx, endKeyRow, s.endKeyRowArgs(i, r)...))
		if err == nil && n == 0 {
			err = ErrFinished
		}
		if err != nil || result == KeyKept {
			return err
		}
		if _, err := s.upsert(ctx, tx, upsertConnection+returningConnection, c); err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	})
	return result, failed("connect key row", err)
}

// overConnection returns what storing c would do to a connection that is there.
func (s *Store) overConnection(ctx context.Context, tx *sql.Tx, c Connection) (string, error) {
	var way string
	var expired bool
	err := tx.QueryRowContext(ctx,
		`SELECT way, expired FROM connections WHERE environment = $1 AND owner = $2 AND shop_id = $3`,
		s.env, c.Owner, c.ShopID).Scan(&way, &expired)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return KeyConnected, nil
	case err != nil:
		return "", err
	case way != c.Way && !expired:
		return KeyKept, nil
	}
	return KeyReplaced, nil
}

// FinishKeyImport ends a running import that has no more keys to try, and reports whether it did.
func (s *Store) FinishKeyImport(ctx context.Context, i KeyImport) (finished bool, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockOwner(ctx, tx, s.env, i.Owner); err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `
			UPDATE key_imports SET state = 'done' WHERE environment = $1 AND owner = $2 AND id = $3 AND state = 'running'
				AND NOT EXISTS (SELECT 1 FROM key_import_rows
					WHERE environment = $1 AND owner = $2 AND import = $3 AND result = '')`, s.env, i.Owner, i.ID))
		finished = n == 1
		return err
	})
	return finished, failed("finish key import", err)
}

const dropKeys = `
	UPDATE key_import_rows SET credential = NULL,
		result = CASE WHEN result IN ('', 'waiting') THEN 'untried' ELSE result END
	WHERE credential IS NOT NULL`

// StopKeyImport stops a running import. The keys that were not tried stay for another try, unless drop is set.
func (s *Store) StopKeyImport(ctx context.Context, i KeyImport, reason string, drop bool) error {
	return failed("stop key import", s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockOwner(ctx, tx, s.env, i.Owner); err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `UPDATE key_imports SET state = 'stopped', reason = $4
			WHERE environment = $1 AND owner = $2 AND id = $3 AND state = 'running'`, s.env, i.Owner, i.ID, reason))
		if err != nil || n == 0 {
			return err
		}
		query := `UPDATE key_import_rows SET result = 'waiting' WHERE result = ''`
		if drop {
			query = dropKeys
		}
		_, err = tx.ExecContext(ctx, query+` AND environment = $1 AND owner = $2 AND import = $3`, s.env, i.Owner, i.ID)
		return err
	}))
}

// RetryKeyRows lets a session's import try keys again that are still there: that of a line, or all of them for
// line 0. It returns how many there are.
func (s *Store) RetryKeyRows(ctx context.Context, i KeyImport, line int) (n int64, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if err := s.lockOwner(ctx, tx, s.env, i.Owner); err != nil {
			return err
		}
		n, err = affected(tx.ExecContext(ctx, `
			UPDATE key_import_rows SET result = '', code = '', request_id = ''
			WHERE environment = $1 AND owner = $2 AND import = $3 AND credential IS NOT NULL AND ($4 = 0 OR line = $4)
				AND result IN ('waiting', 'temporary') AND EXISTS (SELECT 1 FROM key_imports WHERE environment = $1
					AND owner = $2 AND id = $3 AND session = $5 AND started_at > $6)`,
			s.env, i.Owner, i.ID, line, i.Session, millis(s.now().Add(-KeyLife))))
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE key_imports SET state = 'running', reason = ''
			WHERE environment = $1 AND owner = $2 AND id = $3`, s.env, i.Owner, i.ID)
		return err
	})
	return n, failed("retry key rows", err)
}

// ExpireKeys deletes the keys of imports that may no longer use them, in all environments.
func (s *Store) ExpireKeys(ctx context.Context) error {
	before := millis(s.now().Add(-KeyLife))
	return failed("expire keys", s.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, dropKeys+` AND EXISTS (SELECT 1 FROM key_imports
				WHERE key_imports.environment = key_import_rows.environment AND key_imports.owner = key_import_rows.owner
				AND id = import AND started_at <= $1)`, before)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE key_imports SET state = 'stopped', reason = 'expired'
			WHERE state = 'running' AND started_at <= $1`, before)
		return err
	}))
}

func (s *Store) senderContext(i KeyImport) rowContext {
	return rowContext{"key_imports", "sender", []string{s.env, string(i.Owner), string(i.Session), i.ID}}
}

// keyContext binds a key to the session that sent it.
func (s *Store) keyContext(i KeyImport, line int) rowContext {
	return rowContext{"key_import_rows", "credential", []string{
		s.env, string(i.Owner), string(i.Session), i.ID, strconv.Itoa(line),
	}}
}
