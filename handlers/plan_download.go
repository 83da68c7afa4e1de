package handlers

import (
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hookwall/internal/fleet"
	"hookwall/internal/fourthwall"
	"hookwall/internal/store"
)

// planFile is a plan and the results of its run, as a file has them.
type planFile struct {
	Plan     int64          `json:"plan"`
	Kind     string         `json:"kind"`
	Digest   string         `json:"digest"`
	State    string         `json:"state"`
	Why      string         `json:"why,omitempty"`
	Made     *planFileStep  `json:"made,omitempty"`
	Approved *planFileStep  `json:"approved,omitempty"`
	Applied  *planFileStep  `json:"applied,omitempty"`
	Items    []planFileItem `json:"items"`
	LeftOut  []planFileLeft `json:"leftOut"`
}

type planFileStep struct {
	By string    `json:"by,omitempty"`
	At time.Time `json:"at"`
}

type planFileItem struct {
	Shop      string              `json:"shop"`
	Name      string              `json:"name,omitempty"`
	Domain    string              `json:"domain,omitempty"`
	Action    string              `json:"action"`
	Webhook   string              `json:"webhook,omitempty"`
	Before    *fourthwall.Content `json:"before,omitempty"`
	After     *fourthwall.Content `json:"after,omitempty"`
	Wave      int                 `json:"wave,omitempty"`
	State     string              `json:"state,omitempty"` // "" before the run
	Code      string              `json:"code,omitempty"`
	RequestID string              `json:"requestID,omitempty"`
	Created   string              `json:"created,omitempty"` // ID of the webhook
	Started   *time.Time          `json:"started,omitempty"`
	Ended     *time.Time          `json:"ended,omitempty"`
	Retries   int                 `json:"retries,omitempty"`
}

type planFileLeft struct {
	Shop    string `json:"shop"`
	Name    string `json:"name,omitempty"`
	Domain  string `json:"domain,omitempty"`
	Webhook string `json:"webhook,omitempty"`
	Why     string `json:"why"`
	Plan    int64  `json:"plan,omitempty"`
}

// readPlanFile returns the plan in the path with the results of its run.
func (s *server) readPlanFile(r *http.Request) (f planFile, p store.Plan, err error) {
	p, doc, err := s.readPlan(r)
	if err != nil {
		return f, p, err
	}
	items, err := s.Store.PlanItems(r.Context(), p.Owner, p.Number)
	if err != nil {
		return f, p, err
	}
	of, err := s.connectionsOf(r)
	f = planFile{
		Plan: p.Number, Kind: p.Kind, Digest: p.Digest, State: p.State, Why: p.Why, LeftOut: []planFileLeft{},
		Made: fileStep(p.Made), Approved: fileStep(p.Approved), Applied: fileStep(p.Applied),
		Items: fileItems(doc, items, of),
	}
	for _, l := range doc.LeftOut {
		c := of[l.Shop]
		f.LeftOut = append(f.LeftOut, planFileLeft{
			Shop: l.Shop, Name: c.ShopName, Domain: c.ShopDomain, Webhook: l.Webhook, Why: string(l.Why), Plan: l.Plan,
		})
	}
	return f, p, err
}

func fileStep(by store.PlanPerson) *planFileStep {
	if by.At.IsZero() {
		return nil
	}
	return &planFileStep{by.Name, by.At.UTC()}
}

func fileItems(doc fleet.Document, items []store.PlanItem, of map[string]store.Connection) []planFileItem {
	all := make([]planFileItem, len(doc.Items))
	for n, item := range doc.Items {
		c := of[item.Shop]
		all[n] = planFileItem{
			Shop: item.Shop, Name: c.ShopName, Domain: c.ShopDomain, Action: string(item.Action()), Webhook: item.Webhook,
			Before: item.Before, After: item.After,
		}
	}
	for _, i := range items {
		if i.Item >= len(all) {
			continue
		}
		one := &all[i.Item]
		one.Wave, one.State, one.Code, one.RequestID = i.Wave, i.State, i.Code, i.RequestID
		one.Created, one.Retries = i.Webhook, i.Retries
		one.Started, one.Ended = fileTime(i.StartedAt), fileTime(i.EndedAt)
	}
	return all
}

func fileTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}

// planFileName is the beginning of the names of a plan's files.
func planFileName(p store.Plan) string { return "plan-" + strconv.FormatInt(p.Number, 10) }

// handlePlanJSON sends a plan and the results of its run as JSON.
func (s *server) handlePlanJSON(w http.ResponseWriter, r *http.Request) error {
	f, p, err := s.readPlanFile(r)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition",
		mime.FormatMediaType("attachment", map[string]string{"filename": planFileName(p) + ".json"}))
	_, _ = w.Write(append(text, '\n')) // fails if the client has left
	return nil
}

// handlePlanCSV sends a plan and the results of its run as a table: a line for
// each change, and one for each shop that is left out.
func (s *server) handlePlanCSV(w http.ResponseWriter, r *http.Request) error {
	f, p, err := s.readPlanFile(r)
	if err != nil {
		return err
	}
	rows := [][]string{{
		"shop", "shop id", "domain", "action", "webhook id", "url before", "url after", "event types before",
		"event types after", "wave", "state", "code", "request id of the API", "created webhook", "started", "ended",
		"retries",
	}}
	for _, one := range f.Items {
		rows = append(rows, planRecord(one))
	}
	for _, l := range f.LeftOut {
		rows = append(rows, []string{
			l.Name, l.Shop, l.Domain, "", l.Webhook, "", "", "", "", "", "left out", l.Why,
		})
	}
	return sendCSV(w, planFileName(p)+".csv", rows)
}

func planRecord(one planFileItem) []string {
	var urls, types [2]string
	for n, c := range []*fourthwall.Content{one.Before, one.After} {
		if c != nil {
			urls[n], types[n] = c.URL, strings.Join(codesOf(c.AllowedTypes), " ")
		}
	}
	var times [2]string
	for n, t := range []*time.Time{one.Started, one.Ended} {
		if t != nil {
			times[n] = instantText(*t)
		}
	}
	return []string{
		one.Name, one.Shop, one.Domain, one.Action, one.Webhook, urls[0], urls[1], types[0], types[1],
		numberOrNone(one.Wave), one.State, one.Code, one.RequestID, one.Created, times[0], times[1],
		numberOrNone(one.Retries),
	}
}

// numberOrNone writes a number, or nothing for 0.
func numberOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
