package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// editForm returns the form for a webhook that was just read.
func editForm(shop string, hook fourthwall.Webhook) *webhookForm {
	base := hook.Content()
	return &webhookForm{shop: shop, editing: hook.ID, base: base, url: base.URL, types: codesOf(base.AllowedTypes)}
}

// readEditForm reads what was posted. The form contains the version that the
// edit started from.
func readEditForm(shop, id string, posted url.Values) *webhookForm {
	f := readWebhookForm(shop, posted)
	f.editing = id
	f.base = fourthwall.Content{URL: posted.Get("base_url"), AllowedTypes: typesOf(posted["base_types"])}
	return f
}

// draftOfEdit returns a kept edit of this webhook, and notices about it. The
// form is nil if there is none.
func (s *server) draftOfEdit(r *http.Request, id string) (*webhookForm, []ui.Notice, error) {
	conn := stateOf(r).conn
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), id)
	if draftGone(err) || (err == nil && (draft.Shop != conn.ShopID || draft.Form.Get(editingField) != r.PathValue("id"))) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	f := readEditForm(conn.ShopID, r.PathValue("id"), draft.Form)
	f.draft = id
	do := draft.Form.Get("do")
	if do == "" {
		return f, nil, nil
	}
	if err := s.readPresets(r, f); err != nil {
		return nil, nil, err
	}
	f.press(do)
	f.pressed = ""
	return f, []ui.Notice{keptChangeNotice()}, nil
}

// putDraft keeps a form for the next page.
func (s *server) putDraft(w http.ResponseWriter, r *http.Request, f *webhookForm) (string, error) {
	form := url.Values{
		keyField: {f.key}, "url": {f.url}, "as_typed": {f.asTyped}, "allowedTypes": f.types, "base_url": {f.base.URL},
		"base_types": codesOf(f.base.AllowedTypes), editingField: {f.editing},
	}
	draft, err := s.putForm(r, store.Draft{Browser: s.ensureBrowser(w, r), Page: r.URL.Path, Shop: f.shop, Form: form})
	return draft.ID, err
}

// restore undoes what a browser does to line breaks in the values of a form,
// for event types that contain line breaks.
func (f *webhookForm) restore(theirs fourthwall.Content) {
	sent := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	exact := map[string]string{}
	for _, t := range theirs.AllowedTypes {
		exact[sent.Replace(string(t))] = string(t)
	}
	for i, code := range f.types {
		f.types[i] = cmp.Or(exact[sent.Replace(code)], code)
	}
	for i, t := range f.base.AllowedTypes {
		f.base.AllowedTypes[i] = fourthwall.EventType(cmp.Or(exact[sent.Replace(string(t))], string(t)))
	}
}

// examineForm keeps a form and redirects to the form that asks what to send to
// its URL.
func (s *server) examineForm(w http.ResponseWriter, r *http.Request, f *webhookForm) error {
	draft, err := s.putDraft(w, r, f)
	if err != nil {
		return err
	}
	return redirect(w, r, checkStartHref(f.shop, "form", draft))
}
