package shops

import (
	"context"
	"errors"
	"time"

	"hookwall/internal/store"
	"hookwall/oauth"
)

// credentialStore adapts the store to oauth.Refresher.
type credentialStore struct{ *store.Store }

// StoredCredential reads a connection's credential.
func (k credentialStore) StoredCredential(ctx context.Context, id string) (oauth.StoredCredential, error) {
	conn, err := k.ConnectionByID(ctx, id)
	if err != nil {
		return oauth.StoredCredential{}, err
	}
	return storedCredential(conn)
}

// FinishRefresh distinguishes a lost lease from a database fault.
func (k credentialStore) FinishRefresh(ctx context.Context, id string, version int64, holder string, credential []byte,
	expiresAt time.Time, scopes string,
) error {
	err := k.Store.FinishRefresh(ctx, id, version, holder, credential, expiresAt, scopes)
	if errors.Is(err, store.ErrLeaseLost) {
		return errors.Join(oauth.ErrLeaseLost, err)
	}
	return err
}

// ExpireConnection keeps since when and why a credential can't be used.
func (k credentialStore) ExpireConnection(ctx context.Context, id string, version int64, reason error) error {
	conn, err := k.ConnectionByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrWrongKey) {
		return err
	}
	end := endOf(ctx, conn, reason)
	done, err := endActivities(conn, end)
	if err != nil {
		return err
	}
	return k.Store.ExpireConnection(ctx, id, version, end, done...)
}

func storedCredential(conn store.Connection) (oauth.StoredCredential, error) {
	c, err := oauth.Decode(conn.Credential)
	if err != nil {
		return oauth.StoredCredential{}, err
	}
	return oauth.StoredCredential{ID: conn.ID, Version: conn.Version, Credential: c, Expired: conn.Expired}, nil
}
