package sandbox

import (
	"net/http"
	"net/url"
	"slices"
)

// handleInstall sends the browser to an app as Fourthwall's dashboard does when a creator installs it there: with a
// code that the app did not ask for, and without a state.
func (s *Server) handleInstall(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	var in struct {
		ClientID string `json:"clientId"`
	}
	err := readControl(r, &in, func(form url.Values) error {
		in.ClientID = form.Get("clientId")
		return nil
	})
	c, known := clientIn(s.clients, in.ClientID)
	if err == nil && (!known || len(c.redirectURIs) == 0) {
		err = errNoApp
	}
	shopID := r.PathValue("shop")
	if err == nil && !s.hasShop(shopID) {
		err = unknownShop(shopID)
	}
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, codeBadRequest, cannotBeDone(err))
		return
	}
	a := authorization{client: c, redirect: c.redirectURIs[0]}
	answer, err := s.consent(a, shopID, defaultScopes)
	if err != nil {
		s.internalError(r, err)
		s.refuse(w, r, http.StatusInternalServerError, codeInternal, appNotInstalled)
		return
	}
	redirectBack(w, a, answer)
}

func (s *Server) hasShop(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shop(id) != nil
}

// installTargets returns where the forms that install an app lead, as sources of a content policy.
func (s *Server) installTargets() []string {
	var out []string
	for _, c := range s.clients {
		if len(c.redirectURIs) > 0 {
			out = append(out, origin(c.redirectURIs[0]))
		}
	}
	return slices.Compact(out)
}
