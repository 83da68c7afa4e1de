package views

// ConnectImplicitPage is where the implicit flow returns to. Its script moves
// the token from the URL into the form and sends the form.
type ConnectImplicitPage struct {
	Frame
	Action      string // POST target
	ConnectHref string
}
