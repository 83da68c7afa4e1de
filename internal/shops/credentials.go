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

// channelStore is the same for the credentials of channels.
type channelStore struct{ *store.Store }

// StoredCredential reads a channel's credential.
func (k channelStore) StoredCredential(ctx context.Context, id string) (oauth.StoredCredential, error) {
	channel, err := k.ChannelByID(ctx, id)
	if err != nil {
		return oauth.StoredCredential{}, err
	}
	c, err := oauth.Decode(channel.Credential)
	if err != nil {
		return oauth.StoredCredential{}, err
	}
	return oauth.StoredCredential{ID: id, Version: channel.Version, Credential: c, Expired: channel.Expired}, nil
}

// LeaseRefresh takes the channel's lease.
func (k channelStore) LeaseRefresh(
	ctx context.Context, id string, version int64, holder string, ttl time.Duration,
) (bool, error) {
	return k.LeaseChannel(ctx, id, version, holder, ttl)
}

// FinishRefresh distinguishes a lost lease from a database fault. A channel has no scopes.
func (k channelStore) FinishRefresh(ctx context.Context, id string, version int64, holder string, credential []byte,
	expiresAt time.Time, _ string,
) error {
	err := k.FinishChannel(ctx, id, version, holder, credential, expiresAt)
	if errors.Is(err, store.ErrLeaseLost) {
		return errors.Join(oauth.ErrLeaseLost, err)
	}
	return err
}

// ReleaseRefresh ends the channel's lease.
func (k channelStore) ReleaseRefresh(ctx context.Context, id, holder string) error {
	return k.ReleaseChannel(ctx, id, holder)
}

// ExpireConnection ends the channel, and with it the connections of all its shops.
func (k channelStore) ExpireConnection(ctx context.Context, id string, version int64, reason error) error {
	end := store.End{Why: store.EndChannelRejected}
	if token, ok := errors.AsType[*oauth.TokenError](reason); ok {
		end.Code = token.Code
	}
	return k.ExpireChannel(ctx, id, version, end, func(conn store.Connection) ([]store.Activity, error) {
		return endActivities(conn, end)
	})
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
