package team

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hookwall/internal/activity"
	"hookwall/internal/store"
)

// Scope is what an access token may be used for, within what its person may do. Each scope includes the ones before it.
type Scope string

// The scopes, from the least to the most.
const (
	ReadScope  Scope = "read"
	PlanScope  Scope = "plan"
	ApplyScope Scope = "apply"
)

var scopes = []Scope{ReadScope, PlanScope, ApplyScope}

// Includes reports whether s allows what needed does.
func (s Scope) Includes(needed Scope) bool {
	return slices.Index(scopes, s) >= slices.Index(scopes, needed) && slices.Contains(scopes, needed)
}

// ScopesOf returns the scopes that a person with a role can make use of.
func ScopesOf(r Role) []Scope {
	switch {
	case r.Includes(Operator):
		return slices.Clone(scopes)
	case r.Includes(Viewer):
		return []Scope{ReadScope}
	}
	return nil
}

// TokenDays are the days after which a token may expire.
func TokenDays() []int { return []int{30, 90, 365} }

const (
	// TokenPrefix begins every access token, so that people and programs recognize one where it doesn't belong.
	TokenPrefix = "hw_"

	accessTokenBytes = 20 // 160 bits
	maxTokenName     = 60 // characters

	// GroupTrust is how long after a person last used Hookwall in a browser a role counts for the person's tokens that
	// the identity provider decides. Groups are read at each sign-in alone.
	GroupTrust = 30 * 24 * time.Hour
)

var (
	// ErrTokenMade means that the form has made a token before. It was shown then.
	ErrTokenMade = errors.New("the form has made an access token before")
	// ErrTokenName means that a name is empty, too long, or can't be shown.
	ErrTokenName = errors.New("this is no name for an access token")
	// ErrTokenScope means that a person could make no use of the scope, or that there is no such scope or time.
	ErrTokenScope = errors.New("this is no scope or time for an access token")
	// ErrTooManyTokens means that a person has too many tokens.
	ErrTooManyTokens = errors.New("the person has too many access tokens")
	// ErrTokenExpired means that a token's time is over.
	ErrTokenExpired = errors.New("the access token has expired")
	// ErrTokenIdle means that nobody knows whether the person of a token still has the role. See GroupTrust.
	ErrTokenIdle = errors.New("the person of the access token has not signed in recently")
)

// tokenForm matches what AddToken makes, so that nothing else is looked up.
var tokenForm = regexp.MustCompile(`^` + TokenPrefix + `[A-Z2-7]{32}$`)

// NewToken is what a person asks a token for.
type NewToken struct {
	Form  string // one-time ID of the form, so that sending it twice makes one token
	Name  string
	Scope Scope
	Days  int // one of TokenDays
}

// AddToken makes an access token of the person who acts, and returns it with its text, which can't be read again.
func (t *Team) AddToken(ctx context.Context, by activity.Actor, want NewToken) (store.AccessToken, string, error) {
	name, err := tokenName(want.Name)
	if err != nil {
		return store.AccessToken{}, "", err
	}
	if !slices.Contains(TokenDays(), want.Days) || !slices.Contains(scopes, want.Scope) {
		return store.AccessToken{}, "", ErrTokenScope
	}
	now := t.config.Store.Now()
	made := store.AccessToken{
		ID: want.Form, Person: by.Person.ID, Name: name, Scope: string(want.Scope), CreatedAt: now,
		ExpiresAt: now.AddDate(0, 0, want.Days),
	}
	done, err := tokenEvent(by, activity.MakeToken, made)
	if err != nil {
		return store.AccessToken{}, "", err
	}
	token := newAccessToken()
	err = t.config.Store.PutAccessToken(ctx, made, token, func(p store.Person) error {
		if !slices.Contains(ScopesOf(t.withRole(p).Role), want.Scope) {
			return ErrTokenScope
		}
		return nil
	}, done)
	switch {
	case errors.Is(err, store.ErrFinished):
		return made, "", ErrTokenMade
	case errors.Is(err, store.ErrTooMany):
		return made, "", ErrTooManyTokens
	}
	return made, token, err
}

func newAccessToken() string {
	var b [accessTokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	return TokenPrefix + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:])
}

// tokenName returns a name as it is stored, or ErrTokenName.
func tokenName(typed string) (string, error) {
	name := strings.TrimSpace(typed)
	isBad := func(r rune) bool { return !unicode.IsPrint(r) }
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxTokenName ||
		strings.ContainsFunc(name, isBad) || tokenForm.MatchString(name) {
		return "", ErrTokenName
	}
	return name, nil
}

// Tokens returns the access tokens of a person, the newest first. Those that expired are among them for 30 days.
func (t *Team) Tokens(ctx context.Context, person string) ([]store.AccessToken, error) {
	return t.config.Store.AccessTokens(ctx, person)
}

// RevokeToken deletes an access token of the person who acts. It returns ErrNotFound if there is none.
func (t *Team) RevokeToken(ctx context.Context, by activity.Actor, id string) error {
	return t.config.Store.DeleteAccessToken(ctx, by.Person.ID, id, func(was store.AccessToken) ([]store.Activity, error) {
		done, err := tokenEvent(by, activity.RevokeToken, was)
		return []store.Activity{done}, err
	})
}

// UseToken returns an access token and its person, with the rights of now. It returns ErrNotFound, ErrTokenExpired or
// ErrTokenIdle if the token allows nothing.
func (t *Team) UseToken(ctx context.Context, token string) (store.AccessToken, Person, error) {
	if !tokenForm.MatchString(token) {
		return store.AccessToken{}, Person{}, ErrNotFound
	}
	found, err := t.config.Store.UseAccessToken(ctx, token)
	if err != nil {
		return found, Person{}, err
	}
	now := t.config.Store.Now()
	if !now.Before(found.ExpiresAt) {
		return found, Person{}, ErrTokenExpired
	}
	p, err := t.Person(ctx, found.Person)
	if err == nil && (p.Source == ByGroup || p.Source == ByDomain) && now.Sub(p.SeenAt) > GroupTrust {
		err = ErrTokenIdle
	}
	return found, p, err
}

func tokenEvent(by activity.Actor, action string, t store.AccessToken) (store.Activity, error) {
	return activity.New(by, store.Activity{Shop: activity.OfTeam, Action: action},
		activity.Detail{Token: t.Name, Scope: t.Scope})
}
