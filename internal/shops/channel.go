package shops

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
)

// ConnectChannel stores a channel, if Fourthwall issues a token for the client ID and secret and says which channel
// that is. It replaces an earlier secret of the same client. Its errors are those of oauth.Provider.Channel and of
// fourthwall.Client.
func (s *Service) ConnectChannel(
	ctx context.Context, actor activity.Actor, clientID string, secret fourthwall.Secret,
) (store.Channel, error) {
	c, err := s.provider.Channel(ctx, clientID, secret)
	if err != nil {
		return store.Channel{}, err
	}
	found, err := s.api.CurrentChannel(ctx, c.Channel())
	if err != nil {
		return store.Channel{}, err
	}
	name := cmp.Or(found.Name, found.ID)
	encoded, err := c.Encode()
	if err != nil {
		return store.Channel{}, err
	}
	done, err := s.channelConnected(ctx, actor, c, name)
	if err != nil {
		return store.Channel{}, err
	}
	return s.store.PutChannel(ctx, store.Channel{
		Owner: actor.Owner, ChannelID: found.ID, ClientID: clientID, Name: name,
		Credential: encoded, ExpiresAt: c.ExpiresAt,
	}, done...)
}

// channelConnected returns the activity that records a channel, or its new secret, if there is something new.
func (s *Service) channelConnected(
	ctx context.Context, actor activity.Actor, c oauth.Credential, name string,
) ([]store.Activity, error) {
	all, err := s.store.Channels(ctx, actor.Owner)
	if err != nil {
		return nil, err
	}
	action := activity.ConnectChannel
	i := slices.IndexFunc(all, func(known store.Channel) bool { return known.ClientID == c.Username })
	if i >= 0 {
		action = activity.ReplaceSecret
		known, err := channelStore{s.store}.StoredCredential(ctx, all[i].ID)
		switch {
		case err == nil && !known.Expired && isSame(known.Credential.Password, c.Password):
			return nil, nil
		case err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrWrongKey):
			return nil, err
		}
	}
	done, err := ofChannel(actor, action, name)
	return []store.Activity{done}, err
}

func isSame(a, b fourthwall.Secret) bool {
	return subtle.ConstantTimeCompare([]byte(a.Reveal()), []byte(b.Reveal())) == 1
}

// ofChannel returns an activity about a channel, for the list of the team.
func ofChannel(actor activity.Actor, action, name string) (store.Activity, error) {
	actor.Name = Way(store.Connection{Way: oauth.WayChannel, Hint: name})
	return activity.New(actor, store.Activity{Shop: activity.OfTeam, Action: action}, activity.Detail{Channel: name})
}

// ChannelShops returns the shops that Fourthwall lists for a channel, by name.
func (s *Service) ChannelShops(ctx context.Context, channel store.Channel) ([]fourthwall.Shop, error) {
	var listed []fourthwall.Shop
	err := s.withChannel(ctx, channel, func(token fourthwall.Bearer) (err error) {
		listed, err = s.api.ChannelShops(ctx, token)
		return err
	})
	slices.SortFunc(listed, func(a, b fourthwall.Shop) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return listed, err
}

// withChannel calls the API with the channel's token, and again with a new one if the API doesn't accept it. It returns
// ErrReconnect if Fourthwall no longer accepts the channel's ID and secret.
func (s *Service) withChannel(
	ctx context.Context, channel store.Channel, do func(fourthwall.Bearer) error,
) error {
	held, err := channelStore{s.store}.StoredCredential(ctx, channel.ID)
	if err == nil {
		held, err = s.channels.Fresh(ctx, held)
	}
	if err != nil {
		return refreshError(err)
	}
	if err = do(held.Credential.Channel()); !mayBeExpired(held.Credential, err) {
		return err
	}
	if held, err = s.channels.Renew(ctx, held); err != nil {
		return refreshError(err)
	}
	return do(held.Credential.Channel())
}

// AddShops connects shops of a channel, and records that. A shop that the team has already stays as it is, unless its
// connection has ended. It returns those that it connected.
func (s *Service) AddShops(
	ctx context.Context, actor activity.Actor, channel store.Channel, chosen []fourthwall.Shop,
) ([]store.Connection, error) {
	encoded, err := oauth.Credential{Way: oauth.WayChannel}.Encode() // the channel has the rest
	if err != nil {
		return nil, err
	}
	var list []store.Connection
	for _, shop := range chosen {
		list = append(list, store.Connection{
			ShopID: shop.ID, ShopName: shop.Name, ShopDomain: shop.Domain, Way: oauth.WayChannel,
			Credential: encoded, Hint: channel.Name,
		})
	}
	return s.store.AddConnections(ctx, channel, list, func(conn store.Connection) ([]store.Activity, error) {
		done, err := connected(actor, conn)
		return alsoOfTeam(done), err
	})
}

// DisconnectChannel deletes a channel and the connections of its shops, and records that. It returns the connections.
func (s *Service) DisconnectChannel(
	ctx context.Context, actor activity.Actor, channel store.Channel,
) ([]store.Connection, error) {
	last, err := ofChannel(actor, activity.DisconnectChannel, channel.Name)
	if err != nil {
		return nil, err
	}
	return s.store.DeleteChannel(ctx, actor.Owner, channel.ID, func(conn store.Connection) ([]store.Activity, error) {
		done, err := disconnected(actor, conn)
		return alsoOfTeam(done), err
	}, last)
}

// ReplaceSecret replaces the secret of a channel, if Fourthwall accepts it. Shops whose connections had ended and that
// Fourthwall still lists are connected again.
func (s *Service) ReplaceSecret(
	ctx context.Context, actor activity.Actor, old store.Channel, secret fourthwall.Secret,
) (store.Channel, error) {
	channel, err := s.ConnectChannel(ctx, actor, old.ClientID, secret)
	if err != nil {
		return channel, err
	}
	listed, err := s.ChannelShops(ctx, channel)
	if err != nil {
		return channel, nil //nolint:nilerr // the secret is replaced, and the channel's page lists what is to connect
	}
	all, err := s.store.Connections(ctx, actor.Owner)
	if err != nil {
		return channel, err
	}
	ended := map[string]bool{}
	for _, c := range all {
		ended[c.ShopID] = c.Channel == channel.ID && c.Expired
	}
	_, err = s.AddShops(ctx, actor, channel,
		slices.DeleteFunc(listed, func(shop fourthwall.Shop) bool { return !ended[shop.ID] }))
	return channel, err
}
