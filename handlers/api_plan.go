package handlers

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// apiPlan is a plan as it was stored, and what became of it.
type apiPlan struct {
	Number        int64        `json:"number"`
	URL           string       `json:"url"` // of its page
	Subject       string       `json:"subject"`
	Kind          string       `json:"kind"`
	State         string       `json:"state"`
	Why           string       `json:"why,omitempty"` // it is paused
	Digest        string       `json:"digest"`
	SeenFrom      *time.Time   `json:"seenFrom"` // when the first of the shops was read
	Shops         int          `json:"shops"`
	Creates       int          `json:"creates"`
	Updates       int          `json:"updates"`
	Deletes       int          `json:"deletes"`
	Made          *apiStep     `json:"made"`
	Approved      *apiStep     `json:"approved"`
	Applied       *apiStep     `json:"applied"`
	NeedsApproval bool         `json:"needsApproval"`
	Items         []apiItem    `json:"items"`
	LeftOut       []apiLeftOut `json:"leftOut"`
	Same          int          `json:"same"` // shops that need no change
}

// apiStep is who did something to a plan, and when.
type apiStep struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// apiItem is what a plan does to one webhook.
type apiItem struct {
	Item    int          `json:"item"` // from 1
	Action  fleet.Action `json:"action"`
	Shop    apiName      `json:"shop"`
	Webhook string       `json:"webhook,omitempty"` // its ID; left out for a new one
	Before  *apiContent  `json:"before,omitempty"`
	After   *apiContent  `json:"after,omitempty"`
}

// apiName names a shop.
type apiName struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Domain string `json:"domain"`
}

// apiContent is what a webhook has.
type apiContent struct {
	URL          string                 `json:"url"`
	AllowedTypes []fourthwall.EventType `json:"allowedTypes"`
}

// apiLeftOut is a shop, or a webhook, that a plan doesn't change.
type apiLeftOut struct {
	Shop    apiName      `json:"shop"`
	Webhook string       `json:"webhook,omitempty"`
	Reason  fleet.Reason `json:"reason"`
	Text    string       `json:"text"`
	Fix     string       `json:"fix"`
}

// apiNothing says that a file changes nothing, so there is no plan.
type apiNothing struct {
	Same    int          `json:"same"`
	LeftOut []apiLeftOut `json:"leftOut"`
}

// apiRun is how far a plan is applied.
type apiRun struct {
	Number int64          `json:"number"`
	URL    string         `json:"url"`
	Digest string         `json:"digest"`
	State  string         `json:"state"`
	Why    string         `json:"why,omitempty"`
	Text   string         `json:"text,omitempty"` // why it is paused, for a person
	Total  int            `json:"total"`
	Counts map[string]int `json:"counts"` // of items, by state
	Items  []apiRunItem   `json:"items"`
}

// apiRunItem is how an item of a run stands.
type apiRunItem struct {
	Item      int          `json:"item"` // from 1
	Action    fleet.Action `json:"action"`
	Shop      apiName      `json:"shop"`
	Webhook   string       `json:"webhook,omitempty"`
	URL       string       `json:"webhookUrl"`
	Wave      int          `json:"wave"`
	State     string       `json:"state"`
	Code      string       `json:"code,omitempty"`
	Text      string       `json:"text,omitempty"` // why it did not succeed, for a person
	RequestID string       `json:"requestId,omitempty"`
	EndedAt   *time.Time   `json:"endedAt"`
}

// handleAPIPlanMake makes a plan of the fleet file in the body.
func (s *server) handleAPIPlanMake(w http.ResponseWriter, r *http.Request) error {
	form, err := formOfKey(r)
	if err != nil {
		return err
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/yaml" && kind != "application/json" {
		return &httpError{Status: http.StatusUnsupportedMediaType, Public: badTypeText}
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return badForm(err)
	}
	number, err := s.planOfFile(r, form, text)
	var nothing *nothingToPlanError
	if errors.As(err, &nothing) {
		of, err := s.connectionsOf(r)
		if err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, "application/json", apiNothing{nothing.Same, leftOutOf(nothing.LeftOut, of)})
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", apiPlansPath+"/"+strconv.FormatInt(number, 10))
	return s.sendPlan(w, r, http.StatusCreated, number)
}

