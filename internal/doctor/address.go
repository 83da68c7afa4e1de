package doctor

import (
	"context"
	"errors"
	"net/url"

	"golang.org/x/net/idna"

	"hookwall/internal/deliver"
)

const cannotBeCalled = "The address cannot be called."

// readAddress shows what is called. An address that may not be is a matter of policy, when it is one at all.
func (e *examination) readAddress(context.Context) finding {
	e.address = e.request.URL
	bare, hadUser := withoutUser(e.request.URL)
	t, err := e.doctor.Client.Check(bare)
	if reason := reasonOf(err); err != nil && !isPolicy(reason) {
		return failed(err, cannotBeCalled)
	}
	f := finding{result: Passed, seen: e.describeAddress(bare, t)}
	if hadUser {
		f.result = Warned
		f.seen = append(f.seen, "The address holds a user name or a password before the host. It is not shown here.")
		f.do = "Take out the part before the @. It ends up in logs, and the signature of a delivery already proves who sent it."
	}
	return f
}

// isPolicy tells refusals of an address that can be understood from those of one that cannot.
func isPolicy(r deliver.Reason) bool {
	return r == deliver.ReasonNotation || r == deliver.ReasonNotPublic || r == deliver.ReasonPort || r == deliver.ReasonUserinfo
}

func reasonOf(err error) deliver.Reason {
	var r *deliver.Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

// withoutUser takes out what stands before the host. It leaves alone what cannot be read.
func withoutUser(raw string) (bare string, hadUser bool) {
	u, err := url.Parse(raw)
	if err != nil || u.User == nil {
		return raw, false
	}
	u.User = nil
	return u.String(), true
}

// describeAddress shows the address as it is called, or as it was typed when it may not be.
func (e *examination) describeAddress(typed string, t deliver.Target) []string {
	if t.URL == "" {
		return []string{"As typed: " + e.foreign(typed)}
	}
	seen := []string{"Calls go to: " + e.foreign(t.URL)}
	if name, err := idna.ToUnicode(t.Host); err == nil && name != t.Host {
		seen = append(seen, "Host name: "+e.foreign(name)+", which machines write as "+e.foreign(t.Host))
	}
	if typed != t.URL {
		seen = append(seen, "As typed: "+e.foreign(typed))
	}
	return seen
}

// askPolicy tells what Fourthwall would likely refuse, which does not end the examination, from what is never called.
func (e *examination) askPolicy(context.Context) finding {
	f := finding{result: Passed}
	for _, hint := range e.request.Hints {
		f.seen = append(f.seen, e.shown(hint))
	}
	if _, err := e.doctor.Client.Check(e.address); err != nil {
		return failed(err, "The address is not called.", f.seen...)
	}
	if len(f.seen) == 0 {
		f.seen = []string{"Nothing was found that Fourthwall is known to refuse. Its own list is not published: it decides when the webhook is saved."}
		return f
	}
	f.result = Warned
	f.do = "Use a public host name at the standard port of https. Fourthwall’s own list is not published: it decides when the webhook is saved."
	return f
}
