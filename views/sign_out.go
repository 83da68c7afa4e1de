package views

// SignOutPage asks before the connected shops are disconnected.
type SignOutPage struct {
	Frame
	OfTeam   bool // nothing of the team's is disconnected
	Personal int  // shops of before the team, which are
	Action   string
	StayHref string
}
