package handlers

import "net/http"

// handleTemplateEditForm shows the form that changes a template.
func (s *server) handleTemplateEditForm(w http.ResponseWriter, r *http.Request) error {
	versions, err := s.readTemplate(r)
	if err != nil {
		return err
	}
	if versions[0].Locked {
		return redirect(w, r, templatePath(versions[0].ID))
	}
	f, err := s.keptTemplateForm(r, templatePath(versions[0].ID)+"/edit")
	if err != nil {
		return err
	}
	if f == nil {
		f = formOf(versions[0].Template)
	}
	f.id = versions[0].ID
	return s.drawTemplateFormNow(w, r, http.StatusOK, f)
}

// handleTemplateEdit stores a new version of a template.
func (s *server) handleTemplateEdit(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	versions, err := s.readTemplate(r)
	if err != nil {
		return err
	}
	f := readTemplateForm(r.PostForm)
	f.id, f.version = versions[0].ID, max(f.version, 1)
	return s.putTemplate(w, r, f)
}
