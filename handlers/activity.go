package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
	"hookwall/views"
)

// What an activity is about.
const (
	actionCreate     = "webhook.create"
	actionUpdate     = "webhook.update"
	actionDelete     = "webhook.delete"
	actionConnect    = "shop.connect"
	actionDisconnect = "shop.disconnect"
)

// detail is what stands before and after, as an activity keeps it.
type detail struct {
	Before *webhookContent `json:"before,omitempty"`
	After  *webhookContent `json:"after,omitempty"`
	// Known are the webhooks there were before a create.
	Known     []string `json:"known,omitempty"`
	KnownRead bool     `json:"knownRead,omitempty"`
	Shop      string   `json:"shop,omitempty"` // name of the shop that was connected or disconnected
	Scopes    string   `json:"scopes,omitempty"`
	Form      string   `json:"form,omitempty"` // of a create: see formMark
}

type webhookContent struct {
	URL   string   `json:"url"`
	Types []string `json:"types"`
}

func content(v version) *webhookContent { return &webhookContent{v.url, v.types} }

func (c *webhookContent) version() version { return version{c.URL, c.Types} }

// begin records an attempt before anything is called.
func (s *server) begin(ctx context.Context, v *requestState, a store.Activity, d detail) (store.Activity, error) {
	encoded, err := json.Marshal(d)
	if err != nil {
		return store.Activity{}, err
	}
	a.Shop, a.Owner, a.Actor = v.conn.ShopID, v.owner, wayText(v.conn)
	a.Session, a.RequestID, a.Detail = s.sessions.Mark(v.session), v.requestID, encoded
	return s.Store.BeginActivity(ctx, a)
}

// settle records how an attempt ended, and gives err back, unless all it says
// is that what was to be deleted is not there.
func (s *server) settle(ctx context.Context, v *requestState, a store.Activity, err error) error {
	outcome := settlementOf(err)
	outcome.WebhookID = a.WebhookID
	switch {
	case a.Action == actionDelete && isNotFound(err):
		outcome.Outcome, err = store.OutcomeDone, nil
	case a.Action == actionDisconnect && err == nil:
		outcome.Status = 0 // Fourthwall was not asked
	}
	if storeErr := s.Store.RecordOutcome(ctx, a.ID, outcome); storeErr != nil {
		// What was done is done; the entry settles itself later.
		v.log.Error("the outcome of an attempt could not be recorded", "activity", a.ID, "error", storeErr)
	}
	return err
}

// settlementOf sorts what a call came to.
func settlementOf(err error) store.Ending {
	var api *fourthwall.Error
	switch {
	case err == nil:
		return store.Ending{Outcome: store.OutcomeDone, Status: http.StatusOK}
	case errors.Is(err, oauth.ErrReconnect):
		return store.Ending{Outcome: store.OutcomeRefused, Status: http.StatusUnauthorized}
	case !errors.As(err, &api):
		return store.Ending{Outcome: store.OutcomeFailed}
	}
	out := store.Ending{Outcome: store.OutcomeFailed, Status: api.Status, Code: api.Code, APIRequestID: api.RequestID}
	switch {
	case isUncertain(err):
		out.Outcome = store.OutcomeUnclear
	case api.Status >= 400 && api.Status < 500:
		out.Outcome = store.OutcomeRefused
	}
	return out
}

const (
	settlePause    = 5 * time.Second  // before an attempt is looked at that seems to have gone through
	unsettledAfter = 90 * time.Second // longer than any attempt takes: then it may be called not done
	recheckFor     = time.Hour        // an unclear outcome is looked into again
	giveUpAfter    = 7 * 24 * time.Hour
	maxPending     = 10000
	activityPage   = 50
	maxCSVRows     = 10000
)

// settleActivities finds out how attempts ended whose process died in the
// middle, or whose answer was unclear, by reading the API again.
func (s *server) settleActivities(ctx context.Context) error {
	now := s.Now()
	open, err := s.Store.UnsettledActivities(ctx, now.Add(-settlePause), now.Add(-recheckFor), maxPending)
	if err != nil {
		return err
	}
	pass := settling{server: s, lists: map[string]hookList{}}
	for _, a := range s.looks.due(open, now) {
		if err := pass.settleByReading(ctx, a); err != nil {
			s.Logger.Warn("an attempt could not be settled yet", "activity", a.ID, "error", err)
		}
	}
	return ctx.Err()
}

// looks spaces out when an open attempt is looked into, so that a shop that
// cannot be read is not asked all the time.
type looks struct {
	mu   sync.Mutex
	next map[string]look // by activity
}

