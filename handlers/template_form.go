package handlers

import (
	"cmp"
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/shops"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// templateForm is the form for a template, as it was typed. Each webhook has
// fields of its own, whose names end with its position.
type templateForm struct {
	id      string // of the template; of a new one, the form's one-time ID
	version int    // that is changed; 0 of a new template
	name    string
	labels  string
	report  bool
	hooks   []templateHook
	errs    map[string]*ui.FieldError // by field
	banner  *ui.Notice
}

// templateHook is one webhook of the form.
type templateHook struct {
	url     string
	types   []string
	asTyped string // a URL that may be stored although it has characters that can't be seen
}

// Fields of the form.
const (
	nameField   = "name"
	labelsField = "labels"
)

func urlOf(i int) string { return "url-" + strconv.Itoa(i) }

func typesOfHook(i int) string { return "types-" + strconv.Itoa(i) }

func asTypedOf(i int) string { return "as_typed-" + strconv.Itoa(i) }

// readTemplateForm reads what was posted, or an empty form.
func readTemplateForm(q url.Values) *templateForm {
	f := &templateForm{
		id: q.Get(keyField), name: bounded(q.Get(nameField), maxTypedLabel),
		labels: bounded(q.Get(labelsField), maxTypedLabel), report: q.Get("other") == "report",
		errs: map[string]*ui.FieldError{},
	}
	f.version, _ = strconv.Atoi(q.Get("version"))
	if !randomID.MatchString(f.id) {
		f.id = rand.Text()
	}
	for i := 0; i < fleet.MaxTemplateWebhooks && q.Has(urlOf(i)); i++ {
		hook := templateHook{
			url: bounded(q.Get(urlOf(i)), webhooks.MaxURL+100), asTyped: bounded(q.Get(asTypedOf(i)), webhooks.MaxURL+100),
		}
		for _, code := range q[typesOfHook(i)] {
			if code = bounded(code, maxShopQuery); !slices.Contains(hook.types, code) {
				hook.types = append(hook.types, code)
			}
		}
		f.hooks = append(f.hooks, hook)
	}
	if len(f.hooks) == 0 {
		f.hooks = []templateHook{{}}
	}
	return f
}

// formOf returns the form for a change of a template.
func formOf(t fleet.Template) *templateForm {
	f := &templateForm{
		id: t.ID, version: t.Version, name: t.Name, labels: strings.Join(t.Labels, ", "), report: t.ReportExtra,
		errs: map[string]*ui.FieldError{},
	}
	for _, hook := range t.Webhooks {
		f.hooks = append(f.hooks, templateHook{url: hook.URL, types: codesOf(hook.AllowedTypes), asTyped: hook.URL})
	}
	return f
}

// press carries out a button that changes the form, and reports whether it was
// one.
func (f *templateForm) press(do string, seen []seenHook, copied string) bool {
	name, rest, _ := strings.Cut(do, ":")
	at, _, _ := strings.Cut(rest, ":")
	i, err := strconv.Atoi(at)
	switch {
	case name == "add" && len(f.hooks) < fleet.MaxTemplateWebhooks:
		f.hooks = append(f.hooks, templateHook{})
	case name == "copy":
		f.copy(seen, copied)
	case err != nil || i < 0 || i >= len(f.hooks):
		return false
	case name == "remove" && len(f.hooks) > 1:
		f.hooks = slices.Delete(f.hooks, i, i+1)
	case name == "remove":
		f.hooks[i] = templateHook{}
	default:
		_, value, _ := strings.Cut(rest, ":")
		return f.decide(i, name, value)
	}
	return true
}

// copy adds a webhook of a shop, in the place of an empty one if there is one.
func (f *templateForm) copy(seen []seenHook, key string) {
	i := slices.IndexFunc(seen, func(one seenHook) bool { return one.key == key })
	if i < 0 {
		return
	}
	hook := templateHook{url: seen[i].URL, types: codesOf(seen[i].AllowedTypes), asTyped: seen[i].URL}
	empty := slices.IndexFunc(f.hooks, func(h templateHook) bool {
		return strings.TrimSpace(h.url) == "" && len(h.types) == 0
	})
	switch {
	case empty >= 0:
		f.hooks[empty] = hook
	case len(f.hooks) < fleet.MaxTemplateWebhooks:
		f.hooks = append(f.hooks, hook)
	}
}

// decide carries out a button below the URL, and reports whether the form is
// drawn again before it's stored.
func (f *templateForm) decide(i int, name, value string) bool {
	switch name {
	case useURL, withoutThe:
		f.hooks[i].url = bounded(value, webhooks.MaxURL)
		return name == useURL
	case asTyped:
		f.hooks[i].asTyped = f.hooks[i].read().URL
	}
	return false
}

// samples replace placeholders while a URL is judged. They are legal in a path
// and in a query, and nobody types them.
var samples = map[string]string{
	"{shop.id}": "hookwall-sample-id", "{shop.domain}": "hookwall-sample-domain", "{shop.name}": "hookwall-sample-name",
}

func withSamples(text string) string {
	for word, sample := range samples {
		text = strings.ReplaceAll(text, word, sample)
	}
	return text
}

func withPlaceholders(text string) string {
	for word, sample := range samples {
		text = strings.ReplaceAll(text, sample, word)
	}
	return text
}

// read judges the URL. What it says has the placeholders.
func (h templateHook) read() urlField {
	u := readURL(withSamples(h.url), withSamples(h.asTyped))
	u.URL = withPlaceholders(u.URL)
	for _, texts := range []*[]string{&u.Errors, &u.Offers, &u.Hints} {
		*texts = slices.Clone(*texts)
		for i, text := range *texts {
			(*texts)[i] = withPlaceholders(text)
		}
	}
	return u
}

// problem says why the URL can't be stored, or "".
func (h templateHook) problem() string {
	if unknown, misplaced := fleet.UnknownPlaceholders(h.url); len(unknown) > 0 {
		return unknownPlaceholderText(unknown[0])
	} else if len(misplaced) > 0 {
		return misplacedText(misplaced[0])
	}
	if err := h.read().fieldError(); err != nil {
		return err.Text
	}
	return ""
}

// validate finds all that is wrong with the form. Labels are those of the
// owner's shops, and types those that their webhooks have.
func (f *templateForm) validate(labels []string, types map[string]bool) bool {
	wrong := func(field, text string) {
		if text != "" {
			f.errs[field] = &ui.FieldError{Text: text}
		}
	}
	name, problem := webhooks.CleanLabel(f.name)
	if name == "" {
		problem = cmp.Or(problem, templateNameText)
	}
	wrong(nameField, problem)
	_, problem = f.readLabels(labels)
	wrong(labelsField, problem)
	first := map[string]int{}
	for i, h := range f.hooks {
		problem := h.problem()
		address := h.read().URL
		if at, twice := first[address]; twice && problem == "" {
			problem = sameTemplateURLText(at + 1)
		} else if !twice {
			first[address] = i
		}
		wrong(urlOf(i), problem)
		wrong(typesOfHook(i), h.typesProblem(types))
	}
	return len(f.errs) == 0
}

func (h templateHook) typesProblem(seen map[string]bool) string {
	if len(h.types) == 0 {
		return noTypesText
	}
	for _, code := range h.types {
		if !isKnownType(code) && !seen[code] {
			return unknownTypesText
		}
	}
	return ""
}

// readLabels returns the labels that were typed, spelled as the shops have them,
// and what is wrong with them.
func (f *templateForm) readLabels(known []string) (labels []string, problem string) {
	if strings.TrimSpace(f.labels) == "" {
		return nil, ""
	}
	typed, problem := shops.ReadLabels(f.labels)
	if problem != "" {
		return nil, problem
	}
	for _, label := range typed {
		i := slices.IndexFunc(known, func(k string) bool { return store.ShopLabelKey(k) == store.ShopLabelKey(label) })
		if i < 0 {
			return nil, unknownLabelText(label, known)
		}
		labels = append(labels, known[i])
	}
	return labels, ""
}

// template returns what the form asks for.
func (f *templateForm) template(known []string) fleet.Template {
	t := fleet.Template{ID: f.id, Version: f.version, ReportExtra: f.report}
	t.Name, _ = webhooks.CleanLabel(f.name)
	t.Labels, _ = f.readLabels(known)
	for _, h := range f.hooks {
		t.Webhooks = append(t.Webhooks,
			fourthwall.Content{URL: h.read().URL, AllowedTypes: fourthwall.TypeSet(typesOf(h.types))})
	}
	return t
}

// seenHook is a webhook of a shop that a template can begin with.
type seenHook struct {
	fourthwall.Content

	key string // in the form
}

// templateChoices are what the form offers.
type templateChoices struct {
	labels []string        // of connected shops
	hooks  []seenHook      // one of each of the URLs that most webhooks have
	types  map[string]bool // that webhooks have
}

func (s *server) templateChoices(r *http.Request) (c templateChoices, err error) {
	owner := stateOf(r).owner
	if s.Fleet == nil || owner == "" {
		return c, nil
	}
	of, err := s.Store.ShopLabels(r.Context(), owner)
	if err != nil {
		return c, err
	}
	conns, err := s.Store.Connections(r.Context(), owner)
	if err != nil {
		return c, err
	}
	in := map[string]int{}
	for _, conn := range conns {
		for _, label := range of[conn.ShopID] {
			in[label]++
		}
	}
	c.labels = slices.SortedFunc(maps.Keys(in), func(a, b string) int {
		return cmp.Compare(store.ShopLabelKey(a), store.ShopLabelKey(b))
	})
	seen, err := s.Fleet.Seen(r.Context(), owner)
	if err != nil {
		return c, err
	}
	c.types = map[string]bool{}
	urls, one := map[string]int{}, map[string]seenHook{}
	for _, shop := range slices.Sorted(maps.Keys(seen)) {
		for _, hook := range seen[shop] {
			urls[hook.URL]++
			if len(hook.AllowedTypes) > len(one[hook.URL].AllowedTypes) || one[hook.URL].key == "" {
				one[hook.URL] = seenHook{hook.Content, shop + " " + hook.ID}
			}
			for _, t := range hook.AllowedTypes {
				c.types[string(t)] = true
			}
		}
	}
	for _, address := range mostOf(urls) {
		c.hooks = append(c.hooks, one[address])
	}
	return c, nil
}

// drawTemplateForm draws the form with all that was typed.
func (s *server) drawTemplateForm(
	w http.ResponseWriter, r *http.Request, status int, f *templateForm, c templateChoices,
) error {
	title := newTemplateTitle
	page := views.TemplateFormPage{
		Action: templatesPath, ListHref: templatesPath, BackHref: templatesPath, Version: f.version, Key: f.id,
		Banner: f.banner, Name: f.name, NameErr: f.errs[nameField], Report: f.report,
		Labels: f.labels, LabelsErr: f.errs[labelsField], Known: c.labels[:min(maxKnownLabels, len(c.labels))],
		Placeholders: fleet.Placeholders(), MayAdd: len(f.hooks) < fleet.MaxTemplateWebhooks,
	}
	if f.version > 0 {
		title = changeTemplateTitle
		page.BackHref = templatePath(f.id)
		page.Action = page.BackHref + "/edit"
	}
	var err error
	if page.Frame, err = s.frame(r, title); err != nil {
		return err
	}
	for _, one := range c.hooks {
		page.Seen = append(page.Seen, ui.Choice{
			Value: one.key, Text: seenHookText(one.URL, len(fourthwall.TypeSet(one.AllowedTypes))),
		})
	}
	for i, h := range f.hooks {
		page.Webhooks = append(page.Webhooks, f.webhook(i, h, c))
	}
	w.Header().Set("Cache-Control", "private, no-cache") // Back shows what was typed
	return s.render(w, r, status, views.TemplateForm(page))
}

// webhook returns one webhook of the form, with what is said about its URL.
func (f *templateForm) webhook(i int, h templateHook, c templateChoices) views.TemplateFormWebhook {
	out := views.TemplateFormWebhook{
		URL: h.url, URLErr: f.errs[urlOf(i)], TypesErr: f.errs[typesOfHook(i)], AsTyped: h.asTyped,
		Types: typeGroups(h.types, c.types),
	}
	unknown, misplaced := fleet.UnknownPlaceholders(h.url)
	if strings.TrimSpace(h.url) == "" || len(unknown)+len(misplaced) > 0 {
		return out
	}
	out.Notes = h.read().notes(out.URLErr, templateWords)
	for n, offer := range out.Notes.Offers {
		name, value, _ := strings.Cut(offer.Do, ":")
		out.Notes.Offers[n].Do = name + ":" + strconv.Itoa(i) + ":" + value
	}
	return out
}

// keptTemplateForm returns the form that was posted to a path before a new
// sign-in, or nil.
func (s *server) keptTemplateForm(r *http.Request, path string) (*templateForm, error) {
	draft, err := s.Store.Draft(r.Context(), s.browserToken(r), r.URL.Query().Get("draft"))
	switch {
	case draftGone(err) || err == nil && draft.Page != path:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return readTemplateForm(draft.Form), nil
}

func (s *server) drawTemplateFormNow(w http.ResponseWriter, r *http.Request, status int, f *templateForm) error {
	c, err := s.templateChoices(r)
	if err != nil {
		return err
	}
	return s.drawTemplateForm(w, r, status, f, c)
}

// putTemplate stores what the form says, unless a button only changes the form.
func (s *server) putTemplate(w http.ResponseWriter, r *http.Request, f *templateForm) error {
	c, err := s.templateChoices(r)
	if err != nil {
		return err
	}
	draw := func(status int) error { return s.drawTemplateForm(w, r, status, f, c) }
	if f.press(r.PostForm.Get("do"), c.hooks, r.PostForm.Get("copy")) {
		return draw(http.StatusOK)
	}
	if !f.validate(c.labels, c.types) {
		return draw(http.StatusUnprocessableEntity)
	}
	want := f.template(c.labels)
	put, notice := s.Fleet.AddTemplate, templateMadeNotice(want.Name)
	if f.version > 0 {
		put, notice = s.Fleet.ChangeTemplate, templateChangedNotice()
	}
	stored, err := put(r.Context(), s.actor(r), want)
	switch {
	case errors.Is(err, store.ErrTemplateExists):
		f.errs[nameField] = &ui.FieldError{Text: templateExistsText}
		return draw(http.StatusUnprocessableEntity)
	case errors.Is(err, store.ErrTooManyTemplates):
		f.banner = new(tooManyTemplatesNotice())
		return draw(http.StatusUnprocessableEntity)
	case errors.Is(err, store.ErrTemplateChanged):
		f.banner = new(templateConflictNotice())
		if versions, err := s.readTemplate(r); err == nil {
			f.version = versions[0].Version
		}
		return draw(http.StatusConflict)
	case err != nil:
		return templatePageError(err)
	case f.version == 0 && stored.Name != want.Name: // Back led to the form, and another name was typed
		f.id, f.banner = rand.Text(), new(templateMadeBeforeNotice(stored.Name))
		return draw(http.StatusConflict)
	}
	stateOf(r).log.Info("a template was stored", "template", stored.ID, "version", stored.Version)
	if err := s.tell(r, templatePath(stored.ID), keptFlash{Notice: notice}); err != nil {
		return err
	}
	return redirect(w, r, templatePath(stored.ID))
}

// templateFormAgain draws the form as it was sent.
func (s *server) templateFormAgain(w http.ResponseWriter, r *http.Request, status int, n ui.Notice) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	f := readTemplateForm(r.PostForm)
	if id := r.PathValue("id"); id != "" {
		f.id, f.version = id, max(f.version, 1)
	}
	f.banner = withRequestID(n, r)
	return s.drawTemplateFormNow(w, r, status, f)
}
