package handlers

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
	"hookwall/oauth"
)

const (
	createTime = 80 * time.Second // for all that belongs to a create
	listTime   = 3 * time.Second  // for a look at the list beside it
	// pendingTime is longer than a create can take: a submission that is
	// pending for longer was cut off by the end of its process.
	pendingTime = 45 * time.Second
	// lookTime is longer than the call itself can take. A twin that has waited
	// for so long, without a sign of life, looks for the webhook too.
	lookTime  = 10 * time.Second
	twinWait  = 30 * time.Second
	twinPoll  = 100 * time.Millisecond
	lookEvery = 3 * time.Second
	// lateTime is how long after its start a create that got no answer may
	// still be carried out, and blindTime how long it counts where the list
	// cannot be read.
	lateTime   = 30 * time.Second
	blindTime  = time.Hour
	secretTime = 15 * time.Minute
	// seenTime is for how long the list that a create read may stand in for
	// one that cannot be read, and maxSeen how many creates are looked at.
	seenTime = 10 * time.Minute
	maxSeen  = 20
)

// outcome is what became of a submission, as it is stored.
type outcome struct {
	Webhook *createdWebhook `json:"webhook,omitempty"`
	Failure *failure        `json:"failure,omitempty"`
	// Duplicates are webhooks that already receive some of the same event
	// types at the same address; the person is asked before there is another.
	Duplicates []duplicate `json:"duplicates,omitempty"`
	Activity   string      `json:"activity,omitempty"` // id of the recorded attempt
}

type createdWebhook struct {
	ID           string                 `json:"id"`
	URL          string                 `json:"url"`
	AllowedTypes []fourthwall.EventType `json:"allowedTypes"`
	APIVersion   string                 `json:"apiVersion"`
}

// failure is an answer of the API, or the lack of one.
type failure struct {
	Status     int    `json:"status"`
	Code       string `json:"code,omitempty"`
	RequestID  string `json:"requestID,omitempty"`
	RetryAfter int    `json:"retryAfter,omitempty"` // seconds
	NotSent    bool   `json:"notSent,omitempty"`
	Op         string `json:"op,omitempty"`
	Unverified bool   `json:"unverified,omitempty"` // whether it had an effect
	Absent     bool   `json:"absent,omitempty"`     // it was not confirmed, and turned out to have had none
	Earlier    bool   `json:"earlier,omitempty"`    // nothing was sent: another attempt for the same may still have an effect
}

func failureOf(api *fourthwall.Error) *failure {
	return &failure{Status: api.Status, Code: api.Code, RequestID: api.RequestID, RetryAfter: seconds(api.RetryAfter), NotSent: api.NotSent, Op: api.Op}
}

func (f failure) retryAfter() time.Duration { return time.Duration(f.RetryAfter) * time.Second }

func (o outcome) webhook() fourthwall.Webhook {
	if o.Webhook == nil {
		return fourthwall.Webhook{}
	}
	return fourthwall.Webhook{ID: o.Webhook.ID, URL: o.Webhook.URL, AllowedTypes: o.Webhook.AllowedTypes, APIVersion: o.Webhook.APIVersion}
}

func readOutcome(sub store.Submission) (outcome, error) {
	var o outcome
	if len(sub.Result) == 0 {
		return o, nil
	}
	err := json.Unmarshal(sub.Result, &o)
	return o, err
}

// hash is equal for forms that ask for the same webhook.
func (f *webhookForm) hash() string {
	types := slices.Sorted(slices.Values(f.types))
	sum := sha256.Sum256([]byte(f.shop + "\n" + f.address() + "\n" + strings.Join(types, "\n")))
	return hex.EncodeToString(sum[:])
}

// createOnce creates the webhook unless this form already did, and gives the
// settled submission. The work goes on when the person goes away: what is
// asked of the API must be recorded.
func (s *server) createOnce(r *http.Request, f *webhookForm) (store.Submission, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), createTime)
	defer cancel()
	work := s.creation(r, f)
	started, existing, err := s.Store.BeginSubmission(ctx, store.Submission{ID: f.submission, Owner: work.conn.Owner, Shop: work.conn.ShopID, Hash: f.hash(), Holder: work.holder})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Submission{}, oauth.ErrReconnect // signed out in another tab meanwhile
	case err != nil:
		return store.Submission{}, err
	case started:
		return work.run(ctx)
	case existing.State == store.StateRefused:
		// A refusal made nothing, so the same form may be sent again, changed or not.
		return work.takeOver(ctx, existing)
	}
	sub, _, err := work.again(ctx)
	return sub, err
}