type look struct {
	at  time.Time
	gap time.Duration
}

const (
	firstGap = 5 * time.Second // doubles with each look
	maxGap   = 10 * time.Minute
)

// due gives the attempts whose turn it is, and forgets those that are settled.
func (l *looks) due(open []store.Activity, now time.Time) []store.Activity {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := make(map[string]look, len(open))
	var out []store.Activity
	for _, a := range open {
		known := l.next[a.ID]
		if !known.at.After(now) {
			out = append(out, a)
			gap := min(max(2*known.gap, firstGap), maxGap)
			known = look{now.Add(gap), gap}
			if certain := a.StartedAt.Add(unsettledAfter); certain.After(now) && certain.Before(known.at) {
				known.at = certain
			}
		}
		next[a.ID] = known
	}
	l.next = next
	return out
}

// settling is one pass over what is not settled. Each shop is read once.
type settling struct {
	*server
	lists map[string]hookList // by shop
}

type hookList struct {
	fourthwall.WebhookList
	err error
}

// settleByReading compares what an attempt wanted with what there is.
func (p settling) settleByReading(ctx context.Context, a store.Activity) error {
	if a.Action == actionConnect || a.Action == actionDisconnect {
		_, err := p.Store.Connection(ctx, a.Owner, a.Shop)
		if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrWrongKey) {
			return err
		}
		return p.note(ctx, a, judgeConnection(a, !errors.Is(err, store.ErrNotFound)))
	}
	d, ok := readDetail(a)
	if !ok {
		return p.note(ctx, a, store.Ending{Outcome: store.OutcomeUnclear})
	}
	list, err := p.hooks(ctx, a)
	switch {
	case err != nil && p.Now().Sub(a.StartedAt) >= giveUpAfter:
		return p.note(ctx, a, store.Ending{Outcome: store.OutcomeUnclear})
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrWrongKey), errors.Is(err, oauth.ErrReconnect):
		return nil // the shop may be connected again, and then it can be read
	case err != nil:
		return err
	case a.Action == actionCreate:
		found, err := p.judgeCreate(ctx, a, d, list)
		if err != nil {
			return err
		}
		return p.note(ctx, a, found)
	}
	return p.note(ctx, a, judge(a, d, list))
}

// judgeCreate looks for the webhook that an attempt wanted among those that
// were not there before. It must be the only one, and nobody else's. Where
// nobody could see what was there before, only that there is none tells.
func (p settling) judgeCreate(ctx context.Context, a store.Activity, d detail, list fourthwall.WebhookList) (store.Ending, error) {
	out := store.Ending{Outcome: store.OutcomeUnclear}
	if d.After == nil {
		return out, nil
	}
	matches := newWebhooks(list.Webhooks, d.Known, d.After.version())
	c := claim{shop: a.Shop, id: a.ID, form: d.Form, started: a.StartedAt, want: d.After.version(), rivals: []string{store.OutcomePending, store.OutcomeUnclear}}
	free, contested, err := p.unclaimed(ctx, c, matches)
	switch {
	case err != nil || contested || len(free) == 0 && list.Incomplete:
	case len(free) == 0:
		out.Outcome = store.OutcomeFailed
	case len(free) == 1 && d.KnownRead:
		out.Outcome, out.WebhookID = store.OutcomeDone, free[0].ID
	}
	return out, err
}

// note records what was found. That something was done shows at once; that it
// was not is certain only when nobody can be at work on it any more.
func (p settling) note(ctx context.Context, a store.Activity, found store.Ending) error {
	if found.Outcome != store.OutcomeDone && p.Now().Sub(a.StartedAt) < unsettledAfter {
		return nil
	}
	if found.Outcome == a.Outcome {
		return nil
	}
	if found.Status == 0 { // the answer that was unclear stays on record
		found.Status, found.Code, found.APIRequestID = a.Status, a.Code, a.APIRequestID
	}
	err := p.Store.RecordOutcome(ctx, a.ID, found)
	if errors.Is(err, store.ErrFinished) {
		return nil // by who made the attempt, meanwhile
	}
	return err
}

// hooks reads the webhooks of an activity's shop, with any connection to it.
func (p settling) hooks(ctx context.Context, a store.Activity) (fourthwall.WebhookList, error) {
	if known, ok := p.lists[a.Shop]; ok {
		return known.WebhookList, known.err
	}
	var read hookList
	conn, err := p.Store.LiveConnection(ctx, a.Shop, a.Owner)
	if err == nil {
		read.WebhookList, err = withCredential(ctx, p.server, conn, p.API.WebhookList)
	}
	read.err = err
	p.lists[a.Shop] = read
	return read.WebhookList, read.err
}

