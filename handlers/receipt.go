package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"hookwall/internal/activity"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/oauth"
	"hookwall/views"
)

// receiptRows are on a page of the receipt.
const receiptRows = 20

// receipt returns the accepted invitation of a request, and the receipt's token.
func (s *server) receipt(w http.ResponseWriter, r *http.Request) (token string, in store.Invitation, err error) {
	s.hideToken(w)
	token = r.PathValue("token")
	in, err = s.Team.Receipt(r.Context(), token)
	if errors.Is(err, team.ErrNotFound) {
		err = &httpError{Status: http.StatusNotFound, Heading: receiptUnknownTitle, Public: receiptUnknownText}
	}
	return token, in, err
}

// handleReceipt shows the owner of a shop who has access to it, and what was
// changed since.
func (s *server) handleReceipt(w http.ResponseWriter, r *http.Request) error {
	token, in, err := s.receipt(w, r)
	if err != nil {
		return err
	}
	page := views.ReceiptPage{
		Frame: s.guestFrame(r, receiptTitle(in.ShopName)), Shop: in.ShopName, Team: s.Team.Name(), Host: s.PublicURL.Host,
		Since: in.AcceptedAt, EndedAt: in.EndedAt, EndAction: receiptPath(token) + "/end",
	}
	if err := s.describeAccess(r, &page, in); err != nil {
		return err
	}
	query := store.ActivityQuery{
		Shop: in.ShopID, Since: in.AcceptedAt, Until: in.EndedAt, Changes: true, Without: activity.OutsideShop(),
		Before: bounded(r.URL.Query().Get("before"), 100), After: bounded(r.URL.Query().Get("after"), 100),
		Limit: receiptRows,
	}
	found, err := s.Store.Activities(r.Context(), query)
	if err != nil {
		return err
	}
	for _, a := range found.Rows {
		page.Rows = append(page.Rows, receiptRow(a))
	}
	page.Entries = entriesText(found)
	page.NewerHref, page.OlderHref = pageLinks(receiptPath(token), url.Values{}, found)
	return s.render(w, r, http.StatusOK, views.Receipt(page))
}

// describeAccess adds what is known of the connection and of the people who use
// it.
func (s *server) describeAccess(r *http.Request, page *views.ReceiptPage, in store.Invitation) error {
	conn, err := s.Store.Connection(r.Context(), s.Team.Owner(), in.ShopID)
	hasEnded := !in.EndedAt.IsZero()
	if hasEnded && errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrWrongKey) {
		return err
	}
	if hasEnded {
		page.Again = !conn.Expired
		return nil
	}
	if err := s.describeNewer(r, page, conn, in); err != nil {
		return err
	}
	people, err := s.Team.People(r.Context())
	if err != nil {
		return err
	}
	page.People = peopleByRole(people)
	page.Unusable = conn.Expired
	page.Replaced = conn.CreatedAt.Before(in.AcceptedAt)
	page.Permissions, page.FullAccess = shops.Permissions(conn), conn.Way == oauth.WayAPIKey
	page.Scopes = strings.Fields(conn.Scopes)
	return nil
}

// describeNewer adds with what the team has replaced the owner's access since, if
// it has.
func (s *server) describeNewer(
	r *http.Request, page *views.ReceiptPage, conn store.Connection, in store.Invitation,
) error {
	if conn.Way == oauth.WayChannel {
		page.Channel = conn.Hint
	}
	found, err := s.Store.Activities(r.Context(), store.ActivityQuery{
		Shop: in.ShopID, Action: activity.ConnectShop, Since: in.AcceptedAt, Limit: 1,
	})
	for _, a := range found.Rows {
		if a.Actor != activity.ByShopOwner {
			page.Now, page.NowSince = shops.Way(conn), a.StartedAt
		}
	}
	return err
}

// receiptRow returns the line of a change, without the name of who made it.
func receiptRow(a store.Activity) views.ReceiptRow {
	d, _ := activity.ReadDetail(a)
	row := views.ReceiptRow{
		At: a.StartedAt, Title: activityTitles[a.Action].text(a.Outcome), By: roleOfActor(a),
		Text: activityText(a, d),
	}
	if a.Action == activity.ConnectShop && a.Actor != activity.ByShopOwner {
		row.Text = a.Actor // the way in which an admin connected it
	}
	if a.WebhookID != "" || d.After != nil || d.Before != nil {
		row.Subject = subjectOf(a, d, nil)
	}
	return row
}

// handleCutOff ends the access on behalf of the owner, immediately.
func (s *server) handleCutOff(w http.ResponseWriter, r *http.Request) error {
	token, in, err := s.receipt(w, r)
	if err != nil {
		return err
	}
	actor := s.Team.OwnerActor()
	actor.RequestID = stateOf(r).requestID
	if err := s.Shops.CutOff(r.Context(), actor, token, in); err != nil {
		return err
	}
	stateOf(r).log.Info("the access was cut off by the owner", "invitation", in.ID, "shop", clip(in.ShopID, maxLoggedShop))
	return redirect(w, r, receiptPath(token))
}
