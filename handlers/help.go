package handlers

import (
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/views"
	"hookwall/views/ui"
)

// handleHelp shows the first steps, the words, the limits and the event types. It
// needs no connection.
func (s *server) handleHelp(w http.ResponseWriter, r *http.Request) error {
	frame, err := s.frame(r, "Help")
	if err != nil {
		return err
	}
	page := views.HelpPage{
		Frame: frame, ConnectHref: connectPath, CreateHref: connectPath, ListHref: connectPath,
		Rates: rateTexts(s.Limits),
	}
	page.SessionIdle, page.SessionLife = s.Store.SessionTimes()
	switch {
	case frame.Shop != nil:
		page.CreateHref, page.ListHref = newWebhookPath(frame.Shop.ID), frame.Shop.Href
	case frame.SignedIn:
		page.CreateHref, page.ListHref = shopsPath, shopsPath
	}
	for _, g := range fourthwall.Groups() {
		page.Events = append(page.Events, helpGroup(g))
	}
	return s.render(w, r, http.StatusOK, views.Help(page))
}

func helpGroup(g fourthwall.Group) views.HelpGroup {
	group := views.HelpGroup{Title: g.Title}
	for _, info := range g.Types {
		href, about := info.Code.Docs()
		group.Types = append(group.Types, views.HelpEvent{
			EventBadge: badge(info.Code), Description: info.Description, SampleHref: samplePath(info.Code),
			Docs: ui.Link{Href: href, Text: about},
		})
	}
	return group
}

// rateTexts returns what the limits of this instance allow.
func rateTexts(l Limits) (out []views.HelpRate) {
	for _, one := range []struct {
		what string
		rate Rate
	}{
		{callsCounted, l.Calls},
		{writesCounted, l.Writes},
		{addressWritesCounted, l.AddressWrites},
		{signInsCounted, l.SignIns},
		{badKeysCounted, l.BadKeys},
	} {
		if one.rate.Burst > 0 {
			out = append(out, views.HelpRate{What: one.what, Allowed: rateText(one.rate)})
		}
	}
	return out
}
