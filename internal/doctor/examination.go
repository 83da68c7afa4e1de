package doctor

import (
	"context"
	"errors"
	"slices"
	"time"

	"hookwall/internal/deliver"
)

// examination is one run. What the steps have found out is for the later ones.
type examination struct {
	doctor   *Doctor
	request  Request
	progress func(Report)
	report   Report

	address string         // what is called
	visit   *deliver.Visit // nil until dns
	first   deliver.Result // of the first delivery
	failure error          // of the first delivery
}

// finding is what a step has come to.
type finding struct {
	result Result
	seen   []string
	do     string
	took   time.Duration
	stop   string // why no later step makes sense; "" = go on
	unmade bool   // it stops for a reason that says nothing about the endpoint

	refused deliver.Reason // why the address is never called; "" = it may be
}

type stepFunc func(context.Context) finding

// steps returns what makes the steps of Plan, by id.
func (e *examination) steps() map[string]stepFunc {
	return map[string]stepFunc{
		StepAddress:  e.readAddress,
		StepPolicy:   e.askPolicy,
		StepDNS:      e.resolve,
		StepConnect:  e.connect,
		StepTLS:      e.handshake,
		StepDelivery: e.deliver,
		StepAnswer:   e.judgeAnswer,
		StepTime:     e.judgeTime,
		StepRepeat:   e.repeat,
		StepForged:   e.forge,
	}
}

const (
	endedBefore = "The check was ended before this step."
	endedDuring = "The check was ended during this step."
)

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
		e.tell()
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
		e.tell()
	}
	e.report.Done = true
	e.report.Result, e.report.Summary = summarise(e.report.Steps, ended)
	e.tell()
	return e.snapshot()
}

func (e *examination) tell() { e.progress(e.snapshot()) }

// snapshot copies the report. What a step has seen is never changed once it stands there.
func (e *examination) snapshot() Report {
	r := e.report
	r.Steps = slices.Clone(r.Steps)
	return r
}

func (e *examination) close() {
	if e.visit != nil {
		e.visit.Close()
	}
}

// skipped is a step that makes no sense, or is not possible now.
func skipped(why string) finding { return finding{result: Skipped, seen: []string{why}} }

// failed is a step that ended with an error of package deliver, and with it the examination.
func failed(err error, then string, seen ...string) finding {
	what, do := explain(err)
	f := finding{result: Failed, seen: append(seen, what), do: do, stop: then}
	if notOurs(err) {
		f.result, f.stop, f.unmade = Skipped, what, true
	}
	if reason := reasonOf(err); isPolicy(reason) {
		f.refused = reason
	}
	return f
}

// notOurs tells a call that was not made for a reason that says nothing about the endpoint.
func notOurs(err error) bool {
	var r *deliver.Refusal
	return errors.As(err, &r) && (r.Reason == deliver.ReasonBusy || r.Reason == deliver.ReasonRequest)
}

// timedOut tells whether the endpoint took the call and did not end it in time.
func timedOut(err error) bool { return kindOf(err) == deliver.KindTimeout }

func kindOf(err error) deliver.Kind {
	var e *deliver.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
