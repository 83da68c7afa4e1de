package handlers

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views"
)

// handleConnect shows the ways to connect a shop.
func (s *server) handleConnect(w http.ResponseWriter, r *http.Request) error {
	page, err := s.connectPage(r, r.URL.Query())
	if err != nil {
		return err
	}
	if n, ok := connectNotice(r.URL.Query()); ok {
		page.Notices = append(page.Notices, n)
	}
	return s.render(w, r, http.StatusOK, views.Connect(page))
}

// connectPage fills the page from the parameters return and shop.
func (s *server) connectPage(r *http.Request, q url.Values) (views.ConnectPage, error) {
	frame, err := s.frame(r, "Connect a shop")
	if err != nil {
		return views.ConnectPage{}, err
	}
	back := s.returnPath(q.Get("return"))
	page := views.ConnectPage{
		Frame: frame, Return: back, KeyAction: "/connect/key",
		Permissions: permissions(s.Scopes), ForDevelopersURL: s.forDevelopers(),
	}
	start := url.Values{}
	if back != "" {
		start.Set("return", back)
	}
	if shopID := q.Get("shop"); shopID != "" {
		start.Set("shop", shopID)
	}
	for _, l := range frame.Shops {
		if l.ID == q.Get("shop") {
			page.ExpectShop, page.ExpectExpired = l.Name, l.Expired
		}
	}
	if s.OAuth.Offers(oauth.WayCode) {
		page.CodeHref = startHref(oauth.WayCode, start)
	}
	if s.OAuth.Offers(oauth.WayImplicit) {
		page.ImplicitHref = startHref(oauth.WayImplicit, start)
	}
	page.KeptForm, err = s.hasDraft(r, back)
	return page, err
}

func startHref(way string, q url.Values) string {
	q.Set("way", way)
	return "/oauth/start?" + q.Encode()
}

func (s *server) hasDraft(r *http.Request, back string) (bool, error) {
	_, query, _ := strings.Cut(back, "?")
	q, err := url.ParseQuery(query)
	if err != nil || q.Get("draft") == "" {
		return false, err
	}
	if stateOf(r).offline {
		return false, nil
	}
	_, err = s.Store.Draft(r.Context(), s.browserToken(r), q.Get("draft"))
	if draftGone(err) {
		return false, nil
	}
	return err == nil, err
}

func permissions(scopes []string) []views.Permission {
	texts := map[string]string{
		"webhook_read":  "See your webhooks",
		"webhook_write": "Create, change and delete webhooks",
	}
	var out []views.Permission
	for _, scope := range scopes {
		text := texts[scope]
		if text == "" {
			text = "The permission " + scope
		}
		out = append(out, views.Permission{Scope: scope, Text: text})
	}
	return out
}

// connectOutcomes are the sentences for what brought a person to the connect
// page. The key stands in the address; nothing else from there is shown.
var connectOutcomes = map[string]views.Notice{
	"access_denied":           {Kind: views.Info, Title: "The shop was not connected", Text: "You chose not to allow it. Nothing was changed. You can start again whenever you like."},
	"temporarily_unavailable": {Kind: views.Warning, Title: "Fourthwall cannot sign you in right now", Text: "Its sign-in is busy. Try again in a moment."},
	"server_error":            {Kind: views.Warning, Title: "Fourthwall cannot sign you in right now", Text: "Its sign-in reported a fault of its own. Try again in a moment."},
	"invalid_scope":           {Kind: views.Failure, Title: "The shop was not connected", Text: "Fourthwall does not offer the permissions that were asked for. Whoever runs this Hookwall should check FOURTHWALL_SCOPES."},
	"unauthorized_client":     {Kind: views.Failure, Title: "The shop was not connected", Text: "Fourthwall does not let this app sign in this way. Try another way, or ask whoever runs this Hookwall to check the client id."},
	"refused":                 {Kind: views.Failure, Title: "The shop was not connected", Text: "Fourthwall refused the sign-in. Start again; if it keeps happening, use an API key."},
	"code_refused":            {Kind: views.Failure, Title: "The shop was not connected", Text: "Fourthwall did not accept the sign-in, perhaps because it took too long. Start again."},
	"unreachable":             {Kind: views.Warning, Title: "The shop was not connected", Text: "Fourthwall could not be reached to finish the sign-in. Nothing was changed. Try again in a moment."},
	"shop_unknown":            {Kind: views.Failure, Title: "The shop was not connected", Text: "Fourthwall would not say which shop this is. Sign in to the shop’s admin first, then start again."},
	"way_not_offered":         {Kind: views.Info, Title: "That way of signing in is not offered here", Text: "Choose one of the ways below."},
	"signed_out":              {Kind: views.Success, Title: "You are signed out", Text: "Every shop was disconnected in this browser, and its tokens were deleted."},
}