// nothingToPlanError means that a file changes nothing.
type nothingToPlanError struct{ fleet.Proposal }

// Error implements error.
func (*nothingToPlanError) Error() string { return fleet.ErrNothingToChange.Error() }

// planOfFile returns the number of the plan of a file: that which the form has
// made, else a new one.
func (s *server) planOfFile(r *http.Request, form string, text []byte) (int64, error) {
	number, err := s.madeBefore(r, form, text)
	if !errors.Is(err, store.ErrNotFound) {
		return number, err
	}
	p, proposal, err := s.Fleet.PlanFile(r.Context(), s.actor(r), form, text)
	var faults *fleet.FileError
	switch {
	case errors.As(err, &faults):
		return 0, &httpError{
			Status: http.StatusUnprocessableEntity, Problem: "fleet-file", Heading: fileProblemTitle, Faults: faults.Problems,
			Public: fileProblemText(len(faults.Problems)), Err: err,
		}
	case errors.Is(err, fleet.ErrNothingToChange):
		return 0, &nothingToPlanError{proposal}
	case err != nil:
		return 0, err
	}
	stateOf(r).log.Info("a plan was made", "plan", p.Number, "shops", p.Shops)
	return s.madeBefore(r, form, text) // perhaps by a request that was faster
}

// madeBefore returns the number of the plan that a form has made, or
// store.ErrNotFound. A form makes one plan, so it can't make one of another file.
func (s *server) madeBefore(r *http.Request, form string, text []byte) (int64, error) {
	owner := stateOf(r).owner
	number, err := s.Store.PlanOfForm(r.Context(), owner, form)
	if err != nil {
		return 0, err
	}
	_, doc, err := s.Fleet.ReadPlan(r.Context(), owner, number)
	if err != nil {
		return 0, problemOfPlan(err)
	}
	if doc.Edit.Source != fleet.SourceOf(text) {
		return 0, &httpError{
			Status: http.StatusUnprocessableEntity, Problem: "key-reused", Heading: otherFileTitle, Public: otherFileText,
		}
	}
	return number, nil
}

// formOfKey returns the one-time ID for a plan: one for each person and
// Idempotency-Key, else a new one.
func formOfKey(r *http.Request) (string, error) {
	const most = 200
	all := r.Header.Values("Idempotency-Key")
	if len(all) == 0 {
		return rand.Text(), nil
	}
	key := all[0]
	isHidden := func(c rune) bool { return c <= ' ' || c > '~' }
	if len(all) > 1 || key == "" || len(key) > most || strings.ContainsFunc(key, isHidden) {
		return "", &httpError{Status: http.StatusBadRequest, Public: badKeyText}
	}
	sum := sha256.Sum256([]byte(stateOf(r).person.ID + "\n" + key))
	return base32.StdEncoding.EncodeToString(sum[:])[:len(rand.Text())], nil
}

// handleAPIPlan sends a plan.
func (s *server) handleAPIPlan(w http.ResponseWriter, r *http.Request) error {
	number, err := planNumber(r)
	if err != nil {
		return err
	}
	return s.sendPlan(w, r, http.StatusOK, number)
}

