package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"hookwall/views"
)

// handlerFunc answers a request. An error becomes a page.
type handlerFunc func(w http.ResponseWriter, r *http.Request) error

// access says who may use a route.
type access int

const (
	public   access = iota // everyone
	shopOnly               // a session that has connected the shop in the path
)

// route is one row of the table.
type route struct {
	method string
	path   string
	handle handlerFunc
	access access
	// resumable pages can be returned to after a sign-in.
	resumable bool
	// resume is the page to come back to when a POST meets the guard; "" for
	// GET routes, which come back to themselves.
	resume string
	// keeps says that what was posted is kept as a draft meanwhile.
	keeps bool
	// keepsID says that the form only names a draft, which goes back into the
	// address of the page to come back to.
	keepsID bool
	// limit says what the route is counted under.
	limit limitKind
	// again draws the form once more as it was sent, when a limit was reached
	// or the database could not be used; nil where a page of its own says so.
	again func(w http.ResponseWriter, r *http.Request, status int, n views.Notice) error
}

// limitKind says what a route is counted under.
type limitKind int

const (
	byMethod limitKind = iota // the forms of a shop's pages as writes, the rest not at all
	signIn                    // a step of a sign-in
	outCall                   // a write that also calls an endpoint
)

func (rt route) writes() bool { return rt.access == shopOnly && rt.method != http.MethodGet }

// resumePath is the page a guarded request comes back to.
func resumePath(rt route, r *http.Request) string {
	if rt.method == http.MethodGet {
		return withQuery(r.URL.EscapedPath(), r.URL.RawQuery)
	}
	rest := strings.ReplaceAll(rt.resume, "{id}", url.PathEscape(r.PathValue("id")))
	return shopPath(r.PathValue("shop")) + rest
}
