package views

// SignOutPage asks before the connected shops are disconnected.
type SignOutPage struct {
	Frame
	OfTeam   bool // nothing is disconnected
	Action   string
	StayHref string
}
