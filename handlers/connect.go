package handlers

import (
	"net/http"
	"net/url"

	"hookwall/internal/fourthwall"
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
	frame, err := s.frame(r, "Connect a shop")
	if err != nil {
		return views.ConnectPage{}, err
	}
	back := s.returnPath(q.Get("return"))
	page := views.ConnectPage{
		Frame: frame, Return: back, KeyAction: "/connect/key",
		Permissions: permissions(s.Scopes), ForDevelopersURL: s.forDevelopers(),
	}
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
	} else if known.ID != "" {
		page.ExpectShop, page.ExpectEnd = known.Name, known.EndText
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

func connectNotice(q url.Values) (ui.Notice, bool) {
	n, ok := connectOutcomes[q.Get("outcome")]
	if !ok || n.Kind == ui.Success {
		return n, ok
	}
	if requestIDForm.MatchString(q.Get("request")) {
		n.RequestID = q.Get("request")
	}
	if code := q.Get("problem"); oauth.IsCode(code) || fourthwall.IsCode(code) {
		n.Code = code
	}
	return n, true
}
