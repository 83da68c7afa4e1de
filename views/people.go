package views

import (
	"time"

	"hookwall/views/ui"
)

// PeoplePage lists who has signed in to the team.
type PeoplePage struct {
	Frame
	Now    time.Time
	Tally  []string // how many have each role
	People []PersonRow
	Roles  []ui.Choice // that can be given

	InviteHref  string // the form for an invitation
	Invitations []InvitationRow
}

// PersonRow is one person.
type PersonRow struct {
	Name, Email string
	You         bool
	Role        string // in words
	RoleValue   string
	Source      string // where the role comes from, in words
	SourceName  string // of the group or the domain; "" for none
	Sessions    int
	Browser     string // that was used last; "" if it isn't known
	SeenAt      time.Time
	Removed     bool

	// What may be done; "" if it can't.
	RoleAction, EndAction, RemoveAction, ReadmitAction string
	EndText                                            string
}
