package views

import (
	"strconv"
	"time"

	"hookwall/views/ui"
)

// InviteForm asks for an invitation of a shop's owner.
type InviteForm struct {
	Action string // POST target; "" without a team
	Form   string // names this form, so that it makes one invitation
	Domain string // as typed
	Err    *ui.FieldError
}

// InvitedPage shows the link of a new invitation, once.
type InvitedPage struct {
	Frame
	Link      string
	Domain    string // of the only shop that it is for; "" for any
	ExpiresAt time.Time
}

// InvitationRow is an invitation on the people page.
type InvitationRow struct {
	Name       string // of the shop, or its domain, or that it is any
	Bound      bool   // it is for one shop only
	By         string
	ByYou      bool
	Left       int // percent of its time
	LeftText   string
	Soon       bool      // it expires soon
	AcceptedAt time.Time // zero while it is open
	EndedAt    time.Time // zero unless the access has ended

	// What may be done; "" if it can't.
	RevokeAction, AgainHref, ShopHref string
}

// state returns the class of the color of the row's icon.
func (r InvitationRow) state() string {
	switch {
	case r.AcceptedAt.IsZero() && r.Soon:
		return string(ui.Look)
	case r.AcceptedAt.IsZero() || !r.EndedAt.IsZero():
		return string(ui.NotKnown)
	}
	return string(ui.OK)
}

// icon returns the icon of the row: a clock while the invitation is open.
func (r InvitationRow) icon() string {
	if r.AcceptedAt.IsZero() && !r.Soon {
		return "clock"
	}
	return "state-" + r.state()
}

// width returns how long the bar of the time that is left is. A short one can
// still be seen.
func (r InvitationRow) width() string {
	const least = 4
	return strconv.Itoa(max(least, r.Left))
}
