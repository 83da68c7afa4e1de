// Package shops connects and disconnects shops, and calls the API for a connected one with a fresh credential.
package shops

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
)

// ErrNotInvited means that an invitation was used, revoked, or has expired.
var ErrNotInvited = errors.New("the invitation isn't open")

// Service connects shops.
type Service struct {
	store     *store.Store
	api       *fourthwall.Client
	provider  *oauth.Provider
	refresher *oauth.Refresher
	channels  *oauth.Refresher // of the tokens that the shops of a channel share
	scopes    string           // what a sign-in asks for, separated by spaces
}

// NewService returns a Service that renews credentials at provider. Scopes are what a sign-in asks for.
func NewService(
	st *store.Store, api *fourthwall.Client, provider *oauth.Provider, scopes []string,
) *Service {
	return &Service{
		store: st, api: api, provider: provider, scopes: strings.Join(scopes, " "),
		refresher: oauth.NewRefresher(provider, credentialStore{st}),
		channels:  oauth.NewRefresher(provider, channelStore{st}),
	}
}

// Connect stores a connection to a shop, replacing an earlier one of the same owner, and records that.
func (s *Service) Connect(
	ctx context.Context, actor activity.Actor, shop fourthwall.Shop, c oauth.Credential,
) (store.Connection, error) {
	conn, done, err := s.connection(actor, shop, c)
	if err != nil {
		return store.Connection{}, err
	}
	return s.store.PutConnection(ctx, conn, done...)
}

// Accept is Connect for a shop's owner, whose invitation it spends in the same transaction. It returns ErrNotInvited,
// and stores nothing, if the invitation isn't open.
func (s *Service) Accept(
	ctx context.Context, actor activity.Actor, a store.Acceptance, shop fourthwall.Shop, c oauth.Credential,
) (store.Connection, error) {
	conn, done, err := s.connection(actor, shop, c)
	if err != nil {
		return store.Connection{}, err
	}
	ofShop := done[0]
	ofShop.Actor = actor.Name
	conn, err = s.store.AcceptInvitation(ctx, a, conn, ofShop, forTeam(ofShop, activity.AcceptInvitation))
	if errors.Is(err, store.ErrNotFound) {
		err = ErrNotInvited
	}
	return conn, err
}

// connection returns a connection to store, and what records that.
func (s *Service) connection(
	actor activity.Actor, shop fourthwall.Shop, c oauth.Credential,
) (store.Connection, []store.Activity, error) {
	encoded, err := c.Encode()
	if err != nil {
		return store.Connection{}, nil, err
	}
	conn := store.Connection{
		Owner: actor.Owner, ShopID: shop.ID, ShopName: shop.Name, ShopDomain: shop.Domain, Way: c.Way,
		Credential: encoded, Hint: hint(c.Username), Scopes: c.Scopes, ExpiresAt: c.ExpiresAt,
	}
	if conn.Scopes == "" && c.Way != oauth.WayAPIKey {
		conn.Scopes = s.scopes
	}
	done, err := connected(actor, conn)
	return conn, alsoOfTeam(done), err
}

// connected returns the activity that records a new connection.
func connected(actor activity.Actor, conn store.Connection) (store.Activity, error) {
	actor.Name = Way(conn)
	return activity.New(actor,
		store.Activity{Shop: conn.ShopID, Action: activity.ConnectShop, Status: http.StatusOK},
		activity.Detail{Shop: conn.ShopName, Scopes: conn.Scopes})
}

// alsoOfTeam returns the activity of a shop, and a second one for the list of the team if there is one.
func alsoOfTeam(done store.Activity) []store.Activity {
	if done.Person.ID == "" {
		return []store.Activity{done}
	}
	return []store.Activity{done, forTeam(done, done.Action)}
}

// forTeam returns the activity of a shop for the list of the team.
func forTeam(done store.Activity, action string) store.Activity {
	done.Shop, done.Action = activity.OfTeam, action
	return done
}

// hint returns enough of a user name to tell two keys apart.
func hint(username string) string {
	runes := []rune(username)
	return string(runes[max(0, len(runes)-4):])
}

// Disconnect deletes a connection, and records that.
func (s *Service) Disconnect(ctx context.Context, actor activity.Actor, conn store.Connection) error {
	done, err := disconnected(actor, conn)
	if err != nil {
		return err
	}
	return s.store.DeleteConnection(ctx, actor.Owner, conn.ShopID, alsoOfTeam(done)...)
}

// CutOff deletes the team's connection to a shop on behalf of the shop's owner, who has its receipt, and records that.
// It does nothing if the access has ended before.
func (s *Service) CutOff(ctx context.Context, actor activity.Actor, receipt string, accepted store.Invitation) error {
	done, err := activity.New(actor, store.Activity{Shop: accepted.ShopID, Action: activity.CutOff},
		activity.Detail{Shop: accepted.ShopName})
	if err != nil {
		return err
	}
	err = s.store.EndAccess(ctx, receipt, done, forTeam(done, activity.CutOff))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// DisconnectAll deletes everything that the owner has, and records it for each shop.
func (s *Service) DisconnectAll(ctx context.Context, actor activity.Actor) error {
	all, err := s.store.Connections(ctx, actor.Owner)
	if err != nil {
		return err
	}
	var done []store.Activity
	for _, conn := range all {
		one, err := disconnected(actor, conn)
		if err != nil {
			return err
		}
		done = append(done, one)
	}
	return s.store.DeleteOwner(ctx, actor.Owner, done...)
}

// disconnected returns the activity that records a deleted connection. It doesn't call Fourthwall.
func disconnected(actor activity.Actor, conn store.Connection) (store.Activity, error) {
	actor.Name = Way(conn)
	return activity.New(actor, store.Activity{Shop: conn.ShopID, Action: activity.DisconnectShop},
		activity.Detail{Shop: conn.ShopName})
}
