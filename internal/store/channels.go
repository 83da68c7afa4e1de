package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// Channel is an agency's or a platform's access to many shops. Connections name it as theirs, and use its credential.
type Channel struct {
	ID         string // made by PutChannel; stays the same when the channel is connected again
	Owner      Owner
	ChannelID  string // Fourthwall's
	ClientID   string // an owner has at most one channel with it
	Name       string
	Credential []byte    // in clear here, sealed in the database; nil in lists
	ExpiresAt  time.Time // end of the access token
	Expired    bool      // unusable until the channel is connected again
	Version    int64     // grows with each new credential
	CreatedAt  time.Time
}

const (
	channelColumns = `id, owner, channel_id, client_id, name, expires_at, expired, version, created_at`

	selectChannels = `SELECT ` + channelColumns + ` FROM channels WHERE environment = $1 AND owner = $2
		ORDER BY created_at, id`

	selectChannel = `SELECT ` + channelColumns + `, credential FROM channels WHERE environment = $1 AND id = $2`

	// The insert selects from the owner's row, so it inserts nothing if the owner is gone.
	upsertChannel = `
		INSERT INTO channels (id, environment, owner, channel_id, client_id, name, credential, expires_at, created_at)
		SELECT $3, environment, id, $4, $5, $6, $7, $8, $9 FROM owners WHERE environment = $1 AND id = $2
		ON CONFLICT (environment, owner, client_id) DO UPDATE SET
			channel_id = excluded.channel_id, name = excluded.name, credential = excluded.credential,
			expires_at = excluded.expires_at, expired = FALSE, version = channels.version + 1,
			lease_holder = '', lease_until = 0, steady_until = 0
		RETURNING ` + channelColumns
)

// Channels returns the channels of an owner, the oldest first, without their credentials.
func (s *Store) Channels(ctx context.Context, owner Owner) (list []Channel, err error) {
	rows, err := s.engine.read.QueryContext(ctx, selectChannels, s.env, owner)
	if err != nil {
		return nil, failed("list channels", err)
	}
	defer rows.Close()
	for rows.Next() {
		c, err := scanChannel(rows)
		if err != nil {
			return nil, failed("list channels", err)
		}
		list = append(list, c)
	}
	return list, failed("list channels", rows.Err())
}

// Channel returns an owner's channel, or ErrNotFound. If the credential does not open, the error is ErrWrongKey and the
// rest is filled in.
func (s *Store) Channel(ctx context.Context, owner Owner, id string) (Channel, error) {
	c, err := s.ChannelByID(ctx, id)
	if c.ID != "" && c.Owner != owner {
		return Channel{}, failed("read channel", ErrNotFound)
	}
	return c, err
}

// ChannelByID returns the channel of an ID, as Channel does. It is for callers that have a connection of the channel.
func (s *Store) ChannelByID(ctx context.Context, id string) (Channel, error) {
	var sealed []byte
	c, err := scanChannel(s.engine.read.QueryRowContext(ctx, selectChannel, s.env, id), &sealed)
	if err != nil {
		return Channel{}, failed("read channel", err)
	}
	c.Credential, err = s.keys.open(sealed, s.channelContext(c.Owner, c.ClientID))
	return c, failed("read channel", err)
}

// PutChannel stores a channel and replaces an earlier one of the same owner with the same client ID: it has a new
// version, is not expired, and a refresh that still runs loses its lease. In the same transaction it records
// activities, as done. It returns the channel as stored. Connections of the channel that are expired stay so.
// ErrNotFound means that the owner is gone.
func (s *Store) PutChannel(ctx context.Context, c Channel, done ...Activity) (Channel, error) {
	sealed := s.keys.seal(c.Credential, s.channelContext(c.Owner, c.ClientID))
	var kept Channel
	err := s.tx(ctx, func(tx *sql.Tx) (err error) {
		kept, err = scanChannel(tx.QueryRowContext(ctx, upsertChannel, s.env, c.Owner, rand.Text(), c.ChannelID, c.ClientID,
			c.Name, sealed, millis(c.ExpiresAt), millis(s.now())))
		if err != nil {
			return err
		}
		return s.addDone(ctx, tx, done)
	})
	if err != nil {
		return Channel{}, failed("put channel", err)
	}
	kept.Credential = slices.Clone(c.Credential)
	return kept, nil
}