var requestIDForm = regexp.MustCompile(`^[A-Z2-7]{16}$`)

func connectNotice(q url.Values) (views.Notice, bool) {
	n, ok := connectOutcomes[q.Get("outcome")]
	if ok && requestIDForm.MatchString(q.Get("request")) && n.Kind != views.Success {
		n.RequestID = q.Get("request")
	}
	return n, ok
}

// handleStart begins a sign-in. It is a link and not a form, since our policy
// lets a form lead nowhere but to ourselves.
func (s *server) handleStart(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodHead {
		return &httpError{Status: http.StatusMethodNotAllowed}
	}
	q := r.URL.Query()
	back := s.returnPath(q.Get("return"))
	way := q.Get("way")
	if way == oauth.WayAPIKey || !s.OAuth.Offers(way) {
		return s.backToConnect(w, r, "way_not_offered", back)
	}
	attempt, to, err := s.OAuth.Begin(way, s.ensureBrowser(w, r))
	if err != nil {
		return err
	}
	attempt.Return = back
	attempt.Shop = bounded(q.Get("shop"), 200)
	if err := s.Store.PutSignIn(r.Context(), store.SignIn(attempt)); err != nil {
		return err
	}
	return redirect(w, r, to)
}

// backToConnect shows what went wrong on the connect page, under an address
// without a code or a token.
func (s *server) backToConnect(w http.ResponseWriter, r *http.Request, problem, back string) error {
	q := url.Values{"outcome": {problem}, "request": {stateOf(r).requestID}}
	if back != "" {
		q.Set("return", back)
	}
	return redirect(w, r, "/connect?"+q.Encode())
}

// providerProblem names an error of RFC 6749 §4.1.2.1 among the ones we have
// a sentence for.
func providerProblem(code string) string {
	switch code {
	case "access_denied", "temporarily_unavailable", "server_error", "invalid_scope", "unauthorized_client":
		return code
	}
	return "refused"
}

// handleCallback ends an authorization code sign-in.
func (s *server) handleCallback(w http.ResponseWriter, r *http.Request) error {
	scrub(w)
	if r.Method == http.MethodHead {
		// What looks ahead at links must not spend a code.
		return &httpError{Status: http.StatusMethodNotAllowed}
	}
	q := r.URL.Query()
	if q.Get("error") != "" {
		return s.endRefused(w, r, q, oauth.WayCode)
	}
	attempt, err := s.takeAttempt(r, q.Get("state"), oauth.WayCode)
	if err != nil {
		return err
	}
	if q.Get("code") == "" {
		return s.backToConnect(w, r, "refused", attempt.Return)
	}
	credential, err := s.OAuth.Exchange(r.Context(), q.Get("code"), attempt.Verifier)
	if err != nil {
		stateOf(r).log.Warn("sign-in failed", "way", oauth.WayCode, "error", err)
		if errors.Is(err, oauth.ErrRefused) {
			return s.backToConnect(w, r, "code_refused", attempt.Return)
		}
		return s.backToConnect(w, r, "unreachable", attempt.Return)
	}
	return s.finishSignIn(w, r, credential, attempt.Return)
}

// scrub keeps the address of a callback, which holds a code, out of caches
// and referrers.
func scrub(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
}

// endRefused spends the attempt that the provider turned down.
func (s *server) endRefused(w http.ResponseWriter, r *http.Request, q url.Values, way string) error {
	problem := providerProblem(q.Get("error"))
	stateOf(r).log.Warn("sign-in refused by the provider", "way", way, "problem", problem)
	attempt, err := s.takeAttempt(r, q.Get("state"), way)
	var answer *httpError
	if errors.As(err, &answer) {
		return s.backToConnect(w, r, problem, "")
	}
	if err != nil {
		return err
	}
	return s.backToConnect(w, r, problem, attempt.Return)
}

