package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"
)

// Connection is a shop that an owner has connected, with the credential for it. An owner has at most
// one connection to a shop.
type Connection struct {
	ID         string // made by PutConnection; stays the same when the shop is connected again
	Owner      Owner
	ShopID     string
	ShopName   string
	ShopDomain string
	Way        string    // how it was connected: "code", "implicit", "apikey" or "channel"
	Channel    string    // ID of the Channel that has the credential; "" if the connection has its own
	Credential []byte    // in clear here, sealed in the database; nil in lists
	Hint       string    // the end of an API user's name, or the channel's name; not secret
	Scopes     string    // as granted, separated by spaces
	ExpiresAt  time.Time // end of the access token; zero: never
	Expired    bool      // unusable until the person connects the shop again
	End        End       // since when and why, if Expired
	Version    int64     // grows with each new credential
	CreatedAt  time.Time
}

const (
	// The first byte of a credential names its key.
	connectionColumns = `id, owner, shop_id, shop_name, shop_domain, way, channel, hint, scopes, expires_at, expired,
		version, created_at, ended_version, ended_at, ended_why, ended_code, substr(credential, 1, 1)`

	selectConnections = `SELECT ` + connectionColumns + ` FROM connections WHERE environment = $1 AND owner = $2`

	// The window counts the rows before LIMIT. The number of shops is RecentShops.
	selectRecentConnections = `SELECT ` + connectionColumns + `, count(*) OVER () FROM connections
		WHERE environment = $1 AND owner = $2
		ORDER BY CASE shop_id WHEN $3 THEN 0 WHEN $4 THEN 1 WHEN $5 THEN 2 WHEN $6 THEN 3 WHEN $7 THEN 4 ELSE 5 END,
			created_at DESC, shop_id
		LIMIT 5`

	selectConnection = `SELECT ` + connectionColumns + `, credential FROM connections
		WHERE environment = $1 AND owner = $2 AND shop_id = $3`

	selectConnectionByID = `SELECT ` + connectionColumns + `, credential FROM connections
		WHERE environment = $1 AND id = $2`

	selectLiveConnections = `SELECT ` + connectionColumns + `, credential FROM connections
		WHERE environment = $1 AND shop_id = $2 AND NOT expired AND (
			EXISTS (SELECT 1 FROM owners WHERE owners.environment = connections.environment
				AND owners.id = connections.owner AND kind = 'team')
			OR EXISTS (SELECT 1 FROM sessions WHERE sessions.environment = connections.environment
				AND sessions.owner = connections.owner AND seen_at > $3 AND sessions.created_at > $4))
		ORDER BY CASE WHEN owner = $5 THEN 0 ELSE 1 END, created_at DESC, id`

	selectUnused = `SELECT id FROM connections WHERE environment = $1 AND way = 'code' AND NOT expired
		AND expires_at > 0 AND expires_at <= $2 AND EXISTS (
			SELECT 1 FROM owners WHERE owners.environment = connections.environment
			AND owners.id = connections.owner AND kind = 'team')
		ORDER BY expires_at`

	// The insert selects from the owner's row, so it inserts nothing if the owner is gone.
	upsertConnection = `
		INSERT INTO connections (id, environment, owner, shop_id, shop_name, shop_domain, way, credential, hint,
			scopes, expires_at, created_at, channel)
		SELECT $3, environment, id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM owners
			WHERE environment = $1 AND id = $2
		ON CONFLICT (environment, owner, shop_id) DO UPDATE SET
			shop_name = excluded.shop_name, shop_domain = excluded.shop_domain, way = excluded.way,
			credential = excluded.credential, hint = excluded.hint, scopes = excluded.scopes, channel = excluded.channel,
			expires_at = excluded.expires_at, expired = FALSE, version = connections.version + 1,
			lease_holder = '', lease_until = 0, steady_until = 0 `
	returningConnection = `RETURNING ` + connectionColumns
)

