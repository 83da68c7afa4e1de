// Package team knows who uses a Hookwall that several people share, and what each of them may do.
package team

// Identity is a person as the identity provider or the reverse proxy describes them. Issuer and Subject together name
// the person; the rest may change at each sign-in.
type Identity struct {
	Issuer        string // of the provider, or HeaderIssuer
	Subject       string // unique at the issuer, never reused for somebody else
	Name          string // to show, may be ""
	Email         string // to show, may be ""
	EmailVerified bool   // whether the issuer vouches that Email is the person's own; only then it may decide anything
	Groups        []string
}

// HeaderIssuer is the issuer of identities that come in a header of the reverse proxy.
const HeaderIssuer = "proxy"
