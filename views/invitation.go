package views

import (
	"time"

	"hookwall/views/ui"
)

// InvitationPage asks a shop's owner to connect the shop to a team.
type InvitationPage struct {
	Frame
	Team, Host       string
	Domain           string // of the only shop that it is for; "" for any
	ExpiresAt        time.Time
	Permissions      []Permission
	StartHref        string // starts the sign-in at Fourthwall; "" if not offered
	KeyAction        string // POST target of the form for an API key
	ForDevelopersURL string // where the owner creates an Open API user
	Username         string // as typed
	UsernameErr      *ui.FieldError
	PasswordErr      *ui.FieldError
}

func (p InvitationPage) invalid() bool { return p.UsernameErr != nil || p.PasswordErr != nil }

// ReceiptPage shows a shop's owner who has access, and ends it.
type ReceiptPage struct {
	Frame
	Shop       string
	Team, Host string
	People     string // how many have each role
	Since      time.Time
	EndedAt    time.Time // zero while there is access
	EndAction  string    // POST target that ends the access

	// Of the access, while there is one.
	Permissions string // in words
	Scopes      []string
	FullAccess  bool      // by an API key, which allows everything
	Replaced    bool      // the team had access before
	Unusable    bool      // Fourthwall no longer accepts it
	Now         string    // the access with which an admin has replaced it; "" for none
	NowSince    time.Time // of Now
	Channel     string    // the team's channel that Now is of; "" for none

	Again bool // the team has access by a later connection, though this one has ended

	Rows                 []ReceiptRow
	Entries              string // how many there are, and how many are shown
	NewerHref, OlderHref string
}

// hasEnded reports whether the access has ended.
func (p ReceiptPage) hasEnded() bool { return !p.EndedAt.IsZero() }

// cutOffText says what the end of the access can't do.
func (p ReceiptPage) cutOffText() string {
	switch {
	case p.Channel != "":
		return cutOffChannel
	case p.FullAccess:
		return cutOffKey
	}
	return cutOffText
}

// whoTitle is above who has the access, or had it.
func (p ReceiptPage) whoTitle() string {
	if p.hasEnded() {
		return "Who had access"
	}
	return "Who has access"
}

// state returns how the access is.
func (p ReceiptPage) state() ui.State {
	switch {
	case p.hasEnded() && p.Again:
		return ui.Look
	case p.hasEnded():
		return ui.NotKnown
	case p.Unusable:
		return ui.Look
	}
	return ui.OK
}

// ReceiptRow is a change of the shop.
type ReceiptRow struct {
	At      time.Time
	Title   string
	Subject string // name of a webhook, or ""
	Text    string // what was changed, or ""
	By      string // a role, no name
}
