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
	actor := v.person.Actor()
	actor.Owner = v.owner
	if v.conn.ID != "" { // otherwise nothing is done by a connection
		actor.Name = shops.Way(v.conn)
	}
	actor.RequestID = v.requestID
	if v.token.ID != "" {
		actor.Session = tokenMark(v.token.Name)
	} else {
		actor.Session = s.sessions.Mark(v.session)
	}
	return actor
}

// recordCall records a call of an endpoint that has ended. It doesn't record what
// was sent or returned. If that fails, only the record is lost.
func (s *server) recordCall(ctx context.Context, v *requestState, a store.Activity, sent fourthwall.Content) {
	a.Shop = v.conn.ShopID
	a, err := activity.New(s.actorOf(v), a, activity.Detail{After: &sent})
	if err == nil {
		err = s.Store.AddActivity(context.WithoutCancel(ctx), a)
	}
	if err != nil {
		v.log.Error("a call of an endpoint could not be recorded", "action", a.Action, "error", err)
	}
}

// recordMember records what a person did to nothing but the own session. If that
// fails, only the record is lost.
func (s *server) recordMember(r *http.Request, action string) {
	if err := s.Team.Record(context.WithoutCancel(r.Context()), s.actor(r), action); err != nil {
		stateOf(r).log.Error("what a member did could not be recorded", "action", action, "error", err)
	}
}

func (s *server) fetchWebhook(ctx context.Context, conn store.Connection, id string) (fourthwall.Webhook, error) {
	return s.Shops.Client(conn).Webhook(ctx, id)
}
