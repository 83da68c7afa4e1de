package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/oauth"
	"hookwall/views"
	"hookwall/views/ui"
)

// drawWebhookForm shows the form with everything that was typed.
func (s *server) drawWebhookForm(
	w http.ResponseWriter, r *http.Request, status int, f *webhookForm, notices ...ui.Notice,
) error {
	if err := s.readPresets(r, f); err != nil {
		return err
	}
	title := "Create webhook"
	if f.editing != "" {
		title = "Edit webhook"
	}
	frame, err := s.frame(r, title)
	if err != nil {
		return err
	}
	frame.Notices = append(frame.Notices, notices...)
	conn := stateOf(r).conn
	page := views.WebhookFormPage{
		Frame: frame, Action: webhooksPath(conn.ShopID), CancelHref: webhooksPath(conn.ShopID), Edit: f.editPart(),
		Key: f.key, URL: f.url, URLError: f.urlError, AsTyped: f.asTyped,
		URLNotes: f.urlNotes(), NotesHref: urlNotesPath, Banner: f.banner, Anyway: f.unlisted,
	}
	if f.isFresh() {
		page.Picker, page.Fixed = freshChoice().picker, freshChoice().fixed
	} else {
		page.Picker = f.picker()
	}
	if page.Fixed == nil {
		page.Tools = finderTools()
	}
	if f.editing != "" {
		page.Edit.Name = s.nameOf(r, f.editing, f.base.URL)
		page.Action, page.CancelHref = editPath(conn.ShopID, f.editing), webhookPath(conn.ShopID, f.editing)
	}
	page.PresetName, page.PresetError, page.OwnPresets = f.presetName, f.presetError, f.ownPresets()
	page.Errors, page.Focus = f.summary()
	// Back must show the form with what was typed, which no-store would lose.
	w.Header().Set("Cache-Control", "private, no-cache")
	return s.render(w, r, status, views.WebhookForm(page))
}

// isFresh reports whether the choice of event types is as in every form that was
// just opened.
func (f *webhookForm) isFresh() bool {
	isChosen := len(f.types)+len(f.own)+len(f.undo) > 0 || f.canUndo
	return f.editing == "" && f.pressed == "" && !isChosen && f.typesError == nil
}

// choice is the choice of event types of a fresh form, and how it is drawn.
type choice struct {
	picker ui.Picker
	fixed  *views.FixedChoice // nil to draw it each time
}

// freshChoice returns the choice of a fresh form. It has nothing of a person.
var freshChoice = sync.OnceValue(func() choice {
	picker := new(webhookForm).picker()
	fixed, err := views.FixChoice(views.WebhookFormPage{Tools: finderTools(), Picker: picker})
	if err != nil {
		return choice{picker: picker}
	}
	return choice{picker, &fixed}
})

// freshHTML returns what all create forms that were just opened have in common.
func freshHTML() []byte {
	if fixed := freshChoice().fixed; fixed != nil {
		return fixed.HTML()
	}
	return nil
}

// urlNotes returns what to say below the URL.
func (f *webhookForm) urlNotes() ui.FieldNotes {
	words := createWords
	if f.editing != "" {
		words = editWords
	}
	return readURL(f.url, f.asTyped).notes(f.urlError, words)
}

// readPresets reads the owner's presets into the form. If the database can't be
// read, the form is shown without them.
func (s *server) readPresets(r *http.Request, f *webhookForm) (err error) {
	owner := stateOf(r).owner
	if !store.PageOf(r.Context()).HasPresets(owner) {
		return nil
	}
	f.own, err = s.Store.Presets(r.Context(), owner)
	if errors.Is(err, store.ErrUnavailable) {
		logFailure(r, "the presets could not be read", err)
		return nil
	}
	return err
}

// finderTools returns the catalog of tools.
func finderTools() []ui.FinderTool {
	var tools []ui.FinderTool
	for _, t := range webhooks.Tools() {
		tools = append(tools, ui.FinderTool{Name: t.Name, Text: t.Text})
	}
	return tools
}

// editPart returns the part of the form about the webhook that is being edited.
func (f *webhookForm) editPart() *views.EditPart {
	if f.editing == "" {
		return nil
	}
	return &views.EditPart{
		Href: webhookPath(f.shop, f.editing), BaseURL: f.base.URL,
		BaseTypes: codesOf(f.base.AllowedTypes),
	}
}

// summary returns the field errors and the field to focus.
func (f *webhookForm) summary() (errs []ui.SummaryError, focus string) {
	if f.urlError != nil {
		errs, focus = append(errs, ui.SummaryError{Href: "#url", Text: f.urlError.Text}), "url"
	}
	if f.typesError != nil {
		errs, focus = append(errs, ui.SummaryError{Href: "#types", Text: f.typesError.Text}), "types"
	}
	if len(errs) > 1 {
		focus = "summary"
	}
	if f.presetError != nil {
		focus = "preset_name"
	}
	if f.banner != nil && len(errs) == 0 {
		focus = "banner"
	}
	if f.pressed != "" {
		focus = "do:" + f.pressed
	}
	return errs, focus
}