// checkOnce looks once more for a webhook whose creation was not confirmed,
// and tells what the look came to.
func (s *server) checkOnce(r *http.Request, f *webhookForm) (store.Submission, sight, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), createTime)
	defer cancel()
	work := s.creation(r, f)
	work.checking = true
	sub, seen, err := work.again(ctx)
	if errors.Is(err, store.ErrNotFound) {
		err = &httpError{Status: http.StatusNotFound, Public: "What this form sent is no longer known here. Look at the list of webhooks to see whether it was created."}
	}
	return sub, seen, err
}

func (s *server) creation(r *http.Request, f *webhookForm) creation {
	v := stateOf(r)
	return creation{server: s, state: v, conn: v.conn, form: f, holder: rand.Text()}
}

// creation is one attempt to create a webhook.
type creation struct {
	*server
	state    *requestState
	conn     store.Connection
	form     *webhookForm
	holder   string         // tells this attempt from others with the same form
	checking bool           // nothing is to be created
	activity store.Activity // "" ID until the call is begun
}

func (c creation) submission(ctx context.Context) (store.Submission, error) {
	return c.Store.Submission(ctx, c.conn.Owner, c.form.submission)
}

// again answers a form that was sent before: by what became of it, or by a new
// attempt where it is certain that the one before came to nothing.
func (c creation) again(ctx context.Context) (sub store.Submission, seen sight, err error) {
	sub, err = c.await(ctx)
	if err != nil || sub.Hash != c.form.hash() || !c.isOpen(sub) {
		return sub, unmade, err
	}
	known, err := readOutcome(sub)
	if err != nil {
		return sub, unmade, err
	}
	c.activity.ID = known.Activity
	hook, seen := c.look(ctx, sub, []time.Duration{0})
	switch {
	case seen == there:
		sub, err = c.settleFound(ctx, hook)
	case seen == absent && c.age(sub) > unsettledAfter:
		sub, err = c.takeOver(ctx, sub)
	}
	return sub, seen, err
}

// isOpen tells whether nobody knows and nobody is at work to find out.
func (c creation) isOpen(sub store.Submission) bool {
	dead := pendingTime
	if sub.Holder != "" { // who gives signs of life
		dead = lookTime
	}
	return sub.State == store.StateUnconfirmed || sub.State == store.StatePending && c.age(sub) > dead
}

// isAbandoned tells whether who was at work died before the API was asked.
// Should it only have stood still, it finds out before it asks.
func (c creation) isAbandoned(sub store.Submission) bool {
	return sub.State == store.StatePending && sub.Holder != "" && !sub.Calling && c.age(sub) > noBeat && sub.Hash == c.form.hash()
}

func (c creation) age(sub store.Submission) time.Duration { return c.Now().Sub(sub.UpdatedAt) }

// await gives a twin request the first one's outcome.
func (c creation) await(ctx context.Context) (store.Submission, error) {
	deadline := c.Now().Add(twinWait)
	tick := time.NewTicker(twinPoll)
	defer tick.Stop()
	for {
		sub, err := c.submission(ctx)
		switch {
		case err != nil || sub.State != store.StatePending:
			return sub, err
		case c.isAbandoned(sub):
			return c.takeOver(ctx, sub)
		case c.isOpen(sub):
			return sub, nil
		case c.age(sub) > lookTime:
			if hook, sight := c.look(ctx, sub, []time.Duration{0}); sight == there {
				return c.settleFound(ctx, hook)
			}
			tick.Reset(lookEvery)
		}
		if c.Now().After(deadline) {
			return sub, nil
		}
		select {
		case <-ctx.Done():
			return sub, ctx.Err()
		case <-tick.C:
		}
	}
}

// takeOver begins anew where an attempt made nothing, unless somebody else did.
// Who only looks leaves it at that.
func (c creation) takeOver(ctx context.Context, seen store.Submission) (store.Submission, error) {
	mine, err := c.Store.RestartSubmission(ctx, seen, c.form.hash(), c.holder)
	if err != nil {
		return store.Submission{}, err
	}
	if !mine {
		return c.await(ctx)
	}
	if err := c.closeEarlier(ctx, store.Settlement{Outcome: store.OutcomeFailed}); err != nil {
		return store.Submission{}, err
	}
	if c.checking {
		return c.settle(ctx, store.StateRefused, "", outcome{Failure: &failure{Absent: true}})
	}
	c.activity = store.Activity{}
	return c.run(ctx)
}

// settleFound records a webhook that an earlier attempt with this form made.
func (c creation) settleFound(ctx context.Context, hook fourthwall.Webhook) (store.Submission, error) {
	err := c.closeEarlier(ctx, store.Settlement{Outcome: store.OutcomeDone, Status: http.StatusOK, WebhookID: hook.ID})
	if err != nil {
		return store.Submission{}, err
	}
	return c.settleCreated(ctx, hook)
}

