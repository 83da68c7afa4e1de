package handlers

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

const (
	groupsOnPage = 20
	shopsOfGroup = 5  // before the rest has a page of its own
	groupPage    = 50 // shops on such a page
	oddNamed     = 20 // shops in which a change would end in the same way
)

// planNote is what a page says of what was just tried.
type planNote struct {
	banner *ui.Notice
	typed  string // number of deletes
	err    *ui.FieldError
}

// drawPlan draws a plan: what is to be reviewed, or how its run is going.
func (s *server) drawPlan(
	w http.ResponseWriter, r *http.Request, status int, p store.Plan, doc fleet.Document, note planNote,
) error {
	rights, err := s.rightsTo(r, p)
	if err != nil {
		return err
	}
	of, err := s.connectionsOf(r)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, planName(p.Number))
	if err != nil {
		return err
	}
	frame.Path = planPath(p.Number) // also after its forms
	page := views.PlanPage{
		Frame: frame, ListHref: plansPath, Number: int(p.Number), Subject: planSubject(p, doc), Banner: note.banner,
		Made: planStep(r, p.Made), SeenFrom: doc.SeenFrom, Digest: p.Digest,
		Deletes: p.Deletes, Shops: p.Shops, Typed: note.typed, TypedErr: note.err,
	}
	page.Approved, page.Applied = planStep(r, p.Approved), planStep(r, p.Applied)
	var items []store.PlanItem
	if p.State != store.PlanDraft && r.URL.Query().Get("view") != "review" && !r.URL.Query().Has("group") {
		run, all, err := s.planRun(r, p, doc, of)
		if err != nil {
			return err
		}
		page.Run, items = &run, all
		page.ReviewHref = reviewHref(p)
		if err := s.addSecrets(r, &page, p); err != nil {
			return err
		}
		if run.Running {
			page.FollowHref = withQuery(planPath(p.Number)+"/stream", r.URL.RawQuery)
			page.SelfHref = r.URL.RequestURI()
		}
	} else if err := s.addReview(r, &page, p, doc, of); err != nil {
		return err
	}
	page.CSVHref, page.JSONHref = planPath(p.Number)+"/plan.csv", planPath(p.Number)+"/plan.json"
	addActions(&page, p, rights, items)
	if rights.may && rights.lost == "" && p.State == store.PlanDraft && s.Fleet.CanRehearse() {
		page.RehearseAction = planPath(p.Number) + "/rehearse"
	}
	return s.render(w, r, status, views.Plan(page))
}

// addSecrets adds a link to the secrets of the webhooks that the run created, for
// the person who may have them.
func (s *server) addSecrets(r *http.Request, page *views.PlanPage, p store.Plan) error {
	if p.Creates == 0 || !mayCollect(r, p) {
		return nil
	}
	all, err := s.Store.RunSecrets(r.Context(), p.Owner, p.Number)
	if err != nil || len(all) == 0 {
		return err
	}
	page.SecretsHref, page.Secrets = planSecretsPath(p.Number), len(all)
	page.SecretsLeft = firstUntil(all).Sub(s.Now())
	return nil
}

// planStep returns who did something to a plan, and when.
func planStep(r *http.Request, by store.PlanPerson) views.PlanStep {
	return views.PlanStep{Who: by.Name, At: by.At, You: by.ID == stateOf(r).person.ID}
}

