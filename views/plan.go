package views

import (
	"cmp"
	"strings"
	"time"

	"hookwall/views/ui"
)

// PlanPage shows a plan: what is to be reviewed, or how its run is going. Its
// forms have the field digest.
type PlanPage struct {
	Frame
	ListHref string
	Number   int
	Subject  string // what it changes, in a few words
	Made     PlanStep
	Approved PlanStep
	Applied  PlanStep
	SeenFrom time.Time // when the first of the shops was read; zero if that doesn't matter
	Digest   string
	Shops    int
	Deletes  int
	Banner   *ui.Notice
	Help     string // who can help, if the person can't apply it

	Counts  []PlanCount
	Groups  []PlanGroup
	AllHref string // to all groups, if one is shown
	RunHref string // to the run, if there is one and it isn't shown
	Pager   ui.Pager
	Left    []PlanLeft
	Same    int   // shops that need no change
	Waves   []int // shops in each wave
	Most    int   // failures at which the run stops

	Approval    *PlanApproval // nil if it needs none
	ApproveFrom int           // shops from which on a plan needs approval; 0 if that doesn't matter

	Rehearsal         *PlanRehearsal // nil if there was none
	RehearseAction    string
	CSVHref, JSONHref string
	SecretsHref       string // to the secrets of created webhooks; "" if the person may not have them
	Secrets           int
	SecretsLeft       time.Duration // so long the first of them is kept

	// Run is how far the plan is applied; nil if its review is shown.
	Run                                  *PlanRun
	ReviewHref, SelfHref, FollowHref     string
	ApproveAction, ApplyAction           string // POST targets; "" if the person may not
	StopAction, ResumeAction, UndoAction string
	EndAction                            string
	RetryAction                          string
	Retryable                            int
	Form                                 string // one-time ID of the undo
	Typed                                string // number of deletes
	TypedErr                             *ui.FieldError
}

// PlanStep is who did something to a plan, and when.
type PlanStep struct {
	Who string
	At  time.Time // zero if nobody did
	You bool
}

// PlanApproval is what is said of the approval.
type PlanApproval struct {
	From     int      // shops from which on a plan needs one
	People   []string // who may approve, but for the author
	IsAuthor bool     // of a plan that lacks it
}

// PlanCount counts changes.
type PlanCount struct {
	State   ui.State // "" for none
	Count   int
	Text    string
	Href    string
	Current bool
}

// PlanChange is what happens to a webhook.
type PlanChange struct {
	Verb           string // such as “Edit”
	NewURL         string // "" if it stays
	Various        bool   // the URLs differ by shop: here they are a host and any path
	Added, Removed []ui.EventBadge
}

// PlanGroup are identical changes.
type PlanGroup struct {
	Change           PlanChange
	URL              string // before the change, or of the new webhook
	Count, Webhooks  int    // shops and webhooks
	Before, After    int    // event types
	Creates, Deletes bool
	Open             bool
	Shops            []PlanShop // some of them
	MoreHref         string     // to all; "" if they are shown
	Warnings         []string   // about a new URL
}

// PlanShop is a shop that a plan changes or leaves out.
type PlanShop struct {
	Name, Domain string
	Href         string   // to the webhook, or the shop's webhooks; "" if it is no longer connected
	Rehearsed    string   // how a rehearsal ended; "" if there was none
	URLs         []string // of the webhook before and after, if they differ by shop
}

// PlanRehearsal is what a rehearsal predicts.
type PlanRehearsal struct {
	At          time.Time
	Total, Good int              // changes, and those that would succeed
	Odd         []PlanPrediction // the others, by reason
}

// PlanPrediction are changes that would not succeed for one reason.
type PlanPrediction struct {
	Outcome, Why string
	Count        int
	Shops        []PlanShop // the first of them
}

