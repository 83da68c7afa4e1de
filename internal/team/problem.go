package team

import (
	"errors"
	"time"
)

// Problem is why a sign-in ended without an identity. A page chooses its sentence by it.
type Problem string

// The problems of a sign-in.
const (
	ProblemDown       Problem = "the provider gives no usable response"
	ProblemDenied     Problem = "the provider or the person refused"
	ProblemSettings   Problem = "a setting is wrong"                      // SignInError.Setting names it
	ProblemClock      Problem = "the clocks differ"                       // SignInError.Skew says by how much
	ProblemDomain     Problem = "the e-mail domain isn't allowed"         // SignInError.Email has the address
	ProblemUnverified Problem = "the provider doesn't vouch for an email" // SignInError.Email has the address, or ""
	ProblemMismatch   Problem = "the response doesn't belong to this sign-in"
	ProblemToken      Problem = "the ID token isn't valid" //nolint:gosec // a sentence
	ProblemHeader     Problem = "the proxy's headers aren't acceptable"
)

// The settings that a SignInError may name.
const (
	SettingIssuer    = "HOOKWALL_OIDC_ISSUER"
	SettingClientID  = "HOOKWALL_OIDC_CLIENT_ID"
	SettingSecret    = "HOOKWALL_OIDC_CLIENT_SECRET" //nolint:gosec // the name of a setting
	SettingScopes    = "HOOKWALL_OIDC_SCOPES"
	SettingRoleClaim = "HOOKWALL_OIDC_ROLE_CLAIM"
)

// SignInError says why a sign-in ended without an identity. Error is for the log and for whoever set Hookwall up.
type SignInError struct {
	Problem Problem
	Setting string        // name of the setting to correct, or ""
	Email   string        // as the provider gave it, or ""
	Skew    time.Duration // how far this machine's clock is ahead of the provider's; negative if it is behind
	Err     error
}

func (e *SignInError) Error() string {
	text := "team: sign-in: " + string(e.Problem)
	if e.Setting != "" {
		text += " (" + e.Setting + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *SignInError) Unwrap() error { return e.Err }

// problem returns a SignInError with a cause in words.
func problem(p Problem, cause string) *SignInError {
	return &SignInError{Problem: p, Err: errors.New(cause)}
}

// wrongSetting returns a SignInError that names the setting to correct.
func wrongSetting(name, cause string) *SignInError {
	return &SignInError{Problem: ProblemSettings, Setting: name, Err: errors.New(cause)}
}
