package handlers

import (
	"net/http"

	"hookwall/internal/activity"
	"hookwall/internal/shops"
)

// client returns a client for the shop in the path.
func (s *server) client(r *http.Request) *shops.Client { return s.Shops.Client(stateOf(r).conn) }

// actor returns who attempts what a request asks for.
func (s *server) actor(r *http.Request) activity.Actor { return s.actorOf(stateOf(r)) }

func (s *server) actorOf(v *requestState) activity.Actor {
	return activity.Actor{
		Owner: v.owner, Name: shops.Way(v.conn), Session: s.sessions.Mark(v.session), RequestID: v.requestID,
	}
}
