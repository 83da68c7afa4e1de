package views

import (
	"time"

	"hookwall/views/ui"
)

// YouPage lists the sessions and the access tokens of the person who reads it.
type YouPage struct {
	Frame
	Now       time.Time
	Email     string
	Sessions  []SessionRow
	EndAction string
	Tokens    []TokenRow
	Make      TokenForm
}

// SessionRow is a session of a person.
type SessionRow struct {
	ID, Mark, Browser string
	CreatedAt, SeenAt time.Time
	Current           bool
}

// TokenRow is an access token of the reader.
type TokenRow struct {
	ID, Name     string
	Scope        string // in words
	ExpiresAt    time.Time
	UsedAt       time.Time // zero if never
	Expired      bool
	RevokeAction string
}

// TokenForm asks for an access token.
type TokenForm struct {
	Action        string // POST target; "" if the person may make none
	Form          string // names this form, so that it makes one token
	Name          string // as typed
	Scope, Days   string
	Scopes, Times []ui.Choice
	Err           *ui.FieldError
}

// TokenPage shows a new access token, once.
type TokenPage struct {
	Frame
	Token     string
	Name      string
	Scope     string // in words
	Server    string
	ExpiresAt time.Time
}
