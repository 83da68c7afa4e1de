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
	// ExpectEnd says why and since when ExpectShop's connection has ended; "" if
	// it hasn't.
	ExpectEnd string
	// KeptForm is set if Return leads to a form that was kept filled in.
	KeptForm         bool
	Permissions      []Permission
	ForDevelopersURL string // where the shop's owner creates an Open API user
	// SessionIdle and SessionLife are how long after its last use, and after its start, a session ends.
	SessionIdle, SessionLife time.Duration
}

// Permission is a scope and what it allows, in plain words.
type Permission struct {
	Scope string
	Text  string
}

// invalid reports whether a field of the form has an error.
func (p ConnectPage) invalid() bool { return p.UsernameErr != nil || p.PasswordErr != nil }

// whyAgain returns why ExpectShop must be connected again.
func (p ConnectPage) whyAgain() string {
	return cmp.Or(p.ExpectEnd, connectionNeeded)
}
