package handlers

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/a-h/templ"

	"hookwall/handlers/middleware"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/views"
)

// render draws a whole page before the first byte is sent, so that a failure
// cannot leave half of one.
func (s *server) render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	body, _ := bodies.Get().(*bytes.Buffer)
	defer keepBody(body)
	// A client that disconnected, or sent half a form, is no reason to fail.
	if err := page.Render(context.WithoutCancel(r.Context()), body); err != nil {
		return err
	}
	if hasLeft(r) && status >= http.StatusInternalServerError {
		w.WriteHeader(statusLeft) // what failed was interrupted
		return nil
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

// bodies are buffers for pages. One that grew large isn't kept, and what was in one
// is overwritten, since a page may have a secret.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxKeptBody = 128 << 10 // bytes

func keepBody(body *bytes.Buffer) {
	if body.Cap() > maxKeptBody {
		return
	}
	clear(body.Bytes())
	body.Reset()
	bodies.Put(body)
}

// redirect sends the browser to another page with a GET.
func redirect(w http.ResponseWriter, r *http.Request, to string) error {
	w.Header().Set("Cache-Control", "no-store")
	//nolint:gosec // callers pass our own paths, checked return paths and the configured sign-in
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// frame fills the parts around a page's content, and takes the notices that
// were stored for this page.
func (s *server) frame(r *http.Request, title string) (views.Frame, error) {
	v := stateOf(r)
	f, err := s.frameWithShops(r, title)
	isShown := r.Method != http.MethodHead
	if err != nil || v.self == "" || v.offline || !isShown {
		return f, err
	}
	f.Notices, err = s.takeFlashes(r)
	return f, err
}

// errorFrame never fails, because an error page must be drawn without the
// database too.
func (s *server) errorFrame(r *http.Request, title string) views.Frame {
	if isOfGuests(r.URL.Path) || s.Team != nil && r.URL.Path == callbackPath && stateOf(r).person.ID == "" {
		return s.guestFrame(r, title)
	}
	f, err := s.frameWithShops(r, title)
	if err != nil {
		logFailure(r, "the shops could not be read for an error page", err)
	}
	return f
}

// frameWithShops adds the shops that were open last. The page's own shop is in
// the bar, or else the one that was open last, or the only one.
func (s *server) frameWithShops(r *http.Request, title string) (views.Frame, error) {
	v, f := stateOf(r), s.bareFrame(r, title)
	if v.owner == "" || v.offline {
		return offlineFrame(f, v), nil
	}
	recent := s.recentShops(r)
	if own := v.conn.ShopID; own != "" {
		recent = append([]string{own}, slices.DeleteFunc(recent, func(id string) bool { return id == own })...)
	}
	last, total, ok := store.PageOf(r.Context()).RecentConnections(v.owner, recent)
	if !ok {
		var err error
		if last, total, err = s.Store.RecentConnections(r.Context(), v.owner, recent); err != nil {
			return f, err
		}
	}
	f.SignedIn, f.ShopCount = total > 0 || v.person.ID != "", total
	if f.SignedIn {
		f.Version = s.Version
	}
	for _, c := range last {
		f.Shops = append(f.Shops, shopLink(c))
	}
	if total == 1 || total > 0 && slices.Contains(recent, last[0].ShopID) {
		setShop(&f, f.Shops[0])
	}
	return f, nil
}

func (s *server) bareFrame(r *http.Request, title string) views.Frame {
	v, shown := stateOf(r), s.display(r)
	f := views.Frame{
		Title: title, Path: r.URL.Path, SandboxURL: s.SandboxURL, ToolsHref: toolsPath, SignatureHref: signaturePath,
		PlainHTTPWarning: !s.secure && !middleware.IsLoopback(s.PublicURL.Hostname()), NoBackground: s.jobsErr() != nil,
		Theme: shown.Get(views.ThemeField), Times: shown.Get(views.TimesField), Keys: shown.Get(views.KeysField),
		Return: s.returnPath(r.URL.RequestURI()), ReadOnly: !v.may(operator), NoConnect: !v.may(admin),
	}
	if v.person.ID != "" {
		f.Member, f.MemberRole = v.person.Called(), roleNames[v.role]
	}
	return f
}

// guestFrame is the frame for a shop's owner, who has no account. It has nothing
// of the team, even if a member opens the page.
func (s *server) guestFrame(r *http.Request, title string) views.Frame {
	f := s.bareFrame(r, title)
	f.Guest, f.ToolsHref, f.SignatureHref, f.Return, f.Member, f.MemberRole = true, "", "", "", "", ""
	return f
}

// hideToken keeps the URL of a page with a secret in it out of caches and
// referrers.
func (s *server) hideToken(w http.ResponseWriter) {
	scrub(w)
	if !s.secure && !middleware.IsLoopback(s.PublicURL.Hostname()) {
		// Under no-referrer, a browser on plain http sends a form with an Origin
		// of null, which is refused. This keeps the URL from others as well.
		w.Header().Set("Referrer-Policy", "same-origin")
	}
}

// offlineFrame adds what is known without the database.
func offlineFrame(f views.Frame, v *requestState) views.Frame {
	if v.conn.ID != "" {
		link := shopLink(v.conn)
		f.Shops, f.ShopCount, f.SignedIn = []views.ShopLink{link}, 1, true
		setShop(&f, link)
	}
	return f
}

func setShop(f *views.Frame, shop views.ShopLink) {
	f.Shop, f.EventsHref, f.ActivityHref = &shop, eventsPath(shop.ID), activityPath(shop.ID)
}

func shopLink(c store.Connection) views.ShopLink {
	link := views.ShopLink{
		ID: c.ShopID, Name: cmp.Or(c.ShopName, c.ShopID), Domain: c.ShopDomain, Href: webhooksPath(c.ShopID),
	}
	if c.Expired {
		link.Expired, link.EndedAt = true, c.End.At
		link.WhyEnded, link.EndText = shops.WhyEnded(c.End.Why), shops.EndText(c.End)
	}
	return link
}

// forDevelopers returns the URL of the page with a shop's signing secret and
// API user. In the sandbox, it is the page that lists those of the demo shops.
func (s *server) forDevelopers() string {
	if s.SandboxURL != "" {
		return s.SandboxURL
	}
	return forDevelopersURL
}

// scrub keeps the URL of a callback, which has a code, out of caches and
// referrers.
func scrub(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
}
