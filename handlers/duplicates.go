package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/webhooks"
	"hookwall/views/ui"
)

// duplicatesOf returns the duplicates of an edit that is being confirmed, and
// whether there may be others, because not all webhooks could be read.
func (s *server) duplicatesOf(r *http.Request, f *webhookForm) (all []ui.Duplicate, unknown bool, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.Webhooks.Timing().List)
	defer cancel()
	list, err := s.client(r).Webhooks(ctx)
	var api *fourthwall.Error
	if errors.As(err, &api) {
		stateOf(r).log.Warn("duplicates could not be looked for", "error", api)
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	return duplicateViews(f, webhooks.Duplicates(list.Webhooks, f.wanted(), f.editing)), list.Incomplete, nil
}

// duplicateViews returns a row for each duplicate, with an offer to add the
// event types that it does not receive yet.
func duplicateViews(f *webhookForm, all []webhooks.Duplicate) []ui.Duplicate {
	var out []ui.Duplicate
	for _, d := range all {
		row := ui.Duplicate{ID: d.ID, URL: d.Has.URL, Href: webhookPath(f.shop, d.ID), Shared: badges(d.Shared)}
		missing := slices.DeleteFunc(slices.Clone(f.types), func(code string) bool {
			return slices.Contains(d.Has.AllowedTypes, fourthwall.EventType(code)) || !isKnownType(code)
		})
		if row.Missing = len(missing); row.Missing > 0 {
			row.ExtendHref = withQuery(editPath(f.shop, d.ID), url.Values{"add": {strings.Join(missing, ",")}}.Encode())
		}
		out = append(out, row)
	}
	return out
}
