package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"hookwall/internal/fourthwall"
)

// Channel gets an access token for a channel by its client ID and secret, RFC 6749 §4.4. It returns a TokenError if
// the token URL responds without a token. That is ErrRefused if the provider doesn't accept the ID and secret.
func (p *Provider) Channel(ctx context.Context, clientID string, secret fourthwall.Secret) (Credential, error) {
	if p.channels == "" {
		return Credential{}, errors.New("oauth: there is no token URL for channels")
	}
	grant := clientcredentials.Config{
		ClientID: clientID, ClientSecret: secret.Reveal(), TokenURL: p.channels,
		AuthStyle: oauth2.AuthStyleInHeader, // in the body, Fourthwall refuses them
	}
	const op = "get a channel's token"
	t, err := grant.Token(context.WithValue(ctx, oauth2.HTTPClient, p.http))
	if err != nil {
		return Credential{}, channelError(tokenError(op, err))
	}
	if err := checkToken(t.Type(), t.AccessToken); err != nil {
		return Credential{}, &TokenError{Op: op, Status: http.StatusOK, Reason: err.Error()}
	}
	if seconds, ok := t.Extra("expires_in").(float64); ok {
		t.ExpiresIn = int64(seconds) // the library keeps it as a time by the machine's clock
	}
	return Credential{
		Way: WayChannel, Username: clientID, Password: secret,
		AccessToken: fourthwall.Secret(t.AccessToken), ExpiresAt: p.expiry(WayChannel, t),
	}, nil
}

// channelError returns err as ErrRefused if it says that the client isn't accepted. For a shop that is a fault of our
// settings, but a channel's client is what the person gave.
func channelError(err error) error {
	if errors.Is(err, ErrApp) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
