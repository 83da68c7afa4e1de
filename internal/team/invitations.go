package team

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"hookwall/internal/activity"
	"hookwall/internal/store"
)

// InvitationLife is how long a shop's owner can use an invitation.
const InvitationLife = 7 * 24 * time.Hour

const (
	tokenBytes = 32  // of a link, 256 bits
	maxDomain  = 253 // bytes of a domain name
	// invitationShown is how long the list has an invitation that was accepted.
	invitationShown = 30 * 24 * time.Hour
)

var (
	// ErrInvited means that the form has made an invitation before. Its link was shown then.
	ErrInvited = errors.New("the form has made an invitation before")

	// ErrDomain means that what was typed is no domain of a shop.
	ErrDomain = errors.New("this is no domain")
)

// Invite makes an invitation, and returns it with its token, which can't be read again. ID names the form that asks for
// it, so that sending the form twice makes one. Domain is that of the only shop that it is for, "" for any.
func (t *Team) Invite(ctx context.Context, by activity.Actor, id, domain string) (store.Invitation, string, error) {
	now := t.config.Store.Now()
	in := store.Invitation{
		ID: id, Domain: domain, ByPerson: by.Person.ID, By: by.Person.Name, CreatedAt: now,
		ExpiresAt: now.Add(InvitationLife),
	}
	done, err := invitationEvent(by, activity.InviteOwner, in)
	if err != nil {
		return store.Invitation{}, "", err
	}
	token := newToken()
	err = t.config.Store.PutInvitation(ctx, in, token, done)
	if errors.Is(err, store.ErrFinished) {
		return store.Invitation{}, "", ErrInvited
	}
	return in, token, err
}

// Revoke ends an open invitation. It returns ErrNotFound if it isn't open.
func (t *Team) Revoke(ctx context.Context, by activity.Actor, id string) error {
	all, err := t.config.Store.Invitations(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(in store.Invitation) bool { return in.ID == id })
	if i < 0 {
		return ErrNotFound
	}
	done, err := invitationEvent(by, activity.RevokeInvitation, all[i])
	if err != nil {
		return err
	}
	return t.config.Store.RevokeInvitation(ctx, id, done)
}

// Invitations returns the open invitations, and those that were accepted in the last 30 days, the newest first.
func (t *Team) Invitations(ctx context.Context) ([]store.Invitation, error) {
	all, err := t.config.Store.Invitations(ctx)
	now := t.config.Store.Now()
	return slices.DeleteFunc(all, func(in store.Invitation) bool {
		return !in.IsOpen(now) && in.AcceptedAt.Before(now.Add(-invitationShown))
	}), err
}

// Invitation returns the invitation of a token, open or not, or ErrNotFound.
func (t *Team) Invitation(ctx context.Context, token string) (store.Invitation, error) {
	return t.config.Store.Invitation(ctx, token)
}

// Receipt returns the accepted invitation of a receipt's token, or ErrNotFound.
func (t *Team) Receipt(ctx context.Context, token string) (store.Invitation, error) {
	return t.config.Store.InvitationByReceipt(ctx, token)
}

// Accept returns what spends an invitation, with a new token for the receipt.
func Accept(token string) store.Acceptance {
	return store.Acceptance{Token: token, Receipt: newToken()}
}

// OwnerActor is a shop's owner who has no account, as activity names them.
func (t *Team) OwnerActor() activity.Actor {
	return activity.Actor{Owner: t.owner, Name: activity.ByShopOwner}
}

func newToken() string {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func invitationEvent(by activity.Actor, action string, in store.Invitation) (store.Activity, error) {
	return activity.New(by, store.Activity{Shop: activity.OfTeam, Action: action}, activity.Detail{Shop: in.Domain})
}

// ParseDomain returns the domain of a shop from what was typed or pasted, such as a URL, or ErrDomain. It
// returns "" for "".
func ParseDomain(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", nil
	}
	if !strings.Contains(typed, "://") {
		typed = "https://" + typed
	}
	u, err := url.Parse(typed)
	if err != nil || u.User != nil {
		return "", ErrDomain
	}
	domain := normalDomain(u.Hostname())
	if !strings.Contains(domain, ".") || len(domain) > maxDomain {
		return "", ErrDomain
	}
	return domain, nil
}

// IsForShop reports whether a shop can be connected with an invitation, by the domains of the shop.
func IsForShop(in store.Invitation, domains ...string) bool {
	return in.Domain == "" || slices.ContainsFunc(domains, func(d string) bool { return normalDomain(d) == in.Domain })
}

// normalDomain returns a domain in the one form in which two can be compared, or "" if it is none.
func normalDomain(domain string) string {
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(strings.TrimSpace(domain), "."))
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(ascii, "www.")
}
