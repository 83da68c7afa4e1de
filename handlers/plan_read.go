package handlers

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/store"
	"hookwall/internal/team"
	"hookwall/views"
	"hookwall/views/ui"
)

// readPlan returns the plan that the path names. An error says what is wrong
// with it.
func (s *server) readPlan(r *http.Request) (store.Plan, fleet.Document, error) {
	owner := stateOf(r).owner
	number, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || s.Fleet == nil || owner == "" {
		return store.Plan{}, fleet.Document{}, planPageError(store.ErrNotFound)
	}
	p, doc, err := s.Fleet.ReadPlan(r.Context(), owner, number)
	return p, doc, planPageError(err)
}

// planPageError returns the page for a plan that can't be read.
func planPageError(err error) error {
	answer := &httpError{Status: http.StatusConflict, Err: err, Links: []ui.Link{{Href: plansPath, Text: "See the plans"}}}
	switch {
	case errors.Is(err, store.ErrNotFound):
		answer.Status, answer.Public = http.StatusNotFound, planUnknownText
	case errors.Is(err, store.ErrPlanAltered), errors.Is(err, store.ErrWrongKey):
		n := planNotices(err)
		answer.Heading, answer.Public = n.Title, n.Text
	default:
		return err
	}
	return answer
}

// planRights is who may do what with a plan, by the rights of now.
type planRights struct {
	may           bool // change shops
	mayDelete     bool
	isAuthor      bool
	needsApproval bool
	from          int           // shops from which on a plan needs approval; 0 if none does
	approvers     []team.Person // but for the author
	people        int           // who may approve plans
	lost          string        // who made or approved it and may no longer do so; "" for nobody
	admins        []team.Person
}

// rightsTo returns what the person of a request may do with a plan.
func (s *server) rightsTo(r *http.Request, p store.Plan) (planRights, error) {
	v := stateOf(r)
	out := planRights{may: v.may(operator), mayDelete: v.may(admin), isAuthor: true, people: 1}
	if s.Team == nil {
		return out, nil
	}
	all, err := s.Team.People(r.Context())
	if err != nil {
		return out, err
	}
	out.isAuthor, out.people = p.Made.ID == v.person.ID, 0
	may := map[string]bool{}
	for _, one := range all {
		if one.Role == team.Admin {
			out.admins = append(out.admins, one)
		}
		if !one.Role.Includes(team.Operator) {
			continue
		}
		may[one.ID] = true
		out.people++
		if one.ID != p.Made.ID {
			out.approvers = append(out.approvers, one)
		}
	}
	for _, by := range []store.PlanPerson{p.Made, p.Approved} {
		if !by.At.IsZero() && !may[by.ID] {
			out.lost = cmp.Or(out.lost, by.Name)
		}
	}
	if out.people > 1 {
		out.from = s.Fleet.ApproveFrom()
	}
	out.needsApproval = s.Fleet.NeedsApproval(p, out.people)
	return out, nil
}

// mayRun reports whether the person may apply a plan, or continue or repeat its
// run.
func (a planRights) mayRun(p store.Plan) bool {
	return a.may && (a.mayDelete || p.Deletes == 0) && !a.needsApproval && a.lost == ""
}

// mayApprove reports whether the person may approve a draft.
func (a planRights) mayApprove(p store.Plan) bool {
	return a.may && a.needsApproval && !a.isAuthor && a.lost == "" && p.State == store.PlanDraft
}

// planHelp says who can help if the person can't apply a plan, or "".
func planHelp(p store.Plan, a planRights) string {
	switch {
	case p.State == store.PlanDone:
		return ""
	case a.lost != "":
		return lostText(a.lost)
	case !a.may:
		return planViewerText + whoCanHelp(a.admins)
	case p.Deletes > 0 && !a.mayDelete:
		return planDeleteText + whoCanHelp(a.admins)
	}
	return ""
}

