package views

// SignOutPage asks before the connected shops are disconnected.
type SignOutPage struct {
	Frame
	Action   string
	StayHref string
}
