package views

import (
	"cmp"
	"time"

	"hookwall/views/ui"
)

// ConnectPage offers the ways to connect a shop.
type ConnectPage struct {
	Frame
	CodeHref     string // starts the authorization code flow; "" if not offered
	ImplicitHref string // starts the implicit flow; "" if not offered
	Return       string // path to go to afterwards, in the API key form
	KeyAction    string // POST target of the API key form
	Username     string // as typed
	UsernameErr  *ui.FieldError
	PasswordErr  *ui.FieldError
	// ExpectShop is the name of the shop to connect again; "" if there is none.
	ExpectShop string
	// ExpectChannel leads to the channel of ExpectShop; nil if the shop has none.
	ExpectChannel *ui.Link
	Personal      *ui.Notice // about shops of before the team; nil if there are none
	// ExpectEnd says why and since when ExpectShop's connection has ended; "" if
	// it hasn't.
	ExpectEnd string
	// KeptForm is set if Return leads to a form that was kept filled in.
	KeptForm    bool
	Permissions []Permission
	Keys        KeysForm    // in a team
	LastImport  *LastImport // of many keys; nil if there is none
	// ChannelAction is the POST target of the form for channel credentials; "" without a team.
	ChannelAction    string
	Channels         []ui.Link // that are connected
	ClientID         string    // as typed
	ClientIDErr      *ui.FieldError
	SecretErr        *ui.FieldError // of the channel
	Invite           InviteForm
	ForDevelopersURL string // where the shop's owner creates an Open API user
	// SessionIdle and SessionLife are how long after its last use, and after its start, a session ends.
	SessionIdle, SessionLife time.Duration
}

// Permission is a scope and what it allows, in plain words.
type Permission struct {
	Scope string
	Text  string
}

// ofTeam reports whether the shop will belong to a team, and not to a session.
func (p ConnectPage) ofTeam() bool { return p.Member != "" }

// invalid reports whether a field of the form has an error.
func (p ConnectPage) invalid() bool {
	return p.UsernameErr != nil || p.PasswordErr != nil || p.Keys.Err != nil || p.Invite.Err != nil ||
		p.ClientIDErr != nil || p.SecretErr != nil
}

// focusesInvite reports whether the first field with an error is that of the
// invitation.
func (p ConnectPage) focusesInvite() bool {
	return p.Invite.Err != nil && p.UsernameErr == nil && p.PasswordErr == nil && p.Keys.Err == nil
}

// whyAgain returns why ExpectShop must be connected again.
func (p ConnectPage) whyAgain() string {
	return cmp.Or(p.ExpectEnd, connectionNeeded)
}
