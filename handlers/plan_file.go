package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	fileField = "file"
	textField = "text"
	maxEcho   = 64 << 10 // bytes of a file that the form shows again
)

// fileForm is the form that plans from a file, as it was sent.
type fileForm struct {
	key      string // one-time ID
	filter   shopFilter
	text     []byte
	isFile   bool // a file was chosen, whose text it is
	banner   *ui.Notice
	problems []fleet.FileProblem
	nothing  *fleet.Proposal // why nothing would change; nil if that isn't so
}

// handlePlanFileForm shows the form that plans from a file. After a new sign-in,
// it shows what was typed before.
func (s *server) handlePlanFileForm(w http.ResponseWriter, r *http.Request) error {
	if stateOf(r).owner == "" {
		return redirect(w, r, connectPath)
	}
	f := &fileForm{key: rand.Text(), filter: readShopFilter(r.URL.Query())}
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), r.URL.Query().Get("draft"))
	switch {
	case err == nil && draft.Page == planFilePath:
		f.text, f.filter = []byte(draft.Form.Get(textField)), readShopFilter(draft.Form)
	case err != nil && !draftGone(err):
		return err
	}
	return s.drawPlanFile(w, r, http.StatusOK, f)
}

// handlePlanFile makes a plan from a file. One form with one text makes one plan.
func (s *server) handlePlanFile(w http.ResponseWriter, r *http.Request) error {
	f, err := readFileForm(r)
	if err != nil {
		return err
	}
	if stateOf(r).owner == "" || s.Fleet == nil {
		return &httpError{Status: http.StatusNotFound}
	}
	if len(f.text) == 0 {
		f.banner = &ui.Notice{Kind: ui.Failure, Title: noFileTitle, Text: noFileText}
		return s.drawPlanFile(w, r, http.StatusUnprocessableEntity, f)
	}
	sum := sha256.Sum256(f.text)
	p, proposal, err := s.Fleet.PlanFile(r.Context(), s.actor(r), f.key+hex.EncodeToString(sum[:8]), f.text)
	var wrong *fleet.FileError
	switch {
	case errors.As(err, &wrong):
		f.problems, f.banner = wrong.Problems, new(fileProblemsNotice(len(wrong.Problems)))
		return s.drawPlanFile(w, r, http.StatusUnprocessableEntity, f)
	case errors.Is(err, fleet.ErrNothingToChange):
		f.nothing, f.banner = &proposal, new(nothingToChangeNotice(proposal))
		return s.drawPlanFile(w, r, http.StatusUnprocessableEntity, f)
	case err != nil:
		return err
	}
	stateOf(r).log.Info("a plan was made from a file", "plan", p.Number, "shops", p.Shops)
	return redirect(w, r, planPath(p.Number))
}

// planFileAgain draws the form with a notice. A file must be chosen again.
func (s *server) planFileAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	f, err := readFileForm(r)
	if err != nil {
		return err
	}
	f.banner = withRequestID(n, r)
	return s.drawPlanFile(w, r, status, f)
}

// readFileForm reads a form with a file or a text. A file is used instead of the
// text, which may be that of a file that was sent before.
func readFileForm(r *http.Request) (*fileForm, error) {
	//nolint:gosec // bodyLimits bounds this page's body, all of which fits into memory
	if err := r.ParseMultipartForm(maxFileForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, badForm(err)
	}
	f := &fileForm{
		key: r.PostFormValue(keyField), filter: readShopFilter(r.PostForm), text: []byte(r.PostFormValue(textField)),
	}
	if !randomID.MatchString(f.key) {
		f.key = rand.Text()
	}
	if r.MultipartForm == nil {
		return f, nil
	}
	file, head, err := r.FormFile(fileField)
	if errors.Is(err, http.ErrMissingFile) {
		return f, nil
	}
	if err != nil {
		return nil, badForm(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, badForm(err)
	}
	if head.Filename != "" || len(content) > 0 {
		f.text, f.isFile = content, true
	}
	return f, nil
}

// drawPlanFile draws the form, with what is wrong with the file.
func (s *server) drawPlanFile(w http.ResponseWriter, r *http.Request, status int, f *fileForm) error {
	found, err := s.findShops(r, f.filter)
	if err != nil {
		return err
	}
	if found.seen == nil && f.banner == nil { // one shop has its own pages
		return redirect(w, r, shopsPath)
	}
	frame, err := s.frame(r, planFileTitle)
	if err != nil {
		return err
	}
	page := views.PlanFilePage{
		Frame: frame, Action: planFilePath, PlansHref: plansPath, ShopsHref: found.filter.href(1), Count: len(found.found),
		SchemaHref: fileSchemaPath, Key: f.key, Filter: found.filter.fields(), Banner: f.banner,
	}
	if len(f.text) <= maxEcho {
		page.Text = valid(string(f.text))
	} else {
		page.ChooseAgain = f.isFile
	}
	if page.Count > 0 {
		page.YAMLHref = withQuery(shopsYAMLPath, found.filter.values().Encode())
		page.JSONHref = withQuery(shopsJSONPath, found.filter.values().Encode())
	}
	for _, p := range f.problems {
		page.Problems = append(page.Problems, views.FileProblem{
			Line: p.Line, Column: p.Column, Text: p.Text, Source: strings.ReplaceAll(p.Source, "\t", "→ "),
		})
	}
	if f.nothing != nil {
		page.Left = s.leftOut(stateOf(r), f.nothing.LeftOut, namesOf(found.all))
	}
	w.Header().Set("Cache-Control", "private, no-cache") // Back shows what was typed
	return s.render(w, r, status, views.PlanFile(page))
}

// handleShopsYAML sends the webhooks of shops as a file, filtered as on the page.
func (s *server) handleShopsYAML(w http.ResponseWriter, r *http.Request) error {
	return s.sendShops(w, r, fleet.YAML, "application/yaml")
}

// handleShopsJSON does the same in JSON.
func (s *server) handleShopsJSON(w http.ResponseWriter, r *http.Request) error {
	return s.sendShops(w, r, fleet.JSON, "application/json")
}

func (s *server) sendShops(w http.ResponseWriter, r *http.Request, format fleet.FileFormat, kind string) error {
	owner := stateOf(r).owner
	if owner == "" {
		return store.ErrNotFound // nothing is connected
	}
	found, err := s.findShops(r, readShopFilter(r.URL.Query()))
	if err != nil {
		return err
	}
	if found.seen == nil {
		return &httpError{Status: http.StatusNotFound} // one shop has no such list
	}
	text, err := s.Fleet.ExportFile(r.Context(), owner, append([]string{}, found.ids()...), format)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	name := mime.FormatMediaType("attachment", map[string]string{"filename": "shops." + string(format)})
	w.Header().Set("Content-Disposition", name)
	//nolint:gosec // a file to download, never a page
	_, _ = w.Write(text) // fails if the client has left
	return nil
}

// handleFileSchema sends the JSON Schema of files.
func (s *server) handleFileSchema(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(fleet.FileSchema)
	return nil
}