// Connections returns the shops of an owner by name, without their credentials.
func (s *Store) Connections(ctx context.Context, owner Owner) ([]Connection, error) {
	rows, err := s.engine.read.QueryContext(ctx, selectConnections, s.env, owner)
	if err != nil {
		return nil, failed("list connections", err)
	}
	defer rows.Close()
	var list []Connection
	for rows.Next() {
		c, err := s.scanConnection(rows)
		if err != nil {
			return nil, failed("list connections", err)
		}
		list = append(list, c)
	}
	list = sortedByName(list, func(c *Connection) *Connection { return c })
	return list, failed("list connections", rows.Err())
}

// sortedByName returns a list in the order of the names of the shops whose connections it has. Databases differ in how
// they order text. Elements are large, so their places are sorted.
func sortedByName[T any](list []T, connection func(*T) *Connection) []T {
	type place struct {
		name, shop string
		at         int
	}
	places := make([]place, len(list))
	for i := range list {
		c := connection(&list[i])
		places[i] = place{strings.ToLower(c.ShopName), c.ShopID, i}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.shop, b.shop))
	})
	sorted := slices.Grow([]T(nil), len(list)) // nil for none
	for _, p := range places {
		sorted = append(sorted, list[p.at])
	}
	return sorted
}

// RecentShops is how many connections RecentConnections returns at most.
const RecentShops = 5

// RecentConnections returns the connections to the shops of recent, in that order, then the newest
// others. None has its credential. It also returns how many there are in all. It costs one row of a
// result for each that it returns.
func (s *Store) RecentConnections(
	ctx context.Context, owner Owner, recent []string,
) (list []Connection, total int, err error) {
	args := []any{s.env, owner}
	for i := range RecentShops {
		shopID := "" // no shop's
		if i < len(recent) {
			shopID = recent[i]
		}
		args = append(args, shopID)
	}
	rows, err := s.engine.read.QueryContext(ctx, selectRecentConnections, args...)
	if err != nil {
		return nil, 0, failed("list recent connections", err)
	}
	defer rows.Close()
	for rows.Next() {
		c, err := s.scanConnection(rows, &total)
		if err != nil {
			return nil, 0, failed("list recent connections", err)
		}
		list = append(list, c)
	}
	return list, total, failed("list recent connections", rows.Err())
}

// Connection returns an owner's connection to a shop, or ErrNotFound. If the credential does not open,
// the error is ErrWrongKey and the rest is filled in: the shop must be connected again.
func (s *Store) Connection(ctx context.Context, owner Owner, shopID string) (Connection, error) {
	return s.openConnection(s.engine.read.QueryRowContext(ctx, selectConnection, s.env, owner, shopID))
}

// ConnectionByID returns the connection of an ID, as Connection does. It is for callers that wait for
// the refresh of a connection they have.
func (s *Store) ConnectionByID(ctx context.Context, connID string) (Connection, error) {
	return s.openConnection(s.engine.read.QueryRowContext(ctx, selectConnectionByID, s.env, connID))
}

// LiveConnection returns a connection to a shop, of any owner, for finding out how an activity ended:
// that of the owner prefer if there is one, otherwise the newest. It is not expired, its credential
// opens, and its owner has a session that has not ended, or lasts without one. ErrNotFound means that
// there is none. It must not be used on behalf of a person.
func (s *Store) LiveConnection(ctx context.Context, shopID string, prefer Owner) (Connection, error) {
	now := s.now()
	rows, err := s.engine.read.QueryContext(ctx, selectLiveConnections,
		s.env, shopID, millis(now.Add(-s.sessionIdle)), millis(now.Add(-s.sessionLife)), prefer)
	if err != nil {
		return Connection{}, failed("find live connection", err)
	}
	defer rows.Close()
	for rows.Next() {
		c, err := s.openConnection(rows)
		if !errors.Is(err, ErrWrongKey) {
			return c, err
		}
	}
	return Connection{}, failed("find live connection", cmp.Or(rows.Err(), ErrNotFound))
}

// UnusedConnections returns the IDs of the connections of lasting owners whose access token expired before
// a time: those unused the longest first. Connections that can't be renewed are left out.
func (s *Store) UnusedConnections(ctx context.Context, before time.Time) (ids []string, err error) {
	rows, err := s.engine.read.QueryContext(ctx, selectUnused, s.env, millis(before))
	if err != nil {
		return nil, failed("list unused connections", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, failed("list unused connections", err)
		}
		ids = append(ids, id)
	}
	return ids, failed("list unused connections", rows.Err())
}

