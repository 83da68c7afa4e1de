package handlers

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"

	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
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
	title := "Connect a shop"
	if s.Team != nil {
		title = "Connect shops"
	}
	frame, err := s.frame(r, title)
	if err != nil {
		return views.ConnectPage{}, err
	}
	back := s.returnPath(q.Get("return"))
	page := views.ConnectPage{
		Frame: frame, Return: back, KeyAction: "/connect/key",
		Permissions: permissions(s.Scopes, permissionTexts), ForDevelopersURL: s.forDevelopers(),
	}
	if s.Team != nil {
		page.Permissions = permissions(s.Scopes, teamPermissionTexts)
		page.Keys = s.keysFormView()
		if page.LastImport, err = s.lastImport(r); err != nil {
			return page, err
		}
		if err := s.offerChannels(r, &page); err != nil {
			return page, err
		}
	}
	page.Invite = views.InviteForm{Action: invitePath, Form: rand.Text(), Domain: bounded(q.Get("domain"), 253)}
	page.SessionIdle, page.SessionLife = s.Store.SessionTimes()
	start := url.Values{}
	if back != "" {
		start.Set("return", back)
	}
	if shopID := q.Get("shop"); shopID != "" {
		start.Set("shop", shopID)
	}
	if known, err := s.knownShop(r, q.Get("shop")); err != nil {
		return page, err
	} else if known.ShopID != "" {
		shop := shopLink(known)
		page.ExpectShop, page.ExpectEnd = shop.Name, shop.EndText
		page.ExpectChannel = channelLink(known)
	}
	if s.OAuth.Offers(oauth.WayCode) {
		page.CodeHref = startHref(oauth.WayCode, start)
	}
	if s.OAuth.Offers(oauth.WayImplicit) {
		page.ImplicitHref = startHref(oauth.WayImplicit, start)
	}
	if page.Personal, err = s.personalNotice(r); err != nil {
		return page, err
	}
	page.KeptForm, err = s.hasDraft(r, back)
	return page, err
}

// offerChannels adds the form for channel credentials, and the channels that are
// connected.
func (s *server) offerChannels(r *http.Request, page *views.ConnectPage) error {
	v := stateOf(r)
	if v.offline || !s.OAuth.Offers(oauth.WayChannel) {
		return nil
	}
	all, err := s.Store.Channels(r.Context(), v.owner)
	for _, c := range all {
		page.Channels = append(page.Channels, ui.Link{Href: channelPath(c.ID), Text: c.Name})
	}
	page.ChannelAction = connectChannel
	return err
}

// keysFormView returns an empty form for keys.
func (s *server) keysFormView() views.KeysForm {
	return views.KeysForm{Action: keysPath, ID: rand.Text()}
}

// lastImport returns a link to the newest import of the session, if there is
// one.
func (s *server) lastImport(r *http.Request) (*views.LastImport, error) {
	v := stateOf(r)
	if v.owner == "" || v.offline {
		return nil, nil
	}
	i, err := s.Store.LastKeyImport(r.Context(), v.owner, v.self)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &views.LastImport{Href: keyImportPath(i.ID), Connected: connectedIn(i), Total: i.Total(), At: i.StartedAt}, nil
}