// AddConnections stores connections of a channel, and records what done returns for each, as done, all in one
// transaction. A shop that the owner has already is left alone, unless its connection is expired. It returns those that
// it stored, without their credentials. ErrNotFound means that the owner or the channel is gone, or that the channel
// expired.
func (s *Store) AddConnections(
	ctx context.Context, c Channel, list []Connection, done func(Connection) ([]Activity, error),
) (added []Connection, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		added = nil // the transaction may run again
		if err := s.lockPresentOwner(ctx, tx, c.Owner); err != nil {
			return err
		}
		// This waits for an ExpireChannel, or lets it wait and find the new connections.
		n, err := affected(tx.ExecContext(ctx, `UPDATE channels SET version = version
			WHERE environment = $1 AND owner = $2 AND id = $3 AND NOT expired`, s.env, c.Owner, c.ID))
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		for _, conn := range list {
			conn.Owner, conn.Channel = c.Owner, c.ID
			kept, err := s.upsert(ctx, tx, upsertConnection+` WHERE connections.expired `+returningConnection, conn)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err == nil {
				err = s.addDoneOf(ctx, tx, kept, done)
			}
			if err != nil {
				return err
			}
			added = append(added, kept)
		}
		return nil
	})
	return added, failed("add connections", err)
}

func (s *Store) addDoneOf(
	ctx context.Context, tx *sql.Tx, conn Connection, done func(Connection) ([]Activity, error),
) error {
	activities, err := done(conn)
	if err != nil {
		return err
	}
	return s.addDone(ctx, tx, activities)
}

// DeleteChannel deletes a channel, and all that DeleteConnection deletes for each of its connections. In the same
// transaction it records, as done, what done returns for each of them, and last other activities. It returns the
// connections. It is no error if there is no such channel.
func (s *Store) DeleteChannel(
	ctx context.Context, owner Owner, id string, done func(Connection) ([]Activity, error), last ...Activity,
) (deleted []Connection, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		deleted = nil // the transaction may run again
		err := s.lockPresentOwner(ctx, tx, owner)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `
			DELETE FROM channels WHERE environment = $1 AND owner = $2 AND id = $3`, s.env, owner, id))
		if err != nil || n == 0 {
			return err // somebody else deleted it, and recorded that
		}
		if deleted, err = s.ofChannel(ctx, tx, owner, id); err != nil {
			return err
		}
		for _, conn := range deleted {
			activities, err := done(conn)
			if err != nil {
				return err
			}
			if _, err := s.deleteConnection(ctx, tx, owner, conn.ShopID, activities...); err != nil {
				return err
			}
		}
		return s.addDone(ctx, tx, last)
	})
	return deleted, failed("delete channel", err)
}

// ofChannel returns the connections of a channel, without their credentials.
func (s *Store) ofChannel(ctx context.Context, tx *sql.Tx, owner Owner, id string) ([]Connection, error) {
	rows, err := tx.QueryContext(ctx, selectConnections+` AND channel = $3 AND channel <> '' ORDER BY shop_id`,
		s.env, owner, id)
	if err != nil {
		return nil, err
	}
	return s.readConnections(rows)
}

// ExpireChannel marks a channel and all its connections as unusable until they are connected again, if its credential
// still has the given version. Otherwise nothing happens. In the same transaction it records, as done, what done
// returns for each connection that was usable.
func (s *Store) ExpireChannel(
	ctx context.Context, id string, version int64, end End, done func(Connection) ([]Activity, error),
) error {
	return failed("expire channel", s.tx(ctx, func(tx *sql.Tx) error {
		n, err := affected(tx.ExecContext(ctx,
			`UPDATE channels SET expired = TRUE WHERE environment = $1 AND id = $2 AND version = $3`, s.env, id, version))
		if err != nil || n == 0 {
			return err
		}
		ended, err := s.endOfChannel(ctx, tx, id, end)
		for _, conn := range ended {
			if err := s.addDoneOf(ctx, tx, conn, done); err != nil {
				return err
			}
		}
		return err
	}))
}

