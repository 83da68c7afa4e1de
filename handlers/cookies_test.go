package handlers

import (
	"net/http"
	"testing"
)

// TestTwoInstancesOnOneHost: cookies don't know ports, so instances on one host
// must not share the name of a cookie. One browser stays signed in to both.
func TestTwoInstancesOnOneHost(t *testing.T) {
	one := newRig(t, options{})
	p := one.person()
	here := p.connect(0)
	other := newRig(t, options{})
	q := other.person()
	q.client.Jar = p.client.Jar
	there := q.connect(1)
	p.get(webhooksPath(here.ID)).want(http.StatusOK, here.Name)
	q.get(webhooksPath(there.ID)).want(http.StatusOK, there.Name)
	p.post(signOutPath, nil)
	if pg := p.get(webhooksPath(here.ID)); pg.url.Path != connectPath {
		t.Errorf("after signing out there is %s", pg.url)
	}
	q.get(webhooksPath(there.ID)).want(http.StatusOK, there.Name)
}
