package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"hookwall/internal/doctor"
	"hookwall/internal/store"
	"hookwall/views"
)

const (
	checksAtOnce = 2 // of one session
	checkTime    = 30 * time.Second
	// checkWait is how long the page waits for the result where no script
	// follows it.
	checkWait = 25 * time.Second
	// checkDead is longer than any step takes: what was not touched for so
	// long was left by a process that died.
	checkDead  = 30 * time.Second
	checkPoll  = 200 * time.Millisecond
	streamTime = time.Minute
	// looksAtOnce is how many pages and streams of one session may wait for
	// checks: each asks the database again and again.
	looksAtOnce = 10
)

// keptCheck is the report of a check as it is stored.
type keptCheck struct {
	Subject checkForm     `json:"subject"`
	Report  doctor.Report `json:"report"`
}

// examine works in the background and keeps what it finds step by step.
func (s *server) examine(ctx context.Context, v *requestState, check store.Check, kept keptCheck, request doctor.Request) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	keep := func(report doctor.Report) {
		kept.Report = report
		encoded, err := json.Marshal(kept)
		if err == nil {
			err = s.Store.UpdateCheck(context.WithoutCancel(ctx), check.Owner, check.ID, encoded, report.Done)
		}
		if err != nil {
			v.log.Warn("the report of a check could not be kept", "error", err)
		}
	}
	report := s.doctor.Examine(ctx, request, func(report doctor.Report) {
		if !report.Done {
			keep(report)
		}
	})
	keep(report)
	logRefused(v, request, report)
}

// logRefused notes who wanted an address to be called that never is.
func logRefused(v *requestState, request doctor.Request, report doctor.Report) {
	if report.Refused == "" {
		return
	}
	host := ""
	if u, err := url.Parse(request.URL); err == nil {
		host = u.Hostname()
	}
	v.log.Warn("address refused", "reason", report.Refused, "host", clip(host, 100), "shop", clip(v.conn.ShopID, 80))
}

// targetHints say what Fourthwall would probably refuse of an address.
func targetHints(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return refusalHints(u)
}

func (s *server) readCheck(r *http.Request, id string) (store.Check, keptCheck, error) {
	v := stateOf(r)
	var kept keptCheck
	check, err := s.Store.Check(r.Context(), v.owner, v.conn.ShopID, id)
	if errors.Is(err, store.ErrNotFound) {
		err = &httpError{
			Status: http.StatusNotFound, Public: "A check is kept for one hour, for the session that made it. This one is over.",
			Err: err, Links: []views.Link{{Href: webhooksPath(v.conn.ShopID), Text: "See the webhooks"}},
		}
	}
	if err == nil {
		err = json.Unmarshal(check.Report, &kept)
	}
	return check, kept, err
}

func (s *server) isOver(check store.Check) bool {
	return check.Done || s.isInterrupted(check)
}

func (s *server) isInterrupted(check store.Check) bool {
	return !check.Done && s.Now().Sub(check.UpdatedAt) > checkDead
}

func stepView(step doctor.Step) views.CheckStep {
	return views.CheckStep{ID: step.ID, Title: step.Title, Result: string(step.Result), Seen: step.Seen, Do: step.Do, Took: step.Took}
}
