package handlers

import (
	"context"
	"net/http"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// client returns a client for the shop in the path.
func (s *server) client(r *http.Request) *shops.Client { return s.Shops.Client(stateOf(r).conn) }

// actor returns the Actor under which a request's attempts are recorded.
func (s *server) actor(r *http.Request) activity.Actor { return s.actorOf(stateOf(r)) }

func (s *server) actorOf(v *requestState) activity.Actor {
	return activity.Actor{
		Person: activityPerson(v.person), Owner: v.owner, Name: shops.Way(v.conn), Session: s.sessions.Mark(v.session),
		RequestID: v.requestID,
	}
}

// activityPerson returns a person of the team as activity names them, with the
// role of now.
func activityPerson(p team.Person) store.ActivityPerson {
	if p.ID == "" {
		return store.ActivityPerson{}
	}
	return store.ActivityPerson{ID: p.ID, Name: p.Called(), Email: p.Email, Role: string(p.Role)}
}

func (s *server) fetchWebhook(ctx context.Context, conn store.Connection, id string) (fourthwall.Webhook, error) {
	return s.Shops.Client(conn).Webhook(ctx, id)
}
