package fourthwall

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Error is the only kind of error that a call of a Client returns. Read it with errors.As.
type Error struct {
	Op         string        // what was tried: "create webhook"
	Status     int           // HTTP status of the answer; 0 when no answer was read
	Code       string        // "code" of the API's answer, at most 100 printable bytes; "" when it has none
	RequestID  string        // the API's name for the request, at most 100 printable bytes; "" when it gave none
	RetryAfter time.Duration // how long the API asks to wait, at most 24 hours; 0 when it does not say
	NotSent    bool          // true when it is certain that the call had no effect, since it never reached the API
	TooLarge   bool          // true when the call failed because the answer has more bytes than are read
	Unverified bool          // true when the webhook could not be read afterwards to see what a write came to
	Fault      Fault         // who refused, if the API itself didn't
	Err        error         // cause, without a credential or a body in its text; nil when the status says it all
}

// Fault says who refused, if that wasn't certainly the API itself. Such an error says nothing about a credential or a
// webhook.
type Fault string

// Faults.
const (
	InFront       Fault = "in front"   // something in front of the API or of the sign-in, such as a firewall
	Unfamiliar    Fault = "unfamiliar" // the API or something in front of it: the code doesn't tell
	NothingIssued Fault = "token"      // the sign-in, or something in front of it, which returned no token
	AppRejected   Fault = "app"        // the sign-in, which doesn't accept the client ID and secret in the settings
)

// Error says what was tried and what came of it: "create webhook: 400 WEBHOOK_URI_IP_NOT_ALLOWED (request abc)".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(":")
	if e.Status != 0 {
		b.WriteString(" " + strconv.Itoa(e.Status))
	}
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	switch {
	case e.Fault == InFront && e.Status != 0:
		b.WriteString(" not from the API")
	case e.Fault == Unfamiliar && e.Status != 0:
		b.WriteString(" perhaps not from the API")
	}
	switch {
	case e.Err == nil && e.Status == 0:
		b.WriteString(" no answer")
	case e.Err != nil && (e.Status != 0 || e.Code != ""):
		b.WriteString(": " + e.Err.Error())
	case e.Err != nil:
		b.WriteString(" " + e.Err.Error())
	}
	if e.RequestID != "" {
		b.WriteString(" (request " + e.RequestID + ")")
	}
	if e.Unverified {
		b.WriteString(" (not verified)")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// AsError returns the Error in err's chain, or nil. The methods of a nil Error report false.
func AsError(err error) *Error {
	api, _ := errors.AsType[*Error](err)
	return api
}

// Uncertain reports whether a failed write may have taken effect: it was sent, and the response was missing,
// unreadable, a redirect, or a 5xx other than 503. It is false for reads. A 503 means that the API did nothing, so it
// is false for that too, unless that could not be verified.
func (e *Error) Uncertain() bool {
	switch {
	case e == nil:
		return false
	case e.Unverified:
		return true
	}
	return !e.isRead() && !e.NotSent && (e.Status < http.StatusBadRequest ||
		e.Status >= http.StatusInternalServerError && e.Status != http.StatusServiceUnavailable)
}

// MayHaveWorked reports whether to check what a failed write did. A server may have done the work before it responded
// that it's busy or refuses, and so may the API before something in front of it refused to pass its response on. It is
// false only for the API's documented refusals of a write.
func (e *Error) MayHaveWorked() bool {
	return e.Uncertain() || e != nil && !e.isRead() && !e.NotSent &&
		e.Status >= http.StatusBadRequest && !isRefusal(e.Code)
}

// DidNothing reports whether a failed write had no effect, by what the API itself says. Believe it where nobody can
// check.
func (e *Error) DidNothing() bool {
	switch {
	case e == nil || e.Fault != "":
		return false
	case e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable:
		return family.MatchString(e.Code) // anyone may be busy
	}
	return e.Rejected()
}

func (e *Error) isRead() bool {
	switch e.Op {
	case opShop.name, opChannel.name, opShops.name, opList.name, opRead.name, opEvents.name, opEvent.name:
		return true
	}
	return false
}

// ShopGone reports whether the API says that the shop itself isn't there, which says nothing about one of its
// webhooks.
func (e *Error) ShopGone() bool {
	return e.says(http.StatusNotFound) && strings.Contains(e.Code, "SHOP")
}

// NotFound reports whether the API says that the webhook or the event isn't there. A code without these words may say
// that the API has no such path.
func (e *Error) NotFound() bool {
	return e.says(http.StatusNotFound) && !e.ShopGone() &&
		(errors.Is(e.Err, errBadID) || strings.Contains(e.Code, "WEBHOOK") && meanings[e.Status].MatchString(e.Code))
}

// Unauthorized reports whether the API doesn't accept the credential.
func (e *Error) Unauthorized() bool { return e.says(http.StatusUnauthorized) }

// Forbidden reports whether the API says that the credential lacks a permission.
func (e *Error) Forbidden() bool { return e.says(http.StatusForbidden) }

// says reports whether the API itself answered with this status.
func (e *Error) says(status int) bool { return e != nil && e.Status == status && e.Fault == "" }

// Rejected reports whether the API understood the request and said no.
func (e *Error) Rejected() bool {
	return e != nil && e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError && e.Fault == ""
}

// AsUnverified returns a copy of e with Unverified set: nobody could check whether the write had an effect.
func (e *Error) AsUnverified() *Error {
	unverified := *e
	unverified.Unverified = true
	return &unverified
}

// cause is an error of the transport with a text of our own. The original text may quote what the server sent, so it
// can be matched with errors.Is and errors.As, but not be read.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string        { return c.text }
func (c *cause) Is(target error) bool { return errors.Is(c.err, target) }
func (c *cause) As(target any) bool   { return errors.As(c.err, target) }

func newCause(err error) error {
	if err == nil {
		return nil
	}
	return &cause{text: causeText(err), err: err}
}

// causeText returns a text for an error of the transport without text of the server.
func causeText(err error) string {
	var known *localError
	var timeout net.Error
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &known):
		return known.Error()
	case errors.As(err, &network):
		return network.Error()
	case errors.As(err, &certificate):
		return certificate.Error()
	case errors.As(err, &notTLS):
		return "the server does not speak TLS"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed before the end of the answer"
	}
	return "connection broken, or an answer that is not HTTP"
}

