package shops

import (
	"context"
	"errors"
	"time"

	"hookwall/internal/store"
	"hookwall/oauth"
)

// unusedTime is how long after its end an access token is renewed though nobody needs it.
const unusedTime = 24 * time.Hour

// KeepAlive renews the access of connections that outlast sessions and that nobody has used for a day. Otherwise the
// right to renew it would end. One that can't be renewed now is tried again next time.
func (s *Service) KeepAlive(ctx context.Context) error {
	ids, err := s.store.UnusedConnections(ctx, s.store.Now().Add(-unusedTime))
	if err != nil {
		return err
	}
	var failed error
	for _, id := range ids {
		if err := s.keepAlive(ctx, id); err != nil && failed == nil {
			failed = err // one sentence in the log for all of them
		}
	}
	return failed
}

func (s *Service) keepAlive(ctx context.Context, id string) error {
	conn, err := s.store.ConnectionByID(ctx, id)
	if errors.Is(err, store.ErrWrongKey) {
		return errors.Join(err, s.NoteUnreadable(ctx, conn))
	}
	var held oauth.StoredCredential
	if err == nil {
		held, err = storedCredential(conn)
	}
	if err == nil {
		_, err = s.refresher.Fresh(ctx, held)
	}
	if errors.Is(err, ErrReconnect) {
		return nil // the connection says so
	}
	return err
}
