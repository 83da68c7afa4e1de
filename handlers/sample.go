package handlers

import (
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// sampleShop stands in a sample that is about no shop in particular.
var sampleShop = store.Connection{ShopID: "sh_sample", ShopName: "Sample Shop", ShopDomain: "sample-shop.example"}

// handleSample shows what Fourthwall sends for an event type. It needs no
// connection.
func (s *server) handleSample(w http.ResponseWriter, r *http.Request) error {
	info, known := fourthwall.LookupEventType(fourthwall.EventType(r.PathValue("type")))
	if !known {
		return &httpError{
			Status: http.StatusNotFound,
			Public: "There is no sample of this event type, because Hookwall does not know it. Codes are written in capitals, such as ORDER_PLACED.",
		}
	}
	body, err := s.prettySample(sampleShop, string(info.Code), "wcon_sample")
	if err != nil {
		return err
	}
	frame, err := s.frame(r, "Sample: "+info.Title)
	if err != nil {
		return err
	}
	// The shops in the top bar are the reader's own, so that no cache between
	// may keep the page.
	w.Header().Set("Cache-Control", "private, no-cache")
	return s.render(w, r, http.StatusOK, views.Sample(views.SamplePage{
		Frame: frame, Type: badge(info.Code), Description: info.Description, Body: body,
		SignHref: signaturePath + "#snippets", Others: sampleGroups(),
	}))
}

func sampleGroups() []views.SampleGroup {
	var out []views.SampleGroup
	for _, g := range fourthwall.Groups() {
		group := views.SampleGroup{Title: g.Title}
		for _, info := range g.Types {
			group.Types = append(group.Types, views.SampleLink{EventBadge: badge(info.Code), Href: samplePath(info.Code)})
		}
		out = append(out, group)
	}
	return out
}
