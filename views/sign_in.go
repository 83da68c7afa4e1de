package views

// SignInPage asks a person to sign in to the team.
type SignInPage struct {
	Frame
	StartHref string // where the sign-in starts
	OtherHref string // where it starts so that the provider asks for an account; "" if that wouldn't help
	KeptForm  bool   // a form is kept, to which the person returns
}