// takeAttempt spends the attempt with this state, when this browser began it
// and it was begun by this way.
func (s *server) takeAttempt(r *http.Request, state, way string) (store.SignIn, error) {
	browser := s.browserToken(r)
	mismatch := &httpError{
		Status: http.StatusBadRequest,
		Public: "This sign-in was not started in this browser, was already used, or took longer than ten minutes. Nothing was connected. Start again.",
		Links:  []views.Link{{Href: "/connect", Text: "Connect a shop"}},
	}
	if state == "" || browser == "" {
		stateOf(r).log.Warn("sign-in without a state", "way", way)
		return store.SignIn{}, mismatch
	}
	attempt, err := s.Store.TakeSignIn(r.Context(), state, browser)
	if errors.Is(err, store.ErrNotFound) || (err == nil && subtle.ConstantTimeCompare([]byte(attempt.Way), []byte(way)) != 1) {
		stateOf(r).log.Warn("sign-in state does not match", "way", way)
		return store.SignIn{}, mismatch
	}
	return attempt, err
}

// handleImplicitPage is where the implicit flow comes back to: its script
// takes the token out of the address and posts it.
func (s *server) handleImplicitPage(w http.ResponseWriter, r *http.Request) error {
	scrub(w)
	// This page's form is sent to ourselves: under no-referrer, a browser on
	// plain http sends it with an Origin of null, which is refused. The token
	// is in the fragment, which is in no referrer.
	w.Header().Set("Referrer-Policy", "same-origin")
	if q := r.URL.Query(); q.Get("error") != "" {
		// Some servers put an error into the query, RFC 6749 notwithstanding.
		return s.endRefused(w, r, q, oauth.WayImplicit)
	}
	page := views.ImplicitPage{Frame: s.bareFrame(r, "Finishing the sign-in"), Action: "/oauth/implicit", ConnectHref: "/connect"}
	return s.render(w, r, http.StatusOK, views.Implicit(page))
}

// handleImplicit ends an implicit sign-in with what the script posted.
func (s *server) handleImplicit(w http.ResponseWriter, r *http.Request) error {
	scrub(w)
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if r.PostForm.Get("error") != "" {
		return s.endRefused(w, r, r.PostForm, oauth.WayImplicit)
	}
	attempt, err := s.takeAttempt(r, r.PostForm.Get("state"), oauth.WayImplicit)
	if err != nil {
		return err
	}
	credential, err := s.OAuth.FromFragment(r.PostForm)
	if err != nil {
		stateOf(r).log.Warn("sign-in failed", "way", oauth.WayImplicit, "error", err)
		return s.backToConnect(w, r, "refused", attempt.Return)
	}
	return s.finishSignIn(w, r, credential, attempt.Return)
}

// finishSignIn asks the API whose credential this is and connects that shop.
func (s *server) finishSignIn(w http.ResponseWriter, r *http.Request, c oauth.Credential, back string) error {
	shop, err := s.API.CurrentShop(r.Context(), c.API())
	if err != nil {
		stateOf(r).log.Warn("sign-in failed: the shop could not be read", "way", c.Way, "error", err)
		var api *fourthwall.Error
		if errors.As(err, &api) && api.Status >= 400 && api.Status < 500 && api.Status != http.StatusTooManyRequests {
			return s.backToConnect(w, r, "shop_unknown", back)
		}
		return s.backToConnect(w, r, "unreachable", back)
	}
	return s.connect(w, r, c, shop, back)
}