// addReview adds what the plan changes: all groups of identical changes, or one
// with all its shops.
func (s *server) addReview(
	r *http.Request, page *views.PlanPage, p store.Plan, doc fleet.Document, of map[string]store.Connection,
) error {
	q := r.URL.Query()
	if p.State != store.PlanDraft {
		page.RunHref = planPath(p.Number)
	}
	page.Counts = []views.PlanCount{
		{Count: len(doc.Items), Text: ui.Plural(len(doc.Items), "change", "changes")},
		{Count: p.Updates, Text: ui.Plural(p.Updates, "edit", "edits")},
		{Count: p.Creates, Text: ui.Plural(p.Creates, "new webhook", "new webhooks")},
		{Count: p.Deletes, Text: ui.Plural(p.Deletes, "delete", "deletes")},
	}
	predicted, at, err := s.Fleet.Rehearsal(r.Context(), p)
	if err != nil {
		return err
	}
	if len(predicted) == len(doc.Items) && p.State == store.PlanDraft {
		page.Rehearsal = rehearsal(predicted, at, doc, of)
	} else {
		predicted = nil
	}
	groups := fleet.GroupsByHost(doc.Items)
	if n, err := strconv.Atoi(q.Get("group")); err == nil && n > 0 && n <= len(groups) {
		page.AllHref = reviewHref(p)
		var group views.PlanGroup
		group, page.Pager = wholeGroup(groups[n-1], of, predicted, pageNumber(q), func(at int) string {
			return groupHref(p, n, at)
		})
		page.Groups = []views.PlanGroup{group}
		return nil
	}
	part, pager := pageOf(groups, pageNumber(q), groupsOnPage, func(at int) string {
		return withQuery(planPath(p.Number), url.Values{"view": {"review"}, "page": {strconv.Itoa(at)}}.Encode())
	})
	page.Pager = pager
	for i, g := range part {
		group := planGroup(g, 0, min(shopsOfGroup, len(g.Items)), of, predicted)
		group.Open = i == 0
		if len(g.Items) > shopsOfGroup {
			at := i + 1 + (pageOrLast(q, len(groups))-1)*groupsOnPage
			group.MoreHref = groupHref(p, at, 1)
		}
		page.Groups = append(page.Groups, group)
	}
	page.Left, page.Same = s.leftOut(stateOf(r), doc.LeftOut, of), doc.Same
	page.Waves = waveSizes(p.Shops)
	page.Most = (len(doc.Items) + failuresTenth - 1) / failuresTenth
	return nil
}

// pageOrLast returns the page that pageOf shows of the groups.
func pageOrLast(q url.Values, groups int) int {
	return min(pageNumber(q), max(1, (groups+groupsOnPage-1)/groupsOnPage))
}

func groupHref(p store.Plan, group, page int) string {
	q := url.Values{"group": {strconv.Itoa(group)}}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return withQuery(planPath(p.Number), q.Encode())
}

func wholeGroup(
	g fleet.Group, of map[string]store.Connection, predicted []fleet.Rehearsal, at int, href func(int) string,
) (views.PlanGroup, ui.Pager) {
	items, pager := pageOf(g.Items, at, groupPage, href)
	first := (min(at, max(1, (len(g.Items)+groupPage-1)/groupPage)) - 1) * groupPage
	group := planGroup(g, first, first+len(items), of, predicted)
	group.Open = true
	return group, pager
}

// planGroup returns a group of identical changes with some of its items, and
// what a rehearsal predicts for them.
func planGroup(
	g fleet.Group, first, end int, of map[string]store.Connection, predicted []fleet.Rehearsal,
) views.PlanGroup {
	out := views.PlanGroup{
		Change: views.PlanChange{
			Verb: verbTexts[g.Action], Added: badges(g.Added), Removed: badges(g.Removed), NewURL: g.NewURL, Various: g.Various,
		},
		URL: g.URL, Webhooks: len(g.Items), Before: g.TypeCount, After: g.TypeCount + len(g.Added) - len(g.Removed),
		Creates: g.Action == fleet.Create, Deletes: g.Action == fleet.Delete, Warnings: urlWarnings(g),
	}
	if out.Creates {
		out.After = g.TypeCount
	}
	shops := map[string]bool{}
	for _, item := range g.Items {
		shops[item.Shop] = true
	}
	out.Count = len(shops)
	for i, item := range g.Items[first:end] {
		shop := planShop(of, item.Shop, item.Webhook)
		if predicted != nil {
			shop.Rehearsed = outcomeText(store.PlanItem{State: predicted[g.At[first+i]].State}, item)
		}
		if g.Various {
			shop.URLs = urlsOf(item)
		}
		out.Shops = append(out.Shops, shop)
	}
	return out
}

// rehearsal returns what a rehearsal predicts: how many changes succeed, and the
// others by reason.
func rehearsal(
	predicted []fleet.Rehearsal, at time.Time, doc fleet.Document, of map[string]store.Connection,
) *views.PlanRehearsal {
	out := &views.PlanRehearsal{At: at, Total: len(predicted)}
	for n, one := range predicted {
		if one.State == store.ItemDone {
			out.Good++
			continue
		}
		i, item := store.PlanItem{State: one.State, Code: one.Code}, doc.Items[n]
		why, _ := itemText(i, item)
		odd := views.PlanPrediction{Outcome: outcomeText(i, item), Why: why}
		g := slices.IndexFunc(out.Odd, func(o views.PlanPrediction) bool { return o.Outcome == odd.Outcome && o.Why == why })
		if g < 0 {
			g, out.Odd = len(out.Odd), append(out.Odd, odd)
		}
		if out.Odd[g].Count++; out.Odd[g].Count <= oddNamed {
			out.Odd[g].Shops = append(out.Odd[g].Shops, planShop(of, item.Shop, item.Webhook))
		}
	}
	return out
}

