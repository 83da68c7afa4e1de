// Package doctor examines an endpoint against Fourthwall's delivery contract, step by step: from reading its address to
// test deliveries, a repeated and a forged one among them. It says what was seen, why it matters and what to do, in
// words for people who may not be developers.
//
// Every call goes through package deliver and obeys its rules. What an endpoint says of itself (header values, names in
// certificates) is cut and made visible before it stands in a report; the body of an answer never does. Neither does
// the secret.
package doctor

import (
	"context"
	"time"

	"hookwall/internal/deliver"
	"hookwall/internal/fourthwall"
)

// Result is how a step, or the whole examination, has gone. The values are stable: they are stored.
type Result string

// The results. Failed is kept for what makes deliveries fail; Warned is for what should be looked at although they
// arrive, and for what could not be found out.
const (
	Waiting Result = "waiting"
	Running Result = "running"
	Passed  Result = "passed"
	Warned  Result = "warned"
	Failed  Result = "failed"
	Skipped Result = "skipped" // not made, or not finished; the reason is the last thing seen
)

// The ids of the steps, in their order. They are stable.
const (
	StepAddress  = "address"  // what the address is, as machines read it
	StepPolicy   = "policy"   // what Fourthwall would likely refuse about it, and what is never called
	StepDNS      = "dns"      // where its name leads
	StepConnect  = "connect"  // whether somebody is there
	StepTLS      = "tls"      // whether the connection is private
	StepDelivery = "delivery" // a signed test delivery
	StepAnswer   = "answer"   // what came back: exactly 200 counts
	StepTime     = "time"     // how long that took
	StepRepeat   = "repeat"   // the same delivery again
	StepForged   = "forged"   // a delivery with a wrong signature
)

// Step is a part of an examination.
type Step struct {
	ID     string        `json:"id"`
	Title  string        `json:"title"`
	Result Result        `json:"result"`
	Seen   []string      `json:"seen,omitempty"` // facts: plain text, one sentence or value each
	Do     string        `json:"do,omitempty"`   // what to do; "" when nothing is
	Took   time.Duration `json:"took,omitempty"` // of the network alone; 0 when nothing was called
}

// Report is an examination, as far as it has got.
type Report struct {
	Started time.Time `json:"started"`
	Steps   []Step    `json:"steps"`
	Done    bool      `json:"done"`              // nothing more will come
	Result  Result    `json:"result"`            // Running until Done; then the worst of the steps, Skipped when it ended early without a finding
	Summary string    `json:"summary,omitempty"` // one sentence or two; "" until Done

	Refused deliver.Reason `json:"-"` // why the address is never called, for the log; "" when it may be
}

// Plan returns all steps of an examination in their order, waiting.
func Plan() []Step {
	return []Step{
		{ID: StepAddress, Title: "Address", Result: Waiting},
		{ID: StepPolicy, Title: "Fourthwall’s rules for addresses", Result: Waiting},
		{ID: StepDNS, Title: "Name lookup (DNS)", Result: Waiting},
		{ID: StepConnect, Title: "Connection", Result: Waiting},
		{ID: StepTLS, Title: "Encryption (TLS)", Result: Waiting},
		{ID: StepDelivery, Title: "Test delivery", Result: Waiting},
		{ID: StepAnswer, Title: "Answer", Result: Waiting},
		{ID: StepTime, Title: "Time to answer", Result: Waiting},
		{ID: StepRepeat, Title: "Repeated delivery", Result: Waiting},
		{ID: StepForged, Title: "Forged delivery", Result: Waiting},
	}
}

// Request is what to examine.
type Request struct {
	URL    string
	Hints  []string          // what Fourthwall would likely refuse about the address, in words; none: nothing
	Body   []byte            // the test envelope, sent as it is; the forged delivery has another event id
	Secret fourthwall.Secret // of the shop's webhooks; "" when it was not given
}

// Doctor examines endpoints. It is safe for concurrent use.
type Doctor struct {
	Client *deliver.Client  // makes the calls
	Now    func() time.Time // default time.Now
	// Receiver is the host of a receiver that belongs to this installation, where a private address is as it should be.
	Receiver string

	limit time.Duration // of a whole examination; 0 = maxExamination
	slow  time.Duration // 0 = slowAnswer
	late  time.Duration // 0 = lateAnswer
}

const (
	maxExamination = 25 * time.Second
	slowAnswer     = time.Second     // an answer that takes longer is warned of
	lateAnswer     = 2 * time.Second // and one that takes longer than this may fail, by Fourthwall's documentation
)

// Examine makes all steps, in at most 25 seconds, and returns the finished report. Each change is given to progress,
// which may keep what it gets and may be nil. The end of ctx ends the examination, with the rest of the steps skipped.
// At most three requests are sent.
func (d *Doctor) Examine(ctx context.Context, r Request, progress func(Report)) Report {
	ctx, cancel := context.WithTimeout(ctx, or(d.limit, maxExamination))
	defer cancel()
	if progress == nil {
		progress = func(Report) {}
	}
	e := &examination{
		doctor: d, request: r, progress: progress,
		report: Report{Started: d.now().UTC(), Steps: Plan(), Result: Running},
	}
	defer e.close()
	return e.run(ctx)
}

func (d *Doctor) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

func (e *examination) slow() time.Duration { return or(e.doctor.slow, slowAnswer) }
func (e *examination) late() time.Duration { return or(e.doctor.late, lateAnswer) }

func or(v, otherwise time.Duration) time.Duration {
	if v == 0 {
		return otherwise
	}
	return v
}
