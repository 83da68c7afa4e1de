package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
)

// duplicate is another webhook of the shop with the same address, that
// receives some of the same event types.
type duplicate struct {
	ID     string   `json:"id"`
	URL    string   `json:"url"`
	Types  []string `json:"types"`
	Shared []string `json:"shared"`
}

// findDuplicates compares what a form asks for with the shop's webhooks. The
// webhook that is being edited is no duplicate of itself.
func findDuplicates(want version, list []fourthwall.Webhook, except string) []duplicate {
	var out []duplicate
	for _, hook := range list {
		v := versionOf(hook)
		if hook.ID != except && overlap(v, want) {
			out = append(out, duplicate{hook.ID, v.url, v.types, sharedTypes(v, want)})
		}
	}
	return out
}

// overlap tells whether two webhooks receive some of the same at one address.
func overlap(a, b version) bool {
	return normalURL(a.url) == normalURL(b.url) && len(sharedTypes(a, b)) > 0
}

func sharedTypes(a, b version) []string {
	return slices.DeleteFunc(slices.Clone(a.types), func(code string) bool { return !slices.Contains(b.types, code) })
}

// asciiHost writes a host name as DNS does.
func asciiHost(host string) string {
	if ascii, err := idna.Lookup.ToASCII(host); err == nil && ascii != "" {
		return ascii
	}
	return host
}

// duplicatesOf looks for them while an edit is confirmed. The page is drawn
// without, when the list cannot be read.
func (s *server) duplicatesOf(r *http.Request, f *webhookForm) ([]views.DuplicateOf, error) {
	ctx, cancel := context.WithTimeout(r.Context(), listTime)
	defer cancel()
	list, err := withCredential(ctx, s, stateOf(r).conn, s.API.Webhooks)
	var api *fourthwall.Error
	if errors.As(err, &api) {
		stateOf(r).log.Warn("duplicates could not be looked for", "error", api)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return duplicateViews(f, findDuplicates(f.wanted(), list, f.editing)), nil
}

// duplicateViews offers, for each, to add what it does not receive yet.
func duplicateViews(f *webhookForm, all []duplicate) []views.DuplicateOf {
	var out []views.DuplicateOf
	for _, d := range all {
		row := views.DuplicateOf{ID: d.ID, URL: d.URL, Href: webhookPath(f.shop, d.ID)}
		for _, code := range d.Shared {
			row.Shared = append(row.Shared, badge(fourthwall.EventType(code)))
		}
		missing := slices.DeleteFunc(slices.Clone(f.types), func(code string) bool { return slices.Contains(d.Types, code) || !isKnownType(code) })
		if row.Missing = len(missing); row.Missing > 0 {
			row.ExtendHref = withQuery(editPath(f.shop, d.ID), url.Values{"add": {strings.Join(missing, ",")}}.Encode())
		}
		out = append(out, row)
	}
	return out
}

// handleDuplicate asks once more before a second webhook is created.
func (s *server) handleDuplicate(w http.ResponseWriter, r *http.Request) error {
	conn := stateOf(r).conn
	id := r.URL.Query().Get("draft")
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), id)
	if draftGone(err) || (err == nil && draft.Shop != conn.ShopID) {
		return redirect(w, r, newWebhookPath(conn.ShopID)+"?draft="+url.QueryEscape(id))
	}
	if err != nil {
		return err
	}
	f := readWebhookForm(conn.ShopID, draft.Form)
	sub, err := s.Store.Submission(r.Context(), conn.Owner, f.submission)
	if errors.Is(err, store.ErrNotFound) {
		return redirect(w, r, newWebhookPath(conn.ShopID)+"?draft="+url.QueryEscape(id))
	}
	if err != nil {
		return err
	}
	known, err := readOutcome(sub)
	switch {
	case err != nil:
		return err
	case sub.State == store.StateCreated: // it was agreed to, and this is Back
		return s.redirectToCreated(w, r, sub)
	case len(known.Duplicates) == 0:
		return redirect(w, r, newWebhookPath(conn.ShopID)+"?draft="+url.QueryEscape(id))
	}
	frame, err := s.frame(r, "Already there")
	if err != nil {
		return err
	}
	page := views.DuplicatePage{
		Frame: frame, Action: webhooksPath(conn.ShopID), EditHref: newWebhookPath(conn.ShopID) + "?draft=" + url.QueryEscape(id), ListHref: webhooksPath(conn.ShopID),
		Submission: f.submission, URL: f.address(), Types: badges(f.input().AllowedTypes),
		Duplicates: duplicateViews(f, known.Duplicates),
	}
	return s.render(w, r, http.StatusOK, views.Duplicate(page))
}
