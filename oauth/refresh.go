package oauth

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	refreshAhead = 30 * time.Second // a token this close to its end is renewed
	leaseTime    = 15 * time.Second // how long a crashed holder keeps others waiting
	refreshTime  = 12 * time.Second // for the call and for storing its answer, inside the lease
	waitForLease = 20 * time.Second
	pollInterval = 100 * time.Millisecond
)

// ErrReconnect says that the connection's credential is at its end and cannot
// be renewed: the person must connect the shop again.
var ErrReconnect = errors.New("the shop must be connected again")

// ErrLeaseLost is what a Keeper answers when a credential is not to be kept: the
// lease has gone to somebody else, or the connection has moved on or gone.
var ErrLeaseLost = errors.New("the lease is no longer held")

var errNothingToRenew = errors.New("the access token is at its end, and there is no refresh token")

// Held is a connection's credential as it is stored. Version grows with each
// new credential.
type Held struct {
	ID         string
	Version    int64
	Credential Credential
	Expired    bool // already marked as to be connected again
}

// Keeper is where credentials are kept. LeaseRefresh takes a lease by a
// conditional update, so that of many processes one calls the provider.
type Keeper interface {
	Held(ctx context.Context, id string) (Held, error)
	LeaseRefresh(ctx context.Context, id string, version int64, holder string, ttl time.Duration) (bool, error)
	FinishRefresh(ctx context.Context, id string, version int64, holder string, credential []byte, expiresAt time.Time, scopes string) error
	ReleaseRefresh(ctx context.Context, id, holder string) error
	ExpireConnection(ctx context.Context, id string, version int64) error
}

// Refresher renews credentials.
type Refresher struct {
	provider *Provider
	keeper   Keeper
	flights  singleflight.Group
}

// NewRefresher makes a Refresher that renews at p and keeps in k.
func NewRefresher(p *Provider, k Keeper) *Refresher {
	return &Refresher{provider: p, keeper: k}
}

// Fresh returns h itself while its access token is good, and a renewed one
// when it is near its end. The error is ErrReconnect when that is impossible.
func (r *Refresher) Fresh(ctx context.Context, h Held) (Held, error) {
	if h.Expired {
		return Held{}, ErrReconnect
	}
	end := h.Credential.ExpiresAt
	if end.IsZero() || r.provider.now().Before(end.Add(-refreshAhead)) {
		return h, nil
	}
	if h.Credential.RefreshToken == "" && r.provider.now().Before(end) {
		return h, nil
	}
	renewed, err := r.Renew(ctx, h)
	if err != nil && !errors.Is(err, ErrReconnect) && r.provider.now().Before(end) {
		// The provider could not be asked, but what we hold is still good.
		return h, nil
	}
	return renewed, err
}

// Renew replaces a credential that the API has refused or whose time is over.
// Whoever asks while another renews the same version gets that one's outcome.
func (r *Refresher) Renew(ctx context.Context, h Held) (Held, error) {
	if h.Credential.RefreshToken == "" {
		return Held{}, r.giveUp(ctx, h, errNothingToRenew)
	}
	// A person who goes away must not take a rotated token with them, so the
	// work does not end with the request that began it.
	work := context.WithoutCancel(ctx)
	flight := h.ID + "/" + strconv.FormatInt(h.Version, 10)
	done := r.flights.DoChan(flight, func() (any, error) { return r.renewOnce(work, h) })
	select {
	case <-ctx.Done():
		return Held{}, ctx.Err()
	case result := <-done:
		if result.Err != nil {
			return Held{}, result.Err
		}
		renewed, _ := result.Val.(Held)
		return renewed, nil
	}
}

// renewOnce takes the lease and refreshes, or waits for the one who holds it.
func (r *Refresher) renewOnce(ctx context.Context, h Held) (Held, error) {
	ctx, cancel := context.WithTimeout(ctx, waitForLease+leaseTime)
	defer cancel()
	holder := RandomToken()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		current, err := r.keeper.Held(ctx, h.ID)
		if err != nil {
			return Held{}, err
		}
		if current.Expired {
			return Held{}, ErrReconnect
		}
		if current.Version != h.Version {
			return current, nil
		}
		leased, err := r.keeper.LeaseRefresh(ctx, h.ID, h.Version, holder, leaseTime)
		if err != nil {
			return Held{}, err
		}
		if leased {
			renewed, err := r.refresh(ctx, current, holder)
			// Without the lease, what somebody else has kept meanwhile counts.
			if !errors.Is(err, ErrLeaseLost) {
				return renewed, err
			}
		}
		select {
		case <-ctx.Done():
			return Held{}, ctx.Err()
		case <-tick.C:
		}
	}
}

func (r *Refresher) refresh(ctx context.Context, h Held, holder string) (Held, error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	c, err := r.provider.Refresh(ctx, h.Credential)
	if errors.Is(err, ErrRefused) {
		return Held{}, r.giveUp(ctx, h, err)
	}
	if err != nil {
		return Held{}, errors.Join(err, r.keeper.ReleaseRefresh(context.WithoutCancel(ctx), h.ID, holder))
	}
	encoded, err := c.Encode()
	if err != nil {
		return Held{}, err
	}
	if err := r.keep(ctx, h, holder, encoded, c); err != nil {
		return Held{}, err
	}
	return r.keeper.Held(ctx, h.ID)
}

// keep tries to the end of its time: the old refresh token may be spent, and
// without the new one the person would have to connect the shop again.
func (r *Refresher) keep(ctx context.Context, h Held, holder string, encoded []byte, c Credential) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := r.keeper.FinishRefresh(ctx, h.ID, h.Version, holder, encoded, c.ExpiresAt, c.Scopes)
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

func (r *Refresher) giveUp(ctx context.Context, h Held, why error) error {
	if err := r.keeper.ExpireConnection(ctx, h.ID, h.Version); err != nil {
		return err
	}
	return fmt.Errorf("%w: %w", ErrReconnect, why)
}