// readDetail reports false where the detail cannot be opened any more.
func readDetail(a store.Activity) (detail, bool) {
	var d detail
	err := json.Unmarshal(a.Detail, &d)
	return d, err == nil
}

// judgeConnection needs no call: the connection is there or it is not.
func judgeConnection(a store.Activity, there bool) store.Ending {
	if there == (a.Action == actionConnect) {
		return store.Ending{Outcome: store.OutcomeDone}
	}
	return store.Ending{Outcome: store.OutcomeFailed}
}

// judge says from the list of webhooks how a change or a delete ended.
func judge(a store.Activity, d detail, read fourthwall.WebhookList) store.Ending {
	out := store.Ending{Outcome: store.OutcomeUnclear, WebhookID: a.WebhookID}
	at := slices.IndexFunc(read.Webhooks, func(hook fourthwall.Webhook) bool { return hook.ID == a.WebhookID })
	switch {
	case at < 0 && read.Incomplete: // it may stand in the part that is missing
	case at < 0 && a.Action == actionDelete:
		out.Outcome = store.OutcomeDone
	case at >= 0 && a.Action == actionDelete:
		out.Outcome = store.OutcomeFailed
	case at >= 0 && a.Action == actionUpdate:
		out.Outcome = judgeUpdate(d, versionOf(read.Webhooks[at]))
	}
	return out
}

func judgeUpdate(d detail, now version) string {
	switch {
	case d.After != nil && now.equal(d.After.version()):
		return store.OutcomeDone
	case d.Before != nil && now.equal(d.Before.version()):
		return store.OutcomeFailed
	case d.After != nil && sameWebhook(now, d.After.version()):
		return store.OutcomeDone // the API wrote the address in its own way
	}
	return store.OutcomeUnclear
}

// newWebhooks are those that were not known before and are what was wanted.
func newWebhooks(list []fourthwall.Webhook, known []string, want version) []fourthwall.Webhook {
	return slices.DeleteFunc(slices.Clone(list), func(hook fourthwall.Webhook) bool {
		return slices.Contains(known, hook.ID) || !sameWebhook(versionOf(hook), want)
	})
}

// sameWebhook compares as an API may have rewritten the address.
func sameWebhook(a, b version) bool {
	a.url, b.url = normalURL(a.url), normalURL(b.url)
	return a.equal(b)
}

// activityQuery reads the filter from the address.
func activityQuery(shopID string, q url.Values) store.ActivityQuery {
	return store.ActivityQuery{
		Shop: shopID, Action: oneOf(q.Get("action"), actionWords), Outcome: oneOf(q.Get("outcome"), outcomeWords),
		WebhookID: bounded(q.Get("webhook"), 200), Before: bounded(q.Get("before"), 100), After: bounded(q.Get("after"), 100), Limit: activityPage,
	}
}

// words are values with what a person reads for them, in the order of the
// choice.
type words [][2]string

func (w words) text(value string) string {
	for _, pair := range w {
		if pair[0] == value {
			return pair[1]
		}
	}
	return value
}

func (w words) choices() []views.Choice {
	var out []views.Choice
	for _, pair := range w {
		out = append(out, views.Choice{Value: pair[0], Text: pair[1]})
	}
	return out
}

func oneOf(value string, w words) string {
	for _, pair := range w {
		if pair[0] == value {
			return value
		}
	}
	return ""
}

var actionWords = words{
	{actionCreate, "Create a webhook"},
	{actionUpdate, "Change a webhook"},
	{actionDelete, "Delete a webhook"},
	{actionConnect, "Connect the shop"},
	{actionDisconnect, "Disconnect the shop"},
}

var outcomeWords = words{
	{store.OutcomeDone, "Done"},
	{store.OutcomeRefused, "Refused"},
	{store.OutcomeFailed, "Not done"},
	{store.OutcomeUnclear, "Unclear"},
	{store.OutcomePending, "Unsettled"},
}

// handleActivity lists what was attempted in a shop.
func (s *server) handleActivity(w http.ResponseWriter, r *http.Request) error {
	conn := stateOf(r).conn
	query := activityQuery(conn.ShopID, r.URL.Query())
	found, err := s.Store.Activities(r.Context(), query)
	if err != nil {
		return err
	}
	frame, err := s.frame(r, "Activity")
	if err != nil {
		return err
	}
	at := activityPath(conn.ShopID)
	page := views.ActivityPage{
		Frame: frame, Action: at, ActionFilter: query.Action, OutcomeFilter: query.Outcome, WebhookFilter: query.WebhookID,
		ActionChoices: actionWords.choices(), OutcomeChoices: outcomeWords.choices(), Total: found.Total,
		CSVHref: withQuery(at+".csv", filterOf(query).Encode()),
	}
	for _, a := range found.Rows {
		page.Rows = append(page.Rows, s.activityRow(a))
	}
	page.NewerHref, page.OlderHref = pageLinks(at, filterOf(query), found)
	return s.render(w, r, http.StatusOK, views.Activity(page))
}

