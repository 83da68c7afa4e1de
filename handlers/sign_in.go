package handlers

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views/ui"
)

// backToConnect shows what went wrong on the connect page, under a URL without
// a code or a token.
func (s *server) backToConnect(w http.ResponseWriter, r *http.Request, problem, back string) error {
	q := url.Values{"outcome": {problem}, "request": {stateOf(r).requestID}}
	if back != "" {
		q.Set("return", back)
	}
	return redirect(w, r, "/connect?"+q.Encode())
}

// providerProblem maps an error of RFC 6749 §4.1.2.1 to one that we have a
// sentence for.
func providerProblem(code string) string {
	switch code {
	case "access_denied", "temporarily_unavailable", "server_error", "invalid_scope", "unauthorized_client":
		return code
	}
	return "refused"
}

// endRefused spends a sign-in that the provider refused, and shows why.
func (s *server) endRefused(w http.ResponseWriter, r *http.Request, q url.Values, way string) error {
	problem := providerProblem(q.Get("error"))
	stateOf(r).log.Warn("sign-in refused by the provider", "way", way, "problem", problem)
	attempt, err := s.takeSignIn(r, q.Get("state"), way)
	var answer *httpError
	if errors.As(err, &answer) {
		return s.backToConnect(w, r, problem, "")
	}
	if err != nil {
		return err
	}
	return s.backToConnect(w, r, problem, attempt.Return)
}

// takeSignIn spends the sign-in with this state, if this browser began it in
// this way.
func (s *server) takeSignIn(r *http.Request, state, way string) (store.SignIn, error) {
	browser := s.browserToken(r)
	mismatch := &httpError{
		Status: http.StatusBadRequest,
		Public: signInMismatchText,
		Links:  []ui.Link{{Href: "/connect", Text: "Connect a shop"}},
	}
	if state == "" || browser == "" {
		stateOf(r).log.Warn("sign-in without a state", "way", way)
		return store.SignIn{}, mismatch
	}
	attempt, err := s.Store.TakeSignIn(r.Context(), state, browser)
	otherWay := err == nil && subtle.ConstantTimeCompare([]byte(attempt.Way), []byte(way)) != 1
	if errors.Is(err, store.ErrNotFound) || otherWay {
		stateOf(r).log.Warn("sign-in state does not match", "way", way)
		return store.SignIn{}, mismatch
	}
	return attempt, err
}

// finishSignIn asks the API which shop the credential is for, and connects that
// shop.
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

// connect renews the session, so that an ID known from before the sign-in is
// worthless, and stores the connection.
func (s *server) connect(
	w http.ResponseWriter, r *http.Request, c oauth.Credential, shop fourthwall.Shop, back string,
) error {
	v := stateOf(r)
	v.session.ID = ""
	if err := s.sessions.Save(r, w, v.session); err != nil {
		return err
	}
	v.owner = store.OwnerOf(v.session)
	conn, err := s.Shops.Connect(r.Context(), s.actor(r), shop, c)
	if err != nil {
		return err
	}
	v.conn = conn
	v.log.Info("shop connected", "way", c.Way, "shop", clip(shop.ID, 80))
	to := forShop(s.returnPath(back), conn.ShopID)
	landing, _, _ := strings.Cut(to, "?")
	if err := s.flash(r, v.owner, landing, connectedNotice(shopLink(conn).Name)); err != nil {
		return err
	}
	return redirect(w, r, to)
}
