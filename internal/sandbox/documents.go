package sandbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite" // registers the driver "sqlite", too
	sqlite3 "modernc.org/sqlite/lib"
)

// documents is the data file: small JSON documents by kind and id. A nil one keeps nothing.
type documents struct{ db *sql.DB }

// A change writes a document, or deletes it when body is nil.
type change struct {
	kind, id string
	body     any
}

func openDocuments(path string) (*documents, error) {
	if path == "" {
		return nil, nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dataSource(path))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(context.Background(), `CREATE TABLE IF NOT EXISTS documents (
		kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT`)
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code() == sqlite3.SQLITE_BUSY {
		err = fmt.Errorf("another sandbox uses it: %w", err)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &documents{db}, nil
}

// makePrivate makes the file readable only by its owner, along with the files that SQLite puts
// beside it with the same mode.
func makePrivate(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator chooses the file
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// dataSource locks the file for this process: a second sandbox would never see what the first one
// writes, since both keep the state in memory.
func dataSource(path string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "locking_mode(EXCLUSIVE)", "journal_mode(WAL)", "foreign_keys(1)", "synchronous(NORMAL)",
	}}
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}
	return u.String()
}

// apply makes all changes or none.
func (d *documents) apply(changes ...change) error {
	if d == nil {
		return nil
	}
	tx, err := d.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if err := c.apply(tx); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

func (c change) apply(tx *sql.Tx) error {
	if c.body == nil {
		_, err := tx.ExecContext(context.Background(), `DELETE FROM documents WHERE kind = $1 AND id = $2`, c.kind, c.id)
		return err
	}
	body, err := json.Marshal(c.body)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(context.Background(), `INSERT INTO documents (kind, id, body) VALUES ($1, $2, $3)
		ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body`, c.kind, c.id, string(body))
	return err
}

// readAll decodes every document of a kind, by id.
func readAll[T any](d *documents, kind string) (map[string]T, error) {
	out := map[string]T{}
	if d == nil {
		return out, nil
	}
	rows, err := d.db.QueryContext(context.Background(), `SELECT id, body FROM documents WHERE kind = $1`, kind)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, body string
		var v T
		if err := rows.Scan(&id, &body); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			return nil, fmt.Errorf("%s %s: %w", kind, id, err)
		}
		out[id] = v
	}
	return out, rows.Err()
}

// Close closes the file.
func (d *documents) Close() error {
	if d == nil {
		return nil
	}
	return d.db.Close()
}
