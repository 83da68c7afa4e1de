package handlers

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

// channelShopsShown is how many shops of a channel its page lists. A search finds
// the others.
const channelShopsShown = 200

// handleChannel shows a channel, and its shops to choose from.
func (s *server) handleChannel(w http.ResponseWriter, r *http.Request) error {
	channel, err := s.channelOf(r)
	if err != nil {
		return err
	}
	return s.drawChannel(w, r, http.StatusOK, channel, channelDraw{})
}

// channelDraw is what a request adds to the page of a channel.
type channelDraw struct {
	query     string   // that the shown shops match
	chosen    []string // IDs
	notices   []ui.Notice
	secretErr *ui.FieldError
}

// drawChannel draws the page. It asks Fourthwall for the channel's shops, and
// whether it may read the webhooks of one that is connected.
func (s *server) drawChannel(
	w http.ResponseWriter, r *http.Request, status int, channel store.Channel, d channelDraw,
) error {
	ctx, cancel := context.WithTimeout(r.Context(), channelTime)
	defer cancel()
	frame, err := s.frame(r, channel.Name)
	if err != nil {
		return err
	}
	page := views.ChannelPage{
		Frame: frame, Name: channel.Name, ClientID: channel.ClientID, Query: d.query, SecretErr: d.secretErr,
		ShopsAction: channelPath(channel.ID) + "/shops", SecretAction: channelPath(channel.ID) + "/secret",
		DisconnectHref: channelPath(channel.ID) + "/disconnect", ShopsHref: shopsPath,
	}
	page.Notices = append(page.Notices, d.notices...)
	var listed []fourthwall.Shop
	if !channel.Expired {
		listed, err = s.Shops.ChannelShops(ctx, channel)
		channel.Expired = errors.Is(err, shops.ErrReconnect)
	}
	page.Expired = channel.Expired
	switch {
	case channel.Expired:
		page.Notices = append(page.Notices, ui.Notice{Kind: ui.Failure, Title: channelEndedTitle, Text: channelEndedText})
	case err != nil:
		faultStatus, n, ok := channelFault(r, err)
		if !ok {
			return err
		}
		stateOf(r).log.Warn("the channel's shops could not be read", "error", err)
		page.Notices, status = append(page.Notices, n), max(status, faultStatus)
	default:
		page.Listed = true
	}
	connected, err := s.Store.Connections(r.Context(), channel.Owner)
	if err != nil {
		return err
	}
	refused, err := s.Store.EndedByOwner(r.Context())
	if err != nil {
		return err
	}
	fillChannel(&page, channel, listed, connected, refused, d.chosen)
	if page.Listed {
		page.Notices = append(page.Notices, s.channelNotices(ctx, channel, listed, connected)...)
	}
	return s.render(w, r, status, views.Channel(page))
}

// fillChannel adds the shops: those that can be connected first.
func fillChannel(
	page *views.ChannelPage, channel store.Channel, listed []fourthwall.Shop, connected []store.Connection,
	refused map[string]time.Time, chosen []string,
) {
	known := map[string]store.Connection{}
	for _, c := range connected {
		known[c.ShopID] = c
		switch {
		case c.Channel == channel.ID && (c.Expired || channel.Expired):
			page.Ended++
		case c.Channel == channel.ID:
			page.Connected++
		}
	}
	var open, others []views.ChannelShop
	words := strings.Fields(strings.ToLower(page.Query))
	for _, shop := range listed {
		conn, isKnown := known[shop.ID]
		row := views.ChannelShop{
			ID: shop.ID, Name: cmp.Or(shop.Name, shop.ID), Chosen: slices.Contains(chosen, shop.ID), Ended: conn.Expired,
		}
		text := strings.ToLower(shop.Name + "\n" + shop.ID)
		isShown := !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
		isOpen := !isKnown || conn.Expired
		if isOpen {
			page.Open++
			row.Refused = refused[shop.ID]
		}
		if !row.Refused.IsZero() {
			page.Refused++
		}
		switch {
		case !isShown && isOpen && row.Chosen:
			page.ChosenElsewhere = append(page.ChosenElsewhere, shop.ID)
		case isShown && isOpen:
			open = append(open, row)
		case isShown:
			row.Href, row.Way = webhooksPath(shop.ID), shops.Way(conn)
			row.ByChannel = conn.Channel == channel.ID
			others = append(others, row)
		}
	}
	page.Total, page.Found = len(listed), len(open)+len(others)
	page.Shops = slices.Concat(open, others)
	if len(page.Shops) > channelShopsShown {
		for _, row := range page.Shops[channelShopsShown:] {
			if row.Chosen {
				page.ChosenElsewhere = append(page.ChosenElsewhere, row.ID)
			}
		}
		page.Shops = page.Shops[:channelShopsShown]
	}
}

