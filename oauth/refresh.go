package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	refreshAhead = 30 * time.Second // a token that expires sooner is renewed
	leaseTime    = 15 * time.Second // others wait this long for a process that crashed
	refreshTime  = 12 * time.Second // for the call and for storing the new credential; shorter than the lease
	waitForLease = 20 * time.Second
	pollInterval = 100 * time.Millisecond
)

// ErrReconnect means that the connection's credential has expired and can't be renewed. The shop must be connected
// again.
var ErrReconnect = errors.New("the shop must be connected again")

// ErrLeaseLost is returned by CredentialStore.FinishRefresh if another process has the lease by now, or the connection
// has another version or is gone.
var ErrLeaseLost = errors.New("the lease is no longer held")

// ErrNoRefreshToken means that a credential was for a limited time.
var ErrNoRefreshToken = errors.New("the access token has expired, and there is no refresh token")

// StoredCredential is the credential of a connection or of a channel. Version grows with each new credential.
type StoredCredential struct {
	ID         string // of the connection or channel
	Version    int64
	Credential Credential
	Expired    bool // the shop must be connected again
}

// CredentialStore stores the credentials of connections, or those of channels. LeaseRefresh takes a lease by a
// conditional update, so that only one of many processes calls the provider. The holder ends it with FinishRefresh or
// ReleaseRefresh.
type CredentialStore interface {
	StoredCredential(ctx context.Context, id string) (StoredCredential, error)
	LeaseRefresh(ctx context.Context, id string, version int64, holder string, ttl time.Duration) (bool, error)
	FinishRefresh(ctx context.Context, id string, version int64, holder string, credential []byte, expiresAt time.Time,
		scopes string) error
	ReleaseRefresh(ctx context.Context, id, holder string) error
	// ExpireConnection keeps that a credential can't be renewed: the reason is ErrRefused with the provider's
	// *TokenError, or ErrNoRefreshToken.
	ExpireConnection(ctx context.Context, id string, version int64, reason error) error
}

// Refresher renews credentials.
type Refresher struct {
	provider *Provider
	store    CredentialStore
	flights  singleflight.Group // by connection and version
}

// NewRefresher returns a Refresher that gets new tokens from p and stores them in s.
func NewRefresher(p *Provider, s CredentialStore) *Refresher {
	return &Refresher{provider: p, store: s}
}

// Fresh returns c itself if its access token is still valid for a while, or else a renewed credential. It returns
// ErrReconnect if the credential can't be renewed.
func (r *Refresher) Fresh(ctx context.Context, c StoredCredential) (StoredCredential, error) {
	if c.Expired {
		return StoredCredential{}, ErrReconnect
	}
	expiry := c.Credential.ExpiresAt
	if expiry.IsZero() || r.provider.now().Before(expiry.Add(-refreshAhead)) {
		return c, nil
	}
	if !c.Credential.IsRenewable() && r.provider.now().Before(expiry) {
		return c, nil
	}
	renewed, err := r.Renew(ctx, c)
	if err != nil && !errors.Is(err, ErrReconnect) && r.provider.now().Before(expiry) {
		// The provider failed, but the present token is still valid.
		return c, nil
	}
	return renewed, err
}

// Renew replaces a credential that has expired or that the API has rejected. Concurrent calls for the same version
// share one refresh and its result. It returns ErrReconnect if the credential can't be renewed.
func (r *Refresher) Renew(ctx context.Context, c StoredCredential) (StoredCredential, error) {
	if !c.Credential.IsRenewable() {
		return StoredCredential{}, r.expire(ctx, c, ErrNoRefreshToken)
	}
	// The refresh continues if the request that started it is canceled: otherwise the rotated token would be lost.
	work := context.WithoutCancel(ctx)
	flight := c.ID + "/" + strconv.FormatInt(c.Version, 10)
	done := r.flights.DoChan(flight, func() (any, error) { return r.renewOnce(work, c) })
	select {
	case <-ctx.Done():
		return StoredCredential{}, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return StoredCredential{}, result.Err
		}
		renewed, _ := result.Val.(StoredCredential)
		return renewed, nil
	}
}

// renewOnce takes the lease and refreshes, or waits for the process that has the lease.
func (r *Refresher) renewOnce(ctx context.Context, c StoredCredential) (StoredCredential, error) {
	ctx, cancel := context.WithTimeout(ctx, waitForLease+leaseTime)
	defer cancel()
	holder := rand.Text()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		current, err := r.store.StoredCredential(ctx, c.ID)
		if err != nil {
			return StoredCredential{}, err
		}
		if current.Expired {
			return StoredCredential{}, ErrReconnect
		}
		if current.Version != c.Version {
			return current, nil
		}
		leased, err := r.store.LeaseRefresh(ctx, c.ID, c.Version, holder, leaseTime)
		if err != nil {
			return StoredCredential{}, err
		}
		if leased {
			renewed, err := r.refresh(ctx, current, holder)
			// If the lease was lost, read what the other process has stored.
			if !errors.Is(err, ErrLeaseLost) {
				return renewed, err
			}
		}
		select {
		case <-ctx.Done():
			return StoredCredential{}, ctx.Err()
		case <-tick.C:
		}
	}
}

// refresh gets a new credential from the provider and stores it. The caller holds the lease.
func (r *Refresher) refresh(ctx context.Context, old StoredCredential, holder string) (StoredCredential, error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	renewed, err := r.provider.Refresh(ctx, old.Credential)
	if errors.Is(err, ErrRefused) {
		return StoredCredential{}, r.expire(ctx, old, err)
	}
	if err != nil {
		return StoredCredential{}, errors.Join(err, r.store.ReleaseRefresh(context.WithoutCancel(ctx), old.ID, holder))
	}
	if err := r.save(ctx, old, holder, renewed); err != nil {
		return StoredCredential{}, err
	}
	return r.store.StoredCredential(ctx, old.ID)
}

// save stores the renewed credential. It retries until ctx ends: the provider may have invalidated the old refresh
// token, and without the new one the shop would have to be connected again.
func (r *Refresher) save(ctx context.Context, old StoredCredential, holder string, renewed Credential) error {
	encoded, err := renewed.Encode()
	if err != nil {
		return err
	}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := r.store.FinishRefresh(ctx, old.ID, old.Version, holder, encoded, renewed.ExpiresAt, renewed.Scopes)
		if err == nil || errors.Is(err, ErrLeaseLost) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// expire marks the connection as expired. It returns ErrReconnect with the reason.
func (r *Refresher) expire(ctx context.Context, c StoredCredential, reason error) error {
	if err := r.store.ExpireConnection(ctx, c.ID, c.Version, reason); err != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrReconnect, reason)
}
