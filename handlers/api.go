package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
)

// withCredential calls the API with the connection's credential, renewed when
// it is near its end, and once more with a new one when the API answers 401:
// a 401 did nothing. The error is oauth.ErrReconnect when that is of no use.
func withCredential[T any](ctx context.Context, s *server, conn store.Connection, call func(context.Context, fourthwall.Credential) (T, error)) (T, error) {
	var none T
	held, err := heldFrom(conn)
	if err != nil {
		return none, err
	}
	if held, err = s.refresher.Fresh(ctx, held); err != nil {
		return none, refreshError(err)
	}
	result, err := call(ctx, held.Credential.API())
	if !isUnauthorized(err) {
		return result, err
	}
	if held, err = s.refresher.Renew(ctx, held); err != nil {
		return none, refreshError(err)
	}
	result, err = call(ctx, held.Credential.API())
	if !isUnauthorized(err) {
		return result, err
	}
	if storeErr := s.Store.ExpireConnection(ctx, held.ID, held.Version); storeErr != nil {
		return none, storeErr
	}
	return none, fmt.Errorf("%w: %s", oauth.ErrReconnect, err.Error()) // as text: no form deals with it
}

func isUnauthorized(err error) bool {
	var api *fourthwall.Error
	return errors.As(err, &api) && api.Status == http.StatusUnauthorized
}

// refreshError says that the token server could not be asked. Nothing was
// sent to the API.
func refreshError(err error) error {
	switch {
	case errors.Is(err, oauth.ErrReconnect), errors.Is(err, store.ErrUnavailable):
		return err
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%w: %w", oauth.ErrReconnect, err)
	}
	return &fourthwall.Error{Op: "renew the token", NotSent: true, Err: err}
}

// keeper is the store in the form that the refresher takes.
type keeper struct{ *store.Store }

// StoredCredential reads a connection's credential.
func (k keeper) StoredCredential(ctx context.Context, id string) (oauth.StoredCredential, error) {
	conn, err := k.ConnectionByID(ctx, id)
	if err != nil {
		return oauth.StoredCredential{}, err
	}
	return heldFrom(conn)
}

// FinishRefresh tells a lease that is lost from a database that has a fault.
func (k keeper) FinishRefresh(ctx context.Context, id string, version int64, holder string, credential []byte, expiresAt time.Time, scopes string) error {
	err := k.Store.FinishRefresh(ctx, id, version, holder, credential, expiresAt, scopes)
	if errors.Is(err, store.ErrLeaseLost) {
		return errors.Join(oauth.ErrLeaseLost, err)
	}
	return err
}

func heldFrom(conn store.Connection) (oauth.StoredCredential, error) {
	c, err := oauth.Decode(conn.Credential)
	if err != nil {
		return oauth.StoredCredential{}, err
	}
	return oauth.StoredCredential{ID: conn.ID, Version: conn.Version, Credential: c, Expired: conn.Expired}, nil
}

// pause waits, or returns early with ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
