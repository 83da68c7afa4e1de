package handlers

import (
	"cmp"
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
	"hookwall/views"
	"hookwall/views/ui"
)

// Fields of the form that plans a change. What the form has besides is the
// filter of the list of shops.
const (
	kindField  = "kind"
	typesField = "allowedTypes"
	onlyField  = "only" // URL of the webhooks to change; "" for all
	fromField  = "from"
	toField    = "to"
	seenField  = "seen" // identifies the shops that the form was drawn with
)

const (
	urlsOffered = 20  // of those that most webhooks have
	shopsNamed  = 5   // before the rest is folded
	shopsListed = 100 // in all
)

// planForm is the form that plans a change, as it was typed.
type planForm struct {
	key      string // one-time ID
	kind     fleet.EditKind
	filter   shopFilter
	only     string
	types    []string
	from, to string
	asTyped  string // a URL that may be sent although it has characters that can't be seen
	errs     map[string]*ui.FieldError
	banner   *ui.Notice
	nothing  *fleet.Proposal // why nothing would change; nil if that isn't so
	template *fleet.Template // that the filter names; nil if there is none
}

// readPlanForm reads what was posted, or what a link fills in.
func readPlanForm(q url.Values) *planForm {
	read := func(name string) string { return bounded(q.Get(name), webhooks.MaxURL+100) }
	f := &planForm{
		key: q.Get(keyField), filter: readShopFilter(q), only: read(onlyField), from: read(fromField), to: read(toField),
		asTyped: read("as_typed"), errs: map[string]*ui.FieldError{},
	}
	f.kind = fleet.EditKind(oneOf(q.Get(kindField), planKinds))
	for _, code := range slices.Concat(q[typesField], knownTypes(q.Get("types"))) {
		if code = bounded(code, maxShopQuery); !slices.Contains(f.types, code) {
			f.types = append(f.types, code)
		}
	}
	if !randomID.MatchString(f.key) {
		f.key = rand.Text()
	}
	return f
}

// has reports whether the form has a field.
func (f *planForm) has(field string) bool {
	return slices.Contains(planFields[f.kind], field)
}

// planFields are the fields of each kind.
var planFields = map[fleet.EditKind][]string{
	fleet.AddTypes:    {typesField, onlyField},
	fleet.RemoveTypes: {typesField, onlyField},
	fleet.ReplaceURL:  {fromField, toField},
	fleet.ReplaceHost: {fromField, toField},
	fleet.CopyHook:    {toField, typesField},
	fleet.DeleteHooks: {onlyField},
}

// edit returns what the form asks for.
func (f *planForm) edit() fleet.Edit {
	e := fleet.Edit{Kind: f.kind}
	if f.has(onlyField) {
		e.URL = strings.TrimSpace(f.only)
	}
	if f.has(fromField) {
		e.From, e.To = strings.TrimSpace(f.from), webhooks.ReadURL(f.to).URL
	}
	switch f.kind {
	case fleet.AddTypes, fleet.RemoveTypes:
		e.Types = fourthwall.TypeSet(typesOf(f.types))
	case fleet.ReplaceHost:
		e.From, _ = readHost(f.from)
		e.To, _ = readHost(f.to)
	case fleet.CopyHook:
		e.Content = &fourthwall.Content{URL: webhooks.ReadURL(f.to).URL, AllowedTypes: typesOf(f.types)}
	case fleet.FromTemplate:
		e.Template = f.template
	}
	return e
}

// decide carries out a button below the URL, and returns which it is.
func (f *planForm) decide(do string) string {
	name, rest, _ := strings.Cut(do, ":")
	switch name {
	case useURL, withoutThe:
		f.to = bounded(rest, webhooks.MaxURL)
	case asTyped:
		f.asTyped = webhooks.ReadURL(f.to).URL
	}
	return name
}

// knownHooks is what the webhooks of the found shops have.
type knownHooks struct {
	urls, hosts map[string]int // with the number of webhooks
	types       map[string]bool
}

