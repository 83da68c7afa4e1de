package shops

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
)

// ErrReconnect means that a connection's credential can no longer be used or renewed. A person must connect the shop
// again.
var ErrReconnect = oauth.ErrReconnect

// Client calls the API for one connected shop. Its errors are those of fourthwall.Client, ErrReconnect, and errors of
// the store.
type Client struct {
	service *Service
	conn    store.Connection
}

// Client returns a client for a connection.
func (s *Service) Client(conn store.Connection) *Client { return &Client{s, conn} }

// Shop returns the ID of the shop that c calls the API for.
func (c *Client) Shop() string { return c.conn.ShopID }

// Owner returns the owner of the connection.
func (c *Client) Owner() store.Owner { return c.conn.Owner }

// Webhooks returns the shop's webhooks.
func (c *Client) Webhooks(ctx context.Context) (fourthwall.WebhookList, error) {
	return call(ctx, c, c.service.api.WebhookList)
}

// Webhook returns one webhook.
func (c *Client) Webhook(ctx context.Context, id string) (fourthwall.Webhook, error) {
	return call(ctx, c, func(ctx context.Context, cred fourthwall.Credential) (fourthwall.Webhook, error) {
		return c.service.api.Webhook(ctx, cred, id)
	})
}

// CreateWebhook creates a webhook.
func (c *Client) CreateWebhook(ctx context.Context, want fourthwall.Content) (fourthwall.Webhook, error) {
	return call(ctx, c, func(ctx context.Context, cred fourthwall.Credential) (fourthwall.Webhook, error) {
		return c.service.api.CreateWebhook(ctx, cred, want)
	})
}

// UpdateWebhook replaces the content of a webhook.
func (c *Client) UpdateWebhook(ctx context.Context, id string, want fourthwall.Content) (fourthwall.Webhook, error) {
	return call(ctx, c, func(ctx context.Context, cred fourthwall.Credential) (fourthwall.Webhook, error) {
		return c.service.api.UpdateWebhook(ctx, cred, id, want)
	})
}

// DeleteWebhook deletes a webhook.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	_, err := call(ctx, c, func(ctx context.Context, cred fourthwall.Credential) (struct{}, error) {
		return struct{}{}, c.service.api.DeleteWebhook(ctx, cred, id)
	})
	return err
}

// Events returns a page of the shop's deliveries.
func (c *Client) Events(ctx context.Context, q fourthwall.EventQuery) (fourthwall.EventPage, error) {
	return call(ctx, c, func(ctx context.Context, cred fourthwall.Credential) (fourthwall.EventPage, error) {
		return c.service.api.Events(ctx, cred, q)
	})
}

// Event returns one delivery.
func (c *Client) Event(ctx context.Context, id string) (fourthwall.Event, error) {
	return call(ctx, c, func(ctx context.Context, cred fourthwall.Credential) (fourthwall.Event, error) {
		return c.service.api.Event(ctx, cred, id)
	})
}

// Use calls do with the connection's credential, which it renews when it's about to expire.
func (c *Client) Use(ctx context.Context, do func(context.Context, fourthwall.Credential) error) error {
	_, err := call(ctx, c, func(ctx context.Context, cred fourthwall.Credential) (struct{}, error) {
		return struct{}{}, do(ctx, cred)
	})
	return err
}

// call calls the API with the connection's credential, which it renews when it's about to expire. If the API responds
// with 401, nothing was done, and it calls again with a new credential. Only the API's own 401 to that ends the
// connection.
func call[T any](
	ctx context.Context, c *Client, do func(context.Context, fourthwall.Credential) (T, error),
) (T, error) {
	var none T
	held, refresher, err := c.credential(ctx)
	if err != nil {
		return none, err
	}
	if held, err = refresher.Fresh(ctx, held); err != nil {
		return none, refreshError(err)
	}
	result, err := do(ctx, c.forShop(held.Credential))
	if !mayBeExpired(held.Credential, err) {
		return result, err
	}
	if !held.Credential.IsRenewable() {
		return none, c.end(ctx, held, err)
	}
	renewed, refreshErr := refresher.Renew(ctx, held)
	switch {
	case refreshErr != nil && !errors.Is(refreshErr, ErrReconnect) && !fourthwall.AsError(err).Unauthorized():
		return result, err
	case refreshErr != nil:
		return none, refreshError(refreshErr)
	}
	result, err = do(ctx, c.forShop(renewed.Credential))
	if !fourthwall.AsError(err).Unauthorized() {
		return result, err
	}
	return none, c.end(ctx, renewed, err)
}

// credential returns the credential for the shop, and what renews it. That of a channel is read for each call, since
// its shops share it.
func (c *Client) credential(ctx context.Context) (oauth.StoredCredential, *oauth.Refresher, error) {
	if c.conn.Way != oauth.WayChannel {
		held, err := storedCredential(c.conn)
		return held, c.service.refresher, err
	}
	if c.conn.Expired {
		return oauth.StoredCredential{}, nil, ErrReconnect // the channel's credential would open it all the same
	}
	held, err := channelStore{c.service.store}.StoredCredential(ctx, c.conn.Channel)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrWrongKey) {
		err = fmt.Errorf("%w: %w", ErrReconnect, err)
	}
	return held, c.service.channels, err
}

// forShop returns a credential in the form that opens this shop and no other.
func (c *Client) forShop(held oauth.Credential) fourthwall.Credential {
	if held.Way == oauth.WayChannel {
		return held.ForShop(c.conn.ShopID)
	}
	return held.API()
}

// end keeps that the API doesn't accept a credential that is new, and returns ErrReconnect. The token of a channel says
// something about one shop only if it works otherwise.
func (c *Client) end(ctx context.Context, refused oauth.StoredCredential, rejected error) error {
	if refused.Credential.Way == oauth.WayChannel {
		if _, err := c.service.api.CurrentChannel(ctx, refused.Credential.Channel()); err != nil {
			return rejected // nothing about this shop was seen
		}
		refused.ID, refused.Version = c.conn.ID, c.conn.Version
	}
	return c.service.end(ctx, refused, rejected)
}

// mayBeExpired reports whether a call may succeed with a new credential. A 401 that isn't the API's says nothing about
// the present one, but a read can be tried again with a new one. A write can't, since nobody knows whether it was done.
func mayBeExpired(c oauth.Credential, err error) bool {
	api := fourthwall.AsError(err)
	return api.Unauthorized() ||
		api != nil && api.Status == http.StatusUnauthorized && c.IsRenewable() && !api.MayHaveWorked()
}

// refreshError returns the error for a credential that could not be renewed. Nothing was sent to the API.
func refreshError(err error) error {
	switch {
	case errors.Is(err, ErrReconnect), errors.Is(err, store.ErrUnavailable):
		return err
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%w: %w", ErrReconnect, err)
	}
	out := &fourthwall.Error{Op: "renew the token", NotSent: true, Err: err}
	answer, ok := errors.AsType[*oauth.TokenError](err)
	if ok {
		out.Code = answer.Code
	}
	switch {
	case errors.Is(err, oauth.ErrApp):
		out.Fault = fourthwall.AppRejected
	case ok && !answer.IsBusy():
		out.Fault = fourthwall.NothingIssued
	}
	return out
}