// PutConnection stores a connection and replaces an earlier one of the same owner to the same shop: it
// has a new version, is not expired, and a refresh that still runs loses its lease. In the same
// transaction the shop becomes due for a visit, and activities are recorded, as done. It returns the
// connection as stored. The ID, Expired, End, Version and CreatedAt of the argument do not count.
// ErrNotFound means that the owner is gone.
func (s *Store) PutConnection(ctx context.Context, c Connection, done ...Activity) (Connection, error) {
	var kept Connection
	err := s.tx(ctx, func(tx *sql.Tx) (err error) {
		kept, err = s.upsert(ctx, tx, upsertConnection+returningConnection, c)
		if err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	})
	if err != nil {
		return Connection{}, failed("put connection", err)
	}
	kept.Credential = slices.Clone(c.Credential)
	return kept, nil
}

// upsert runs upsertConnection, or a statement that begins like it, and makes the shop due for a visit.
func (s *Store) upsert(ctx context.Context, tx *sql.Tx, statement string, c Connection) (Connection, error) {
	sealed := s.keys.seal(c.Credential, s.credentialContext(c.Owner, c.ShopID))
	kept, err := s.scanConnection(tx.QueryRowContext(ctx, statement,
		s.env, c.Owner, rand.Text(), c.ShopID, c.ShopName, c.ShopDomain, c.Way, sealed,
		c.Hint, c.Scopes, millis(c.ExpiresAt), millis(s.now()), c.Channel))
	if err != nil {
		return Connection{}, err
	}
	s.forgetCounts()
	return kept, s.makeDue(ctx, tx, c.ShopID)
}

// DeleteConnection deletes an owner's connection to a shop, and the owner's secrets, operations,
// checks and flashes for it. In the same transaction it records activities, as done, and notes the end
// of the access for the shop's receipts. An operation whose lease is held stays, and so do the shop's
// activities, its labels and the marks of its webhooks. It is no error if the shop is not connected.
func (s *Store) DeleteConnection(ctx context.Context, owner Owner, shopID string, done ...Activity) error {
	return failed("delete connection", s.tx(ctx, func(tx *sql.Tx) error {
		_, err := s.deleteConnection(ctx, tx, owner, shopID, done...)
		return err
	}))
}

// deleteConnection deletes a connection and what goes with it in a transaction, records activities as done, and reports
// whether there was one.
func (s *Store) deleteConnection(
	ctx context.Context, tx *sql.Tx, owner Owner, shopID string, done ...Activity,
) (was bool, err error) {
	n, err := affected(tx.ExecContext(ctx,
		`DELETE FROM connections WHERE environment = $1 AND owner = $2 AND shop_id = $3`, s.env, owner, shopID))
	if err != nil {
		return false, err
	}
	s.forgetCounts()
	for _, query := range []string{
		`DELETE FROM webhook_secrets WHERE environment = $1 AND owner = $2 AND shop = $3`,
		`DELETE FROM operations WHERE environment = $1 AND owner = $2 AND shop = $3 AND holder = ''`,
		`DELETE FROM checks WHERE environment = $1 AND owner = $2 AND shop = $3`,
		// A flash belongs to the shop when a segment of its page's path is the shop.
		// replace is the one exact search for text that every database has.
		`DELETE FROM flashes WHERE environment = $1 AND owner = $2
			AND replace(page || '/', '/' || $3 || '/', '') <> page || '/'`,
	} {
		if _, err := tx.ExecContext(ctx, query, s.env, owner, shopID); err != nil {
			return false, err
		}
	}
	return n > 0, s.endWith(ctx, tx, owner, shopID, done)
}

// LeaseRefresh acquires for a holder the lease to refresh the given version of a credential, counted from
// now, and reports whether it did. Of many callers in all processes, one at a time gets it. The holder
// names the caller and must not be shared with another. It returns false if somebody else holds the
// lease, or if the connection has another version, is expired or was deleted.
func (s *Store) LeaseRefresh(
	ctx context.Context, connID string, version int64, holder string, lease time.Duration,
) (bool, error) {
	if holder == "" {
		return false, errors.New("store: lease refresh: no holder given")
	}
	now := s.instant()
	until := now.add(lease)
	n, err := s.exec(ctx, `
		UPDATE connections SET lease_holder = $5, lease_until = $6, steady_until = $7
		WHERE environment = $8 AND id = $9 AND version = $10 AND NOT expired AND`+leaseOver,
		now.over(holder, until.database, until.steady, s.env, connID, version)...)
	return n == 1, failed("lease refresh", err)
}