// PlanSecretsPage has the secrets of the webhooks that a run created. Its form's
// field do is show or csv.
type PlanSecretsPage struct {
	Frame
	PlanHref                 string
	Number, Count            int
	Left                     time.Duration // until the first is deleted
	ShowAction, StoredAction string
	Secrets                  []PlanSecret // the first of them, if they are shown
	Gone                     *ui.Notice   // why there are none
}

// PlanSecret is the secret of one webhook.
type PlanSecret struct {
	PlanShop

	URL, Secret string
}

// PlanLeft are shops that a plan leaves out for one reason.
type PlanLeft struct {
	Reason    string
	Text, Fix string
	Count     int
	Shops     []PlanShop
	Link      *ui.Link // that helps
}

// leftNamed is how many of the shops that are left out have their name.
const leftNamed = 50

// PlanRun is how far a plan is applied. It changes while the page is open.
type PlanRun struct {
	State       ui.State
	Running     bool
	Text        string // why it's paused; "" if it isn't
	Done, Total int
	Most        int // failures at which it stops
	Took        time.Duration
	AllHref     string // to all changes, if only some are shown
	Counts      []PlanCount
	Waves       []PlanWave
	Rows        []PlanRunRow
	Pager       ui.Pager
}

// PlanWave is a part of a run.
type PlanWave struct {
	Number, Shops int
	Squares       []string // a class for each change
}

// PlanRunRow is a change of a run.
type PlanRunRow struct {
	PlanShop

	State           ui.State
	Change          PlanChange
	URL             string // before the change, or of the new webhook
	Outcome         string
	Calling         bool
	At              time.Time // zero if it has not ended
	Explain         string
	Code, RequestID string
}

// state returns how the result is drawn.
func (r PlanRehearsal) state() ui.State {
	if r.Good < r.Total {
		return ui.Look
	}
	return ui.OK
}

// more returns how many of the changes have no name.
func (p PlanPrediction) more() int { return p.Count - len(p.Shops) }

// title names a wave.
func (w PlanWave) title() string {
	if w.Shops == 1 {
		return waveTitle + ui.Number(w.Number)
	}
	return waveTitle + ui.Number(w.Number) + ": " + ui.Count(w.Shops, "shop", "shops")
}

// mostShown is how many event types a line names.
const mostShown = 2

// short says which event types change, in few words.
func short(sign string, types []ui.EventBadge) string {
	if len(types) > mostShown {
		return sign + " " + ui.Count(len(types), "event type", "event types")
	}
	var names []string
	for _, t := range types {
		names = append(names, ui.Plain(t.Name()))
	}
	return sign + " " + strings.Join(names, ", ")
}

// digestShort returns the first eight characters in two groups.
func (p PlanPage) digestShort() string {
	const group, all = 4, 64
	if len(p.Digest) != all {
		return p.Digest
	}
	return p.Digest[:group] + " " + p.Digest[group:2*group]
}

// now says how far a run is, in tenths, so that screen readers don't read each
// change.
func (r PlanRun) now() string {
	return "Applying changes. " + ui.Number(10*(10*r.Done/max(r.Total, 1))) + "% done."
}

// focused reports whether the page's content has the focus.
func (p PlanPage) focused() bool { return p.Banner != nil || p.TypedErr != nil }

// called returns the person who did a step.
func (s PlanStep) called() string {
	if s.You || s.Who == "" {
		return planYou
	}
	return s.Who
}

// helpers are the people who may approve, the first few by name.
func (a PlanApproval) helpers() string {
	const most = 3
	names := a.People
	if more := len(names) - most; more > 0 {
		names = append(append([]string{}, names[:most]...), ui.Number(more)+" more")
	}
	return strings.Join(names, ", ")
}

// newURL returns the URL of a webhook after the change.
// place returns how a URL is called in one line.
func (c PlanChange) place(url string) string {
	if c.Various {
		return strings.TrimPrefix(url, "https://")
	}
	return ui.HostAndPath(url)
}

func newURL(g PlanGroup) string { return cmp.Or(g.Change.NewURL, g.URL) }

// lookAfterFirst is the number of shops above which a run pauses after the first.
const lookAfterFirst = 20