func (s *server) sendPlan(w http.ResponseWriter, r *http.Request, status int, number int64) error {
	p, doc, err := s.Fleet.ReadPlan(r.Context(), stateOf(r).owner, number)
	if err != nil {
		return problemOfPlan(err)
	}
	of, err := s.connectionsOf(r)
	if err != nil {
		return err
	}
	rights, err := s.rightsTo(r, p)
	if err != nil {
		return err
	}
	out := apiPlan{
		Number: p.Number, URL: s.PublicURL.String() + planPath(p.Number), Subject: planSubject(p, doc), Kind: p.Kind,
		State: p.State, Why: p.Why, Digest: p.Digest, SeenFrom: timeOrNone(doc.SeenFrom), Shops: p.Shops,
		Creates: p.Creates, Updates: p.Updates, Deletes: p.Deletes, Made: stepOf(p.Made), Approved: stepOf(p.Approved),
		Applied: stepOf(p.Applied), NeedsApproval: rights.needsApproval, Items: []apiItem{},
		LeftOut: leftOutOf(doc.LeftOut, of), Same: doc.Same,
	}
	for i, item := range doc.Items {
		out.Items = append(out.Items, apiItem{
			Item: i + 1, Action: item.Action(), Shop: nameOf(item.Shop, of), Webhook: item.Webhook,
			Before: apiContentOf(item.Before), After: apiContentOf(item.After),
		})
	}
	return writeJSON(w, status, "application/json", out)
}

// handleAPIRun sends how far a plan is applied. With items=failed, it leaves out
// the items that succeeded or are still to come.
func (s *server) handleAPIRun(w http.ResponseWriter, r *http.Request) error {
	number, err := planNumber(r)
	if err != nil {
		return err
	}
	return s.sendRun(w, r, http.StatusOK, number)
}

func (s *server) sendRun(w http.ResponseWriter, r *http.Request, status int, number int64) error {
	p, doc, err := s.Fleet.ReadPlan(r.Context(), stateOf(r).owner, number)
	if err != nil {
		return problemOfPlan(err)
	}
	items, err := s.Store.PlanItems(r.Context(), p.Owner, p.Number)
	if err != nil {
		return err
	}
	if len(items) > len(doc.Items) {
		return problemOfPlan(store.ErrPlanAltered)
	}
	of, err := s.connectionsOf(r)
	if err != nil {
		return err
	}
	out := apiRun{
		Number: p.Number, URL: s.PublicURL.String() + planPath(p.Number), Digest: p.Digest, State: p.State, Why: p.Why,
		Text: runText(p), Total: len(doc.Items), Counts: map[string]int{}, Items: []apiRunItem{},
	}
	for _, i := range items {
		out.Counts[i.State]++
		if r.URL.Query().Get("items") != "failed" || hasFailed(i) || i.State == store.ItemChanged {
			out.Items = append(out.Items, runItemOf(i, doc.Items[i.Item], of))
		}
	}
	return writeJSON(w, status, "application/json", out)
}

func runItemOf(i store.PlanItem, item fleet.Item, of map[string]store.Connection) apiRunItem {
	out := apiRunItem{
		Item: i.Item + 1, Action: item.Action(), Shop: nameOf(i.Shop, of), Webhook: item.Webhook, Wave: i.Wave,
		State: i.State, Code: i.Code, RequestID: i.RequestID, EndedAt: timeOrNone(i.EndedAt),
	}
	_, out.URL = changeOf(item)
	if i.Webhook != "" {
		out.Webhook = i.Webhook
	}
	if hasFailed(i) || i.State == store.ItemChanged {
		out.Text, _ = itemText(i, item)
	}
	return out
}

// reviewedBody is the body of what is done to a plan that was reviewed.
type reviewedBody struct {
	Digest  string `json:"digest"`
	Deletes *int   `json:"deletes,omitempty"` // of the plan, which confirms them
}

// actOnPlan does something to the plan in the path, and sends how far it is
// applied.
func (s *server) actOnPlan(
	w http.ResponseWriter, r *http.Request, status int, do func(store.Plan, planRights) error,
) error {
	number, err := planNumber(r)
	if err != nil {
		return err
	}
	p, _, err := s.Fleet.ReadPlan(r.Context(), stateOf(r).owner, number)
	if err != nil {
		return problemOfPlan(err)
	}
	rights, err := s.rightsTo(r, p)
	if err == nil {
		err = do(p, rights)
	}
	if errors.Is(err, errPlanRights) {
		return &httpError{
			Status: http.StatusForbidden, Problem: "plan-rights", Heading: "You can’t do this", Public: planHelp(p, rights),
		}
	}
	if err != nil {
		return problemOfPlan(err)
	}
	stateOf(r).log.Info("a plan was changed", "plan", number, "change", stateOf(r).pattern)
	return s.sendRun(w, r, status, number)
}