// leftOut returns the shops that a plan doesn't change, by reason.
func (s *server) leftOut(
	v *requestState, left []fleet.LeftOut, of map[string]store.Connection,
) (all []views.PlanLeft) {
	for _, reason := range leftReasons {
		for _, plan := range plansAtWork(left, reason) {
			one := views.PlanLeft{Reason: string(reason), Text: leftTexts[reason].text, Fix: leftTexts[reason].fix}
			shops := map[string]bool{}
			for _, l := range left {
				if l.Why != reason || l.Plan != plan {
					continue
				}
				shops[l.Shop] = true
				one.Shops = append(one.Shops, planShop(of, l.Shop, l.Webhook))
			}
			one.Count = len(shops)
			if link := leftLinks[reason]; link.Href != "" && (reason != fleet.IsEnded || v.may(admin)) {
				one.Link = &link
			}
			if plan > 0 {
				one.Text, one.Fix = planAtWorkText(plan)
				one.Link = &ui.Link{Href: planPath(plan), Text: openPlanText + strconv.FormatInt(plan, 10)}
			}
			all = append(all, one)
		}
	}
	return all
}

// plansAtWork returns the plans for which shops are left out for a reason: their
// numbers, or 0 if it's no plan, or one of another owner.
func plansAtWork(left []fleet.LeftOut, reason fleet.Reason) (plans []int64) {
	for _, l := range left {
		if l.Why == reason {
			plans = append(plans, l.Plan)
		}
	}
	slices.Sort(plans)
	return slices.Compact(plans)
}

// leftReasons are the reasons in the order in which they are shown.
var leftReasons = []fleet.Reason{
	fleet.IsEnded, fleet.IsStale, fleet.IsUnseen, fleet.IsCut, fleet.IsBusy, fleet.IsLocked, fleet.NoWebhooks,
	fleet.NoTypesLeft, fleet.NoValue, fleet.Contradicts,
}

// planShop names a shop of a plan, with a link to what the plan changes there.
func planShop(of map[string]store.Connection, shop, webhook string) views.PlanShop {
	c, connected := of[shop]
	c.ShopID = shop
	link := shopLink(c)
	out := views.PlanShop{Name: link.Name, Domain: link.Domain}
	switch {
	case !connected:
	case webhook != "" && !c.Expired:
		out.Href = webhookPath(shop, webhook)
	default:
		out.Href = link.Href
	}
	return out
}

// connectionsOf returns the connections of the person's owner, by shop.
func (s *server) connectionsOf(r *http.Request) (map[string]store.Connection, error) {
	all, err := s.Store.Connections(r.Context(), stateOf(r).owner)
	return namesOf(all), err
}

// pageOf returns the part of a list that a page shows, and links to its
// neighbors. A page that doesn't exist is the last.
func pageOf[T any](all []T, number, size int, href func(page int) string) (part []T, p ui.Pager) {
	pages := max(1, (len(all)+size-1)/size)
	number = min(max(number, 1), pages)
	if pages > 1 {
		p.Where = pageText(number, pages)
	}
	if number > 1 {
		p.BackHref, p.BackText = href(number-1), "Previous page"
	}
	if number < pages {
		p.OnHref, p.OnText = href(number+1), "Next page"
	}
	first := (number - 1) * size
	return all[first:min(first+size, len(all))], p
}

// hasFailed reports whether a person can have an item of a run applied again.
func hasFailed(i store.PlanItem) bool {
	return slices.Contains([]string{store.ItemRejected, store.ItemFailed, store.ItemUnconfirmed}, i.State)
}

// mayCollect reports whether the person applied a plan, and so may have the
// secrets of its webhooks.
func mayCollect(r *http.Request, p store.Plan) bool {
	return !p.Applied.At.IsZero() && p.Applied.ID == stateOf(r).person.ID && stateOf(r).may(operator)
}

// firstUntil returns when the first of the secrets is deleted.
func firstUntil(all []store.RunSecret) time.Time {
	return slices.MinFunc(all, func(a, b store.RunSecret) int { return a.Until.Compare(b.Until) }).Until
}
