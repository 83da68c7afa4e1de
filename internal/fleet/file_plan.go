package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sync/semaphore"

	"hookwall/internal/activity"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/internal/webhooks"
)

// reads limits how many files are planned at the same time. One of the maximum size takes 100 MB of memory.
var reads = semaphore.NewWeighted(2)

// PlanFile makes a plan of a file: what it changes in the shops that it names, as they were seen. It stores the plan
// as a draft. One form makes one plan. The error is a *FileError if something is wrong with the file, or
// ErrNothingToChange, which comes with the proposal.
func (s *Service) PlanFile(
	ctx context.Context, actor activity.Actor, form string, text []byte,
) (store.Plan, Proposal, error) {
	if err := reads.Acquire(ctx, 1); err != nil {
		return store.Plan{}, Proposal{}, err
	}
	defer reads.Release(1)
	f, problems := ParseFile(text)
	e, shops, more, err := s.wishes(ctx, actor.Owner, f)
	if err != nil {
		return store.Plan{}, Proposal{}, err
	}
	if problems = sorted(append(problems, more...), text); len(problems) > 0 {
		return store.Plan{}, Proposal{}, &FileError{Problems: problems}
	}
	e.Source = SourceOf(text)
	return s.makePlan(ctx, actor, form, e, shops)
}

// SourceOf identifies the bytes of a file.
func SourceOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// wishes returns what a file wants of shops of an owner, and what these shops say is wrong with it.
func (s *Service) wishes(ctx context.Context, owner store.Owner, f File) (Edit, []Shop, []FileProblem, error) {
	e := Edit{Kind: FromFile, file: map[string]FileShop{}}
	seen, err := s.store.Observations(ctx, owner)
	if err != nil {
		return e, nil, nil, err
	}
	known := unlistedTypes(seen)
	ids, problems := e.find(f, seen, known)
	if len(ids) == 0 {
		return e, nil, problems, nil
	}
	shops, err := s.chosen(ctx, owner, ids)
	if err != nil {
		return e, nil, nil, err
	}
	for _, shop := range shops {
		hooks, err := Webhooks(shop.Seen)
		if err != nil {
			return e, nil, nil, err
		}
		problems = append(problems, e.file[shop.ID].check(shop, hooks, known)...)
	}
	return e, shops, problems, nil
}

// find finds the shops of a file by ID or domain. In one that isn't found, it finds what is wrong in any shop.
func (e Edit) find(
	f File, seen []store.Observation, known map[fourthwall.EventType]bool,
) (ids []string, problems []FileProblem) {
	byName := shopsByName(seen)
	var names []string
	for _, o := range seen {
		names = append(names, o.ShopID, o.ShopDomain)
	}
	for _, shop := range f.Shops {
		found := byName[strings.ToLower(shop.Shop)]
		for _, id := range found {
			if id == shop.Shop {
				found = []string{id}
			}
		}
		switch {
		case len(found) == 0:
			problems = append(problems, shop.check(Shop{}, nil, known)...)
			if shop.Shop != "" {
				if len(problems) > maxFileProblems { // which aren't shown
					names = nil
				}
				problems = append(problems, shop.shopAt.problem(fileUnknownShop(nearest(shop.Shop, names))))
			}
			continue
		case len(found) > 1:
			problems = append(problems, shop.shopAt.problem(fileSeveralShops(found)))
			continue
		}
		if other, isThere := e.file[found[0]]; isThere {
			problems = append(problems, shop.shopAt.problem(fileShopTwice(other.shopAt.line)))
			continue
		}
		e.file[found[0]] = shop
		ids = append(ids, found[0])
	}
	return ids, problems
}

// unlistedTypes returns event types that aren't in the catalog, and that webhooks have.
func unlistedTypes(seen []store.Observation) map[fourthwall.EventType]bool {
	known := map[fourthwall.EventType]bool{}
	for _, o := range seen {
		for _, t := range o.UnknownTypes {
			known[fourthwall.EventType(t)] = true
		}
	}
	return known
}

// match finds the webhook that each one of the file means. It has -1 for a new one.
//
// A webhook with an ID means the one with this ID. One without means the shop's webhook with this URL, in any spelling,
// that no ID names: the one that has the same event types as well, or else the only one. If there are several, or if
// several of the file mean it, the file has to say the ID. Without such a webhook, it's new.
func (s FileShop) match(hooks []Webhook) (of []int, problems []FileProblem) {
	of = slices.Repeat([]int{-1}, len(s.Webhooks))
	used := make([]bool, len(hooks))
	byID, byURL := map[string]int{}, map[string][]int{}
	for i, hook := range hooks {
		byID[hook.ID] = i
	}
	for i, want := range s.Webhooks {
		at, isThere := byID[want.ID]
		switch {
		case want.ID == "":
		case isThere:
			of[i], used[at] = at, true
		default:
			problems = append(problems, want.idAt.problem(fileUnknownID))
		}
	}
	for i, hook := range hooks {
		if !used[i] {
			address := webhooks.NormalURL(hook.URL)
			byURL[address] = append(byURL[address], i)
		}
	}
	addresses := make([]string, len(s.Webhooks))
	asking := map[string]int{}
	for i, want := range s.Webhooks {
		if want.ID != "" || !want.isWhole() {
			continue
		}
		address := webhooks.NormalURL(want.URL)
		addresses[i] = address
		same := slices.IndexFunc(byURL[address], func(at int) bool { return hooks[at].Equal(want.Content) })
		if same < 0 {
			asking[address]++
			continue
		}
		of[i] = byURL[address][same]
		byURL[address] = slices.Delete(byURL[address], same, same+1)
	}
	for i, want := range s.Webhooks {
		left := byURL[addresses[i]]
		switch {
		case want.ID != "" || !want.isWhole() || of[i] >= 0 || len(left) == 0:
		case asking[addresses[i]] == 1 && len(left) == 1:
			of[i] = left[0]
		default:
			var ids []string
			for _, at := range left {
				ids = append(ids, hooks[at].ID)
			}
			problems = append(problems, want.urlAt.problem(fileNeedsID(ids)))
		}
	}
	return of, problems
}