func (s *server) knownHooks(r *http.Request, found foundShops) (k knownHooks, err error) {
	k = knownHooks{urls: map[string]int{}, hosts: map[string]int{}, types: map[string]bool{}}
	seen, err := s.Store.ObservedWebhooks(r.Context(), stateOf(r).owner, append([]string{}, found.ids()...))
	if err != nil {
		return k, err
	}
	for _, text := range seen {
		hooks, err := fleet.Webhooks(store.Observation{Webhooks: text})
		if err != nil {
			return k, err
		}
		for _, hook := range hooks {
			k.urls[hook.URL]++
			if u, err := url.Parse(hook.URL); err == nil {
				k.hosts[strings.ToLower(u.Host)]++
			}
			for _, t := range hook.AllowedTypes {
				k.types[string(t)] = true
			}
		}
	}
	return k, nil
}

// mostOf returns the values that most webhooks have.
func mostOf(counts map[string]int) []string {
	all := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return all[:min(urlsOffered, len(all))]
}

// validate finds what is wrong with the fields of the form's kind.
func (f *planForm) validate(k knownHooks) bool {
	for _, field := range planFields[f.kind] {
		if text := f.problem(field, k); text != "" {
			f.errs[field] = &ui.FieldError{Text: text}
		}
	}
	if f.kind == fleet.FromTemplate && f.template == nil {
		f.banner = new(chooseTemplateNotice(f.filter.template != ""))
	}
	return len(f.errs) == 0 && f.banner == nil
}

func (f *planForm) problem(field string, k knownHooks) string {
	switch {
	case field == typesField:
		return f.typesProblem(k)
	case field == onlyField:
		if only := strings.TrimSpace(f.only); only != "" && k.urls[only] == 0 {
			return noSuchURLText
		}
	case f.kind == fleet.ReplaceHost:
		return f.hostProblem(field, k)
	case field == fromField:
		switch from := strings.TrimSpace(f.from); {
		case from == "":
			return fromMissingText
		case k.urls[from] == 0:
			return noSuchURLText
		}
	default:
		if err := readURL(f.to, f.asTyped).fieldError(); err != nil {
			return err.Text
		}
		if f.has(fromField) && webhooks.ReadURL(f.to).URL == strings.TrimSpace(f.from) {
			return sameURLText
		}
	}
	return ""
}

// typesProblem rejects event types that aren't in the catalog and that no
// webhook of these shops has.
func (f *planForm) typesProblem(k knownHooks) string {
	if len(f.types) == 0 {
		return noTypesText
	}
	for _, code := range f.types {
		if !isKnownType(code) && !k.types[code] {
			return unknownTypesText
		}
	}
	return ""
}

func (f *planForm) hostProblem(field string, k knownHooks) string {
	from, fromProblem := readHost(f.from)
	to, toProblem := readHost(f.to)
	switch {
	case field == fromField && fromProblem != "":
		return fromProblem
	case field == fromField && k.hosts[from] == 0:
		return noSuchHostText
	case field == toField && toProblem != "":
		return toProblem
	case field == toField && from == to:
		return sameHostText
	}
	return ""
}