// closeEarlier records how the attempts with this form ended of which that was
// not known.
func (c creation) closeEarlier(ctx context.Context, end store.Settlement) error {
	for _, outcome := range []string{store.OutcomePending, store.OutcomeUnclear} {
		found, err := c.Store.Activities(ctx, store.ActivityQuery{Shop: c.conn.ShopID, Action: actionCreate, Outcome: outcome, Limit: maxRivals})
		if err != nil {
			return err
		}
		for _, a := range found.Rows {
			if d, _ := readDetail(a); d.Form == formMark(c.form.submission) {
				c.closeAttempt(ctx, a, end)
			}
		}
	}
	return nil
}

func (c creation) closeAttempt(ctx context.Context, a store.Activity, end store.Settlement) {
	if end.Status == 0 { // the answer that was unclear stays on record
		end.Status, end.Code, end.APIRequestID = a.Status, a.Code, a.APIRequestID
	}
	if err := c.Store.SettleActivity(ctx, a.ID, end); err != nil && !errors.Is(err, store.ErrSettled) {
		c.state.log.Error("the outcome of an attempt could not be recorded", "activity", a.ID, "error", err)
	}
}

// lost gives way to another attempt with this form, which took it over: before
// this one called anything, or long after.
func (c creation) lost(ctx context.Context) (store.Submission, error) {
	c.state.log.Warn("another attempt with the same form took over")
	if c.activity.ID != "" {
		c.closeAttempt(ctx, c.activity, store.Settlement{Outcome: store.OutcomeFailed})
		c.activity = store.Activity{}
	}
	return c.await(ctx)
}

// run lists, calls and settles.
func (c creation) run(ctx context.Context) (store.Submission, error) {
	rest := c.beat(ctx, c.state, store.Submission{Owner: c.conn.Owner, ID: c.form.submission, Holder: c.holder})
	defer rest()
	list, before, err := c.lookBefore(ctx)
	if errors.Is(err, store.ErrLeaseLost) {
		return c.lost(ctx)
	}
	if err != nil {
		return c.settleFailure(ctx, err)
	}
	if found := findDuplicates(c.form.wanted(), list.Webhooks, ""); len(found) > 0 && !c.form.duplicate {
		return c.settle(ctx, store.StateRefused, "", outcome{Duplicates: found})
	}
	wait, err := c.earlier(ctx, list)
	if err != nil {
		return store.Submission{}, err
	}
	if wait > 0 && !c.form.duplicate {
		return c.settle(ctx, store.StateRefused, "", outcome{Failure: &failure{Earlier: true, RetryAfter: seconds(wait)}})
	}
	c.activity, err = c.begin(ctx, c.state, store.Activity{Action: actionCreate}, c.detail(before))
	if err != nil {
		return store.Submission{}, err
	}
	return c.call(ctx)
}

// earlier tells how long to wait for another create of the same, by whomever,
// that got no answer. Fourthwall may still be at it; and where the list could
// not be read, it may have made what is asked for now.
func (c creation) earlier(ctx context.Context, list fourthwall.WebhookList) (wait time.Duration, err error) {
	own := claim{shop: c.conn.ShopID, form: formMark(c.form.submission)}
	unanswered, err := c.creates(ctx, own, store.ActivityQuery{Outcome: store.OutcomeUnclear})
	for _, a := range unanswered {
		d, ok := readDetail(a)
		if !ok || d.After == nil || !overlap(d.After.version(), c.form.wanted()) {
			continue
		}
		switch age := c.Now().Sub(a.StartedAt); {
		case age < lateTime:
			wait = max(wait, lateTime-age)
		case list.Incomplete && age < blindTime:
			wait = max(wait, lateTime)
		}
	}
	return wait, err
}

// inventory is the webhooks there were before a create.
type inventory struct {
	ids []string
	all bool
}

// detail is what the activity keeps, so that the attempt can be settled
// should this process die.
func (c creation) detail(before inventory) detail {
	return detail{After: content(c.form.wanted()), Known: before.ids, KnownRead: before.all, Form: formMark(c.form.submission)}
}