// check finds what is wrong with the wishes for a shop. What the shop has already isn't wrong.
func (s FileShop) check(shop Shop, hooks []Webhook, known map[fourthwall.EventType]bool) []FileProblem {
	of, problems := s.match(hooks)
	if shop.unfit() != "" {
		problems = nil // what the shop has isn't known, and it's left out
	}
	urls := map[string]bool{}
	for _, hook := range hooks {
		urls[hook.URL] = true
	}
	problems = append(problems, s.newTwice(of)...)
	for i, want := range s.Webhooks {
		var was fourthwall.Content
		if of[i] >= 0 {
			was = hooks[of[i]].Content
		}
		if want.urlAt.line > 0 && !urls[want.URL] {
			if text := fileURL(want.URL); text != "" {
				problems = append(problems, want.urlAt.problem(text))
			}
		}
		if want.typesAt.line > 0 && len(want.AllowedTypes) == 0 && (of[i] < 0 || !was.Equal(want.Content)) {
			problems = append(problems, want.typesAt.problem(fileNoTypes))
		}
		for _, t := range want.AllowedTypes {
			_, listed := bits[t]
			if !listed && !known[t] && !slices.Contains(was.AllowedTypes, t) {
				if text := fileType(t); text != "" {
					problems = append(problems, want.typeAt[t].problem(text))
				}
			}
		}
	}
	return problems
}

// newTwice finds new webhooks that get some of the same events at one URL as another one of the file. A plan never
// makes such a duplicate.
func (s FileShop) newTwice(of []int) (problems []FileProblem) {
	type event struct {
		url string
		t   fourthwall.EventType
	}
	lines := map[event]int{}
	for _, isNew := range []bool{false, true} {
		for i, want := range s.Webhooks {
			if of[i] < 0 != isNew || !want.isWhole() {
				continue
			}
			address, line := webhooks.NormalURL(want.URL), 0
			for _, t := range want.AllowedTypes {
				if line == 0 && isNew {
					line = lines[event{address, t}]
				}
				lines[event{address, t}] = want.urlAt.line
			}
			if line > 0 {
				problems = append(problems, want.urlAt.problem(fileWebhookTwice(line)))
			}
		}
	}
	return problems
}

// fileURL says why a URL can't be a new webhook's, by the rules of the forms, or "".
func fileURL(typed string) string {
	r := webhooks.ReadURL(typed)
	switch {
	case len(r.Errors) > 0:
		return strings.Join(r.Errors, " ")
	case r.Unseen != "":
		return r.Unseen + fileUnseen
	case r.Completed:
		return fileWriteURL(r.URL)
	case r.URL != typed:
		return fileURLEnds
	}
	return ""
}

var typeName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// fileType says why an event type that nothing has yet is probably a mistake, or "". It may also be a new one that
// only the API knows.
func fileType(t fourthwall.EventType) string {
	var codes []string
	for _, info := range fourthwall.EventTypes() {
		codes = append(codes, string(info.Code))
	}
	meant := nearest(string(t), codes)
	if meant == "" && typeName.MatchString(string(t)) {
		return ""
	}
	return fileUnknownType(meant)
}

// changes returns what a file changes in a shop, in the order in which nothing is missing for a moment: edits, new
// webhooks, deletes.
func (s FileShop) changes(shop Place, hooks []Webhook) (items []Item) {
	of, _ := s.match(hooks)
	named := map[int]bool{}
	for i, want := range s.Webhooks {
		if at := of[i]; at >= 0 {
			named[at] = true
			if !hooks[at].Equal(want.Content) {
				was := hooks[at]
				items = append(items, Item{Shop: shop.ID, Webhook: was.ID, Before: &was.Content, After: &want.Content})
			}
		}
	}
	for i, want := range s.Webhooks {
		if of[i] < 0 {
			items = append(items, Item{Shop: shop.ID, After: &want.Content})
		}
	}
	for at, hook := range hooks {
		if s.Prune && !named[at] {
			items = append(items, Item{Shop: shop.ID, Webhook: hook.ID, Before: &hook.Content})
		}
	}
	return items
}
