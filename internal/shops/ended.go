package shops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
)

// end keeps that the API rejects a credential, and returns ErrReconnect.
func (s *Service) end(ctx context.Context, held oauth.StoredCredential, rejected error) error {
	if err := (credentialStore{s.store}).ExpireConnection(ctx, held.ID, held.Version, rejected); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", ErrReconnect, rejected.Error()) // as text: no form deals with it
}

// endOf returns why a connection ends: because of an error of the API, or of what oauth says about its renewal.
func endOf(ctx context.Context, conn store.Connection, reason error) store.End {
	end := store.End{Why: store.EndRejected}
	api, isOfAPI := errors.AsType[*fourthwall.Error](reason)
	token, isOfToken := errors.AsType[*oauth.TokenError](reason)
	switch {
	case isOfAPI:
		end.Code = api.Code
	case isOfToken:
		end.Why, end.Code = store.EndNotRenewed, token.Code
	case errors.Is(reason, oauth.ErrNoRefreshToken):
		end.Why = store.EndTimeUp
	}
	switch {
	case conn.Way == oauth.WayAPIKey:
		end.Why = store.EndKeyRejected
	case ctx.Value(suspicion{}) != nil:
		end.Why = store.EndDisconnected
	}
	return end
}

// endActivities returns the activities that record an end: of the shop, and of the team if it has the connection. The
// actor is Hookwall.
func endActivities(conn store.Connection, end store.End) ([]store.Activity, error) {
	done, err := activity.New(activity.Actor{Owner: conn.Owner, Name: "Hookwall"},
		store.Activity{Shop: conn.ShopID, Action: activity.EndConnection},
		activity.Detail{Shop: conn.ShopName, Connection: Way(conn), Why: string(end.Why), Code: end.Code})
	if err != nil || !conn.Owner.IsTeam() {
		return []store.Activity{done}, err
	}
	ofTeam := done
	ofTeam.Shop = activity.OfTeam
	return []store.Activity{done, ofTeam}, nil
}

// NoteUnreadable keeps, once, that no key opens a connection's credential.
func (s *Service) NoteUnreadable(ctx context.Context, conn store.Connection) error {
	end := store.End{Why: store.EndUnreadable}
	done, err := endActivities(conn, end)
	if err != nil {
		return err
	}
	return s.store.ExpireConnection(ctx, conn.ID, conn.Version, end, done...)
}

const (
	appDisconnected fourthwall.EventType = "PLATFORM_APP_DISCONNECTED"

	askTime = 5 * time.Second // for asking Fourthwall whether a connection has ended
)

// suspicion is the key of a context in which a connection that has ended was disconnected at Fourthwall.
type suspicion struct{}

// AskIfDisconnected asks Fourthwall whether the connection has ended, if one of the shop's deliveries says that an app
// was disconnected. Which app isn't known. It asks once for each such event, and again only if there was no clear
// answer. If the connection has ended, that is kept, and the error is ErrReconnect. Otherwise there is none.
func (c *Client) AskIfDisconnected(ctx context.Context, events []fourthwall.Event) error {
	at := c.newestDisconnect(events)
	if at.IsZero() {
		return nil
	}
	asks, err := c.service.store.AskAboutEvent(ctx, c.conn.ID, at)
	if err != nil || !asks {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, suspicion{}, true), askTime)
	defer cancel()
	err = c.prove(ctx)
	switch {
	case err == nil, errors.Is(err, ErrReconnect):
		return err
	case fourthwall.AsError(err).Rejected():
		return nil // an answer, of another kind
	}
	return c.service.store.AskAgain(context.WithoutCancel(ctx), c.conn.ID, at)
}

// newestDisconnect returns when the newest event says that an app was disconnected, since the shop was connected by a
// sign-in.
func (c *Client) newestDisconnect(events []fourthwall.Event) (at time.Time) {
	if c.conn.Way == oauth.WayAPIKey || c.conn.Way == oauth.WayChannel {
		return at
	}
	for _, e := range events {
		isAfter := e.CreatedAt.After(c.conn.CreatedAt) && e.CreatedAt.After(at)
		if e.Type == appDisconnected && !e.TestMode && isAfter {
			at = e.CreatedAt
		}
	}
	return at
}

// prove asks Fourthwall for the shop, with a credential that was just renewed if it can be.
func (c *Client) prove(ctx context.Context) error {
	held, err := storedCredential(c.conn)
	if err == nil && held.Credential.RefreshToken != "" {
		_, err = c.service.refresher.Renew(ctx, held)
	}
	if err != nil {
		return err
	}
	fresh, err := c.service.store.ConnectionByID(ctx, c.conn.ID)
	if err != nil {
		return err
	}
	_, err = call(ctx, c.service.Client(fresh), c.service.api.CurrentShop)
	return err
}