// call creates and settles. From when it says so, nobody else begins anew.
func (c creation) call(ctx context.Context) (store.Submission, error) {
	hook, err := withCredential(ctx, c.server, c.conn, func(ctx context.Context, cred fourthwall.Credential) (fourthwall.Webhook, error) {
		if err := c.Store.HoldSubmission(ctx, c.conn.Owner, c.form.submission, c.holder, true); err != nil {
			return fourthwall.Webhook{}, err
		}
		return c.API.CreateWebhook(ctx, cred, c.form.input())
	})
	if errors.Is(err, store.ErrLeaseLost) {
		return c.lost(ctx)
	}
	if err != nil {
		return c.settleFailure(ctx, err)
	}
	return c.settleCreated(ctx, hook)
}

// lookBefore records which webhooks there are, so that a new one can be told
// from an old one with the same URL and types. Creating does not depend on
// it, unless the credential is refused.
func (c creation) lookBefore(ctx context.Context) (list fourthwall.WebhookList, before inventory, err error) {
	list, err = c.list(ctx)
	if isFault(err) {
		list, err = c.list(ctx) // without it an unclear answer may stay so for good
	}
	if errors.Is(err, oauth.ErrReconnect) {
		return list, before, err
	}
	before = inventory{ids: make([]string, 0, len(list.Webhooks)), all: err == nil && !list.Incomplete}
	for _, hook := range list.Webhooks {
		before.ids = append(before.ids, hook.ID)
	}
	if !before.all {
		c.state.log.Info("webhooks could not all be listed before a create", "error", err)
		list.Incomplete = true
		if before, err = c.seenLately(ctx, before); err != nil {
			return list, before, err
		}
	}
	if !before.all {
		// Without the list an unclear answer stays unconfirmed, which is said.
		return list, before, c.Store.HoldSubmission(ctx, c.conn.Owner, c.form.submission, c.holder, false)
	}
	return list, before, c.Store.SetSubmissionBefore(ctx, c.conn.Owner, c.form.submission, c.holder, before.ids)
}

// seenLately adds what the shop's last create saw, when that was not long ago.
// What Hookwall made since is known by its own records.
func (c creation) seenLately(ctx context.Context, before inventory) (inventory, error) {
	found, err := c.Store.Activities(ctx, store.ActivityQuery{Shop: c.conn.ShopID, Action: actionCreate, Limit: maxSeen})
	for _, a := range found.Rows {
		d, ok := readDetail(a)
		if ok && d.KnownRead && c.Now().Sub(a.StartedAt) < seenTime {
			return inventory{ids: append(before.ids, d.Known...), all: true}, err
		}
	}
	return before, err
}

// isFault tells whether the API failed in answering, which may be over.
func isFault(err error) bool {
	var api *fourthwall.Error
	return errors.As(err, &api) && api.Status == http.StatusInternalServerError
}

func (c creation) list(ctx context.Context) (fourthwall.WebhookList, error) {
	ctx, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	return withCredential(ctx, c.server, c.conn, c.API.WebhookList)
}

// settleCreated records the new webhook, and its secret if one came.
func (c creation) settleCreated(ctx context.Context, hook fourthwall.Webhook) (store.Submission, error) {
	if hook.Secret != "" {
		until := c.Now().Add(secretTime)
		if err := c.Store.PutSecret(ctx, c.conn.Owner, c.conn.ShopID, hook.ID, hook.Secret.Reveal(), until); err != nil {
			// The webhook exists, and that must be recorded all the same. The
			// page says where else the secret is found.
			c.state.log.Error("the secret of a new webhook could not be kept", "error", err)
		}
	}
	return c.settle(ctx, store.StateCreated, hook.ID, outcome{Webhook: &createdWebhook{hook.ID, hook.URL, hook.AllowedTypes, hook.APIVersion}})
}

// settleFailure records a refusal, or finds out whether the webhook was
// created after all.
func (c creation) settleFailure(ctx context.Context, err error) (store.Submission, error) {
	if errors.Is(err, oauth.ErrReconnect) {
		c.state.log.Warn("create was not accepted", "error", err)
		return c.settle(ctx, store.StateRefused, "", outcome{Failure: &failure{Status: http.StatusUnauthorized}})
	}
	var api *fourthwall.Error
	if !errors.As(err, &api) {
		return store.Submission{}, err
	}
	c.state.log.Warn("create was not accepted", "error", api)
	failed := failureOf(api)
	if !mayHaveWorked(api) {
		return c.settle(ctx, store.StateRefused, "", outcome{Failure: failed})
	}
	sub, err := c.submission(ctx)
	if err != nil {
		return sub, err
	}
	pauses := c.Pauses
	switch {
	case !sub.BeforeKnown:
		pauses = nil // what is there tells nothing yet
	case !api.Uncertain():
		pauses = []time.Duration{0}
	}
	if hook, sight := c.look(ctx, sub, pauses); sight == there {
		return c.settleCreated(ctx, hook)
	}
	if !api.Uncertain() {
		return c.settle(ctx, store.StateRefused, "", outcome{Failure: failed})
	}
	return c.settle(ctx, store.StateUnconfirmed, "", outcome{Failure: failed})
}

