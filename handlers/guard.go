package handlers

import (
	"errors"
	"net/http"

	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/oauth"
	"hookwall/views/ui"
)

// adapt runs a route behind its guard and turns an error into a page.
func (s *server) adapt(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := stateOf(r)
		err := v.broken
		if err == nil {
			err = s.answer(rt, w, r)
		}
		if err != nil && hasLeft(r) {
			s.showError(w, r, err)
			return
		}
		if endsConnection(err) {
			v.log.Warn("the shop must be connected again", "error", err)
			err = s.sendToConnect(w, r, rt, v.conn.ShopID)
		}
		if errors.Is(err, store.ErrUnavailable) {
			err = s.unavailable(rt, w, r, err)
		}
		if err != nil {
			s.showError(w, r, err)
		}
	}
}

// endsConnection reports whether an error means that the shop must be connected
// again. A row that is missing, and that no page deals with, went with its
// owner, who signed out in another tab.
func endsConnection(err error) bool {
	var answer *httpError
	return errors.Is(err, oauth.ErrReconnect) || errors.Is(err, store.ErrNotFound) && !errors.As(err, &answer)
}

// answer counts the request against its limits and passes it to the guard.
func (s *server) answer(rt route, w http.ResponseWriter, r *http.Request) error {
	hit, err := s.admit(rt, r)
	switch {
	case err != nil:
		return err
	case hit != nil:
		return s.limited(rt, w, r, hit)
	case !stateOf(r).may(rt.access):
		return s.turnAway(rt, w, r)
	case rt.needsShop():
		return s.guard(rt, w, r)
	}
	return rt.handle(w, r)
}

// turnAway responds to a person who may not use a route: it asks a stranger to
// sign in, and tells a member who can help. What was posted is kept.
func (s *server) turnAway(rt route, w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	back, err := s.wayBackTo(rt, w, r)
	if err != nil {
		return err
	}
	if v.person.ID == "" {
		return redirect(w, r, signInHref(s.returnPath(back)))
	}
	err = s.turnAwayMember(r, rt.access)
	var answer *httpError
	if rt.keeps && errors.As(err, &answer) {
		answer.Public += formIsKeptText
		answer.Links = append([]ui.Link{{Href: back, Text: "Try again"}}, answer.Links...)
	}
	return err
}

// turnAwayMember returns the page for a member whose role doesn't allow what was
// asked for. It names those who can help.
func (s *server) turnAwayMember(r *http.Request, needed access) error {
	v := stateOf(r)
	admins, err := s.Team.Admins(r.Context())
	if err != nil {
		return err
	}
	v.log.Warn("the role doesn't allow it", "person", v.person.ID, "role", v.role, "needed", roleFor[needed])
	answer := &httpError{Status: http.StatusForbidden, Links: []ui.Link{startLink(v)}}
	answer.Heading, answer.Public = notAllowed(v.role, roleFor[needed], admins)
	if v.role == team.NoRole {
		answer.Public += unverifiedText(v.person)
		answer.AdminName = v.person.AdminName()
		if s.OIDC != nil {
			other := ui.Link{Href: otherAccountHref(s.returnPath(r.URL.RequestURI())), Text: "Use another account"}
			answer.Links = append(answer.Links, other)
		}
	}
	return answer
}

// reconnectLink returns a link to connect a shop again, or nil if an admin must
// do it.
func (v *requestState) reconnectLink(back, shopID string) *ui.Link {
	if !v.may(admin) {
		return nil
	}
	if v.conn.ShopID == shopID && v.conn.Channel != "" {
		return channelLink(v.conn)
	}
	link := connectLink(back, shopID)
	return &link
}

// channelLink leads to the channel of a connection. It is nil if it has none.
func channelLink(c store.Connection) *ui.Link {
	if c.Channel == "" {
		return nil
	}
	return &ui.Link{Href: channelPath(c.Channel), Text: "See the channel " + c.Hint}
}

// lacksPermission completes a notice of a call that the API doesn't allow. A
// connection of its own can be made again with more permissions, and a channel's
// can't.
func (v *requestState) lacksPermission(n *ui.Notice, back string) {
	n.Link = v.reconnectLink(back, v.conn.ShopID)
	if v.conn.Channel != "" {
		n.Title, n.Text = channelMayNotTitle, channelMayNotText
	}
}

// startLink leads to the first page that a person may see.
func startLink(v *requestState) ui.Link {
	if v.role == team.NoRole {
		return ui.Link{Href: signOutPath, Text: "Sign out"}
	}
	return ui.Link{Href: shopsPath, Text: "See the shops"}
}

// wayBackTo returns the page that a guarded request returns to, and keeps what
// was posted for it.
func (s *server) wayBackTo(rt route, w http.ResponseWriter, r *http.Request) (string, error) {
	switch {
	case rt.keeps:
		return s.keepDraft(w, r, rt)
	case rt.keepsID:
		return withDraft(resumePath(rt, r), r.PostFormValue("draft")), nil
	}
	return resumePath(rt, r), nil
}