// urlsOf returns the URL of an item's webhook, and the new one if that changes.
func urlsOf(item fleet.Item) (urls []string) {
	for _, content := range []*fourthwall.Content{item.Before, item.After} {
		if content != nil && !slices.Contains(urls, content.URL) {
			urls = append(urls, content.URL)
		}
	}
	return urls
}

// urlWarnings returns what there is to say of the URLs that the group introduces.
func urlWarnings(g fleet.Group) (all []string) {
	if g.NewURL == "" && g.Action != fleet.Create {
		return nil
	}
	for _, item := range g.Items {
		n := readURL(item.After.URL, item.After.URL).notes(nil, unseenWords{})
		for _, text := range slices.Concat(n.Also, n.Warnings, unfilledTexts(item.After.URL)) {
			if !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
		if !g.Various { // they are all the same
			break
		}
	}
	return all
}

// unfilledTexts warn of placeholders that are left in a URL.
func unfilledTexts(address string) (all []string) {
	for _, word := range fleet.Placeholders() {
		if strings.Contains(address, word) {
			all = append(all, unfilledText(word))
		}
	}
	return all
}

// waveSizes returns how many shops each wave of a run has.
func waveSizes(shops int) (all []int) {
	for _, size := range []int{1, 10, shops} {
		if n := min(size, shops); n > 0 {
			all, shops = append(all, n), shops-n
		}
	}
	return all
}

// addActions adds the forms that the person may send now, and who can help where
// one is missing.
func addActions(page *views.PlanPage, p store.Plan, rights planRights, items []store.PlanItem) {
	at := planPath(p.Number)
	page.Help = planHelp(p, rights)
	if p.State == store.PlanDraft {
		page.ApproveFrom = rights.from
	}
	if rights.needsApproval || !p.Approved.At.IsZero() {
		page.Approval = &views.PlanApproval{From: rights.from, IsAuthor: rights.isAuthor && rights.needsApproval}
		for _, one := range rights.approvers {
			page.Approval.People = append(page.Approval.People, one.Called())
		}
	}
	if rights.mayApprove(p) {
		page.ApproveAction = at + "/approve"
	}
	if !rights.may {
		return
	}
	switch p.State {
	case store.PlanRunning:
		page.StopAction = at + "/stop"
	case store.PlanPaused:
		page.EndAction = at + "/end"
	}
	done, failed := 0, 0
	for _, i := range items {
		if i.State == store.ItemDone {
			done++
		}
		if hasFailed(i) {
			failed++
		}
	}
	if rights.mayRun(p) {
		isPaused := p.State == store.PlanPaused && p.Why != store.PausedAltered
		switch {
		case p.State == store.PlanDraft:
			page.ApplyAction = at + "/apply"
		case isPaused:
			page.ResumeAction = at + "/resume"
		}
		if failed > 0 && (isPaused || p.State == store.PlanDone) {
			page.RetryAction, page.Retryable = at+"/retry", failed
		}
	}
	if done > 0 && p.State != store.PlanRunning {
		page.UndoAction, page.Form = at+"/undo", rand.Text()
	}
}

// planSubject says in a few words what a plan changes.
func planSubject(p store.Plan, doc fleet.Document) string {
	e, in := doc.Edit, " in "+ui.Count(p.Shops, "shop", "shops")
	switch e.Kind {
	case fleet.AddTypes:
		return typesTitle(e.Types) + " for " + ui.Count(p.Shops, "shop", "shops")
	case fleet.RemoveTypes:
		return typesTitle(e.Types) + " removed from " + ui.Count(p.Shops, "shop", "shops")
	case fleet.ReplaceURL:
		return ui.HostAndPath(e.To) + in
	case fleet.ReplaceHost:
		return e.To + in
	case fleet.CopyHook:
		return ui.HostAndPath(e.Content.URL) + in
	case fleet.DeleteHooks:
		return ui.Count(p.Deletes, "webhook", "webhooks") + " deleted" + in
	case fleet.FromTemplate:
		if e.Template != nil {
			return e.Template.Name + " v" + strconv.Itoa(e.Template.Version) + in
		}
	case fleet.UndoOf:
		return "Undo plan " + strconv.FormatInt(e.Plan, 10) + in
	}
	return planListKinds.text(p.Kind) + in
}

// typesTitle names an event type, or says how many there are.
func typesTitle(types []fourthwall.EventType) string {
	if len(types) == 1 {
		return badge(types[0]).Name()
	}
	return ui.Count(len(types), "event type", "event types")
}
