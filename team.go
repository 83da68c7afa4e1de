package main

import (
	"cmp"
	"context"

	"hookwall/handlers"
	"hookwall/internal/store"
	"hookwall/internal/team"
)

// addTeam sets who shares the shops, and how people sign in. In personal mode
// each session has its own shops, and nobody signs in.
func (c *Config) addTeam(ctx context.Context, st *store.Store, to *handlers.Config) (err error) {
	if c.SignIn.Mode == signInPersonal {
		return nil
	}
	to.Team, err = team.New(ctx, team.Config{
		Store: st, Name: c.teamName(), Admins: c.SignIn.Admins, Groups: c.SignIn.Roles, Domains: c.SignIn.OIDC.AllowedDomains,
	})
	if err != nil {
		return err
	}
	if c.SignIn.Mode == signInHeader {
		to.Header, err = team.NewHeader(c.SignIn.Header)
		return err
	}
	to.OIDC, err = c.provider()
	return err
}

// teamName returns the name by which shops' owners know the team.
func (c *Config) teamName() string {
	if c.PublicURL == nil {
		return cmp.Or(c.SignIn.Name, c.Addr)
	}
	return cmp.Or(c.SignIn.Name, c.PublicURL.Host)
}
