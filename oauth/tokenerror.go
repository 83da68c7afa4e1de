package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"golang.org/x/oauth2"
)

// ErrApp means that the provider doesn't accept the client ID and secret. That is the fault of the settings, and no
// fault of a code or a refresh token.
var ErrApp = errors.New("the authorization server does not accept the client ID and secret")

// TokenError says that the token URL responded, but without a usable token.
type TokenError struct {
	Op     string // what was tried: "refresh token"
	Status int    // HTTP status; 200 for any 2xx
	Code   string // error code, of RFC 6749 §5.2 or not; "" if the response has none, as that of a proxy
	Reason string // what is wrong with a 2xx
}

// Error says what was tried, and what the response says.
func (e *TokenError) Error() string {
	text := fmt.Sprintf("oauth: %s: status %d", e.Op, e.Status)
	switch {
	case e.Code != "":
		return text + " " + e.Code
	case e.Reason != "":
		return text + ": " + e.Reason
	}
	return text + " without an error code"
}

// Is reports whether target is what the code means: ErrRefused or ErrApp.
func (e *TokenError) Is(target error) bool {
	switch e.Code {
	case "invalid_grant", "invalid_token", "login_required", "interaction_required", "consent_required":
		return target == ErrRefused
	case "invalid_client", "unauthorized_client":
		return target == ErrApp
	}
	return false
}

// IsBusy reports whether the provider has a fault of its own, or asks to wait.
func (e *TokenError) IsBusy() bool {
	return e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests
}

// codeForm is what an error code looks like. Other texts in its place, such as "Bad Request", are no codes.
var codeForm = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// IsCode reports whether a text looks like an error code, so that it may be shown.
func IsCode(text string) bool { return len(text) <= 50 && codeForm.MatchString(text) }

// tokenError returns a TokenError, or an error without a response. It drops the rest of a response, since the library's
// error quotes the whole body.
func tokenError(op string, err error) error {
	var response *oauth2.RetrieveError
	var network *url.Error
	switch {
	case errors.As(err, &response) && response.Response != nil:
		e := &TokenError{Op: op, Status: response.Response.StatusCode}
		if IsCode(response.ErrorCode) && mayHaveCode(e.Status) {
			e.Code = response.ErrorCode
		}
		return e
	case errors.As(err, &network):
		return fmt.Errorf("oauth: %s: %w", op, network.Err) // without the URL
	}
	return &TokenError{Op: op, Status: http.StatusOK, Reason: "the response has no readable token"}
}

// mayHaveCode reports whether a response with this status may have an error code. Some servers send one with a 200.
func mayHaveCode(status int) bool {
	isRefusal := status >= http.StatusBadRequest && status < http.StatusInternalServerError
	return status < http.StatusMultipleChoices || isRefusal
}
