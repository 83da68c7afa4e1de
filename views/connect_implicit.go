package views

// ImplicitPage is where the implicit flow comes back to. Its script moves the
// token from the address into the form and sends it.
type ConnectImplicitPage struct {
	Frame
	Action      string // POST target
	ConnectHref string
}