func activityPath(shopID string) string { return shopPath(shopID) + "/activity" }

func filterOf(q store.ActivityQuery) url.Values {
	return filled(map[string]string{"action": q.Action, "outcome": q.Outcome, "webhook": q.WebhookID})
}

func pageLinks(at string, filter url.Values, found store.ActivityList) (newer, older string) {
	link := func(name, cursor string) string {
		if cursor == "" {
			return ""
		}
		q := maps.Clone(filter)
		q.Set(name, cursor)
		return withQuery(at, q.Encode())
	}
	return link("after", found.Newer), link("before", found.Older)
}

func (s *server) activityRow(a store.Activity) views.ActivityRow {
	d, _ := readDetail(a)
	row := views.ActivityRow{
		At: a.StartedAt, Action: actionWords.text(a.Action), Outcome: outcomeWords.text(a.Outcome), OutcomeKind: outcomeKind(a.Outcome),
		Who: a.Actor, Session: a.Session, WebhookID: a.WebhookID, Status: a.Status, Code: a.Code, RequestID: a.RequestID, APIRequestID: a.APIRequestID,
		Changes: changes(d),
	}
	if a.WebhookID != "" && a.Outcome == store.OutcomeDone && a.Action != actionDelete {
		row.WebhookHref = webhookPath(a.Shop, a.WebhookID)
	}
	return row
}

func outcomeKind(outcome string) string {
	switch outcome {
	case store.OutcomeDone:
		return views.Success
	case store.OutcomeRefused, store.OutcomeFailed:
		return views.Failure
	}
	return views.Warning
}

func changes(d detail) []views.Change {
	var out []views.Change
	before, after := d.Before, d.After
	if before == nil {
		before = &webhookContent{}
	}
	if after == nil {
		after = &webhookContent{}
	}
	if before.URL != after.URL {
		out = append(out, views.Change{Field: "Endpoint URL", Before: before.URL, After: after.URL})
	}
	if !slices.Equal(sorted(before.Types), sorted(after.Types)) {
		out = append(out, views.Change{
			Field: "Event types", Before: strings.Join(before.Types, ", "), After: strings.Join(after.Types, ", "),
			Added: without(after.Types, before.Types), Removed: without(before.Types, after.Types),
		})
	}
	if d.Shop != "" {
		out = append(out, views.Change{Field: "Shop", After: d.Shop})
	}
	if d.Scopes != "" {
		out = append(out, views.Change{Field: "Permissions", After: d.Scopes})
	}
	return out
}

// without names those of codes that others lack.
func without(codes, others []string) []views.EventBadge {
	var out []views.EventBadge
	for _, code := range codes {
		if !slices.Contains(others, code) {
			out = append(out, badge(fourthwall.EventType(code)))
		}
	}
	return out
}

// handleActivityCSV gives the same list as a file.
func (s *server) handleActivityCSV(w http.ResponseWriter, r *http.Request) error {
	conn := stateOf(r).conn
	query := activityQuery(conn.ShopID, r.URL.Query())
	query.Limit = maxCSVRows
	found, err := s.Store.Activities(r.Context(), query)
	if err != nil {
		return err
	}
	rows := [][]string{{"time", "action", "outcome", "who", "session", "webhook", "url before", "url after", "event types before", "event types after", "status", "code", "request id", "request id of the API"}}
	for _, a := range found.Rows {
		d, _ := readDetail(a)
		rows = append(rows, activityRecord(a, d))
	}
	return sendCSV(w, "activity-"+conn.ShopID+".csv", rows)
}

func activityRecord(a store.Activity, d detail) []string {
	var urls, types [2]string
	for i, c := range []*webhookContent{d.Before, d.After} {
		if c != nil {
			urls[i], types[i] = c.URL, strings.Join(c.Types, " ")
		}
	}
	status := ""
	if a.Status > 0 {
		status = strconv.Itoa(a.Status)
	}
	return []string{
		a.StartedAt.UTC().Format(time.RFC3339), a.Action, a.Outcome, a.Actor, a.Session, a.WebhookID, urls[0], urls[1], types[0], types[1],
		status, a.Code, a.RequestID, a.APIRequestID,
	}
}
