package deliver

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Reason says which rule forbids a call.
type Reason string

// The reasons. ReasonNotPublic is the same for every kind of address and name that is not public, whatever is or is
// not there, so that nobody can explore our network with it.
const (
	ReasonURL       Reason = "url"        // not an absolute URL, too long, or with characters that no URL has
	ReasonScheme    Reason = "scheme"     // neither http nor https
	ReasonUserinfo  Reason = "userinfo"   // a user name or password before the host
	ReasonHost      Reason = "host"       // not a name that can exist
	ReasonNotation  Reason = "notation"   // an IP address that programs read differently: decimal, hex, octal, short
	ReasonNotPublic Reason = "not-public" // an address that is not public, or a name that leads to one
	ReasonPort      Reason = "port"       // a port other than 80 and 443
	ReasonRequest   Reason = "request"    // a method, header or body that is never sent
	ReasonRedirect  Reason = "redirect"   // an http.Client that tries to follow a redirect
	ReasonBusy      Reason = "busy"       // too many calls at once, in all or for this target
)

var reasonTexts = map[Reason]string{
	ReasonURL:       "This is not a web address. Write it like https://example.com/path.",
	ReasonScheme:    "Only web addresses can be called. Start with https:// or http://.",
	ReasonUserinfo:  "The address holds a user name or password. Take out the part before the @.",
	ReasonHost:      "The host name in this address cannot exist. Check its spelling.",
	ReasonNotation:  "The host is a number in an unusual notation. Use a host name.",
	ReasonNotPublic: "This address does not lead to the public internet, so it is not called. Use a public host name.",
	ReasonPort:      "Only the ports 80 and 443 can be called. Use the standard port of http or https.",
	ReasonRequest:   "This request holds a method, a header or a body that is never sent.",
	ReasonRedirect:  "Redirects are not followed. Use the address that the redirect names.",
	ReasonBusy:      "Too many calls are under way. Try again in a few seconds.",
}

// Refusal is a call that the rules forbid. Nothing was sent.
type Refusal struct{ Reason Reason } //nolint:errname // a refusal is a decision of ours, not something that failed

// Error says which rule it was, for logs.
func (r *Refusal) Error() string { return "deliver: refused: " + string(r.Reason) }

// Public is a sentence for the person: what is wrong and what to do.
func (r *Refusal) Public() string { return reasonTexts[r.Reason] }

func refuse(r Reason) error { return &Refusal{Reason: r} }

// Step is a part of a call. They happen in the order of the constants.
type Step string

// The steps of a call.
const (
	StepResolve Step = "resolve" // finding the addresses of the name
	StepConnect Step = "connect"
	StepTLS     Step = "tls"
	StepAnswer  Step = "answer" // sending the request, and reading status and header
	StepBody    Step = "body"   // reading the body of the answer
)

// Kind says what went wrong.
type Kind string

// The kinds of failure, with the steps where they occur.
const (
	KindTimeout  Kind = "timeout"  // every step
	KindCanceled Kind = "canceled" // every step: the caller gave up

	KindNameNotFound Kind = "name-not-found" // resolve: no such name, or no address for it
	KindNameFailed   Kind = "name-failed"    // resolve: the name servers failed

	KindRefused     Kind = "refused"     // connect: the port is closed
	KindUnreachable Kind = "unreachable" // connect: no way to the address
	KindFailed      Kind = "failed"      // every step after resolve: any other failure of the connection

	KindNotTLS             Kind = "not-tls"             // tls: the other side speaks something else
	KindTLSVersion         Kind = "tls-version"         // tls: nothing newer than TLS 1.1
	KindTLSFailed          Kind = "tls-failed"          // tls and later: refused or broken by the other side
	KindSelfSigned         Kind = "self-signed"         // tls
	KindUnknownAuthority   Kind = "unknown-authority"   // tls: issuer not trusted, or an intermediate is missing
	KindCertificateExpired Kind = "certificate-expired" // tls
	KindCertificateEarly   Kind = "certificate-early"   // tls: not valid yet
	KindCertificateName    Kind = "certificate-name"    // tls: made for other names
	KindCertificateInvalid Kind = "certificate-invalid" // tls: anything else

	KindReset          Kind = "reset"            // connect and later: cut off by the other side
	KindClosed         Kind = "closed"           // tls, answer: closed before any answer
	KindCut            Kind = "cut"              // answer, body: ended in the middle
	KindMalformed      Kind = "malformed"        // answer, body: not HTTP
	KindHeaderTooLarge Kind = "header-too-large" // answer
	KindBodyTooLarge   Kind = "body-too-large"   // body, from Transport only: Do and Visit cut it and say so
)