// sight is what a look for the webhook that a form asked for came to.
type sight int

const (
	unmade  sight = iota // nobody looked
	unread               // the webhooks could not be listed, or not all of them
	unclear              // some may be it, and nobody can say which
	there                // exactly one new webhook is it
	absent               // there is none
)

// look lists again, after each of the pauses, until exactly one new webhook
// is what the form asked for.
func (c creation) look(ctx context.Context, sub store.Submission, pauses []time.Duration) (hook fourthwall.Webhook, last sight) {
	for _, wait := range pauses {
		if pause(ctx, wait) != nil {
			break
		}
		if hook, last = c.lookNow(ctx, sub); last == there {
			break
		}
	}
	return hook, last
}

func (c creation) lookNow(ctx context.Context, sub store.Submission) (fourthwall.Webhook, sight) {
	list, err := c.list(ctx)
	if err != nil {
		c.state.log.Warn("webhooks could not be listed to look for a new one", "error", err)
		return fourthwall.Webhook{}, unread
	}
	own := claim{
		shop: c.conn.ShopID, form: formMark(sub.ID), started: sub.UpdatedAt.Add(-pendingTime), want: c.form.wanted(),
		rivals: []string{store.OutcomePending},
	}
	free, contested, err := c.unclaimed(ctx, own, newWebhooks(list.Webhooks, sub.Before, c.form.wanted()))
	switch {
	case err != nil:
		c.state.log.Error("other attempts could not be looked at", "error", err)
	case len(free) == 1 && !contested && sub.BeforeKnown:
		return free[0], there
	case len(free) > 0:
		return fourthwall.Webhook{}, unclear
	case !list.Incomplete:
		return fourthwall.Webhook{}, absent
	}
	return fourthwall.Webhook{}, unread
}

// normalURL writes an address in one way, for comparing: case of scheme and
// host, international host names, the dot at a name's end, default port, empty
// path, and no fragment, which is never sent.
func normalURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" {
		return address
	}
	port := u.Port()
	if n, err := strconv.Atoi(port); err == nil {
		port = strconv.Itoa(n) // 0443 is 443
	}
	host := withoutFinalDot(asciiHost(strings.ToLower(u.Hostname())))
	if port == "" || (u.Scheme == "https" && port == "443") || (u.Scheme == "http" && port == "80") {
		u.Host = bracketed(host)
	} else {
		u.Host = net.JoinHostPort(host, port)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String()
}

// withoutFinalDot takes off the dot that names the root of DNS.
func withoutFinalDot(host string) string {
	if name := strings.TrimSuffix(host, "."); name != "" && !strings.HasSuffix(name, ".") {
		return name
	}
	return host
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// settleActivity records how the attempt ended. Where that fails, the entry
// settles itself later.
func (c creation) settleActivity(ctx context.Context, state, webhookID string, f *failure) {
	if c.activity.ID == "" {
		return
	}
	out := store.Settlement{Outcome: store.OutcomeUnclear, WebhookID: webhookID}
	if f != nil {
		out.Status, out.Code, out.APIRequestID = f.Status, f.Code, f.RequestID
	}
	switch {
	case state == store.StateCreated:
		out.Outcome, out.Status = store.OutcomeDone, http.StatusOK
	case state == store.StateRefused && f != nil && f.Status >= 400 && f.Status < 500:
		out.Outcome = store.OutcomeRefused
	case state == store.StateRefused:
		out.Outcome = store.OutcomeFailed
	}
	if err := c.Store.SettleActivity(ctx, c.activity.ID, out); err != nil {
		c.state.log.Error("the outcome of an attempt could not be recorded", "activity", c.activity.ID, "error", err)
	}
}

func (c creation) settle(ctx context.Context, state, webhookID string, o outcome) (store.Submission, error) {
	o.Activity = c.activity.ID
	result, err := json.Marshal(o)
	if err != nil {
		return store.Submission{}, err
	}
	c.settleActivity(ctx, state, webhookID, o.Failure)
	err = c.Store.SettleSubmission(ctx, store.Submission{
		Owner: c.conn.Owner, ID: c.form.submission, Holder: c.holder, State: state, WebhookID: webhookID, Result: result,
	})
	if errors.Is(err, store.ErrLeaseLost) {
		return c.lost(ctx)
	}
	if err != nil && !errors.Is(err, store.ErrSettled) {
		return store.Submission{}, err
	}
	return c.submission(ctx)
}