// guard admits a request to a shop's page when the session has that shop
// connected, and sends it to connect otherwise. A credential that can't be
// decrypted, because its key is gone, counts as expired.
func (s *server) guard(rt route, w http.ResponseWriter, r *http.Request) error {
	v := stateOf(r)
	if v.owner == "" {
		return s.sendToConnect(w, r, rt, "")
	}
	conn, err, ok := store.PageOf(r.Context()).Connection(v.owner, r.PathValue("shop"))
	if !ok {
		conn, err = s.Store.Connection(r.Context(), v.owner, r.PathValue("shop"))
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return s.guardUnconnected(rt, w, r)
	case errors.Is(err, store.ErrWrongKey):
		v.log.Warn("a credential does not open", "shop", clip(conn.ShopID, maxLoggedShop), "error", err)
		v.log.Warn("the shop must be connected again", "error", err)
		s.noteUnreadable(r, &conn)
	case err != nil:
		return err
	}
	v.conn = conn
	if conn.Expired {
		return s.sendToConnect(w, r, rt, conn.ShopID)
	}
	if rt.resumable { // a page, not a part of one or a file
		s.rememberShop(w, r, conn.ShopID)
	}
	return rt.handle(w, r)
}

// guardUnconnected responds for a shop that this session has not connected. The
// response is the same whether the shop exists or not.
func (s *server) guardUnconnected(rt route, w http.ResponseWriter, r *http.Request) error {
	all, err := s.Store.Connections(r.Context(), stateOf(r).owner)
	if err != nil {
		return err
	}
	if len(all) == 0 && s.Team == nil {
		return s.sendToConnect(w, r, rt, "")
	}
	answer := &httpError{Status: http.StatusNotFound, Public: unconnectedText}
	if rt.keeps {
		back, err := s.keepDraft(w, r, rt)
		if err != nil {
			return err
		}
		answer.Public += typedIsKeptText
		if stateOf(r).may(admin) {
			answer.Links = append(answer.Links, connectLink(back, ""))
		}
	}
	return answer
}

// sendToConnect redirects to the connect page and keeps what was posted. shopID
// names the connection that expired.
func (s *server) sendToConnect(w http.ResponseWriter, r *http.Request, rt route, shopID string) error {
	back, err := s.wayBackTo(rt, w, r)
	if err != nil {
		return err
	}
	if !stateOf(r).may(admin) {
		return s.sendToAdmin(rt, r, back, shopID)
	}
	return redirect(w, r, connectLink(s.returnPath(back), shopID).Href)
}

// sendToAdmin tells a member that the shop must be connected, why, and who can
// do it.
func (s *server) sendToAdmin(rt route, r *http.Request, back, shopID string) error {
	known, err := s.knownShop(r, shopID)
	if err != nil {
		return err
	}
	admins, err := s.Team.Admins(r.Context())
	if err != nil {
		return err
	}
	answer := &httpError{
		Status: http.StatusConflict, Heading: connectAgainTitle,
		Public: shopLink(known).EndText + adminsConnectText + whoCanHelp(admins),
		Links:  []ui.Link{{Href: back, Text: "Try again"}, startLink(stateOf(r))},
	}
	if rt.keeps {
		answer.Public += formIsKeptText
	}
	return answer
}

// limited responds to a request that reached a limit. The page has the form as
// it was sent, if the session may see the page that it came from.
func (s *server) limited(rt route, w http.ResponseWriter, r *http.Request, hit *tooMany) error {
	s.logLimit(r, hit)
	setRetryAfter(w, hit.wait)
	answer := &httpError{
		Status: http.StatusTooManyRequests, Public: limitText(hit.by) + " Nothing was done.", RetryAfter: hit.wait,
	}
	switch {
	case rt.again != nil && s.mayRedraw(rt, r):
		return rt.again(w, r, http.StatusTooManyRequests, limitNotice(hit.by, hit.wait))
	case rt.path == startPath:
		w.Header().Set("Referrer-Policy", "strict-origin") // its query goes nowhere else
		answer.Links = []ui.Link{{Href: withQuery(r.URL.EscapedPath(), r.URL.RawQuery), Text: "Try again"}}
	case isOfGuests(r.URL.Path):
		s.hideToken(w)
		if rt.method == http.MethodGet {
			answer.Links = []ui.Link{{Href: r.URL.EscapedPath(), Text: "Try again"}}
		}
	case rt.limit == signIn:
		scrub(w) // of the code in a callback
		answer.Links = []ui.Link{{Href: connectPath, Text: "Connect a shop"}}
		if rt.access == public && rt.path != callbackPath {
			answer.Links = []ui.Link{{Href: signInPath, Text: "Sign in"}}
		}
	default:
		answer.Links = []ui.Link{{Href: resumePath(rt, r), Text: "Go back"}}
	}
	return answer
}

// mayRedraw reports whether the session may see a shop's form, and finds its
// connection.
func (s *server) mayRedraw(rt route, r *http.Request) bool {
	v := stateOf(r)
	if !v.may(rt.access) {
		return false
	}
	if !rt.needsShop() {
		return true
	}
	conn, err := s.Store.Connection(r.Context(), v.owner, r.PathValue("shop"))
	if err != nil || conn.Expired {
		return false
	}
	v.conn = conn
	return true
}
