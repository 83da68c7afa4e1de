package deliver

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Reason is the rule that forbids a call.
type Reason string

// The reasons. ReasonNotPublic is the same for every kind of address and name that isn't public, whether it exists or
// not, so that nobody can explore our network with it.
const (
	ReasonURL       Reason = "url"        // not an absolute URL, too long, or with characters that no URL has
	ReasonScheme    Reason = "scheme"     // neither http nor https
	ReasonUserinfo  Reason = "userinfo"   // a user name or password before the host
	ReasonHost      Reason = "host"       // not a valid name
	ReasonNotation  Reason = "notation"   // an IP address that programs parse differently: decimal, hex, octal, short
	ReasonNotPublic Reason = "not-public" // an IP address that isn't public, or a name that resolves to one
	ReasonPort      Reason = "port"       // a port other than 80 and 443
	ReasonRequest   Reason = "request"    // a method, header or body that is never sent
	ReasonRedirect  Reason = "redirect"   // an http.Client that tries to follow a redirect
	ReasonBusy      Reason = "busy"       // too many concurrent calls, in total or for this target
)

// Refusal is the error for a call that the rules forbid. Nothing was sent.
type Refusal struct{ Reason Reason } //nolint:errname // a refusal is our decision, not a failure

// Error returns the reason, for logs.
func (r *Refusal) Error() string { return "deliver: refused: " + string(r.Reason) }

// Public returns a text for people: what is wrong and what to do.
func (r *Refusal) Public() string { return reasonTexts[r.Reason] }

func refuse(r Reason) error { return &Refusal{Reason: r} }

// Step is a step of a call.
type Step string

// The steps of a call, in order.
const (
	StepResolve  Step = "resolve" // looking up the IP addresses of the name
	StepConnect  Step = "connect"
	StepTLS      Step = "tls"
	StepResponse Step = "response" // sending the request, and reading the status and the header
	StepBody     Step = "body"     // reading the body of the response
)

// Kind is what failed.
type Kind string

// The kinds of failure, with the steps where they occur.
const (
	KindTimeout  Kind = "timeout"  // every step
	KindCanceled Kind = "canceled" // every step: the caller canceled

	KindNameNotFound Kind = "name-not-found" // resolve: the name doesn't exist or has no address
	KindNameFailed   Kind = "name-failed"    // resolve: the name servers failed

	KindRefused     Kind = "refused"     // connect: the port is closed
	KindUnreachable Kind = "unreachable" // connect: no route to the address
	KindFailed      Kind = "failed"      // every step after resolve: the connection failed otherwise

	KindNotTLS             Kind = "not-tls"             // tls: the server doesn't speak TLS
	KindTLSVersion         Kind = "tls-version"         // tls: the server supports nothing newer than TLS 1.1
	KindTLSFailed          Kind = "tls-failed"          // tls and later: the server ended it with an alert
	KindSelfSigned         Kind = "self-signed"         // tls
	KindUnknownAuthority   Kind = "unknown-authority"   // tls: issuer not trusted, or an intermediate is missing
	KindCertificateExpired Kind = "certificate-expired" // tls
	KindCertificateEarly   Kind = "certificate-early"   // tls: not valid yet
	KindCertificateName    Kind = "certificate-name"    // tls: for other names
	KindCertificateInvalid Kind = "certificate-invalid" // tls: invalid otherwise

	KindReset          Kind = "reset"            // connect and later: reset by the server
	KindClosed         Kind = "closed"           // tls, answer: closed before any response
	KindCut            Kind = "cut"              // answer, body: ended in the middle
	KindMalformed      Kind = "malformed"        // answer, body: not HTTP
	KindHeaderTooLarge Kind = "header-too-large" // answer
	KindBodyTooLarge   Kind = "body-too-large"   // body, from Transport only: Do and Call cut the body instead
)

// Error is the error for a call that was allowed and failed.
type Error struct {
	Step Step
	Kind Kind
	Err  error // cause, for debug logs only: it may have addresses and text of the endpoint
}

// Error returns the step and the kind, without the cause.
func (e *Error) Error() string { return "deliver: " + string(e.Step) + ": " + string(e.Kind) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Public returns a text for people: what happened and what to do.
func (e *Error) Public() string {
	if e.Kind == KindTimeout {
		return timeoutTexts[e.Step]
	}
	return kindTexts[e.Kind]
}

// contextKind returns KindTimeout or KindCanceled for a context that has ended, or else "".
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

// connectionKind returns the kind of an error of a connection. begun reports whether a response had begun.
func connectionKind(err error, begun bool) Kind {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, syscall.ETIMEDOUT):
		return KindTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return KindRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return KindReset
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH),
		errors.Is(err, syscall.EADDRNOTAVAIL):
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

// resolveKind returns the kind of an error of a resolver.
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
