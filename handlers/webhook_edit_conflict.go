package handlers

import (
	"net/http"
	"net/url"
	"slices"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views"
)

func (s *server) drawConflict(w http.ResponseWriter, r *http.Request, f *webhookForm, theirs fourthwall.Content) error {
	frame, err := s.frame(r, "Someone changed this webhook")
	if err != nil {
		return err
	}
	at, mine := editPath(f.shop, f.editing), f.wanted()
	page := views.WebhookEditConflictPage{
		Frame: frame, Name: s.nameOf(r, f.editing, f.base.URL), WebhookHref: webhookPath(f.shop, f.editing),
		UseAction: at + "/confirm",
		Draft:     f.draft, Seen: webhooks.Mark(theirs),
		EditHref: at + "?base=current&draft=" + url.QueryEscape(f.draft), Yours: compared(mine, theirs),
		Theirs: compared(theirs, mine),
	}
	return s.render(w, r, http.StatusConflict, views.WebhookEditConflict(page))
}

func compared(v, other fourthwall.Content) views.Version {
	out := views.Version{URL: v.URL, URLDiffers: v.URL != other.URL}
	for _, code := range v.AllowedTypes {
		out.Types = append(out.Types, views.VersionType{
			EventBadge: badge(code), Only: !slices.Contains(other.AllowedTypes, code),
		})
	}
	return out
}