// endOfChannel marks the connections of a channel as unusable, and returns those that weren't yet.
func (s *Store) endOfChannel(ctx context.Context, tx *sql.Tx, id string, end End) ([]Connection, error) {
	rows, err := tx.QueryContext(ctx, `
		UPDATE connections SET expired = TRUE, ended_version = version, ended_at = $1, ended_why = $2, ended_code = $3
		WHERE environment = $4 AND channel = $5 AND channel <> '' AND NOT expired RETURNING `+connectionColumns,
		millis(s.now()), string(end.Why), end.Code, s.env, id)
	if err != nil {
		return nil, err
	}
	return s.readConnections(rows)
}

// readConnections reads rows of connectionColumns, and closes them.
func (s *Store) readConnections(rows *sql.Rows) (list []Connection, err error) {
	defer rows.Close()
	for rows.Next() {
		c, err := s.scanConnection(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, rows.Err()
}

// LeaseChannel acquires for a holder the lease to refresh the given version of a channel's credential, as LeaseRefresh
// does for that of a connection.
func (s *Store) LeaseChannel(
	ctx context.Context, id string, version int64, holder string, lease time.Duration,
) (bool, error) {
	if holder == "" {
		return false, errors.New("store: lease channel: no holder given")
	}
	now := s.instant()
	until := now.add(lease)
	n, err := s.exec(ctx, `
		UPDATE channels SET lease_holder = $5, lease_until = $6, steady_until = $7
		WHERE environment = $8 AND id = $9 AND version = $10 AND NOT expired AND`+leaseOver,
		now.over(holder, until.database, until.steady, s.env, id, version)...)
	return n == 1, failed("lease channel", err)
}

// FinishChannel stores the credential that a refresh returned, as FinishRefresh does for that of a connection.
func (s *Store) FinishChannel(
	ctx context.Context, id string, version int64, holder string, credential []byte, expiresAt time.Time,
) error {
	var owner Owner
	var clientID string
	err := s.engine.read.QueryRowContext(ctx, `SELECT owner, client_id FROM channels WHERE environment = $1 AND id = $2`,
		s.env, id).Scan(&owner, &clientID)
	if errors.Is(err, sql.ErrNoRows) {
		return failed("finish channel", ErrLeaseLost)
	}
	if err != nil {
		return failed("finish channel", err)
	}
	n, err := s.exec(ctx, `
		UPDATE channels SET credential = $1, expires_at = $2,
			expired = FALSE, version = version + 1, lease_holder = '', lease_until = 0, steady_until = 0
		WHERE environment = $3 AND id = $4 AND version = $5 AND lease_holder = $6 AND lease_holder <> ''`,
		s.keys.seal(credential, s.channelContext(owner, clientID)), millis(expiresAt), s.env, id, version, holder)
	if err == nil && n == 0 {
		err = ErrLeaseLost
	}
	return failed("finish channel", err)
}

// ReleaseChannel ends a lease and changes nothing else. A lease that is not the holder's stays.
func (s *Store) ReleaseChannel(ctx context.Context, id, holder string) error {
	_, err := s.exec(ctx, `
		UPDATE channels SET lease_holder = '', lease_until = 0, steady_until = 0
		WHERE environment = $1 AND id = $2 AND lease_holder = $3`, s.env, id, holder)
	return failed("release channel", err)
}

func (s *Store) channelContext(owner Owner, clientID string) rowContext {
	return rowContext{"channels", "credential", []string{s.env, string(owner), clientID}}
}

// scanChannel reads channelColumns, and after them more columns.
func scanChannel(row scanner, more ...any) (Channel, error) {
	var c Channel
	var expires, created int64
	err := row.Scan(append([]any{
		&c.ID, &c.Owner, &c.ChannelID, &c.ClientID, &c.Name, &expires, &c.Expired, &c.Version, &created,
	}, more...)...)
	c.ExpiresAt, c.CreatedAt = timeAt(expires), timeAt(created)
	return c, err
}