// handleAPIApply begins the run of a plan by its digest. One that deletes
// webhooks needs their number.
func (s *server) handleAPIApply(w http.ResponseWriter, r *http.Request) error {
	var body reviewedBody
	if err := readReviewed(r, &body); err != nil {
		return err
	}
	return s.actOnPlan(w, r, http.StatusAccepted, func(p store.Plan, rights planRights) error {
		switch {
		case !rights.mayRun(p) && !rights.needsApproval:
			return errPlanRights
		case p.Deletes > 0 && (body.Deletes == nil || *body.Deletes != p.Deletes):
			return &httpError{
				Status: http.StatusUnprocessableEntity, Problem: "confirm-deletes", Heading: "The deletes aren’t confirmed",
				Public: apiDeletesText(p.Deletes),
			}
		}
		return s.Fleet.ApplyPlan(r.Context(), s.actor(r), p, body.Digest, rights.people)
	})
}

// handleAPIResume continues a paused run by the digest of its plan.
func (s *server) handleAPIResume(w http.ResponseWriter, r *http.Request) error {
	var body reviewedBody
	if err := readReviewed(r, &body); err != nil {
		return err
	}
	return s.actOnPlan(w, r, http.StatusAccepted, func(p store.Plan, rights planRights) error {
		switch {
		case !rights.mayRun(p):
			return errPlanRights
		case p.Why == store.PausedAltered:
			return store.ErrPlanAltered
		}
		return s.Fleet.ResumePlan(r.Context(), s.actor(r), p, body.Digest, false)
	})
}

// handleAPIStop stops a run before its next item.
func (s *server) handleAPIStop(w http.ResponseWriter, r *http.Request) error {
	return s.actOnPlan(w, r, http.StatusOK, func(p store.Plan, _ planRights) error {
		return s.Fleet.StopPlan(r.Context(), s.actor(r), p)
	})
}

func readReviewed(r *http.Request, body *reviewedBody) error {
	if err := readJSON(r, body); err != nil {
		return err
	}
	if body.Digest == "" {
		return &httpError{Status: http.StatusBadRequest, Public: noDigestText}
	}
	return nil
}

// planNumber returns the number of the plan in the path.
func planNumber(r *http.Request) (int64, error) {
	number, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, problemOfPlan(store.ErrNotFound)
	}
	return number, nil
}

// problemOfPlan returns the problem of an error about a plan.
func problemOfPlan(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &httpError{Status: http.StatusNotFound, Public: planUnknownText}
	}
	for _, p := range planProblems {
		if errors.Is(err, p.is) {
			return &httpError{Status: http.StatusConflict, Problem: p.slug, Heading: p.title, Public: p.detail, Err: err}
		}
	}
	return err
}

func stepOf(by store.PlanPerson) *apiStep {
	if by.At.IsZero() {
		return nil
	}
	return &apiStep{by.Name, by.At.UTC()}
}

func nameOf(shop string, of map[string]store.Connection) apiName {
	c := of[shop]
	return apiName{ID: shop, Name: c.ShopName, Domain: c.ShopDomain}
}

func apiContentOf(c *fourthwall.Content) *apiContent {
	if c == nil {
		return nil
	}
	return &apiContent{c.URL, append([]fourthwall.EventType{}, fourthwall.TypeSet(c.AllowedTypes)...)}
}

func leftOutOf(all []fleet.LeftOut, of map[string]store.Connection) []apiLeftOut {
	out := []apiLeftOut{}
	for _, l := range all {
		text := leftTexts[l.Why]
		out = append(out, apiLeftOut{
			Shop: nameOf(l.Shop, of), Webhook: l.Webhook, Reason: l.Why, Text: text.text, Fix: text.fix,
		})
	}
	return out
}
