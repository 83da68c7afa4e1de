package views

import "hookwall/views/ui"

// ConnectPage offers the ways to connect a shop.
type ConnectPage struct {
	Frame
	CodeHref     string // GET link that starts the authorization code flow; "" when not offered
	ImplicitHref string // the same for the implicit flow; "" when not offered
	Return       string // path to go to afterwards; carried by the API key form
	KeyAction    string // POST target of the API key form
	Username     string // as typed
	UsernameErr  *ui.FieldError
	PasswordErr  *ui.FieldError
	// ExpectShop is the name of the shop that asked to be connected again; "" otherwise.
	ExpectShop string
	// ExpectExpired says that this is because the connection is at its end.
	ExpectExpired bool
	// KeptForm says that a form waits, filled in, behind Return.
	KeptForm         bool
	Permissions      []Permission
	ForDevelopersURL string // where the shop's owner makes an Open API user
}

// Permission is a scope in plain words.
type Permission struct {
	Scope string
	Text  string
}

// whyAgain is why a shop must be connected again.
func (p ConnectPage) whyAgain() string {
	if p.ExpectExpired {
		return "Fourthwall no longer accepts the old connection."
	}
	return "What you were about to do needs a new connection."
}