// channelNotices say what is wrong with connections of the channel.
func (s *server) channelNotices(
	ctx context.Context, channel store.Channel, listed []fourthwall.Shop, connected []store.Connection,
) (out []ui.Notice) {
	inList := map[string]bool{}
	for _, shop := range listed {
		inList[shop.ID] = true
	}
	var left []string
	var one *store.Connection
	for i, c := range connected {
		switch {
		case c.Channel != channel.ID || c.Expired:
		case !inList[c.ShopID]:
			left = append(left, shopLink(c).Name)
		case one == nil:
			one = &connected[i]
		}
	}
	if one != nil {
		_, err := s.Shops.Client(*one).Webhooks(ctx)
		if api := fourthwall.AsError(err); api.Forbidden() {
			out = append(out, channelLacksNotice(shopLink(*one).Name, api))
		}
	}
	if len(left) > 0 {
		out = append(out, leftChannelNotice(left))
	}
	return out
}

// handleChannelShops connects the shops that were chosen, or all. A search shows
// the page again, with the choice.
func (s *server) handleChannelShops(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	channel, err := s.channelOf(r)
	if err != nil {
		return err
	}
	d := channelDraw{query: bounded(strings.TrimSpace(r.PostForm.Get("q")), maxShopQuery), chosen: r.PostForm["shop"]}
	all := r.PostForm.Get("do") == "all"
	switch {
	case channel.Expired || r.PostForm.Get("do") == "search":
		return s.drawChannel(w, r, http.StatusOK, channel, d)
	case !all && len(d.chosen) == 0:
		d.notices = []ui.Notice{{Kind: ui.Failure, Title: noShopChosenTitle, Text: noShopChosenText}}
		return s.drawChannel(w, r, http.StatusUnprocessableEntity, channel, d)
	}
	listed, err := s.Shops.ChannelShops(r.Context(), channel)
	if err != nil {
		return s.drawChannel(w, r, http.StatusOK, channel, d) // which reads again, and says what is wrong
	}
	if all {
		refused, err := s.Store.EndedByOwner(r.Context())
		if err != nil {
			return err
		}
		listed = slices.DeleteFunc(listed, func(shop fourthwall.Shop) bool { return !refused[shop.ID].IsZero() })
	}
	chosen, gone := chosenShops(listed, d.chosen, all)
	added, err := s.Shops.AddShops(r.Context(), s.actor(r), channel, chosen)
	if err != nil {
		return err
	}
	stateOf(r).log.Info("shops of a channel connected", "shops", len(added))
	n := channelShopsNotice(len(added), len(chosen)-len(added), gone)
	if err := s.flash(r, channelPath(channel.ID), n); err != nil {
		return err
	}
	return redirect(w, r, channelPath(channel.ID))
}

// chosenShops returns the shops that were chosen and that Fourthwall lists, and how
// many it doesn't. What a form says beyond that counts for nothing.
func chosenShops(listed []fourthwall.Shop, ids []string, all bool) (chosen []fourthwall.Shop, gone int) {
	if all {
		return listed, 0
	}
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	for _, shop := range listed {
		if wanted[shop.ID] {
			chosen = append(chosen, shop)
		}
	}
	return chosen, len(wanted) - len(chosen)
}

// handleChannelSecret replaces the channel's secret, and connects the shops again
// that ended with the old one.
func (s *server) handleChannelSecret(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	channel, err := s.channelOf(r)
	if err != nil {
		return err
	}
	secret := strings.TrimSpace(r.PostForm.Get("secret"))
	if secret == "" {
		d := channelDraw{secretErr: &ui.FieldError{Text: clientSecretMissing}}
		return s.drawChannel(w, r, http.StatusUnprocessableEntity, channel, d)
	}
	if hit, err := s.mayTryKey(r); err != nil || hit != nil {
		return s.tooManyBadSecrets(w, r, channel, hit, err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), channelTime)
	defer cancel()
	renewed, err := s.Shops.ReplaceSecret(ctx, s.actor(r), channel, fourthwall.Secret(secret))
	if err != nil {
		return s.refuseSecret(w, r, channel, err)
	}
	if err := s.flash(r, channelPath(renewed.ID), channelSecretNotice()); err != nil {
		return err
	}
	return redirect(w, r, channelPath(renewed.ID))
}

func (s *server) tooManyBadSecrets(
	w http.ResponseWriter, r *http.Request, channel store.Channel, hit *tooMany, err error,
) error {
	if err != nil {
		return err
	}
	s.logLimit(r, hit)
	setRetryAfter(w, hit.wait)
	n := badKeysNotice(hit.wait)
	n.Text += typeSecretAgain
	return s.drawChannel(w, r, http.StatusTooManyRequests, channel, channelDraw{notices: []ui.Notice{n}})
}

// refuseSecret says why the secret was not replaced.
func (s *server) refuseSecret(w http.ResponseWriter, r *http.Request, channel store.Channel, err error) error {
	logSignIn(r, oauth.WayChannel, "", err)
	if errors.Is(err, oauth.ErrRefused) {
		s.keyRefused(r)
		d := channelDraw{secretErr: &ui.FieldError{Text: clientRejectedText(channel.ClientID)}}
		return s.drawChannel(w, r, http.StatusUnprocessableEntity, channel, d)
	}
	status, n, ok := channelFault(r, err)
	if !ok {
		return err
	}
	n.Text += typeSecretAgain
	return s.drawChannel(w, r, status, channel, channelDraw{notices: []ui.Notice{n}})
}