var timeoutTexts = map[Step]string{
	StepResolve: "The name servers did not answer in time. Check the DNS settings of the domain.",
	StepConnect: "Nothing answered at this address in time. Check that the server runs and that no firewall drops connections from the internet.",
	StepTLS:     "The server took the connection but did not finish setting up encryption in time.",
	StepAnswer:  "The server took the request but gave no complete answer in time. Answer first, work later.",
	StepBody:    "The answer began but did not end in time. Send a short answer and end it.",
}

var kindTexts = map[Kind]string{
	KindCanceled:           "The call was given up before it ended.",
	KindNameNotFound:       "No server is known under this name. Check its spelling and the DNS settings of the domain.",
	KindNameFailed:         "The name servers could not answer for this name. Check the DNS settings of the domain.",
	KindRefused:            "The server refuses connections at this port. Check that the endpoint runs and listens there.",
	KindUnreachable:        "There is no way to this address from here. Check the DNS settings of the domain and the network of the server.",
	KindFailed:             "The connection failed. Check that the server is up and try again.",
	KindNotTLS:             "The server does not speak TLS at this port. Set up https there, or use an http address.",
	KindTLSVersion:         "The server speaks only old versions of TLS. Turn on TLS 1.2 or 1.3.",
	KindTLSFailed:          "The server broke off the TLS connection. Check its TLS settings: versions, ciphers, demands for client certificates.",
	KindSelfSigned:         "The certificate is signed by itself. Use one from a public authority.",
	KindUnknownAuthority:   "The certificate's authority is not known, or the server leaves out an intermediate certificate. Send the full chain of a public authority.",
	KindCertificateExpired: "The certificate, or one that it depends on, has expired. Renew it.",
	KindCertificateEarly:   "The certificate is not valid yet. Check its dates and the clock of the machine that made it.",
	KindCertificateName:    "The certificate is for other names. Get one that holds this host name.",
	KindCertificateInvalid: "The certificate is not valid. Get a new one from a public authority.",
	KindReset:              "The server reset the connection. Check the server and what stands in front of it.",
	KindClosed:             "The server closed the connection without an answer.",
	KindCut:                "The connection ended in the middle of the answer.",
	KindMalformed:          "The answer is not valid HTTP. Check what listens at this port.",
	KindHeaderTooLarge:     "The header of the answer is too large, or never ends.",
	KindBodyTooLarge:       "The body of the answer is too large, or never ends.",
}

// Error is a call that was allowed and failed.
type Error struct {
	Step Step
	Kind Kind
	Err  error // cause, for logs at debug level: it may name addresses and repeat what the endpoint sent
}

// Error names step and kind, without the cause.
func (e *Error) Error() string { return "deliver: " + string(e.Step) + ": " + string(e.Kind) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Public is a sentence for the person: what happened and what to do.
func (e *Error) Public() string {
	if e.Kind == KindTimeout {
		return timeoutTexts[e.Step]
	}
	return kindTexts[e.Kind]
}

// contextKind tells running out of time from being given up; "" when ctx is not over.
func contextKind(ctx context.Context) Kind {
	switch err := ctx.Err(); {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return KindTimeout
	default:
		return KindCanceled
	}
}

// connectionKind reads an error of a connection. When an answer had begun before, an end is a cut.
func connectionKind(err error, begun bool) Kind {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return KindTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return KindRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return KindReset
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		return KindUnreachable
	case alertText(err) != "":
		return KindTLSFailed
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		if begun {
			return KindCut
		}
		return KindClosed
	}
	return KindFailed
}

func resolveKind(err error) Kind {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return KindNameFailed
	case dns.IsTimeout:
		return KindTimeout
	case dns.IsNotFound:
		return KindNameNotFound
	}
	return KindNameFailed
}
