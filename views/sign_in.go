package views

// SignInPage asks a person to sign in to the team.
type SignInPage struct {
	Frame
	StartHref string // where the sign-in starts
	KeptForm  bool   // a form is kept, to which the person returns
}
