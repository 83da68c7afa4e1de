// Package doctor examines an endpoint against Fourthwall's delivery contract, step by step: from parsing its URL to
// test deliveries, among them a repeated and a forged one. It reports what was seen, why it matters and what to do, for
// people who may not be developers.
//
// Every call is made by package deliver and its rules. Text of an endpoint, such as header values and names in
// certificates, is cut and made visible before it is in a report. A report never has the body of a response or the
// signing secret.
package doctor

import (
	"context"
	"slices"
	"time"

	"hookwall/internal/deliver"
	"hookwall/internal/fourthwall"
)

// Result is the result of a step or of an examination. The values are stored, so they must not change.
type Result string

// The results. Failed is for what makes deliveries fail. Warned is for what should be fixed though deliveries arrive,
// and for what couldn't be found out.
const (
	Waiting Result = "waiting"
	Running Result = "running"
	Passed  Result = "passed"
	Warned  Result = "warned"
	Failed  Result = "failed"
	Skipped Result = "skipped" // not made or not finished; the reason is the last text of Seen
)

// The IDs of the steps, in order. They are stored, so they must not change.
const (
	StepAddress  = "address"  // the URL, as machines parse it
	StepPolicy   = "policy"   // what Fourthwall would probably reject, and what is never called
	StepDNS      = "dns"      // what the name resolves to
	StepConnect  = "connect"  // whether the server accepts connections
	StepTLS      = "tls"      // whether the connection is encrypted
	StepDelivery = "delivery" // a signed test delivery
	StepResponse = "answer"   // status code; only 200 counts
	StepTime     = "time"     // how long that took
	StepRepeat   = "repeat"   // the same delivery again
	StepForged   = "forged"   // a delivery with a wrong signature
)

// Step is a step of an examination.
type Step struct {
	ID     string        `json:"id"`
	Title  string        `json:"title"`
	Result Result        `json:"result"`
	Seen   []string      `json:"seen,omitempty"` // facts: plain text, one sentence or value each
	Do     string        `json:"do,omitempty"`   // what to do; "" for nothing
	Took   time.Duration `json:"took,omitempty"` // time of the network alone; 0 if nothing was called
}

// Report is the state of an examination.
type Report struct {
	Started time.Time `json:"started"`
	Steps   []Step    `json:"steps"`
	Done    bool      `json:"done"`
	// Result is Running until Done, then the worst result of the steps, or Skipped if the examination ended early without
	// a failure.
	Result  Result `json:"result"`
	Summary string `json:"summary,omitempty"` // one or two sentences; "" until Done

	Refused deliver.Reason `json:"-"` // why the URL must not be called, for the log; "" if it may
}

// Plan returns all steps of an examination in order, each Waiting.
func Plan() []Step {
	return []Step{
		{ID: StepAddress, Title: "URL", Result: Waiting},
		{ID: StepPolicy, Title: "Fourthwall’s URL rules", Result: Waiting},
		{ID: StepDNS, Title: "Name lookup (DNS)", Result: Waiting},
		{ID: StepConnect, Title: "Connection", Result: Waiting},
		{ID: StepTLS, Title: "Encryption (TLS)", Result: Waiting},
		{ID: StepDelivery, Title: "Test delivery", Result: Waiting},
		{ID: StepResponse, Title: "Response", Result: Waiting},
		{ID: StepTime, Title: "Response time", Result: Waiting},
		{ID: StepRepeat, Title: "Repeated delivery", Result: Waiting},
		{ID: StepForged, Title: "Forged delivery", Result: Waiting},
	}
}

// Request is what to examine.
type Request struct {
	URL    string
	Hints  []string          // sentences about what Fourthwall would probably reject
	Body   []byte            // the test envelope; the forged delivery has another event ID
	Secret fourthwall.Secret // the shop's signing secret; "" if it wasn't given
}

// Doctor examines endpoints. It is safe for concurrent use.
type Doctor struct {
	Client *deliver.Client  // makes the calls
	Now    func() time.Time // default time.Now
	// Receiver is the host of this installation's own receiver, which may have a private address.
	Receiver string

	limit time.Duration // of a whole examination; default maxExamination
	slow  time.Duration // default slowResponse
	late  time.Duration // default lateResponse
}

const (
	maxExamination = 25 * time.Second
	slowResponse   = time.Second     // a longer response causes a warning
	lateResponse   = 2 * time.Second // a longer response may fail, by Fourthwall's documentation
)

// Examine makes all steps within 25 seconds and returns the finished report. It sends at most three requests. It calls
// progress, which may be nil, with each new state; progress may keep the report. If ctx ends, the remaining steps are
// skipped.
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

// Deliver sends the request's body once. It returns the response and the report of the steps up to the time of the
// response. The response is the endpoint's own text, limited by the client.
func (d *Doctor) Deliver(ctx context.Context, r Request) (deliver.Result, Report) {
	ctx, cancel := context.WithTimeout(ctx, or(d.limit, maxExamination))
	defer cancel()
	steps := Plan()
	last := slices.IndexFunc(steps, func(s Step) bool { return s.ID == StepTime })
	e := &examination{
		doctor: d, request: r, progress: func(Report) {},
		report: Report{Started: d.now().UTC(), Steps: steps[:last+1], Result: Running},
	}
	defer e.close()
	report := e.run(ctx)
	return e.first, report
}

func (d *Doctor) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

func (e *examination) slow() time.Duration { return or(e.doctor.slow, slowResponse) }
func (e *examination) late() time.Duration { return or(e.doctor.late, lateResponse) }

func or(v, otherwise time.Duration) time.Duration {
	if v == 0 {
		return otherwise
	}
	return v
}