// FinishRefresh stores the credential that a refresh returned, with a new version, and ends the lease.
// It returns ErrLeaseLost unless the lease is still the holder's. A lease whose time has passed is,
// unless somebody else took it: the API may have invalidated the old credential.
func (s *Store) FinishRefresh(
	ctx context.Context, connID string, version int64, holder string,
	credential []byte, expiresAt time.Time, scopes string,
) error {
	// The connection may move to another owner after its row was read. It moves once, and keeps its lease.
	for range 2 {
		var owner Owner
		var shopID string
		err := s.engine.read.QueryRowContext(ctx, `SELECT owner, shop_id FROM connections WHERE environment = $1 AND id = $2`,
			s.env, connID).Scan(&owner, &shopID)
		if errors.Is(err, sql.ErrNoRows) {
			return failed("finish refresh", ErrLeaseLost)
		}
		if err != nil {
			return failed("finish refresh", err)
		}
		n, err := s.exec(ctx, `
			UPDATE connections SET credential = $1, expires_at = $2, scopes = $3,
				expired = FALSE, version = version + 1, lease_holder = '', lease_until = 0, steady_until = 0
			WHERE environment = $4 AND id = $5 AND owner = $6 AND version = $7 AND lease_holder = $8 AND lease_holder <> ''`,
			s.keys.seal(credential, s.credentialContext(owner, shopID)), millis(expiresAt), scopes,
			s.env, connID, owner, version, holder)
		if err != nil || n == 1 {
			return failed("finish refresh", err)
		}
	}
	return failed("finish refresh", ErrLeaseLost)
}

// ReleaseRefresh ends a lease and changes nothing else. A lease that is not the holder's stays.
func (s *Store) ReleaseRefresh(ctx context.Context, connID, holder string) error {
	_, err := s.exec(ctx, `
		UPDATE connections SET lease_holder = '', lease_until = 0, steady_until = 0
		WHERE environment = $1 AND id = $2 AND lease_holder = $3`, s.env, connID, holder)
	return failed("release refresh", err)
}

func (s *Store) credentialContext(owner Owner, shopID string) rowContext {
	return rowContext{"connections", "credential", []string{s.env, string(owner), shopID}}
}

func (s *Store) openConnection(row scanner) (Connection, error) {
	var sealed []byte
	c, err := s.scanConnection(row, &sealed)
	if err != nil {
		return Connection{}, failed("read connection", err)
	}
	return s.unsealed(c, sealed)
}

// unsealed returns a connection with its credential.
func (s *Store) unsealed(c Connection, sealed []byte) (_ Connection, err error) {
	if c.Credential, err = s.keys.open(sealed, s.credentialContext(c.Owner, c.ShopID)); err != nil && !c.Expired {
		c.Expired, c.End.Why = true, EndUnreadable // its key has the ID of another
	}
	return c, failed("read connection", err)
}

// scanner is a single row or one of many.
type scanner interface{ Scan(dest ...any) error }

// scanConnection reads connectionColumns, and after them more columns.
func (s *Store) scanConnection(row scanner, more ...any) (Connection, error) {
	var c Connection
	var noted End
	var expires, created, endedVersion, endedAt int64
	var keyID []byte
	err := row.Scan(append([]any{
		&c.ID, &c.Owner, &c.ShopID, &c.ShopName, &c.ShopDomain, &c.Way,
		&c.Channel, &c.Hint, &c.Scopes, &expires, &c.Expired, &c.Version, &created,
		&endedVersion, &endedAt, &noted.Why, &noted.Code, &keyID,
	}, more...)...)
	if err != nil {
		return Connection{}, err
	}
	c.ExpiresAt, c.CreatedAt, noted.At = timeAt(expires), timeAt(created), timeAt(endedAt)
	c.noteEnd(noted, endedVersion, s.keys.know(keyID))
	return c, nil
}
