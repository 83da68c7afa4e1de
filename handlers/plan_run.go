package handlers

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
	"hookwall/views"
	"hookwall/views/ui"
)

// itemsOnPage is how many items of a run a page lists.
const itemsOnPage = 50

// failuresTenth is the part of failed items at which a run stops by itself.
const failuresTenth = 10

// itemStates are the states of items in the order in which they are listed.
var itemStates = []string{
	store.ItemRejected, store.ItemFailed, store.ItemUnconfirmed, store.ItemChanged, itemWaiting, store.ItemCalling,
	store.ItemDone, store.ItemPending, store.ItemSkipped,
}

// stateOfItem returns the state of an item as it's shown.
func stateOfItem(i store.PlanItem) string {
	if i.State == store.ItemPending && !i.WaitUntil.IsZero() {
		return itemWaiting
	}
	return i.State
}

// itemMarks are how items are drawn.
var itemMarks = map[string]ui.State{
	store.ItemRejected: ui.Failing, store.ItemFailed: ui.Failing, store.ItemUnconfirmed: ui.Look,
	store.ItemChanged: ui.Look, itemWaiting: ui.Look, store.ItemDone: ui.OK,
}

// planRun returns how far the run of a plan is, with the items of a page.
func (s *server) planRun(
	r *http.Request, p store.Plan, doc fleet.Document, of map[string]store.Connection,
) (views.PlanRun, []store.PlanItem, error) {
	items, err := s.Store.PlanItems(r.Context(), p.Owner, p.Number)
	run := views.PlanRun{
		Total: len(items), Running: p.State == store.PlanRunning, State: runMarks[p.State], Text: runText(p),
		Most: (len(items) + failuresTenth - 1) / failuresTenth,
	}
	switch p.State {
	case store.PlanRunning:
		run.Took = s.Now().Sub(p.Applied.At)
	case store.PlanDone:
		run.Took = p.Since.Sub(p.Applied.At)
	}
	if err != nil {
		return run, items, err
	}
	if len(items) > len(doc.Items) {
		return run, items, planPageError(store.ErrPlanAltered)
	}
	chosen := oneOf(r.URL.Query().Get("state"), itemLabels)
	run.Counts = itemCounts(p, items, chosen)
	if chosen != "" {
		run.AllHref = runHref(p, "", 1)
	}
	run.Waves = runWaves(items)
	for _, i := range items {
		if i.State == store.ItemDone {
			run.Done++
		}
	}
	shown := slices.DeleteFunc(slices.Clone(items), func(i store.PlanItem) bool {
		return chosen != "" && stateOfItem(i) != chosen
	})
	slices.SortStableFunc(shown, func(a, b store.PlanItem) int {
		return cmp.Or(slices.Index(itemStates, stateOfItem(a))-slices.Index(itemStates, stateOfItem(b)),
			b.EndedAt.Compare(a.EndedAt))
	})
	shown, run.Pager = pageOf(shown, pageNumber(r.URL.Query()), itemsOnPage, func(page int) string {
		return runHref(p, chosen, page)
	})
	for _, i := range shown {
		run.Rows = append(run.Rows, runRow(i, doc.Items[i.Item], of))
	}
	return run, items, nil
}

func runHref(p store.Plan, state string, page int) string {
	q := filled(map[string]string{"state": state})
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return withQuery(planPath(p.Number), q.Encode())
}

// itemCounts returns how many items are in each state. Each count leads to them.
func itemCounts(p store.Plan, items []store.PlanItem, chosen string) (all []views.PlanCount) {
	counts := map[string]int{}
	for _, i := range items {
		counts[stateOfItem(i)]++
	}
	for _, state := range itemStates {
		if counts[state] > 0 {
			all = append(all, views.PlanCount{
				State: cmp.Or(itemMarks[state], ui.NotKnown), Count: counts[state], Text: itemCountTexts[state],
				Href: runHref(p, state, 1), Current: state == chosen,
			})
		}
	}
	return all
}

// runWaves returns a square for each item, by wave.
func runWaves(items []store.PlanItem) (all []views.PlanWave) {
	shops := map[string]bool{}
	for _, i := range items {
		if len(all) < i.Wave {
			all = append(all, views.PlanWave{Number: i.Wave})
		}
		wave := &all[len(all)-1]
		wave.Squares = append(wave.Squares, itemSquares[stateOfItem(i)])
		if !shops[i.Shop] {
			wave.Shops++
		}
		shops[i.Shop] = true
	}
	return all
}

// itemSquares are the classes of the squares.
var itemSquares = map[string]string{
	store.ItemDone: "d", store.ItemRejected: "f", store.ItemFailed: "f", store.ItemChanged: "l",
	store.ItemUnconfirmed: "l", itemWaiting: "l", store.ItemCalling: "c",
}

// runRow returns the line of an item.
func runRow(i store.PlanItem, item fleet.Item, of map[string]store.Connection) views.PlanRunRow {
	state := stateOfItem(i)
	row := views.PlanRunRow{
		PlanShop: planShop(of, i.Shop, cmp.Or(i.Webhook, item.Webhook)), State: cmp.Or(itemMarks[state], ui.NotKnown),
		At: i.EndedAt, Outcome: itemLabels.text(state), Calling: state == store.ItemCalling,
	}
	row.Change, row.URL = changeOf(item)
	switch state {
	case store.ItemDone:
		row.Outcome = outcomeText(i, item)
		if item.Action() == fleet.Delete && row.Href != "" {
			row.Href = webhooksPath(i.Shop)
		}
	case itemWaiting:
		row.Explain = itemWaitText(i)
	case store.ItemRejected, store.ItemFailed, store.ItemChanged, store.ItemUnconfirmed:
		var ofAPI bool
		if row.Explain, ofAPI = itemText(i, item); ofAPI {
			row.Code, row.RequestID = i.Code, i.RequestID
		}
	}
	return row
}

// outcomeText says how an item ended.
func outcomeText(i store.PlanItem, item fleet.Item) string {
	if i.State == store.ItemDone {
		return doneTexts[item.Action()]
	}
	return itemLabels.text(stateOfItem(i))
}

// changeOf says in a few words what an item changes, and which URL the webhook has.
func changeOf(item fleet.Item) (views.PlanChange, string) {
	g := fleet.Groups([]fleet.Item{item})[0]
	return views.PlanChange{
		Verb: verbTexts[g.Action], Added: badges(g.Added), Removed: badges(g.Removed), NewURL: g.NewURL,
	}, g.URL
}

// reviewHref returns a link to what was reviewed of a plan that runs or has run.
func reviewHref(p store.Plan) string {
	return withQuery(planPath(p.Number), url.Values{"view": {"review"}}.Encode())
}
