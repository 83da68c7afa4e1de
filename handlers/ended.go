package handlers

import (
	"context"
	"errors"
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
)

// noteUnreadable keeps that no key opens a connection's credential, if that is
// new. If it fails, only the record is lost.
func (s *server) noteUnreadable(r *http.Request, conn *store.Connection) {
	if !conn.End.At.IsZero() {
		return
	}
	if err := s.Shops.NoteUnreadable(context.WithoutCancel(r.Context()), *conn); err != nil {
		logFailure(r, "an unreadable credential could not be recorded", err)
		return
	}
	conn.End.At = s.Now()
}

// knownShop returns a shop that this session has connected, or nothing.
func (s *server) knownShop(r *http.Request, id string) (store.Connection, error) {
	v := stateOf(r)
	if v.owner == "" || v.offline || id == "" {
		return store.Connection{}, nil
	}
	conn, err := s.Store.Connection(r.Context(), v.owner, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Connection{}, nil
	case errors.Is(err, store.ErrWrongKey):
		s.noteUnreadable(r, &conn)
		return conn, nil
	}
	return conn, err
}

// askIfDisconnected asks Fourthwall whether the shop is still connected, if its
// deliveries make that doubtful. The error is oauth.ErrReconnect: without a clear
// answer, the page goes on.
func (s *server) askIfDisconnected(r *http.Request, events ...fourthwall.Event) error {
	err := s.Shops.Client(stateOf(r).conn).AskIfDisconnected(r.Context(), events)
	if err == nil || errors.Is(err, oauth.ErrReconnect) {
		return err
	}
	logFailure(r, "a disconnected app could not be checked", err)
	return nil
}
