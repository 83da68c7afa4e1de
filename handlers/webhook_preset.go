package handlers

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views/ui"
)

// maxPresetName is how many characters the name of a preset may have.
const maxPresetName = 40

// pressButton carries out a button that changes the ticks or the owner's
// presets, and draws the form. ok is false if do is no such button.
func (s *server) pressButton(w http.ResponseWriter, r *http.Request, f *webhookForm, do string) (ok bool, err error) {
	name, id, _ := strings.Cut(do, ":")
	if err := s.readPresets(r, f); err != nil {
		return false, err
	}
	switch {
	case name == savePreset:
		return true, s.savePreset(w, r, f)
	case name == deletePreset:
		return true, s.deletePreset(w, r, f, id)
	case f.press(do):
		return true, s.drawWebhookForm(w, r, http.StatusOK, f)
	}
	return false, nil
}

// savePreset keeps the ticks under the name that was typed.
func (s *server) savePreset(w http.ResponseWriter, r *http.Request, f *webhookForm) error {
	p := store.Preset{
		Name:  strings.Join(strings.Fields(f.presetName), " "),
		Types: slices.DeleteFunc(slices.Clone(f.types), func(code string) bool { return !isKnownType(code) }),
	}
	text := presetFault(p)
	if text == "" {
		var err error
		p, err = s.Store.AddPreset(r.Context(), stateOf(r).owner, p)
		switch {
		case errors.Is(err, store.ErrPresetExists):
			text = presetExistsText
		case errors.Is(err, store.ErrTooManyPresets):
			text = tooManyPresetsText
		case err != nil:
			return err
		}
	}
	if text != "" {
		f.presetError = &ui.FieldError{Text: text}
		return s.drawWebhookForm(w, r, http.StatusUnprocessableEntity, f)
	}
	f.presetName, f.pressed = "", "preset:"+p.ID
	return s.drawWebhookForm(w, r, http.StatusOK, f, presetSavedNotice(p.Name, r.PostForm.Get("do")))
}

// presetFault says why a preset can't be saved, or returns "".
func presetFault(p store.Preset) string {
	isTaken := func(own fourthwall.Preset) bool { return strings.EqualFold(own.Title, p.Name) }
	switch {
	case p.Name == "":
		return presetNameMissing
	case utf8.RuneCountInString(p.Name) > maxPresetName:
		return presetNameTooLong
	case len(p.Types) == 0:
		return presetEmptyText
	case slices.ContainsFunc(fourthwall.Presets(), isTaken):
		return presetExistsText
	}
	return ""
}

func (s *server) deletePreset(w http.ResponseWriter, r *http.Request, f *webhookForm, id string) error {
	if err := s.Store.DeletePreset(r.Context(), stateOf(r).owner, id); err != nil {
		return err
	}
	name := ""
	for _, p := range f.own {
		if p.ID == id {
			name = p.Name
		}
	}
	f.pressed = deletePreset
	return s.drawWebhookForm(w, r, http.StatusOK, f, presetDeletedNotice(name))
}