// localError is an error of this package, so its text may be shown.
type localError struct{ text string }

func (e *localError) Error() string { return e.text }

var (
	errNotJSON  = &localError{"the answer is not the JSON that was expected"}
	errNoID     = &localError{"the answer has no id"}
	errOtherID  = &localError{"the answer has another id than was asked for"}
	errTooLarge = &localError{"the answer is too large"}
	errBadID    = &localError{"nothing can have this id"}
)

const (
	maxToken      = 100 // bytes of a code or a request ID
	maxRetryAfter = 24 * time.Hour
)

// requestID returns the request ID from the headers that servers and proxies use for it, or "".
func requestID(h http.Header) string {
	for _, name := range []string{
		"X-Request-Id", "X-Correlation-Id", "Request-Id", "X-Trace-Id", "X-Amzn-Requestid", "Cf-Ray",
	} {
		if id := token(h.Get(name)); id != "" {
			return id
		}
	}
	return ""
}

// token returns the printable characters of text by others, at most maxToken bytes, so that it may be shown and
// logged.
func token(s string) string {
	var b strings.Builder
	for _, r := range s {
		if b.Len()+utf8.RuneLen(r) > maxToken {
			break
		}
		if r != utf8.RuneError && unicode.IsPrint(r) {
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// retryAfter returns the wait of a Retry-After header with seconds or an HTTP date, at most maxRetryAfter. It returns
// 0 for no header, an invalid one, and a date in the past.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.Atoi(value)
		if err != nil || seconds > int(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	// The date is by the server's clock, which may differ from ours.
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(0, date.Sub(now)), maxRetryAfter)
}
