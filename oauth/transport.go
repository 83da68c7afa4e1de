package oauth

import (
	"cmp"
	"net/http"
)

// named is a transport that says who asks, and for what, as each call to the API does. What is in front of Fourthwall
// may refuse Go's own name.
type named struct {
	next      http.RoundTripper
	userAgent string
}

func newTransport(c Config) http.RoundTripper {
	t := named{c.Transport, cmp.Or(c.UserAgent, "hookwall")}
	if t.next == nil {
		t.next = http.DefaultTransport //nolint:forbidigo // tokenClient has a timeout and follows no redirect
	}
	return t
}

func (t named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", t.userAgent)
	return t.next.RoundTrip(r)
}
