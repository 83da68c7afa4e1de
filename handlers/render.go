package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"hookwall/internal/store"
	"hookwall/views"
)

// forDevelopers is that page or, in the sandbox, the one that lists the demo
// shops' API users.
func (s *server) forDevelopers() string {
	if s.SandboxURL != "" {
		return s.SandboxURL
	}
	return forDevelopersURL
}

// render draws a whole page before the first byte is sent, so that a failure
// cannot leave half of one.
func (s *server) render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var body bytes.Buffer
	// A person who went away, or sent half a form, is no reason to fail.
	if err := page.Render(context.WithoutCancel(r.Context()), &body); err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, err := w.Write(body.Bytes())
	if err != nil {
		stateOf(r).log.Debug("the answer could not be sent", "error", err)
	}
	return nil
}

// redirect sends the browser on with a GET.
func redirect(w http.ResponseWriter, r *http.Request, to string) error {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // callers give our own paths, checked return paths and the configured sign-in
	return nil
}

// frame fills the parts around a page's content, and takes the flashes that
// wait for this page.
func (s *server) frame(r *http.Request, title string) (views.Frame, error) {
	v := stateOf(r)
	f := s.bareFrame(r, title)
	if v.owner == "" || v.offline {
		return offlineFrame(f, v), nil
	}
	all, err := s.Store.Connections(r.Context(), v.owner)
	if err != nil {
		return f, err
	}
	for _, c := range all {
		link := shopLink(c)
		f.Shops = append(f.Shops, link)
		if c.ID == v.conn.ID {
			setShop(&f, link)
		}
	}
	f.SignedIn = len(all) > 0
	if r.Method == http.MethodHead { // which shows nothing to anybody
		return f, nil
	}
	flashes, err := s.Store.TakeFlashes(r.Context(), v.owner, r.URL.Path)
	if errors.Is(err, store.ErrUnavailable) {
		// They stay for the next time; the page itself can be read.
		v.log.Error("the notices of a page could not be taken", "error", err)
		return f, nil
	}
	if err != nil {
		return f, err
	}
	for i, data := range flashes {
		if slices.ContainsFunc(flashes[:i], func(before []byte) bool { return bytes.Equal(before, data) }) {
			continue // of two presses, each left its own
		}
		var n views.Notice
		if err := json.Unmarshal(data, &n); err != nil {
			return f, err
		}
		f.Notices = append(f.Notices, n)
	}
	return f, nil
}

func (s *server) bareFrame(r *http.Request, title string) views.Frame {
	return views.Frame{
		Title: title, Path: r.URL.Path, SandboxURL: s.SandboxURL, ToolsHref: signaturePath,
		PlainHTTPWarning: !s.secure && !isLoopback(s.PublicURL.Hostname()),
	}
}

// errorFrame never fails: an error page must be drawn when the database is gone.
func (s *server) errorFrame(r *http.Request, title string) views.Frame {
	v := stateOf(r)
	f := s.bareFrame(r, title)
	if v.owner == "" || v.offline {
		return offlineFrame(f, v)
	}
	all, err := s.Store.Connections(r.Context(), v.owner)
	if err != nil {
		v.log.Error("the shops could not be read for an error page", "error", err)
		return f
	}
	for _, c := range all {
		f.Shops = append(f.Shops, shopLink(c))
		if c.ID == v.conn.ID {
			setShop(&f, shopLink(c))
		}
	}
	f.SignedIn = len(all) > 0
	return f
}

// offlineFrame has what is known without the database.
func offlineFrame(f views.Frame, v *requestState) views.Frame {
	if v.conn.ID != "" {
		link := shopLink(v.conn)
		f.Shops, f.SignedIn = []views.ShopLink{link}, true
		setShop(&f, link)
	}
	return f
}

func setShop(f *views.Frame, shop views.ShopLink) {
	f.Shop, f.EventsHref, f.ActivityHref = &shop, eventsPath(shop.ID), activityPath(shop.ID)
}

func shopLink(c store.Connection) views.ShopLink {
	name := c.ShopName
	if name == "" {
		name = c.ShopID
	}
	return views.ShopLink{ID: c.ShopID, Name: name, Domain: c.ShopDomain, Href: webhooksPath(c.ShopID), Expired: c.Expired}
}
