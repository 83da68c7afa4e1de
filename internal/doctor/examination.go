package doctor

import (
	"context"
	"errors"
	"slices"
	"time"

	"hookwall/internal/deliver"
)

// examination is one run. The steps leave in it what later steps need.
type examination struct {
	doctor   *Doctor
	request  Request
	progress func(Report)
	report   Report

	address string         // URL to call
	call    *deliver.Call  // nil before StepDNS
	first   deliver.Result // of the first delivery
	failure error          // of the first delivery
	sent    time.Time      // when the last delivery was sent
}

// finding is the result of a step.
type finding struct {
	result Result
	seen   []string
	do     string
	took   time.Duration
	stop   string // why later steps are skipped; "" to go on
	unmade bool   // the step couldn't be made for a reason that isn't the endpoint's

	refused deliver.Reason // why the URL must not be called; "" if it may
}

type stepFunc func(context.Context) finding

// steps returns the functions that make the steps of Plan, by ID.
func (e *examination) steps() map[string]stepFunc {
	return map[string]stepFunc{
		StepAddress:  e.readAddress,
		StepPolicy:   e.checkPolicy,
		StepDNS:      e.resolve,
		StepConnect:  e.connect,
		StepTLS:      e.handshake,
		StepDelivery: e.deliver,
		StepResponse: e.judgeResponse,
		StepTime:     e.judgeTime,
		StepRepeat:   e.repeat,
		StepForged:   e.forge,
	}
}

func (e *examination) run(ctx context.Context) Report {
	steps, stop, ended := e.steps(), "", false
	for i := range e.report.Steps {
		s := &e.report.Steps[i]
		if ctx.Err() != nil && stop == "" {
			stop, ended = endedBefore, true
		}
		if stop != "" {
			s.Result, s.Seen = Skipped, []string{stop}
			continue
		}
		s.Result = Running
		e.reportProgress()
		f := steps[s.ID](ctx)
		if ctx.Err() != nil {
			f = finding{result: Skipped, seen: []string{endedDuring}, stop: endedBefore}
			ended = true
		}
		s.Result, s.Seen, s.Do, s.Took, stop = f.result, f.seen, f.do, f.took, f.stop
		ended = ended || f.unmade
		if f.refused != "" {
			e.report.Refused = f.refused
		}
		e.reportProgress()
	}
	e.report.Done = true
	e.report.Result, e.report.Summary = summarize(e.report.Steps, ended, e.mayVerify())
	e.reportProgress()
	return e.snapshot()
}

func (e *examination) reportProgress() { e.progress(e.snapshot()) }

// snapshot returns a copy of the report. The slices in its steps are never changed, so they are shared.
func (e *examination) snapshot() Report {
	r := e.report
	r.Steps = slices.Clone(r.Steps)
	return r
}

func (e *examination) close() {
	if e.call != nil {
		e.call.Close()
	}
}

// skipped is the finding of a step that would be useless or isn't possible now.
func skipped(why string) finding { return finding{result: Skipped, seen: []string{why}} }

// failed is the finding of a step that ended with an error of package deliver. stop is why later steps are skipped.
func failed(err error, stop string, seen ...string) finding {
	what, do := explain(err)
	f := finding{result: Failed, seen: append(seen, what), do: do, stop: stop}
	if isNotEndpoints(err) {
		f.result, f.stop, f.unmade = Skipped, what, true
	}
	if reason := reasonOf(err); isPolicy(reason) {
		f.refused = reason
	}
	return f
}

// isNotEndpoints reports whether a call was not made for a reason that isn't the endpoint's.
func isNotEndpoints(err error) bool {
	var r *deliver.Refusal
	return errors.As(err, &r) && (r.Reason == deliver.ReasonBusy || r.Reason == deliver.ReasonRequest)
}

// timedOut reports whether the endpoint took the request but didn't end the response in time.
func timedOut(err error) bool { return kindOf(err) == deliver.KindTimeout }

// kindOf returns the kind of a *deliver.Error, or "" for another error.
func kindOf(err error) deliver.Kind {
	var e *deliver.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