// ownPresets returns the owner's presets.
func (f *webhookForm) ownPresets() []ui.PickerPreset {
	var presets []ui.PickerPreset
	for _, p := range f.own {
		presets = append(presets, ui.PickerPreset{ID: p.ID, Title: p.Name, Types: p.Types})
	}
	return presets
}

func (f *webhookForm) picker() ui.Picker {
	p := ui.Picker{Total: len(fourthwall.EventTypes()), Error: f.typesError, Undo: f.undo, CanUndo: f.canUndo}
	for _, g := range fourthwall.Groups() {
		group := ui.PickerGroup{ID: g.ID, Title: g.Title}
		for _, info := range g.Types {
			ticked := slices.Contains(f.types, string(info.Code))
			group.Types = append(group.Types, ui.PickerType{
				Code: string(info.Code), Title: info.Title, Description: info.Description, Checked: ticked,
				SampleHref: samplePath(info.Code),
			})
			if ticked {
				group.Selected++
				p.Selected = append(p.Selected, badge(info.Code))
			}
		}
		p.Groups = append(p.Groups, group)
	}
	if unknown := f.unknownGroup(); len(unknown.Types) > 0 {
		p.Groups = append(p.Groups, unknown)
		for _, t := range unknown.Types {
			if !t.Checked {
				continue
			}
			p.Selected = append(p.Selected, badge(fourthwall.EventType(t.Code)))
		}
	}
	for _, preset := range fourthwall.Presets() {
		p.Presets = append(p.Presets, ui.PickerPreset{
			ID: preset.ID, Title: preset.Title, Text: preset.Description, Types: presetTypes(preset.ID),
		})
	}
	p.Presets = append(p.Presets, f.ownPresets()...)
	return p
}

// drawRefusal shows the form again, with the API's rejection at the field that
// it is about.
func (s *server) drawRefusal(
	w http.ResponseWriter, r *http.Request, f *webhookForm, rejection webhooks.Rejection,
) error {
	f.unlisted = rejection.Reason == webhooks.Unlisted
	if rejection.Error().Unauthorized() && !f.unlisted {
		return oauth.ErrReconnect
	}
	f.renew()
	id := cmp.Or(rejection.RequestID, stateOf(r).requestID)
	if text := rejection.URLFix(f.wanted().URL); text != "" && !f.unlisted {
		f.urlError = &ui.FieldError{Text: text, Code: rejection.Code, RequestID: id}
		f.banner = urlRejectedNotice(f.editing != "", 1+len(f.urlNotes().Also), len(f.types))
		return s.drawWebhookForm(w, r, http.StatusUnprocessableEntity, f)
	}
	what := activity.CreateWebhook
	if f.editing != "" {
		what = activity.UpdateWebhook
	}
	status, n := refusalNotice(rejection, what)
	n.Code, n.RequestID = rejection.Code, id
	if rejection.Error().Forbidden() && !f.unlisted {
		stateOf(r).lacksPermission(&n, s.backToForm(w, r, f))
	}
	setRetryAfter(w, rejection.RetryAfter)
	f.banner = &n
	return s.drawWebhookForm(w, r, status, f)
}

// backToForm keeps the form and returns the URL that shows it after connecting
// again.
func (s *server) backToForm(w http.ResponseWriter, r *http.Request, f *webhookForm) string {
	if f.editing != "" {
		return confirmPath(f.shop, f.editing, f.draft)
	}
	back, err := s.keepDraft(w, r, route{resume: "/webhooks/new"})
	if err != nil {
		logFailure(r, "the form could not be kept", err)
		return newWebhookPath(f.shop)
	}
	return back
}

// drawUnread shows the edit form again if the webhook could not be read.
func (s *server) drawUnread(w http.ResponseWriter, r *http.Request, f *webhookForm, err error) error {
	var api *fourthwall.Error
	if !errors.As(err, &api) {
		return err
	}
	stateOf(r).log.Warn("the webhook could not be read for an edit", "error", api)
	answer := apiError(api)
	n := unreadEditNotice(api, cmp.Or(answer.Heading, errorTexts[answer.Status].heading))
	n.Code, n.RequestID = api.Code, requestID(api, stateOf(r))
	switch {
	case api.Forbidden():
		stateOf(r).lacksPermission(&n, confirmPath(f.shop, f.editing, f.draft))
	case api.ShopGone():
		n.Link = stateOf(r).reconnectLink(confirmPath(f.shop, f.editing, f.draft), f.shop)
	case api.NotFound():
		n.Link = &ui.Link{
			Href: newWebhookPath(f.shop) + "?draft=" + url.QueryEscape(f.draft), Text: "Create it as a new webhook",
		}
	}
	setRetryAfter(w, api.RetryAfter)
	f.banner = &n
	return s.drawWebhookForm(w, r, answer.Status, f)
}