// connect renews the session, so that an id known from before the sign-in
// gains nothing, and stores the connection.
func (s *server) connect(w http.ResponseWriter, r *http.Request, c oauth.Credential, shop fourthwall.Shop, back string) error {
	v := stateOf(r)
	v.session.ID = ""
	if err := s.sessions.Save(r, w, v.session); err != nil {
		return err
	}
	v.owner = store.OwnerOf(v.session)
	encoded, err := c.Encode()
	if err != nil {
		return err
	}
	scopes := c.Scopes
	if scopes == "" && c.Way != oauth.WayAPIKey {
		scopes = strings.Join(s.Scopes, " ")
	}
	v.conn = store.Connection{
		Owner: v.owner, ShopID: shop.ID, ShopName: shop.Name, ShopDomain: shop.Domain, Way: c.Way,
		Credential: encoded, Hint: hint(c.Username), Scopes: scopes, ExpiresAt: c.ExpiresAt,
	}
	act, err := s.begin(r.Context(), v, store.Activity{Action: actionConnect}, detail{Shop: shop.Name, Scopes: scopes})
	if err != nil {
		return err
	}
	conn, err := s.Store.PutConnection(r.Context(), v.conn)
	if err := s.settle(r.Context(), v, act, err); err != nil {
		return err
	}
	v.log.Info("shop connected", "way", c.Way, "shop", clip(shop.ID, 80))
	to := forShop(s.returnPath(back), conn.ShopID)
	landing, _, _ := strings.Cut(to, "?")
	if err := s.flash(r, v.owner, landing, views.Notice{Kind: views.Success, Title: shopLink(conn).Name + " is connected"}); err != nil {
		return err
	}
	return redirect(w, r, to)
}

// hint is enough of a user name to tell two keys apart.
func hint(username string) string {
	runes := []rune(username)
	return string(runes[max(0, len(runes)-4):])
}

// handleConnectKey connects a shop by its Open API user.
func (s *server) handleConnectKey(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	username, password := strings.TrimSpace(r.PostForm.Get("username")), r.PostForm.Get("password")
	page := views.ConnectPage{Username: valid(r.PostForm.Get("username"))}
	if username == "" {
		page.UsernameErr = &views.FieldError{Text: "Enter the user name of the shop’s Open API user."}
	} else if strings.Contains(username, ":") {
		page.UsernameErr = &views.FieldError{Text: "A user name cannot contain a colon. Copy it again from the shop’s settings."}
	}
	if password == "" {
		page.PasswordErr = &views.FieldError{Text: "Enter the password that belongs to it."}
	}
	if page.UsernameErr != nil || page.PasswordErr != nil {
		return s.drawKeyForm(w, r, http.StatusUnprocessableEntity, page)
	}
	if hit, err := s.mayTryKey(r); err != nil || hit != nil {
		return s.tooManyBadKeys(w, r, hit, err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), 15*time.Second)
	defer cancel()
	c := oauth.Credential{Way: oauth.WayAPIKey, Username: username, Password: fourthwall.Secret(strings.TrimSpace(password))}
	shop, err := s.API.CurrentShop(ctx, c.API())
	if err != nil {
		stateOf(r).log.Warn("sign-in failed", "way", oauth.WayAPIKey, "error", err)
		return s.refuseKey(w, r, page, err)
	}
	return s.connect(w, r, c, shop, r.PostForm.Get("return"))
}

// refuseKey says why the API did not take a key. The password is typed again.
func (s *server) refuseKey(w http.ResponseWriter, r *http.Request, page views.ConnectPage, err error) error {
	answer := asHTTPError(err)
	status := http.StatusUnprocessableEntity
	var api *fourthwall.Error
	switch {
	case !errors.As(err, &api):
		return err
	case api.Status == http.StatusUnauthorized || api.Status == http.StatusForbidden:
		s.keyRefused(r)
		page.PasswordErr = &views.FieldError{
			Text: "Fourthwall does not accept this user name and password. Copy both again from the shop’s settings, under For developers.",
			Code: api.Code, RequestID: api.RequestID,
		}
	case api.Status >= 400 && api.Status < 500 && api.Status != http.StatusTooManyRequests:
		n := connectOutcomes["shop_unknown"]
		n.Code, n.RequestID = api.Code, api.RequestID
		page.Notices = append(page.Notices, n)
	default:
		status = answer.Status
		n := connectOutcomes["unreachable"]
		n.Code, n.RequestID = api.Code, stateOf(r).requestID
		page.Notices = append(page.Notices, n)
		setRetryAfter(w, api.RetryAfter)
	}
	return s.drawKeyForm(w, r, status, page)
}

func (s *server) drawKeyForm(w http.ResponseWriter, r *http.Request, status int, typed views.ConnectPage) error {
	page, err := s.connectPage(r, r.PostForm)
	if err != nil {
		return err
	}
	page.Username, page.UsernameErr, page.PasswordErr = typed.Username, typed.UsernameErr, typed.PasswordErr
	page.Notices = append(page.Notices, typed.Notices...)
	return s.render(w, r, status, views.Connect(page))
}
