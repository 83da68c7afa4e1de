package handlers

import (
	"context"
	"net/http"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
)

// client returns a client for the shop in the path.
func (s *server) client(r *http.Request) *shops.Client { return s.Shops.Client(stateOf(r).conn) }

// actor returns the Actor under which a request's attempts are recorded.
func (s *server) actor(r *http.Request) activity.Actor { return s.actorOf(stateOf(r)) }

func (s *server) actorOf(v *requestState) activity.Actor {
	return activity.Actor{
		Owner: v.owner, Name: shops.Way(v.conn), Session: s.sessions.Mark(v.session), RequestID: v.requestID,
	}
}

func (s *server) fetchWebhook(ctx context.Context, conn store.Connection, id string) (fourthwall.Webhook, error) {
	return s.Shops.Client(conn).Webhook(ctx, id)
}
