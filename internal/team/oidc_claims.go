package team

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Limits on what a provider says, far above what is usual.
const (
	maxSubject = 255 // bytes, by OIDC Core §2
	maxName    = 200 // characters
	maxEmail   = 254 // bytes
	maxCode    = 100 // characters of an error code
	maxURL     = 300 // characters of a URL in an error
	maxCause   = 500 // characters of an error that may repeat a token
)

// claims are what a provider says about a person.
type claims map[string]any

// text returns a claim that is a string, or "".
func (c claims) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// isTrue reports whether a claim is true. Some providers write it as text or as a number.
func (c claims) isTrue(name string) bool {
	switch v := c[name].(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true") || v == "1"
	case float64:
		return v == 1
	}
	return false
}

// time returns a claim that is a time in seconds.
func (c claims) time(name string) (time.Time, bool) {
	seconds, ok := c[name].(float64)
	return time.Unix(int64(seconds), 0), ok
}

// addFrom adds the claims that c doesn't have.
func (c claims) addFrom(more claims) {
	for name, value := range more {
		if _, has := c[name]; !has {
			c[name] = value
		}
	}
}

// lookup returns the value at a dotted path such as realm_access.roles. Names may have dots themselves, as URLs do: the
// longest name that exists wins.
func (c claims) lookup(path string) (value any, ok bool) {
	if value, ok = c[path]; ok {
		return value, true
	}
	for i, r := range slices.Backward([]byte(path)) {
		if r != '.' {
			continue
		}
		if inner, isObject := c[path[:i]].(map[string]any); isObject {
			if value, ok = claims(inner).lookup(path[i+1:]); ok {
				return value, true
			}
		}
	}
	return nil, false
}

// isElsewhere reports whether the provider left a claim out since it is too long, and says where it is.
func (c claims) isElsewhere(name string) bool {
	sources, _ := c["_claim_names"].(map[string]any)
	_, ok := sources[name]
	return ok || name == "groups" && c.isTrue("hasgroups")
}

// groups returns the groups in the claim at a path: a list of strings, or one string. Without the claim, the person is
// in none.
func (c claims) groups(path string) ([]string, error) {
	value, ok := c.lookup(path)
	switch {
	case path == "":
		return nil, nil
	case !ok && c.isElsewhere(path):
		return nil, wrongSetting(SettingRoleClaim, "the person is in too many groups for an ID token. "+
			"Let the provider send only those of this app, or use app roles")
	case !ok || value == nil:
		return nil, nil
	}
	if one, isText := value.(string); isText {
		return []string{one}, nil
	}
	list, isList := value.([]any)
	var out []string
	for _, item := range list {
		name, isText := item.(string)
		isList = isList && isText
		out = append(out, name)
	}
	if !isList {
		return nil, wrongSetting(SettingRoleClaim, fmt.Sprintf("the claim %s is no list of names", path))
	}
	return out, nil
}

// email returns the person's e-mail address, or "", and whether the provider vouches for it.
func (o *OIDC) email(c claims) (address string, isVerified bool) {
	address = c.text("email")
	isVerified = c.isTrue("email_verified")
	switch _, says := c["email_verified"]; {
	case o.isGoogle:
		// Anybody can make a Google account with an address elsewhere, and keep it after leaving the domain.
		isVerified = isVerified && (c.text("hd") != "" || domainOf(address) == "gmail.com")
	case o.isEntra && !says:
		isVerified = c.isTrue("xms_edov") // the domain's owner is verified
	}
	if address == "" {
		address, isVerified = c.text("preferred_username"), false
	}
	if domainOf(address) == "" || len(address) > maxEmail || readable(address, maxEmail) != address {
		return "", false
	}
	return address, isVerified
}

// domainOf returns the domain of an e-mail address in lower case, or "" if it is none.
func domainOf(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return ""
	}
	return strings.ToLower(address[at+1:])
}

// checkDomain checks that a person is of an allowed domain. hosted is the domain that a Google account belongs to.
func (o *OIDC) checkDomain(id Identity, hosted string) error {
	allowed := o.config.AllowedDomains
	isAllowed := func(domain string) bool { return domain != "" && slices.Contains(allowed, strings.ToLower(domain)) }
	switch {
	case len(allowed) == 0, o.isGoogle && isAllowed(hosted), id.EmailVerified && isAllowed(domainOf(id.Email)):
		return nil
	case !id.EmailVerified:
		return &SignInError{Problem: ProblemUnverified, Email: id.Email, Err: errors.New(
			"HOOKWALL_OIDC_ALLOWED_DOMAINS is set, but the provider doesn't say that the address is the person's")}
	}
	return &SignInError{Problem: ProblemDomain, Email: id.Email, Err: fmt.Errorf(
		"%s isn't in HOOKWALL_OIDC_ALLOWED_DOMAINS", domainOf(id.Email))}
}

// readable returns text without characters that can't be seen, in at most limit characters.
func readable(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
	return clipped(strings.TrimSpace(text), limit)
}

// clipped returns the first characters of a text.
func clipped(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return text
}

// problemOf returns the Problem of an error, or "".
func problemOf(err error) Problem {
	var failed *SignInError
	if errors.As(err, &failed) {
		return failed.Problem
	}
	return ""
}

// UnmarshalJSON reads claims. JSON null is none.
func (c *claims) UnmarshalJSON(b []byte) error {
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	if m == nil {
		m = map[string]any{}
	}
	*c = m
	return nil
}
