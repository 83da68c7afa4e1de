package handlers

import (
	"net/http"
	"net/url"
	"strings"

	"hookwall/internal/team"
	"hookwall/views/ui"
)

// handlerFunc handles a request. An error becomes a page.
type handlerFunc func(w http.ResponseWriter, r *http.Request) error

// redrawFunc draws a form as it was sent, with a notice that says why it could
// not be processed.
type redrawFunc func(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error

// access says who may use a route. A row that doesn't say it admits nobody.
// Without a team, everyone is an admin of what they connect.
type access int

const (
	public   access = iota + 1 // everyone
	signedIn                   // whoever has signed in to the team, with a role or without
	viewer                     // members with this role, or one that includes it
	operator
	admin
)

// roleFor is the least role that a member needs.
var roleFor = map[access]team.Role{viewer: team.Viewer, operator: team.Operator, admin: team.Admin}

// limitKind says which limit a route counts against.
type limitKind int

const (
	byMethod limitKind = iota // forms for shops as writes, the rest not at all
	signIn                    // a step of a sign-in
	outCall                   // a write that also calls an endpoint
	asWrite                   // a form about many shops, counted as a write
)

// route is one row of the table.
type route struct {
	method string
	path   string
	handle handlerFunc
	access access
	limit  limitKind
	// scope is what the access token has to allow besides. It is "" for pages,
	// which no token opens.
	scope team.Scope
	// disconnects is set if the route works for a shop whose connection has
	// expired, too. It doesn't call Fourthwall.
	disconnects bool
	// resumable pages can be returned to after a sign-in or a question.
	resumable bool
	// resume is the page to return to if the guard stops a POST. It is "" for
	// GET routes, which return to themselves.
	resume string
	// keeps says that what was posted is kept as a draft until the person
	// returns.
	keeps bool
	// keepsID says that the form only names a draft, which goes back into the
	// URL of the page to return to.
	keepsID bool
	// again draws the form as it was sent, if a limit was reached or the
	// database could not be used. It is nil if an error page says so.
	again redrawFunc
}

// pattern returns the route's pattern for http.ServeMux.
func (rt route) pattern() string { return rt.method + " " + rt.path }

// needsShop reports whether the shop in the path must be connected.
func (rt route) needsShop() bool {
	return strings.HasPrefix(rt.path, "/shops/{shop}") && !rt.disconnects
}

// writes reports whether the route changes what belongs to shops.
func (rt route) writes() bool {
	return rt.method != http.MethodGet && (rt.needsShop() || rt.keeps || rt.limit == asWrite)
}

// resumePath returns the page that a guarded request returns to.
func resumePath(rt route, r *http.Request) string {
	if rt.method == http.MethodGet {
		return withQuery(r.URL.EscapedPath(), r.URL.RawQuery)
	}
	rest := strings.ReplaceAll(rt.resume, "{id}", url.PathEscape(r.PathValue("id")))
	if shop := r.PathValue("shop"); shop != "" {
		return shopPath(shop) + rest
	}
	return rest
}