// readHost returns a host that was typed, perhaps as the beginning of a URL, and
// what is wrong with it.
func readHost(typed string) (host, problem string) {
	text := strings.TrimSpace(typed)
	if _, rest, isURL := strings.Cut(text, "://"); isURL {
		text = rest
	}
	text = strings.ToLower(strings.TrimSuffix(text, "/"))
	switch {
	case text == "":
		return "", hostMissingText
	case strings.ContainsAny(text, `/?#@\`):
		return "", hostOnlyText
	}
	u := readURL("https://"+text+"/", "")
	if err := u.fieldError(); err != nil {
		return "", err.Text
	}
	if read, err := url.Parse(u.URL); err == nil {
		return read.Host, ""
	}
	return text, ""
}

// drawPlanForm draws the form with all that was typed.
func (s *server) drawPlanForm(w http.ResponseWriter, r *http.Request, status int, f *planForm, found foundShops) error {
	frame, err := s.frame(r, planTitle)
	if err != nil {
		return err
	}
	k, err := s.knownHooks(r, found)
	if err != nil {
		return err
	}
	page := views.PlanNewPage{
		Frame: frame, Action: plansPath, PlansHref: plansPath, ShopsHref: found.filter.href(1), Count: len(found.found),
		Kind: string(f.kind), Filter: found.filter.fields(), Seen: found.identity(), Key: f.key, AsTyped: f.asTyped,
		Banner: f.banner, Filtered: found.filter.narrows(),
	}
	for _, c := range found.found[:min(shopsListed, len(found.found))] {
		page.Chosen = append(page.Chosen, shopLink(c))
	}
	for _, kind := range planKinds {
		if kind[0] == string(fleet.FromTemplate) && len(found.templates()) == 0 && f.kind != fleet.FromTemplate {
			continue
		}
		q := found.filter.values()
		q.Set(kindField, kind[0])
		page.Kinds = append(page.Kinds, views.PlanKind{
			Link:    ui.Link{Href: withQuery(newPlanPath, q.Encode()), Text: kind[1]},
			Current: kind[0] == string(f.kind), Text: planKindTexts[fleet.EditKind(kind[0])],
		})
	}
	page.Kinds = append(page.Kinds, views.PlanKind{
		Link: ui.Link{Href: withQuery(planFilePath, found.filter.values().Encode()), Text: fileKindText},
		Text: planFileText,
	})
	if f.has(typesField) {
		page.Types, page.TypesErr = typeGroups(f.types, k.types), f.errs[typesField]
		page.TypesLegend = planTypeTexts[f.kind]
	}
	page.From, page.To, page.Only = f.field(fromField, f.from), f.urlField(), f.field(onlyField, f.only)
	if f.kind == fleet.FromTemplate {
		page.Templates = templateLinks(found)
		if f.template != nil {
			page.Template = &ui.Link{Href: templatePath(f.template.ID), Text: templateName(*f.template)}
		}
	}
	page.Offered = mostOf(k.urls)
	if f.kind == fleet.ReplaceHost {
		page.Offered = mostOf(k.hosts)
	}
	if f.nothing != nil {
		page.Left = s.leftOut(stateOf(r), f.nothing.LeftOut, namesOf(found.all))
	}
	w.Header().Set("Cache-Control", "private, no-cache") // Back shows what was typed
	return s.render(w, r, status, views.PlanNew(page))
}

// typeGroups are the event types to choose from: the catalog, and what else is
// chosen or seen.
func typeGroups(chosen []string, seen map[string]bool) (all []ui.TypeGroup) {
	choice := func(b ui.EventBadge) ui.TypeChoice {
		return ui.TypeChoice{EventBadge: b, Chosen: slices.Contains(chosen, b.Code)}
	}
	for _, g := range fourthwall.Groups() {
		group := ui.TypeGroup{Title: g.Title}
		for _, info := range g.Types {
			group.Types = append(group.Types, choice(badge(info.Code)))
		}
		all = append(all, group)
	}
	unknown := ui.TypeGroup{Title: unknownGroupTitle}
	codes := slices.Concat(slices.Collect(maps.Keys(seen)), chosen)
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		if !isKnownType(code) && code != "" {
			unknown.Types = append(unknown.Types, choice(badge(fourthwall.EventType(code))))
		}
	}
	if len(unknown.Types) > 0 {
		all = append(all, unknown)
	}
	return all
}

// templateLinks lead to the form for each template, with the rest of the filter.
func templateLinks(found foundShops) (all []ui.Link) {
	for _, t := range found.templates() {
		f := found.filter
		f.template = t.ID
		all = append(all, ui.Link{Href: planTemplateHref(f), Text: templateName(t)})
	}
	return all
}

// field returns a text field, or nil if the form's kind has none of this name.
func (f *planForm) field(name, value string) *views.PlanField {
	if !f.has(name) {
		return nil
	}
	text := planFieldTexts[name+" "+string(f.kind)]
	return &views.PlanField{Label: text[0], Hint: text[1], Value: value, Err: f.errs[name]}
}

// urlField returns the field for the new URL, with what is said about it.
func (f *planForm) urlField() *views.PlanField {
	field := f.field(toField, f.to)
	if field == nil || f.kind == fleet.ReplaceHost {
		return field
	}
	field.NotesHref = urlNotesPath
	if strings.TrimSpace(f.to) != "" {
		field.Notes = readURL(f.to, f.asTyped).notes(field.Err, planWords)
		field.Notes.Warnings = append(field.Notes.Warnings, unfilledTexts(f.to)...)
	}
	return field
}

// namesOf returns connections by their shop.
func namesOf(all []store.Connection) map[string]store.Connection {
	of := map[string]store.Connection{}
	for _, c := range all {
		of[c.ShopID] = c
	}
	return of
}
