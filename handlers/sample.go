package handlers

import (
	"net/http"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// A sample here belongs to no particular shop.
var sampleShop = store.Connection{
	ShopID: "sh_sample", ShopName: "Sample Shop", ShopDomain: "sample-shop.example",
}

const sampleWebhookID = "wcon_sample"

// handleSample shows what Fourthwall sends for an event type. It needs no
// connection.
func (s *server) handleSample(w http.ResponseWriter, r *http.Request) error {
	info, known := fourthwall.LookupEventType(fourthwall.EventType(r.PathValue("type")))
	if !known {
		return &httpError{Status: http.StatusNotFound, Public: sampleUnknownText}
	}
	body, err := s.prettySample(sampleShop, string(info.Code), sampleWebhookID)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, "Sample: "+info.Title)
	if err != nil {
		return err
	}
	// The top bar has the reader's own shops, so no shared cache may keep the
	// page.
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
			link := views.SampleLink{EventBadge: badge(info.Code), Href: samplePath(info.Code)}
			group.Types = append(group.Types, link)
		}
		out = append(out, group)
	}
	return out
}
