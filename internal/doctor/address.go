package doctor

import (
	"context"
	"errors"
	"net/url"

	"golang.org/x/net/idna"

	"hookwall/internal/deliver"
)

// readAddress reports which URL is called. Whether it may be called is the next step's question.
func (e *examination) readAddress(context.Context) finding {
	e.address = e.request.URL
	bare, hadUser := withoutUser(e.request.URL)
	t, err := e.doctor.Client.Check(bare)
	if reason := reasonOf(err); err != nil && !isPolicy(reason) {
		return failed(err, cannotBeCalled)
	}
	f := finding{result: Passed, seen: e.describeAddress(bare, t)}
	if hadUser {
		f.result, f.seen, f.do = Warned, append(f.seen, hasUser), doRemoveUser
	}
	return f
}

// isPolicy reports whether the refused URL is well-formed.
func isPolicy(r deliver.Reason) bool {
	switch r {
	case deliver.ReasonNotation, deliver.ReasonNotPublic, deliver.ReasonPort, deliver.ReasonUserinfo:
		return true
	}
	return false
}

// reasonOf returns the reason of a *deliver.Refusal, or "" for another error.
func reasonOf(err error) deliver.Reason {
	var r *deliver.Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

// withoutUser returns the URL without user name and password. It returns a URL that can't be parsed unchanged.
func withoutUser(raw string) (bare string, hadUser bool) {
	u, err := url.Parse(raw)
	if err != nil || u.User == nil {
		return raw, false
	}
	u.User = nil
	return u.String(), true
}

// describeAddress returns the URL that is called, or the typed one if it may not be called.
func (e *examination) describeAddress(typed string, t deliver.Target) []string {
	if t.URL == "" {
		return []string{asTyped(e.quote(typed))}
	}
	seen := []string{callsGoTo(e.quote(t.URL))}
	if name, err := idna.ToUnicode(t.Host); err == nil && name != t.Host {
		seen = append(seen, hostName(e.quote(name), e.quote(t.Host)))
	}
	if typed != t.URL {
		seen = append(seen, asTyped(e.quote(typed)))
	}
	return seen
}

// checkPolicy warns of what Fourthwall would probably reject. It ends the examination if the URL must not be called.
func (e *examination) checkPolicy(context.Context) finding {
	f := finding{result: Passed}
	for _, hint := range e.request.Hints {
		f.seen = append(f.seen, e.redact(hint))
	}
	if _, err := e.doctor.Client.Check(e.address); err != nil {
		return failed(err, notCalled, f.seen...)
	}
	if len(f.seen) == 0 {
		f.seen = []string{nothingRefused}
		return f
	}
	f.result, f.do = Warned, doUsePublicHost
	return f
}
